//! Embeddings: `predict` of the older models, and `embedContent` of those after `gemini-embedding-001`.
//!
//! See <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api> and, for what differs,
//! <https://github.com/googleapis/js-genai/blob/main/src/converters/_models_converters.ts>.

use super::upstream;
use crate::chat::Request;
use crate::clock::Clock;
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::json;
use crate::provider::Upstream;
use crate::provider::embedding::Wanted;
use crate::provider::gemini::embeddings::task;

/// The request to `endpoint` by `predict`: an instance for each text.
///
/// Errors: if something other than text is to be embedded.
pub(in crate::provider) fn predict<'a>(request: &Request, endpoint: &Endpoint, clock: &dyn Clock) -> Result<Upstream<'a>, ClientError> {
    let wanted = Wanted::of(request)?;
    let mut out = Vec::with_capacity(request.body().len().saturating_add(512));
    out.extend_from_slice(b"{\"instances\":[");
    for (index, text) in wanted.texts.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{\"content\":" } else { b",{\"content\":" });
        json::text_into(&mut out, *text);
        if let Some(task) = wanted.input_type.and_then(|input_type| task(input_type.raw)) {
            out.extend_from_slice(b",\"task_type\":");
            json::string_into(&mut out, task);
        }
        out.push(b'}');
    }
    out.push(b']');
    if let Some(dimensions) = wanted.dimensions {
        out.extend_from_slice(b",\"parameters\":{\"outputDimensionality\":");
        out.extend_from_slice(dimensions);
        out.push(b'}');
    }
    out.push(b'}');
    Ok(upstream("google", "predict", out, endpoint, clock))
}

/// The request to `endpoint` by `embedContent`, which takes one text.
///
/// Errors: if something other than one text is to be embedded.
pub(in crate::provider) fn embed_content<'a>(
    request: &Request,
    endpoint: &Endpoint,
    clock: &dyn Clock,
) -> Result<Upstream<'a>, ClientError> {
    let wanted = Wanted::of(request)?;
    let mut out = Vec::with_capacity(request.body().len().saturating_add(512));
    out.extend_from_slice(b"{\"content\":{\"role\":\"user\",\"parts\":[{\"text\":");
    json::text_into(&mut out, wanted.only_text()?);
    out.extend_from_slice(b"}]}");
    let task = wanted.input_type.and_then(|input_type| task(input_type.raw));
    match (task, wanted.dimensions) {
        (None, None) => {}
        (task, dimensions) => {
            out.extend_from_slice(b",\"embedContentConfig\":{");
            if let Some(task) = task {
                out.extend_from_slice(b"\"taskType\":");
                json::string_into(&mut out, task);
            }
            if let Some(dimensions) = dimensions {
                out.extend_from_slice(if task.is_some() { b",\"outputDimensionality\":" } else { b"\"outputDimensionality\":" });
                out.extend_from_slice(dimensions);
            }
            out.push(b'}');
        }
    }
    out.push(b'}');
    Ok(upstream("google", "embedContent", out, endpoint, clock))
}
