//! Embeddings: each endpoint's shape of them, and what the shapes that are not OpenAI's have in common.

mod answer;
mod list;
mod wanted;

use list::{Vector, list};
pub(super) use wanted::Wanted;

use super::overrides::Overrides;
use super::{Completion, Fault, Upstream, bedrock, cohere, gemini, openai, vertex};
use crate::chat::{Envelope, Request};
use crate::clock::Clock;
use crate::endpoint::{Embedding, Endpoint};
use crate::error::ClientError;

/// The request for embeddings to `endpoint`.
///
/// Errors: if something in the input is no text, and the endpoint takes nothing else.
pub(super) fn request<'a>(
    request: &'a Request,
    endpoint: &'a Endpoint,
    overrides: &Overrides<'_>,
    clock: &dyn Clock,
) -> Result<Upstream<'a>, ClientError> {
    let upstream = match endpoint.embedding() {
        // None has been asked for: plans leave such endpoints out.
        Some(Embedding::OpenAi) | None => openai::request(request, endpoint),
        Some(Embedding::Gemini) => gemini::embeddings::request(request, endpoint)?,
        Some(Embedding::VertexPredict) => vertex::embeddings::predict(request, endpoint, clock)?,
        Some(Embedding::VertexEmbedContent) => vertex::embeddings::embed_content(request, endpoint, clock)?,
        Some(Embedding::Cohere) => cohere::embeddings::request(request, endpoint)?,
        // It signs the body, and so has to have the last word on it.
        Some(Embedding::Titan) => return Ok(bedrock::invoke(bedrock::embeddings::titan(request, endpoint)?, endpoint, overrides, clock)),
        Some(Embedding::Nova) => return Ok(bedrock::invoke(bedrock::embeddings::nova(request)?, endpoint, overrides, clock)),
        Some(Embedding::CohereAtBedrock) => return Ok(bedrock::invoke(bedrock::embeddings::cohere(request)?, endpoint, overrides, clock)),
    };
    Ok(Upstream { body: overrides.apply_to(upstream.body), ..upstream })
}

/// Reads the whole answer of `endpoint` to `request`.
///
/// Errors: if it reports an error, or has not a vector for each input.
pub(super) fn completion(endpoint: &Endpoint, request: &Request, body: &[u8], envelope: &Envelope) -> Result<Completion, Fault> {
    match endpoint.embedding() {
        Some(Embedding::OpenAi) | None => openai::embeddings(body, envelope),
        Some(_) => answer::completion(request, body, envelope),
    }
}
