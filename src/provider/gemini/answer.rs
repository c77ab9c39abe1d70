//! One `GenerateContentResponse`: a whole answer, or a piece of a streamed one.
//!
//! See <https://ai.google.dev/api/generate-content#generatecontentresponse>.

use super::finish;
use crate::error::ErrorType;
use crate::json::{self, Error, Kind, Scanner, Text};
use crate::provider::Fault;
use crate::usage::GeminiUsage;

/// What was found in it. Texts are the insides of JSON strings, escapes as sent.
#[derive(Debug, Default)]
pub(super) struct Answer<'a> {
    /// The parts of the first candidate; nobody asks for a second.
    pub(super) parts: Vec<Part<'a>>,
    /// Whether there is a candidate.
    pub(super) is_answered: bool,
    /// Why it ended, in Gemini's word.
    pub(super) finish: Option<&'a [u8]>,
    pub(super) usage: Option<GeminiUsage>,
    pub(super) response_id: Option<&'a [u8]>,
}

/// A part of an answer.
#[derive(Debug, Default)]
pub(super) struct Part<'a> {
    pub(super) content: Content<'a>,
    /// What has to come back on the same part.
    pub(super) signature: Option<&'a [u8]>,
}

/// What a part is.
#[derive(Debug, Default)]
pub(super) enum Content<'a> {
    /// A part of a kind that clients have no place for.
    #[default]
    Other,
    Text(&'a [u8]),
    Thought(&'a [u8]),
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
        let read = scanner.object(|scanner, key, _| {
            match (key.raw, scanner.kind()?) {
                (b"candidates", Kind::Array) => answer.candidates(scanner)?,
                (b"usageMetadata", _) => answer.usage = GeminiUsage::parse(scanner.raw()?),
                (b"responseId", Kind::String) => answer.response_id = Some(scanner.string()?.raw),
                (b"promptFeedback", Kind::Object) => scanner.object(|scanner, key, _| {
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
        if is_blocked && !answer.is_answered {
            return Err(Fault { status: 400, error_type: ErrorType::ContentPolicyViolation, ..Fault::invalid_answer(data) });
        }
        Ok(answer)
    }

    fn candidates(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Error> {
        scanner.array(|scanner| {
            let mut is_first = true;
            scanner.clone().object(|scanner, key, _| {
                let value = scanner.raw()?;
                is_first &= key.raw != b"index" || value == b"0";
                Ok(())
            })?;
            if !is_first || self.is_answered {
                return scanner.skip().map(|_| ());
            }
            self.is_answered = true;
            scanner.object(|scanner, key, _| {
                match (key.raw, scanner.kind()?) {
                    (b"finishReason", Kind::String) => self.finish = Some(scanner.string()?.raw).filter(|native| finish::is_end(native)),
                    (b"content", Kind::Object) => scanner.object(|scanner, key, _| match (key.raw, scanner.kind()?) {
                        (b"parts", Kind::Array) => scanner.array(|scanner| {
                            self.parts.push(part(scanner)?);
                            Ok(())
                        }),
                        _ => scanner.skip().map(|_| ()),
                    })?,
                    _ => _ = scanner.skip()?,
                }
                Ok(())
            })
        })
    }
}

fn part<'a>(scanner: &mut Scanner<'a>) -> Result<Part<'a>, Error> {
    let mut part = Part::default();
    let mut is_thought = false;
    scanner.object(|scanner, key, _| {
        match (key.raw, scanner.kind()?) {
            (b"text", Kind::String) => part.content = Content::Text(scanner.string()?.raw),
            (b"thought", Kind::Bool) => is_thought = scanner.raw()? == b"true",
            (b"thoughtSignature", Kind::String) => part.signature = Some(scanner.string()?.raw).filter(|signature| !signature.is_empty()),
            (b"functionCall", Kind::Object) => part.content = call(scanner)?,
            (b"inlineData", Kind::Object) => part.content = image(scanner)?,
            _ => _ = scanner.skip()?,
        }
        Ok(())
    })?;
    if let (Content::Text(text), true) = (&part.content, is_thought) {
        part.content = Content::Thought(text);
    }
    Ok(part)
}

fn call<'a>(scanner: &mut Scanner<'a>) -> Result<Content<'a>, Error> {
    let mut id = None;
    let mut name: &[u8] = b"";
    let mut arguments: &[u8] = b"{}";
    scanner.object(|scanner, key, _| {
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
    scanner.object(|scanner, key, _| {
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

/// The id of a call that Gemini gave none: from the answer's own id or else the function's name, and the call's place in the answer.
/// It is no longer than OpenAI's may be, and of characters that every provider takes.
pub(super) fn invented_id(response_id: Option<&[u8]>, name: &[u8], place: usize) -> Vec<u8> {
    let mut id = b"call_".to_vec();
    let seed = response_id.filter(|id| !id.is_empty()).unwrap_or(name);
    id.extend(seed.iter().filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).take(24));
    id.push(b'_');
    id.extend_from_slice(itoa::Buffer::new().format(place).as_bytes());
    id
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
    fn t47_an_invented_id_is_stable_and_suits_every_provider() {
        assert_eq!(invented_id(Some(b"mAitaLmkHPPlz7IPvtfUqQ4"), b"get_weather", 1), b"call_mAitaLmkHPPlz7IPvtfUqQ4_1");
        assert_eq!(invented_id(None, b"get.weather", 0), b"call_getweather_0");
        assert!(invented_id(Some(&[b'x'; 100]), b"f", 99).len() <= 40);
    }

    #[test]
    fn space_goes_only_where_it_means_nothing() {
        assert_eq!(compact(b"{\n  \"a b\": [1, \"x \\\" y\\\\\" ],\t\"c\" : { }\r\n}"), br#"{"a b":[1,"x \" y\\"],"c":{}}"#);
    }
}
