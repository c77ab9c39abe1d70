//! What a settled exchange says of the endpoints it was put to.

use super::{Attempt, Exchange, Outcome, Settlement, Spent};
use crate::clock::Millis;
use crate::error::ErrorType;
use crate::performance::Observation;
use crate::provider::Fault;
use crate::sticky::Change;

// === impl Settlement ===

impl Settlement {
    /// What each attempt says of its endpoint, as far as it says something.
    pub fn observations(&self) -> impl Iterator<Item = Observation> {
        let last = self.attempts.len().saturating_sub(1);
        self.attempts.iter().enumerate().filter_map(move |(index, attempt)| self.observed(attempt, index == last))
    }

    fn observed(&self, attempt: &Attempt, is_last: bool) -> Option<Observation> {
        let endpoint = attempt.endpoint.key;
        let none = Observation { endpoint, at: self.at, answered: false, latency: None, throughput: None };
        match &attempt.outcome {
            Outcome::Open => None,
            // What fails after it began has failed, whatever for.
            Outcome::Failed(_) if is_last && self.time_to_first_token.is_some() => Some(none),
            // Of a credential of the client's own the endpoint knows nothing.
            Outcome::Failed(fault) if attempt.endpoint.is_byok() && matches!(fault.status, 401 | 402 | 404) => None,
            Outcome::Failed(fault) | Outcome::Unanswered(fault) => counts_against(fault).then_some(none),
            Outcome::Accepted => {
                let started = Millis(self.at.0.saturating_sub(self.duration));
                let released = self.time_to_first_token.map(|first| Millis(started.0.saturating_add(first)));
                // Of an answer that came whole nobody knows when its first token was there.
                let latency = released.filter(|_| self.stream).map(|released| released.since(attempt.started));
                let ended = if self.stream { Some(self.at) } else { released };
                let took = ended.map(|ended| ended.since(attempt.started).max(1));
                let tokens = self.spent.filter(|_| !self.cancelled).map_or(0, |spent| spent.usage.output_tokens());
                let throughput = took.and_then(|took| tokens.saturating_mul(10_000).checked_div(took)).filter(|_| tokens > 0);
                Some(Observation { answered: true, latency, throughput, ..none })
            }
        }
    }
}

// === impl Exchange ===

impl Exchange {
    /// What becomes of the conversation's place, by how the attempts went.
    pub(super) fn sticky_change(&self, spent: Option<&Spent>, now: Millis) -> Option<Change> {
        let served = self.attempts.last().filter(|attempt| attempt.outcome == Outcome::Accepted);
        let cache = spent.is_some_and(|Spent { usage, .. }| {
            usage.cache_read.saturating_add(usage.cache_write_5m).saturating_add(usage.cache_write_1h) > 0
        });
        let failed = |key| {
            let mut failed = self.attempts.iter().filter(|attempt| attempt.outcome.fault().is_some());
            failed.any(|attempt| attempt.endpoint.key == key)
        };
        self.sticky.as_ref()?.change(served.map(|attempt| &*attempt.endpoint), cache, failed, now)
    }
}

/// Whether a fault counts against an endpoint's uptime: what the client is at fault for, refusals of permission and rate limits do not,
/// see <https://openrouter.ai/docs/guides/get-started/for-providers>.
fn counts_against(fault: &Fault) -> bool {
    match (fault.status, fault.error_type) {
        (_, ErrorType::ContextLengthExceeded | ErrorType::ContentPolicyViolation) => false,
        (401 | 402 | 404 | 408 | 424 | 500.., _) => true,
        // Neither an error nor an answer: a redirect, a 204.
        (..=399, _) => true,
        _ => false,
    }
}
