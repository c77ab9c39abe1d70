//! Embeddings: Embed, version 2.
//!
//! See <https://docs.cohere.com/reference/embed>.

use super::usage;
use crate::chat::{Envelope, Provenance, Request};
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::json::{self, Kind, Scanner};
use crate::provider::embedding::{self, Vector, Wanted};
use crate::provider::{Completion, Fault, Upstream};

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
    out.extend_from_slice(b",\"texts\":[");
    for (index, text) in wanted.texts.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::text_into(&mut out, *text);
    }
    out.extend_from_slice(b"],\"input_type\":");
    match wanted.input_type {
        Some(input_type) => json::text_into(&mut out, input_type),
        None => json::string_into(&mut out, INPUT_TYPE),
    }
    out.extend_from_slice(if wanted.base64 { b",\"embedding_types\":[\"base64\"]" } else { b",\"embedding_types\":[\"float\"]" });
    if let Some(dimensions) = wanted.dimensions {
        out.extend_from_slice(b",\"output_dimension\":");
        out.extend_from_slice(dimensions);
    }
    out.push(b'}');
    Ok(Upstream { path: format!("{}{PATH}", endpoint.provider.path_prefix).into(), headers: Vec::new(), body: out.into() })
}

/// Reads the answer to `request`.
///
/// Errors: if it reports an error, or has not a vector for each text.
pub(in crate::provider) fn completion(request: &Request, body: &[u8], envelope: &Envelope) -> Result<Completion, Fault> {
    let invalid = || Fault::invalid_answer(body);
    let wanted = Wanted::of(request).map_err(|_| invalid())?;
    let (mut vectors, mut counted, mut provenance) = (Vec::new(), None, Provenance::default());
    let mut scanner = Scanner::new(body);
    let read = scanner.object(|scanner, key, _| match (key.raw, scanner.kind()?) {
        (b"id", _) => provenance.read_id(scanner),
        (b"embeddings", Kind::Object) => scanner.object(|scanner, key, _| match (key.raw, scanner.kind()?) {
            (b"float", Kind::Array) => scanner.array(|scanner| {
                vectors.push(Vector::Numbers(scanner.raw()?));
                Ok(())
            }),
            (b"base64", Kind::Array) => scanner.array(|scanner| {
                vectors.push(Vector::Base64(scanner.raw()?));
                Ok(())
            }),
            _ => scanner.skip().map(|_| ()),
        }),
        (b"meta", _) => {
            counted = usage::read(scanner.raw()?);
            Ok(())
        }
        _ => scanner.skip().map(|_| ()),
    });
    if read.and_then(|()| scanner.end()).is_err() || vectors.len() != wanted.texts.len() {
        return Err(invalid());
    }
    embedding::list(&vectors, wanted.base64, counted, provenance, envelope).ok_or_else(invalid)
}
