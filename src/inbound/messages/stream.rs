//! The events of a streamed message.
//!
//! See <https://platform.claude.com/docs/en/build-with-claude/streaming>. One block is told after the other. Why the message ended is
//! known before what it used: both wait for the end.

use super::super::event::named;
use super::super::object::{put, put_number};
use super::super::said::{Answer, Call, Detail};
use super::super::sealed::{FORMAT, seal};
use super::answer::{head_into, metadata_into, usage_into};
use super::error;
use super::stop::{Stop, StopSequences};
use crate::json::Text;

/// A message that is being told.
#[derive(Debug, Default)]
pub(super) struct Stream {
    state: State,
    /// The block that is being told.
    open: Option<Open>,
    /// Blocks so far.
    blocks: u64,
    /// Calls so far: the index in OpenRouter's chunks, and that of the block.
    calls: Vec<(u64, u64)>,
    /// Why it ended: `"stop_reason":…` and what goes with it.
    ending: Vec<u8>,
    /// `usage`, and what else the last events say.
    usage: Vec<u8>,
    metadata: Vec<u8>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    New,
    Begun,
    Over,
}

/// The block that is being told.
#[derive(Debug, PartialEq, Eq)]
enum Open {
    Text,
    /// Which block of reasoning, as far as it is said.
    Thinking(Option<u64>),
    Call(u64),
}

// === impl Stream ===

