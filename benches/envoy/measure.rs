//! The measurement: warm-up, then rounds in which every target gets the same load in turn.

use std::thread;
use std::time::Duration;

use crate::load::Load;
use crate::provider::EventTimes;
use crate::target::Target;

/// What one target showed in one round of one load.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// CPU time of the Envoy process for each request.
    pub(crate) cpu_nanos: f64,
    /// The median latency, on one connection.
    pub(crate) latency_nanos: f64,
    /// Reads that the client needed for each answer: a stream whose events run together needs fewer.
    pub(crate) reads: f64,
}

/// All samples of one load: `samples[round][target]`.
pub(crate) struct Measured {
    /// The load's name.
    pub(crate) load: &'static str,
    /// One row for each round, one sample for each target.
    pub(crate) samples: Vec<Vec<Sample>>,
}

/// Measures `load` on all `targets`, `rounds` times.
pub(crate) fn measure(load: &Load, targets: &mut [Target], rounds: usize, written: &EventTimes) -> Measured {
    for target in &mut *targets {
        warm_up(load, target);
    }
    let mut round = || targets.iter_mut().map(|target| sample(load, target, written)).collect();
    Measured { load: load.name, samples: (0..rounds).map(|_| round()).collect() }
}

/// Loads `target` until its cost has stopped falling: V8 compiles the hot functions of a module again while they run.
fn warm_up(load: &Load, target: &mut Target) {
    const STEADY: usize = 3;
    const LONGEST: usize = 12;
    let mut best = f64::MAX;
    let mut since_best = 0;
    for _ in 0..LONGEST {
        let (cpu, _) = cpu_sample(load, target);
        // A gain of less than 2 % is noise.
        since_best = if cpu < best * 0.98 { 0 } else { since_best + 1 };
        best = best.min(cpu);
        if since_best == STEADY {
            return;
        }
    }
}

fn sample(load: &Load, target: &mut Target, written: &EventTimes) -> Sample {
    let (cpu_nanos, reads) = cpu_sample(load, target);
    let mut latencies = target.client.latencies(load, load.latency_requests, written);
    target.sent += load.latency_requests;
    latencies.sort_unstable();
    let latency = latencies.get(latencies.len() / 2).copied().unwrap_or_default();
    Sample { cpu_nanos, latency_nanos: latency as f64, reads }
}

/// CPU time and the client's reads for each request.
fn cpu_sample(load: &Load, target: &mut Target) -> (f64, f64) {
    // The scheduler books a thread's time when the thread goes to sleep; what follows an answer (access log, stats) belongs to it too.
    const SETTLE: Duration = Duration::from_millis(5);
    thread::sleep(SETTLE);
    let before = target.envoy.cpu_nanos();
    let (requests, reads) = target.client.load(load, load.cpu_requests);
    thread::sleep(SETTLE);
    let spent = target.envoy.cpu_nanos() - before;
    target.sent += requests;
    (spent as f64 / requests as f64, reads as f64 / requests as f64)
}
