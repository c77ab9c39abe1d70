//! What the client is told where Envoy answers by itself.

use proxy_wasm::types::Action;

use super::{Filter, State};
use crate::error::{ClientError, Error};
use crate::exchange::{AnswerHead, Unreached};
use crate::headers::{self, Numbers};
use crate::host::calls::{self, Headers, HostClock, Map};
use crate::inbound;

// === impl Filter ===

impl Filter {
    /// The head of Envoy's own answer is about to go to the client; `end` if it has no body.
    pub(super) fn replace_envoys_answer(&mut self, end: bool) -> Action {
        let status = calls::header(Map::Response, ":status").and_then(|status| std::str::from_utf8(&status).ok()?.parse().ok());
        let Some(error) = self.replacement(status.unwrap_or(500)) else {
            return Action::Continue;
        };
        if !matches!(error, Error::Provider(_)) {
            self.role.note(&error);
        }
        let (id, retry_after, body) = match &self.state {
            State::Planned(planned) => {
                let exchange = planned.handover.exchange.borrow();
                (exchange.generation_id().to_owned(), exchange.retry_after(), exchange.error_body(&error))
            }
            _ => (String::new(), None, error.body()),
        };
        // Of a provider's answer nothing is kept.
        let envoys = if is_envoys_own(&error) { calls::headers(Map::Response) } else { None };
        let kept = headers::of_envoys_refusal(envoys.iter().flat_map(Headers::iter));
        let retry_after = retry_after.or_else(|| headers::retry_after_of(&kept));
        let body = inbound::error_body(self.api(), body, &id);
        let head = AnswerHead { status: error.status(), stream: false, whole: true, cost: None, retry_after };
        let numbers = Numbers::of(&head, body.len());
        let mut headers = headers::for_client(&head, &numbers, &id, true);
        headers.extend(kept);
        if end {
            // There is no body to put ours in the place of.
            headers.retain(|(name, _)| !matches!(*name, b":status" | b"content-length"));
            if let State::Waiting(_) = &self.state {
                self.state = State::Answered;
            }
            calls::respond(error.status(), "signalbox", &headers, &body);
            return Action::Pause;
        }
        calls::replace_headers(Map::Response, &headers);
        let planned = match std::mem::replace(&mut self.state, State::Answered) {
            State::Planned(planned) => Some(planned),
            _ => None,
        };
        self.state = State::Replacing { planned, body };
        Action::Continue
    }

    /// Envoy answers by itself: what the client is told in its place.
    fn replacement(&self, status: u16) -> Option<Error> {
        let error = match &self.state {
            State::Planned(planned) => {
                let mut exchange = planned.handover.exchange.borrow_mut();
                if let Some(unreached) = response_flags().and_then(Unreached::of_flags)
                    && let Some(endpoint) = exchange.handle_unreached(unreached, &HostClock)
                {
                    self.role.tell_unreached(endpoint, unreached);
                }
                exchange.handle_response_to_client(status, &HostClock)
            }
            // 408: the client took too long to send its request. 413: Envoy's buffers are smaller than our limit.
            State::New | State::Reading { .. } | State::Waiting(_) => Some(Error::of_envoy(status)),
            State::Replacing { .. } | State::Answered => None,
        }?;
        // Whatever status Envoy is told to give then: 500 unless its configuration says otherwise.
        Some(if is_envoys_own(&error) && is_unchecked() { Error::NoRateLimitService } else { error })
    }
}

/// Whether `error` is of an answer that Envoy gave before any provider was asked.
fn is_envoys_own(error: &Error) -> bool {
    matches!(error, Error::Internal(_) | Error::NoRateLimitService | Error::Client(ClientError::Refused(_)))
}

/// Whether Envoy says that it refused the request because its rate limit service did not answer.
fn is_unchecked() -> bool {
    calls::property("response\0code_details").is_some_and(|details| details == b"rate_limiter_error")
}

/// What Envoy says became of the stream, a bit for each flag.
pub(super) fn response_flags() -> Option<u64> {
    calls::property("response\0flags").and_then(|flags| flags.try_into().ok()).map(u64::from_le_bytes)
}
