//! What can be seen of a running Envoy.

use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::Gateway;
use crate::envoy::{
    client::{Request, Response},
    samples::Samples,
};

/// What Envoy logs when the module or Envoy itself broke.
const TROUBLE: [&str; 6] =
    ["[critical]", "panicked", "Proxy-Wasm plugin in-VM backtrace", "Failed to initialize", "proxy_abort", "assert failure"];

impl Gateway {
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
        let idle = (0..3).any(|_| active(&self.samples_when(|samples| active(samples) == 0)) == 0);
        assert!(idle, "requests that never end");
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

    /// Envoy has written this to its log. What it writes may come after the answer that it is about.
    pub fn assert_logged(&self, what: &str) {
        let started = Instant::now();
        while !self.log.text().contains(what) {
            assert!(started.elapsed() < Duration::from_secs(5), "{what:?} is not in\n{}", self.log.text());
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn assert_no_trouble(&self) {
        let log = self.log.text();
        // Envoy calls a configuration critical that the module refused, as a test may want it to.
        let refused = log.contains("the configuration is refused");
        let is_trouble = |line: &&str| TROUBLE.iter().any(|word| line.contains(word)) && !(refused && line.contains("failed to load"));
        let trouble: Vec<&str> = log.lines().filter(is_trouble).collect();
        assert!(trouble.is_empty(), "Envoy is in trouble:\n{}", trouble.join("\n"));
    }
}
