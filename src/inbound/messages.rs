//! Anthropic's Messages, as a client speaks them.
//!
//! See <https://platform.claude.com/docs/en/api/messages> and OpenRouter's members beside it,
//! <https://openrouter.ai/docs/api/api-reference/anthropic-messages/create-messages>.

mod answer;
mod block;
mod citation;
mod error;
mod own;
mod queue;
mod request;
mod stop;
mod stream;

pub(super) use answer::Answer;
pub(super) use error::error_body;
pub(super) use request::count_tokens;
pub(super) use request::translate;
