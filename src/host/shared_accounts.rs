//! The accounts of keys, shared by all workers of one Envoy.
//!
//! The account of a key with a limit or rates is changed at once, before each request and after it. What other keys use a worker keeps to
//! itself until the next tick, so that a request of theirs costs no host call for it.

use std::cell::RefCell;
use std::rc::Rc;

use super::calls;
use crate::accounting::{Account, Activity, Admission, Charge, DAYS, Demand, Filter, History, Pending, Terms, Today};
use crate::calendar::Day;
use crate::clock::Millis;
use crate::config::{Gateway, Key};
use crate::error::Error;

/// How often a change is tried again when another worker was faster. This is money: it gives up when something is broken only.
const TRIES: usize = 1000;

thread_local! {
    /// What this worker has settled and not shared.
    static PENDING: RefCell<Pending> = RefCell::default();
}

/// Makes a place for what `gateway` counts, unless there is one. A change is refused to the slower of two workers only where there was
/// something before, so this happens when a configuration is loaded: Envoy does that in its main thread before any worker gets it.
pub(super) fn prepare(gateway: &Gateway) {
    for key in gateway.keys() {
        for name in [account_name(&key.name), today_name(&key.name), history_name(&key.name)] {
            if calls::shared(&name).is_none() {
                calls::set_shared(&name, b"", 0);
            }
        }
    }
}

/// Admits a request against the account of its key.
///
/// Errors: if a rate or the limit does not allow it.
pub(super) fn admit(key: &Key, demand: &Demand<'_>, terms: &Terms<'_>) -> Result<Admission, Error> {
    let mut result = Err(Error::Internal("a key's account could not be changed: too many changes at once"));
    change(&account_name(&key.name), |bytes| {
        let mut account = Account::from_bytes(bytes);
        let admitted = account.admit(demand, terms).map_err(Error::from);
        let changed = admitted.is_ok().then(|| account.to_bytes());
        result = admitted;
        changed
    });
    result
}

/// Enters what became of a request of `key`: what it used, if that was anything, and that its reservation is over.
pub(super) fn settle(key: &Key, admission: Option<&Admission>, used: Option<(Charge, Activity)>, now: Millis) {
    let mut pending = used.as_ref().map(|(charge, _)| charge);
    let is_reserved = admission.is_some_and(|admission| admission.reserved.is_some());
    if key.is_metered() && (is_reserved || used.is_some()) {
        let entered = change(&account_name(&key.name), |bytes| {
            let mut account = Account::from_bytes(bytes);
            account.settle(key, admission, pending, now);
            Some(account.to_bytes())
        });
        if entered {
            pending = None;
        }
    }
    let Some((_, activity)) = &used else { return };
    let is_full = PENDING.with_borrow_mut(|all| {
        all.add(&key.name, Day::of(now), pending, activity);
        all.is_full()
    });
    if is_full {
        share(now);
    }
}

/// Shares what is pending.
pub(super) fn share(now: Millis) {
    let pending = PENDING.with_borrow_mut(Pending::take);
    for ((key, day), used) in pending {
        if used.spent != Default::default() || used.byok != Default::default() {
            change(&account_name(&key), |bytes| {
                let mut account = Account::from_bytes(bytes);
                account.enter(used.spent, false, day);
                account.enter(used.byok, true, day);
                Some(account.to_bytes())
            });
        }
        let mut ended = Vec::new();
        change(&today_name(&key), |bytes| {
            let mut today = Today::from_bytes(bytes);
            let (_, activities) = used.today.activities();
            ended = activities.iter().filter_map(|activity| today.enter(activity, day)).collect();
            Some(today.to_bytes())
        });
        for (day, activities) in ended {
            remember(&key, day, &activities, now);
        }
    }
}

/// The account of `key`, as far as it is shared.
pub(super) fn account(key: &Key) -> Account {
    Account::from_bytes(&calls::shared(&account_name(&key.name)).unwrap_or_default().0)
}

/// What all keys of `gateway` that `filter` is about used, by day.
pub(super) fn used(gateway: &Gateway, filter: &Filter) -> Vec<(Day, Activity)> {
    let mut used = Vec::new();
    for key in gateway.keys().iter().filter(|key| filter.key.is_none() || key.hash == filter.key) {
        let history = History::from_bytes(&calls::shared(&history_name(&key.name)).unwrap_or_default().0);
        used.extend_from_slice(history.entries());
        let today = Today::from_bytes(&calls::shared(&today_name(&key.name)).unwrap_or_default().0);
        let (day, activities) = today.activities();
        used.extend(activities.iter().map(|activity| (day, *activity)));
    }
    used
}

/// Puts a day that is over into the history of the key of this name: once a day, and by one worker.
fn remember(key: &Rc<str>, day: Day, activities: &[Activity], now: Millis) {
    if day < Day::of(now).before(DAYS) {
        return;
    }
    change(&history_name(key), |bytes| {
        let mut history = History::from_bytes(bytes);
        history.add(day, activities.to_vec(), now);
        Some(history.to_bytes())
    });
}

/// Changes what is shared under `name`, unless `make` says that it stays; whether that is done.
fn change(name: &str, mut make: impl FnMut(&[u8]) -> Option<Vec<u8>>) -> bool {
    change_by(name, &mut make)
}

/// The same, compiled once.
fn change_by(name: &str, make: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>) -> bool {
    for _ in 0..TRIES {
        let (bytes, cas) = calls::shared(name).unwrap_or_default();
        let Some(changed) = make(&bytes) else { return true };
        if calls::set_shared(name, &changed, cas) {
            return true;
        }
    }
    log::error!("signalbox: {name} could not be changed: too many changes at once");
    false
}

// Names are those of keys, and not their numbers: a reload forgets nothing.

fn account_name(key: &str) -> String {
    ["signalbox.account.", key].concat()
}

fn today_name(key: &str) -> String {
    ["signalbox.today.", key].concat()
}

fn history_name(key: &str) -> String {
    ["signalbox.history.", key].concat()
}
