//! How many tokens an exchange used, in buckets that do not overlap.

mod anthropic;
mod gemini;
mod openai;

pub use self::anthropic::AnthropicUsage;
pub use self::gemini::GeminiUsage;
pub use self::openai::OpenAiUsage;

use crate::price::{Cost, NanoUsd};

/// How many tokens an exchange used.
///
/// Every token is in one bucket, so that a price can be put on each bucket and the products added.
/// What a provider means by a number (does its input include the cache?) is settled before this type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Input that was neither read from nor written to a cache, and is no audio.
    pub input: u64,
    /// Input read from the provider's cache.
    pub cache_read: u64,
    /// Input written to the provider's cache for five minutes, or for as long as it likes.
    pub cache_write_5m: u64,
    /// Input written to the provider's cache for an hour.
    pub cache_write_1h: u64,
    /// Audio input.
    pub audio_input: u64,
    /// Output text, tool calls included.
    pub output: u64,
    /// Reasoning.
    pub reasoning: u64,
    /// Audio output.
    pub audio_output: u64,
    /// Image output.
    pub image_output: u64,
    /// Where the numbers come from.
    pub source: Source,
    /// What the upstream says that the exchange cost.
    pub reported_cost: Option<NanoUsd>,
}

/// Where the numbers of a [`Usage`] come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The provider said so.
    #[default]
    Reported,
    /// The provider said nothing, or a total alone: reckoned from the bytes of prompt and answer.
    Estimated,
    /// What was seen until the exchange broke off; the provider may have counted more.
    Partial,
}

impl Usage {
    /// A usage for an exchange whose provider reported none: four bytes to a token, rounded up.
    pub fn estimate(prompt_bytes: usize, output_bytes: usize) -> Self {
        Self {
            input: (prompt_bytes as u64).div_ceil(4),
            output: (output_bytes as u64).div_ceil(4),
            source: Source::Estimated,
            ..Self::default()
        }
    }

    /// All input, whatever its bucket.
    pub fn input_tokens(&self) -> u64 {
        [self.cache_read, self.cache_write_5m, self.cache_write_1h, self.audio_input].into_iter().fold(self.input, u64::saturating_add)
    }

    /// All output, whatever its bucket.
    pub fn output_tokens(&self) -> u64 {
        [self.reasoning, self.audio_output, self.image_output].into_iter().fold(self.output, u64::saturating_add)
    }

    /// Whether anybody but the provider made up the numbers, wholly or in part.
    pub fn is_estimated(&self) -> bool {
        self.source != Source::Reported
    }

    /// Appends OpenRouter's `usage` object: overlapping counts, details and cost.
    ///
    /// See <https://openrouter.ai/docs/guides/guides/usage-accounting>. A usage that is not the
    /// provider's own says so by `"estimated":true`.
    pub fn write_openrouter(&self, cost: &Cost, is_byok: bool, out: &mut Vec<u8>) {
        let mut number = itoa::Buffer::new();
        let input = self.input_tokens();
        let output = self.output_tokens();
        let cache_write = self.cache_write_5m.saturating_add(self.cache_write_1h);
        let mut count = |name: &str, count: u64, out: &mut Vec<u8>| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(number.format(count).as_bytes());
        };
        let money = |name: &str, amount: NanoUsd, out: &mut Vec<u8>| {
            out.extend_from_slice(name.as_bytes());
            amount.write_usd(out);
        };
        out.reserve(512);
        count(r#"{"prompt_tokens":"#, input, out);
        count(r#","completion_tokens":"#, output, out);
        count(r#","total_tokens":"#, input.saturating_add(output), out);
        money(r#","cost":"#, cost.total, out);
        out.extend_from_slice(if is_byok { b",\"is_byok\":true" } else { b",\"is_byok\":false" });
        count(r#","prompt_tokens_details":{"cached_tokens":"#, self.cache_read, out);
        count(r#","cache_write_tokens":"#, cache_write, out);
        count(r#","audio_tokens":"#, self.audio_input, out);
        money(r#","video_tokens":0},"cost_details":{"upstream_inference_cost":"#, cost.total, out);
        money(r#","upstream_inference_prompt_cost":"#, cost.prompt, out);
        money(r#","upstream_inference_completions_cost":"#, cost.completion, out);
        count(r#"},"completion_tokens_details":{"reasoning_tokens":"#, self.reasoning, out);
        count(r#","image_tokens":"#, self.image_output, out);
        count(r#","audio_tokens":"#, self.audio_output, out);
        out.extend_from_slice(if self.is_estimated() { br#"},"estimated":true}"# } else { b"}}" });
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn written(usage: &Usage, cost: &Cost, is_byok: bool) -> String {
        let mut out = Vec::new();
        usage.write_openrouter(cost, is_byok, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_usage_object_is_that_of_openrouter() {
        let usage = Usage { input: 23, output: 3, reasoning: 57, ..Usage::default() };
        let cost = Cost { total: NanoUsd::new(20_300), prompt: NanoUsd::new(2_300), completion: NanoUsd::new(18_000) };
        assert_eq!(
            written(&usage, &cost, false),
            concat!(
                r#"{"prompt_tokens":23,"completion_tokens":60,"total_tokens":83,"cost":0.0000203,"is_byok":false,"#,
                r#""prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0,"audio_tokens":0,"video_tokens":0},"#,
                r#""cost_details":{"upstream_inference_cost":0.0000203,"upstream_inference_prompt_cost":0.0000023,"#,
                r#""upstream_inference_completions_cost":0.000018},"#,
                r#""completion_tokens_details":{"reasoning_tokens":57,"image_tokens":0,"audio_tokens":0}}"#
            )
        );
    }

    #[test]
    fn buckets_are_put_back_into_their_wholes() {
        let usage = Usage {
            input: 1,
            cache_read: 2,
            cache_write_5m: 4,
            cache_write_1h: 8,
            audio_input: 16,
            output: 32,
            reasoning: 64,
            audio_output: 128,
            image_output: 256,
            ..Usage::default()
        };
        let json: serde_json::Value = serde_json::from_str(&written(&usage, &Cost::default(), true)).unwrap();
        assert_eq!(json["prompt_tokens"], 31);
        assert_eq!(json["completion_tokens"], 480);
        assert_eq!(json["total_tokens"], 511);
        assert_eq!(json["is_byok"], true);
        assert_eq!(json["prompt_tokens_details"]["cached_tokens"], 2);
        assert_eq!(json["prompt_tokens_details"]["cache_write_tokens"], 12);
        assert_eq!(json["prompt_tokens_details"]["audio_tokens"], 16);
        assert_eq!(json["completion_tokens_details"]["image_tokens"], 256);
        assert_eq!(json["completion_tokens_details"]["audio_tokens"], 128);
        assert_eq!(json.get("estimated"), None);
    }

    #[test]
    fn an_estimate_says_that_it_is_one() {
        let usage = Usage::estimate(9, 1);
        assert_eq!((usage.input, usage.output), (3, 1));
        assert_eq!(Usage::estimate(0, 0).input_tokens(), 0);
        let partial = Usage { source: Source::Partial, ..usage };
        for usage in [usage, partial] {
            let json: serde_json::Value = serde_json::from_str(&written(&usage, &Cost::default(), false)).unwrap();
            assert_eq!(json["estimated"], true);
            assert_eq!(json["cost"], 0);
        }
    }
}
