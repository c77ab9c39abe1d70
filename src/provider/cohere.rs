//! Cohere's Chat, version 2.
//!
//! See <https://docs.cohere.com/reference/chat>.

mod citation;
mod completion;
pub(super) mod embeddings;
mod logprob;
mod request;
mod schema;
mod stream;
mod turns;
pub(super) mod usage;

pub use completion::completion;
pub use request::request;
pub use stream::Stream;

use crate::chat::chunks::FinishReason;
use crate::error::ErrorType;
use crate::json::Text;
use crate::provider::{Fault, identifier};

/// What `reasoning_details` call what a model of Cohere's thought.
pub const FORMAT: &str = "cohere-v2";

/// What `reasoning_details` call a `tool_plan`: «a chain-of-thought style reflection and plan that the model generates when working
/// with Tools», which has a place of its own when it goes back.
pub const PLAN_FORMAT: &str = "cohere-v2-tool-plan";

/// The most characters of a function's name, less the underscore before a digit: as many as with OpenAI, for Cohere says nothing
/// about it.
const MOST_OF_NAME: usize = 63;

/// A function's name as Cohere takes it: «tool names can only contain certain characters (A-Za-z0-9_) and can't begin with a digit».
///
/// See <https://docs.cohere.com/reference/errors>.
fn function(name: Text<'_>) -> String {
    let name = identifier::allowed(name, b"_", MOST_OF_NAME);
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// OpenRouter's word for a `finish_reason` in `answer`.
///
/// Errors: if it says that the answer failed.
fn finish_reason(native: &[u8], answer: &[u8]) -> Result<FinishReason, Fault> {
    match native {
        b"MAX_TOKENS" | b"ERROR_LIMIT" => Ok(FinishReason::Length),
        b"TOOL_CALL" => Ok(FinishReason::ToolCalls),
        b"ERROR_TOXIC" => Ok(FinishReason::ContentFilter),
        b"ERROR" => Err(Fault::invalid_answer(answer)),
        b"TIMEOUT" => Err(Fault { status: 504, error_type: ErrorType::Timeout, ..Fault::invalid_answer(answer) }),
        // `COMPLETE`, `STOP_SEQUENCE`, and what is still to come.
        _ => Ok(FinishReason::Stop),
    }
}

/// The arguments of a call: those of a function without any are nothing or `null`.
fn arguments(arguments: &str) -> &str {
    match arguments.trim() {
        "" | "null" => "{}",
        arguments => arguments,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Scanner;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_functions_name_keeps_to_the_characters_allowed() {
        let renamed = |json: &'static str| function(Scanner::new(json.as_bytes()).string().unwrap());
        assert_eq!(renamed(r#""get_weather""#), "get_weather");
        assert_eq!(renamed(r#""2nd""#), "_2nd");
        for name in [r#""get-weather""#, r#""mcp.server/get""#, r#""7-é""#, r#""""#] {
            let changed = renamed(name);
            assert!(changed.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{changed}");
            assert!(!changed.starts_with(|first: char| first.is_ascii_digit()), "{changed}");
        }
    }

    #[test]
    fn t75_every_end_has_a_word() {
        for (native, reason) in [
            ("COMPLETE", FinishReason::Stop),
            ("STOP_SEQUENCE", FinishReason::Stop),
            ("MAX_TOKENS", FinishReason::Length),
            ("TOOL_CALL", FinishReason::ToolCalls),
            ("SOMETHING_NEW", FinishReason::Stop),
        ] {
            assert_eq!(finish_reason(native.as_bytes(), b""), Ok(reason), "{native}");
        }
        assert_eq!(finish_reason(b"ERROR", b"{}").unwrap_err().status, 502);
        assert_eq!(finish_reason(b"TIMEOUT", b"{}").unwrap_err().status, 504);
    }
}
