//! A running Envoy: started on free ports, asked for its stats, weighed by the kernel's scheduler, stopped at the end.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::http::Connection;

/// Ports of one Envoy on 127.0.0.1.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    /// The listener under load.
    pub(crate) listener: u16,
    /// The admin interface.
    pub(crate) admin: u16,
}

/// An Envoy process; dropping it stops it.
pub(crate) struct Envoy {
    child: Child,
    ports: Ports,
}

// === impl Ports ===

impl Ports {
    /// Two ports that nobody listens on.
    pub(crate) fn free() -> Self {
        let bind = || TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = |listener: &TcpListener| listener.local_addr().expect("the address of a bound listener").port();
        let (listener, admin) = (bind(), bind());
        Self { listener: port(&listener), admin: port(&admin) }
    }
}

// === impl Envoy ===

impl Envoy {
    /// Starts `binary` with one worker on `config`, with `environment` added to its own, and waits until it is ready. Its log goes to
    /// `log`.
    pub(crate) fn start(binary: &Path, config: &Path, ports: Ports, environment: &[(&str, &str)], log: &Path) -> Self {
        let log_file = File::create(log).unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let mut child = Command::new(binary)
            .arg("--config-path")
            .arg(config)
            .args(["--concurrency", "1", "--use-dynamic-base-id", "--log-level", "warning"])
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log_file)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
        let give_up = Instant::now() + Duration::from_secs(30);
        while get(ports.admin, "/ready").is_none_or(|answer| !answer.contains("LIVE")) {
            let exited = child.try_wait().expect("the state of a child");
            assert!(
                exited.is_none() && Instant::now() < give_up,
                "Envoy did not start with {}:\n{}",
                config.display(),
                fs::read_to_string(log).unwrap_or_default()
            );
            thread::sleep(Duration::from_millis(50));
        }
        Self { child, ports }
    }

    /// The port of the listener under load.
    pub(crate) fn port(&self) -> u16 {
        self.ports.listener
    }

    /// CPU time of all threads so far, in nanoseconds, user and system. The scheduler's own count is exact to the nanosecond as long as
    /// the threads sleep, which they do between samples; `/proc/<pid>/stat` counts in ticks of 10 ms.
    pub(crate) fn cpu_nanos(&self) -> u64 {
        let tasks = format!("/proc/{}/task", self.child.id());
        let of_task = |task: PathBuf| -> u64 {
            let path = task.join("schedstat");
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let nanos = text.split(' ').next().unwrap_or_default();
            nanos.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let tasks = fs::read_dir(&tasks).unwrap_or_else(|error| panic!("{tasks}: {error}"));
        tasks.flatten().map(|task| of_task(task.path())).sum()
    }

    /// The sum of all counters whose name contains `part`.
    pub(crate) fn counted(&self, part: &str) -> u64 {
        let stats = get(self.ports.admin, "/stats?type=Counters").expect("Envoy's admin interface answers");
        let lines = stats.lines().filter_map(|line| line.rsplit_once(": "));
        lines.filter(|(name, _)| name.contains(part)).filter_map(|(_, value)| value.parse::<u64>().ok()).sum()
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // A child that is gone already needs no killing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `binary --version` says of itself, such as `1.40.0`.
pub(crate) fn version(binary: &Path) -> String {
    let output = Command::new(binary).arg("--version").output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
    let text = String::from_utf8_lossy(&output.stdout);
    // The path of the binary, `version:`, then commit, version and kind of build between slashes.
    let build = text.split("version: ").nth(1).unwrap_or_default();
    build.split('/').nth(1).unwrap_or("unknown").to_owned()
}

/// The body of the answer to a GET at the admin interface; `None` while nothing answers there.
fn get(admin: u16, path: &str) -> Option<String> {
    let mut connection = Connection::new(TcpStream::connect(("127.0.0.1", admin)).ok()?);
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    connection.send(request.as_bytes()).ok()?;
    let head = connection.head()?;
    let mut body = Vec::new();
    connection.body(&head, &mut body, |_| {});
    Some(String::from_utf8_lossy(&body).into_owned())
}
