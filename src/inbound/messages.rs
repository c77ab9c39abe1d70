//! Anthropic's Messages, as a client speaks them.
//!
//! See <https://platform.claude.com/docs/en/api/messages> and OpenRouter's members beside it,
//! <https://openrouter.ai/docs/api/api-reference/anthropic-messages/create-messages>.

mod answer;
mod block;
mod error;
mod request;
mod stream;

pub(super) use answer::Answer;
pub(super) use error::error_body;
pub(super) use request::count_tokens;
pub(super) use request::translate;

use crate::json::Text;

/// Anthropic's word for why an answer ended: its own, if it is from there.
fn stop_reason(finish: Option<Text<'_>>, native: Option<Text<'_>>) -> &'static [u8] {
    let own: &[&[u8]] =
        &[b"end_turn", b"max_tokens", b"stop_sequence", b"tool_use", b"pause_turn", b"refusal", b"model_context_window_exceeded"];
    let native = native.and_then(|native| own.iter().find(|own| **own == native.raw));
    match finish.map(|finish| finish.raw) {
        Some(b"tool_calls" | b"function_call") => b"tool_use",
        Some(b"length") => {
            native.filter(|own| matches!(**own, b"pause_turn" | b"model_context_window_exceeded")).copied().unwrap_or(b"max_tokens")
        }
        Some(b"content_filter") => b"refusal",
        _ => native.copied().unwrap_or(b"end_turn"),
    }
}
