//! The circumstances of a run, which its numbers mean nothing without: machine, Envoy, module, commit, size of the run.

use std::fmt;
use std::fs;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};

use crate::process;
use crate::target::Places;

/// What was measured on what.
pub(crate) struct Setting {
    cpu: String,
    cores: usize,
    kernel: String,
    envoy: String,
    module_bytes: Option<u64>,
    commit: Option<String>,
    run: Run,
}

/// How it was measured.
pub(crate) struct Run {
    /// Samples of each load from each target.
    pub(crate) rounds: usize,
    /// Requests in flight while CPU time was measured.
    pub(crate) connections: usize,
    /// Whether the samples were small.
    pub(crate) quick: bool,
    /// What others took of the machine meanwhile.
    pub(crate) others_percent: f64,
}

// === impl Setting ===

impl Setting {
    /// Asks the machine, Envoy and git.
    pub(crate) fn of(places: &Places, run: Run) -> Self {
        Self {
            cpu: cpu(),
            cores: thread::available_parallelism().map_or(0, usize::from),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            envoy: process::version(&places.envoy),
            module_bytes: fs::metadata(&places.module).map(|file| file.len()).ok(),
            commit: commit(places),
            run,
        }
    }

    /// As `target/bench.json` has it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "cpu": self.cpu,
            "cores": self.cores,
            "kernel": self.kernel,
            "envoy": self.envoy,
            "module_bytes": self.module_bytes,
            "commit": self.commit,
            "rounds": self.run.rounds,
            "connections": self.run.connections,
            "quick": self.run.quick,
            "others_percent": self.run.others_percent,
        })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cores of {}, Linux {}; Envoy {} with one worker; ", self.cores, self.cpu, self.kernel, self.envoy)?;
        if let Some(bytes) = self.module_bytes {
            write!(f, "module of {} KiB; ", bytes / 1024)?;
        }
        if let Some(commit) = &self.commit {
            write!(f, "commit {commit}; ")?;
        }
        write!(f, "{} rounds, {} request(s) in flight; ", self.run.rounds, self.run.connections)?;
        write!(f, "others took {:.0} % of the machine meanwhile", self.run.others_percent)
    }
}

/// Model, family and number of the CPU: virtual machines often give a bare brand as the model.
fn cpu() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let pairs = cpuinfo.lines().filter_map(|line| line.split_once(':'));
        let mut values = pairs.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim());
        values.next().unwrap_or("unknown")
    };
    format!("{} (family {}, model {})", field("model name"), field("cpu family"), field("model"))
}

/// The commit that was measured, with `-dirty` behind it when the work tree differs.
fn commit(places: &Places) -> Option<String> {
    let arguments = ["describe", "--always", "--dirty", "--exclude=*"];
    let output = Command::new("git").args(arguments).current_dir(&places.root).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
