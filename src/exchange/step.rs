//! What the shell hands to an exchange of a response, and what it is told to do.

use std::time::Duration;

use crate::price::NanoUsd;

/// The head of a provider's response, as far as it matters.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead {
    /// The HTTP status.
    pub status: u16,
    /// What the body is said to be.
    pub media: Media,
    /// Whether it is compressed, though nobody asked for that.
    pub encoded: bool,
    /// How long the provider asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// What a body is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/json`, `text/json`, or another whose syntax is JSON's: `application/…+json` (RFC 6839, 3.1).
    Json,
    /// `text/plain`, which may be JSON that is called so.
    Text,
    /// `text/event-stream`, or AWS's `application/vnd.amazon.eventstream`.
    EventStream,
    /// Something else.
    Other,
    /// Nothing is said.
    Unknown,
}

/// What the shell does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Hold back what came, and wait for more.
    Hold,
    /// Have the router ask the next endpoint, which is behind [`Exchange::next_cluster`].
    Retry,
    /// Release the answer: these headers, then this body in the place of what came.
    Release(AnswerHead, Vec<u8>),
    /// Put these bytes in the place of what came.
    Body(Vec<u8>),
    /// Let everything through as it is.
    Pass,
    /// Leave the response to the gateway role.
    Leave,
}

/// The headers of an answer that the gateway decides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerHead {
    /// The HTTP status.
    pub status: u16,
    /// Whether the body is a stream of events, and not JSON.
    pub stream: bool,
    /// Whether the body of the answer is whole with this release.
    pub whole: bool,
    /// What it cost, where that is known by now.
    pub cost: Option<NanoUsd>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
}

// === impl Media ===

impl Media {
    /// The media of a `content-type`, its parameters and its case aside.
    pub fn of(content_type: &[u8]) -> Self {
        // As almost everybody writes it.
        match content_type {
            b"application/json" => return Self::Json,
            b"text/event-stream" => return Self::EventStream,
            _ => {}
        }
        let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        match () {
            () if essence.eq_ignore_ascii_case(b"text/event-stream") => Self::EventStream,
            () if essence.eq_ignore_ascii_case(b"application/vnd.amazon.eventstream") => Self::EventStream,
            () if essence.eq_ignore_ascii_case(b"application/json") || essence.eq_ignore_ascii_case(b"text/json") => Self::Json,
            () if is_json_by_suffix(essence) => Self::Json,
            () if essence.eq_ignore_ascii_case(b"text/plain") => Self::Text,
            () => Self::Other,
        }
    }
}

fn is_json_by_suffix(essence: &[u8]) -> bool {
    let is = |part: Option<&[u8]>, wanted: &[u8]| part.is_some_and(|part| part.eq_ignore_ascii_case(wanted));
    is(essence.get(..12), b"application/") && is(essence.len().checked_sub(5).and_then(|at| essence.get(at..)), b"+json")
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_name_of_json_is_json() {
        for (content_type, media) in [
            ("application/json", Media::Json),
            ("Application/JSON; charset=utf-8", Media::Json),
            ("text/json", Media::Json),
            ("application/vnd.acme.v1+json ;x=y", Media::Json),
            ("application/problem+JSON", Media::Json),
            ("text/plain; charset=utf-8", Media::Text),
            ("text/html", Media::Other),
            ("image/svg+json", Media::Other),
            ("+json", Media::Other),
            ("", Media::Other),
            ("text/event-stream", Media::EventStream),
        ] {
            assert_eq!(Media::of(content_type.as_bytes()), media, "{content_type}");
        }
    }
}
