//! How much of the machine others used during a run: a compiler beside the benchmark makes its numbers worthless, and nothing else shows it.

use std::fs;

use crate::target::Target;

/// One tick of `/proc/stat` and `/proc/<pid>/stat`, the same on every Linux that shows them.
const TICK_NANOS: u64 = 10_000_000;

/// The counters at the start of a run.
pub(crate) struct Others {
    start: Counters,
}

struct Counters {
    /// All CPUs, idle or not.
    elapsed: u64,
    /// All CPUs, at work for anybody, the hypervisor's other guests included.
    busy: u64,
    /// This process and the Envoys.
    own: u64,
}

// === impl Others ===

impl Others {
    /// Starts to watch; `targets` are ours.
    pub(crate) fn watch(targets: &[Target]) -> Self {
        Self { start: Counters::read(targets) }
    }

    /// The share of the machine that others used since, in percent.
    pub(crate) fn percent(&self, targets: &[Target]) -> f64 {
        let end = Counters::read(targets);
        let elapsed = end.elapsed - self.start.elapsed;
        let others = (end.busy - self.start.busy).saturating_sub(end.own - self.start.own);
        100.0 * others as f64 / elapsed.max(1) as f64
    }
}

// === impl Counters ===

impl Counters {
    fn read(targets: &[Target]) -> Self {
        // user, nice, system, idle, iowait, irq, softirq, steal; the guest columns after them are part of user and nice.
        let columns = columns("/proc/stat", |text| text.strip_prefix("cpu "));
        let columns: Vec<u64> = columns.iter().take(8).map(|ticks| ticks * TICK_NANOS).collect();
        let elapsed = columns.iter().sum();
        let idle: u64 = columns[3..5].iter().sum();
        let envoys: u64 = targets.iter().map(|target| target.envoy.cpu_nanos()).sum();
        Self { elapsed, busy: elapsed - idle, own: envoys + own_nanos() }
    }
}

/// CPU time of this process, its ended threads included.
fn own_nanos() -> u64 {
    // What follows the name of the program, which may hold spaces: the state, then numbers, the 11th and 12th of which are utime, stime.
    let columns = columns("/proc/self/stat", |text| text.rsplit_once(") ").and_then(|(_, rest)| rest.get(2..)));
    columns[10..12].iter().sum::<u64>() * TICK_NANOS
}

/// The numbers of the first line of `path`, or of the part of it that `part` picks. Negative ones read as 0: none is wanted.
fn columns(path: &str, part: impl Fn(&str) -> Option<&str>) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let line = text.lines().next().and_then(part).unwrap_or_else(|| panic!("{path} is not what Linux writes"));
    line.split_whitespace().map(|number| number.parse().unwrap_or(0)).collect()
}
