//! Whether a JSON object that comes in pieces has been closed.

use crate::json::Text;

/// How deep in an object its last piece ended.
///
/// Providers interleave parallel calls, and no chunk says that a call's arguments are all there. Where their object is closed they are:
/// nothing but white space can follow (<https://www.rfc-editor.org/rfc/rfc8259#section-2>).
#[derive(Debug, Default)]
pub(super) struct Nesting {
    depth: u32,
    within: Within,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Within {
    /// Nothing yet, an object or an array.
    #[default]
    Structure,
    String,
    /// A string, behind its `\`.
    Escape,
    /// Nothing more: it is closed.
    Closed,
}

// === impl Nesting ===

impl Nesting {
    /// Takes the next piece.
    pub(super) fn feed(&mut self, piece: Text<'_>) {
        let mut raw = piece.raw.iter().copied();
        // Not by `Text::value`, which leaves a piece as it is that holds half of a surrogate pair.
        while let Some(byte) = raw.next().and_then(|byte| if byte == b'\\' { unescaped(&mut raw) } else { Some(byte) }) {
            self.within = match (&self.within, byte) {
                (Within::Closed, _) => return,
                (Within::String, b'\\') => Within::Escape,
                (Within::String, b'"') => Within::Structure,
                (Within::String, _) | (Within::Escape, _) | (Within::Structure, b'"') => Within::String,
                (Within::Structure, b'{' | b'[') => {
                    self.depth = self.depth.saturating_add(1);
                    Within::Structure
                }
                (Within::Structure, b'}' | b']') => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 { Within::Closed } else { Within::Structure }
                }
                (Within::Structure, _) => Within::Structure,
            };
        }
    }

    /// Whether its end has come.
    pub(super) fn is_closed(&self) -> bool {
        self.within == Within::Closed
    }
}

/// The character that an escape stands for, which is at its second byte, as far as it matters to JSON: letters and what is not ASCII do not.
fn unescaped(raw: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let escaped = raw.next()?;
    if escaped != b'u' {
        return Some(escaped);
    }
    let code = raw.take(4).fold(0u32, |code, digit| code.wrapping_shl(4) | char::from(digit).to_digit(16).unwrap_or_default());
    Some(u8::try_from(code).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn is_closed(pieces: &[&str]) -> bool {
        let mut nesting = Nesting::default();
        for piece in pieces {
            let quoted = serde_json::to_string(piece).unwrap();
            nesting.feed(Text::plain(quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap().as_bytes()));
        }
        nesting.is_closed()
    }

    #[test]
    fn escapes_may_be_numbers_and_pairs_may_be_cut() {
        let mut nesting = Nesting::default();
        for (piece, closed) in
            [(r#"{\u0022a\":\"\ud83d"#, false), (r#"\ude00}\\\""#, false), (r#"\u007D\u0022"#, false), (r#"\u007d"#, true), (" \\", true)]
        {
            nesting.feed(Text::plain(piece.as_bytes()));
            assert_eq!(nesting.is_closed(), closed, "{piece}");
        }
    }

    #[test]
    fn an_object_is_closed_by_its_own_brace_alone() {
        for whole in [r#"{}"#, r#" {"a": {"b": [1, {}]}} "#, r#"{"a":"}\"{","b":"\\"}"#, r#"{"東":"京\n"}"#] {
            assert!(is_closed(&[whole]), "{whole}");
            let letters: Vec<String> = whole.chars().map(String::from).collect();
            let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
            assert!(is_closed(&letters), "{whole}");
            let end = letters.iter().rposition(|letter| *letter == "}").unwrap();
            assert!((0..=end).all(|end| !is_closed(&letters[..end])), "{whole}");
        }
        for open in ["", " ", "null", "7", "{\"a\":\"}", "\"}\"", "{\"a\":\"\\\"}"] {
            assert!(!is_closed(&[open]), "{open}");
        }
    }
}
