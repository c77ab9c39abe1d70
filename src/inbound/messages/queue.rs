//! The blocks of a streamed message, one told after the other.
//!
//! Anthropic's events have one block open at a time, and its SDKs act on `content_block_stop`, and take the newest block for the one that
//! is being told. Where a provider sends the pieces of parallel calls in turn, the block of the first call stays open until its arguments
//! are whole, and what comes meanwhile waits behind it, in the order in which it began. Arguments that are never whole wait for the end of
//! the message. Calls that come one after the other, as almost always, wait for nothing.

use std::collections::{BTreeMap, VecDeque};

use super::super::event::named;
use super::super::nesting::Nesting;
use super::super::object::{put, put_number};
use crate::json::Text;

/// The block that is being told, and those that wait behind it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    blocks: VecDeque<Block>,
    /// Blocks so far.
    begun: u64,
    /// The blocks of calls, told and untold, by how OpenRouter's chunks count them.
    calls: BTreeMap<u64, u64>,
}

/// What a block is.
#[derive(Debug)]
pub(super) enum Kind {
    Text,
    /// Which block of reasoning, as far as it is said.
    Thinking(Option<u64>),
    /// What is whole at once: sealed reasoning, an image.
    Whole,
    /// Which call, and how far its arguments are.
    Call(u64, Nesting),
}

#[derive(Debug)]
struct Block {
    index: u64,
    kind: Kind,
    /// The events that wait.
    events: Vec<u8>,
}

// === impl Queue ===

impl Queue {
    /// Begins a block.
    pub(super) fn begin(&mut self, kind: Kind, out: &mut Vec<u8>, write: &dyn Fn(&mut Vec<u8>)) {
        let index = self.begun;
        self.begun = index.saturating_add(1);
        let mut events = Vec::new();
        named("content_block_start", &mut events, &|out| {
            out.extend_from_slice(b",\"index\":");
            put_number(out, index);
            out.extend_from_slice(b",\"content_block\":");
            write(out);
        });
        if let Kind::Call(call, _) = kind {
            self.calls.entry(call).or_insert(index);
        }
        self.blocks.push_back(Block { index, kind, events });
        if self.blocks.len() == 1 {
            self.tell_first(out);
        }
        self.advance(out);
    }

    /// What the newest block is, as long as it can be added to.
    pub(super) fn newest(&self) -> Option<&Kind> {
        self.blocks.back().map(|block| &block.kind)
    }

    /// More of the newest block; `kind` is the type of the delta and the name of what it holds.
    pub(super) fn more(&mut self, kind: &[u8], text: Text<'_>, out: &mut Vec<u8>) {
        self.delta(self.blocks.len().saturating_sub(1), &[b"{\"type\":\"", kind, b"\":\"", text.raw, b"\"}"], out);
    }

    /// A citation of the newest block.
    pub(super) fn cite(&mut self, citation: &[u8], out: &mut Vec<u8>) {
        self.delta(self.blocks.len().saturating_sub(1), &[b"{\"type\":\"citations_delta\",\"citation\":", citation, b"}"], out);
    }

    /// Whether `call` has begun.
    pub(super) fn has(&self, call: u64) -> bool {
        self.calls.contains_key(&call)
    }

    /// More of the arguments of `call`. Nothing becomes of what follows whole arguments once another block has begun: it is white space.
    pub(super) fn arguments(&mut self, call: u64, text: Text<'_>, out: &mut Vec<u8>) {
        let Some(place) = self.place(call) else { return };
        if let Some(Block { kind: Kind::Call(_, nesting), .. }) = self.blocks.get_mut(place) {
            nesting.feed(text);
        }
        self.delta(place, &[b"{\"type\":\"input_json_delta\",\"partial_json\":\"", text.raw, b"\"}"], out);
        self.advance(out);
    }

    /// Tells all that waits; nothing more comes.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        while !self.blocks.is_empty() {
            self.stop_first(out);
        }
    }

    /// Where the call waits, if it is not told yet. What waits follows one on the other.
    fn place(&self, call: u64) -> Option<usize> {
        let place = self.calls.get(&call)?.checked_sub(self.blocks.front()?.index)?;
        usize::try_from(place).ok()
    }

    fn delta(&mut self, place: usize, delta: &[&[u8]], out: &mut Vec<u8>) {
        let Some(block) = self.blocks.get_mut(place) else { return };
        let index = block.index;
        named("content_block_delta", if place == 0 { out } else { &mut block.events }, &|out| {
            out.extend_from_slice(b",\"index\":");
            put_number(out, index);
            out.extend_from_slice(b",\"delta\":");
            put(out, delta);
        });
    }

    /// Goes on to the next block as long as the first has come to its end.
    fn advance(&mut self, out: &mut Vec<u8>) {
        while let Some(first) = self.blocks.front() {
            let is_over = match &first.kind {
                Kind::Whole => true,
                Kind::Call(_, nesting) => self.blocks.len() > 1 && nesting.is_closed(),
                Kind::Text | Kind::Thinking(_) => self.blocks.len() > 1,
            };
            if !is_over {
                return;
            }
            self.stop_first(out);
        }
    }

    fn stop_first(&mut self, out: &mut Vec<u8>) {
        let Some(Block { index, .. }) = self.blocks.pop_front() else { return };
        named("content_block_stop", out, &|out| {
            out.extend_from_slice(b",\"index\":");
            put_number(out, index);
        });
        self.tell_first(out);
    }

    /// Tells of the first block what has waited.
    fn tell_first(&mut self, out: &mut Vec<u8>) {
        if let Some(first) = self.blocks.front_mut() {
            out.extend_from_slice(&std::mem::take(&mut first.events));
        }
    }
}
