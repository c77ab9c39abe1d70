//! Provider formats: what goes to a provider, and what came back as OpenRouter's shape. One file for each format, all pure.

pub mod anthropic;
pub mod bedrock;
pub mod cohere;
mod embedding;
mod events;
mod fault;
pub mod gemini;
mod identifier;
pub mod mistral;
pub mod openai;
mod overrides;
mod renamed;
mod schema;
pub mod vertex;

use std::borrow::Cow;
use std::fmt::Debug;

pub use fault::Fault;

use self::overrides::Overrides;
use crate::api::Api;
use crate::chat::{Envelope, Finish, Provenance, Request};
use crate::clock::Clock;
use crate::config::{Dialect, Format};
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::splice::Pieces;
use crate::usage::Usage;

/// A request as it goes to one provider.
#[derive(Debug)]
pub struct Upstream<'a> {
    /// The path, with its query.
    pub path: Cow<'a, str>,
    /// Headers of the format's own, by their names in lower case. They win over the client's of the same name.
    pub headers: Vec<(&'static str, Cow<'a, [u8]>)>,
    /// The body.
    pub body: Pieces<'a>,
}

/// A whole answer in OpenRouter's shape but for the end: the `usage` member and the closing brace are still to be written.
#[derive(Debug)]
pub struct Completion {
    /// `{"id":…` up to the place of `,"usage":…}`.
    pub head: Vec<u8>,
    /// What the provider counted.
    pub usage: Option<Usage>,
    /// Bytes of text in the answer.
    pub output_bytes: usize,
    /// Why it ended.
    pub finish: Option<Finish>,
    /// What the provider says of it.
    pub provenance: Provenance,
}

/// A streamed answer: the provider's bytes in, OpenRouter's chunks out.
pub trait Stream: Debug {
    /// Takes the provider's next bytes and appends the chunks that they complete. After [`Progress::Done`] and
    /// [`Progress::Failed`] whatever comes is dropped.
    fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>);

    /// The provider has closed the stream: an answer that had an end is through, any other has failed.
    fn finish(&mut self, out: &mut Vec<u8>);

    /// What it has come to.
    fn account(&self) -> &Account;
}

/// What a stream has come to after the bytes that were fed to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// How far it is.
    pub progress: Progress,
    /// What the provider has counted so far.
    pub usage: Option<Usage>,
    /// Bytes of text so far.
    pub output_bytes: usize,
    /// Whether the provider gave a finish reason.
    pub finished: bool,
    /// Which.
    pub finish: Option<Finish>,
    /// What the provider has said of the answer.
    pub provenance: Provenance,
    /// Whether an event passed that was too large to be read, so that the count may be short.
    pub unread: bool,
}

/// How far a stream is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Nothing yet that a client would wait for: a role, a comment, a filter result.
    #[default]
    Preamble,
    /// The answer has begun.
    Begun,
    /// The provider has said that it is through.
    Done,
    /// The provider reported an error, or the stream is not one.
    Failed(Fault),
}

/// The request to `endpoint`. The clock is asked where the format signs its requests.
///
/// Errors: if the request cannot be said in the endpoint's format, because it is malformed where the gateway had no need to look.
pub fn request<'a>(request: &'a Request, endpoint: &'a Endpoint, clock: &dyn Clock) -> Result<Upstream<'a>, ClientError> {
    let overrides = Overrides::of(request, endpoint);
    if request.api == Api::Embeddings {
        return embedding::request(request, endpoint, &overrides, clock);
    }
    let upstream = match endpoint.format {
        _ if endpoint.provider.dialect == Dialect::Vertex => vertex::request(request, endpoint, clock)?,
        Format::OpenAi => openai::request(request, endpoint),
        Format::Anthropic => anthropic::request(request, endpoint)?,
        Format::Gemini => gemini::request(request, endpoint)?,
        // It signs the body, and so has to have the last word on it.
        Format::Bedrock => return bedrock::request(request, endpoint, &overrides, clock),
        Format::Mistral => mistral::request(request, endpoint),
        Format::Cohere => cohere::request(request, endpoint)?,
    };
    Ok(Upstream { body: overrides.apply_to(upstream.body), ..upstream })
}

/// Reads a whole answer of `endpoint` to `request`.
///
/// Errors: if it reports an error, or is not a completion.
pub fn completion(endpoint: &Endpoint, request: &Request, body: &[u8], envelope: &Envelope) -> Result<Completion, Fault> {
    if request.api == Api::Embeddings {
        return embedding::completion(endpoint, request, body, envelope);
    }
    match endpoint.format {
        Format::OpenAi | Format::Mistral => openai::completion(body, request.reasoning().exclude, envelope),
        Format::Anthropic => anthropic::completion(request, body, envelope),
        Format::Gemini => gemini::completion(body, request.reasoning().exclude, envelope),
        Format::Bedrock => bedrock::completion(endpoint, request, body, envelope),
        Format::Cohere => cohere::completion(request, body, envelope),
    }
}

/// A stream of `endpoint` that answers `request`, and whose chunks get `envelope`; an event larger than `max_event_bytes` is not read.
pub fn stream(endpoint: &Endpoint, request: &Request, envelope: Envelope, max_event_bytes: usize) -> Box<dyn Stream> {
    match endpoint.format {
        Format::OpenAi | Format::Mistral => Box::new(openai::Stream::new(envelope, request.reasoning().exclude, max_event_bytes)),
        Format::Anthropic => Box::new(anthropic::Stream::new(request, envelope, max_event_bytes)),
        Format::Gemini => Box::new(gemini::Stream::new(envelope, request.reasoning().exclude, max_event_bytes)),
        Format::Bedrock => Box::new(bedrock::Stream::new(endpoint, request, envelope, max_event_bytes)),
        Format::Cohere => Box::new(cohere::Stream::new(request, envelope, max_event_bytes)),
    }
}

// === impl Account ===

impl Account {
    /// Whether nothing that comes matters any more.
    pub fn is_over(&self) -> bool {
        matches!(self.progress, Progress::Done | Progress::Failed(_))
    }

    /// The stream is closed: without an end before it, it has failed.
    pub fn close(&mut self) {
        if !self.is_over() {
            self.progress = if self.finished { Progress::Done } else { Progress::Failed(Fault::invalid_answer(b"")) };
        }
    }
}
