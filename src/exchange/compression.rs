//! The request as one endpoint gets it, where the client's is more than its context holds.

use crate::chat::Request;
use crate::config::Format;
use crate::endpoint::Endpoint;
use crate::middle_out::{self, Limits};

/// The most messages that OpenRouter sends to a model of Anthropic's.
const MOST_ANTHROPIC_MESSAGES: usize = 1000;

/// Of a context, the share that is kept free for an answer whose length the client does not say: an eighth.
const ANSWERS_SHARE: u64 = 8;

/// The request without as much of its middle as is too much for `endpoint`; `None` if it goes out as it is.
pub(super) fn compressed(request: &Request, endpoint: &Endpoint) -> Option<Request> {
    let bytes =
        endpoint.context_length.filter(|context| request.plugins.compresses(*context)).and_then(|context| most_bytes(request, context));
    let messages = most_messages(request, endpoint);
    if bytes.is_none() && messages.is_none() {
        return None;
    }
    middle_out::compress(request, Limits { bytes: bytes.unwrap_or(usize::MAX), messages: messages.unwrap_or(usize::MAX) })
}

/// The bytes of text that a context of so many tokens has room for, if the request's do not fit.
fn most_bytes(request: &Request, context: u64) -> Option<usize> {
    let length = request.length();
    if length.total() <= context {
        return None;
    }
    let output = if length.output > 0 { length.output } else { context / ANSWERS_SHARE };
    let tokens = context.saturating_sub(length.tools).saturating_sub(output);
    usize::try_from(tokens.saturating_mul(4)).ok()
}

/// Where there is a limit and compression was asked for.
fn most_messages(request: &Request, endpoint: &Endpoint) -> Option<usize> {
    let is_anthropics = || endpoint.format == Format::Anthropic || endpoint.catalogue_id.starts_with("anthropic/");
    (request.plugins.context_compression == Some(true) && is_anthropics()).then_some(MOST_ANTHROPIC_MESSAGES)
}
