//! The `usage` object of Anthropic's Messages.

use super::Usage;
use crate::json::Scanner;

/// A count above this is a provider's mistake and taken as missing.
const MAX_TOKENS: u64 = 1_000_000_000;

/// A `usage` object as Anthropic sends it: the input without what the cache had to do with it.
///
/// See <https://platform.claude.com/docs/en/api/messages>. In a stream, `message_start` has the input and `message_delta` the output
/// so far, with or without the input again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnthropicUsage {
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    cache_write_5m: Option<u64>,
    cache_write_1h: Option<u64>,
    thinking: Option<u64>,
}

impl AnthropicUsage {
    /// Reads a `usage` object; `None` if it counts nothing. Members of the wrong type count as missing.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let mut usage = Self::default();
        let walked = Scanner::new(json).object(|scanner, key, _| {
            let value = scanner.raw()?;
            match key.raw {
                b"input_tokens" => usage.input = count(value),
                b"output_tokens" => usage.output = count(value),
                b"cache_read_input_tokens" => usage.cache_read = count(value),
                b"cache_creation_input_tokens" => usage.cache_write = count(value),
                b"cache_creation" => {
                    usage.cache_write_5m = within(value, "ephemeral_5m_input_tokens");
                    usage.cache_write_1h = within(value, "ephemeral_1h_input_tokens");
                }
                b"output_tokens_details" => usage.thinking = within(value, "thinking_tokens"),
                _ => {}
            }
            Ok(())
        });
        walked.ok().map(|()| usage).filter(|usage| *usage != Self::default())
    }

    /// Takes over what a later object of the same stream says: of each count the latest that is not missing.
    pub fn merge(&mut self, later: &Self) {
        self.input = later.input.or(self.input);
        self.output = later.output.or(self.output);
        self.cache_read = later.cache_read.or(self.cache_read);
        self.cache_write = later.cache_write.or(self.cache_write);
        self.cache_write_5m = later.cache_write_5m.or(self.cache_write_5m);
        self.cache_write_1h = later.cache_write_1h.or(self.cache_write_1h);
        self.thinking = later.thinking.or(self.thinking);
    }

    /// The same in buckets.
    pub fn usage(&self) -> Usage {
        let cache_write_1h = self.cache_write_1h.unwrap_or(0);
        let cache_write = self.cache_write.unwrap_or_else(|| self.cache_write_5m.unwrap_or(0).saturating_add(cache_write_1h));
        let output = self.output.unwrap_or(0);
        let reasoning = self.thinking.unwrap_or(0).min(output);
        Usage {
            input: self.input.unwrap_or(0),
            cache_read: self.cache_read.unwrap_or(0),
            cache_write_5m: cache_write.saturating_sub(cache_write_1h),
            cache_write_1h: cache_write_1h.min(cache_write),
            output: output.saturating_sub(reasoning),
            reasoning,
            ..Usage::default()
        }
    }
}

fn count(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok().filter(|count| *count <= MAX_TOKENS)
}

fn within(object: &[u8], name: &str) -> Option<u64> {
    let mut found = None;
    let walked = Scanner::new(object).object(|scanner, key, _| {
        let value = scanner.raw()?;
        if key.is(name) {
            found = count(value);
        }
        Ok(())
    });
    walked.ok().and(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn merged(objects: &[&str]) -> Usage {
        let mut usage = AnthropicUsage::default();
        objects.iter().filter_map(|json| AnthropicUsage::parse(json.as_bytes())).for_each(|later| usage.merge(&later));
        usage.usage()
    }

    #[test]
    fn t33_c2_the_latest_count_wins_and_nothing_is_summed() {
        let usage = merged(&[
            r#"{"input_tokens":25,"cache_read_input_tokens":100,"output_tokens":1}"#,
            r#"{"output_tokens":15}"#,
            r#"{"input_tokens":null,"cache_read_input_tokens":100,"output_tokens":40}"#,
        ]);
        assert_eq!(usage, Usage { input: 25, cache_read: 100, output: 40, ..Usage::default() });
    }

    #[test]
    fn t34_t35_the_input_leaves_the_cache_out_and_writes_have_their_lifetimes() {
        let usage = merged(&[r#"{"input_tokens":1,"cache_read_input_tokens":20,"cache_creation_input_tokens":300,
            "cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":200},"output_tokens":7,"output_tokens_details":{"thinking_tokens":5}}"#]);
        let expected =
            Usage { input: 1, cache_read: 20, cache_write_5m: 100, cache_write_1h: 200, output: 2, reasoning: 5, ..Usage::default() };
        assert_eq!(usage, expected);
        assert_eq!(usage.input_tokens(), 321);
        let old = merged(&[r#"{"input_tokens":1,"cache_creation_input_tokens":300,"cache_creation":null}"#]);
        assert_eq!((old.cache_write_5m, old.cache_write_1h), (300, 0));
    }

    #[test]
    fn nonsense_counts_as_missing() {
        for json in ["null", "[]", "{}", r#"{"input_tokens":"7"}"#, r#"{"input_tokens":-1,"output_tokens":1e9}"#, r#"{"input_tokens":9"#] {
            assert_eq!(AnthropicUsage::parse(json.as_bytes()), None, "{json}");
        }
    }
}
