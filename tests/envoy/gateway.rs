//! A real Envoy with the shipped configuration, its ports, clusters and gateway configuration replaced by the test's.

mod bootstrap;
mod frail;
mod log;
mod observe;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    ops::Deref,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

pub use bootstrap::{needed, new_folder, root};
use log::Log;

use super::{
    client::{Answer, Request, Response},
    provider::Provider,
    setup::Setup,
};

const START: Duration = Duration::from_secs(30);

/// What the log ends with once Envoy is gone.
const END_OF_LOG: &str = "(end of the log)";

/// Keeps Envoy for as long as its standard input is open, and so not longer than the tests, however they end.
const KEEPER: &str = r#"envoy=$1; shift; "$envoy" "$@" </dev/null & echo $!; exec 1>&- 2>&-; cat >/dev/null; kill -9 $! 2>/dev/null; wait"#;

pub struct Gateway {
    pub address: SocketAddr,
    pub pid: u32,
    admin: SocketAddr,
    providers: Vec<Provider>,
    bootstrap: &'static str,
    clusters: Vec<(String, u16)>,
    process: Child,
    log: Log,
    folder: PathBuf,
}

/// A gateway for all tests of a file, started by the first of them.
pub type Shared = LazyLock<Gateway>;

/// A test's use of a shared gateway; asserts at its end that Envoy logged no trouble.
pub struct Use(&'static Gateway);

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
        let folder = bootstrap::new_folder();
        let file = bootstrap::render(&setup, &folder);
        let address_file = folder.join("admin");
        let mut process = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(bootstrap::envoy())
            .args(["--use-dynamic-base-id", "--concurrency", &setup.concurrency.to_string()])
            .args(["--log-level", "warning", "--component-log-level", &format!("wasm:{}", setup.log_level)])
            .args(["--file-flush-interval-msec", "50"])
            .arg("--admin-address-path")
            .arg(&address_file)
            .arg("-c")
            .arg(&file)
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
        log.follow(BufReader::new(process.stderr.take().unwrap()), END_OF_LOG);
        log.follow(stdout, "(end of the access log)");
        let started = Instant::now();
        let mut starting = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin: SocketAddr::from(([127, 0, 0, 1], 0)),
            pid,
            providers: setup.providers,
            bootstrap: setup.bootstrap,
            clusters: setup.clusters,
            process,
            log,
            folder,
        };
        while starting.address.port() == 0 {
            if starting.log.holds(END_OF_LOG) || started.elapsed() > START {
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
        bootstrap::place_listener(&mut bootstrap::rendered(self.bootstrap, configuration, &self.clusters, &self.folder), &self.folder);
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
