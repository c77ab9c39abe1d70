//! What is spent: in all, today, this week, this month.

use super::words::Words;
use crate::calendar::{Day, Period};
use crate::price::NanoUsd;

/// What is spent, by UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spend {
    /// Since Envoy started.
    pub total: NanoUsd,
    /// Today.
    pub daily: NanoUsd,
    /// Since Monday.
    pub weekly: NanoUsd,
    /// Since the first of the month.
    pub monthly: NanoUsd,
}

// === impl Spend ===

impl Spend {
    /// What is spent in the current period of this kind, or in all.
    pub fn within(&self, period: Option<Period>) -> NanoUsd {
        match period {
            None => self.total,
            Some(Period::Day) => self.daily,
            Some(Period::Week) => self.weekly,
            Some(Period::Month) => self.monthly,
        }
    }

    /// The same sums on `today`, which were last changed on the day `last`: a window that has passed is empty.
    pub(super) fn rolled(self, last: Day, today: Day) -> Self {
        let within = |same: bool, amount| if same { amount } else { NanoUsd::ZERO };
        Self {
            total: self.total,
            daily: within(today == last, self.daily),
            weekly: within(today.monday() == last.monday(), self.weekly),
            monthly: within(today.month() == last.month(), self.monthly),
        }
    }

    /// Adds to every sum.
    pub(super) fn add(&mut self, amount: NanoUsd) {
        for sum in [&mut self.total, &mut self.daily, &mut self.weekly, &mut self.monthly] {
            *sum = sum.saturating_add(amount);
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for amount in [self.total, self.daily, self.weekly, self.monthly] {
            out.extend_from_slice(&amount.get().to_le_bytes());
        }
    }

    pub(super) fn read(words: &mut Words<'_>) -> Self {
        let mut next = || NanoUsd::new(words.next());
        Self { total: next(), daily: next(), weekly: next(), monthly: next() }
    }
}
