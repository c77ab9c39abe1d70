//! A streamed answer: named events in, OpenRouter's chunks out.
//!
//! See <https://platform.claude.com/docs/en/build-with-claude/streaming>.

use super::completion::Block;
use super::{FORMAT, finish_reason, is_told_as_it_is};
use crate::chat::chunks::{Chunks, Detail, Piece};
use crate::chat::{Envelope, Finish, Provenance, Request};
use crate::json::{Error, Kind, Scanner, Text};
use crate::provider::events::{Events, Reader};
use crate::provider::{Account, Fault, Progress};
use crate::sse::Decoder;
use crate::usage::AnthropicUsage;

/// A stream of Messages.
pub type Stream = Events<State>;

/// How far it is.
#[derive(Debug)]
pub struct State {
    chunks: Chunks,
    /// Whether events go on as they are, beside what is made of them.
    as_it_is: bool,
    usage: Option<AnthropicUsage>,
    /// The block that is being told.
    block: Open,
    /// Calls of functions so far: a block's own index counts text and thinking, too.
    calls: usize,
    /// Blocks of reasoning so far.
    reasoned: usize,
    account: Account,
}

/// The block that is being told.
#[derive(Debug)]
enum Open {
    Nothing,
    Thinking {
        index: usize,
    },
    /// `input` stands for the arguments if no piece of them comes.
    Call {
        index: usize,
        input: Option<Box<[u8]>>,
    },
}

/// An event, as far as it is read.
#[derive(Default)]
struct Event<'a> {
    kind: Text<'a>,
    delta: Delta<'a>,
    usage: Option<AnthropicUsage>,
    provenance: Provenance,
    block: Option<Block<'a>>,
    error: Option<&'a [u8]>,
}

/// A `delta`, of a block or of the message.
#[derive(Default)]
struct Delta<'a> {
    kind: Text<'a>,
    text: Text<'a>,
    stop_reason: Option<Text<'a>>,
    stop_sequence: Text<'a>,
}

// === impl Stream ===

impl Stream {
    /// A stream that answers `request`, whose chunks get `envelope`; an event larger than `max_event_bytes` is not read.
    pub fn new(request: &Request, envelope: Envelope, max_event_bytes: usize) -> Self {
        let chunks = Chunks::new(envelope, request.reasoning().exclude);
        let as_it_is = is_told_as_it_is(request);
        let state = State { chunks, as_it_is, usage: None, block: Open::Nothing, calls: 0, reasoned: 0, account: Account::default() };
        Self { decoder: Decoder::new(max_event_bytes), state }
    }
}

// === impl State ===

impl Reader for State {
    fn data(&mut self, data: &[u8], out: &mut Vec<u8>) {
        match Event::read(data) {
            Ok(event) => {
                if self.as_it_is && event.error.is_none() && event.kind.raw != b"ping" {
                    self.chunks.anthropic(data, out);
                    // Whoever reads the one has no use for the other.
                    if event.kind.raw.starts_with(b"content_block_") {
                        return self.event(&event, &mut Vec::new());
                    }
                }
                self.event(&event, out)
            }
            Err(_) => self.account.progress = Progress::Failed(Fault::invalid_answer(data)),
        }
    }

    fn keep_alive(&mut self, _: &[u8], out: &mut Vec<u8>) {
        keep_alive(out);
    }

    fn account(&self) -> &Account {
        &self.account
    }

    fn account_mut(&mut self) -> &mut Account {
        &mut self.account
    }
}

