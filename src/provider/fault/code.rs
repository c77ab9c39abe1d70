//! A provider's own word for what went wrong: OpenRouter's `provider_code`.
//!
//! See <https://openrouter.ai/docs/api/reference/errors-and-debugging>.

use super::{Fault, walk};
use crate::json::Scanner;

/// The most bytes of a word: what is longer is a sentence.
const LONGEST: usize = 64;

/// Where the word stands, what tells most first: OpenAI's and Mistral's `code`, Google's `status`, Anthropic's `type`, Bedrock's `__type`.
const MEMBERS: [&[u8]; 4] = [b"code", b"status", b"type", b"__type"];

// === impl Fault ===

impl Fault {
    /// The provider's own word for it, if it sent one. A number is one if it is no HTTP status.
    pub fn code(&self) -> Option<String> {
        let mut found: [Option<String>; 4] = Default::default();
        walk(&mut Scanner::new(self.raw.as_deref()?.as_bytes()), &mut |key, value| {
            for (member, found) in MEMBERS.iter().zip(&mut found) {
                // The error object itself comes before what is around it.
                if key == *member && found.is_none() {
                    *found = word(value);
                }
            }
        });
        found.into_iter().flatten().next()
    }
}

fn word(value: &[u8]) -> Option<String> {
    if let Ok(text) = Scanner::new(value).string() {
        let text = text.value();
        let is_word = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        let says_something = !text.eq_ignore_ascii_case("error") && !is_status(text.parse().ok());
        return (is_word && says_something).then(|| text.into_owned());
    }
    let number: u32 = std::str::from_utf8(value).ok()?.parse().ok()?;
    (!is_status(Some(number))).then(|| number.to_string())
}

fn is_status(number: Option<u32>) -> bool {
    number.is_some_and(|number| number < 600)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn each_provider_has_its_own_place_for_the_word() {
        for (body, code) in [
            (r#"{"error":{"message":"x","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#, Some("rate_limit_exceeded")),
            (r#"{"error":{"message":"x","type":"server_error","code":null}}"#, Some("server_error")),
            (r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#, Some("overloaded_error")),
            (r#"[{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}]"#, Some("RESOURCE_EXHAUSTED")),
            (r#"{"object":"error","message":"x","type":"service_tier_capacity_exceeded","code":"3505"}"#, Some("3505")),
            (r#"{"message":"x","code":1300}"#, Some("1300")),
            (r#"{"__type":"ThrottlingException","message":"x"}"#, Some("ThrottlingException")),
            (r#"{"error":{"code":503,"message":"x"}}"#, None),
            (r#"{"error":{"code":"503","message":"x"}}"#, None),
            (r#"{"error":{"code":"a sentence is no word","message":"x"}}"#, None),
            (r#"{"error":{"code":"zzz","message":"cut sh"#, Some("zzz")),
            (r#"{"error":"zzz"}"#, None),
            ("<html>", None),
            ("", None),
        ] {
            assert_eq!(Fault::of_status(500, body.as_bytes()).code().as_deref(), code, "{body}");
        }
    }
}
