//! What the gauges of keys with a limit show.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::shared_accounts;
use super::stats::Stats;
use crate::clock::Millis;
use crate::config::{Gateway, Key};
use crate::metrics;

/// The keys of a configuration whose gauges are to be set with the next tick.
#[derive(Debug, Default)]
pub(super) struct Balances {
    /// Their numbers.
    changed: RefCell<BTreeSet<usize>>,
    /// The minute in which all were set.
    shown: Cell<u64>,
}

// === impl Balances ===

impl Balances {
    /// The account of `key` has changed.
    pub(super) fn note(&self, key: &Key) {
        if key.limit.is_some() {
            self.changed.borrow_mut().insert(key.id);
        }
    }

    /// Sets the gauges of the keys whose accounts have changed, and of all in a new minute: limits begin anew, reservations expire, and
    /// an older configuration may have told an older limit.
    pub(super) fn show(&self, gateway: &Gateway, stats: &Stats, now: Millis) {
        let minute = now.as_secs() / 60;
        let mut changed = self.changed.take();
        if self.shown.replace(minute) != minute {
            changed.extend(0..gateway.keys().len());
        }
        for key in changed.iter().filter_map(|id| gateway.keys().get(*id)).filter(|key| key.limit.is_some()) {
            if let Some(balance) = shared_accounts::account(key).balance(key, now) {
                metrics::balance(gateway, key, &balance).into_iter().for_each(|record| stats.add(record));
            }
        }
    }
}
