//! A streamed answer: typed events in, OpenRouter's chunks out.
//!
//! See <https://docs.cohere.com/v2/docs/streaming>.

use std::collections::BTreeMap;

use super::completion::Call;
use super::{FORMAT, PLAN_FORMAT, citation, finish_reason, function, logprob, usage};
use crate::chat::chunks::{Chunks, Detail, Piece};
use crate::chat::{Envelope, Finish, Provenance, Request};
use crate::json::{Error, Kind, Scanner, Text};
use crate::provider::events::{Events, Reader};
use crate::provider::renamed::Renamed;
use crate::provider::{Account, Fault, Progress};
use crate::sse::Decoder;
use crate::usage::Usage;

/// A stream of Cohere's.
pub type Stream = Events<State>;

/// How far it is.
#[derive(Debug)]
pub struct State {
    chunks: Chunks,
    renamed: Renamed,
    /// How many calls there are so far: ours are counted in their order.
    calls: usize,
    /// Which of them is the last that Cohere counts so.
    places: BTreeMap<u64, u64>,
    /// Whether the last of them has no arguments yet.
    is_bare: bool,
    /// Blocks of reasoning before the one that is being told.
    reasoned: usize,
    /// Whose format the reasoning that is being told has.
    reasoning: Option<&'static str>,
    account: Account,
}

/// An event, as far as it is read.
#[derive(Default)]
struct Event<'a> {
    kind: Text<'a>,
    index: u64,
    text: Text<'a>,
    thinking: Text<'a>,
    tool_plan: Text<'a>,
    call: Call<'a>,
    citations: Option<&'a [u8]>,
    logprobs: Option<&'a [u8]>,
    finish_reason: Option<Text<'a>>,
    usage: Option<Usage>,
    provenance: Provenance,
    /// What went wrong, of an event that is nothing else.
    message: Option<Text<'a>>,
    error: Option<&'a [u8]>,
}

// === impl Stream ===

impl Stream {
    /// A stream that answers `request`, whose chunks get `envelope`; an event larger than `max_event_bytes` is not read.
    pub fn new(request: &Request, envelope: Envelope, max_event_bytes: usize) -> Self {
        let state = State {
            chunks: Chunks::new(envelope, request.reasoning().exclude),
            renamed: Renamed::of(request, function),
            calls: 0,
            places: BTreeMap::new(),
            is_bare: false,
            reasoned: 0,
            reasoning: None,
            account: Account::default(),
        };
        Self { decoder: Decoder::new(max_event_bytes), state }
    }
}

// === impl State ===

impl Reader for State {
    fn data(&mut self, data: &[u8], out: &mut Vec<u8>) {
        match (data, Event::read(data)) {
            // Cohere's own clients stop here, too.
            (b"[DONE]", _) => self.account.close(),
            (_, Ok(event)) => self.event(&event, data, out),
            (_, Err(_)) => self.fail(Fault::invalid_answer(data)),
        }
    }

    fn account(&self) -> &Account {
        &self.account
    }

    fn account_mut(&mut self) -> &mut Account {
        &mut self.account
    }
}

impl State {
    fn fail(&mut self, fault: Fault) {
        self.account.progress = Progress::Failed(fault);
    }

    fn event(&mut self, event: &Event<'_>, data: &[u8], out: &mut Vec<u8>) {
        match event.kind.raw {
            b"content-delta" | b"content-start" => {
                self.thought(FORMAT, event.thinking, out);
                if !event.text.is_empty() {
                    self.end_reasoning();
                    self.count(event.text.raw.len());
                    self.chunks.text(event.text.raw, out);
                }
                self.logprobs(event.logprobs, out);
            }
            b"tool-plan-delta" => self.thought(PLAN_FORMAT, event.tool_plan, out),
            b"tool-call-start" => self.call(event, out),
            b"tool-call-delta" => self.arguments(event, out),
            b"tool-call-end" => self.end_call(out),
            b"content-end" => self.end_reasoning(),
            b"citation-start" => self.citations(event.citations, out),
            b"message-start" => {
                self.account.provenance = event.provenance;
                self.chunks.role(out);
            }
            b"message-end" => self.end(event, data, out),
            b"" if event.message.is_some() || event.error.is_some() => self.fail(Fault::in_band(event.error.unwrap_or(data))),
            // `citation-end`, `debug`, and what is still to come.
            _ => {}
        }
    }

    fn thought(&mut self, format: &'static str, text: Text<'_>, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if self.reasoning != Some(format) {
            self.end_reasoning();
            self.reasoning = Some(format);
        }
        self.count(text.raw.len());
        self.chunks.reasoning(&Detail { index: self.reasoned, format, piece: Piece::Text(text.raw) }, out);
    }

    fn end_reasoning(&mut self) {
        if self.reasoning.take().is_some() {
            self.reasoned = self.reasoned.saturating_add(1);
        }
    }

