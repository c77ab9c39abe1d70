//! Server-sent events: a decoder for bytes split anywhere, and how events are written.
//!
//! Follows the WHATWG HTML standard, section 9.2.6 (<https://html.spec.whatwg.org/multipage/server-sent-events.html>), but for
//! one thing that providers do and the standard drops: a last event without a blank line after it counts.

use std::borrow::Cow;

/// Takes bytes as they come and gives items, each whole. Holds at most `max_event_bytes` of an unfinished event.
#[derive(Debug)]
pub struct Decoder {
    max_event_bytes: usize,
    /// The unfinished event.
    buffer: Vec<u8>,
    /// Bytes of `buffer` that hold no end of an event.
    searched: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing came yet, so a byte order mark may.
    Start,
    Reading,
    /// The last byte was a carriage return that ended an event: a line feed next belongs to it.
    AfterCarriageReturn,
    /// In an event that is too large: it passes unread until it ends.
    Unread,
}

/// What a stream consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// An event.
    Event(Event<'a>),
    /// A comment, a keep-alive: what stands after the colon.
    Comment(&'a [u8]),
    /// Bytes of an event larger than the limit, as they came.
    Unread(&'a [u8]),
}

/// One event with at least one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event<'a> {
    /// The `event` field; empty where there is none.
    pub name: &'a [u8],
    /// The `data` fields, joined by line feeds; `None` where there is none.
    pub data: Option<Cow<'a, [u8]>>,
    /// The `id` field.
    pub id: Option<&'a [u8]>,
    /// The `retry` field.
    pub retry: Option<&'a [u8]>,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

// === impl Decoder ===

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new(max_event_bytes: usize) -> Self {
        Self { max_event_bytes, buffer: Vec::new(), searched: 0, state: State::Start }
    }

    /// Whether what comes next begins an event.
    pub fn is_between_events(&self) -> bool {
        self.state == State::Reading && self.buffer.is_empty()
    }

    /// Takes the next bytes and calls `sink` with each item that they complete.
    pub fn feed(&mut self, bytes: &[u8], mut sink: impl FnMut(Item<'_>)) {
        if self.buffer.is_empty() && self.state != State::Start {
            let rest = self.drain(bytes, &mut sink);
            self.buffer.extend_from_slice(rest);
        } else {
            self.buffer.extend_from_slice(bytes);
            if self.state == State::Start && !self.skip_byte_order_mark() {
                return;
            }
            let buffer = std::mem::take(&mut self.buffer);
            let rest = self.drain(&buffer, &mut sink).len();
            self.buffer = buffer;
            self.buffer.drain(..self.buffer.len().saturating_sub(rest));
        }
        if self.buffer.len() > self.max_event_bytes {
            let buffer = std::mem::take(&mut self.buffer);
            let (unread, kept) = split_before_line_end(&buffer);
            sink(Item::Unread(unread));
            // Memory for one large event is not kept for the rest of the stream.
            self.buffer = kept.to_vec();
            self.searched = 0;
            self.state = State::Unread;
        }
    }

    /// Ends the stream: what is left is an event, too, blank line or not.
    pub fn finish(&mut self, mut sink: impl FnMut(Item<'_>)) {
        let buffer = std::mem::take(&mut self.buffer);
        self.searched = 0;
        if self.state == State::Start && BYTE_ORDER_MARK.starts_with(&buffer) {
            return;
        }
        match self.state {
            State::Unread => {
                sink(Item::Unread(&buffer));
                // What follows must not become a part of it.
                sink(Item::Unread(b"\n\n"));
            }
            _ => read_event(&buffer, &mut sink),
        }
    }

    /// Gives the items that are whole in `bytes` and returns the rest, which is not.
    fn drain<'a>(&mut self, bytes: &'a [u8], sink: &mut impl FnMut(Item<'_>)) -> &'a [u8] {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.state == State::AfterCarriageReturn {
                self.state = State::Reading;
                if let Some(after) = rest.strip_prefix(b"\n") {
                    rest = after;
                    continue;
                }
            }
            let Some(end) = self.end_of_event(rest) else { break };
            let (event, after) = rest.split_at(end);
            self.searched = 0;
            if self.state == State::Unread {
                sink(Item::Unread(event));
            } else {
                read_event(event, sink);
            }
            self.state = if after.is_empty() && event.ends_with(b"\r") { State::AfterCarriageReturn } else { State::Reading };
            rest = after;
        }
        if self.state == State::Unread {
            let (unread, kept) = split_before_line_end(rest);
            if !unread.is_empty() {
                sink(Item::Unread(unread));
            }
            self.searched = 0;
            return kept;
        }
        rest
    }

    /// Where the first blank line of `bytes` ends.
    fn end_of_event(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut line = self.searched;
        loop {
            let found = memchr::memchr2(b'\r', b'\n', bytes.get(line..)?);
            let Some(length) = found else {
                // Not again what has been searched, but for a byte that tells that the line is not blank.
                self.searched = line.max(bytes.len().saturating_sub(1));
                return None;
            };
            let end = line.saturating_add(length);
            let next = match bytes.get(end..) {
                Some([b'\r', b'\n', ..]) => end.saturating_add(2),
                // A carriage return at the very end may be half of a CRLF: a line that is not blank waits for what follows.
                Some([b'\r']) if length > 0 => {
                    self.searched = line;
                    return None;
                }
                _ => end.saturating_add(1),
            };
            if length == 0 {
                return Some(next);
            }
            line = next;
        }
    }

    /// Drops a byte order mark; `false` while it is not clear whether there is one.
    fn skip_byte_order_mark(&mut self) -> bool {
        if self.buffer.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(&self.buffer) {
            return false;
        }
        if self.buffer.starts_with(BYTE_ORDER_MARK) {
            self.buffer.drain(..BYTE_ORDER_MARK.len());
        }
        self.state = State::Reading;
        true
    }
}

// === impl Event ===

impl Event<'_> {
    /// Appends the fields beside `data`, a line for each.
    pub fn other_fields_into(&self, out: &mut Vec<u8>) {
        let name = Some(self.name).filter(|name| !name.is_empty());
        for (field, value) in [(&b"event: "[..], name), (b"id: ", self.id), (b"retry: ", self.retry)] {
            if let Some(value) = value {
                out.extend_from_slice(field);
                out.extend_from_slice(value);
                out.push(b'\n');
            }
        }
    }
}

/// Splits off the line ends at the end of `bytes` with the byte before them: enough to tell, once more comes, whether a blank
/// line ends the event there.
fn split_before_line_end(bytes: &[u8]) -> (&[u8], &[u8]) {
    let ends = bytes.iter().rev().take(3).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    bytes.split_at(bytes.len().saturating_sub(ends.saturating_add(1)))
}

/// Reads the lines of one event.
fn read_event(bytes: &[u8], sink: &mut impl FnMut(Item<'_>)) {
    let mut event = Event::default();
    let mut fields = false;
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.strip_prefix(b"\r\n").or(after.get(1..)).unwrap_or_default();
        if line.is_empty() {
            continue;
        }
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"" => {
                sink(Item::Comment(line.get(1..).unwrap_or_default()));
                continue;
            }
            b"data" => match &mut event.data {
                None => event.data = Some(Cow::Borrowed(value)),
                Some(data) => {
                    let data = data.to_mut();
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
            },
            b"event" => event.name = value,
            b"id" => event.id = Some(value),
            b"retry" => event.retry = Some(value),
            _ => continue,
        }
        fields = true;
    }
    if fields {
        sink(Item::Event(event));
    }
}

#[cfg(test)]
mod tests;
