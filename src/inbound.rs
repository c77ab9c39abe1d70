//! The APIs beside chat completions: a request of theirs becomes a chat completion, and OpenRouter's answer becomes theirs.
//!
//! ```text
//! body ─▶ translate ─▶ chat::Request, routed and tried as every other ─▶ exchange::Step ─▶ Translator::step ─▶ client
//! ```
//!
//! Texts are copied with their escapes, numbers and schemas as they were written; nothing is built that a slice can stand for.

mod body;
mod completions;
mod event;
mod messages;
mod nesting;
mod object;
mod responses;
mod said;
mod sealed;

use crate::api::Api;
use crate::chat::Request;
use crate::clock::Clock;
use crate::error::{ClientError, Error, ErrorType, ProviderError};
use crate::exchange::Step;
use crate::preset::Presets;

/// A request of another API, as a chat completion.
#[derive(Debug)]
struct Translated {
    /// The chat completion's body.
    body: Vec<u8>,
    /// What brings the answer back into the API.
    shape: Shape,
}

/// Brings answers to a request into the shape of the API that it came by.
#[derive(Debug, Default)]
pub struct Translator(Shape);

/// The shape of an answer.
#[derive(Debug, Default)]
enum Shape {
    /// OpenRouter's.
    #[default]
    OpenRouter,
    /// [`Api::Completions`].
    Completions(completions::Answer),
    /// [`Api::Messages`].
    Messages(Box<messages::Answer>),
    /// [`Api::Responses`].
    Responses(Box<responses::Answer>),
}

/// Reads a request of `api`; the other arguments are those of [`Request::parse_as`]. Presets say what they say in a chat completion's words,
/// so they come to it when it is one.
///
/// Errors: if it is not of the API's shape, asks for what a chat completion has no word for, or those of [`Request::parse_as`].
pub fn parse(
    api: Api,
    body: Vec<u8>,
    provider_header: Option<&[u8]>,
    max_models: usize,
    presets: &Presets,
) -> Result<(Request, Translator), ClientError> {
    let translated = match api {
        Api::Chat | Api::Embeddings => {
            return Ok((Request::parse_as(api, body, provider_header, max_models, presets)?, Translator::default()));
        }
        Api::Completions => completions::translate(&body)?,
        Api::Messages => messages::translate(&body).map_err(|error| api.tell(error))?,
        Api::Responses => responses::translate(&body)?,
    };
    let request = Request::parse_as(api, translated.body, provider_header, max_models, presets)?;
    Ok((request, Translator(translated.shape)))
}

/// A request of [`Api::Messages`], and the body that answers how many tokens its prompt has.
///
/// Errors: those of [`parse`].
pub fn count_tokens(request: &[u8], max_models: usize, presets: &Presets) -> Result<(Request, Vec<u8>), ClientError> {
    messages::count_tokens(request, max_models, presets)
}

/// The `body` of an [`Error`] in the shape of `api`; `generation_id` is empty if there is none yet.
pub fn error_body(api: Api, body: Vec<u8>, generation_id: &str) -> Vec<u8> {
    match api {
        Api::Messages => messages::error_body(&body, generation_id),
        Api::Chat | Api::Completions | Api::Embeddings | Api::Responses => body,
    }
}

// === impl Translator ===

impl Translator {
    /// What goes to the client in the place of `step`, which is the exchange's. The clock is asked where an API tells the time of an end.
    pub fn step(&mut self, step: Step, generation_id: &str, clock: &dyn Clock) -> Step {
        if matches!(self.0, Shape::OpenRouter) {
            return step;
        }
        match step {
            Step::Release(head, body) if head.stream => {
                let body = self.stream(&body, clock);
                Step::Release(head, body)
            }
            Step::Release(mut head, body) if head.status < 300 => match self.whole(&body, clock) {
                Some(body) => Step::Release(head, body),
                None => {
                    head.status = 502;
                    Step::Release(head, self.error(&untellable().body(), generation_id))
                }
            },
            Step::Release(head, body) => Step::Release(head, self.error(&body, generation_id)),
            Step::Body(body) => Step::Body(self.stream(&body, clock)),
            step => step,
        }
    }

    /// The next bytes of a stream.
    fn stream(&mut self, bytes: &[u8], clock: &dyn Clock) -> Vec<u8> {
        match &mut self.0 {
            Shape::OpenRouter => bytes.to_vec(),
            Shape::Completions(answer) => answer.stream(bytes),
            Shape::Messages(answer) => answer.stream(bytes),
            Shape::Responses(answer) => answer.stream(bytes, clock),
        }
    }

    /// A whole answer; `None` if it cannot be told in the API.
    fn whole(&mut self, body: &[u8], clock: &dyn Clock) -> Option<Vec<u8>> {
        match &mut self.0 {
            Shape::OpenRouter => Some(body.to_vec()),
            Shape::Completions(_) => completions::whole(body),
            Shape::Messages(answer) => answer.whole(body),
            Shape::Responses(answer) => answer.whole(body, clock),
        }
    }

    fn error(&self, body: &[u8], generation_id: &str) -> Vec<u8> {
        match &self.0 {
            Shape::Messages(_) => messages::error_body(body, generation_id),
            Shape::OpenRouter | Shape::Completions(_) | Shape::Responses(_) => body.to_vec(),
        }
    }
}

/// The error of an answer that passed all tests but is not what it seemed.
fn untellable() -> Error {
    ProviderError::new(502, ErrorType::ProviderUnavailable, "").into()
}

#[cfg(test)]
mod tests;
