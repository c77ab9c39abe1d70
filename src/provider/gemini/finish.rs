//! Why Gemini stopped, in OpenRouter's words.
//!
//! See <https://ai.google.dev/api/generate-content#FinishReason>.

use crate::chat::chunks::FinishReason;

/// OpenRouter's word for a `finishReason`. Gemini says `STOP` where it calls functions, too.
pub(super) fn reason(native: &[u8], calls_tools: bool) -> FinishReason {
    match native {
        b"STOP" | b"FUNCTION_CALL" if calls_tools => FinishReason::ToolCalls,
        b"STOP" | b"FUNCTION_CALL" => FinishReason::Stop,
        b"MAX_TOKENS" => FinishReason::Length,
        b"SAFETY"
        | b"RECITATION"
        | b"BLOCKLIST"
        | b"PROHIBITED_CONTENT"
        | b"SPII"
        | b"IMAGE_SAFETY"
        | b"IMAGE_PROHIBITED_CONTENT"
        | b"IMAGE_RECITATION" => FinishReason::ContentFilter,
        // MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL, LANGUAGE, OTHER and what is yet to come: no answer that could be used.
        _ => FinishReason::Error,
    }
}

/// Whether the value says that the answer has ended.
pub(super) fn is_end(native: &[u8]) -> bool {
    !matches!(native, b"" | b"FINISH_REASON_UNSPECIFIED")
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn t52_every_end_has_openrouters_word() {
        for (native, expected) in [
            ("STOP", FinishReason::Stop),
            ("MAX_TOKENS", FinishReason::Length),
            ("SAFETY", FinishReason::ContentFilter),
            ("RECITATION", FinishReason::ContentFilter),
            ("BLOCKLIST", FinishReason::ContentFilter),
            ("PROHIBITED_CONTENT", FinishReason::ContentFilter),
            ("SPII", FinishReason::ContentFilter),
            ("IMAGE_SAFETY", FinishReason::ContentFilter),
            ("MALFORMED_FUNCTION_CALL", FinishReason::Error),
            ("LANGUAGE", FinishReason::Error),
            ("OTHER", FinishReason::Error),
        ] {
            assert_eq!(reason(native.as_bytes(), false), expected, "{native}");
        }
        assert_eq!(reason(b"STOP", true), FinishReason::ToolCalls);
        assert_eq!(reason(b"MAX_TOKENS", true), FinishReason::Length);
        assert!(is_end(b"STOP") && !is_end(b"FINISH_REASON_UNSPECIFIED"));
    }
}
