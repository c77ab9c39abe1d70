//! Where the record of a generation is kept: in a ring, whose slot is in the generation's id.
//!
//! Shared data has no delete, so the ring has a fixed set of keys, and a record is put in the place of an older one. An id says in its
//! last letters which slot it is in: the record is found without a search, and is put there at the end with a single call that nobody
//! competes for. Slots are dealt out in the order in which requests begin, to a busy worker several at a time.

use crate::clock::Millis;
use crate::exchange::ALPHANUMERIC;

/// A slot of the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(u32);

/// The slots that a worker has been dealt and has not used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slots {
    /// Numbers of slots, counted on without end.
    next: u64,
    end: u64,
    dealt: Millis,
}

/// Letters of an id that say the slot.
const LETTERS: usize = 4;

/// The most slots that are dealt at a time.
const MOST: u64 = 16;
/// Slots that were dealt longer ago may be overwritten by now: milliseconds.
const STALE: u64 = 60_000;
/// A worker that comes again so soon is busy: milliseconds.
const SOON: u64 = 100;

// === impl Slot ===

impl Slot {
    /// The slot of this place in a ring of `size`.
    pub fn of(number: u64, size: u32) -> Option<Self> {
        number.checked_rem(size.into()).and_then(|slot| u32::try_from(slot).ok()).map(Self)
    }

    /// The slot of a generation's id in a ring of `size`; `None` if the id is none of ours.
    pub fn in_id(id: &str, size: u32) -> Option<Self> {
        let id = id.strip_prefix("gen-").filter(|id| id.len() <= 60)?;
        let (rest, letters) = id.split_at_checked(id.len().checked_sub(LETTERS)?)?;
        if rest.len() < 16 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return None;
        }
        let number = letters.bytes().try_fold(0u32, |number, letter| {
            let digit = ALPHANUMERIC.iter().position(|known| *known == letter)?;
            number.checked_mul(62)?.checked_add(u32::try_from(digit).ok()?)
        })?;
        (number < size).then_some(Self(number))
    }

    /// The letters that say it.
    pub fn letters(self) -> [u8; LETTERS] {
        let mut rest = self.0;
        let mut letters = [b'0'; LETTERS];
        for letter in letters.iter_mut().rev() {
            *letter = ALPHANUMERIC.get((rest % 62) as usize).copied().unwrap_or(b'0');
            rest /= 62;
        }
        letters
    }
}

// === impl Slots ===

impl Slots {
    /// The next slot of a ring of `size`; `None` if more have to be dealt first.
    pub fn take(&mut self, size: u32, now: Millis) -> Option<Slot> {
        if self.next >= self.end || now.since(self.dealt) > STALE {
            return None;
        }
        let slot = Slot::of(self.next, size)?;
        self.next = self.next.saturating_add(1);
        Some(slot)
    }

    /// How many slots of a ring of `size` are to be dealt: a few more to a worker that was dealt some just now, but never so many that
    /// those in hand were a noticeable part of the ring.
    pub fn wanted(&self, size: u32, now: Millis) -> u64 {
        if now.since(self.dealt) > SOON { 1 } else { u64::from(size / 64).clamp(1, MOST) }
    }

    /// So many slots are dealt, beginning with this number.
    pub fn deal(&mut self, first: u64, count: u64, now: Millis) {
        *self = Self { next: first, end: first.saturating_add(count), dealt: now };
    }
}
