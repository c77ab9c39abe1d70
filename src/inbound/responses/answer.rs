//! The answer, as a response or as the events of one.
//!
//! See <https://platform.openai.com/docs/api-reference/responses-streaming>. One item is told after the other, but for calls: each stays
//! open until its arguments are whole, since providers send the pieces of parallel calls in turn. A whole answer is told in the same way,
//! and only what it came to goes out.

use super::super::event::{self, Event, Events};
use super::super::nesting::Nesting;
use super::super::object::{members, put, put_number, text};
use super::super::said::{Answer as Said, Call, Detail, list};
use super::super::sealed::seal;
use super::item::{Item, Status, What, annotation_into};
use super::object::{Echo, Response, usage_into};
use crate::clock::Clock;
use crate::json::Text;

/// Brings answers into the shape of Responses.
#[derive(Debug)]
pub(in crate::inbound) struct Answer {
    events: Events,
    telling: Telling,
}

/// A response that is being told.
#[derive(Debug)]
struct Telling {
    echo: Echo,
    state: State,
    /// The number of the next event.
    sequence: u64,
    /// Id, model, provider and time, as they were written.
    head: [Vec<u8>; 4],
    /// The message or reasoning that is being told. No open item began later.
    open: Option<Item>,
    /// The calls that are being told, in their order.
    calls: Vec<Item>,
    /// The items so far; what is not told yet is empty.
    output: Vec<Vec<u8>>,
    output_text: Vec<u8>,
    /// Calls that are told, as OpenRouter's chunks count them.
    told_calls: Vec<u64>,
    /// Annotations that came before the text that they belong to, as they were written.
    early: Vec<u8>,
    incomplete: Option<&'static str>,
    /// When it was complete, in seconds since the epoch.
    completed_at: Option<u64>,
    usage: Option<Vec<u8>>,
    service_tier: Option<Vec<u8>>,
    metadata: Option<Vec<u8>>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    New,
    Begun,
    Over,
}

// === impl Answer ===

impl Answer {
    pub(super) fn new(echo: Echo) -> Self {
        let telling = Telling {
            echo,
            state: State::New,
            sequence: 0,
            head: Default::default(),
            open: None,
            calls: Vec::new(),
            output: Vec::new(),
            output_text: Vec::new(),
            told_calls: Vec::new(),
            early: Vec::new(),
            incomplete: None,
            completed_at: None,
            usage: None,
            service_tier: None,
            metadata: None,
        };
        Self { events: Events::default(), telling }
    }

    /// The next bytes of a stream.
    pub(in crate::inbound) fn stream(&mut self, bytes: &[u8], clock: &dyn Clock) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let telling = &mut self.telling;
        self.events.feed(bytes, |event| match event {
            Event::Chunk(chunk) => _ = telling.chunk(chunk, &mut out),
            Event::KeepAlive => out.extend_from_slice(b": OPENROUTER PROCESSING\n\n"),
            Event::Done => telling.end(clock, &mut out),
        });
        out
    }

    /// A whole answer.
    pub(in crate::inbound) fn whole(&mut self, completion: &[u8], clock: &dyn Clock) -> Option<Vec<u8>> {
        let mut events = Vec::new();
        self.telling.chunk(completion, &mut events)?;
        self.telling.close_last(&mut events);
        let mut out = events;
        out.clear();
        let status = self.telling.complete(clock);
        self.telling.response_into(status, None, &mut out);
        Some(out)
    }
}

// === impl Telling ===

