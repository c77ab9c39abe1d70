//! What an exchange came to.

use std::rc::Rc;

use super::answer::Answer;
use super::{Attempt, Exchange};
use crate::chat::{Finish, Provenance, Request};
use crate::clock::Millis;
use crate::config::Key;
use crate::endpoint::Endpoint;
use crate::error::ErrorType;
use crate::price::Cost;
use crate::sticky;
use crate::usage::{Source, Usage};

/// What an exchange came to.
#[derive(Debug)]
pub struct Settlement {
    /// When it came to that.
    pub at: Millis,
    /// What becomes of its conversation's place.
    pub sticky: Option<sticky::Change>,
    /// Who pays.
    pub key: Rc<Key>,
    /// Whether the answer was asked for as a stream.
    pub stream: bool,
    /// Every attempt, the first first.
    pub attempts: Vec<Attempt>,
    /// What the last attempt used; `None` if it failed: a failed attempt costs nothing.
    pub spent: Option<Spent>,
    /// What kind of failure the client was told of a provider, if it was told any.
    pub failure: Option<ErrorType>,
    /// How the answer ended, if it did.
    pub finish: Option<Finish>,
    /// What the provider said of the answer.
    pub provenance: Provenance,
    /// Whether the client went away before the end.
    pub cancelled: bool,
    /// Milliseconds from the whole request to the end of the answer.
    pub duration: u64,
    /// Milliseconds from the whole request to the release of the answer, if there was one.
    pub time_to_first_token: Option<u64>,
}

/// What an answer used and cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// Tokens.
    pub usage: Usage,
    /// Money.
    pub cost: Cost,
    /// Whether the client has paid the provider itself, whose credential was the client's own.
    pub is_byok: bool,
}

// === impl Exchange ===

impl Exchange {
    /// Ends the exchange: what was used, what it cost and how each attempt went.
    pub fn settle(&mut self, now: Millis) -> Settlement {
        let spent = match &self.answer {
            Answer::Complete(spent) => Some(*spent),
            Answer::Stream(streamed) if streamed.has_begun() => {
                self.attempts.last().map(|attempt| streamed.spent_until_now(&attempt.endpoint, self.request()))
            }
            Answer::Passing { bytes } => self.attempts.last().map(|attempt| Spent::estimate(&attempt.endpoint, self.request(), *bytes)),
            _ => None,
        };
        if let Answer::Stream(streamed) = &self.answer {
            self.provenance = self.provenance_of(streamed.provenance());
        }
        let cancelled = match &self.answer {
            Answer::Complete(_) | Answer::Passing { .. } => false,
            // A failure that nobody was told of: the next endpoint was about to be asked.
            Answer::Over => !self.released,
            Answer::Awaited
            | Answer::Whole
            | Answer::Unstreamed
            | Answer::Refusal { .. }
            | Answer::Compressed
            | Answer::Strange { .. }
            | Answer::Stream(_) => true,
        };
        let sticky = self.sticky_change(spent.as_ref(), now);
        let failure = self.failure().filter(|_| !cancelled);
        Settlement {
            at: now,
            sticky,
            key: self.key.clone(),
            stream: self.request.stream,
            attempts: std::mem::take(&mut self.attempts),
            spent,
            failure,
            finish: self.finish,
            provenance: self.provenance,
            cancelled,
            duration: now.since(self.started),
            time_to_first_token: self.first_token.map(|first| first.since(self.started)),
        }
    }
}

// === impl Spent ===

impl Spent {
    /// What the provider counted, at the price of `endpoint` in the tier that the provider says it `served`; estimated if it counted
    /// nothing.
    pub fn new(endpoint: &Endpoint, counted: Option<Usage>, request: &Request, output_bytes: usize, served: &str) -> Self {
        // Nothing at all is no count: a prompt has tokens.
        let counted = counted.filter(|usage| usage.input_tokens() > 0 || usage.output_tokens() > 0);
        let usage = counted.unwrap_or_else(|| Usage::estimate(request.prompt_bytes, output_bytes));
        Self { usage, cost: endpoint.cost(&usage, served), is_byok: endpoint.is_byok() }
    }

    /// An estimate by the bytes of prompt and answer.
    pub fn estimate(endpoint: &Endpoint, request: &Request, output_bytes: usize) -> Self {
        Self::new(endpoint, None, request, output_bytes, "")
    }

    /// The same, of an answer of `endpoint` that was cut short when `output_bytes` of it had been seen: the provider may have counted
    /// more. What it had counted by then may be a beginning, as Anthropic's one token is, and so no less than what was seen is charged.
    pub fn cut_short(self, endpoint: &Endpoint, output_bytes: usize, served: &str) -> Self {
        let mut usage = self.usage;
        let uncounted = Usage::estimate(0, output_bytes).output.saturating_sub(usage.output_tokens());
        usage.output = usage.output.saturating_add(uncounted);
        usage.source = Source::Partial;
        Self { usage, cost: endpoint.cost(&usage, served), ..self }
    }
}
