//! The answer, as a response or as the events of one.
//!
//! See <https://platform.openai.com/docs/api-reference/responses-streaming>. One item is told after the other, but for calls: each stays
//! open until its arguments are whole, since providers send the pieces of parallel calls in turn. A whole answer is told in the same way,
//! and only what it came to goes out.

mod calls;
mod items;

use self::calls::Calls;
use super::super::event::{self, Event, Events};
use super::super::object::{members, put_number, text};
use super::super::said::Answer as Said;
use super::super::sealed::UNSIGNED;
use super::item::{Item, Status, What};
use super::logprob;
use super::object::{Echo, Failure, Response, usage_into};
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
    calls: Calls,
    /// The items so far; what is not told yet is empty.
    output: Vec<Vec<u8>>,
    output_text: Vec<u8>,
    /// Annotations that came before the text that they belong to, as they were written.
    early: Vec<u8>,
    /// Log probabilities that came before the text that they belong to.
    early_logprobs: Vec<u8>,
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
            calls: Calls::default(),
            output: Vec::new(),
            output_text: Vec::new(),
            early: Vec::new(),
            early_logprobs: Vec::new(),
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
        self.metadata = answer.metadata.map(<[u8]>::to_vec).or(self.metadata.take());
        if let Some(error) = answer.error {
            self.fail(error, out);
            return Some(());
        }
        let said = &answer.said;
        said.details.iter().for_each(|detail| self.detail(detail, out));
        if let Some(reasoning) = said.reasoning.filter(|_| said.details.is_empty()) {
            self.reasoning(None, false, Some(Text::plain(UNSIGNED.as_bytes())), out);
            self.more(reasoning, out);
        }
        if let Some(logprobs) = answer.logprobs {
            logprob::told(logprobs, &mut self.early_logprobs).ok()?;
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
        said.images.iter().for_each(|image| self.image(*image, out));
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
        let [message, metadata, availability] = members(error, ["message", "metadata", "availability"]).unwrap_or_default();
        let [error_type] = metadata.and_then(|metadata| members(metadata, ["error_type"]).ok()).unwrap_or_default();
        let code = match text(error_type).unwrap_or_default().raw {
            b"rate_limit_exceeded" => "rate_limit_exceeded",
            b"invalid_request" | b"invalid_prompt" | b"context_length_exceeded" => "invalid_prompt",
            _ => "server_error",
        };
        let (message, error_type) = (message.unwrap_or(b"\"\""), error_type.unwrap_or(b"\"unmapped\""));
        self.told("response.failed", "failed", Some(Failure { code, message, error_type, availability }), out);
    }

    /// All is told: its status.
    fn complete(&mut self, clock: &dyn Clock) -> &'static str {
        if self.incomplete.is_some() {
            return "incomplete";
        }
        self.completed_at = Some(clock.now().as_secs());
        "completed"
    }

    fn response_into(&self, status: &str, error: Option<Failure<'_>>, out: &mut Vec<u8>) {
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
    fn told(&mut self, name: &str, status: &str, error: Option<Failure<'_>>, out: &mut Vec<u8>) {
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
}

fn sequence_into(sequence: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"sequence_number\":");
    put_number(out, sequence);
}
