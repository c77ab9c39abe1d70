//! One `GenerateContentResponse`: a whole answer, or a piece of a streamed one.
//!
//! See <https://ai.google.dev/api/generate-content#generatecontentresponse>.

use super::finish;
use crate::error::ErrorType;
use crate::json::{self, Error, Kind, Scanner, Text};
use crate::provider::Fault;
use crate::usage::GeminiUsage;

/// The most candidates that are told apart: more cannot be asked for.
pub(super) const MAX_CANDIDATES: usize = 8;

/// What was found in it. Texts are the insides of JSON strings, escapes as sent.
#[derive(Debug, Default)]
pub(super) struct Answer<'a> {
    /// The answers, or what came of them, by their index; where nobody asked for more there is one.
    pub(super) candidates: Vec<Candidate<'a>>,
    pub(super) usage: Option<GeminiUsage>,
    pub(super) response_id: Option<&'a [u8]>,
}

/// One of the answers.
#[derive(Debug, Default)]
pub(super) struct Candidate<'a> {
    /// Which, below [`MAX_CANDIDATES`].
    pub(super) index: usize,
    pub(super) parts: Vec<Part<'a>>,
    /// Why it ended, in Gemini's word.
    pub(super) finish: Option<&'a [u8]>,
    /// `groundingMetadata`.
    pub(super) grounding: Option<&'a [u8]>,
    /// `logprobsResult`.
    pub(super) logprobs: Option<&'a [u8]>,
}

/// A part of an answer.
#[derive(Debug, Default)]
pub(super) struct Part<'a> {
    pub(super) content: Content<'a>,
    /// What has to come back on the same part.
    pub(super) signature: Option<&'a [u8]>,
}

/// What a part is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Content<'a> {
    /// A part of a kind that clients have no place for.
    #[default]
    Other,
    Text(Text<'a>),
    Thought(Text<'a>),
    Call {
        id: Option<&'a [u8]>,
        name: &'a [u8],
        arguments: &'a [u8],
    },
    Image {
        media_type: &'a [u8],
        data: &'a [u8],
    },
}

// === impl Answer ===

impl<'a> Answer<'a> {
    /// Reads a response.
    ///
    /// Errors: if it reports an error or that the prompt was blocked, or is no such response.
    pub(super) fn parse(data: &'a [u8]) -> Result<Self, Fault> {
        let mut answer = Self::default();
        let mut error = None;
        let mut is_blocked = false;
        let mut scanner = Scanner::new(data);
        // Where a stream was asked for, errors may come in a list.
        if scanner.kind() == Ok(Kind::Array) {
            return Err(Fault::in_band(data));
        }
        let read = scanner.members(&mut |scanner, key, _| {
            match (key.raw, scanner.kind()?) {
                (b"candidates", Kind::Array) => answer.candidates(scanner)?,
                (b"usageMetadata", _) => answer.usage = GeminiUsage::parse(scanner.raw()?),
                (b"responseId", Kind::String) => answer.response_id = Some(scanner.string()?.raw),
                (b"promptFeedback", Kind::Object) => scanner.members(&mut |scanner, key, _| {
                    is_blocked |= key.raw == b"blockReason" && scanner.kind()? != Kind::Null;
                    scanner.skip().map(|_| ())
                })?,
                (b"error", _) => error = Some(scanner.raw()?).filter(|error| *error != b"null"),
                _ => _ = scanner.skip()?,
            }
            Ok(())
        });
        if let Some(error) = error {
            return Err(Fault::in_band(error));
        }
        if read.and_then(|()| scanner.end()).is_err() {
            return Err(Fault::invalid_answer(data));
        }
        if is_blocked && answer.candidates.is_empty() {
            return Err(Fault { status: 400, error_type: ErrorType::ContentPolicyViolation, ..Fault::invalid_answer(data) });
        }
        Ok(answer)
    }

    fn candidates(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Error> {
        scanner.elements(&mut |scanner| {
            let candidate = Candidate::read(scanner)?;
            let place = self.candidates.partition_point(|known| known.index < candidate.index);
            let is_known = self.candidates.get(place).is_some_and(|known| known.index == candidate.index);
            if !is_known && candidate.index < MAX_CANDIDATES {
                self.candidates.insert(place, candidate);
            }
            Ok(())
        })
    }
}

// === impl Candidate ===

impl<'a> Candidate<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Result<Self, Error> {
        let mut candidate = Self::default();
        scanner.members(&mut |scanner, key, _| {
            match (key.raw, scanner.kind()?) {
                (b"index", Kind::Number) => {
                    let index = std::str::from_utf8(scanner.raw()?).ok().and_then(|digits| digits.parse().ok());
                    candidate.index = index.unwrap_or(MAX_CANDIDATES);
                }
                (b"finishReason", Kind::String) => candidate.finish = Some(scanner.string()?.raw).filter(|native| finish::is_end(native)),
                (b"content", Kind::Object) => scanner.members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
                    (b"parts", Kind::Array) => scanner.elements(&mut |scanner| {
                        candidate.parts.push(part(scanner)?);
                        Ok(())
                    }),
                    _ => scanner.skip().map(|_| ()),
                })?,
                (b"groundingMetadata", Kind::Object) => candidate.grounding = Some(scanner.raw()?),
                (b"logprobsResult", Kind::Object) => candidate.logprobs = Some(scanner.raw()?),
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })?;
        Ok(candidate)
    }
}

