//! Embeddings: `batchEmbedContents`, one request within it for each text.
//!
//! See <https://ai.google.dev/api/embeddings#method:-models.batchembedcontents>.

use super::path;
use crate::chat::Request;
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::json;
use crate::provider::Upstream;
use crate::provider::embedding::Wanted;

/// The request to `endpoint`.
///
/// Errors: if something other than text is to be embedded.
pub(in crate::provider) fn request<'a>(request: &Request, endpoint: &Endpoint) -> Result<Upstream<'a>, ClientError> {
    let wanted = Wanted::of(request)?;
    let name = endpoint.model.strip_prefix("models/").unwrap_or(&endpoint.model);
    let mut model = Vec::new();
    json::string_into(&mut model, &format!("models/{name}"));
    let mut out = Vec::with_capacity(request.body().len().saturating_add(512));
    out.extend_from_slice(b"{\"requests\":[");
    for (index, text) in wanted.texts.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{\"model\":" } else { b",{\"model\":" });
        out.extend_from_slice(&model);
        out.extend_from_slice(b",\"content\":{\"parts\":[{\"text\":");
        json::text_into(&mut out, *text);
        out.extend_from_slice(b"}]}");
        if let Some(task) = wanted.input_type.and_then(|input_type| task(input_type.raw)) {
            out.extend_from_slice(b",\"taskType\":");
            json::string_into(&mut out, task);
        }
        if let Some(dimensions) = wanted.dimensions {
            out.extend_from_slice(b",\"outputDimensionality\":");
            out.extend_from_slice(dimensions);
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
    let path = path(&endpoint.provider.path_prefix, &endpoint.model, "batchEmbedContents");
    Ok(Upstream { path: path.into(), headers: Vec::new(), body: out.into() })
}

/// What Gemini calls an `input_type`; newer models tell by the text itself.
pub(in crate::provider) fn task(input_type: &[u8]) -> Option<&'static str> {
    Some(match input_type {
        b"search_query" => "RETRIEVAL_QUERY",
        b"search_document" => "RETRIEVAL_DOCUMENT",
        b"classification" => "CLASSIFICATION",
        b"clustering" => "CLUSTERING",
        b"semantic_similarity" => "SEMANTIC_SIMILARITY",
        _ => return None,
    })
}
