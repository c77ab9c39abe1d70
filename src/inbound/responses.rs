//! OpenAI's Responses, without a memory: each request brings the whole conversation.
//!
//! See <https://platform.openai.com/docs/api-reference/responses> and OpenRouter's members beside it,
//! <https://openrouter.ai/docs/api/reference/responses/overview>.

mod answer;
mod input;
mod item;
mod logprob;
mod object;
mod request;

pub(super) use answer::Answer;
pub(super) use request::translate;
