//! One request across its attempts, from the plan to the settlement.
//!
//! The shell hands in what happens (`begin_attempt`, `handle_*`) and does what the returned [`Step`] says. Time is an argument.
//!
//! **Invariant: what has been released to the client is never taken back.** Until the answer has begun, an attempt may fail and
//! the next endpoint be asked; from then on a failure is told within the answer.

mod answer;
mod attempt;
mod completion;
mod compression;
mod failure;
mod generation_id;
mod metadata;
mod observations;
mod pipeline;
mod settlement;
mod step;
mod streaming;
mod unreached;

use std::rc::Rc;
use std::time::Duration;

pub use attempt::{Attempt, Outcome};
pub use generation_id::{ALPHANUMERIC, generation_id};
pub use metadata::unrouted;
pub use settlement::{Settlement, Spent};
pub use step::{AnswerHead, Media, ResponseHead, Step};
pub use unreached::Unreached;

use self::answer::Answer;
use crate::api::Api;
use crate::chat::{Envelope, Finish, Provenance, Request};
use crate::clock::{Clock, Millis};
use crate::config::{Defaults, Format, Key};
use crate::endpoint::EndpointKey;
use crate::endpoint::{Endpoint, ServiceTier};
use crate::error::{Error, ErrorType};
use crate::fallback::{self, Verdict};
use crate::provider::Fault;
use crate::route::{Plan, Strategy};
use crate::sticky::Sticky;

/// One request across its attempts.
#[derive(Debug)]
pub struct Exchange {
    generation_id: Box<str>,
    request: Request,
    /// What of the request the current attempt's endpoint gets, if that is not all.
    compressed: Option<Box<Request>>,
    key: Rc<Key>,
    defaults: Rc<Defaults>,
    plan: Plan,
    /// The place in the plan of the endpoint to be tried next.
    next: usize,
    started: Millis,
    attempts: Vec<Attempt>,
    answer: Answer,
    troubles: Vec<(EndpointKey, Millis)>,
    first_token: Option<Millis>,
    /// How the answer ended.
    finish: Option<Finish>,
    /// What the provider said of it.
    provenance: Provenance,
    /// Whether a response to the client has begun.
    released: bool,
    /// Why the request could not be put to the endpoint whose turn it was.
    refused: Option<Error>,
    /// What chose the model.
    strategy: Strategy,
    /// Whether the client wants to be told of the routing.
    shows_metadata: bool,
    /// The conversation, where it matters which endpoint serves it.
    sticky: Option<Sticky>,
}

// === impl Exchange ===

impl Exchange {
    /// An exchange with its plan, nothing tried yet.
    pub fn new(generation_id: Box<str>, request: Request, key: Rc<Key>, plan: Plan, defaults: Rc<Defaults>, now: Millis) -> Self {
        let attempts = Vec::with_capacity(1);
        Self {
            generation_id,
            request,
            compressed: None,
            key,
            defaults,
            plan,
            next: 0,
            started: now,
            attempts,
            answer: Answer::Awaited,
            troubles: Vec::new(),
            first_token: None,
            finish: None,
            provenance: Provenance::default(),
            released: false,
            refused: None,
            strategy: Strategy::default(),
            shows_metadata: false,
            sticky: None,
        }
    }

    /// The same with how its plan came about, and whether the client wants to be told.
    #[must_use]
    pub fn routed(self, strategy: Strategy, sticky: Option<Sticky>, shows_metadata: bool) -> Self {
        Self { strategy, shows_metadata, sticky, ..self }
    }

    /// `gen-…`, as `id` of the answer and `X-Generation-Id` say it.
    pub fn generation_id(&self) -> &str {
        &self.generation_id
    }

    /// The request, as the current attempt's endpoint gets it.
    pub fn request(&self) -> &Request {
        self.compressed.as_deref().unwrap_or(&self.request)
    }

