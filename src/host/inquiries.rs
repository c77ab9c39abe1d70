//! Questions about the accounts, answered a tick later than asked.
//!
//! What a worker has settled it shares with its tick, and so a question that any worker is asked is answered when every worker has had one.

use std::cell::RefCell;

use super::TICK;
use crate::clock::Millis;

/// Questions, each with its time.
#[derive(Debug)]
pub(super) struct Inquiries<T>(RefCell<Vec<(Millis, T)>>);

// === impl Inquiries ===

impl<T> Default for Inquiries<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Inquiries<T> {
    /// Keeps a question that is asked at `now`.
    pub(super) fn ask(&self, question: T, now: Millis) {
        self.0.borrow_mut().push((now, question));
    }

    /// The questions that may be answered at `now`. A tick may be late where much is to be done, hence a half more.
    pub(super) fn due(&self, now: Millis) -> Vec<T> {
        let wait = u64::try_from(TICK.as_millis()).unwrap_or_default().saturating_mul(3) / 2;
        self.0.borrow_mut().extract_if(.., |(asked, _)| now.since(*asked) >= wait).map(|(_, question)| question).collect()
    }
}
