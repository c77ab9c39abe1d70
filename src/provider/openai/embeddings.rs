//! An answer with embeddings.
//!
//! See <https://platform.openai.com/docs/api-reference/embeddings>.

use crate::chat::{Envelope, Provenance};
use crate::json::{Error, Kind, Scanner};
use crate::provider::{Completion, Fault};
use crate::usage::OpenAiUsage;

/// Reads a provider's whole answer. The vectors go on as they came, be they numbers or base64.
///
/// Errors: if it reports an error, or has no embeddings.
pub fn embeddings(body: &[u8], envelope: &Envelope) -> Result<Completion, Fault> {
    let (mut data, mut usage, mut error) = (None, None, None);
    let mut provenance = Provenance::default();
    let mut scanner = Scanner::new(body);
    let read = scanner.members(&mut |scanner, key, _| {
        match key.raw {
            b"data" if scanner.kind()? == Kind::Array => data = Some(scanner.raw()?).filter(|data| *data != b"[]"),
            b"id" => provenance.read_id(scanner)?,
            b"usage" => usage = OpenAiUsage::parse(scanner.raw()?),
            b"error" => error = Some(scanner.raw()?).filter(|error| *error != b"null"),
            _ => _ = scanner.skip()?,
        }
        Ok(())
    });
    if let Some(error) = error {
        return Err(Fault::in_band(error));
    }
    let (Ok(()), Some(data)) = (read.and_then(|()| scanner.end()), data) else { return Err(Fault::invalid_answer(body)) };
    let mut head = Vec::with_capacity(data.len().saturating_add(1024));
    envelope.list_into(&mut head);
    head.extend_from_slice(b",\"data\":");
    elements_into(data, &mut head);
    // No text: what is not counted is estimated by the prompt alone.
    Ok(Completion { head, usage: usage.and_then(|usage| usage.usage(0)), output_bytes: 0, finish: None, provenance })
}

/// Appends the vectors. Clients demand an `object` and an `index` in each: where the first lacks one, all get what they lack.
fn elements_into(data: &[u8], out: &mut Vec<u8>) {
    let mut first = Scanner::at(data, 1);
    if has(&mut first).is_ok_and(|has| has == [true; 2]) {
        return out.extend_from_slice(data);
    }
    let mut place = 0u64;
    let start = out.len();
    out.push(b'[');
    let walked = Scanner::new(data).elements(&mut |scanner| {
        scanner.kind()?;
        let begin = scanner.position();
        let [has_object, has_index] = has(scanner)?;
        let element = scanner.slice(begin..scanner.position());
        out.extend_from_slice(if place > 0 { b",{" } else { b"{" });
        if !has_object {
            out.extend_from_slice(b"\"object\":\"embedding\",");
        }
        if !has_index {
            out.extend_from_slice(b"\"index\":");
            out.extend_from_slice(itoa::Buffer::new().format(place).as_bytes());
            out.push(b',');
        }
        // What is empty has no vector, and then the comma is one too many.
        let rest = element.get(1..).unwrap_or_default();
        if rest.trim_ascii_start().starts_with(b"}") {
            out.pop();
        }
        out.extend_from_slice(rest);
        place = place.saturating_add(1);
        Ok(())
    });
    // Something else than objects goes on as it came.
    match walked {
        Ok(()) => out.push(b']'),
        Err(_) => {
            out.truncate(start);
            out.extend_from_slice(data);
        }
    }
}

/// Consumes an element: whether it has an `object` and an `index`.
fn has(scanner: &mut Scanner<'_>) -> Result<[bool; 2], Error> {
    let mut found = [false; 2];
    scanner.members(&mut |scanner, key, _| {
        scanner.skip()?;
        found = match key.raw {
            b"object" => [true, found[1]],
            b"index" => [found[0], true],
            _ => found,
        };
        Ok(())
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn told(data: &str) -> String {
        let mut out = Vec::new();
        elements_into(data.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn vectors_get_the_object_and_index_that_they_lack() {
        let whole = r#"[ {"object":"embedding","index":0,"embedding":[1.0]},{"embedding":[2]}]"#;
        assert_eq!(told(whole), whole);
        for (data, expected) in [
            (
                r#"[{"embedding":[1.0]}, {"index":7,"embedding":"AA=="}]"#,
                r#"[{"object":"embedding","index":0,"embedding":[1.0]},{"object":"embedding","index":7,"embedding":"AA=="}]"#,
            ),
            (r#"[{"object":"embedding","embedding":[1]}]"#, r#"[{"index":0,"object":"embedding","embedding":[1]}]"#),
            ("[{}]", r#"[{"object":"embedding","index":0}]"#),
            ("[[1,2],7]", "[[1,2],7]"),
        ] {
            assert_eq!(told(data), expected);
        }
    }
}
