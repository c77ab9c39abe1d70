//! What follows when an attempt fails: the next endpoint, or what the client is told.

use std::time::Duration;

use super::answer::Answer;
use super::{AnswerHead, Attempt, Exchange, Outcome, Step};
use crate::chat::Finish;
use crate::clock::Clock;
use crate::error::{Error, ErrorType, Outlook, PreviousError, ProviderError};
use crate::fallback::{self, Verdict};
use crate::provider::Fault;
use crate::retry_after;

// === impl Exchange ===

impl Exchange {
    /// The provider has cut the connection in the midst of the answer, which no filter can add to any more.
    pub fn handle_cut(&mut self, clock: &dyn Clock) {
        self.answer = Answer::Over;
        self.rest(Some(self.defaults.cooldown), clock);
        self.finish = Some(Finish::of(b"error", b""));
        self.end_attempt(Outcome::Failed(Fault::invalid_answer(b"")));
    }

    /// The current attempt has failed before its answer began: the next endpoint, or the failure as the answer.
    pub(super) fn fail(&mut self, fault: Fault, retry_after: Option<Duration>, clock: &dyn Clock) -> Step {
        let retry_after = retry_after.or_else(|| retry_after::in_error(fault.raw.as_deref()?.as_bytes()));
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.retry_after = retry_after;
        }
        let verdict = fallback::verdict(&fault, retry_after, self.defaults.cooldown);
        match verdict {
            Verdict::NextEndpoint(rest) => self.rest(rest.filter(|_| !self.is_of_own_credential(&fault)), clock),
            Verdict::NextModel => self.skip_model(),
            Verdict::Answer => self.next = self.plan.len(),
        }
        self.answer = Answer::Over;
        self.end_attempt(Outcome::Failed(fault));
        if self.next < self.plan.len() {
            return Step::Retry;
        }
        let error = self.error();
        self.released = true;
        let retry_after = self.retry_after();
        Step::Release(AnswerHead { status: error.status(), stream: false, whole: true, cost: None, retry_after }, self.error_body(&error))
    }

    /// The same, of a response that has no body to put an answer in the place of: it goes on, and the gateway role answers.
    pub(super) fn fail_without_body(&mut self, fault: Fault, retry_after: Option<Duration>, clock: &dyn Clock) -> Step {
        match self.fail(fault, retry_after, clock) {
            Step::Release(..) => {
                self.released = false;
                Step::Leave
            }
            step => step,
        }
    }

    /// The endpoint of the current attempt rests for a while.
    pub(super) fn rest(&mut self, rest: Option<Duration>, clock: &dyn Clock) {
        if let (Some(attempt), Some(rest)) = (self.attempts.last(), rest) {
            self.troubles.push((attempt.endpoint.key, clock.now().after(rest)));
        }
    }

    /// Whether the current attempt failed for a credential of the client's own, which nobody else should suffer from: it is refused, may
    /// not use the model, or has had its share.
    pub(super) fn is_of_own_credential(&self, fault: &Fault) -> bool {
        let is_own = self.attempts.last().is_some_and(|attempt| attempt.endpoint.is_byok());
        is_own && matches!(fault.status, 401..=404 | 429)
    }

    /// Takes the endpoints of the current attempt's model out of what is left of the plan, where a `select` may have put other
    /// models between them.
    fn skip_model(&mut self) {
        let model = self.attempts.last().map(|attempt| attempt.endpoint.catalogue_id.clone());
        let mut place = 0usize;
        self.plan.retain(|endpoint| {
            place = place.saturating_add(1);
            place <= self.next || Some(&endpoint.catalogue_id) != model.as_ref()
        });
    }

    /// If the current attempt is still open, it has failed without an answer.
    pub(super) fn close_unanswered(&mut self, clock: &dyn Clock) {
        let timeout = self.attempt_timeout();
        let Some(attempt) = self.attempts.last().filter(|attempt| matches!(attempt.outcome, Outcome::Open)) else { return };
        // Envoy's clock and ours may differ by a little.
        let late = u128::from(clock.now().since(attempt.started)).saturating_add(50) >= timeout.as_millis();
        let (status, error_type) = if late { (504, ErrorType::Timeout) } else { (502, ErrorType::ProviderUnavailable) };
        self.rest(Some(self.defaults.cooldown), clock);
        self.end_attempt(Outcome::Unanswered(Fault { status, error_type, raw: None }));
    }

    /// What the client is told where every attempt has failed.
    pub(super) fn error(&self) -> Error {
        self.told().map_or(Error::Internal("an exchange has failed without an attempt"), |told| self.error_of(told))
    }

    /// Of the failures that leave most to hope for the last.
    fn told(&self) -> Option<&Attempt> {
        self.attempts.iter().max_by_key(|attempt| attempt.outlook())
    }

    /// What kind of failure of a provider's the client was told, if the last attempt has failed.
    pub(super) fn failure(&self) -> Option<ErrorType> {
        let last = self.attempts.last().filter(|last| last.outcome.fault().is_some() && self.refused.is_none())?;
        // What had begun has failed for itself.
        let told = if self.first_token.is_some() { Some(last) } else { self.told() };
        told?.outcome.fault().map(|fault| fault.error_type)
    }

    /// The failure of the attempt `told`, with the others.
    pub(super) fn error_of(&self, told: &Attempt) -> Error {
        let (endpoint, provider) = (&told.endpoint, &told.endpoint.provider);
        let fault = told.outcome.fault().cloned().unwrap_or_else(|| Fault::invalid_answer(b""));
        let outlook = fallback::outlook(&fault);
        let moderation = fault.moderation().map(|found| Box::new((found, endpoint.catalogue_id.clone())));
        // A provider that refuses a credential likes to quote it.
        let is_quoting = fault.raw.as_ref().is_some_and(|raw| provider.credential.is_quoted_in(raw));
        let is_told = !is_quoting && !matches!(fault.status, 401 | 403);
        let previous = self.attempts.iter().filter(|attempt| !std::ptr::eq(*attempt, told));
        ProviderError {
            slug: (&*provider.slug).into(),
            code: fault.code().filter(|_| is_told),
            moderation: moderation.filter(|_| !is_quoting),
            previous: previous.filter_map(previous_error).collect(),
            models: self.request.models.clone(),
            is_byok: endpoint.is_byok(),
            outlook,
            retry_after: self.retry_after().filter(|_| outlook == Outlook::Later),
            raw: fault.raw.clone().filter(|_| is_told),
            ..ProviderError::new(fallback::client_status(&fault), fallback::client_error_type(&fault), &provider.name)
        }
        .into()
    }

    /// The `Retry-After`, in seconds, that goes with [`Exchange::error`]: the shortest wait that a provider has asked for which may do better
    /// later.
    pub fn retry_after(&self) -> Option<u64> {
        let outlook = self.told().and_then(Attempt::outlook);
        let later = self.attempts.iter().filter(|attempt| attempt.outlook() == Some(Outlook::Later));
        let shortest = later.filter_map(|attempt| attempt.retry_after.map(seconds)).min();
        shortest.filter(|_| outlook == Some(Outlook::Later) && self.refused.is_none())
    }
}

fn previous_error(attempt: &Attempt) -> Option<PreviousError> {
    let fault = attempt.outcome.fault()?;
    let (outlook, error_type) = (fallback::outlook(fault), fallback::client_error_type(fault));
    Some(PreviousError { provider: (&*attempt.endpoint.provider.slug).into(), outlook, error_type, status: attempt.outcome.status() })
}

/// Whole seconds, so that nobody comes too early.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}
