//! JSON schemas that an answer is held to: Anthropic demands `additionalProperties: false` of every object in them, where OpenAI
//! demands it only of strict ones.
//!
//! See <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>.

use super::block::separate;
use crate::json::{Error, Kind, Scanner};

/// Appends `schema` with its objects closed, and everything else as it was written.
pub(super) fn closed_into(schema: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let mut scanner = Scanner::new(schema);
    if close(&mut scanner, out).and_then(|()| scanner.end()).is_err() {
        out.truncate(start);
        out.extend_from_slice(schema);
    }
}

/// Copies the schema, or the list of schemas, at `scanner`.
fn close(scanner: &mut Scanner<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    match scanner.kind()? {
        Kind::Object => {}
        Kind::Array => {
            out.push(b'[');
            scanner.array(|scanner| {
                separate(out);
                close(scanner, out)
            })?;
            out.push(b']');
            return Ok(());
        }
        _ => {
            out.extend_from_slice(scanner.raw()?);
            return Ok(());
        }
    }
    let mut is_object = false;
    let mut is_closed = false;
    out.push(b'{');
    scanner.object(|scanner, key, _| {
        member(key.raw, out);
        match key.raw {
            b"items" | b"anyOf" | b"oneOf" | b"allOf" => close(scanner, out),
            b"properties" | b"$defs" | b"definitions" if scanner.kind()? == Kind::Object => {
                is_object |= key.is("properties");
                out.push(b'{');
                scanner.object(|scanner, key, _| {
                    member(key.raw, out);
                    close(scanner, out)
                })?;
                out.push(b'}');
                Ok(())
            }
            _ => {
                let value = scanner.raw()?;
                is_object |= key.is("type") && value == br#""object""#;
                is_closed |= key.is("additionalProperties");
                out.extend_from_slice(value);
                Ok(())
            }
        }
    })?;
    if is_object && !is_closed {
        member(b"additionalProperties", out);
        out.extend_from_slice(b"false");
    }
    out.push(b'}');
    Ok(())
}

/// Appends `,"key":`.
fn member(key: &[u8], out: &mut Vec<u8>) {
    separate(out);
    out.push(b'"');
    out.extend_from_slice(key);
    out.extend_from_slice(b"\":");
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn closed(schema: &str) -> String {
        let mut out = Vec::new();
        closed_into(schema.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_object_is_closed_and_nothing_else_changes() {
        for (schema, expected) in [
            (r#"{"type":"object"}"#, r#"{"type":"object","additionalProperties":false}"#),
            (r#"{"additionalProperties":false,"type":"object"}"#, r#"{"additionalProperties":false,"type":"object"}"#),
            (r#"{"type":"string","enum":["object"]}"#, r#"{"type":"string","enum":["object"]}"#),
            (
                r#"{"properties":{"type":{"type":"object"},"properties":{"type":"number","minimum":1.0}}}"#,
                r#"{"properties":{"type":{"type":"object","additionalProperties":false},"properties":{"type":"number","minimum":1.0}},"additionalProperties":false}"#,
            ),
            (
                r##"{"anyOf":[{"$ref":"#/$defs/a"},{"type":"array","items":{"type":"object"}}],"$defs":{"a":{"type":"object"}}}"##,
                r##"{"anyOf":[{"$ref":"#/$defs/a"},{"type":"array","items":{"type":"object","additionalProperties":false}}],"$defs":{"a":{"type":"object","additionalProperties":false}}}"##,
            ),
            (r#"{"items":true,"default":{"type":"object"}}"#, r#"{"items":true,"default":{"type":"object"}}"#),
            ("{", "{"),
        ] {
            assert_eq!(closed(schema), expected);
        }
    }
}
