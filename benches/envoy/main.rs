//! `make bench`: what Signalbox costs the Envoy that runs it, beside an Envoy that only routes and one with its own C++ filter.
//!
//! Every target is an Envoy 1.40 with one worker, all run at once, and the same client loads them in turn, round after round, so that
//! whatever else the machine does meets all of them. The stub provider and the client live in this process.
//!
//! `cargo bench --bench envoy -- TARGET…` measures other targets than the usual three (see [`target::Target::start`]); the first one is
//! what the others are compared with. `BENCH_QUICK=1` takes fewer and smaller samples, `BENCH_ROUNDS` sets the number of rounds.
//! `BENCH_CONNECTIONS` (1) sets how many requests are in flight while CPU time is measured. With one, Envoy goes to sleep after each
//! step of a request, as a gateway for slow models mostly does; with several it finds more work whenever it wakes, so that everything
//! costs less and what a filter adds is a larger part of it. `BENCH_LOADS=chat` measures only the loads with that in their names.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark that meets something unexpected has to stop, not to go on with a wrong number"
)]

mod client;
mod http;
mod load;
mod measure;
mod others;
mod process;
mod provider;
mod report;
mod setting;
mod target;

use std::env;

use crate::others::Others;
use crate::provider::Provider;
use crate::setting::{Run, Setting};
use crate::target::{Places, Target};

const USUAL_TARGETS: [&str; 3] = ["bare", "ai-filter", "signalbox"];

fn main() {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    // Cargo says `--bench` when it benches; `cargo test --all-targets` runs this program too, and must not measure for minutes.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    arguments.retain(|argument| !argument.starts_with("--"));
    if arguments.is_empty() {
        arguments.extend(USUAL_TARGETS.map(str::to_owned));
    }
    let quick = env::var("BENCH_QUICK").is_ok_and(|value| value == "1");
    let rounds = number("BENCH_ROUNDS").unwrap_or(if quick { 3 } else { 41 });
    let connections = number("BENCH_CONNECTIONS").unwrap_or(1);

    let places = Places::find();
    let provider = Provider::start();
    let mut targets: Vec<Target> = arguments.iter().map(|name| Target::start(name, &places, provider.port, connections)).collect();
    let names: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();

    let others = Others::watch(&targets);
    let mut measured = Vec::new();
    let wanted = env::var("BENCH_LOADS").unwrap_or_default();
    for load in load::all(quick).into_iter().filter(|load| load.name.contains(&wanted)) {
        println!("{}: {rounds} rounds of {}", load.name, names.join(", "));
        measured.push(measure::measure(&load, &mut targets, rounds, &provider.written));
    }
    let others_percent = others.percent(&targets);
    for target in &targets {
        target.check();
    }
    let setting = Setting::of(&places, Run { rounds, connections, quick, others_percent });
    report::print(&setting, &names, &measured);
    report::write(&places, &setting, &names, &measured);
}

/// The positive number in the environment variable `name`, if it is set.
fn number(name: &str) -> Option<usize> {
    let text = env::var(name).ok()?;
    let number = text.parse().ok().filter(|number| *number > 0);
    Some(number.unwrap_or_else(|| panic!("{name}: expected a positive number, got {text:?}")))
}