    /// What chose the model.
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// Since when it is under way.
    pub fn started(&self) -> Millis {
        self.started
    }

    /// Who asks.
    pub fn key(&self) -> &Rc<Key> {
        &self.key
    }

    /// Ends the exchange where the gateway itself is at fault: nobody else is asked, and the client is told `error`.
    pub fn abandon(&mut self, error: Error) {
        self.next = self.plan.len();
        self.answer = Answer::Over;
        self.refused = Some(error);
    }

    /// Where the current attempt is; `None` before the first.
    pub fn current_endpoint(&self) -> Option<&Rc<Endpoint>> {
        self.attempts.last().map(|attempt| &attempt.endpoint)
    }

    /// Whether a response to the client has begun.
    pub fn is_released(&self) -> bool {
        self.released
    }

    /// How many endpoints may be tried after the first.
    pub fn fallbacks(&self) -> usize {
        self.plan.len().saturating_sub(1)
    }

    /// How long an attempt may take until its answer can be released.
    pub fn attempt_timeout(&self) -> Duration {
        if self.request.stream { self.defaults.first_token_timeout } else { self.defaults.response_timeout }
    }

    /// The endpoint that would be asked next; `None` if there is none left.
    pub fn next_endpoint(&self) -> Option<&Rc<Endpoint>> {
        self.plan.get(self.next)
    }

    /// The cluster of the endpoint that would be asked next; `None` if there is none left.
    pub fn next_cluster(&self) -> Option<&str> {
        self.next_endpoint().map(|endpoint| &*endpoint.provider.cluster)
    }

    /// Begins the next attempt and says at which endpoint; `None` if the plan is exhausted.
    ///
    /// An attempt that is still open by then has failed without an answer: Envoy saw it refused, reset or silent.
    pub fn begin_attempt(&mut self, clock: &dyn Clock) -> Option<Rc<Endpoint>> {
        self.close_unanswered(clock);
        let endpoint = self.plan.get(self.next)?.clone();
        self.next = self.next.saturating_add(1);
        // The first begins right after the plan.
        let started = if self.attempts.is_empty() { self.started } else { clock.now() };
        self.attempts.push(Attempt::new(endpoint.clone(), started));
        self.compressed = compression::compressed(&self.request, &endpoint).map(Box::new);
        self.answer = Answer::Awaited;
        Some(endpoint)
    }

    /// The request cannot be said in the format of the current attempt's endpoint, which is not asked: the client is told so, as
    /// another endpoint might understand the request in another way than the client means it.
    pub fn refuse(&mut self, error: Error) {
        self.attempts.pop();
        self.abandon(error);
    }

    /// The head of the response to the current attempt; `end` if no body follows.
    pub fn handle_response_head(&mut self, head: ResponseHead, end: bool, clock: &dyn Clock) -> Step {
        if !(200..300).contains(&head.status) {
            let by_status = Fault::of_status(head.status, b"");
            let verdict = fallback::verdict(&by_status, head.retry_after, self.defaults.cooldown);
            if end {
                return self.fail_without_body(by_status, head.retry_after, clock);
            }
            let is_told_later = !head.encoded && self.is_told_in_body(head.status, head.retry_after);
            if self.next < self.plan.len() && matches!(verdict, Verdict::NextEndpoint(_)) && !is_told_later {
                return self.fail(by_status, head.retry_after, clock);
            }
            // A 4xx may turn out to be about the model; the last failure is told with the provider's own words.
            self.answer = Answer::Refusal { status: head.status, retry_after: head.retry_after, readable: !head.encoded };
            return Step::Hold;
        }
        if end {
            return self.fail_without_body(Fault::invalid_answer(b""), head.retry_after, clock);
        }
        // What nobody can read can be passed on, but not told in another format or in another API's words.
        if head.encoded && (self.request.api != Api::Chat || self.format() != Format::OpenAi) {
            if self.next < self.plan.len() {
                return self.fail(answer::compressed(), None, clock);
            }
            self.answer = Answer::Compressed;
            return Step::Hold;
        }
        if head.encoded {
            self.answer = Answer::Passing { bytes: 0 };
            self.succeed(clock);
            return Step::Pass;
        }
        self.answer = match (self.request.stream, head.media) {
            (true, Media::EventStream | Media::Unknown) => self.stream(),
            // A text that is no completion fails when it is read.
            (false, Media::Json | Media::Text | Media::Unknown) => Answer::Whole,
            // A provider that cannot stream.
            (true, Media::Json) if matches!(self.format(), Format::OpenAi | Format::Mistral) => Answer::Unstreamed,
            // Not what was asked for: what it says is told if nobody else answers.
            _ => Answer::Strange { retry_after: head.retry_after },
        };
        Step::Hold
    }

