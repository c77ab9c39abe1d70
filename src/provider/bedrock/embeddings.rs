//! Embeddings by InvokeModel, each in the words of the model's maker.

use crate::chat::Request;
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::json;
use crate::provider::cohere;
use crate::provider::embedding::Wanted;

/// The body for Amazon's Titan, which embeds one text. The first of them has vectors of one length alone.
///
/// See <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html>.
///
/// Errors: if something other than one text is to be embedded.
pub(in crate::provider) fn titan(request: &Request, endpoint: &Endpoint) -> Result<Vec<u8>, ClientError> {
    let wanted = Wanted::of(request)?;
    let mut out = Vec::with_capacity(request.body().len().saturating_add(64));
    out.extend_from_slice(b"{\"inputText\":");
    json::text_into(&mut out, wanted.only_text()?);
    if let Some(dimensions) = wanted.dimensions.filter(|_| !endpoint.model.contains("embed-text-v1")) {
        out.extend_from_slice(b",\"dimensions\":");
        out.extend_from_slice(dimensions);
    }
    out.push(b'}');
    Ok(out)
}

/// The body for Amazon's Nova, which embeds one text, and cuts what is too long.
///
/// See <https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html>.
///
/// Errors: if something other than one text is to be embedded.
pub(in crate::provider) fn nova(request: &Request) -> Result<Vec<u8>, ClientError> {
    let wanted = Wanted::of(request)?;
    let purpose = match wanted.input_type.unwrap_or_default().raw {
        b"search_query" => "GENERIC_RETRIEVAL",
        b"classification" => "CLASSIFICATION",
        b"clustering" => "CLUSTERING",
        _ => "GENERIC_INDEX",
    };
    let mut out = Vec::with_capacity(request.body().len().saturating_add(256));
    out.extend_from_slice(b"{\"taskType\":\"SINGLE_EMBEDDING\",\"singleEmbeddingParams\":{\"embeddingPurpose\":");
    json::string_into(&mut out, purpose);
    if let Some(dimensions) = wanted.dimensions {
        out.extend_from_slice(b",\"embeddingDimension\":");
        out.extend_from_slice(dimensions);
    }
    out.extend_from_slice(b",\"text\":{\"truncationMode\":\"END\",\"value\":");
    json::text_into(&mut out, wanted.only_text()?);
    out.extend_from_slice(b"}}}");
    Ok(out)
}

/// The body for Cohere's Embed, which at Bedrock has no base64.
///
/// See <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html>.
///
/// Errors: if something other than text is to be embedded.
pub(in crate::provider) fn cohere(request: &Request) -> Result<Vec<u8>, ClientError> {
    let wanted = Wanted::of(request)?;
    let mut out = Vec::with_capacity(request.body().len().saturating_add(128));
    out.push(b'{');
    cohere::embeddings::members_into(&wanted, b"float", &mut out);
    out.push(b'}');
    Ok(out)
}
