//! Embeddings: Embed, version 2.
//!
//! See <https://docs.cohere.com/reference/embed>.

use crate::chat::Request;
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::json;
use crate::provider::Upstream;
use crate::provider::embedding::Wanted;

/// The path below the provider's prefix.
const PATH: &str = "/embed";

/// What an `input_type` is taken to be where the client does not say: newer models require one.
const INPUT_TYPE: &str = "search_document";

/// The request to `endpoint`.
///
/// Errors: if something other than text is to be embedded.
pub(in crate::provider) fn request<'a>(request: &Request, endpoint: &Endpoint) -> Result<Upstream<'a>, ClientError> {
    let wanted = Wanted::of(request)?;
    let mut out = Vec::with_capacity(request.body().len().saturating_add(256));
    out.extend_from_slice(b"{\"model\":");
    json::string_into(&mut out, &endpoint.model);
    out.push(b',');
    members_into(&wanted, if wanted.base64 { b"base64" } else { b"float" }, &mut out);
    out.push(b'}');
    Ok(Upstream { path: format!("{}{PATH}", endpoint.provider.path_prefix).into(), headers: Vec::new(), body: out.into() })
}

/// Appends the members that say what is `wanted`, the vectors as `kind`.
pub(in crate::provider) fn members_into(wanted: &Wanted<'_>, kind: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"texts\":[");
    for (index, text) in wanted.texts.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::text_into(out, *text);
    }
    out.extend_from_slice(b"],\"input_type\":");
    match wanted.input_type {
        Some(input_type) => json::text_into(out, input_type),
        None => json::string_into(out, INPUT_TYPE),
    }
    out.extend_from_slice(b",\"embedding_types\":[\"");
    out.extend_from_slice(kind);
    out.extend_from_slice(b"\"]");
    if let Some(dimensions) = wanted.dimensions {
        out.extend_from_slice(b",\"output_dimension\":");
        out.extend_from_slice(dimensions);
    }
}
