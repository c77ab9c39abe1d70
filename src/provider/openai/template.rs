//! Chunks that differ in their texts alone, as nearly all of a stream do: told again without being read again.

use std::ops::Range;

use crate::json::Scanner;

/// A chunk that has been read, as a template for those that follow.
#[derive(Debug, Default)]
pub(super) struct Template {
    /// The chunk as the provider sent it.
    came: Vec<u8>,
    /// The event that it became.
    told: Vec<u8>,
    /// The texts in it. Without any, or if they are told in another order, it is no template.
    slots: Slots,
    /// The bytes of output in it that are not in its slots.
    output_bytes: usize,
}

/// Where texts stand that may differ.
#[derive(Debug, Default)]
pub(super) struct Slots(Vec<Slot>);

/// The inside of a string that was told as it came.
#[derive(Debug)]
struct Slot {
    came: Range<usize>,
    told: Range<usize>,
    is_output: bool,
}

/// The only frame of an event that is told again.
const PREFIX: &[u8] = b"data: ";
const END: &[u8] = b"\n\n";

// === impl Slots ===

impl Slots {
    /// Takes note that the last `length` bytes before the closing quotes at the ends of what came and of what is told are one text.
    pub(super) fn note(&mut self, came_end: usize, told_end: usize, length: usize, is_output: bool) {
        let text = |end: usize| end.saturating_sub(1).saturating_sub(length)..end.saturating_sub(1);
        self.0.push(Slot { came: text(came_end), told: text(told_end), is_output });
    }

    fn output_bytes(&self) -> usize {
        self.0.iter().filter(|slot| slot.is_output).fold(0, |sum, slot| sum.saturating_add(slot.came.len()))
    }
}

// === impl Template ===

impl Template {
    /// Takes a chunk in the place of the one before: what `came`, what was `told`, the texts in both, and how many bytes of output that
    /// were in all.
    pub(super) fn learn(&mut self, came: &[u8], told: &[u8], slots: Slots, output_bytes: usize) {
        self.slots.0.clear();
        // A line end in it would be two lines of `data` in the frame that is told again.
        if memchr::memchr2(b'\n', b'\r', came).is_some() {
            return;
        }
        self.came.clear();
        self.came.extend_from_slice(came);
        self.told.clear();
        self.told.extend_from_slice(told);
        self.output_bytes = output_bytes.saturating_sub(slots.output_bytes());
        self.slots = slots;
    }

    /// It fits no more.
    pub(super) fn forget(&mut self) {
        self.slots.0.clear();
    }

    /// Tells the event at the start of `bytes` again, if it is the template's but for the texts. Gives its length and how many bytes of
    /// output were in it; `None`, with nothing told, if it is any other.
    pub(super) fn tell(&self, bytes: &[u8], out: &mut Vec<u8>) -> Option<(usize, usize)> {
        let start = out.len();
        let told = if self.slots.0.is_empty() { None } else { self.fill(bytes, out) };
        if told.is_none() {
            out.truncate(start);
        }
        told
    }

    fn fill(&self, bytes: &[u8], out: &mut Vec<u8>) -> Option<(usize, usize)> {
        let mut at = after(bytes, 0, PREFIX)?;
        let (mut came, mut told, mut output_bytes) = (0, 0, self.output_bytes);
        for slot in &self.slots.0 {
            at = after(bytes, at, self.came.get(came..slot.came.start)?)?;
            let text = Scanner::at(bytes, at.checked_sub(1)?).string().ok()?.raw;
            out.extend_from_slice(self.told.get(told..slot.told.start)?);
            out.extend_from_slice(text);
            at = at.checked_add(text.len())?;
            if slot.is_output {
                output_bytes = output_bytes.saturating_add(text.len());
            }
            (came, told) = (slot.came.end, slot.told.end);
        }
        at = after(bytes, at, self.came.get(came..)?)?;
        at = after(bytes, at, END)?;
        out.extend_from_slice(self.told.get(told..)?);
        Some((at, output_bytes))
    }
}

/// The offset behind `fixed`, if that stands at `at`.
fn after(bytes: &[u8], at: usize, fixed: &[u8]) -> Option<usize> {
    let end = at.checked_add(fixed.len())?;
    is_equal(bytes.get(at..end)?, fixed).then_some(end)
}

/// Whether two slices of one length are equal. WebAssembly's own comparison goes byte by byte.
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    let ((words, rest), (other_words, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    words.iter().map(word).eq(other_words.iter().map(word)) && rest == other_rest
}
