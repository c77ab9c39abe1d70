//! An error as a provider reports it in a body or in a stream.

mod code;
mod moderation;

use std::borrow::Cow;

use crate::error::ErrorType;
use crate::json::{Kind, Scanner};

/// What a provider reports, or what is wrong with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The status that belongs to it: from the HTTP head, or as the body says.
    pub status: u16,
    /// What kind of failure.
    pub error_type: ErrorType,
    /// What the provider sent, cut to [`Fault::MAX_RAW`] bytes.
    pub raw: Option<String>,
}

// === impl Fault ===

impl Fault {
    /// The most bytes of a provider's error body that are kept.
    pub const MAX_RAW: usize = 4096;

    /// An answer that is not what was asked for: not JSON, no choices, HTML …
    pub fn invalid_answer(body: &[u8]) -> Self {
        Self { status: 502, error_type: ErrorType::ProviderUnavailable, raw: cut(body) }
    }

    /// The fault of an answer that ended for an error which the provider tells in one word, `native`, alone.
    pub fn ended(native: &str) -> Self {
        Self { status: 502, error_type: ErrorType::ProviderUnavailable, raw: cut(native.as_bytes()) }
    }

    /// The fault of an error answer of this HTTP status.
    pub fn of_status(status: u16, body: &[u8]) -> Self {
        let named = type_of(body);
        let error_type = match (status, named) {
            // Cohere's: «a request or response contains a deny-listed token».
            (498, _) => ErrorType::ContentPolicyViolation,
            (400 | 413 | 422, Some(named @ (ErrorType::ContextLengthExceeded | ErrorType::ContentPolicyViolation))) => named,
            // The operator's fault and not the client's, whatever the status: Gemini's answer to a key that it does not know, Anthropic's
            // to an account without credit, Bedrock's to a model that it does not have there.
            (400, Some(ErrorType::Authentication)) => return Self { status: 401, error_type: ErrorType::Authentication, raw: cut(body) },
            (400, Some(ErrorType::PaymentRequired)) => return Self { status: 402, error_type: ErrorType::PaymentRequired, raw: cut(body) },
            (400, Some(ErrorType::PermissionDenied)) => {
                return Self { status: 403, error_type: ErrorType::PermissionDenied, raw: cut(body) };
            }
            (400, Some(ErrorType::NotFound)) => return Self { status: 404, error_type: ErrorType::NotFound, raw: cut(body) },
            (403, _) if moderation::read(body).is_some() => ErrorType::ContentPolicyViolation,
            _ => ErrorType::of_status(status),
        };
        Self { status, error_type, raw: cut(body) }
    }

    /// The fault in an `error` member of an answer whose HTTP status was 200.
    pub fn in_band(error: &[u8]) -> Self {
        let code = code(error);
        let named = match code {
            Some(403) if moderation::read(error).is_some() => Some(ErrorType::ContentPolicyViolation),
            _ => type_of(error),
        };
        let error_type = named.or(code.map(ErrorType::of_status)).unwrap_or(ErrorType::ProviderUnavailable);
        let status = code.unwrap_or(match error_type {
            ErrorType::RateLimitExceeded => 429,
            ErrorType::ProviderOverloaded => 529,
            ErrorType::ContextLengthExceeded | ErrorType::ContentPolicyViolation | ErrorType::InvalidRequest => 400,
            ErrorType::Authentication => 401,
            ErrorType::Timeout => 504,
            ErrorType::Server => 500,
            ErrorType::PermissionDenied => 403,
            ErrorType::PaymentRequired => 402,
            ErrorType::NotFound => 404,
            ErrorType::PayloadTooLarge => 413,
            _ => 502,
        });
        Self { status, error_type, raw: cut(error) }
    }
}

/// What an error says of itself, by its name, or by its message where the name covers too much.
fn type_of(body: &[u8]) -> Option<ErrorType> {
    let named = name(body).and_then(|name| type_of_name(&name));
    if !matches!(named, None | Some(ErrorType::InvalidRequest)) {
        return named;
    }
    type_of_message(body).or(named)
}

/// Anthropic and Mistral call all of these `invalid_request_error`, Gemini `INVALID_ARGUMENT`, Bedrock `ValidationException`, and Cohere
/// nothing.
fn type_of_message(body: &[u8]) -> Option<ErrorType> {
    const ABOUT_LENGTH: [&str; 9] = [
        "prompt is too long",
        "Input is too long",
        "exceed context limit",
        "exceeds the maximum number of tokens",
        "Too many input tokens",
        "Input Tokens Exceeded",
        "maximum context length",
        "number of tokens in the prompt cannot exceed",
        "too many tokens: size limit exceeded",
    ];
    let mut found = None;
    walk(&mut Scanner::new(body), &mut |key, value| {
        if key.eq_ignore_ascii_case(b"message") {
            let says = |part: &str| memchr::memmem::find(value, part.as_bytes()).is_some();
            found = match () {
                () if ABOUT_LENGTH.into_iter().any(says) => Some(ErrorType::ContextLengthExceeded),
                () if says("content filtering policy") => Some(ErrorType::ContentPolicyViolation),
                () if says("credit balance is too low") => Some(ErrorType::PaymentRequired),
                () if says("User location is not supported") => Some(ErrorType::PermissionDenied),
                () if says("model identifier is invalid") || says("on-demand throughput") => Some(ErrorType::NotFound),
                () => found,
            };
        }
    });
    found
}

