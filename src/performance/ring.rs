//! Slots of time of one width, of which the oldest gives way to the newest.

use super::Observation;
use super::bytes::{Bytes, Reader};
use crate::clock::Millis;

/// What is counted in a slot.
pub(super) trait Slot: Bytes + Clone + Default {
    /// Counts an observation.
    fn record(&mut self, observed: &Observation);
}

/// `N` slots of `WIDTH` milliseconds: the one that runs, and those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ring<T, const N: usize, const WIDTH: u64>(
    /// Each slot with its number: the time at its start in widths since the epoch.
    Vec<(u32, T)>,
);

// === impl Ring ===

impl<T: Slot, const N: usize, const WIDTH: u64> Ring<T, N, WIDTH> {
    /// Counts what was observed at `at`, if that is not too long ago.
    pub(super) fn record(&mut self, at: Millis, observed: &Observation) {
        let number = Self::number(at);
        match self.0.iter_mut().find(|(known, _)| *known == number) {
            Some((_, slot)) => slot.record(observed),
            None => {
                let newest = self.0.iter().map(|(number, _)| *number).max().unwrap_or(number).max(number);
                self.0.retain(|(known, _)| Self::is_within(*known, newest));
                if Self::is_within(number, newest) {
                    let mut slot = T::default();
                    slot.record(observed);
                    self.0.push((number, slot));
                }
            }
        }
    }

    /// The slots that are not past at `now`.
    pub(super) fn last(&self, now: Millis) -> impl Iterator<Item = &T> {
        let newest = Self::number(now);
        self.0.iter().filter(move |(number, _)| Self::is_within(*number, newest)).map(|(_, slot)| slot)
    }

    #[allow(clippy::arithmetic_side_effects)] // WIDTH is not 0.
    fn number(at: Millis) -> u32 {
        u32::try_from(at.0 / WIDTH).unwrap_or(u32::MAX)
    }

    fn is_within(number: u32, newest: u32) -> bool {
        number <= newest && (newest.saturating_sub(number) as usize) < N
    }
}

impl<T, const N: usize, const WIDTH: u64> Default for Ring<T, N, WIDTH> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Slot, const N: usize, const WIDTH: u64> Bytes for Ring<T, N, WIDTH> {
    fn read(reader: &mut Reader<'_>) -> Self {
        let count = usize::from(reader.u8()).min(N);
        Self((0..count).map(|_| (reader.u32(), T::read(reader))).collect())
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::try_from(self.0.len()).unwrap_or(u8::MAX));
        for (number, slot) in &self.0 {
            out.extend_from_slice(&number.to_le_bytes());
            slot.write(out);
        }
    }
}
