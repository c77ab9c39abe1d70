//! A streamed answer: the events of a ConverseStream in, OpenRouter's chunks out.
//!
//! See <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html>.

use super::family::Family;
use super::names;
use super::{exception, finish_reason, stop_sequence, usage};
use crate::chat::chunks::{Chunks, Detail, Piece};
use crate::chat::{Envelope, Finish, Request};
use crate::endpoint::Endpoint;
use crate::eventstream::{Decoder, InvalidStream, Message};
use crate::json::{Error, Kind, Scanner, Text};
use crate::provider::renamed::Renamed;
use crate::provider::{self, Account, Fault, Progress};

/// A stream of Bedrock.
#[derive(Debug)]
pub struct Stream {
    decoder: Decoder,
    state: State,
}

#[derive(Debug)]
struct State {
    chunks: Chunks,
    renamed: Renamed,
    reasoning_format: &'static str,
    account: Account,
    /// How many functions are called so far.
    calls: usize,
    /// The call whose block is open, and whether it has arguments yet: `contentBlockIndex` counts other blocks, too.
    open_call: Option<bool>,
    /// How many blocks of reasoning are behind us.
    reasoning_blocks: usize,
    in_reasoning: bool,
}

// === impl Stream ===

impl Stream {
    /// A stream whose chunks get `envelope`. An event larger than `max_event_bytes` is its end: what it said would be missing.
    pub fn new(endpoint: &Endpoint, request: &Request, envelope: Envelope, max_event_bytes: usize) -> Self {
        Self {
            decoder: Decoder::new(max_event_bytes),
            state: State {
                chunks: Chunks::new(envelope, request.reasoning().exclude),
                renamed: Renamed::of(request, names::function),
                reasoning_format: Family::of(endpoint).reasoning_format(),
                account: Account::default(),
                calls: 0,
                open_call: None,
                reasoning_blocks: 0,
                in_reasoning: false,
            },
        }
    }
}

impl provider::Stream for Stream {
    fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let state = &mut self.state;
        let read = self.decoder.feed(bytes, |message| state.message(message, out));
        state.break_off(read);
    }

    fn finish(&mut self, _: &mut Vec<u8>) {
        self.state.break_off(self.decoder.finish());
        self.state.account.close();
    }

    fn account(&self) -> &Account {
        &self.state.account
    }
}

// === impl State ===

impl State {
    /// Bytes that are no messages are a failure, unless all has been said.
    fn break_off(&mut self, read: Result<(), InvalidStream>) {
        if let Err(invalid) = read
            && !self.account.is_over()
        {
            self.fail(Fault::invalid_answer(invalid.to_string().as_bytes()));
        }
    }

    fn fail(&mut self, fault: Fault) {
        self.account.progress = Progress::Failed(fault);
    }

    fn message(&mut self, message: Message<'_>, out: &mut Vec<u8>) {
        if self.account.is_over() {
            return;
        }
        let header = |name| message.header(name).unwrap_or_default();
        match header(":message-type") {
            b"exception" => self.fail(exception(header(":exception-type"), message.payload)),
            // An error that the model of the service does not know, all in headers.
            b"error" => {
                let said = [header(":error-code"), header(":error-message")].join(&b": "[..]);
                self.fail(exception(header(":error-code"), &said));
            }
            _ => {
                let mut scanner = Scanner::new(message.payload);
                let read = self.event(header(":event-type"), &mut scanner, out);
                if read.and_then(|()| scanner.end()).is_err() {
                    self.fail(Fault::invalid_answer(message.payload));
                }
            }
        }
    }

    fn event(&mut self, kind: &[u8], payload: &mut Scanner<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        match kind {
            b"messageStart" => {
                payload.skip()?;
                self.chunks.role(out);
            }
            b"contentBlockStart" => payload.members(&mut |scanner, key, _| {
                if key.raw == b"start" && scanner.kind()? == Kind::Object {
                    return self.start(scanner, out);
                }
                scanner.skip().map(|_| ())
            })?,
            b"contentBlockDelta" => payload.members(&mut |scanner, key, _| {
                if key.raw == b"delta" && scanner.kind()? == Kind::Object {
                    return self.delta(scanner, out);
                }
                scanner.skip().map(|_| ())
            })?,
            b"contentBlockStop" => {
                payload.skip()?;
                self.close_block(out);
            }
            b"messageStop" => {
                let (mut reason, mut sequence) = (None, Text::default());
                payload.members(&mut |scanner, key, _| {
                    match key.raw {
                        b"stopReason" => reason = scanner.optional_string()?,
                        b"additionalModelResponseFields" => sequence = stop_sequence(scanner.raw()?),
                        _ => _ = scanner.skip()?,
                    }
                    Ok(())
                })?;
                self.close_block(out);
                let reason = reason.map_or(&b""[..], |reason| reason.raw);
                self.chunks.finish_at(finish_reason(reason, self.calls), reason, sequence.raw, out);
                self.account.finished = true;
                self.account.finish = Some(Finish::new(finish_reason(reason, self.calls), reason));
                self.account.progress = Progress::Begun;
            }
            // It comes last, behind the end of the message.
            b"metadata" => {
                payload.members(&mut |scanner, key, _| {
                    match key.raw {
                        b"usage" => self.account.usage = usage::read(scanner.raw()?).or(self.account.usage),
                        b"serviceTier" => self.account.provenance.read_tier(scanner.raw()?, "type"),
                        _ => _ = scanner.skip()?,
                    }
                    Ok(())
                })?;
                if self.account.finished {
                    self.account.progress = Progress::Done;
                }
            }
            _ => _ = payload.skip()?,
        }
        Ok(())
    }