    fn call(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        self.end_reasoning();
        self.end_call(out);
        let Call { id, name, arguments } = event.call;
        self.count(id.raw.len().saturating_add(name.raw.len()));
        self.chunks.tool_call(self.calls, id.raw, self.renamed.restore(name.raw), b"", out);
        *self.places.entry(event.index).or_default() = self.calls as u64;
        self.calls = self.calls.saturating_add(1);
        self.is_bare = true;
        if !arguments.is_empty() {
            self.arguments(event, out);
        }
    }

    fn arguments(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        let arguments = event.call.arguments.raw;
        // Arguments of a function that takes none.
        if arguments.is_empty() || self.is_bare && arguments == b"null" {
            return;
        }
        let place = self.places.get(&event.index).and_then(|place| usize::try_from(*place).ok());
        let Some(index) = place else { return };
        self.is_bare &= index.saturating_add(1) < self.calls;
        self.count(arguments.len());
        self.chunks.arguments(index, arguments, out);
    }

    /// The last call is over: without arguments, they are an empty object.
    fn end_call(&mut self, out: &mut Vec<u8>) {
        if let Some(index) = self.calls.checked_sub(1).filter(|_| std::mem::take(&mut self.is_bare)) {
            self.count(2);
            self.chunks.arguments(index, b"{}", out);
        }
    }

    fn citations(&mut self, citations: Option<&[u8]>, out: &mut Vec<u8>) {
        let mut found = Vec::new();
        if let Some(citations) = citations {
            _ = citation::each(&mut Scanner::new(citations), &mut |citation| found.push(*citation));
        }
        self.chunks.annotations(&found, out);
    }

    fn logprobs(&mut self, logprobs: Option<&[u8]>, out: &mut Vec<u8>) {
        if let Some(logprobs) = logprobs {
            let chunks = &self.chunks;
            _ = logprob::each(&mut Scanner::new(logprobs), &mut |token| chunks.logprobs(std::slice::from_ref(token), out));
        }
    }

    fn end(&mut self, event: &Event<'_>, data: &[u8], out: &mut Vec<u8>) {
        self.account.usage = event.usage.or(self.account.usage);
        let native = event.finish_reason.map_or(&b""[..], |reason| reason.raw);
        let reason = match (event.error, finish_reason(native, data)) {
            (None, Ok(reason)) => reason,
            (_, Err(fault)) => return self.fail(fault),
            (Some(error), _) => return self.fail(Fault::in_band(error)),
        };
        self.end_call(out);
        self.chunks.finish(reason, native, out);
        self.account.finished = true;
        self.account.finish = Some(Finish::new(reason, native));
        self.account.progress = Progress::Done;
    }

    /// Something came that a client waits for.
    fn count(&mut self, bytes: usize) {
        self.account.output_bytes = self.account.output_bytes.saturating_add(bytes);
        self.account.progress = Progress::Begun;
    }
}

// === impl Event ===

impl<'a> Event<'a> {
    fn read(data: &'a [u8]) -> Result<Self, Error> {
        let mut event = Self::default();
        let mut scanner = Scanner::new(data);
        scanner.members(&mut |scanner, key, _| {
            match (key.raw, scanner.kind()?) {
                (b"type", Kind::String) => event.kind = scanner.string()?,
                (b"index", Kind::Number) => {
                    event.index = std::str::from_utf8(scanner.raw()?).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0);
                }
                (b"id", _) => event.provenance.read_id(scanner)?,
                (b"delta", Kind::Object) => event.delta(scanner)?,
                (b"logprobs", Kind::Object | Kind::Array) => event.logprobs = Some(scanner.raw()?),
                (b"message", Kind::String) => event.message = Some(scanner.string()?),
                (b"error", kind) if kind != Kind::Null => event.error = Some(scanner.raw()?),
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })?;
        scanner.end()?;
        Ok(event)
    }

    fn delta(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Error> {
        scanner.members(&mut |scanner, key, _| {
            match (key.raw, scanner.kind()?) {
                (b"message", Kind::Object) => self.message(scanner)?,
                (b"finish_reason", Kind::String) => self.finish_reason = Some(scanner.string()?),
                (b"usage", Kind::Object) => self.usage = usage::read(scanner.raw()?),
                (b"error", kind) if kind != Kind::Null => self.error = Some(scanner.raw()?).filter(|error| *error != b"\"\""),
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })
    }

    fn message(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Error> {
        scanner.members(&mut |scanner, key, _| {
            match (key.raw, scanner.kind()?) {
                (b"content", Kind::Object) => scanner.members(&mut |scanner, key, _| {
                    match (key.raw, scanner.kind()?) {
                        (b"text", Kind::String) => self.text = scanner.string()?,
                        (b"thinking", Kind::String) => self.thinking = scanner.string()?,
                        _ => _ = scanner.skip()?,
                    }
                    Ok(())
                })?,
                (b"tool_plan", Kind::String) => self.tool_plan = scanner.string()?,
                (b"tool_calls", Kind::Object) => self.call = Call::read(scanner)?,
                (b"citations", Kind::Object | Kind::Array) => self.citations = Some(scanner.raw()?),
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })
    }
}