impl State {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if let Some(error) = event.error {
            self.account.progress = Progress::Failed(Fault::in_band(error));
            return;
        }
        if let Some(later) = &event.usage {
            let counted = self.usage.get_or_insert_default();
            counted.merge(later);
            self.account.usage = Some(counted.usage());
        }
        match event.kind.raw {
            b"content_block_delta" => self.delta(&event.delta, out),
            b"content_block_start" => self.start(&event.block.unwrap_or_default(), out),
            b"content_block_stop" => self.stop(out),
            b"message_start" => {
                self.account.provenance = event.provenance;
                self.chunks.role(out);
            }
            b"message_delta" => {
                if let Some(reason) = event.delta.stop_reason {
                    self.stop(out);
                    self.chunks.finish_at(finish_reason(reason.raw), reason.raw, event.delta.stop_sequence.raw, out);
                    self.account.finished = true;
                    self.account.finish = Some(Finish::new(finish_reason(reason.raw), reason.raw));
                    self.account.progress = Progress::Begun;
                }
            }
            b"message_stop" => self.account.progress = Progress::Done,
            b"ping" => keep_alive(out),
            // «New event types may be added, and your code should handle unknown event types gracefully.»
            _ => {}
        }
    }

    fn start(&mut self, block: &Block<'_>, out: &mut Vec<u8>) {
        self.stop(out);
        match block.kind.raw {
            b"text" => self.text(block.text, out),
            b"thinking" | b"redacted_thinking" => {
                let index = self.reasoned;
                self.reasoned = index.saturating_add(1);
                self.block = Open::Thinking { index };
                // Thinking comes in pieces, and what is redacted whole.
                if let Some(piece) = block.piece().filter(|piece| !matches!(piece, Piece::Text(b""))) {
                    self.reasoning(index, piece, out);
                }
            }
            b"tool_use" => {
                let index = self.calls;
                self.calls = index.saturating_add(1);
                self.count(block.id.raw.len().saturating_add(block.name.raw.len()));
                self.chunks.tool_call(index, block.id.raw, block.name.raw, b"", out);
                self.block = Open::Call { index, input: Some(block.input.into()) };
            }
            // What runs at the provider.
            _ if self.as_it_is => self.count(0),
            _ => {}
        }
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        if delta.text.is_empty() {
            return;
        }
        match (delta.kind.raw, &mut self.block) {
            (b"text_delta", _) => self.text(delta.text, out),
            (b"input_json_delta", Open::Call { index, input }) => {
                let index = *index;
                *input = None;
                self.count(delta.text.raw.len());
                self.chunks.arguments(index, delta.text.raw, out);
            }
            (b"thinking_delta", Open::Thinking { index }) => {
                let index = *index;
                self.reasoning(index, Piece::Text(delta.text.raw), out);
            }
            (b"signature_delta", Open::Thinking { index }) => {
                let index = *index;
                self.reasoning(index, Piece::Signature(delta.text.raw), out);
            }
            _ => {}
        }
    }

    /// The block is over.
    fn stop(&mut self, out: &mut Vec<u8>) {
        if let Open::Call { index, input: Some(input) } = std::mem::replace(&mut self.block, Open::Nothing) {
            // Arguments that came in no pieces: mostly there are none, and none are an empty object.
            let mut arguments = Vec::new();
            crate::json::escape_into(&mut arguments, &String::from_utf8_lossy(&input));
            self.count(arguments.len());
            self.chunks.arguments(index, &arguments, out);
        }
    }

    fn text(&mut self, text: Text<'_>, out: &mut Vec<u8>) {
        if !text.is_empty() {
            self.count(text.raw.len());
            self.chunks.text(text.raw, out);
        }
    }

    fn reasoning(&mut self, index: usize, piece: Piece<'_>, out: &mut Vec<u8>) {
        let bytes = match piece {
            Piece::Text(text) | Piece::Signed(text, _) => text.len(),
            Piece::Signature(_) | Piece::Encrypted(_) | Piece::Sealed(..) => 0,
        };
        self.count(bytes);
        self.chunks.reasoning(&Detail { index, format: FORMAT, piece }, out);
    }

    /// Something came that a client waits for.
    fn count(&mut self, bytes: usize) {
        self.account.output_bytes = self.account.output_bytes.saturating_add(bytes);
        self.account.progress = Progress::Begun;
    }
}

/// Appends a comment, for the client's own timeouts.
fn keep_alive(out: &mut Vec<u8>) {
    out.extend_from_slice(b": ping\n\n");
}

// === impl Event ===

impl<'a> Event<'a> {
    fn read(data: &'a [u8]) -> Result<Self, Error> {
        let mut event = Self::default();
        let mut scanner = Scanner::new(data);
        scanner.object(|scanner, key, _| {
            match (key.raw, scanner.kind()?) {
                (b"type", Kind::String) => event.kind = scanner.string()?,
                (b"delta", Kind::Object) => event.delta = Delta::read(scanner)?,
                (b"content_block", Kind::Object) => event.block = Some(Block::read(scanner)?),
                (b"usage", Kind::Object) => event.usage = AnthropicUsage::parse(scanner.raw()?),
                (b"message", Kind::Object) => scanner.object(|scanner, key, _| {
                    match key.raw {
                        b"id" => event.provenance.read_id(scanner)?,
                        b"usage" => {
                            let counted = scanner.raw()?;
                            event.provenance.read_tier(counted, "service_tier");
                            event.usage = AnthropicUsage::parse(counted);
                        }
                        _ => _ = scanner.skip()?,
                    }
                    Ok(())
                })?,
                (b"error", kind) if kind != Kind::Null => event.error = Some(scanner.raw()?),
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })?;
        scanner.end()?;
        Ok(event)
    }
}

// === impl Delta ===

impl<'a> Delta<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Result<Self, Error> {
        let mut delta = Self::default();
        scanner.object(|scanner, key, _| {
            if scanner.kind()? != Kind::String {
                return scanner.skip().map(|_| ());
            }
            let text = scanner.string()?;
            match key.raw {
                b"type" => delta.kind = text,
                b"text" | b"thinking" | b"partial_json" | b"signature" => delta.text = text,
                b"stop_reason" => delta.stop_reason = Some(text),
                b"stop_sequence" => delta.stop_sequence = text,
                _ => {}
            }
            Ok(())
        })?;
        Ok(delta)
    }
}
