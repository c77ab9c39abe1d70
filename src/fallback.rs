//! What came back from a provider, and what follows from it: for the next attempt, and for the client if there is none.

use std::time::Duration;

use crate::error::{ErrorType, Outlook};
use crate::provider::Fault;

/// What follows from a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The next endpoint may do better. The endpoint that failed is in trouble for that long, if at all.
    NextEndpoint(Option<Duration>),
    /// Another model may do better; another endpoint of this one would refuse, too.
    NextModel,
    /// The client's fault: nobody would do better.
    Answer,
}

/// The verdict on `fault`. `retry_after` is what the provider said; `cooldown` stands where it said nothing.
///
/// | came back | verdict |
/// |---|---|
/// | 408, 424, 429, 499, 5xx, no valid answer | next endpoint; the endpoint rests |
/// | 401, 402, 403, 404 | next endpoint: the operator's credential, credit or model name is wrong, not the client's request |
/// | 403 about what OpenRouter found in the prompt | next endpoint; this one does not rest |
/// | 400, 413, 422 about the context length or a content filter | next model |
/// | 400, 413, 422 and other 4xx | the client's fault |
pub fn verdict(fault: &Fault, retry_after: Option<Duration>, cooldown: Duration) -> Verdict {
    match (fault.status, fault.error_type) {
        // It was the provider that wanted the prompt looked at, not the model.
        (403, ErrorType::ContentPolicyViolation) => Verdict::NextEndpoint(None),
        (_, ErrorType::ContextLengthExceeded | ErrorType::ContentPolicyViolation) => Verdict::NextModel,
        (408 | 424 | 429 | 499.., _) => Verdict::NextEndpoint(Some(retry_after.unwrap_or(cooldown))),
        (401..=404, _) => Verdict::NextEndpoint(Some(cooldown)),
        (400..499, _) => Verdict::Answer,
        // Neither an error nor an answer: a redirect, a 204.
        _ => Verdict::NextEndpoint(Some(cooldown)),
    }
}

/// What `fault` leaves to hope for.
pub fn outlook(fault: &Fault) -> Outlook {
    match verdict(fault, None, Duration::ZERO) {
        Verdict::Answer => Outlook::OtherRequest,
        Verdict::NextModel | Verdict::NextEndpoint(None) => Outlook::OtherPrompt,
        Verdict::NextEndpoint(_) if fault.status == 404 => Outlook::Gone,
        Verdict::NextEndpoint(_) if operators_fault(fault).is_some() => Outlook::Refused,
        Verdict::NextEndpoint(_) => Outlook::Later,
    }
}

/// What is wrong at the operator's side, where a fault is not the client's and does not pass by itself: credential, credit, model name.
pub fn operators_fault(fault: &Fault) -> Option<&'static str> {
    match fault.status {
        401 => Some("the credential is wrong"),
        402 => Some("the account has no credit"),
        403 => Some("the credential may not be used for this"),
        404 => Some("there is no such model or path"),
        _ => None,
    }
}

/// The status a client gets for the fault that it is told.
///
/// A provider that does not know the model is one fewer that can serve it: OpenRouter's 404, `model_unavailable_upstream`. That a provider
/// refuses the gateway's credential is a 502: a 401, 402 or 403 would say that it is the client's own key that is wrong.
pub fn client_status(fault: &Fault) -> u16 {
    match (fault.status, fault.error_type) {
        (403, ErrorType::ContentPolicyViolation) => 403,
        (_, ErrorType::ContextLengthExceeded | ErrorType::ContentPolicyViolation) => 400,
        (400 | 412 | 413 | 422 | 429 | 503 | 504 | 529, _) => fault.status,
        (401..=403, _) => 502,
        (404, _) => 404,
        // Cloudflare's word for it is 524.
        (408 | 524, _) => 504,
        // Bedrock: the model behind it has failed; Cohere: it has cancelled the request.
        (424 | 499, _) => 502,
        (405..=499, _) => 400,
        _ => 502,
    }
}

/// The `error_type` that goes with [`client_status`].
pub fn client_error_type(fault: &Fault) -> ErrorType {
    match (client_status(fault), fault.status) {
        (404, _) => ErrorType::NotFound,
        (502, 401..=403) => ErrorType::ProviderUnavailable,
        _ => fault.error_type,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn verdicts_follow_the_table() {
        const REST: Duration = Duration::from_secs(30);
        const SAID: Duration = Duration::from_secs(7);
        for status in [401, 402, 403, 404, 408, 424, 429, 499, 500, 502, 503, 504, 529, 302, 204] {
            let fault = Fault::of_status(status, b"{}");
            let rest = if matches!(status, 401..=404 | 302 | 204) { REST } else { SAID };
            assert_eq!(verdict(&fault, Some(SAID), REST), Verdict::NextEndpoint(Some(rest)), "{status}");
        }
        for status in [400, 413, 422, 405, 418] {
            assert_eq!(verdict(&Fault::of_status(status, b"{}"), None, REST), Verdict::Answer, "{status}");
        }
        let context = Fault::of_status(400, br#"{"error":{"code":"context_length_exceeded"}}"#);
        assert_eq!(verdict(&context, None, REST), Verdict::NextModel);
    }

    #[test]
    fn what_could_be_retried_decides_unless_nobody_would_take_the_request() {
        let of = |status, body: &[u8]| outlook(&Fault::of_status(status, body));
        let of_length = of(400, br#"{"error":{"code":"context_length_exceeded"}}"#);
        for unserved in [401, 402, 403, 404] {
            assert!(of(unserved, b"{}") < of_length, "{unserved}");
        }
        for later in [408, 424, 429, 499, 500, 502, 503, 504, 529, 302, 204] {
            assert!(of(later, b"{}") > of_length && of(later, b"{}") < of(400, b"{}"), "{later}");
        }
        let moderated = br#"{"error":{"code":403,"metadata":{"reasons":["violence"]}}}"#;
        assert_eq!((of(403, moderated), of(422, b"{}")), (Outlook::OtherPrompt, Outlook::OtherRequest));
        assert!(of(404, b"{}") < of(401, b"{}"), "gone is what all say to be");
    }

    #[test]
    fn a_refused_credential_is_not_the_clients_fault() {
        for (status, client) in [
            (401, 502),
            (402, 502),
            (403, 502),
            (404, 404),
            (412, 412),
            (400, 400),
            (422, 422),
            (429, 429),
            (500, 502),
            (503, 503),
            (408, 504),
            (524, 504),
            (424, 502),
            (499, 502),
            (498, 400),
            (529, 529),
            (302, 502),
        ] {
            assert_eq!(client_status(&Fault::of_status(status, b"")), client, "{status}");
        }
    }
}
