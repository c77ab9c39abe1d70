//! Where in a document a place is, in the words of an error message.

use super::{Kind, Scanner};

/// The path of the innermost value of `json` that the byte at `offset` is in or right behind, such as `models[3].price.prompt`; empty for
/// the document itself.
fn path_at(json: &[u8], offset: usize) -> String {
    let mut path = String::new();
    let mut value = 0;
    while let Some((step, start)) = step_at(json, value, offset) {
        if step.starts_with('[') || path.is_empty() {
            path.push_str(&step);
        } else {
            path.push('.');
            path.push_str(&step);
        }
        value = start;
    }
    path
}

/// The path of what serde found wrong in `json`: it says the line and the column, which counts the bytes that it had read of that line.
pub fn path_of(error: &serde_json::Error, json: &[u8]) -> String {
    let lines = json.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    let before: usize = lines.map(<[u8]>::len).sum();
    path_at(json, before.saturating_add(error.column()))
}

/// The member or element of the value at `value` that `offset` is in: how a path says it, and where it starts.
fn step_at(json: &[u8], value: usize, offset: usize) -> Option<(String, usize)> {
    let mut found = None;
    let mut note = |scanner: &mut Scanner<'_>, step: &dyn Fn() -> String| {
        let range = scanner.skip()?;
        if range.start <= offset && offset <= range.end {
            found = Some((step(), range.start));
        }
        Ok(())
    };
    let mut scanner = Scanner::at(json, value);
    // What is malformed behind the place does not matter.
    _ = match scanner.kind().ok()? {
        Kind::Object => scanner.members(&mut |scanner, key, _| note(scanner, &|| key.value().into_owned())),
        Kind::Array => {
            let mut index = 0usize;
            scanner.elements(&mut |scanner| {
                note(scanner, &|| format!("[{index}]"))?;
                index = index.saturating_add(1);
                Ok(())
            })
        }
        _ => return None,
    };
    found
}

#[cfg(test)]
mod tests {
    use super::path_at;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_place_has_the_path_of_its_innermost_value() {
        let json = br#" {"a": [ {"b\u0063": 12 }, [] ], "d":{"":null}}"#;
        let at = |what: &str| json.windows(what.len()).position(|window| window == what.as_bytes()).unwrap();
        for (what, path) in [("{\"a", ""), ("12", "a[0].bc"), ("[]", "a[1]"), ("{\"b", "a[0]"), ("null", "d."), ("\"d\"", "")] {
            assert_eq!(path_at(json, at(what)), path, "{what}");
        }
        assert_eq!(path_at(json, at("12") + 2), "a[0].bc");
        assert_eq!(path_at(json, at("12") + 3), "a[0]");
        for offset in 0..json.len() + 2 {
            for end in 0..json.len() {
                path_at(&json[..end], offset);
            }
        }
    }
}
