//! A client's JSON schema as Cohere can hold an answer to it: lengths, ranges and most formats are not supported, so the model sees
//! nothing of them; the client has to look for itself.
//!
//! See <https://docs.cohere.com/docs/structured-outputs#unsupported-schema-features>.

use crate::json::{Kind, Scanner};
use crate::provider::schema::{self, Member, Rule};

/// Words that Cohere does not support. Without them a schema allows no less.
const UNSUPPORTED: [&[u8]; 9] = [
    b"minimum",
    b"maximum",
    b"exclusiveMinimum",
    b"exclusiveMaximum",
    b"minItems",
    b"maxItems",
    b"uniqueItems",
    b"minLength",
    b"maxLength",
];

/// Takes out what is not supported.
struct Cleaning;

/// What a schema asks for: a format that Cohere knows.
const HAS_KNOWN_FORMAT: u8 = 1;

/// Appends `schema` without what is not supported.
pub(super) fn schema_into(schema: &[u8], out: &mut Vec<u8>) {
    schema::copy_into(schema, &Cleaning, out);
}

/// Whether an object of this schema has to have anything: `strict_tools` wants that of every function.
pub(super) fn has_required(schema: &[u8]) -> bool {
    let mut found = false;
    let walked = Scanner::new(schema).members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
        (b"required", Kind::Array) => scanner.elements(&mut |scanner| {
            found = true;
            scanner.skip().map(|_| ())
        }),
        _ => scanner.skip().map(|_| ()),
    });
    walked.is_ok() && found
}

// === impl Cleaning ===

impl Rule for Cleaning {
    fn look(&self, key: &[u8], value: &[u8]) -> u8 {
        const KNOWN: [&[u8]; 4] = [b"\"date-time\"", b"\"uuid\"", b"\"date\"", b"\"time\""];
        if key == b"format" && KNOWN.iter().any(|known| value.starts_with(known)) { HAS_KNOWN_FORMAT } else { 0 }
    }

    fn member(&self, told: u8, key: &[u8], value: Kind) -> Member {
        let is_unsupported = UNSUPPORTED.contains(&key) && matches!(value, Kind::Number | Kind::Bool);
        if is_unsupported || key == b"format" && value == Kind::String && told != HAS_KNOWN_FORMAT {
            return Member::Dropped;
        }
        Member::Copied
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_is_not_supported_is_left_out_and_nothing_else() {
        for (schema, expected) in [
            (r#"{"type" : "integer","minimum":1.0,"maximum":9}"#, r#"{"type":"integer"}"#),
            (r#"{"type":"string","format":"email","maxLength":3}"#, r#"{"type":"string"}"#),
            (r#"{"type":"string","format":"date"}"#, r#"{"type":"string","format":"date"}"#),
            (
                r#"{"properties":{"format":{"minItems":1,"items":{"minLength":1}},"minimum":{"type":"number"}},"required":["minimum"]}"#,
                r#"{"properties":{"format":{"items":{}},"minimum":{"type":"number"}},"required":["minimum"]}"#,
            ),
            ("{", "{"),
        ] {
            let mut out = Vec::new();
            schema_into(schema.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn something_is_required_or_not() {
        assert!(has_required(br#"{"required":["a"]}"#));
        for schema in ["{}", r#"{"required":[]}"#, r#"{"properties":{"required":["a"]}}"#, r#"{"required":["a""#, "7"] {
            assert!(!has_required(schema.as_bytes()), "{schema}");
        }
    }
}
