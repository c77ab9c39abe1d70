//! The records of generations, shared by all workers of one Envoy: a ring.
//!
//! Who waits for the answer has it when its record is made, so a worker keeps records to itself until the next tick: shared one after the
//! other they cost half of what they cost each at the end of its request.

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
    static PENDING: RefCell<Pending> = RefCell::default();
}

/// The records that a worker has made and not shared, one behind the other.
#[derive(Default)]
struct Pending {
    records: Vec<u8>,
    /// Each with where its record ends.
    slots: Vec<(Slot, usize)>,
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

/// Notes what `record` appends, the record for `slot` of a ring of `size`.
pub(super) fn note(slot: Slot, size: u32, record: impl FnOnce(&mut Vec<u8>)) {
    let full = PENDING.with_borrow_mut(|pending| {
        record(&mut pending.records);
        pending.slots.push((slot, pending.records.len()));
        pending.slots.len() >= most_pending(size)
    });
    if full {
        share();
    }
}

/// How many are pending at most: never so many that a record could come to stand in the place of one that is newer by a round of the ring.
#[allow(clippy::arithmetic_side_effects)] // Divided by a constant.
fn most_pending(size: u32) -> usize {
    (size as usize / 16).min(256)
}

/// Shares what was noted.
pub(super) fn share() {
    let mut pending = PENDING.take();
    let mut start = 0;
    for (slot, end) in pending.slots.drain(..) {
        calls::set_shared(&record_name(slot), pending.records.get(start..end).unwrap_or_default(), 0);
        start = end;
    }
    // Their memory is for those to come.
    pending.records.clear();
    PENDING.set(pending);
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