    /// Whether it takes the body of a failure to know what follows, though the next endpoint is asked in any case.
    fn is_told_in_body(&self, status: u16, retry_after: Option<Duration>) -> bool {
        match status {
            // Google says in the body alone when it wants to be asked again.
            429 | 503 => self.format() == Format::Gemini && retry_after.is_none(),
            // OpenRouter's credential may be refused, or the client's prompt, for which no endpoint is to rest.
            403 => self.current_endpoint().is_some_and(|endpoint| endpoint.provider.quirks.openrouter_members),
            _ => false,
        }
    }

    /// A response with `status` is about to go to the client. `None` if it is the one that a step released; else Envoy gave up
    /// by itself (nothing answered, or its limit of retries is reached), and this is what the client is told instead.
    pub fn handle_response_to_client(&mut self, status: u16, clock: &dyn Clock) -> Option<Error> {
        if std::mem::replace(&mut self.released, true) {
            return None;
        }
        if let Some(refused) = &self.refused {
            return Some(refused.clone());
        }
        self.close_unanswered(clock);
        self.answer = Answer::Over;
        match self.attempts.last_mut().map(|attempt| &mut attempt.outcome) {
            None => return Some(Error::of_envoy(status)),
            Some(Outcome::Unanswered(fault)) if status == 504 => (fault.status, fault.error_type) = (504, ErrorType::Timeout),
            Some(_) => {}
        }
        Some(self.error())
    }

    /// The body of `error`, which the gateway role tells the client.
    pub fn error_body(&self, error: &Error) -> Vec<u8> {
        error.body_with(&self.metadata(false))
    }

    /// The endpoints that turned out to be in trouble, and until when, each once.
    pub fn take_troubles(&mut self) -> Vec<(EndpointKey, Millis)> {
        std::mem::take(&mut self.troubles)
    }

    /// What the current attempt's provider speaks.
    fn format(&self) -> Format {
        self.current_endpoint().map_or(Format::OpenAi, |endpoint| endpoint.format)
    }

    /// What the provider `told` of its answer: the tier is that of the current attempt's endpoint, if it did not say which.
    fn provenance_of(&self, told: Provenance) -> Provenance {
        let tier = self.current_endpoint().and_then(|endpoint| endpoint.service_tier);
        told.or_tier(tier.map(ServiceTier::as_str))
    }

    fn envelope(&self) -> Envelope {
        let endpoint = self.attempts.last().map(|attempt| &attempt.endpoint);
        let (provider, model) = endpoint.map_or(("", ""), |endpoint| (&*endpoint.provider.name, &*endpoint.catalogue_id));
        Envelope::new(&self.generation_id, provider, model, self.started.as_secs())
    }

    fn succeed(&mut self, clock: &dyn Clock) {
        self.first_token = Some(clock.now());
        self.released = true;
        self.end_attempt(Outcome::Accepted);
    }

    fn end_attempt(&mut self, outcome: Outcome) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.outcome = outcome;
        }
    }
}

#[cfg(test)]
mod tests;