fn part<'a>(scanner: &mut Scanner<'a>) -> Result<Part<'a>, Error> {
    let mut part = Part::default();
    let mut is_thought = false;
    scanner.members(&mut |scanner, key, _| {
        match (key.raw, scanner.kind()?) {
            (b"text", Kind::String) => part.content = Content::Text(scanner.string()?),
            (b"thought", Kind::Bool) => is_thought = scanner.raw()? == b"true",
            (b"thoughtSignature", Kind::String) => part.signature = Some(scanner.string()?.raw).filter(|signature| !signature.is_empty()),
            (b"functionCall", Kind::Object) => part.content = call(scanner)?,
            (b"inlineData", Kind::Object) => part.content = image(scanner)?,
            _ => _ = scanner.skip()?,
        }
        Ok(())
    })?;
    if let (Content::Text(text), true) = (part.content, is_thought) {
        part.content = Content::Thought(text);
    }
    Ok(part)
}

fn call<'a>(scanner: &mut Scanner<'a>) -> Result<Content<'a>, Error> {
    let mut id = None;
    let mut name: &[u8] = b"";
    let mut arguments: &[u8] = b"{}";
    scanner.members(&mut |scanner, key, _| {
        match (key.raw, scanner.kind()?) {
            (b"id", Kind::String) => id = Some(scanner.string()?.raw).filter(|id| !id.is_empty()),
            (b"name", Kind::String) => name = scanner.string()?.raw,
            (b"args", Kind::Object) => arguments = scanner.raw()?,
            _ => _ = scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(Content::Call { id, name, arguments })
}

fn image<'a>(scanner: &mut Scanner<'a>) -> Result<Content<'a>, Error> {
    let mut media_type = Text::default();
    let mut data = Text::default();
    scanner.members(&mut |scanner, key, _| {
        match (key.raw, scanner.kind()?) {
            (b"mimeType", Kind::String) => media_type = scanner.string()?,
            (b"data", Kind::String) => data = scanner.string()?,
            _ => _ = scanner.skip()?,
        }
        Ok(())
    })?;
    let is_image = media_type.value().starts_with("image/");
    Ok(if is_image { Content::Image { media_type: media_type.raw, data: data.raw } } else { Content::Other })
}

/// Arguments without the space between their members, which Gemini's whole answers are full of.
pub(super) fn compact(arguments: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(arguments.len());
    let mut in_string = false;
    let mut escaped = false;
    for &byte in arguments {
        if in_string || !byte.is_ascii_whitespace() {
            out.push(byte);
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ => {}
        }
    }
    out
}

/// The inside of a JSON string that holds `arguments`.
pub(super) fn quoted(arguments: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(arguments.len().saturating_add(16));
    json::escape_into(&mut out, &String::from_utf8_lossy(arguments));
    out
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn space_goes_only_where_it_means_nothing() {
        assert_eq!(compact(b"{\n  \"a b\": [1, \"x \\\" y\\\\\" ],\t\"c\" : { }\r\n}"), br#"{"a b":[1,"x \" y\\"],"c":{}}"#);
    }
}
