//! Whose reasoning a detail says it is, as clients give it back.

use crate::json::Text;

/// The longest format that is looked for in one that was repeated.
const LONGEST: usize = 64;

/// The `format` that a detail has, once. LangChain puts the pieces of a stream together text by text, and so makes
/// `anthropic-claude-v1anthropic-claude-v1` of two.
pub fn once(format: Text<'_>) -> Text<'_> {
    let raw = format.raw;
    let longest = LONGEST.min(raw.len() / 2);
    let mut lengths = (1..=longest).filter(|length| raw.len().is_multiple_of(*length));
    let is_repeated = |first: &&[u8]| raw.chunks_exact(first.len()).all(|piece| piece == *first);
    lengths.find_map(|length| raw.get(..length).filter(is_repeated)).map_or(format, Text::plain)
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_format_that_was_put_together_of_pieces_is_one() {
        for format in ["anthropic-claude-v1", "google-gemini-v1", "openai-responses-v1", "unknown", ""] {
            for times in 1..5 {
                assert_eq!(once(Text::plain(format.repeat(times).as_bytes())).raw, format.as_bytes(), "{times}");
            }
        }
        for other in ["unknownunknow", "anthropic-claude-v1google-gemini-v1"] {
            assert_eq!(once(Text::plain(other.as_bytes())).raw, other.as_bytes());
        }
    }
}
