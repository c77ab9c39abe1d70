//! Money that is reserved for requests that are under way.
//!
//! They are kept as sums, by the slice of time in which they expire: what is shared is as small for a thousand requests as for one. A
//! request whose worker is gone before it was settled is forgotten with its slice.

use std::time::Duration;

use super::words::Words;
use crate::clock::Millis;
use crate::price::NanoUsd;

/// What is reserved of a key's limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reservations([Slice; SLICES]);

/// What expires at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slice {
    expires: Millis,
    count: u64,
    sum: NanoUsd,
}

/// Money that is reserved for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// How much.
    pub amount: NanoUsd,
    /// Which slice it is in.
    expires: Millis,
}

/// A timeout is cut into so many slices.
const PARTS: u64 = 8;

/// The slices that are outstanding at a time, and one to spare.
const SLICES: usize = 10;

// === impl Reservations ===

impl Reservations {
    /// Reserves `amount` for at least `timeout`, and an eighth of it longer at most.
    pub(super) fn add(&mut self, amount: NanoUsd, timeout: Duration, now: Millis) -> Reservation {
        let length = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).div_ceil(PARTS).max(1);
        let current = now.0.checked_div(length).unwrap_or_default();
        let expires = Millis(current.saturating_add(PARTS).saturating_add(1).saturating_mul(length));
        let place = self.place(expires, now);
        if let Some(slice) = self.0.get_mut(place) {
            if slice.expires <= now {
                *slice = Slice { expires, ..Slice::default() };
            }
            slice.count = slice.count.saturating_add(1);
            slice.sum = slice.sum.saturating_add(amount);
            return Reservation { amount, expires: slice.expires };
        }
        Reservation { amount, expires }
    }

    /// Takes a reservation back, unless it has expired.
    pub(super) fn remove(&mut self, reservation: &Reservation) {
        if let Some(slice) = self.0.iter_mut().find(|slice| slice.expires == reservation.expires) {
            slice.count = slice.count.saturating_sub(1);
            slice.sum = slice.sum.saturating_sub(reservation.amount);
        }
    }

    /// How many are outstanding at `now`, and what they come to.
    pub(super) fn outstanding(&self, now: Millis) -> (u64, NanoUsd) {
        self.0
            .iter()
            .filter(|slice| slice.expires > now)
            .fold((0, NanoUsd::ZERO), |(count, sum), slice| (count.saturating_add(slice.count), sum.saturating_add(slice.sum)))
    }

    /// The slice that expires then, or one that has expired, or the one that lasts longest: slices of another length are still there
    /// after a change of the timeout.
    fn place(&self, expires: Millis, now: Millis) -> usize {
        let same = self.0.iter().position(|slice| slice.expires == expires);
        let expired = || self.0.iter().position(|slice| slice.expires <= now);
        let longest = || self.0.iter().enumerate().max_by_key(|(_, slice)| slice.expires).map(|(place, _)| place);
        same.or_else(expired).or_else(longest).unwrap_or_default()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for Slice { expires, count, sum } in self.0 {
            for number in [expires.0, count, sum.get()] {
                out.extend_from_slice(&number.to_le_bytes());
            }
        }
    }

    pub(super) fn read(words: &mut Words<'_>) -> Self {
        Self(std::array::from_fn(|_| Slice { expires: Millis(words.next()), count: words.next(), sum: NanoUsd::new(words.next()) }))
    }
}
