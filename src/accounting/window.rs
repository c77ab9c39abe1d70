//! What was used in a minute or in a day of UTC.

use super::words::Words;
use crate::clock::Millis;

/// What was used in the current one of the windows into which time is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// The number of the window since 1970.
    number: u64,
    used: u64,
}

/// How long windows are, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span(u64);

pub(super) const MINUTE: Span = Span(60_000);
pub(super) const DAY: Span = Span(86_400_000);

// === impl Window ===

impl Window {
    /// What is used by `now` of a window.
    pub(super) fn used(&self, span: Span, now: Millis) -> u64 {
        if self.current(span, now) > self.number { 0 } else { self.used }
    }

    /// Uses so many.
    pub(super) fn add(&mut self, count: u64, span: Span, now: Millis) {
        let used = self.used(span, now).saturating_add(count);
        *self = Self { number: self.current(span, now), used };
    }

    /// When the next window begins.
    pub(super) fn end(&self, span: Span, now: Millis) -> Millis {
        Millis(self.current(span, now).saturating_add(1).saturating_mul(span.0))
    }

    /// A clock that goes back begins no window anew.
    fn current(&self, Span(length): Span, now: Millis) -> u64 {
        now.0.checked_div(length).unwrap_or_default().max(self.number)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&self.used.to_le_bytes());
    }

    pub(super) fn read(words: &mut Words<'_>) -> Self {
        Self { number: words.next(), used: words.next() }
    }
}
