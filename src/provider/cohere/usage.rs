//! What Cohere counts: `usage` of an answer, and of the `message-end` event of a stream.

use crate::decimal::Decimal;
use crate::json::{Kind, Scanner};
use crate::usage::Usage;

/// A count above this is a provider's mistake and taken as missing.
const MAX_TOKENS: u64 = 1_000_000_000;

/// What one of the two counts says.
#[derive(Clone, Copy, Default)]
struct Count {
    input: Option<u64>,
    output: Option<u64>,
}

/// Reads a `usage` object. `billed_units` is what has to be paid; `tokens` is what the model saw and wrote, the provider's own
/// preamble and markup included, and stands in where nothing is said to be billed. `cached_tokens` are some of the latter: most of
/// them are the preamble, so they take nothing from what is billed.
///
/// See <https://docs.cohere.com/reference/chat>. `None` if it counts nothing.
pub(in crate::provider) fn read(usage: &[u8]) -> Option<Usage> {
    let (mut billed, mut tokens, mut cached) = (Count::default(), Count::default(), None);
    let walked = Scanner::new(usage).members(&mut |scanner, key, _| {
        let value = scanner.raw()?;
        match key.raw {
            b"billed_units" => billed = Count::read(value),
            b"tokens" => tokens = Count::read(value),
            b"cached_tokens" => cached = number(value),
            _ => {}
        }
        Ok(())
    });
    walked.ok()?;
    if billed.is_some() {
        return Some(Usage { input: billed.input.unwrap_or(0), output: billed.output.unwrap_or(0), ..Usage::default() });
    }
    let input = tokens.input.unwrap_or(0);
    let cache_read = cached.unwrap_or(0).min(input);
    let usage = Usage { input: input.saturating_sub(cache_read), cache_read, output: tokens.output.unwrap_or(0), ..Usage::default() };
    tokens.is_some().then_some(usage)
}

// === impl Count ===

impl Count {
    fn read(value: &[u8]) -> Self {
        let mut count = Self::default();
        let mut scanner = Scanner::new(value);
        if scanner.kind() == Ok(Kind::Object) {
            _ = scanner.members(&mut |scanner, key, _| {
                let value = scanner.raw()?;
                match key.raw {
                    b"input_tokens" => count.input = number(value),
                    b"output_tokens" => count.output = number(value),
                    _ => {}
                }
                Ok(())
            });
        }
        count
    }

    /// Whether it counts anything.
    fn is_some(self) -> bool {
        self.input.unwrap_or(0) > 0 || self.output.unwrap_or(0) > 0
    }
}

/// A number of tokens, which Cohere may write as `18.0`.
fn number(value: &[u8]) -> Option<u64> {
    Decimal::parse(value)?.truncated(0).filter(|count| *count <= MAX_TOKENS)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn t75_what_is_billed_counts_and_not_what_the_model_saw() {
        let usage = br#"{"billed_units":{"input_tokens":46,"output_tokens":14},"tokens":{"input_tokens":1445,"output_tokens":43},"cached_tokens":704}"#;
        assert_eq!(read(usage), Some(Usage { input: 46, output: 14, ..Usage::default() }));
    }

    #[test]
    fn t75_tokens_stand_in_where_nothing_is_billed() {
        let expected = Usage { input: 741, cache_read: 704, output: 43, ..Usage::default() };
        for billed in ["", r#""billed_units":null,"#, r#""billed_units":{"search_units":1},"#, r#""billed_units":{"input_tokens":0},"#] {
            let usage = format!(r#"{{{billed}"tokens":{{"input_tokens":1445.0,"output_tokens":43.0}},"cached_tokens":704}}"#);
            assert_eq!(read(usage.as_bytes()), Some(expected), "{usage}");
        }
    }

    #[test]
    fn a_usage_that_counts_nothing_is_none() {
        for usage in [&b"{}"[..], b"null", b"[]", b"{\"cached_tokens\":7}", b"{\"billed_units\":{\"input_tokens\":-1}}", b"{\"tokens\":7}"]
        {
            assert_eq!(read(usage), None);
        }
    }
}