fn type_of_name(name: &str) -> Option<ErrorType> {
    let is = |part: &str| name.contains(part);
    Some(match () {
        () if is("context_length") || is("context_window") || is("string_above_max_length") => ErrorType::ContextLengthExceeded,
        () if is("content_filter") || is("content_policy") || is("ResponsibleAI") => ErrorType::ContentPolicyViolation,
        () if is("rate_limit") || is("insufficient_quota") || is("too_many_requests") => ErrorType::RateLimitExceeded,
        () if is("overloaded") || is("engine_overloaded") || is("service_unavailable") => ErrorType::ProviderOverloaded,
        () if is("timeout") => ErrorType::Timeout,
        () if is("authentication") || is("invalid_api_key") || is("API_KEY_INVALID") => ErrorType::Authentication,
        () if is("server_error") || is("internal_error") || is("api_error") => ErrorType::Server,
        () if is("permission_error") => ErrorType::PermissionDenied,
        () if is("billing_error") => ErrorType::PaymentRequired,
        () if is("not_found_error") => ErrorType::NotFound,
        () if is("request_too_large") => ErrorType::PayloadTooLarge,
        () if is("invalid_request") => ErrorType::InvalidRequest,
        () => return None,
    })
}

/// Walks `{…}` or `{"error":{…}}`, or an array with one of them, and calls `member` for each member of the error object.
fn walk<'a>(scanner: &mut Scanner<'a>, member: &mut dyn FnMut(&[u8], &'a [u8])) {
    /// An error in an error in a list, and one more. Each level is read once more than the one around it.
    const MOST_LEVELS: u32 = 4;
    walk_levels(scanner, MOST_LEVELS, member);
}

fn walk_levels<'a>(scanner: &mut Scanner<'a>, levels: u32, member: &mut dyn FnMut(&[u8], &'a [u8])) {
    let Some(levels) = levels.checked_sub(1) else { return };
    if scanner.kind() == Ok(Kind::Array) {
        _ = scanner.elements(&mut |scanner| {
            walk_levels(&mut scanner.clone(), levels, member);
            scanner.skip().map(|_| ())
        });
        return;
    }
    _ = scanner.members(&mut |scanner, key, _| {
        if key.raw == b"error" && scanner.kind()? == Kind::Object {
            walk_levels(&mut scanner.clone(), levels, member);
        }
        member(key.raw, scanner.raw()?);
        Ok(())
    });
}

/// `error.code` and `error.type`, whichever are strings, joined: providers put the telling word in either. Gemini puts it into a
/// `reason` among the details.
fn name(body: &[u8]) -> Option<String> {
    let mut names = String::new();
    let mut push = |name: &str| names.extend([name, " "]);
    walk(&mut Scanner::new(body), &mut |key, value| match (key, Scanner::new(value).string()) {
        (b"code" | b"type" | b"error_type", Ok(text)) => push(&text.value()),
        (b"details", Err(_)) => walk(&mut Scanner::new(value), &mut |key, value| {
            if let (b"reason", Ok(text)) = (key, Scanner::new(value).string()) {
                push(&text.value());
            }
        }),
        _ => {}
    });
    (!names.is_empty()).then_some(names)
}

fn code(error: &[u8]) -> Option<u16> {
    let mut code = None;
    walk(&mut Scanner::new(error), &mut |key, value| {
        // Mistral's `code` is a number of its own.
        if matches!(key, b"code" | b"status" | b"raw_status_code") {
            let digits = Scanner::new(value).string().map_or(Cow::Borrowed(value), |text| Cow::Owned(text.raw.to_vec()));
            let status = std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok());
            code = code.or(status.filter(|status| (400..600).contains(status)));
        }
    });
    code
}

