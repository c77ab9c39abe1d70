//! The contents of a whole completion, each healed.

use super::{Schema, heal_by};
use crate::json::{self, Error, Kind, Scanner, Text};
use crate::splice::Splice;

/// Heals the content of each choice of `completion`, a completion in OpenRouter's shape; every other byte stays. `None` if there is
/// nothing to heal. A choice that calls tools is none that was to be JSON.
pub fn heal_completion(completion: &[u8], schema: &Schema) -> Option<Vec<u8>> {
    let mut splice = Splice::new(completion);
    let mut check = schema.check(completion.len());
    let mut is_healed = false;
    let mut scanner = Scanner::new(completion);
    let walked = scanner.members(&mut |scanner, key, _| {
        if key.raw != b"choices" || scanner.kind()? != Kind::Array {
            return scanner.skip().map(|_| ());
        }
        scanner.elements(&mut |scanner| {
            let Some((place, text)) = content(scanner)? else { return Ok(()) };
            if let Some(healed) = heal_by(&text.value(), schema, &mut check) {
                let mut string = Vec::with_capacity(healed.len().saturating_add(16));
                json::string_into(&mut string, &healed);
                splice.replace(place, string);
                is_healed = true;
            }
            Ok(())
        })
    });
    (walked.is_ok() && is_healed).then(|| splice.finish().to_vec())
}

/// Consumes a choice: the content of its message, if it is a text that was to be JSON.
fn content<'a>(scanner: &mut Scanner<'a>) -> Result<Option<(std::ops::Range<usize>, Text<'a>)>, Error> {
    let mut content = None;
    let mut calls = false;
    scanner.members(&mut |scanner, key, _| {
        if key.raw != b"message" || scanner.kind()? != Kind::Object {
            return scanner.skip().map(|_| ());
        }
        scanner.members(&mut |scanner, key, _| {
            match key.raw {
                b"content" if scanner.kind()? == Kind::String => {
                    let start = scanner.position();
                    let text = scanner.string()?;
                    content = Some((start..scanner.position(), text));
                }
                b"tool_calls" if scanner.kind()? == Kind::Array => {
                    scanner.skip()?;
                    calls = true;
                }
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })
    })?;
    Ok(content.filter(|_| !calls))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn healed(completion: &str) -> Option<String> {
        heal_completion(completion.as_bytes(), &Schema::ANY).map(|healed| String::from_utf8(healed).unwrap())
    }

    #[test]
    fn each_choice_is_healed_and_nothing_else_is_touched() {
        let completion = r#"{"id":"gen-1", "choices":[ {"index":0,"message":{"role":"assistant","content":"```json\n{\"a\":1,}\n```"}},
            {"index":1,"message":{"content": "{\"a\": 2}" }},{"message":{"content":"{a:'\\u00e9'}","refusal":null}}],"usage":{"cost":0.10}}"#;
        let expected = r#"{"id":"gen-1", "choices":[ {"index":0,"message":{"role":"assistant","content":"{\"a\":1}"}},
            {"index":1,"message":{"content": "{\"a\": 2}" }},{"message":{"content":"{\"a\":\"\\u00e9\"}","refusal":null}}],"usage":{"cost":0.10}}"#;
        assert_eq!(healed(completion).unwrap(), expected);
    }

    #[test]
    fn where_nothing_is_broken_nothing_is_made() {
        for completion in [
            r#"{"choices":[{"message":{"content":"{\"a\":1}"}}]}"#,
            r#"{"choices":[{"message":{"content":"I cannot do that."}}]}"#,
            r#"{"choices":[{"message":{"content":null}}]}"#,
            r#"{"choices":[{"message":{"content":"{a:1}","tool_calls":[{"id":"x"}]}}]}"#,
            r#"{"choices":[]}"#,
            r#"{"choices":null}"#,
            r#"{"choices":[{"message":{"content":"{a:1}"}}"#,
            "",
        ] {
            assert_eq!(healed(completion), None, "{completion}");
        }
    }
}
