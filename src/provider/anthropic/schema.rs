//! JSON schemas that an answer is held to: Anthropic demands `additionalProperties: false` of every object in them, where OpenAI
//! demands it only of strict ones.
//!
//! See <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>.

use crate::provider::schema::{self, Rule};

/// Whether a schema is one of an object that nothing closes.
#[derive(Default)]
struct Closing {
    is_object: bool,
    is_closed: bool,
}

/// Appends `schema` with its objects closed, and everything else as it was written.
pub(super) fn closed_into(schema: &[u8], out: &mut Vec<u8>) {
    schema::copy_into::<Closing>(schema, out);
}

// === impl Closing ===

impl Rule for Closing {
    fn look(&mut self, key: &[u8], value: &[u8]) {
        self.is_object |= key == b"type" && value == br#""object""# || key == b"properties" && value.starts_with(b"{");
        self.is_closed |= key == b"additionalProperties";
    }

    fn added(&self) -> Option<&'static [u8]> {
        (self.is_object && !self.is_closed).then_some(b"\"additionalProperties\":false")
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
