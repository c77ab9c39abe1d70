//! A body that is read whole: an answer in OpenRouter's shape, or why there is none.

use super::Exchange;
use super::answer::{self, Answer};
use super::settlement::Spent;
use super::step::{AnswerHead, Step};
use crate::chat::{Finish, Name, Provenance};
use crate::clock::Clock;
use crate::healing::{self, Schema};
use crate::provider::{self, Fault};

// === impl Exchange ===

impl Exchange {
    /// Whether the body is wanted whole, with [`Exchange::handle_whole_body`], and not piece by piece.
    pub fn wants_whole_body(&self) -> bool {
        matches!(self.answer, Answer::Whole | Answer::Unstreamed | Answer::Refusal { .. } | Answer::Compressed | Answer::Strange { .. })
    }

    /// Whether a body that has come to `len` bytes is larger than can be held.
    pub fn exceeds_limit(&self, len: usize) -> bool {
        len > self.defaults.max_response_bytes
    }

    /// The whole body of the response to the current attempt. A body that is cut short or too large comes as it is.
    pub fn handle_whole_body(&mut self, body: &[u8], clock: &dyn Clock) -> Step {
        match std::mem::replace(&mut self.answer, Answer::Over) {
            Answer::Refusal { status, retry_after, readable } => {
                self.fail(Fault::of_status(status, if readable { body } else { b"" }), retry_after, clock)
            }
            Answer::Compressed => self.fail(answer::compressed(), None, clock),
            Answer::Strange { retry_after } => self.fail(answer::strange(body), retry_after, clock),
            Answer::Unstreamed => {
                self.answer = self.stream();
                self.handle_body(&answer::as_event(body), true, clock)
            }
            Answer::Whole => match self.answer_whole(body) {
                Ok((body, spent, finish, provenance)) => {
                    self.finish = finish;
                    self.provenance = provenance;
                    let head = AnswerHead { status: 200, stream: false, whole: true, cost: Some(spent.cost.total), retry_after: None };
                    self.answer = Answer::Complete(spent);
                    self.succeed(clock);
                    Step::Release(head, body)
                }
                Err(fault) => self.fail(fault, None, clock),
            },
            other => {
                self.answer = other;
                Step::Pass
            }
        }
    }

    /// What the client gets for the whole body of an answer, and what it came to.
    ///
    /// Errors: if it is no answer, ended for an error, or is larger than can be held.
    fn answer_whole(&self, body: &[u8]) -> Result<(Vec<u8>, Spent, Option<Finish>, Provenance), Fault> {
        let Some(attempt) = self.attempts.last().filter(|_| !self.exceeds_limit(body.len())) else {
            return Err(Fault::invalid_answer(b""));
        };
        let completion = provider::completion(&attempt.endpoint, self.request(), body, &self.envelope())?;
        if let Some(finish) = completion.finish.filter(Finish::is_error) {
            return Err(Fault::ended(finish.native.as_str()));
        }
        let served = completion.provenance.service_tier;
        let spent = Spent::new(&attempt.endpoint, completion.usage, self.request(), completion.output_bytes, served.as_str());
        let provenance = self.provenance_of(completion.provenance);
        let mut body = completion.head;
        body.extend_from_slice(b",\"usage\":");
        spent.usage.write_openrouter(&spent.cost, spent.is_byok, &mut body);
        if served.is_empty() {
            provenance.tier_into(&mut body);
        }
        body.push(b'}');
        let healed = self.heal(&body);
        let is_healed = healed.is_some();
        body = healed.unwrap_or(body);
        if self.shows_metadata {
            body.pop();
            body.extend_from_slice(&self.metadata_of(true, is_healed));
            body.push(b'}');
        }
        Ok((body, spent, completion.finish, provenance))
    }

    /// The completion with the JSON in it healed, if that was asked for and something is broken.
    fn heal(&self, completion: &[u8]) -> Option<Vec<u8>> {
        let is_wanted = self.request.plugins.response_healing && !self.request.stream && self.request.needs.response_format;
        let format = self.request.fields().filter(|_| is_wanted).find(|field| field.name == Name::ResponseFormat)?;
        healing::heal_completion(completion, &Schema::of_response_format(format.raw)?)
    }
}
