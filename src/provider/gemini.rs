//! Google's Gemini, by its own API: `generateContent` and `streamGenerateContent`.
//!
//! See <https://ai.google.dev/api/generate-content>.

mod answer;
mod blocks;
mod candidate;
mod completion;
mod contents;
pub(super) mod embeddings;
mod finish;
mod generation;
mod grounding;
mod image;
mod large;
mod logprobs;
mod schema;
mod stream;

pub use completion::completion;
pub use stream::Stream;

use crate::chat::Request;
use crate::chat::conversation::{Conversation, Tool, ToolChoice};
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::json;
use crate::provider::Upstream;

/// How `reasoning_details` say that they are Gemini's.
const FORMAT: &str = "google-gemini-v1";

/// The request to `endpoint`.
///
/// Errors: if the request is malformed where OpenAI's format lets it pass.
pub fn request<'a>(request: &'a Request, endpoint: &'a Endpoint) -> Result<Upstream<'a>, ClientError> {
    let method = if request.stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
    Ok(Upstream {
        path: path(&endpoint.provider.path_prefix, &endpoint.model, method).into(),
        headers: Vec::new(),
        body: body(request, endpoint)?.into(),
    })
}

/// The body of the request to `endpoint`, which Vertex AI takes, too.
///
/// Errors: as those of [`request`].
pub(super) fn body(request: &Request, endpoint: &Endpoint) -> Result<Vec<u8>, ClientError> {
    let conversation = request.conversation()?;
    let mut body = Vec::with_capacity(request.body().len().saturating_add(512));
    body.push(b'{');
    contents::contents_into(&conversation.messages, generation::takes_call_ids(endpoint), &mut body)?;
    tools_into(&conversation, &mut body);
    generation::config_into(request, &conversation, endpoint, &mut body);
    for (key, value) in &conversation.parameters.others {
        match key.raw {
            b"safety_settings" | b"safetySettings" if value.starts_with(b"[") => member(b"safetySettings", value, &mut body),
            b"cached_content" | b"cachedContent" if value.starts_with(b"\"") => member(b"cachedContent", value, &mut body),
            _ => {}
        }
    }
    body.push(b'}');
    Ok(body)
}

/// The path of `method` of `model`, whose name must not become more than one segment of it.
pub(super) fn path(prefix: &str, model: &str, method: &str) -> String {
    let mut path = format!("{prefix}/models/");
    for byte in model.strip_prefix("models/").unwrap_or(model).bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'@' => path.push(char::from(byte)),
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path.push(':');
    path.push_str(method);
    path
}

fn tools_into(conversation: &Conversation<'_>, out: &mut Vec<u8>) {
    let Some((first, rest)) = conversation.tools.split_first() else { return };
    out.extend_from_slice(b",\"tools\":[{\"functionDeclarations\":[");
    tool_into(first, out);
    for tool in rest {
        out.push(b',');
        tool_into(tool, out);
    }
    out.extend_from_slice(b"]}]");
    let mode: &[u8] = match conversation.parameters.tool_choice {
        None => return,
        Some(ToolChoice::Auto) => b"AUTO",
        Some(ToolChoice::None) => b"NONE",
        Some(ToolChoice::Required | ToolChoice::Function(_)) => b"ANY",
    };
    out.extend_from_slice(b",\"toolConfig\":{\"functionCallingConfig\":{\"mode\":\"");
    out.extend_from_slice(mode);
    out.push(b'"');
    if let Some(ToolChoice::Function(name)) = conversation.parameters.tool_choice {
        out.extend_from_slice(b",\"allowedFunctionNames\":[");
        json::text_into(out, name);
        out.push(b']');
    }
    out.extend_from_slice(b"}}");
}

fn tool_into(tool: &Tool<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"name\":");
    json::text_into(out, tool.name);
    if let Some(description) = tool.description {
        out.extend_from_slice(b",\"description\":");
        json::text_into(out, description);
    }
    if let Some(parameters) = tool.parameters.filter(|parameters| !schema::has_no_parameters(parameters)) {
        out.extend_from_slice(b",\"parametersJsonSchema\":");
        schema::schema_into(parameters, out);
    }
    out.push(b'}');
}

/// Appends `,"key":value`.
fn member(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key);
    out.extend_from_slice(b"\":");
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn t58_a_models_name_stays_one_segment_of_the_path() {
        for (model, method, expected) in [
            ("gemini-2.5-flash", "generateContent", "/v1beta/models/gemini-2.5-flash:generateContent"),
            ("models/gemini-2.5-flash", "streamGenerateContent?alt=sse", "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"),
            ("../x?y#z", "generateContent", "/v1beta/models/..%2Fx%3Fy%23z:generateContent"),
            ("a:b é", "generateContent", "/v1beta/models/a%3Ab%20%C3%A9:generateContent"),
        ] {
            assert_eq!(path("/v1beta", model, method), expected);
        }
    }
}
