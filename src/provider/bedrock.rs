//! Amazon Bedrock's Converse and ConverseStream: one format for the models of many makers.
//!
//! See <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.

mod completion;
pub(super) mod embeddings;
mod family;
mod media;
mod names;
mod request;
mod stream;
mod turns;
mod usage;

use std::borrow::Cow;

use sha2::{Digest, Sha256};

pub use completion::completion;
pub use stream::Stream;

use crate::chat::Request;
use crate::chat::chunks::FinishReason;
use crate::clock::Clock;
use crate::config::{Credential, Signer};
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::json::{Kind, Scanner, Text};
use crate::provider::overrides::Overrides;
use crate::provider::{Fault, Upstream};
use crate::sigv4;

/// What AWS calls the service that is signed for: <https://docs.aws.amazon.com/general/latest/gr/bedrock.html>.
const SERVICE: &str = "bedrock";

/// The request to `endpoint`, signed if its provider has a signer.
///
/// Errors: if the client's request is malformed, or has an attachment that Bedrock cannot take.
pub(super) fn request<'a>(
    request: &Request,
    endpoint: &Endpoint,
    overrides: &Overrides<'_>,
    clock: &dyn Clock,
) -> Result<Upstream<'a>, ClientError> {
    let (operation, accept) =
        if request.stream { ("converse-stream", "application/vnd.amazon.eventstream") } else { ("converse", "application/json") };
    Ok(upstream(operation, accept, request::body(request, endpoint)?, endpoint, overrides, clock))
}

/// The request to `endpoint` by InvokeModel, whose `body` is as the model's maker has it.
///
/// See <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>.
pub(super) fn invoke(body: Vec<u8>, endpoint: &Endpoint, overrides: &Overrides<'_>, clock: &dyn Clock) -> Upstream<'static> {
    upstream("invoke", "application/json", body, endpoint, overrides, clock)
}

fn upstream(
    operation: &str,
    accept: &'static str,
    body: Vec<u8>,
    endpoint: &Endpoint,
    overrides: &Overrides<'_>,
    clock: &dyn Clock,
) -> Upstream<'static> {
    let provider = &endpoint.provider;
    // An ARN has slashes, and a model id colons.
    let path = format!("{}/model/{}/{operation}", provider.path_prefix, sigv4::percent_encode(&endpoint.model, b""));
    let body = if overrides.is_empty() { body } else { overrides.apply(&body) };
    let mut headers = vec![("accept", Cow::Borrowed(accept.as_bytes()))];
    if let Credential::Signed(Signer { credentials, region }) = &provider.credential {
        let signed = sigv4::Request {
            method: "POST",
            host: &provider.host,
            path: &path,
            headers: &[("content-type", "application/json")],
            body_hash: Sha256::digest(&body).into(),
        };
        let signature = credentials.sign(&signed, region, SERVICE, clock.now());
        headers.push(("x-amz-date", Cow::Owned(signature.date.into_bytes())));
        if let Some(token) = &credentials.session_token {
            headers.push(("x-amz-security-token", Cow::Owned(token.expose().as_bytes().to_vec())));
        }
        headers.push(("authorization", Cow::Owned(signature.authorization.into_bytes())));
    }
    Upstream { path: path.into(), headers, body: body.into() }
}

/// OpenRouter's word for a `stopReason`; `calls` is the number of functions called.
fn finish_reason(stop_reason: &[u8], calls: usize) -> FinishReason {
    match stop_reason {
        b"tool_use" => FinishReason::ToolCalls,
        b"max_tokens" | b"model_context_window_exceeded" => FinishReason::Length,
        b"guardrail_intervened" | b"content_filtered" => FinishReason::ContentFilter,
        b"malformed_model_output" | b"malformed_tool_use" => FinishReason::Error,
        b"end_turn" | b"stop_sequence" => FinishReason::Stop,
        _ if calls > 0 => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    }
}

/// The sequence at which a model of Claude's ended, in the `additionalModelResponseFields` of an answer: they hold what was asked for by
/// its place in Claude's own answer, or in the last event of Claude's own stream.
fn stop_sequence(fields: &[u8]) -> Text<'_> {
    let mut found = Text::default();
    let mut scanner = Scanner::new(fields);
    _ = scanner.members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
        (b"stop_sequence", Kind::String) => {
            found = scanner.string()?;
            Ok(())
        }
        (b"delta", Kind::Object) => scanner.members(&mut |scanner, key, _| {
            if key.raw == b"stop_sequence" && scanner.kind()? == Kind::String {
                found = scanner.string()?;
                return Ok(());
            }
            scanner.skip().map(|_| ())
        }),
        _ => scanner.skip().map(|_| ()),
    });
    found
}

/// The fault that an exception within a stream stands for, by the statuses that Converse documents for the exceptions.
fn exception(name: &[u8], payload: &[u8]) -> Fault {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let status = match name.trim_end_matches("exception") {
        "throttling" | "modelnotready" | "servicequotaexceeded" => 429,
        "validation" => 400,
        "accessdenied" => 403,
        "resourcenotfound" => 404,
        "modeltimeout" => 408,
        "serviceunavailable" => 503,
        "internalserver" => 500,
        // modelStreamError, modelError, and whatever is still to come: the model behind Bedrock has failed.
        _ => 502,
    };
    Fault::of_status(status, payload)
}