impl Stream {
    /// Takes a chunk.
    pub(super) fn chunk(&mut self, chunk: &[u8], stops: &StopSequences, out: &mut Vec<u8>) {
        let Ok(answer) = Answer::read(chunk) else { return };
        if self.state == State::New {
            self.state = State::Begun;
            named("message_start", out, &|out| {
                out.extend_from_slice(b",\"message\":{");
                head_into(&answer, out);
                out.extend_from_slice(b",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
                usage_into(&Default::default(), None, out);
                out.push(b'}');
            });
        }
        if self.state == State::Over {
            return;
        }
        if let Some(error) = answer.error {
            self.state = State::Over;
            out.extend_from_slice(b"event: error\ndata: {");
            error::members_into(error, answer.id, out);
            return out.extend_from_slice(b"}\n\n");
        }
        let said = &answer.said;
        said.details.iter().for_each(|detail| self.detail(detail, out));
        if let Some(reasoning) = said.reasoning.filter(|_| said.details.is_empty()) {
            self.thinking(None, reasoning, out);
        }
        [said.content, said.refusal].into_iter().flatten().for_each(|text| self.text(text, out));
        said.calls.iter().for_each(|call| self.call(call, out));
        if answer.finish_reason.is_some() {
            self.ending.clear();
            stops.stop(&answer).write(&mut self.ending);
        }
        if let Some(usage) = &answer.usage {
            self.usage.clear();
            usage_into(usage, answer.service_tier, &mut self.usage);
        }
        if answer.metadata.is_some() {
            self.metadata.clear();
            metadata_into(&answer, &mut self.metadata);
        }
    }

    /// Keeps the connection alive.
    pub(super) fn keep_alive(&self, out: &mut Vec<u8>) {
        if self.state == State::Begun {
            named("ping", out, &|_| {});
        }
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        if self.state != State::Begun {
            return;
        }
        self.state = State::Over;
        self.stop(out);
        if self.ending.is_empty() {
            Stop::UNKNOWN.write(&mut self.ending);
        }
        named("message_delta", out, &|out| {
            put(out, &[b",\"delta\":{", &self.ending, b",\"container\":null,\"stop_details\":null},\"usage\":"]);
            if self.usage.is_empty() { usage_into(&Default::default(), None, out) } else { out.extend_from_slice(&self.usage) }
        });
        named("message_stop", out, &|out| out.extend_from_slice(&self.metadata));
    }

    fn detail(&mut self, detail: &Detail<'_>, out: &mut Vec<u8>) {
        if detail.data.is_some() {
            self.stop(out);
            self.start(out, &|out| put(out, &[b"{\"type\":\"redacted_thinking\",\"data\":\"", &seal(detail), b"\"}"]));
            return self.stop_block(self.blocks.saturating_sub(1), out);
        }
        if let Some(text) = detail.text {
            self.thinking(detail.index, text, out);
        }
        if let Some(signature) = detail.signature.filter(|_| detail.is_of(FORMAT)) {
            self.open_thinking(detail.index, out);
            self.delta(self.blocks.saturating_sub(1), b"signature_delta\",\"signature", signature, out);
        }
    }

    fn open_thinking(&mut self, index: Option<u64>, out: &mut Vec<u8>) {
        if self.open != Some(Open::Thinking(index)) {
            self.stop(out);
            self.start(out, &|out| out.extend_from_slice(b"{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"));
            self.open = Some(Open::Thinking(index));
        }
    }

    fn thinking(&mut self, index: Option<u64>, text: Text<'_>, out: &mut Vec<u8>) {
        self.open_thinking(index, out);
        self.delta(self.blocks.saturating_sub(1), b"thinking_delta\",\"thinking", text, out);
    }

    fn text(&mut self, text: Text<'_>, out: &mut Vec<u8>) {
        if self.open != Some(Open::Text) {
            self.stop(out);
            self.start(out, &|out| out.extend_from_slice(b"{\"type\":\"text\",\"citations\":null,\"text\":\"\"}"));
            self.open = Some(Open::Text);
        }
        self.delta(self.blocks.saturating_sub(1), b"text_delta\",\"text", text, out);
    }

    fn call(&mut self, call: &Call<'_>, out: &mut Vec<u8>) {
        let known = self.calls.iter().find(|(index, _)| *index == call.index).map(|(_, block)| *block);
        // Pieces of a call that is told already belong to it, though another one may have begun.
        let block = known.unwrap_or_else(|| {
            self.stop(out);
            let (id, name) = (call.id.unwrap_or_default().raw, call.name.unwrap_or_default().raw);
            self.start(out, &|out| {
                put(
                    out,
                    &[
                        b"{\"type\":\"tool_use\",\"caller\":{\"type\":\"direct\"},\"id\":\"",
                        id,
                        b"\",\"name\":\"",
                        name,
                        b"\",\"input\":{}}",
                    ],
                );
            });
            let block = self.blocks.saturating_sub(1);
            self.open = Some(Open::Call(block));
            self.calls.push((call.index, block));
            block
        });
        if let Some(arguments) = call.arguments {
            self.delta(block, b"input_json_delta\",\"partial_json", arguments, out);
        }
    }

    /// Begins a block.
    fn start(&mut self, out: &mut Vec<u8>, write: &dyn Fn(&mut Vec<u8>)) {
        named("content_block_start", out, &|out| {
            out.extend_from_slice(b",\"index\":");
            put_number(out, self.blocks);
            out.extend_from_slice(b",\"content_block\":");
            write(out);
        });
        self.blocks = self.blocks.saturating_add(1);
    }

    /// More of a block; `kind` is the type of the delta and the name of what it holds.
    fn delta(&self, block: u64, kind: &[u8], text: Text<'_>, out: &mut Vec<u8>) {
        named("content_block_delta", out, &|out| {
            out.extend_from_slice(b",\"index\":");
            put_number(out, block);
            put(out, &[b",\"delta\":{\"type\":\"", kind, b"\":\"", text.raw, b"\"}"]);
        });
    }

    /// Ends the block that is being told, if one is.
    fn stop(&mut self, out: &mut Vec<u8>) {
        if self.open.take().is_some() {
            self.stop_block(self.blocks.saturating_sub(1), out);
        }
    }

    fn stop_block(&self, block: u64, out: &mut Vec<u8>) {
        named("content_block_stop", out, &|out| {
            out.extend_from_slice(b",\"index\":");
            put_number(out, block);
        });
    }
}
