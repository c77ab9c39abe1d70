//! The time that a request or an answer takes grows no faster than its bytes: a worker of Envoy is one thread, and whatever takes time
//! quadratic in its size stalls every stream of it.
//!
//! Each construct that can be repeated is repeated to some hundred kilobytes, and may take what a walk along it takes many times over. In a
//! native build alone: clocks are what it is about.
#![cfg(not(target_family = "wasm"))]
// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::time::{Duration, Instant};

use signalbox::api::Api;

/// A table of constructs: whose each is, its name, what stands before, what is repeated, what stands behind; maybe something else that is
/// repeated then, and what stands behind that; and at which steps it is held to [`MOST`].
macro_rules! table {
    ($($of:expr, $name:literal: [$($head:expr),+], $($rest:expr),+ => $at:literal;)+) => {
        &[$(Construct { name: $name, of: $of, head: &[$($head),+], rest: &[$($rest),+], at: $at },)+]
    };
}

#[path = "linear/answers.rs"]
mod answers;
#[path = "linear/requests.rs"]
mod requests;
#[path = "linear/run.rs"]
mod run;

/// Bytes of a construct.
const SIZE: usize = 400_000;

/// The steps that are asserted take a tenth of it, in a debug build; what is quadratic takes several times as long.
const MOST: Duration = Duration::from_secs(2);

/// Something repeated within something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Construct {
    pub(crate) name: &'static str,
    pub(crate) of: Of,
    pub(crate) head: &'static [&'static str],
    /// What is repeated, with its number for each `%`, and what stands behind; once or more.
    pub(crate) rest: &'static [&'static str],
    pub(crate) at: &'static str,
}

/// Whose a construct is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of {
    /// A client's, of this API.
    Request(Api),
    /// A client's, which is refused for it.
    Refused(Api),
    /// A provider's of this dialect, whole.
    Answer(&'static str),
    /// The same as the data of server-sent events: each unit is one, and each line of what stands around them.
    Events(&'static str),
    /// The same as one event.
    Event(&'static str),
    /// The same as one event that is larger than the gateway keeps.
    Large(&'static str),
    /// The same as one event, a byte at a time.
    Bytes(&'static str),
}

// === impl Construct ===

impl Construct {
    /// Its pieces: about `size` bytes.
    fn pieces(&self, size: usize) -> Vec<(Vec<String>, &'static str)> {
        let share = size / self.rest.len().div_ceil(2);
        let repeated = |unit: &str| {
            let mut left = if unit.is_empty() { 0 } else { share };
            let fits = |unit: &String| {
                let more = left > 0;
                left = left.saturating_sub(unit.len() + 1);
                more
            };
            (0..).map(|number: usize| unit.replace('%', &number.to_string())).take_while(fits).collect()
        };
        self.rest.chunks(2).map(|rest| (repeated(rest[0]), rest[1])).collect()
    }

    /// All of it.
    pub(crate) fn text(&self, size: usize) -> String {
        let mut text = self.head.concat();
        for ((units, tail), rest) in self.pieces(size).into_iter().zip(self.rest.chunks(2)) {
            // Between the pieces of a text there is no comma.
            let is_json = rest[0].starts_with(['{', '"', '%', '0', '1']) && !rest[0].ends_with(' ');
            text += &units.join(if is_json { "," } else { "" });
            text += tail;
        }
        text
    }

    /// It as server-sent events.
    pub(crate) fn events(&self, size: usize) -> String {
        let pieces = self.pieces(size);
        let rest = pieces.iter().flat_map(|(units, tail)| units.iter().map(String::as_str).chain(tail.lines()));
        let events = self.head.iter().copied().chain(rest).filter(|data| !data.is_empty());
        events.map(|data| if data.starts_with(':') { format!("{data}\n\n") } else { format!("data: {data}\n\n") }).collect()
    }
}

/// The steps that a construct takes, and how long each does.
pub(crate) struct Steps {
    /// Those that are asserted, by name.
    asserted: &'static str,
    pub(crate) taken: Vec<(String, Duration)>,
}

// === impl Steps ===

impl Steps {
    /// Takes a step that others need.
    pub(crate) fn first<T>(&mut self, name: &str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = work();
        self.taken.push((name.to_owned(), start.elapsed()));
        done
    }

    /// Takes a step, if it is asserted.
    pub(crate) fn more(&mut self, name: &str, work: impl FnOnce()) {
        if self.asserted.split(' ').any(|asserted| asserted == name) {
            self.first(name, work);
        }
    }
}

fn assert_linear<'c>(constructs: impl IntoIterator<Item = &'c Construct>) {
    let mut slow = Vec::new();
    for construct in constructs {
        let mut steps = Steps { asserted: construct.at, taken: Vec::new() };
        run::run(construct, SIZE, &mut steps);
        slow.extend(
            steps.taken.into_iter().filter(|(_, time)| *time > MOST).map(|(step, time)| format!("{}, {step}: {time:?}", construct.name)),
        );
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

#[test]
fn requests_take_time_linear_in_their_size() {
    assert_linear(requests::CONSTRUCTS);
}

#[test]
fn whole_answers_take_time_linear_in_their_size() {
    assert_linear(answers::CONSTRUCTS.iter().filter(|construct| matches!(construct.of, Of::Answer(_))));
}

#[test]
fn streams_take_time_linear_in_their_size() {
    assert_linear(answers::CONSTRUCTS.iter().filter(|construct| !matches!(construct.of, Of::Answer(_))));
}