impl Telling {
    /// Takes a chunk, or a whole completion; `None` if it is none.
    fn chunk(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let answer = Said::read(chunk).ok()?;
        if self.state == State::New {
            self.state = State::Begun;
            self.head = [answer.id, answer.model, answer.provider, answer.created].map(<[u8]>::to_vec);
            for name in ["response.created", "response.in_progress"] {
                self.told(name, "in_progress", None, out);
            }
        }
        if self.state == State::Over {
            return Some(());
        }
        if let Some(error) = answer.error {
            self.fail(error, out);
            return Some(());
        }
        let said = &answer.said;
        said.details.iter().for_each(|detail| self.detail(detail, out));
        if let Some(reasoning) = said.reasoning.filter(|_| said.details.is_empty()) {
            self.reasoning(None, None, out);
            self.more(reasoning, out);
        }
        if let Some(words) = said.content {
            self.message(What::Message { annotations: Vec::new(), annotated: 0 }, out);
            self.more(words, out);
        }
        let annotations = said.annotations.and_then(|all| all.strip_prefix(b"[")?.strip_suffix(b"]"));
        if let Some(annotations) = annotations.filter(|all| !all.trim_ascii().is_empty()) {
            self.early.push(if self.early.is_empty() { b'[' } else { b',' });
            self.early.extend_from_slice(annotations);
        }
        self.annotate(out);
        if let Some(words) = said.refusal {
            self.message(What::Refusal, out);
            self.more(words, out);
        }
        said.calls.iter().for_each(|call| self.call(call, out));
        match answer.finish_reason.map(|reason| reason.raw) {
            Some(b"length") => self.incomplete = Some("max_output_tokens"),
            Some(b"content_filter") => self.incomplete = Some("content_filter"),
            _ => {}
        }
        if let Some(counts) = &answer.usage {
            let mut usage = Vec::new();
            usage_into(counts, &mut usage);
            self.usage = Some(usage);
        }
        self.service_tier = answer.service_tier.map(|tier| [b"\"", tier.raw, b"\""].concat()).or(self.service_tier.take());
        self.metadata = answer.metadata.map(<[u8]>::to_vec).or(self.metadata.take());
        Some(())
    }

    /// Nothing more comes.
    fn end(&mut self, clock: &dyn Clock, out: &mut Vec<u8>) {
        if self.state != State::Begun {
            return;
        }
        self.close_last(out);
        self.state = State::Over;
        let status = self.complete(clock);
        self.told(if status == "completed" { "response.completed" } else { "response.incomplete" }, status, None, out);
    }

    fn fail(&mut self, error: &[u8], out: &mut Vec<u8>) {
        self.close_as(Status::Incomplete, out);
        self.state = State::Over;
        let [message, metadata] = members(error, ["message", "metadata"]).unwrap_or_default();
        let [error_type] = metadata.and_then(|metadata| members(metadata, ["error_type"]).ok()).unwrap_or_default();
        let code = match text(error_type).unwrap_or_default().raw {
            b"rate_limit_exceeded" => "rate_limit_exceeded",
            b"invalid_request" | b"invalid_prompt" | b"context_length_exceeded" => "invalid_prompt",
            _ => "server_error",
        };
        let error = (code, message.unwrap_or(b"\"\""), error_type.unwrap_or(b"\"unmapped\""));
        self.told("response.failed", "failed", Some(error), out);
    }

