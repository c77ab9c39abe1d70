//! The accounts, shared by all workers of one Envoy: a ring of generations, and a ledger for each key.

use std::cell::RefCell;

use super::calls;
use crate::accounting::{Activity, DAYS, Filter, History, Ledger, Slot, Slots};
use crate::calendar::Day;
use crate::clock::Millis;
use crate::config::{Gateway, Key};

/// The number of the next slot to be dealt.
const NEXT_SLOT: &str = "signalbox.generations";

/// How often a change is tried again when another worker was faster. This is money: it gives up when something is broken only.
const TRIES: usize = 1000;

thread_local! {
    /// What this worker has been dealt.
    static SLOTS: RefCell<Slots> = RefCell::default();
}

/// Makes a place for what `gateway` counts, unless there is one. A change is refused to the slower of two workers only where there was
/// something before, so this happens when a configuration is loaded: Envoy does that in its main thread before any worker gets it.
pub(super) fn prepare(gateway: &Gateway) {
    let ledgers = gateway.keys().iter().map(|key| ledger_name(key));
    for name in ledgers.chain([NEXT_SLOT.to_owned()]) {
        if calls::shared(&name).is_none() {
            calls::set_shared(&name, b"", 0);
        }
    }
}

/// A slot for a new generation in a ring of `size`; `None` if generations are not kept.
pub(super) fn take_slot(size: u32, now: Millis) -> Option<Slot> {
    if size == 0 {
        return None;
    }
    SLOTS.with_borrow_mut(|slots| {
        if let Some(slot) = slots.take(size, now) {
            return Some(slot);
        }
        let wanted = slots.wanted(size, now);
        for _ in 0..TRIES {
            let (bytes, cas) = calls::shared(NEXT_SLOT).unwrap_or_default();
            let first = bytes.try_into().map(u64::from_le_bytes).unwrap_or_default();
            if calls::set_shared(NEXT_SLOT, &first.wrapping_add(wanted).to_le_bytes(), cas) {
                slots.deal(first, wanted, now);
                break;
            }
        }
        slots.take(size, now)
    })
}

/// Keeps the record of the generation with this id, if it has a slot in a ring of `size`.
pub(super) fn keep(id: &str, size: u32, record: impl FnOnce() -> Vec<u8>) {
    if let Some(slot) = Slot::in_id(id, size) {
        calls::set_shared(&record_name(slot), &record(), 0);
    }
}

/// The record in the slot of the generation with this id, if there is one: it may be another's.
pub(super) fn record(id: &str, size: u32) -> Option<Vec<u8>> {
    calls::shared(&record_name(Slot::in_id(id, size)?)).map(|(record, _)| record)
}

/// Enters into the ledger of `key` what was used.
pub(super) fn enter(key: &Key, activity: Activity, now: Millis) {
    let name = ledger_name(key);
    for _ in 0..TRIES {
        let (bytes, cas) = calls::shared(&name).unwrap_or_default();
        let mut ledger = Ledger::from_bytes(&bytes);
        let ended = ledger.enter(activity, now);
        if calls::set_shared(&name, &ledger.to_bytes(), cas) {
            if let Some((day, activities)) = ended {
                remember(key, day, &activities, now);
            }
            return;
        }
    }
    log::error!("signalbox: what the key {} used could not be entered into its ledger: too many changes at once", key.name);
}

/// The ledger of `key`.
pub(super) fn ledger(key: &Key) -> Ledger {
    Ledger::from_bytes(&calls::shared(&ledger_name(key)).unwrap_or_default().0)
}

/// What all keys of `gateway` that `filter` is about used, by day.
pub(super) fn used(gateway: &Gateway, filter: &Filter) -> Vec<(Day, Activity)> {
    let mut used = Vec::new();
    for key in gateway.keys().iter().filter(|key| filter.key.is_none() || key.hash == filter.key) {
        let history = History::from_bytes(&calls::shared(&history_name(key)).unwrap_or_default().0);
        used.extend_from_slice(history.entries());
        let ledger = ledger(key);
        let (day, activities) = ledger.activities();
        used.extend(activities.iter().map(|activity| (day, *activity)));
    }
    used
}

/// Puts a day that is over into the history of `key`: once a day, and by one worker.
fn remember(key: &Key, day: Day, activities: &[Activity], now: Millis) {
    if day < Day::of(now).before(DAYS) {
        return;
    }
    let name = history_name(key);
    for _ in 0..TRIES {
        let (bytes, cas) = calls::shared(&name).unwrap_or_default();
        let mut history = History::from_bytes(&bytes);
        history.add(day, activities.to_vec(), now);
        if calls::set_shared(&name, &history.to_bytes(), cas) {
            return;
        }
    }
    log::error!("signalbox: what the key {} used on {day} could not be kept: too many changes at once", key.name);
}

// Names are those of keys, and not their numbers: a reload forgets nothing.

fn ledger_name(key: &Key) -> String {
    ["signalbox.ledger.", &key.name].concat()
}

fn history_name(key: &Key) -> String {
    ["signalbox.history.", &key.name].concat()
}

fn record_name(slot: Slot) -> String {
    slot.letters().iter().fold("signalbox.generation.".to_owned(), |mut name, letter| {
        name.push(char::from(*letter));
        name
    })
}
