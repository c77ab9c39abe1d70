//! `envoy/serve.py`, which `make run` runs: a local provider over plain HTTP, and nothing left behind when it is stopped.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    client::Request,
    gateway::{needed, new_folder, root},
    provider::Provider,
    wire,
};

/// Longer than serve.py waits for an Envoy that does not end by itself.
const END: Duration = Duration::from_secs(15);

/// A running serve.py, which is stopped at the latest when its test ends.
struct Serve(Child);

impl Drop for Serve {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            signal("TERM", self.0.id());
        }
    }
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap().success(), "kill -{name} {pid}");
}

/// The one process that this one has started.
fn child_of(parent: u32) -> u32 {
    let mut processes = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_child = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name, in brackets, may have anything in it.
        stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)) == Some(&parent.to_string())
    };
    processes.find(is_child).expect("serve.py has started Envoy")
}

fn serve(configuration: &Path) -> Command {
    let python = needed(root().join(".tools/venv/bin/python"), "make test-envoy");
    let mut serve = Command::new(python);
    serve.current_dir(root()).arg("envoy/serve.py").arg("--config").arg(configuration).args(["--port", "0", "--admin-port", "0"]);
    serve.stdin(Stdio::null());
    serve
}

/// Envoy says much more after it.
#[test]
fn why_a_configuration_is_refused_is_said_last() {
    let configuration = new_folder().join("signalbox.yaml");
    let gateway = json!({
        "role": "gateway",
        "defaults": {"cooldown": "soon"},
        "providers": {"ollama": {"dialect": "ollama", "host": "localhost:9"}},
        "models": [{"id": "t/m", "endpoints": [{"provider": "ollama", "model": "m", "price": {"prompt": 0, "completion": 0}}]}],
        "anonymous": true,
    });
    fs::write(&configuration, gateway.to_string()).unwrap();
    let ended = serve(&configuration).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    let last = said.lines().last().unwrap();
    assert!(!ended.status.success() && last.starts_with("signalbox: Envoy did not start"), "{said}");
    assert!(last.contains("the configuration is refused: defaults.cooldown: expected a duration"), "{last}");
}

/// `timeout make run` signals it twice, and an Envoy that does not end at once needs more than the first.
#[test]
fn a_second_signal_does_not_leave_envoy_behind() {
    let provider = Provider::start("ollama");
    provider.answers("m", wire::completion("ok"));
    let configuration = new_folder().join("signalbox.yaml");
    let endpoint = json!({"provider": "ollama", "model": "m", "price": {"prompt": 0, "completion": 0}});
    let gateway = json!({
        "role": "gateway",
        "providers": {"ollama": {"dialect": "ollama", "host": format!("localhost:{}", provider.port)}},
        "models": [{"id": "t/m", "endpoints": [endpoint]}],
        "anonymous": true,
    });
    fs::write(&configuration, gateway.to_string()).unwrap();

    let mut serve = Serve(serve(&configuration).stdout(Stdio::piped()).spawn().unwrap());
    let mut ready = String::new();
    BufReader::new(serve.0.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let address = ready.split("http://").nth(1).and_then(|rest| rest.split(' ').next()).expect(&ready).parse().unwrap();
    let answer = Request::ask("t/m", json!({})).open(address).finish();
    assert_eq!((answer.status, answer.content().as_str()), (200, "ok"));

    let envoy = child_of(serve.0.id());
    signal("STOP", envoy); // it heeds no SIGTERM now
    signal("TERM", serve.0.id());
    thread::sleep(Duration::from_millis(300));
    signal("TERM", serve.0.id());
    let since = Instant::now();
    while serve.0.try_wait().unwrap().is_none() && since.elapsed() < END {
        thread::sleep(Duration::from_millis(50));
    }
    let is_left = Path::new(&format!("/proc/{envoy}")).exists();
    if is_left {
        signal("KILL", envoy);
    }
    assert!(!is_left, "Envoy is still there");
    assert_eq!(serve.0.wait().unwrap().code(), Some(128 + 15));
}
