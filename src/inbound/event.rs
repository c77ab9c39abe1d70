//! The events of OpenRouter's stream, as the gateway writes it, and named events as others want them.

use crate::json::string_into;
use crate::sse::{Decoder, Item};

use super::object::put;

/// An event of OpenRouter's stream.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event<'a> {
    /// A chunk.
    Chunk(&'a [u8]),
    /// A keep-alive.
    KeepAlive,
    /// `[DONE]`.
    Done,
}

/// More than the gateway reads of a provider's event: what is larger has passed unread, and cannot be told in other words.
const MAX_EVENT_BYTES: usize = 4 << 20;

/// Takes OpenRouter's stream as it comes.
#[derive(Debug)]
pub(super) struct Events(Decoder);

// === impl Events ===

impl Default for Events {
    fn default() -> Self {
        Self(Decoder::new(MAX_EVENT_BYTES))
    }
}

impl Events {
    /// Takes the next bytes and calls `sink` with each event that they complete.
    pub(super) fn feed(&mut self, bytes: &[u8], mut sink: impl FnMut(Event<'_>)) {
        self.0.feed(bytes, |item| match item {
            Item::Comment(_) => sink(Event::KeepAlive),
            Item::Unread(_) => {}
            Item::Event(event) => match event.data.as_deref().map(<[u8]>::trim_ascii) {
                Some(b"[DONE]") => sink(Event::Done),
                Some(data) if !data.is_empty() => sink(Event::Chunk(data)),
                _ => {}
            },
        });
    }
}

/// Appends the event `name`, whose data says so, too, and holds the members that `write` appends, each with its comma first.
#[inline(never)]
pub(super) fn named(name: &str, out: &mut Vec<u8>, write: &dyn Fn(&mut Vec<u8>)) {
    put(out, &[b"event: ", name.as_bytes(), b"\ndata: {\"type\":"]);
    string_into(out, name);
    write(out);
    out.extend_from_slice(b"}\n\n");
}
