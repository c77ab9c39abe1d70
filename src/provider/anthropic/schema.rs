//! JSON schemas that an answer is held to: Anthropic demands `additionalProperties: false` of every object in them, where OpenAI
//! demands it only of strict ones.
//!
//! See <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>.

use crate::provider::schema::{self, Rule};

/// Closes objects that nothing closes.
struct Closing;

/// What a schema is: one of an object, closed.
const IS_OBJECT: u8 = 1;
const IS_CLOSED: u8 = 2;

/// Appends `schema` with its objects closed, and everything else as it was written.
pub(super) fn closed_into(schema: &[u8], out: &mut Vec<u8>) {
    schema::copy_into(schema, &Closing, out);
}

// === impl Closing ===

impl Rule for Closing {
    fn look(&self, key: &[u8], value: &[u8]) -> u8 {
        match key {
            b"type" if value.starts_with(br#""object""#) => IS_OBJECT,
            b"properties" if value.starts_with(b"{") => IS_OBJECT,
            b"additionalProperties" => IS_CLOSED,
            _ => 0,
        }
    }

    fn added(&self, told: u8) -> Option<&'static [u8]> {
        (told == IS_OBJECT).then_some(b"\"additionalProperties\":false")
    }
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