fn cut(body: &[u8]) -> Option<String> {
    let body = body.get(..Fault::MAX_RAW).unwrap_or(body).trim_ascii();
    (!body.is_empty()).then(|| String::from_utf8_lossy(body).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn errors_within_a_200_tell_their_status() {
        for (error, status, error_type) in [
            (r#"{"message":"x","type":"server_error","code":null}"#, 500, ErrorType::Server),
            (r#"{"message":"x","code":429}"#, 429, ErrorType::RateLimitExceeded),
            (r#"{"message":"x","code":"rate_limit_exceeded"}"#, 429, ErrorType::RateLimitExceeded),
            (r#"{"type":"overloaded_error"}"#, 529, ErrorType::ProviderOverloaded),
            (r#"{"code":"503"}"#, 503, ErrorType::ProviderOverloaded),
            (r#"{"code":"context_length_exceeded","type":"invalid_request_error"}"#, 400, ErrorType::ContextLengthExceeded),
            (r#""just text""#, 502, ErrorType::ProviderUnavailable),
            (r#"{"code":7}"#, 502, ErrorType::ProviderUnavailable),
            (r#"{"type":"api_error","message":"x"}"#, 500, ErrorType::Server),
            (r#"{"type":"rate_limit_error","message":"x"}"#, 429, ErrorType::RateLimitExceeded),
            (r#"{"type":"timeout_error","message":"x"}"#, 504, ErrorType::Timeout),
            (r#"{"type":"permission_error","message":"x"}"#, 403, ErrorType::PermissionDenied),
        ] {
            let fault = Fault::in_band(error.as_bytes());
            assert_eq!((fault.status, fault.error_type), (status, error_type), "{error}");
        }
    }

    #[test]
    fn a_400_can_be_about_the_context_or_the_content() {
        let kind = |body: &str| Fault::of_status(400, body.as_bytes()).error_type;
        let length = ErrorType::ContextLengthExceeded;
        assert_eq!(kind(r#"{"error":{"code":"context_length_exceeded"}}"#), ErrorType::ContextLengthExceeded);
        assert_eq!(kind(r#"[{"error":{"code":"content_filter"}}]"#), ErrorType::ContentPolicyViolation);
        assert_eq!(kind(r#"{"error":{"code":"rate_limit_exceeded"}}"#), ErrorType::InvalidRequest);
        assert_eq!(kind(r#"{"message":"The model returned the following errors: prompt is too long: 2 tokens > 1 maximum"}"#), length);
        assert_eq!(kind(r#"{"message":"Input is too long for requested model."}"#), length);
        let cohere = "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292. Try using a shorter prompt";
        assert_eq!(kind(&format!(r#"{{"id":"1","message":"{cohere}"}}"#)), length);
        let of_answer =
            r#"{"message":"too many tokens: max tokens must be less than or equal to 4096, the maximum output for this model"}"#;
        assert_eq!(kind(of_answer), ErrorType::InvalidRequest);
        assert_eq!(kind(r#"{"message":"The tool name is too long."}"#), ErrorType::InvalidRequest);
        assert_eq!(kind("<html>"), ErrorType::InvalidRequest);
        let anthropic =
            |message: &str| kind(&format!(r#"{{"type":"error","error":{{"type":"invalid_request_error","message":"{message}"}}}}"#));
        assert_eq!(anthropic("prompt is too long: 210000 tokens > 200000 maximum"), ErrorType::ContextLengthExceeded);
        assert_eq!(anthropic("input length and `max_tokens` exceed context limit: 1 + 2 > 2"), ErrorType::ContextLengthExceeded);
        assert_eq!(anthropic("Output blocked by content filtering policy"), ErrorType::ContentPolicyViolation);
        assert_eq!(anthropic("messages: at least one message is required"), ErrorType::InvalidRequest);
    }

    #[test]
    fn a_400_can_be_the_operators_fault() {
        for (body, status, error_type) in [
            (
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}"#,
                402,
                ErrorType::PaymentRequired,
            ),
            (r#"{"message":"The provided model identifier is invalid."}"#, 404, ErrorType::NotFound),
            (
                r#"{"message":"Invocation of model ID amazon.nova-2-lite-v1:0 with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model."}"#,
                404,
                ErrorType::NotFound,
            ),
            (
                r#"{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}"#,
                403,
                ErrorType::PermissionDenied,
            ),
        ] {
            let fault = Fault::of_status(400, body.as_bytes());
            assert_eq!((fault.status, fault.error_type), (status, error_type), "{body}");
        }
    }

    #[test]
    fn t61_gemini_says_what_it_means_among_the_details() {
        let unknown_key = br#"[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT",
            "details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}]"#;
        let fault = Fault::of_status(400, unknown_key);
        assert_eq!((fault.status, fault.error_type), (401, ErrorType::Authentication));
        let long = r#"{"error":{"code":400,"status":"INVALID_ARGUMENT",
            "message":"The input token count (1100000) exceeds the maximum number of tokens allowed (1048576)."}}"#;
        assert_eq!(Fault::of_status(400, long.as_bytes()).error_type, ErrorType::ContextLengthExceeded);
        let quota = br#"{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{"reason":"RATE_LIMIT_EXCEEDED"}]}"#;
        assert_eq!(Fault::in_band(quota).status, 429);
    }
}
