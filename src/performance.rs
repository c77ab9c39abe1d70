//! How endpoints have done lately: time to the first token, tokens a second, and how many requests they answered.
//!
//! What is counted is bounded for each endpoint, whatever the traffic: three rings of time slots, with histograms in place of values.
//! Percentiles are what OpenRouter routes by and shows, see <https://openrouter.ai/docs/guides/routing/provider-selection>.

mod bytes;
mod histogram;
mod ring;

use self::bytes::{Bytes, Reader};
use self::histogram::{Histogram, Merged};
use self::ring::{Ring, Slot};
use crate::clock::Millis;
use crate::endpoint::EndpointKey;
pub use crate::preferences::Percentiles;

/// What one attempt says of its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Where it was.
    pub endpoint: EndpointKey,
    /// When it ended.
    pub at: Millis,
    /// Whether the endpoint answered.
    pub answered: bool,
    /// Milliseconds to the first token, where the answer was a stream.
    pub latency: Option<u64>,
    /// Tenths of output tokens a second over the whole attempt, where it came to its end.
    pub throughput: Option<u64>,
}

/// How an endpoint has done over the last day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Performance {
    minutes: Ring<Detailed, 6, 60_000>,
    fives: Ring<Detailed, 7, 300_000>,
    halves: Ring<Counts, 49, 1_800_000>,
}

/// What routing goes by: the last five minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Recent {
    /// How many of the requests were answered, in percent; `None` if there were too few to judge by.
    pub uptime: Option<f64>,
    /// Seconds to the first token.
    pub latency: Option<Percentiles<f64>>,
    /// Output tokens a second.
    pub throughput: Option<Percentiles<f64>>,
    /// How many of the requests of half an hour were answered, in percent; `None` if there were none.
    pub usual_uptime: Option<f64>,
    /// The median of the seconds to the first token: of half an hour, if there was none within five minutes.
    pub usual_latency: Option<f64>,
    /// The median of the output tokens a second, likewise.
    pub usual_throughput: Option<f64>,
}

/// What the catalogue shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report {
    /// How many requests of the last five minutes were answered, in percent.
    pub uptime_last_5m: Option<f64>,
    /// The same of half an hour.
    pub uptime_last_30m: Option<f64>,
    /// The same of a day.
    pub uptime_last_1d: Option<f64>,
    /// Milliseconds to the first token.
    pub latency_last_30m: Option<Percentiles<f64>>,
    /// Output tokens a second.
    pub throughput_last_30m: Option<Percentiles<f64>>,
}

/// The fewest requests that an endpoint's uptime is judged by.
const ENOUGH: u64 = 100;

/// How requests went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    answered: u32,
    failed: u32,
}

/// How requests went, and how fast.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Detailed {
    counts: Counts,
    latency: Histogram,
    throughput: Histogram,
}

/// The slots of a window, together.
#[derive(Default)]
struct Window {
    answered: u64,
    failed: u64,
    latency: Merged,
    throughput: Merged,
}

// === impl Performance ===

impl Performance {
    /// Reads what [`Performance::to_bytes`] wrote. Of bytes of any other shape, what can be made of them.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut reader = Reader(bytes);
        Self { minutes: Ring::read(&mut reader), fives: Ring::read(&mut reader), halves: Ring::read(&mut reader) }
    }

    /// The bytes to share: at most some 13 kB, most often a few hundred.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        self.minutes.write(&mut out);
        self.fives.write(&mut out);
        self.halves.write(&mut out);
        out
    }

    /// Counts an observation.
    pub fn record(&mut self, observed: &Observation) {
        self.minutes.record(observed.at, observed);
        self.fives.record(observed.at, observed);
        self.halves.record(observed.at, observed);
    }

    /// What routing goes by at `now`.
    pub fn recent(&self, now: Millis) -> Recent {
        let (five, thirty) = (Window::of(self.minutes.last(now)), Window::of(self.fives.last(now)));
        let (latency, throughput) = (five.latency_in(1000.0), five.throughput());
        let median = |percentiles: Option<Percentiles<f64>>| percentiles.map(|percentiles| percentiles.p50);
        Recent {
            uptime: five.uptime(ENOUGH),
            usual_uptime: thirty.uptime(1),
            latency,
            throughput,
            usual_latency: median(latency.or_else(|| thirty.latency_in(1000.0))),
            usual_throughput: median(throughput.or_else(|| thirty.throughput())),
        }
    }

    /// What the catalogue shows at `now`.
    pub fn report(&self, now: Millis) -> Report {
        let thirty = Window::of(self.fives.last(now));
        let day = self.halves.last(now).fold(Window::default(), |mut day, counts| {
            day.count(counts);
            day
        });
        Report {
            uptime_last_5m: Window::of(self.minutes.last(now)).uptime(1),
            uptime_last_30m: thirty.uptime(1),
            uptime_last_1d: day.uptime(1),
            latency_last_30m: thirty.latency_in(1.0),
            throughput_last_30m: thirty.throughput(),
        }
    }
}

// === impl Window ===

impl Window {
    fn of<'a>(slots: impl Iterator<Item = &'a Detailed>) -> Self {
        slots.fold(Self::default(), |mut window, slot| {
            window.count(&slot.counts);
            window.latency.add(&slot.latency);
            window.throughput.add(&slot.throughput);
            window
        })
    }

    fn count(&mut self, counts: &Counts) {
        self.answered = self.answered.saturating_add(counts.answered.into());
        self.failed = self.failed.saturating_add(counts.failed.into());
    }

    /// Percent of at least so many requests.
    fn uptime(&self, enough: u64) -> Option<f64> {
        let all = self.answered.saturating_add(self.failed);
        (all >= enough.max(1)).then(|| self.answered as f64 * 100.0 / all as f64)
    }

    /// The percentiles of the latency in units of so many milliseconds: of `p90`, nine tenths are at most that.
    fn latency_in(&self, unit: f64) -> Option<Percentiles<f64>> {
        self.latency.percentiles(false, |milliseconds| milliseconds / unit)
    }

    /// The percentiles of the throughput: of `p90`, nine tenths are at least that.
    fn throughput(&self) -> Option<Percentiles<f64>> {
        self.throughput.percentiles(true, |tenths| tenths / 10.0)
    }
}

// === impl Slot ===

impl Slot for Counts {
    fn record(&mut self, observed: &Observation) {
        let count = if observed.answered { &mut self.answered } else { &mut self.failed };
        *count = count.saturating_add(1);
    }
}

impl Slot for Detailed {
    fn record(&mut self, observed: &Observation) {
        self.counts.record(observed);
        observed.latency.inspect(|latency| self.latency.record(*latency));
        observed.throughput.inspect(|throughput| self.throughput.record(*throughput));
    }
}

impl Bytes for Counts {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self { answered: reader.u32(), failed: reader.u32() }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.answered.to_le_bytes());
        out.extend_from_slice(&self.failed.to_le_bytes());
    }
}

impl Bytes for Detailed {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self { counts: Counts::read(reader), latency: Histogram::read(reader), throughput: Histogram::read(reader) }
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.counts.write(out);
        self.latency.write(out);
        self.throughput.write(out);
    }
}

#[cfg(test)]
mod tests;
