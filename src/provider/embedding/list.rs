//! Vectors as OpenAI's list.
//!
//! See <https://openrouter.ai/docs/api-reference/embeddings>.

use crate::chat::{Envelope, Provenance};
use crate::json::Scanner;
use crate::provider::Completion;
use crate::usage::Usage;

/// A vector of an answer.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) enum Vector<'a> {
    /// An array of numbers, as it was written.
    Numbers(&'a [u8]),
    /// The bytes of its numbers in base64, as a JSON string.
    Base64(&'a [u8]),
}

/// The answer with `vectors`, which are wanted as bytes if `base64`; `None` if one of them is none.
pub(in crate::provider) fn list(
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
            Vector::Numbers(raw) if !is_vector(raw) => return None,
            Vector::Numbers(numbers) if base64 => bytes_into(numbers, &mut head)?,
            Vector::Numbers(raw) | Vector::Base64(raw) => head.extend_from_slice(raw),
        }
        head.push(b'}');
    }
    head.push(b']');
    Some(Completion { head, usage, output_bytes: 0, finish: None, provenance })
}

/// Whether `array`, which is one of JSON, has a number in it and nothing else.
fn is_vector(array: &[u8]) -> bool {
    let inner = array.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or_default();
    inner.iter().any(u8::is_ascii_digit) && inner.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE, \t\r\n".contains(byte))
}

/// Appends the JSON string of the bytes of `numbers`: 32 bits each, the least byte first, as OpenAI has them.
fn bytes_into(numbers: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut bytes: Vec<u8> = Vec::with_capacity(numbers.len() / 2);
    let walked = Scanner::new(numbers).elements(&mut |scanner| {
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
}
