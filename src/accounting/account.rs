//! The account of a key: what it has spent, what is reserved for it, how often it has asked.
//!
//! It is a few hundred bytes whatever the traffic, so that all workers of an Envoy can change it by compare-and-swap: a request is
//! admitted against the account as it is, and in the same step reserves what it may cost at most. At its end, that is taken back and the
//! real cost entered.

use super::reservations::{Reservation, Reservations};
use super::spend::Spend;
use super::window::Window;
use super::words::Words;
use crate::calendar::Day;
use crate::clock::Millis;
use crate::config::Key;
use crate::exchange::Spent;
use crate::price::NanoUsd;

/// The account of one key, as it is shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The day of the last entry.
    day: Day,
    /// What was spent with the operator's credentials.
    spend: Spend,
    /// What was spent with credentials of the client's own.
    byok: Spend,
    pub(super) reservations: Reservations,
    pub(super) requests_of_minute: Window,
    pub(super) requests_of_day: Window,
    pub(super) tokens_of_minute: Window,
    pub(super) free_of_minute: Window,
    pub(super) free_of_day: Window,
}

/// What an answer came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charge {
    /// Money.
    pub cost: NanoUsd,
    /// Whether it was spent with a credential of the client's own.
    pub is_byok: bool,
    /// Tokens of prompt and answer.
    pub tokens: u64,
}

/// What stands against a key's limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// What it may spend.
    pub limit: NanoUsd,
    /// What it has spent in the current period of the limit.
    pub spent: NanoUsd,
    /// How many reservations are outstanding.
    pub reservations: u64,
    /// What they come to.
    pub reserved: NanoUsd,
}

/// A day, twice the sums of [`Spend`], ten slices of three numbers, five windows of two.
const BYTES: usize = (1 + 2 * 4 + 10 * 3 + 5 * 2) * 8;

// === impl Account ===

impl Account {
    /// Reads what [`Account::to_bytes`] wrote; bytes of any other shape are an empty account.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        if bytes.len() != BYTES {
            return Self::default();
        }
        let words = &mut Words::of(bytes);
        Self {
            day: Day(words.next()),
            spend: Spend::read(words),
            byok: Spend::read(words),
            reservations: Reservations::read(words),
            requests_of_minute: Window::read(words),
            requests_of_day: Window::read(words),
            tokens_of_minute: Window::read(words),
            free_of_minute: Window::read(words),
            free_of_day: Window::read(words),
        }
    }

    /// The bytes to share.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(BYTES);
        out.extend_from_slice(&self.day.0.to_le_bytes());
        self.spend.write(&mut out);
        self.byok.write(&mut out);
        self.reservations.write(&mut out);
        for window in [self.requests_of_minute, self.requests_of_day, self.tokens_of_minute, self.free_of_minute, self.free_of_day] {
            window.write(&mut out);
        }
        out
    }

    /// Enters money that was spent on `day`.
    pub fn enter(&mut self, cost: NanoUsd, is_byok: bool, day: Day) {
        // A clock that went back spoils nothing.
        let today = day.max(self.day);
        self.spend = self.spend.rolled(self.day, today);
        self.byok = self.byok.rolled(self.day, today);
        self.day = today;
        if is_byok { self.byok.add(cost) } else { self.spend.add(cost) }
    }

    /// What is spent by `now` with the operator's credentials.
    pub fn spend(&self, now: Millis) -> Spend {
        self.spend.rolled(self.day, Day::of(now).max(self.day))
    }

    /// What is spent by `now` with credentials of the client's own.
    pub fn byok(&self, now: Millis) -> Spend {
        self.byok.rolled(self.day, Day::of(now).max(self.day))
    }

    /// What stands against the limit of `key` at `now`; `None` if it has none.
    pub fn balance(&self, key: &Key, now: Millis) -> Option<Balance> {
        let limit = key.limit?;
        let byok = if key.include_byok_in_limit { self.byok(now).within(limit.reset) } else { NanoUsd::ZERO };
        let (reservations, reserved) = self.reservations.outstanding(now);
        let spent = self.spend(now).within(limit.reset).saturating_add(byok);
        Some(Balance { limit: limit.usd, spent, reservations, reserved })
    }

    /// How many requests to free models were made on the day of `now`.
    pub fn free_requests_of_day(&self, now: Millis) -> u64 {
        self.free_of_day.used(super::window::DAY, now)
    }

    pub(super) fn release(&mut self, reservation: &Reservation) {
        self.reservations.remove(reservation);
    }

    /// The day that a limit's period is counted from at `now`.
    pub(super) fn today(&self, now: Millis) -> Day {
        Day::of(now).max(self.day)
    }
}

// === impl Charge ===

impl Charge {
    /// That of an answer.
    pub fn of(spent: &Spent) -> Self {
        let tokens = spent.usage.input_tokens().saturating_add(spent.usage.output_tokens());
        Self { cost: spent.cost.total, is_byok: spent.is_byok, tokens }
    }
}

// === impl Balance ===

impl Balance {
    /// What is left of the limit.
    pub fn remaining(&self) -> NanoUsd {
        self.limit.saturating_sub(self.spent)
    }
}
