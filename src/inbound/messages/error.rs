//! Errors in Anthropic's shape.
//!
//! See <https://platform.claude.com/docs/en/api/errors> and, for the types, <https://openrouter.ai/docs/api/reference/errors-and-debugging>.

use super::super::object::{members, put, text};
use crate::json::string_into;

/// The body that tells the error of `openrouters`, which is a body in OpenRouter's shape.
pub(in crate::inbound) fn error_body(openrouters: &[u8], generation_id: &str) -> Vec<u8> {
    let [error, metadata] = members(openrouters, ["error", "openrouter_metadata"]).unwrap_or_default();
    let mut request_id = Vec::new();
    string_into(&mut request_id, generation_id);
    let mut out = b"{".to_vec();
    members_into(error.unwrap_or(b"{}"), if generation_id.is_empty() { b"null" } else { &request_id }, &mut out);
    if let Some(metadata) = metadata {
        put(&mut out, &[b",\"openrouter_metadata\":", metadata]);
    }
    out.push(b'}');
    out
}

/// Appends `"type":"error","error":…,"request_id":…` and OpenRouter's `metadata` and `availability`, for an error object of OpenRouter's.
pub(super) fn members_into(error: &[u8], request_id: &[u8], out: &mut Vec<u8>) {
    let [message, metadata, availability] = members(error, ["message", "metadata", "availability"]).unwrap_or_default();
    let [error_type] = metadata.and_then(|metadata| members(metadata, ["error_type"]).ok()).unwrap_or_default();
    let kind = kind(text(error_type).unwrap_or_default().raw);
    put(out, &[b"\"type\":\"error\",\"error\":{\"type\":\"", kind, b"\",\"message\":", message.unwrap_or(b"\"\"")]);
    put(out, &[b",\"error_type\":", error_type.unwrap_or(b"\"unmapped\"")]);
    if let Some(availability) = availability {
        put(out, &[b",\"availability\":", availability]);
    }
    put(out, &[b"},\"request_id\":", request_id]);
    put(out, &[b",\"metadata\":", metadata.unwrap_or(b"null")]);
}

/// Anthropic's word for an `error_type` of OpenRouter's.
fn kind(error_type: &[u8]) -> &'static [u8] {
    match error_type {
        b"authentication" => b"authentication_error",
        b"permission_denied" => b"permission_error",
        b"payment_required" => b"billing_error",
        b"not_found" | b"image_not_found" => b"not_found_error",
        b"rate_limit_exceeded" => b"rate_limit_error",
        b"provider_overloaded" => b"overloaded_error",
        b"timeout" => b"timeout_error",
        b"payload_too_large" => b"request_too_large",
        b"" | b"server" | b"provider_unavailable" | b"unmapped" => b"api_error",
        _ => b"invalid_request_error",
    }
}
