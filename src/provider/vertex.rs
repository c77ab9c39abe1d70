//! Google's Vertex AI: the models of several publishers behind one API, each asked in its publisher's own format.
//!
//! Gemini is asked as at <https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest>, and Claude as at
//! <https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai>: the model stands in the path and not in the body.
//! Answers and errors are those of the two formats.

pub(super) mod embeddings;

use std::borrow::Cow;

use crate::chat::Request;
use crate::clock::Clock;
use crate::config::Format;
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::provider::{Upstream, anthropic, gemini};

/// The request to `endpoint`, with the access token that is there. Without one it goes out all the same, and is refused as that of
/// any provider whose credential is wrong: plans leave such endpoints out, so this is for a token that ran out meanwhile.
///
/// Errors: as those of the model's own format.
pub fn request<'a>(request: &Request, endpoint: &Endpoint, clock: &dyn Clock) -> Result<Upstream<'a>, ClientError> {
    let (publisher, method, body) = match (endpoint.format, request.stream) {
        (Format::Anthropic, stream) => {
            let method = if stream { "streamRawPredict" } else { "rawPredict" };
            ("anthropic", method, anthropic::body(request, endpoint, anthropic::Platform::Vertex)?)
        }
        (_, stream) => {
            let method = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
            ("google", method, gemini::body(request, endpoint)?)
        }
    };
    Ok(upstream(publisher, method, body, endpoint, clock))
}

fn upstream(publisher: &str, method: &str, body: Vec<u8>, endpoint: &Endpoint, clock: &dyn Clock) -> Upstream<'static> {
    let prefix = format!("{}/publishers/{publisher}", endpoint.provider.path_prefix);
    let token = endpoint.provider.credential.tokens().and_then(|tokens| tokens.token(clock.now()));
    let authorization = token.map(|token| ("authorization", Cow::Owned(token.expose().as_bytes().to_vec())));
    Upstream {
        path: gemini::path(&prefix, &endpoint.model, method).into(),
        headers: authorization.into_iter().collect(),
        body: body.into(),
    }
}
