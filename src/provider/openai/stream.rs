//! A streamed answer: the provider's events in, OpenRouter's chunks out.

use super::choice::{self, Found, Shape};
use crate::chat::Envelope;
use crate::json::{Kind, Scanner};
use crate::provider::{Fault, Progress};
use crate::sse::{Decoder, Item};
use crate::usage::{OpenAiUsage, Usage};

/// A stream of the OpenAI format.
#[derive(Debug)]
pub struct Stream {
    decoder: Decoder,
    state: State,
}

#[derive(Debug)]
struct State {
    envelope: Envelope,
    usage: Option<OpenAiUsage>,
    output_bytes: usize,
    /// An event passed that was too large to be read.
    unread: bool,
    finished: bool,
    progress: Progress,
}

// === impl Stream ===

impl Stream {
    /// A stream whose chunks get `envelope`; an event larger than `max_event_bytes` passes unread.
    pub fn new(envelope: Envelope, max_event_bytes: usize) -> Self {
        let state = State { envelope, usage: None, output_bytes: 0, unread: false, finished: false, progress: Progress::Preamble };
        Self { decoder: Decoder::new(max_event_bytes), state }
    }

    /// Takes the provider's next bytes and appends the chunks that they complete. After [`Progress::Done`] and
    /// [`Progress::Failed`] whatever comes is dropped.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> &Progress {
        let state = &mut self.state;
        self.decoder.feed(bytes, |item| state.item(item, out));
        &self.state.progress
    }

    /// The provider has closed the stream: an answer that had an end is through, any other has failed.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> &Progress {
        let state = &mut self.state;
        self.decoder.finish(|item| state.item(item, out));
        if matches!(state.progress, Progress::Preamble | Progress::Begun) {
            state.progress = if state.finished { Progress::Done } else { Progress::Failed(Fault::invalid_answer(b"")) };
        }
        &self.state.progress
    }

    /// How far it has come.
    pub fn progress(&self) -> &Progress {
        &self.state.progress
    }

    /// What the provider has counted so far.
    pub fn usage(&self) -> Option<Usage> {
        self.state.usage.as_ref().and_then(OpenAiUsage::usage)
    }

    /// Bytes of text seen so far.
    pub fn output_bytes(&self) -> usize {
        self.state.output_bytes
    }

    /// Whether the provider gave a finish reason.
    pub fn has_finish_reason(&self) -> bool {
        self.state.finished
    }

    /// Whether an event passed that was too large to be read, so that the count may be short.
    pub fn has_unread(&self) -> bool {
        self.state.unread
    }
}

// === impl State ===

impl State {
    fn item(&mut self, item: Item<'_>, out: &mut Vec<u8>) {
        if matches!(self.progress, Progress::Done | Progress::Failed(_)) {
            return;
        }
        match item {
            // A keep-alive for the client's own timeouts.
            Item::Comment(comment) => {
                out.push(b':');
                out.extend_from_slice(comment);
                out.extend_from_slice(b"\n\n");
            }
            Item::Unread(bytes) => {
                out.extend_from_slice(bytes);
                self.output_bytes = self.output_bytes.saturating_add(bytes.len());
                self.unread = true;
                self.progress = Progress::Begun;
            }
            Item::Event(event) => match event.data.as_deref().map(<[u8]>::trim_ascii) {
                // The standard dispatches no event without data; some providers keep a connection alive with them.
                None | Some(b"") => {}
                Some(b"[DONE]") => self.progress = Progress::Done,
                Some(data) => self.chunk(data, out),
            },
        }
    }

    fn chunk(&mut self, data: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        self.envelope.chunk_into(out);
        let mut found = Found::default();
        let mut usage = None;
        let mut error = None;
        let mut choices = false;
        let mut others = false;
        let mut scanner = Scanner::new(data);
        let read = scanner.object(|scanner, key, _| {
            match key.raw {
                b"choices" if !choices && scanner.kind()? == Kind::Array => {
                    choices = true;
                    out.extend_from_slice(b",\"choices\":[");
                    choice::choices(scanner, Shape::Delta, &mut found, out)?;
                    out.push(b']');
                }
                b"id" | b"object" | b"created" | b"model" | b"provider" | b"choices" => _ = scanner.skip()?,
                b"usage" => usage = Some(scanner.raw()?).filter(|usage| *usage != b"null").or(usage),
                b"error" => error = Some(scanner.raw()?).filter(|error| *error != b"null"),
                b"x_groq" => {
                    let value = scanner.raw()?;
                    usage = usage.or_else(|| usage_within(value));
                }
                _ => {
                    let value = scanner.raw()?;
                    if value != b"null" {
                        others = true;
                        choice::member(key.raw, value, out);
                    }
                }
            }
            Ok(())
        });
        if read.and_then(|()| scanner.end()).is_err() {
            out.truncate(start);
            self.progress = Progress::Failed(Fault::invalid_answer(data));
            return;
        }
        if let Some(error) = error {
            out.truncate(start);
            self.progress = Progress::Failed(Fault::in_band(error));
            return;
        }
        if let Some(later) = usage.or(found.usage).and_then(OpenAiUsage::parse) {
            self.usage.get_or_insert_default().merge(&later);
        }
        self.output_bytes = self.output_bytes.saturating_add(found.output_bytes);
        self.finished |= found.finished;
        if found.meaningful {
            self.progress = Progress::Begun;
        }
        // A chunk that only carried the usage: it comes once, at the end, whether the provider was asked for it or not.
        if found.choices == 0 && (!others || usage.is_some()) {
            out.truncate(start);
            return;
        }
        if !choices {
            out.extend_from_slice(b",\"choices\":[]");
        }
        out.extend_from_slice(b"}\n\n");
    }
}

/// The `usage` within Groq's own member.
fn usage_within(value: &[u8]) -> Option<&[u8]> {
    let mut usage = None;
    let walked = Scanner::new(value).object(|scanner, key, _| {
        let value = scanner.raw()?;
        if key.raw == b"usage" {
            usage = Some(value);
        }
        Ok(())
    });
    walked.ok().and(usage)
}
