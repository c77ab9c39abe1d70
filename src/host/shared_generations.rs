//! The records of generations, shared by all workers of one Envoy: a ring.

use std::cell::RefCell;

use super::calls;
use crate::accounting::{Slot, Slots};
use crate::clock::Millis;

/// The number of the next slot to be dealt.
const NEXT_SLOT: &str = "signalbox.generations";

/// How often a change is tried again when another worker was faster: it gives up when something is broken only.
const TRIES: usize = 1000;

thread_local! {
    /// What this worker has been dealt.
    static SLOTS: RefCell<Slots> = RefCell::default();
}

/// Makes a place for the ring, unless there is one; see [`super::shared_accounts::prepare`].
pub(super) fn prepare() {
    if calls::shared(NEXT_SLOT).is_none() {
        calls::set_shared(NEXT_SLOT, b"", 0);
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

fn record_name(slot: Slot) -> String {
    let mut name = String::with_capacity(32);
    name.push_str("signalbox.generation.");
    name.extend(slot.letters().map(char::from));
    name
}
