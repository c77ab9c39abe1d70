//! Whose reasoning a detail says it is, as clients give it back.

use crate::json::Text;

/// What a detail is of that does not say: OpenRouter's own packages take it for Claude's, see
/// <https://github.com/OpenRouterTeam/ai-sdk-provider>.
const DEFAULT: &str = "anthropic-claude-v1";

/// The longest format that is looked for in one that was repeated.
const LONGEST: usize = 64;

/// The format that a detail is of which says `format`. Clients put the deltas of a stream together, and some of them what says whose
/// they are as well: of the stream helper of the `openai` SDK for Python comes `anthropic-claude-v1anthropic-claude-v1`. From LangChain comes
/// none, as OpenRouter's SDK, which it sends by, leaves out what it does not know.
pub fn of(format: Option<Text<'_>>) -> Text<'_> {
    format.map_or(Text::plain(DEFAULT.as_bytes()), once)
}

fn once(format: Text<'_>) -> Text<'_> {
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
                assert_eq!(of(Some(Text::plain(format.repeat(times).as_bytes()))).raw, format.as_bytes(), "{times}");
            }
        }
        for other in ["unknownunknow", "anthropic-claude-v1google-gemini-v1"] {
            assert_eq!(of(Some(Text::plain(other.as_bytes()))).raw, other.as_bytes());
        }
    }
}