    fn start(&mut self, scanner: &mut Scanner<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        self.close_block(out);
        scanner.members(&mut |scanner, key, _| {
            if key.raw != b"toolUse" || scanner.kind()? != Kind::Object {
                return scanner.skip().map(|_| ());
            }
            let (mut id, mut name) = (Text::default(), Text::default());
            scanner.members(&mut |scanner, key, _| {
                match key.raw {
                    b"toolUseId" => id = scanner.string()?,
                    b"name" => name = scanner.string()?,
                    _ => _ = scanner.skip()?,
                }
                Ok(())
            })?;
            let name = self.renamed.restore(name.raw);
            self.chunks.tool_call(self.calls, id.raw, name, b"", out);
            self.account.output_bytes = self.account.output_bytes.saturating_add(name.len());
            self.account.progress = Progress::Begun;
            self.open_call = Some(false);
            self.calls = self.calls.saturating_add(1);
            Ok(())
        })
    }

    fn delta(&mut self, scanner: &mut Scanner<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        scanner.members(&mut |scanner, key, _| {
            match (key.raw, scanner.kind()?) {
                (b"text", Kind::String) => {
                    let text = scanner.string()?.raw;
                    self.close_reasoning();
                    if self.counts(text) {
                        self.chunks.text(text, out);
                    }
                }
                (b"toolUse", Kind::Object) => scanner.members(&mut |scanner, key, _| {
                    if key.raw != b"input" || scanner.kind()? != Kind::String {
                        return scanner.skip().map(|_| ());
                    }
                    let input = scanner.string()?.raw;
                    if self.open_call.is_some() && self.counts(input) {
                        self.open_call = Some(true);
                        self.chunks.arguments(self.calls.saturating_sub(1), input, out);
                    }
                    Ok(())
                })?,
                (b"reasoningContent", Kind::Object) => scanner.members(&mut |scanner, key, _| {
                    if scanner.kind()? != Kind::String {
                        return scanner.skip().map(|_| ());
                    }
                    let text = scanner.string()?.raw;
                    let piece = match key.raw {
                        b"text" => Piece::Text(text),
                        b"signature" => Piece::Signature(text),
                        b"redactedContent" => Piece::Encrypted(text),
                        _ => return Ok(()),
                    };
                    if !text.is_empty() {
                        self.reasoning(piece, text, out);
                    }
                    Ok(())
                })?,
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })
    }

    fn reasoning(&mut self, piece: Piece<'_>, text: &[u8], out: &mut Vec<u8>) {
        self.in_reasoning = true;
        self.account.progress = Progress::Begun;
        if let Piece::Text(_) = piece {
            self.account.output_bytes = self.account.output_bytes.saturating_add(text.len());
        }
        self.chunks.reasoning(&Detail { index: self.reasoning_blocks, format: self.reasoning_format, piece }, out);
    }

    /// Counts text of the answer; whether there is any.
    fn counts(&mut self, text: &[u8]) -> bool {
        if text.is_empty() {
            return false;
        }
        self.account.output_bytes = self.account.output_bytes.saturating_add(text.len());
        self.account.progress = Progress::Begun;
        true
    }

    /// A block is through. A call without arguments is one with an empty object of them.
    fn close_block(&mut self, out: &mut Vec<u8>) {
        if self.open_call.take() == Some(false) {
            self.chunks.arguments(self.calls.saturating_sub(1), b"{}", out);
        }
        self.close_reasoning();
    }

    fn close_reasoning(&mut self) {
        if std::mem::take(&mut self.in_reasoning) {
            self.reasoning_blocks = self.reasoning_blocks.saturating_add(1);
        }
    }
}
