//! A client's JSON schema as Gemini reads it.
//!
//! `parametersJsonSchema` and `responseJsonSchema` take JSON Schema itself, where the older `parameters` and `responseSchema` know
//! a part of OpenAPI's and refuse the rest. What stays to be done is little: a `const` would be passed over, a `$ref` must have no
//! sibling but those that begin with `$`.
//!
//! See <https://ai.google.dev/api/generate-content#FIELDS.response_json_schema>.

use memchr::memmem;

use crate::json::{Kind, Scanner};
use crate::provider::schema::{self, Member, Rule};

/// What has to stand in a schema for anything to be changed in it.
const TELLING: [&[u8]; 3] = [b"\"const\"", b"\"$ref\"", b"\"$schema\""];

/// Makes a schema what Gemini reads.
struct Cleaning;

/// What a schema has that bears on its other members.
const IS_REFERENCE: u8 = 1;
const HAS_ENUM: u8 = 2;

/// Appends `schema`, a whole JSON value.
pub(super) fn schema_into(schema: &[u8], out: &mut Vec<u8>) {
    if TELLING.iter().any(|word| memmem::find(schema, word).is_some()) {
        schema::copy_into(schema, &Cleaning, out);
    } else {
        out.extend_from_slice(schema);
    }
}

/// Whether the schema says no more than that there are no parameters, which Gemini wants said by saying nothing.
pub(super) fn has_no_parameters(schema: &[u8]) -> bool {
    let mut none = true;
    let walked = Scanner::new(schema).members(&mut |scanner, key, _| {
        let value = scanner.raw()?;
        none &= match key.raw {
            b"type" => value == b"\"object\"",
            b"properties" => value.iter().all(|byte| matches!(byte, b'{' | b'}') || byte.is_ascii_whitespace()),
            b"additionalProperties" => value == b"false",
            b"required" | b"$schema" | b"title" | b"description" | b"strict" => true,
            _ => false,
        };
        Ok(())
    });
    walked.is_ok() && none
}

// === impl Cleaning ===

impl Rule for Cleaning {
    fn look(&self, key: &[u8], _: &[u8]) -> u8 {
        match key {
            b"$ref" => IS_REFERENCE,
            b"enum" => HAS_ENUM,
            _ => 0,
        }
    }

    fn member(&self, told: u8, key: &[u8], value: Kind) -> Member {
        match (key, value) {
            (b"$schema", _) => Member::Dropped,
            _ if told & IS_REFERENCE != 0 && !key.starts_with(b"$") => Member::Dropped,
            (b"const", Kind::String | Kind::Number) if told & HAS_ENUM == 0 => Member::Listed(b"enum"),
            _ => Member::Copied,
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn cleaned(schema: &str) -> String {
        let mut out = Vec::new();
        schema_into(schema.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn t57_a_schema_stays_what_it_is() {
        for schema in [
            r#"{"type" : "object","properties":{"a":{"type":["string","null"],"default":1.0}},"additionalProperties":false}"#,
            r#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#,
            "true",
            "{}",
        ] {
            assert_eq!(cleaned(schema), schema);
        }
    }

    #[test]
    fn t57_a_constant_is_a_list_of_one_and_a_reference_stands_alone() {
        for (schema, expected) in [
            (r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}"#, r#"{"type":"object"}"#),
            (r#"{"type":"object","$schema":"x"}"#, r#"{"type":"object"}"#),
            (r#"{"const":"dog"}"#, r#"{"enum":["dog"]}"#),
            (r#"{"const":"dog","enum":["dog","cat"]}"#, r#"{"const":"dog","enum":["dog","cat"]}"#),
            (r#"{"const":true}"#, r#"{"const":true}"#),
            (r##"{"description":"x","$ref":"#/$defs/A","default":1}"##, r##"{"$ref":"#/$defs/A"}"##),
            (
                r##"{"properties":{"const":{"const":1},"$ref":{"type":"string"}},"$defs":{"A":{"items":[{"const":2},true]}}}"##,
                r##"{"properties":{"const":{"enum":[1]},"$ref":{"type":"string"}},"$defs":{"A":{"items":[{"enum":[2]},true]}}}"##,
            ),
            (
                r##"{"anyOf":[{"$ref":"#","title":"x"},{"not":{"const":3}}],"default":{"const":4},"enum":["const"]}"##,
                r##"{"anyOf":[{"$ref":"#"},{"not":{"enum":[3]}}],"default":{"const":4},"enum":["const"]}"##,
            ),
        ] {
            assert_eq!(cleaned(schema), expected);
        }
    }

    #[test]
    fn t57_no_parameters_are_said_by_nothing() {
        for schema in [
            r#"{"type":"object","properties":{}}"#,
            r#"{"type":"object","properties":{ },"required":[],"additionalProperties":false}"#,
            "{}",
        ] {
            assert!(has_no_parameters(schema.as_bytes()), "{schema}");
        }
        for schema in [
            r#"{"type":"object","properties":{"a":{}}}"#,
            r##"{"$ref":"#/$defs/A"}"##,
            r#"{"type":"object","additionalProperties":true}"#,
            "true",
        ] {
            assert!(!has_no_parameters(schema.as_bytes()), "{schema}");
        }
    }
}
