//! A streamed answer: the provider's events in, OpenRouter's chunks out.

use super::choice::{self, Found, Shape};
use super::template::{Slots, Template};
use crate::chat::Envelope;
use crate::json::{Kind, Scanner};
use crate::provider::events::{Events, Reader};
use crate::provider::{Account, Fault, Progress};
use crate::sse::Decoder;
use crate::usage::OpenAiUsage;

/// A stream of the OpenAI format.
pub type Stream = Events<State>;

/// How far it is.
#[derive(Debug)]
pub struct State {
    envelope: Envelope,
    exclude_reasoning: bool,
    usage: Option<OpenAiUsage>,
    template: Template,
    account: Account,
}

// === impl Stream ===

impl Stream {
    /// A stream whose chunks get `envelope`, and no reasoning if `exclude_reasoning`; an event larger than `max_event_bytes` passes
    /// unread.
    pub fn new(envelope: Envelope, exclude_reasoning: bool, max_event_bytes: usize) -> Self {
        let state = State { envelope, exclude_reasoning, usage: None, template: Template::default(), account: Account::default() };
        Self { decoder: Decoder::new(max_event_bytes), state }
    }
}

// === impl State ===

impl Reader for State {
    const KEEPS_FIELDS: bool = true;

    fn repeat<'a>(&mut self, bytes: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let mut rest = bytes;
        while let Some((length, output_bytes)) = self.template.tell(rest, out) {
            self.account.output_bytes = self.account.output_bytes.saturating_add(output_bytes);
            rest = rest.get(length..).unwrap_or_default();
        }
        rest
    }

    fn data(&mut self, data: &[u8], out: &mut Vec<u8>) {
        match data {
            b"[DONE]" => {
                self.template.forget();
                self.account.progress = Progress::Done;
            }
            data => self.chunk(data, out),
        }
    }

    /// Whatever it looks like.
    fn error(&mut self, data: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        self.data(data, out);
        if !matches!(self.account.progress, Progress::Failed(_)) {
            out.truncate(start);
            self.template.forget();
            self.account.progress = Progress::Failed(Fault::in_band(data));
        }
    }

    fn unread(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(bytes);
        self.account.output_bytes = self.account.output_bytes.saturating_add(bytes.len());
        self.account.unread = true;
        self.account.progress = Progress::Begun;
    }

    fn account(&self) -> &Account {
        &self.account
    }

    fn account_mut(&mut self) -> &mut Account {
        &mut self.account
    }
}

impl State {
    fn chunk(&mut self, data: &[u8], out: &mut Vec<u8>) {
        self.template.forget();
        let start = out.len();
        self.envelope.chunk_into(out);
        let mut found = Found { exclude_reasoning: self.exclude_reasoning, slots: Some(Slots::default()), ..Found::default() };
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
                // Mistral's and vLLM's way to tell of an error.
                b"object" => error = Some(data).filter(|_| scanner.raw().is_ok_and(|object| object == b"\"error\"")).or(error),
                b"id" => self.account.provenance.read_id(scanner)?,
                b"created" | b"model" | b"provider" | b"choices" => _ = scanner.skip()?,
                b"usage" => usage = Some(scanner.raw()?).filter(|usage| *usage != b"null").or(usage),
                b"error" => error = Some(scanner.raw()?).filter(|error| *error != b"null"),
                b"x_groq" => {
                    let value = scanner.raw()?;
                    usage = usage.or_else(|| usage_within(value));
                }
                _ => {
                    let value = scanner.raw()?;
                    if value != b"null" {
                        if key.raw == b"service_tier" {
                            self.account.provenance.note_tier(value);
                        }
                        others = true;
                        choice::member(key.raw, value, out);
                        // OpenAI's, of another length in each chunk.
                        if let Some(slots) = found.slots.as_mut().filter(|_| key.raw == b"obfuscation" && value.starts_with(b"\"")) {
                            slots.note(scanner.position(), out.len(), value.len().saturating_sub(2), false);
                        }
                    }
                }
            }
            Ok(())
        });
        if read.and_then(|()| scanner.end()).is_err() {
            out.truncate(start);
            self.account.progress = Progress::Failed(Fault::invalid_answer(data));
            return;
        }
        if let Some(error) = error.or(found.error) {
            out.truncate(start);
            self.account.progress = Progress::Failed(Fault::in_band(error));
            return;
        }
        self.account.output_bytes = self.account.output_bytes.saturating_add(found.output_bytes);
        if let Some(later) = usage.or(found.usage).and_then(OpenAiUsage::parse) {
            let counted = self.usage.get_or_insert_default();
            counted.merge(&later);
            self.account.usage = counted.usage(self.account.output_bytes);
        }
        self.account.finished |= found.finished;
        self.account.finish = found.finish.or(self.account.finish);
        if found.meaningful {
            self.account.progress = Progress::Begun;
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
        // All that reading a chunk like this one would change once more is how much output there was.
        if let Some(slots) = found.slots.filter(|_| self.account.progress == Progress::Begun) {
            self.template.learn(data, out.get(start..).unwrap_or_default(), slots, found.output_bytes);
        }
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
