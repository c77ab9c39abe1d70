//! The rate limit service: `tests/limitador`, with the limits that are shipped or a test's own.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::redis::Redis;
use crate::envoy::gateway::{needed, new_folder, root};

pub struct Service {
    pub port: u16,
    folder: PathBuf,
    redis: String,
    /// It ends with its standard input, and so with the tests, however they end.
    process: Child,
}

impl Service {
    /// With the limits of `envoy/fleet/limitador.yaml`, some of them replaced.
    pub fn start(redis: &Redis, replaced: &[(&str, &str)]) -> Self {
        let mut limits = fs::read_to_string(root().join("envoy/fleet/limitador.yaml")).unwrap();
        for (from, to) in replaced {
            assert!(limits.contains(from), "{from} is not in limitador.yaml");
            limits = limits.replace(from, to);
        }
        let folder = new_folder();
        fs::write(folder.join("limitador.yaml"), limits).unwrap();
        let redis = format!("redis://127.0.0.1:{}", redis.port);
        let (process, port) = spawn(&folder, &redis, 0);
        Self { port, folder, redis, process }
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub fn restart(&mut self) {
        self.process = spawn(&self.folder, &self.redis, self.port).0;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn spawn(folder: &Path, redis: &str, port: u16) -> (Child, u16) {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../limitador/debug/limitador-for-tests");
    let mut process = Command::new(needed(program, "make test-envoy"))
        .arg(folder.join("limitador.yaml"))
        .args([redis, &port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut port = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
    (process, port.trim().parse().expect("the service says its port"))
}
