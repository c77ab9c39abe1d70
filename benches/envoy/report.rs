//! The result: a table for people, `target/bench.json` for whatever compares runs.

use std::fs;

use serde_json::{Value, json};

use crate::measure::{Measured, Sample};
use crate::setting::Setting;
use crate::target::Places;

/// A median with the span of the middle half of what it is the median of.
struct Median {
    value: f64,
    quartiles: (f64, f64),
}

/// What one target showed for one load, over all rounds.
struct Cell {
    cpu_micros: Median,
    cpu_ratio: Median,
    latency_micros: Median,
    added_micros: Median,
    reads: Median,
}

// === impl Median ===

impl Median {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len() - 1;
        let at = |part: f64| {
            let place = part * last as f64;
            let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
            low + (high - low) * place.fract()
        };
        Self { value: at(0.5), quartiles: (at(0.25), at(0.75)) }
    }

    fn json(&self) -> Value {
        let (low, high) = self.quartiles;
        json!({"median": rounded(self.value), "quartiles": [rounded(low), rounded(high)]})
    }
}

// === impl Cell ===

impl Cell {
    /// Of the target in column `column`; ratios and differences are taken inside each round, against the first column.
    fn of(measured: &Measured, column: usize) -> Self {
        let each = |value: fn(&Sample, &Sample) -> f64| Median::of(measured.samples.iter().map(|round| value(&round[column], &round[0])));
        Self {
            cpu_micros: each(|own, _| own.cpu_nanos / 1e3),
            cpu_ratio: each(|own, first| own.cpu_nanos / first.cpu_nanos),
            latency_micros: each(|own, _| own.latency_nanos / 1e3),
            added_micros: each(|own, first| (own.latency_nanos - first.latency_nanos) / 1e3),
            reads: each(|own, _| own.reads),
        }
    }

    fn json(&self) -> Value {
        json!({
            "cpu_us_per_request": self.cpu_micros.json(),
            "cpu_ratio": self.cpu_ratio.json(),
            "latency_p50_us": self.latency_micros.json(),
            "added_latency_p50_us": self.added_micros.json(),
            "client_reads_per_request": self.reads.json(),
        })
    }
}

/// Prints the table; `names` are the targets in the order of the samples.
pub(crate) fn print(setting: &Setting, names: &[String], measured: &[Measured]) {
    println!();
    println!("| load | target | CPU, µs | CPU / {} | p50, µs | added p50, µs |", names[0]);
    println!("|---|---|--:|--:|--:|--:|");
    for load in measured {
        for (column, name) in names.iter().enumerate() {
            let cell = Cell::of(load, column);
            let (low, high) = cell.cpu_ratio.quartiles;
            println!(
                "| {} | {name} | {:.1} | {:.2} ({low:.2}–{high:.2}) | {:.1} | {:+.1} |",
                load.load, cell.cpu_micros.value, cell.cpu_ratio.value, cell.latency_micros.value, cell.added_micros.value
            );
        }
    }
    println!();
    println!("{setting}.");
    println!("CPU: of the whole Envoy process for each request. p50: of an answer; of a stream, from the provider's write of an event to");
    println!("the client's read. Ratios and differences are medians over rounds, each against {} in the same round.", names[0]);
}

/// Writes `target/bench.json`.
pub(crate) fn write(places: &Places, setting: &Setting, names: &[String], measured: &[Measured]) {
    let cells = |load| -> serde_json::Map<String, Value> {
        names.iter().enumerate().map(|(column, name)| (name.clone(), Cell::of(load, column).json())).collect()
    };
    let loads: Vec<Value> = measured.iter().map(|load| json!({"load": load.load, "targets": cells(load)})).collect();
    let report = json!({"setting": setting.json(), "compared_with": names[0], "loads": loads});
    let path = places.root.join("target/bench.json");
    fs::write(&path, format!("{report:#}\n")).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    println!("Written to target/bench.json.");
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
