//! What the gauges of keys with a limit show.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::shared_accounts;
use super::stats::Stats;
use crate::clock::Millis;
use crate::config::{Gateway, Key};
use crate::metrics;

/// The gauges of a configuration's keys, as far as no later one has the same keys: after a reload, streams of the older go on for a
/// while, and must not tell of its limits.
#[derive(Debug)]
pub(super) struct Balances {
    /// The configuration's number.
    number: u64,
    /// The minute in which all were set.
    shown: Cell<u64>,
}

thread_local! {
    static LAST_NUMBER: Cell<u64> = const { Cell::new(0) };
    /// By name: the number of the latest configuration with this key, and the key's number in it.
    static LATEST: RefCell<BTreeMap<Rc<str>, (u64, usize)>> = RefCell::default();
    /// The names of keys whose gauges are to be set with the next tick.
    static CHANGED: RefCell<BTreeSet<Rc<str>>> = RefCell::default();
}

// === impl Balances ===

impl Balances {
    /// Those of `gateway`, which is the latest configuration.
    pub(super) fn of(gateway: &Gateway) -> Self {
        let number = LAST_NUMBER.get().wrapping_add(1);
        LAST_NUMBER.set(number);
        LATEST.with_borrow_mut(|latest| latest.extend(gateway.keys().iter().map(|key| (key.name.clone(), (number, key.id)))));
        Self { number, shown: Cell::default() }
    }

    /// The account of `key` has changed.
    pub(super) fn note(key: &Key) {
        // Of other keys nothing is shown.
        if key.limit.is_none() {
            return;
        }
        CHANGED.with_borrow_mut(|changed| changed.insert(key.name.clone()));
    }

    /// Sets the gauges of the keys whose accounts have changed, and of all in a new minute: limits begin anew, and reservations expire.
    pub(super) fn show(&self, gateway: &Gateway, stats: &Stats, now: Millis) {
        let minute = now.as_secs() / 60;
        let all = self.shown.replace(minute) != minute;
        let due: Vec<usize> = LATEST.with_borrow(|latest| {
            let ours = |name: &Rc<str>| latest.get(name).filter(|(number, _)| *number == self.number).map(|(_, id)| *id);
            if all {
                return gateway.keys().iter().filter_map(|key| ours(&key.name)).collect();
            }
            CHANGED.with_borrow_mut(|changed| {
                let due = changed.iter().filter_map(&ours).collect();
                changed.retain(|name| ours(name).is_none() && latest.contains_key(name));
                due
            })
        });
        for key in due.iter().filter_map(|id| gateway.keys().get(*id)).filter(|key| key.limit.is_some()) {
            if let Some(balance) = shared_accounts::account(key).balance(key, now) {
                metrics::balance(gateway, key, &balance).into_iter().for_each(|record| stats.add(record));
            }
        }
    }
}

impl Drop for Balances {
    fn drop(&mut self) {
        LATEST.with_borrow_mut(|latest| latest.retain(|_, (number, _)| *number != self.number));
    }
}
