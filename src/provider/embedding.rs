//! Embeddings of formats that are not OpenAI's: what is to be embedded, and the vectors as OpenAI's list.
//!
//! See <https://openrouter.ai/docs/api-reference/embeddings>.

use crate::chat::{Envelope, Name, Provenance, Request};
use crate::error::ClientError;
use crate::json::{Error, Kind, Scanner, Text};
use crate::provider::Completion;
use crate::usage::Usage;

/// What is to be embedded, and how.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a> {
    /// The texts, one for each vector.
    pub(super) texts: Vec<Text<'a>>,
    /// How long the vectors are to be, as it was written.
    pub(super) dimensions: Option<&'a [u8]>,
    /// What for: `search_query`, `search_document` and the like.
    pub(super) input_type: Option<Text<'a>>,
    /// Whether a vector is wanted as its bytes, which is what OpenAI's SDKs ask for.
    pub(super) base64: bool,
}

/// A vector of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Vector<'a> {
    /// An array of numbers, as it was written.
    Numbers(&'a [u8]),
    /// The bytes of its numbers in base64, as a JSON string.
    Base64(&'a [u8]),
}

// === impl Wanted ===

impl<'a> Wanted<'a> {
    /// What `request` asks for.
    ///
    /// Errors: if something in its input is no text.
    pub(super) fn of(request: &'a Request) -> Result<Self, ClientError> {
        let mut wanted = Self::default();
        let invalid = || ClientError::invalid("input", "texts: this provider embeds nothing else here");
        for field in request.fields() {
            match field.name {
                Name::Input => wanted.texts = texts(field.raw).map_err(|_| invalid())?,
                Name::Other if field.key.is("dimensions") => wanted.dimensions = Some(field.raw).filter(|raw| is_number(raw)),
                Name::Other if field.key.is("input_type") => wanted.input_type = Scanner::new(field.raw).string().ok(),
                Name::Other if field.key.is("encoding_format") => {
                    wanted.base64 = Scanner::new(field.raw).string().is_ok_and(|format| format.is("base64"));
                }
                _ => {}
            }
        }
        if wanted.texts.is_empty() { Err(invalid()) } else { Ok(wanted) }
    }
}

fn is_number(raw: &[u8]) -> bool {
    !raw.is_empty() && raw.iter().all(u8::is_ascii_digit)
}

/// The texts of an `input`.
///
/// Errors: if there is anything else in it.
fn texts(input: &[u8]) -> Result<Vec<Text<'_>>, Error> {
    let mut texts = Vec::new();
    let mut scanner = Scanner::new(input);
    if scanner.kind()? == Kind::String {
        return Ok(vec![scanner.string()?]);
    }
    scanner.array(|scanner| {
        if scanner.kind()? == Kind::String {
            texts.push(scanner.string()?);
            return Ok(());
        }
        texts.push(content(scanner)?);
        Ok(())
    })?;
    Ok(texts)
}

/// The text of `{"content":[{"type":"text","text":…}]}`.
fn content<'a>(scanner: &mut Scanner<'a>) -> Result<Text<'a>, Error> {
    let mut parts: Vec<Option<Text<'a>>> = Vec::new();
    scanner.object(|scanner, key, _| {
        if !key.is("content") {
            return scanner.skip().map(|_| ());
        }
        scanner.array(|scanner| {
            let mut text = None;
            scanner.object(|scanner, key, _| {
                if key.is("text") && scanner.kind()? == Kind::String {
                    text = Some(scanner.string()?);
                    return Ok(());
                }
                scanner.skip().map(|_| ())
            })?;
            parts.push(text);
            Ok(())
        })
    })?;
    match parts.as_slice() {
        [Some(text)] => Ok(*text),
        _ => Err(scanner.error(crate::json::ErrorKind::Type)),
    }
}

/// The answer with `vectors`, which are wanted as bytes if `base64`; `None` if one of them is none.
pub(super) fn list(
    vectors: &[Vector<'_>],
    base64: bool,
    usage: Option<Usage>,
    provenance: Provenance,
    envelope: &Envelope,
) -> Option<Completion> {
    if vectors.is_empty() {
        return None;
    }
    let mut head = Vec::with_capacity(1024);
    envelope.list_into(&mut head);
    head.extend_from_slice(b",\"data\":[");
    for (index, vector) in vectors.iter().enumerate() {
        head.extend_from_slice(if index == 0 { b"{" } else { b",{" });
        head.extend_from_slice(b"\"object\":\"embedding\",\"index\":");
        head.extend_from_slice(itoa::Buffer::new().format(index).as_bytes());
        head.extend_from_slice(b",\"embedding\":");
        match vector {
            Vector::Numbers(numbers) if base64 => bytes_into(numbers, &mut head)?,
            Vector::Numbers(raw) | Vector::Base64(raw) => head.extend_from_slice(raw),
        }
        head.push(b'}');
    }
    head.push(b']');
    Some(Completion { head, usage, output_bytes: 0, finish: None, provenance })
}

/// Appends the JSON string of the bytes of `numbers`: 32 bits each, the least byte first, as OpenAI has them.
fn bytes_into(numbers: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut bytes: Vec<u8> = Vec::with_capacity(numbers.len() / 2);
    let walked = Scanner::new(numbers).array(|scanner| {
        let number = std::str::from_utf8(scanner.raw()?).ok().and_then(|number| number.parse::<f32>().ok());
        bytes.extend_from_slice(&number.ok_or_else(|| scanner.error(crate::json::ErrorKind::Type))?.to_le_bytes());
        Ok(())
    });
    walked.ok()?;
    out.push(b'"');
    base64_into(&bytes, out);
    out.push(b'"');
    Some(())
}

/// Appends `bytes` in base64, with padding (RFC 4648).
fn base64_into(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let byte = |index| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digits = [18, 12, 6, 0].map(|shift| DIGITS.get((bits >> shift & 63) as usize).copied().unwrap_or_default());
        let whole = chunk.len().saturating_add(1);
        out.extend(digits.into_iter().enumerate().map(|(place, digit)| if place < whole { digit } else { b'=' }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn bytes_are_those_that_openais_sdks_read() {
        for (numbers, expected) in [("[]", "\"\""), ("[1]", "\"AACAPw==\""), ("[0.5, -1, 2e0]", "\"AAAAPwAAgL8AAABA\"")] {
            let mut out = Vec::new();
            bytes_into(numbers.as_bytes(), &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{numbers}");
        }
        assert!(bytes_into(b"[\"x\"]", &mut Vec::new()).is_none());
    }

    #[test]
    fn texts_come_in_three_forms_and_nothing_else_is_one() {
        let read =
            |input: &str| texts(input.as_bytes()).map(|texts| texts.iter().map(|text| text.value().into_owned()).collect::<Vec<_>>());
        assert_eq!(read(r#""a""#).unwrap(), ["a"]);
        assert_eq!(read(r#"["a", "\n", {"content": [{"type": "text", "text": "c"}]}]"#).unwrap(), ["a", "\n", "c"]);
        for other in ["[1,2]", "[[1]]", r#"[{"content":[{"type":"image_url","image_url":{"url":"x"}}]}]"#, r#"[{"content":[]}]"#, "7"] {
            assert!(read(other).is_err(), "{other}");
        }
    }
}
