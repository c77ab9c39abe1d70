//! A stream that comes in server-sent events: what is the same about it, whatever the events say.

use std::fmt::Debug;

use super::{Account, Progress, Stream};
use crate::sse::{Decoder, Event, Item};

/// A stream that comes in server-sent events, of which `state` makes chunks.
#[derive(Debug)]
pub struct Events<S> {
    pub(super) decoder: Decoder,
    pub(super) state: S,
}

/// What a format makes of the events of a stream. Nothing is called any more once the account is over.
pub trait Reader: Debug {
    /// Takes the whole events at the start of `bytes` that need not be read, as they are like one that has been. Gives the rest.
    fn repeat<'a>(&mut self, bytes: &'a [u8], _: &mut Vec<u8>) -> &'a [u8] {
        bytes
    }

    /// Whether what an event becomes keeps the fields that the event had beside its data.
    const KEEPS_FIELDS: bool = false;

    /// Takes what an event says, without the space around it; it is not empty.
    fn data(&mut self, data: &[u8], out: &mut Vec<u8>);

    /// Takes what an event says that is called `error`.
    fn error(&mut self, data: &[u8], out: &mut Vec<u8>) {
        self.data(data, out);
    }

    /// Takes bytes of an event that is too large to be read: in most formats it cannot be told in other words.
    fn unread(&mut self, bytes: &[u8], _: &mut Vec<u8>) {
        let account = self.account_mut();
        account.output_bytes = account.output_bytes.saturating_add(bytes.len());
        account.unread = true;
        account.progress = Progress::Begun;
    }

    /// Takes a comment, and hands it on for the client's own timeouts.
    fn keep_alive(&mut self, comment: &[u8], out: &mut Vec<u8>) {
        comment_into(comment, out);
    }

    /// The provider has closed the stream.
    fn end(&mut self, _: &mut Vec<u8>) {
        self.account_mut().close();
    }

    /// What the stream has come to.
    fn account(&self) -> &Account;

    /// The same, to go on with.
    fn account_mut(&mut self) -> &mut Account;
}

// === impl Events ===

impl<S: Reader> Stream for Events<S> {
    fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let state = &mut self.state;
        let bytes = if self.decoder.is_between_events() { state.repeat(bytes, out) } else { bytes };
        self.decoder.feed(bytes, |item| read(state, item, out));
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let state = &mut self.state;
        self.decoder.finish(|item| read(state, item, out));
        state.end(out);
    }

    fn account(&self) -> &Account {
        self.state.account()
    }
}

/// Appends a comment.
pub(super) fn comment_into(comment: &[u8], out: &mut Vec<u8>) {
    out.push(b':');
    out.extend_from_slice(comment);
    out.extend_from_slice(b"\n\n");
}

fn read<S: Reader>(state: &mut S, item: Item<'_>, out: &mut Vec<u8>) {
    if state.account().is_over() {
        return;
    }
    match item {
        Item::Comment(comment) => state.keep_alive(comment, out),
        Item::Unread(bytes) => state.unread(bytes, out),
        Item::Event(event) => match event.data.as_deref().map(<[u8]>::trim_ascii) {
            // Some keep alive with empty events.
            None | Some(b"") => {}
            Some(data) if event.name == b"error" => state.error(data, out),
            Some(data) => {
                let start = out.len();
                state.data(data, out);
                if out.len() > start {
                    put_fields::<S>(&event, start, out);
                }
            }
        },
    }
}

/// Puts the fields of `event` before what it has become, which is at `start`.
fn put_fields<S: Reader>(event: &Event<'_>, start: usize, out: &mut Vec<u8>) {
    if S::KEEPS_FIELDS && (!event.name.is_empty() || event.id.is_some() || event.retry.is_some()) {
        let mut fields = Vec::new();
        event.other_fields_into(&mut fields);
        out.splice(start..start, fields);
    }
}
