//! Anthropic's Messages.
//!
//! See <https://platform.claude.com/docs/en/api/messages>.

mod block;
mod completion;
pub(super) mod model;
mod request;
mod schema;
mod stream;
mod turns;

pub use completion::completion;
pub use request::request;
pub(super) use request::{Platform, body};
pub use stream::Stream;

use crate::api::Api;
use crate::chat::Request;
use crate::chat::chunks::FinishReason;

/// What `reasoning_details` call reasoning of Claude's.
pub const FORMAT: &str = "anthropic-claude-v1";

/// Whether an answer goes to somebody who speaks Anthropic's format. Such a one gets what it says as it is: a chat completion, and each
/// chunk of one, then has a member `anthropic`, which is the provider's message or event. Where a text may be healed it is not that message
/// any more.
fn is_told_as_it_is(request: &Request) -> bool {
    request.api == Api::Messages && !request.plugins.response_healing
}

/// OpenRouter's word for a `stop_reason`.
fn finish_reason(native: &[u8]) -> FinishReason {
    match native {
        // `pause_turn`: the provider paused a long turn, and goes on if it is sent back. Whoever asks must not take it for the end.
        b"max_tokens" | b"model_context_window_exceeded" | b"pause_turn" => FinishReason::Length,
        b"tool_use" => FinishReason::ToolCalls,
        b"refusal" => FinishReason::ContentFilter,
        // `end_turn`, `stop_sequence`, and what is still to come.
        _ => FinishReason::Stop,
    }
}
