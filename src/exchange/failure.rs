//! What follows when an attempt fails: the next endpoint, or what the client is told.

use std::time::Duration;

use super::answer::Answer;
use super::{AnswerHead, Exchange, Outcome, Step};
use crate::chat::Finish;
use crate::clock::Clock;
use crate::error::{Error, ErrorType, PreviousError, ProviderError};
use crate::fallback::{self, Verdict};
use crate::health::EndpointKey;
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
        let verdict = fallback::verdict(&fault, retry_after, self.defaults.cooldown);
        match verdict {
            Verdict::NextEndpoint(rest) => self.rest(rest.filter(|_| !self.is_of_own_credential(&fault)), clock),
            Verdict::NextModel => self.skip_model(),
            Verdict::Answer => self.next = self.plan.len(),
        }
        self.answer = Answer::Over;
        if self.next < self.plan.len() {
            self.end_attempt(Outcome::Failed(fault));
            return Step::Retry;
        }
        let error = self.error(&fault);
        self.end_attempt(Outcome::Failed(fault));
        self.released = true;
        let retry_after = retry_after.map(|wait| wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)));
        Step::Release(AnswerHead { status: error.status(), stream: false, whole: true, cost: None, retry_after }, self.error_body(&error))
    }

    /// The same, of a response that has no body to put an answer in the place of: it goes on, and the gateway role answers.
    pub(super) fn fail_without_body(&mut self, fault: Fault, retry_after: Option<Duration>, clock: &dyn Clock) -> Step {
        match self.fail(fault, retry_after, clock) {
            Step::Release(head, _) => {
                self.released = false;
                self.retry_after = head.retry_after;
                Step::Leave
            }
            step => step,
        }
    }

    /// The endpoint of the current attempt rests for a while.
    pub(super) fn rest(&mut self, rest: Option<Duration>, clock: &dyn Clock) {
        if let (Some(attempt), Some(rest)) = (self.attempts.last(), rest) {
            self.troubles.push((EndpointKey::of(&attempt.endpoint), clock.now().after(rest)));
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

    pub(super) fn error(&self, fault: &Fault) -> Error {
        let (last, before) = match self.attempts.split_last() {
            Some((last, before)) => (Some(last), before),
            None => (None, &[][..]),
        };
        let moderation = fault.moderation().zip(last.map(|last| last.endpoint.catalogue_id.clone()));
        // A provider that refuses a credential likes to quote it.
        let has_credential = |raw: &str| last.is_some_and(|last| last.endpoint.provider.credential.is_quoted_in(raw));
        let raw = fault.raw.as_ref().filter(|raw| !has_credential(raw));
        ProviderError {
            status: fallback::client_status(fault),
            error_type: fault.error_type,
            provider: last.map_or_else(|| "".into(), |attempt| (&*attempt.endpoint.provider.name).into()),
            raw: raw.filter(|_| !matches!(fault.status, 401 | 403)).cloned(),
            moderation: moderation.filter(|_| raw.is_some()).map(Box::new),
            models: self.request.models.clone(),
            is_byok: last.is_some_and(|attempt| attempt.endpoint.is_byok()),
            previous: before
                .iter()
                .map(|attempt| PreviousError {
                    provider: (&*attempt.endpoint.provider.name).into(),
                    code: attempt.outcome.fault().map_or(502, |fault| fault.status),
                    status: attempt.outcome.status(),
                })
                .collect(),
        }
        .into()
    }
}
