//! A real Envoy with the shipped configuration, its ports, clusters and gateway configuration replaced by the test's.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    ops::Deref,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    client::{Answer, Request, Response},
    provider::Provider,
    samples::Samples,
    setup::Setup,
};

const START: Duration = Duration::from_secs(30);

/// Keeps Envoy for as long as its standard input is open, and so not longer than the tests, however they end.
const KEEPER: &str = r#"envoy=$1; shift; "$envoy" "$@" </dev/null & echo $!; exec 1>&-; cat >/dev/null; kill -9 $! 2>/dev/null; wait"#;

/// What Envoy logs when the module or Envoy itself broke.
const TROUBLE: [&str; 6] =
    ["[critical]", "panicked", "Proxy-Wasm plugin in-VM backtrace", "Failed to initialize", "proxy_abort", "assert failure"];

pub struct Gateway {
    pub address: SocketAddr,
    pub pid: u32,
    admin: SocketAddr,
    providers: Vec<Provider>,
    clusters: Vec<(String, u16)>,
    process: Child,
    log: Log,
    folder: PathBuf,
}

/// A gateway for all tests of a file, started by the first of them.
pub type Shared = LazyLock<Gateway>;

/// A test's use of a shared gateway; asserts at its end that Envoy logged no trouble.
pub struct Use(&'static Gateway);

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

/// Envoy did not start; the log says why.
#[derive(Debug)]
pub struct Refused {
    pub log: String,
}

impl Gateway {
    pub fn start(setup: Setup) -> Self {
        Self::try_start(setup).unwrap_or_else(|refused| panic!("Envoy did not start:\n{}", refused.log))
    }

    pub fn try_start(setup: Setup) -> Result<Self, Refused> {
        let folder = new_folder();
        let bootstrap = render(&setup, &folder);
        let address_file = folder.join("admin");
        let mut process = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(envoy())
            .args(["--use-dynamic-base-id", "--concurrency", &setup.concurrency.to_string()])
            .args(["--log-level", "warning", "--component-log-level", &format!("wasm:{}", setup.log_level)])
            .args(["--file-flush-interval-msec", "50"])
            .arg("--admin-address-path")
            .arg(&address_file)
            .arg("-c")
            .arg(&bootstrap)
            .envs(setup.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pid = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut pid).unwrap();
        let pid = pid.trim().parse().expect("the keeper says Envoy's process id");
        let log = Log::default();
        log.follow(BufReader::new(process.stderr.take().unwrap()));
        log.follow(stdout); // the access log
        let started = Instant::now();
        let mut starting = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin: SocketAddr::from(([127, 0, 0, 1], 0)),
            pid,
            providers: setup.providers,
            clusters: setup.clusters,
            process,
            log,
            folder,
        };
        while starting.address.port() == 0 {
            if starting.log.ended() || started.elapsed() > START {
                thread::sleep(Duration::from_millis(50));
                return Err(Refused { log: starting.log.text() });
            }
            thread::sleep(Duration::from_millis(10));
            if let Some(admin) = fs::read_to_string(&address_file).ok().and_then(|text| text.trim().parse().ok()) {
                starting.admin = admin;
                starting.address = starting.listener().unwrap_or(starting.address);
            }
        }
        Ok(starting)
    }

    /// The port that the kernel gave the listener, once Envoy takes requests.
    fn listener(&self) -> Option<SocketAddr> {
        if !self.is_ready() {
            return None;
        }
        let listeners = self.admin("/listeners?format=json").json();
        let socket = &listeners["listener_statuses"][0]["local_address"]["socket_address"];
        format!("{}:{}", socket["address"].as_str()?, socket["port_value"]).parse().ok()
    }

    /// Asked with care: an Envoy that refuses its configuration may be gone before it has answered.
    fn is_ready(&self) -> bool {
        let Ok(mut connection) = TcpStream::connect(self.admin) else { return false };
        let mut answer = String::new();
        write!(connection, "GET /ready HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n").is_ok()
            && connection.read_to_string(&mut answer).is_ok()
            && answer.starts_with("HTTP/1.1 200")
    }

    pub fn provider(&self, name: &str) -> &Provider {
        self.providers.iter().find(|provider| provider.name == name).unwrap_or_else(|| panic!("no provider {name}"))
    }

    /// Gives a reloadable gateway another configuration, at the same clusters.
    pub fn reload(&self, configuration: &Value) {
        place_listener(&mut rendered(configuration, &self.clusters, &self.folder), &self.folder);
    }

    pub fn open(&self, request: &Request) -> Answer {
        request.open(self.address)
    }

    pub fn send(&self, request: &Request) -> Response {
        self.open(request).finish()
    }

    /// A plain completion.
    pub fn ask(&self, model: &str) -> Response {
        self.send(&Request::ask(model, json!({})))
    }

    /// A streamed completion.
    pub fn ask_streamed(&self, model: &str) -> Answer {
        self.open(&Request::ask(model, json!({"stream": true})))
    }

    /// What Envoy's admin interface answers.
    pub fn admin(&self, path: &str) -> Response {
        Request::new("GET", path).open(self.admin).finish()
    }

    pub fn samples(&self) -> Samples {
        Samples::parse(&self.admin("/stats/prometheus").text())
    }

    /// The samples as soon as they are as expected, for Envoy settles a request a moment after its answer has left.
    pub fn samples_when(&self, expected: impl Fn(&Samples) -> bool) -> Samples {
        let started = Instant::now();
        loop {
            let samples = self.samples();
            if expected(&samples) || started.elapsed() > Duration::from_secs(8) {
                return samples;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until no request is under way.
    pub fn assert_idle(&self) {
        let active = |samples: &Samples| samples.sum("envoy_http_downstream_rq_active", &[("envoy_http_conn_manager_prefix", "signalbox")]);
        let samples = (0..3).map(|_| self.samples_when(|samples| active(samples) == 0)).last().unwrap();
        assert_eq!(active(&samples), 0, "requests that never end");
    }

    /// Waits for a counter to reach a value and asserts that it does not pass it.
    pub fn assert_counts(&self, name: &str, labels: &[(&str, &str)], expected: u64) {
        let samples = self.samples_when(|samples| samples.has(name, labels) && samples.sum(name, labels) >= expected);
        assert!(samples.has(name, labels), "there is no {name} with {labels:?}");
        assert_eq!(samples.sum(name, labels), expected, "{name} {labels:?}: {:#?}", samples.of(name, labels));
    }

    /// Resident memory of Envoy in KiB, and so of its VMs.
    pub fn resident_kib(&self) -> u64 {
        let output = Command::new("ps").args(["-o", "rss=", "-p", &self.pid.to_string()]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("Envoy's memory")
    }

    pub fn log(&self) -> String {
        self.log.text()
    }

    fn assert_no_trouble(&self) {
        let log = self.log.text();
        // Envoy calls a configuration critical that the module refused, as a test may want it to.
        let refused = log.contains("the configuration is refused");
        let is_trouble = |line: &&str| TROUBLE.iter().any(|word| line.contains(word)) && !(refused && line.contains("failed to load"));
        let trouble: Vec<&str> = log.lines().filter(is_trouble).collect();
        assert!(trouble.is_empty(), "Envoy is in trouble:\n{}", trouble.join("\n"));
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
        if !thread::panicking() && self.address.port() != 0 {
            self.assert_no_trouble();
        }
    }
}

impl Use {
    pub fn of(shared: &'static Shared) -> Self {
        Self(shared)
    }
}

impl Deref for Use {
    type Target = Gateway;

    fn deref(&self) -> &Gateway {
        self.0
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.0.assert_no_trouble();
        }
    }
}

impl Log {
    /// Reads lines until the end; `ended` then.
    fn follow(&self, lines: impl BufRead + Send + 'static) {
        let log = Arc::clone(&self.0);
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                log.lock().unwrap().push(line);
            }
            log.lock().unwrap().push("(end of the log)".into());
        });
    }

    fn ended(&self) -> bool {
        self.0.lock().unwrap().iter().any(|line| line == "(end of the log)")
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

/// The shipped configuration with the test's ports, clusters and gateway configuration.
fn render(setup: &Setup, folder: &Path) -> PathBuf {
    let bootstrap = folder.join("envoy.json");
    let mut rendered = rendered(&setup.configuration, &setup.clusters, folder);
    let clusters = rendered["static_resources"]["clusters"].as_array_mut().unwrap().iter_mut();
    for cluster in clusters.filter(|cluster| setup.http2.iter().any(|name| cluster["name"] == **name)) {
        cluster["typed_extension_protocol_options"] = json!({"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}}
        }});
    }
    if setup.reloadable {
        let file = place_listener(&mut rendered, folder);
        rendered["node"] = json!({"id": "test", "cluster": "test"});
        rendered["dynamic_resources"] = json!({"lds_config": {"path_config_source": {"path": file}, "resource_api_version": "V3"}});
    }
    fs::write(&bootstrap, rendered.to_string()).unwrap();
    bootstrap
}

fn rendered(configuration: &Value, clusters: &[(String, u16)], folder: &Path) -> Value {
    let (from, to) = (folder.join("gateway.json"), folder.join("rendered.json"));
    fs::write(&from, serde_json::to_vec_pretty(configuration).unwrap()).unwrap();
    let mut command = Command::new(needed(root().join(".tools/venv/bin/python"), "make test-envoy"));
    command.current_dir(root()).args(["envoy/render.py", "envoy/envoy.yaml"]).arg(&to);
    command.args(["--port", "0", "--admin-port", "0"]).arg("--wasm").arg(module()).arg("--gateway-config").arg(&from);
    for (name, port) in clusters {
        command.args(["--cluster", &format!("{name}=127.0.0.1:{port}")]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "envoy/render.py: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&fs::read(&to).unwrap()).unwrap()
}

/// Moves the listener out of a bootstrap into the file that Envoy watches, in one step, as Envoy wants it.
fn place_listener(rendered: &mut Value, folder: &Path) -> PathBuf {
    let mut listener = rendered["static_resources"]["listeners"].take()[0].take();
    listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
    rendered["static_resources"].as_object_mut().unwrap().remove("listeners");
    let (new, file) = (folder.join("new-listeners.json"), folder.join("listeners.json"));
    fs::write(&new, json!({"resources": [listener]}).to_string()).unwrap();
    fs::rename(&new, &file).unwrap();
    file
}

fn new_folder() -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("envoy-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The folder of the package.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn envoy() -> PathBuf {
    needed(root().join(".tools/venv/bin/envoy"), "make test-envoy")
}

fn module() -> PathBuf {
    let built = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("../wasm32-wasip1/release/signalbox.wasm");
    needed(env::var_os("SIGNALBOX_WASM").map_or_else(built, Into::into), "make build")
}

/// A file that the tests cannot do without.
pub fn needed(path: PathBuf, target: &str) -> PathBuf {
    assert!(path.exists(), "{} is missing: run `{target}`", path.display());
    path
}
