//! How often values of which size occurred, in buckets whose width grows with the value: within 6% of it.

use super::bytes::{Bytes, Reader};
use crate::preferences::Percentiles;

/// Buckets of a factor of two.
const STEPS: u64 = 8;
const STEP_BITS: u32 = 3;
/// Values up to four million: an hour in milliseconds.
const BUCKETS: usize = 160;

/// How often values occurred, by bucket: only those that did, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Histogram(Vec<(u8, u16)>);

/// Several histograms together.
pub(super) struct Merged([u32; BUCKETS]);

// === impl Histogram ===

impl Histogram {
    pub(super) fn record(&mut self, value: u64) {
        let bucket = bucket(value);
        match self.0.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => {
                if let Some((_, count)) = self.0.get_mut(at) {
                    *count = count.saturating_add(1);
                }
            }
            Err(at) => self.0.insert(at, (bucket, 1)),
        }
    }
}

impl Bytes for Histogram {
    fn read(reader: &mut Reader<'_>) -> Self {
        let count = reader.u8();
        let mut buckets: Vec<_> = (0..count).map(|_| (reader.u8(), reader.u16())).collect();
        buckets.dedup_by(|next, last| next.0 <= last.0);
        Self(buckets)
    }

    fn write(&self, out: &mut Vec<u8>) {
        // At most BUCKETS of them.
        out.push(u8::try_from(self.0.len()).unwrap_or(u8::MAX));
        for (bucket, count) in self.0.iter().take(u8::MAX.into()) {
            out.push(*bucket);
            out.extend_from_slice(&count.to_le_bytes());
        }
    }
}

// === impl Merged ===

impl Merged {
    pub(super) fn add(&mut self, histogram: &Histogram) {
        for (bucket, count) in &histogram.0 {
            if let Some(sum) = self.0.get_mut(usize::from(*bucket)) {
                *sum = sum.saturating_add((*count).into());
            }
        }
    }

    /// The percentiles, each in the unit that `convert` makes of the values; `None` if nothing was counted. Where `more_is_better`,
    /// `p90` is what nine tenths of the values reach, else what they keep below.
    pub(super) fn percentiles(&self, more_is_better: bool, convert: impl Fn(f64) -> f64) -> Option<Percentiles<f64>> {
        let all = self.0.iter().fold(0u64, |sum, count| sum.saturating_add((*count).into()));
        let at = |percent: u64| {
            let rank = all.saturating_mul(percent).div_ceil(100).max(1);
            let mut seen = 0u64;
            let mut reaches = |(bucket, count): (usize, &u32)| {
                seen = seen.saturating_add((*count).into());
                (seen >= rank).then(|| convert(middle(bucket)))
            };
            let buckets = self.0.iter().enumerate();
            if more_is_better { buckets.rev().find_map(&mut reaches) } else { buckets.into_iter().find_map(&mut reaches) }
        };
        Some(Percentiles { p50: at(50)?, p75: at(75)?, p90: at(90)?, p99: at(99)? })
    }
}

impl Default for Merged {
    fn default() -> Self {
        Self([0; BUCKETS])
    }
}

/// The bucket of `value`: itself below [`STEPS`], above that [`STEPS`] for each factor of two.
#[allow(clippy::arithmetic_side_effects)] // 63 - leading zeros of a number of at least STEPS.
fn bucket(value: u64) -> u8 {
    if value < STEPS {
        return value as u8;
    }
    let octave = u64::BITS - 1 - value.leading_zeros();
    let step = value >> (octave - STEP_BITS) & (STEPS - 1);
    let bucket = u64::from(octave - STEP_BITS + 1) * STEPS + step;
    bucket.min(BUCKETS as u64 - 1) as u8
}

/// The middle of a bucket.
#[allow(clippy::arithmetic_side_effects)] // Buckets are below BUCKETS.
fn middle(bucket: usize) -> f64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket as f64;
    }
    let width = 1u64 << (bucket / STEPS - 1).min(40);
    let start = (STEPS + bucket % STEPS) * width;
    start as f64 + (width - 1) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_middle_of_a_values_bucket_is_near_to_it() {
        for value in (0..5000).chain([10_000, 99_999, 1_000_000, 4_000_000]) {
            let middle = middle(bucket(value).into());
            assert!((middle - value as f64).abs() <= value as f64 * 0.0625, "{value}: {middle}");
        }
        assert_eq!((bucket(u64::MAX), bucket(1 << 22)), (159, 159));
    }

    #[test]
    fn percentiles_are_ranks_from_the_better_end() {
        let mut histogram = Histogram::default();
        (1..=100).for_each(|value| histogram.record(value * 100));
        let mut merged = Merged::default();
        merged.add(&histogram);
        let near = |is: f64, wanted: f64| assert!((is - wanted).abs() <= wanted * 0.07, "{is} and not {wanted}");
        let low = merged.percentiles(false, |value| value).unwrap();
        for (is, wanted) in [(low.p50, 5000.0), (low.p75, 7500.0), (low.p90, 9000.0), (low.p99, 9900.0)] {
            near(is, wanted);
        }
        let high = merged.percentiles(true, |value| value).unwrap();
        for (is, wanted) in [(high.p50, 5100.0), (high.p75, 2600.0), (high.p90, 1100.0), (high.p99, 200.0)] {
            near(is, wanted);
        }
        assert_eq!(Merged::default().percentiles(true, |value| value), None);
    }
}
