//! Names and ids in the characters that Converse allows.

use serde_json::{Map, Value};

use crate::json::{self, Text};
use crate::provider::identifier;

/// The most characters of a function's name or a call's id.
const MOST: usize = 64;

/// A function's name as `ToolName` has it: `[a-zA-Z0-9_-]{1,64}`.
pub(super) fn function(name: Text<'_>) -> String {
    identifier::allowed(name, b"_-", MOST)
}

/// A call's id as `ToolUseId` has it: `[a-zA-Z0-9_.:-]{1,64}`.
pub(super) fn call(id: Text<'_>) -> String {
    identifier::allowed(id, b"_.:-", MOST)
}

/// The names of a request's documents: what Bedrock allows, and none twice. How often each was asked for, in a map of a kind that the
/// module has anyway.
#[derive(Debug, Default)]
pub(super) struct Documents(Map<String, Value>);

// === impl Documents ===

impl Documents {
    /// Writes the next document's name as a JSON string: letters, digits, single spaces, hyphens, parentheses and brackets are
    /// allowed, the extension is told by the format.
    pub(super) fn write(&mut self, file_name: Option<Text<'_>>, out: &mut Vec<u8>) {
        const MOST: usize = 180;
        let file_name = file_name.map(|name| name.value()).unwrap_or_default();
        let stem = file_name.rsplit_once('.').map_or(&*file_name, |(stem, _)| stem);
        let mut name = String::new();
        for c in stem.chars().take(MOST) {
            let c = if c.is_ascii_alphanumeric() || "-()[]".contains(c) { c } else { ' ' };
            if c != ' ' || !name.ends_with(' ') {
                name.push(c);
            }
        }
        let name = name.trim();
        let name = if name.is_empty() { "document" } else { name };
        let before = self.0.get(name).and_then(Value::as_u64).unwrap_or(0);
        self.0.insert(name.to_owned(), before.saturating_add(1).into());
        if before == 0 {
            json::string_into(out, name);
        } else {
            json::string_into(out, &format!("{name} ({})", before.saturating_add(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Scanner;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn text(json: &'static str) -> Text<'static> {
        Scanner::new(json.as_bytes()).string().unwrap()
    }

    #[test]
    fn t69_names_and_ids_keep_to_the_characters_allowed() {
        assert_eq!(function(text(r#""get_weather-2""#)), "get_weather-2");
        assert_eq!(call(text(r#""toolu_01:a.b""#)), "toolu_01:a.b");
        for name in [r#""mcp.server/get weather""#, r#""""#, r#""überraschung""#, r#""a\"b""#] {
            let changed = function(text(name));
            assert!((1..=MOST).contains(&changed.len()), "{changed}");
            assert!(changed.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'), "{changed}");
            assert_eq!(changed, function(text(name)), "the same each time");
        }
        assert_ne!(function(text(r#""a.b""#)), function(text(r#""a/b""#)));
        let long = format!("\"{}\"", "x".repeat(65)).leak();
        assert_eq!(call(text(long)).len(), MOST);
    }

    #[test]
    fn t69_documents_have_names_of_their_own() {
        let mut documents = Documents::default();
        let mut name = |name| {
            let mut out = Vec::new();
            documents.write(name, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(name(Some(text(r#""Q3_report  v1.2 (final).pdf""#))), r#""Q3 report v1 2 (final)""#);
        assert_eq!(name(Some(text(r#""Q3 report v1 2 (final).md""#))), r#""Q3 report v1 2 (final) (2)""#);
        assert_eq!(name(None), r#""document""#);
        assert_eq!(name(Some(text(r#""日本.pdf""#))), r#""document (2)""#);
    }
}
