//! The events of a streamed message.
//!
//! See <https://platform.claude.com/docs/en/build-with-claude/streaming>. Why the message ended is known before what it used: both wait
//! for the end.

use super::super::event::named;
use super::super::nesting::Nesting;
use super::super::object::put;
use super::super::said::{Answer, Call, Counts, Detail};
use super::super::sealed::{FORMAT, seal};
use super::answer::{head_into, image_into, metadata_into, usage_into};
use super::citation::citations_into;
use super::error;
use super::own::{Event, Own};
use super::queue::{Kind, Queue};
use super::stop::{Stop, StopSequences};
use crate::json::{Scanner, Text};

/// A message that is being told.
#[derive(Debug, Default)]
pub(super) struct Stream {
    state: State,
    blocks: Queue,
    /// Why it ended: `"stop_reason":…` and what goes with it.
    ending: Vec<u8>,
    /// What Anthropic counted at the beginning and at the end, and what it says of the end.
    own_usage: [Vec<u8>; 2],
    own_end: Vec<u8>,
    refuses: bool,
    /// Citations that came before the text that they belong to, each with a comma before it but the first.
    early: Vec<u8>,
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

// === impl Stream ===

impl Stream {
    /// Takes a chunk.
    pub(super) fn chunk(&mut self, chunk: &[u8], stops: &StopSequences, out: &mut Vec<u8>) {
        let Ok(answer) = Answer::read(chunk) else { return };
        let event = answer.anthropic.map_or(Event::Other, Event::of);
        if self.state == State::New {
            self.state = State::Begun;
            self.start(&answer, &event, out);
        }
        if self.state == State::Over {
            return;
        }
        match (event, answer.anthropic) {
            (Event::Block(kind), Some(data)) => put(out, &[b"event: ", kind.raw, b"\ndata: ", data, b"\n\n"]),
            (Event::Delta(own), _) => {
                if let Some(usage) = own.usage {
                    self.own_usage[1] = usage.to_vec();
                }
                self.own_end.clear();
                own.end_into(&mut self.own_end);
            }
            _ => {}
        }
        if let Some(error) = answer.error {
            self.state = State::Over;
            out.extend_from_slice(b"event: error\ndata: {");
            error::members_into(error, answer.id, out);
            metadata_into(&answer, out);
            return out.extend_from_slice(b"}\n\n");
        }
        let said = &answer.said;
        said.details.iter().for_each(|detail| self.detail(detail, out));
        if let Some(reasoning) = said.reasoning.filter(|_| said.details.is_empty()) {
            self.thinking(None, reasoning, out);
        }
        [said.content, said.refusal].into_iter().flatten().for_each(|text| self.text(text, out));
        if let Some(annotations) = said.annotations {
            _ = citations_into(annotations, &mut self.early);
        }
        self.cite(out);
        said.images.iter().for_each(|image| self.blocks.begin(Kind::Whole, out, &|out| image_into(*image, out)));
        said.calls.iter().for_each(|call| self.call(call, out));
        self.refuses |= said.refusal.is_some();
        if answer.finish_reason.is_some() {
            self.ending.clear();
            stops.stop(&answer, self.refuses).write(&mut self.ending);
        }
        if let Some(usage) = &answer.usage {
            self.usage.clear();
            let [first, last] = &self.own_usage;
            usage_into(usage, answer.service_tier, &[first, last], &mut self.usage);
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
        self.blocks.end(out);
        if self.ending.is_empty() {
            Stop::UNKNOWN.write(&mut self.ending);
        }
        named("message_delta", out, &|out| {
            let end: &[u8] = if self.own_end.is_empty() { b",\"container\":null,\"stop_details\":null}" } else { &self.own_end };
            put(out, &[b",\"delta\":{", &self.ending, end, b",\"usage\":"]);
            if self.usage.is_empty() { usage_into(&Default::default(), None, &[], out) } else { out.extend_from_slice(&self.usage) }
        });
        named("message_stop", out, &|out| out.extend_from_slice(&self.metadata));
    }

    /// Tells that it has begun, and what has been counted so far, if somebody says so.
    fn start(&mut self, answer: &Answer<'_>, event: &Event<'_>, out: &mut Vec<u8>) {
        let own = if let Event::Start(own) = event { *own } else { Own::default() };
        let usage = own.usage.unwrap_or_default();
        self.own_usage[0] = usage.to_vec();
        named("message_start", out, &|out| {
            out.extend_from_slice(b",\"message\":{");
            head_into(answer, out);
            own.write(out);
            out.extend_from_slice(b",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
            usage_into(&Counts::of_anthropic(usage), None, &[usage], out);
            out.push(b'}');
        });
    }

    fn detail(&mut self, detail: &Detail<'_>, out: &mut Vec<u8>) {
        if detail.data.is_some() {
            return self.blocks.begin(Kind::Whole, out, &|out| {
                put(out, &[b"{\"type\":\"redacted_thinking\",\"data\":\"", &seal(detail), b"\"}"]);
            });
        }
        if let Some(text) = detail.text {
            self.thinking(detail.index, text, out);
        }
        if let Some(signature) = detail.signature.filter(|_| detail.is_of(FORMAT)) {
            self.open_thinking(detail.index, out);
            self.blocks.more(b"signature_delta\",\"signature", signature, out);
        }
    }

    fn open_thinking(&mut self, index: Option<u64>, out: &mut Vec<u8>) {
        if !matches!(self.blocks.newest(), Some(Kind::Thinking(newest)) if *newest == index) {
            self.blocks.begin(Kind::Thinking(index), out, &|out| {
                out.extend_from_slice(b"{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}");
            });
        }
    }

    fn thinking(&mut self, index: Option<u64>, text: Text<'_>, out: &mut Vec<u8>) {
        self.open_thinking(index, out);
        self.blocks.more(b"thinking_delta\",\"thinking", text, out);
    }

    fn text(&mut self, text: Text<'_>, out: &mut Vec<u8>) {
        if !matches!(self.blocks.newest(), Some(Kind::Text)) {
            self.blocks.begin(Kind::Text, out, &|out| out.extend_from_slice(b"{\"type\":\"text\",\"citations\":null,\"text\":\"\"}"));
        }
        self.blocks.more(b"text_delta\",\"text", text, out);
    }

    /// Tells the citations that are not told yet, if the text that they belong to is being told.
    fn cite(&mut self, out: &mut Vec<u8>) {
        if self.early.is_empty() || !matches!(self.blocks.newest(), Some(Kind::Text)) {
            return;
        }
        let early = [b"[", &*std::mem::take(&mut self.early), b"]"].concat();
        _ = Scanner::new(&early).array(|scanner| {
            self.blocks.cite(scanner.raw()?, out);
            Ok(())
        });
    }

    fn call(&mut self, call: &Call<'_>, out: &mut Vec<u8>) {
        if !self.blocks.has(call.index) {
            let (id, name) = (call.id.unwrap_or_default().raw, call.name.unwrap_or_default().raw);
            self.blocks.begin(Kind::Call(call.index, Nesting::default()), out, &|out| {
                let pieces: [&[u8]; 5] = [
                    b"{\"type\":\"tool_use\",\"caller\":{\"type\":\"direct\"},\"id\":\"",
                    id,
                    b"\",\"name\":\"",
                    name,
                    b"\",\"input\":{}}",
                ];
                put(out, &pieces);
            });
        }
        if let Some(arguments) = call.arguments {
            self.blocks.arguments(call.index, arguments, out);
        }
    }
}