    /// All is told: its status.
    fn complete(&mut self, clock: &dyn Clock) -> &'static str {
        if self.incomplete.is_some() {
            return "incomplete";
        }
        self.completed_at = Some(clock.now().as_secs());
        "completed"
    }

    fn response_into(&self, status: &str, error: Option<(&str, &[u8], &[u8])>, out: &mut Vec<u8>) {
        let [id, model, provider, created] = &self.head;
        let response = Response {
            id,
            model,
            provider,
            created,
            completed_at: self.completed_at,
            status,
            incomplete: self.incomplete.filter(|_| status == "incomplete"),
            error,
            output: &self.output.join(&b","[..]),
            output_text: &self.output_text,
            usage: self.usage.as_deref(),
            service_tier: self.service_tier.as_deref(),
            metadata: self.metadata.as_deref(),
        };
        response.write(&self.echo, out);
    }

    /// Appends an event that holds the response.
    fn told(&mut self, name: &str, status: &str, error: Option<(&str, &[u8], &[u8])>, out: &mut Vec<u8>) {
        let sequence = self.number();
        event::named(name, out, &|out| {
            sequence_into(sequence, out);
            out.extend_from_slice(b",\"response\":");
            self.response_into(status, error, out);
        });
    }

    fn number(&mut self) -> u64 {
        let number = self.sequence;
        self.sequence = number.saturating_add(1);
        number
    }

    /// Appends an event about the open item.
    fn about(&mut self, name: &str, place: &[u8], out: &mut Vec<u8>, write: &dyn Fn(&Item, &mut Vec<u8>)) {
        let sequence = self.number();
        if let Some(item) = &self.open {
            about(item, sequence, name, place, out, write);
        }
    }

    /// A new item, once it is told that it began.
    fn begin(&mut self, kind: &str, what: What, out: &mut Vec<u8>) -> Item {
        self.close(out);
        let [id, ..] = &self.head;
        let id = id.strip_prefix(b"\"").and_then(|id| id.strip_suffix(b"\"")).unwrap_or_default();
        let index = self.output.len();
        let id = [kind.as_bytes(), b"_", id, b"-", index.to_string().as_bytes()].concat();
        self.output.push(Vec::new());
        let item = Item { index, id, what, text: Vec::new() };
        about(&item, self.number(), "response.output_item.added", b"", out, &|item, out| {
            out.extend_from_slice(b",\"item\":");
            item.write(Status::InProgress, out);
        });
        item
    }

    /// Ends what is whole when something else begins: the open message or reasoning, and calls, but for those that are not all there.
    fn close(&mut self, out: &mut Vec<u8>) {
        let (whole, rest) = std::mem::take(&mut self.calls).into_iter().partition(Item::is_closed);
        self.calls = rest;
        self.close_all(whole, Status::Completed, out);
    }

    /// Ends what is open where the answer ends.
    fn close_last(&mut self, out: &mut Vec<u8>) {
        self.close_as(if self.incomplete.is_some() { Status::Incomplete } else { Status::Completed }, out);
    }

    fn close_as(&mut self, status: Status, out: &mut Vec<u8>) {
        let calls = std::mem::take(&mut self.calls);
        self.close_all(calls, status, out);
    }

    fn close_all(&mut self, calls: Vec<Item>, status: Status, out: &mut Vec<u8>) {
        for call in calls {
            // What was cut off are others.
            let status = if call.is_closed() { Status::Completed } else { status };
            self.end_item(&call, status, out);
        }
        if let Some(item) = self.open.take() {
            self.end_item(&item, status, out);
        }
    }

    fn end_item(&mut self, item: &Item, status: Status, out: &mut Vec<u8>) {
        let text = |item: &Item, out: &mut Vec<u8>| put(out, &[b",\"text\":\"", &item.text, b"\""]);
        let part = |item: &Item, out: &mut Vec<u8>| {
            out.extend_from_slice(b",\"part\":");
            item.part(out);
        };
        match &item.what {
            What::Message { .. } => {
                about(item, self.number(), "response.output_text.done", CONTENT, out, &|item, out| {
                    text(item, out);
                    out.extend_from_slice(b",\"logprobs\":[]");
                });
                about(item, self.number(), "response.content_part.done", CONTENT, out, &part);
                self.output_text.extend_from_slice(&item.text);
            }
            What::Refusal => {
                about(item, self.number(), "response.refusal.done", CONTENT, out, &|item, out| {
                    put(out, &[b",\"refusal\":\"", &item.text, b"\""]);
                });
                about(item, self.number(), "response.content_part.done", CONTENT, out, &part);
            }
            What::Reasoning { .. } if item.text.is_empty() => {}
            What::Reasoning { .. } => {
                about(item, self.number(), "response.reasoning_summary_text.done", SUMMARY, out, &text);
                about(item, self.number(), "response.reasoning_summary_part.done", SUMMARY, out, &part);
            }
            What::Call { call, name, .. } => {
                about(item, self.number(), "response.function_call_arguments.done", b"", out, &|item, out| {
                    put(out, &[b",\"name\":\"", name, b"\",\"arguments\":\"", &item.text, b"\""]);
                });
                self.told_calls.push(*call);
            }
        }
        about(item, self.number(), "response.output_item.done", b"", out, &|item, out| {
            out.extend_from_slice(b",\"item\":");
            item.write(status, out);
        });
        if let Some(place) = self.output.get_mut(item.index) {
            item.write(status, place);
        }
    }

    /// More of the open item.
    fn more(&mut self, text: Text<'_>, out: &mut Vec<u8>) {
        let delta = |_: &Item, out: &mut Vec<u8>| put(out, &[b",\"delta\":\"", text.raw, b"\""]);
        let Some(item) = &mut self.open else { return };
        let is_first = item.text.is_empty();
        match item.what {
            What::Message { .. } => self.about("response.output_text.delta", CONTENT, out, &|item, out| {
                delta(item, out);
                out.extend_from_slice(b",\"logprobs\":[]");
            }),
            What::Refusal => self.about("response.refusal.delta", CONTENT, out, &delta),
            What::Reasoning { .. } => {
                if is_first {
                    self.about("response.reasoning_summary_part.added", SUMMARY, out, &|item, out| {
                        out.extend_from_slice(b",\"part\":");
                        item.part(out);
                    });
                }
                self.about("response.reasoning_summary_text.delta", SUMMARY, out, &delta);
            }
            // Those are in `calls`.
            What::Call { .. } => {}
        }
        if let Some(item) = &mut self.open {
            item.text.extend_from_slice(text.raw);
        }
    }

    /// Goes on with the open item if it is `what`, else begins one.
    fn message(&mut self, what: What, out: &mut Vec<u8>) {
        if self.open.as_ref().is_some_and(|item| std::mem::discriminant(&item.what) == std::mem::discriminant(&what)) {
            return;
        }
        self.open = Some(self.begin("msg", what, out));
        self.about("response.content_part.added", CONTENT, out, &|item, out| {
            out.extend_from_slice(b",\"part\":");
            item.part(out);
        });
    }

    /// Tells the annotations that are not told yet, if the text that they belong to is being told.
    fn annotate(&mut self, out: &mut Vec<u8>) {
        if self.early.is_empty() || !matches!(self.open, Some(Item { what: What::Message { .. }, .. })) {
            return;
        }
        let mut early = std::mem::take(&mut self.early);
        early.push(b']');
        _ = list(&early, &mut |annotation| {
            let Some(Item { what: What::Message { annotations, annotated }, .. }) = &mut self.open else { return Ok(()) };
            let before = annotations.len();
            if annotation_into(annotation, annotations).is_ok_and(|is_told| is_told) {
                let place = *annotated;
                *annotated = place.saturating_add(1);
                self.about("response.output_text.annotation.added", CONTENT, out, &|item, out| {
                    out.extend_from_slice(b",\"annotation_index\":");
                    put_number(out, place);
                    let What::Message { annotations, .. } = &item.what else { return };
                    let annotation = annotations.get(before..).unwrap_or_default();
                    put(out, &[b",\"annotation\":", annotation.strip_prefix(b",").unwrap_or(annotation)]);
                });
            }
            Ok(())
        });
    }

    fn reasoning(&mut self, block: Option<u64>, format: Option<Text<'_>>, out: &mut Vec<u8>) {
        if matches!(self.open, Some(Item { what: What::Reasoning { block: open, .. }, .. }) if open == block) {
            return;
        }
        let format = format.unwrap_or_default().raw.to_vec();
        self.open = Some(self.begin("rs", What::Reasoning { block, format, signature: Vec::new(), sealed: Vec::new() }, out));
    }

    fn detail(&mut self, detail: &Detail<'_>, out: &mut Vec<u8>) {
        if detail.data.is_some() {
            // It stands for itself.
            self.close(out);
        }
        self.reasoning(detail.index, detail.format, out);
        if let Some(text) = detail.text {
            self.more(text, out);
        }
        if let Some(Item { what: What::Reasoning { signature, sealed, .. }, .. }) = &mut self.open {
            signature.extend_from_slice(detail.signature.unwrap_or_default().raw);
            if detail.data.is_some() {
                *sealed = seal(detail);
            }
        }
        if detail.data.is_some() {
            self.close(out);
        }
    }

    fn call(&mut self, call: &Call<'_>, out: &mut Vec<u8>) {
        // Only white space comes behind what is told.
        if self.told_calls.contains(&call.index) {
            return;
        }
        if !self.calls.iter().any(|item| item.is_call(call.index)) {
            let [id, name] = [call.id, call.name].map(|text| text.unwrap_or_default().raw.to_vec());
            let item = self.begin("fc", What::Call { call: call.index, id, name, nesting: Nesting::default() }, out);
            self.calls.push(item);
        }
        let Some(arguments) = call.arguments else { return };
        let sequence = self.number();
        let Some(item) = self.calls.iter_mut().find(|item| item.is_call(call.index)) else { return };
        about(item, sequence, "response.function_call_arguments.delta", b"", out, &|_, out| {
            put(out, &[b",\"delta\":\"", arguments.raw, b"\""]);
        });
        item.text.extend_from_slice(arguments.raw);
        if let What::Call { nesting, .. } = &mut item.what {
            nesting.feed(arguments);
        }
    }
}

/// Where in an item its one part is.
const CONTENT: &[u8] = b",\"content_index\":0";
const SUMMARY: &[u8] = b",\"summary_index\":0";

fn sequence_into(sequence: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"sequence_number\":");
    put_number(out, sequence);
}

/// Appends an event about `item`.
fn about(item: &Item, sequence: u64, name: &str, place: &[u8], out: &mut Vec<u8>, write: &dyn Fn(&Item, &mut Vec<u8>)) {
    event::named(name, out, &|out| {
        sequence_into(sequence, out);
        out.extend_from_slice(b",\"output_index\":");
        put_number(out, item.index as u64);
        // Those that are the item hold it, and the others name it.
        if !name.starts_with("response.output_item.") {
            put(out, &[b",\"item_id\":\"", &item.id, b"\"", place]);
        }
        write(item, out);
    });
}
