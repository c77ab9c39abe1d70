//! The `usage` object of the OpenAI format, with what its imitators add to it.

use super::{Source, Usage};
use crate::decimal::Decimal;
use crate::json::{Kind, Scanner};
use crate::price::NanoUsd;

/// A count above this is a provider's mistake and taken as missing: no request has a thousand million tokens.
pub(super) const MAX_TOKENS: u64 = 1_000_000_000;

/// A `usage` object as a provider sent it: overlapping counts, each of which may be missing.
///
/// It is kept as it came so that objects of one stream can be [merged](Self::merge), and turned
/// into buckets at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenAiUsage {
    prompt: Option<u64>,
    completion: Option<u64>,
    total: Option<u64>,
    cached: Option<u64>,
    cache_write: Option<u64>,
    cache_miss: Option<u64>,
    audio_input: Option<u64>,
    reasoning: Option<u64>,
    audio_output: Option<u64>,
    image_output: Option<u64>,
    cost: Option<NanoUsd>,
    upstream_cost: Option<NanoUsd>,
    is_byok: bool,
}

impl OpenAiUsage {
    /// Reads a `usage` object.
    ///
    /// Members of the wrong type, negative or absurd count as missing; members unknown are passed
    /// over. `None` if it is no object or counts nothing at all (`null`, `{}`).
    pub fn parse(json: &[u8]) -> Option<Self> {
        let mut usage = Self::default();
        let (mut cache_hit, mut cached_at_top) = (None, None);
        let mut scanner = Scanner::new(json);
        let walked = scanner.object(|scanner, key, _| {
            if scanner.kind()? == Kind::Object {
                return match key.raw {
                    b"prompt_tokens_details" => scanner.object(|scanner, key, _| {
                        match (key.raw, scanner.raw()?) {
                            (b"cached_tokens", value) => usage.cached = count(value),
                            (b"cache_write_tokens", value) => usage.cache_write = count(value),
                            (b"audio_tokens", value) => usage.audio_input = count(value),
                            _ => {}
                        }
                        Ok(())
                    }),
                    b"completion_tokens_details" => scanner.object(|scanner, key, _| {
                        match (key.raw, scanner.raw()?) {
                            (b"reasoning_tokens", value) => usage.reasoning = count(value),
                            (b"audio_tokens", value) => usage.audio_output = count(value),
                            (b"image_tokens", value) => usage.image_output = count(value),
                            _ => {}
                        }
                        Ok(())
                    }),
                    b"cost_details" => scanner.object(|scanner, key, _| {
                        let value = scanner.raw()?;
                        if key.raw == b"upstream_inference_cost" {
                            usage.upstream_cost = money(value);
                        }
                        Ok(())
                    }),
                    _ => scanner.skip().map(|_| ()),
                };
            }
            match (key.raw, scanner.raw()?) {
                (b"prompt_tokens", value) => usage.prompt = count(value),
                (b"completion_tokens", value) => usage.completion = count(value),
                (b"total_tokens", value) => usage.total = count(value),
                // DeepSeek's name for the cached tokens, and what its cache did not hold.
                (b"prompt_cache_hit_tokens", value) => cache_hit = count(value),
                (b"prompt_cache_miss_tokens", value) => usage.cache_miss = count(value),
                (b"cached_tokens", value) => cached_at_top = count(value).or(cached_at_top),
                // Mistral's name for them, beside the details that it also has.
                (b"num_cached_tokens", value) => cached_at_top = cached_at_top.or(count(value)),
                // OpenRouter's own reckoning, in USD.
                (b"cost", value) => usage.cost = money(value),
                (b"is_byok", value) => usage.is_byok = value == b"true",
                _ => {}
            }
            Ok(())
        });
        walked.and_then(|()| scanner.end()).ok()?;
        usage.cached = usage.cached.or(cache_hit).or(cached_at_top);
        (usage != Self { is_byok: usage.is_byok, ..Self::default() }).then_some(usage)
    }

    /// Takes over what a later object of the same stream says: of each count the latest that is not missing.
    ///
    /// So an object on every chunk is not summed, and `null` does not erase.
    pub fn merge(&mut self, later: &Self) {
        self.prompt = later.prompt.or(self.prompt);
        self.completion = later.completion.or(self.completion);
        self.total = later.total.or(self.total);
        self.cached = later.cached.or(self.cached);
        self.cache_write = later.cache_write.or(self.cache_write);
        self.cache_miss = later.cache_miss.or(self.cache_miss);
        self.audio_input = later.audio_input.or(self.audio_input);
        self.reasoning = later.reasoning.or(self.reasoning);
        self.audio_output = later.audio_output.or(self.audio_output);
        self.image_output = later.image_output.or(self.image_output);
        self.cost = later.cost.or(self.cost);
        self.upstream_cost = later.upstream_cost.or(self.upstream_cost);
        self.is_byok |= later.is_byok;
    }

    /// The same in buckets: each part is taken out of its whole, and never more than is left of it.
    ///
    /// Where there is a total alone, `output_bytes` of text tell which part of it is output, as an estimate.
    ///
    /// `None` if the counts come to nothing; then the usage has to be estimated.
    pub fn usage(&self, output_bytes: usize) -> Option<Usage> {
        let (mut input, mut output) = self.wholes();
        let is_split = output_bytes == 0 || self.prompt.or(self.completion).or(self.cache_miss).is_some();
        if !is_split {
            output = Usage::estimate(0, output_bytes).output.min(input);
            input = input.saturating_sub(output);
        }
        if input == 0 && output == 0 {
            return None;
        }
        // At some providers (xAI) the completion leaves its reasoning out; the total tells.
        let reasoning = self.reasoning.unwrap_or(0);
        if self.total.and_then(|total| total.checked_sub(input)?.checked_sub(output)) == Some(reasoning) {
            output = output.saturating_add(reasoning);
        }
        let cache_read = take(&mut input, self.cached);
        let cache_write_5m = take(&mut input, self.cache_write);
        let audio_input = take(&mut input, self.audio_input);
        let reasoning = take(&mut output, self.reasoning);
        let audio_output = take(&mut output, self.audio_output);
        let image_output = take(&mut output, self.image_output);
        Some(Usage {
            input,
            cache_read,
            cache_write_5m,
            cache_write_1h: 0,
            audio_input,
            output,
            reasoning,
            audio_output,
            image_output,
            source: if is_split { Source::Reported } else { Source::Estimated },
            reported_cost: self.reported_cost(),
        })
    }

    /// All input and all output, one reckoned from the total if it is missing.
    fn wholes(&self) -> (u64, u64) {
        let hit_and_miss = || Some(self.cached.unwrap_or(0).saturating_add(self.cache_miss?));
        let prompt = self.prompt.or_else(hit_and_miss);
        let rest = |part: u64| self.total.map_or(0, |total| total.saturating_sub(part));
        match (prompt, self.completion) {
            (Some(prompt), Some(completion)) => (prompt, completion),
            (Some(prompt), None) => (prompt, rest(prompt)),
            (None, Some(completion)) => (rest(completion), completion),
            (None, None) => (rest(0), 0),
        }
    }

    /// With a key of one's own at OpenRouter, `cost` is its fee alone and the provider's price comes on top.
    fn reported_cost(&self) -> Option<NanoUsd> {
        match self.upstream_cost {
            Some(upstream) if self.is_byok => Some(self.cost?.saturating_add(upstream)),
            _ => self.cost,
        }
    }
}

/// A count of tokens; decimals are cut off.
fn count(value: &[u8]) -> Option<u64> {
    Decimal::parse(value)?.truncated(0).filter(|count| *count <= MAX_TOKENS)
}

fn money(value: &[u8]) -> Option<NanoUsd> {
    NanoUsd::from_usd(Decimal::parse(value)?)
}

/// Takes a part out of what is left of its whole.
pub(super) fn take(left: &mut u64, part: Option<u64>) -> u64 {
    let part = part.unwrap_or(0).min(*left);
    *left = left.saturating_sub(part);
    part
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn usage(json: &str) -> Option<Usage> {
        OpenAiUsage::parse(json.as_bytes())?.usage(0)
    }

    #[test]
    fn t12_subsets_come_out_of_their_wholes() {
        let json = r#"{"prompt_tokens":2006,"completion_tokens":300,"total_tokens":2306,
            "prompt_tokens_details":{"cached_tokens":1920,"audio_tokens":6,"cache_write_tokens":30},
            "completion_tokens_details":{"reasoning_tokens":192,"audio_tokens":8,"image_tokens":10,"accepted_prediction_tokens":4}}"#;
        assert_eq!(
            usage(json),
            Some(Usage {
                input: 50,
                cache_read: 1920,
                cache_write_5m: 30,
                audio_input: 6,
                output: 90,
                reasoning: 192,
                audio_output: 8,
                image_output: 10,
                ..Usage::default()
            })
        );
    }

    #[test]
    fn t77_deepseek_names_its_cache_otherwise() {
        let json =
            r#"{"prompt_tokens":100,"completion_tokens":7,"total_tokens":107,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}"#;
        let expected = Usage { input: 36, cache_read: 64, output: 7, ..Usage::default() };
        assert_eq!(usage(json), Some(expected));
        let json = r#"{"completion_tokens":7,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}"#;
        assert_eq!(usage(json), Some(expected));
    }

    #[test]
    fn mistral_names_its_cache_otherwise() {
        let json = r#"{"prompt_tokens":100,"total_tokens":107,"completion_tokens":7,"num_cached_tokens":64,"prompt_audio_seconds":null}"#;
        let expected = Usage { input: 36, cache_read: 64, output: 7, ..Usage::default() };
        assert_eq!(usage(json), Some(expected));
    }

    #[test]
    fn t78_the_cost_of_openrouter_is_kept() {
        let json = r#"{"prompt_tokens":23,"completion_tokens":60,"total_tokens":83,"cost":0.0000203,"is_byok":false,
            "cost_details":{"upstream_inference_cost":0.0000203}}"#;
        assert_eq!(usage(json).unwrap().reported_cost, Some(NanoUsd::new(20_300)));
        let own_key = r#"{"prompt_tokens":23,"cost":1e-06,"is_byok":true,"cost_details":{"upstream_inference_cost":0.00002}}"#;
        assert_eq!(usage(own_key).unwrap().reported_cost, Some(NanoUsd::new(21_000)));
        for json in [r#"{"prompt_tokens":1,"cost":null}"#, r#"{"prompt_tokens":1,"cost":-1}"#, r#"{"prompt_tokens":1,"cost":"1"}"#] {
            assert_eq!(usage(json).unwrap().reported_cost, None, "{json}");
        }
    }

    #[test]
    fn t09_t10_the_latest_count_that_is_not_null_wins() {
        let mut merged = OpenAiUsage::default();
        for json in [
            r#"{"prompt_tokens":10,"completion_tokens":0,"prompt_tokens_details":{"cached_tokens":4}}"#,
            r#"{"prompt_tokens":10,"completion_tokens":3,"prompt_tokens_details":null}"#,
            r#"{"prompt_tokens":null,"completion_tokens":5,"completion_tokens_details":{"reasoning_tokens":null}}"#,
        ] {
            merged.merge(&OpenAiUsage::parse(json.as_bytes()).unwrap());
        }
        let expected = Usage { input: 6, cache_read: 4, output: 5, ..Usage::default() };
        assert_eq!(merged.usage(0), Some(expected));
    }

    #[test]
    fn a_missing_whole_is_reckoned_from_the_total() {
        let counts = |json| usage(json).map(|usage| (usage.input_tokens(), usage.output_tokens()));
        assert_eq!(counts(r#"{"prompt_tokens":8,"total_tokens":8}"#), Some((8, 0)));
        assert_eq!(counts(r#"{"prompt_tokens":8,"completion_tokens":2}"#), Some((8, 2)));
        assert_eq!(counts(r#"{"completion_tokens":2,"total_tokens":10}"#), Some((8, 2)));
        assert_eq!(counts(r#"{"total_tokens":10}"#), Some((10, 0)));
        assert_eq!(counts(r#"{"completion_tokens":2,"total_tokens":1}"#), Some((0, 2)));
    }

    #[test]
    fn a_total_alone_is_parted_by_the_text_that_came() {
        for json in [r#"{"total_tokens":100}"#, r#"{"prompt_tokens":1e30,"completion_tokens":1e30,"total_tokens":100}"#] {
            let usage = |bytes| OpenAiUsage::parse(json.as_bytes()).unwrap().usage(bytes).unwrap();
            assert_eq!((usage(33).input, usage(33).output, usage(33).source), (91, 9, Source::Estimated));
            assert_eq!((usage(4000).input, usage(4000).output), (0, 100));
            assert_eq!((usage(0).input, usage(0).source), (100, Source::Reported));
        }
        let both = OpenAiUsage::parse(br#"{"prompt_tokens":8,"total_tokens":10}"#).unwrap().usage(99).unwrap();
        assert_eq!((both.input, both.output, both.source), (8, 2, Source::Reported));
    }

    #[test]
    fn reasoning_beside_the_completion_is_output_too() {
        let json = r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,"completion_tokens_details":{"reasoning_tokens":100}}"#;
        let expected = Usage { input: 10, output: 5, reasoning: 100, ..Usage::default() };
        assert_eq!(usage(json), Some(expected));
    }

    #[test]
    fn a_subset_larger_than_its_whole_is_clamped() {
        let json = r#"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":99,"audio_tokens":99},
            "completion_tokens_details":{"reasoning_tokens":99}}"#;
        let expected = Usage { cache_read: 10, reasoning: 5, ..Usage::default() };
        assert_eq!(usage(json), Some(expected));
    }

    #[test]
    fn odd_numbers_and_types_cost_their_own_member_only() {
        for (json, expected) in [
            (r#"{"prompt_tokens":12.0,"completion_tokens":3.9}"#, Some((12, 3))),
            (r#"{"prompt_tokens":1e2,"completion_tokens":-5}"#, Some((100, 0))),
            (r#"{"prompt_tokens":99999999999999999999999,"completion_tokens":5}"#, Some((0, 5))),
            (r#"{"prompt_tokens":1e999,"completion_tokens":5}"#, Some((0, 5))),
            (r#"{"prompt_tokens":18446744073709551615,"completion_tokens":5}"#, Some((0, 5))),
            (r#"{"prompt_tokens":"7","completion_tokens":5}"#, Some((0, 5))),
            (r#"{"prompt_tokens":7,"prompt_tokens_details":5,"completion_tokens_details":[1]}"#, Some((7, 0))),
            (r#"{"prompt_tokens":7,"queue_time":1e999,"x":{"y":[null]}}"#, Some((7, 0))),
            (r#" {"prompt_tokens":7} "#, Some((7, 0))),
            (r#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#, None),
            ("{}", None),
            ("null", None),
            ("[1,2,3]", None),
            ("", None),
            ("{\"prompt_tokens\":7", None),
            ("{\"prompt_tokens\":7}}", None),
        ] {
            let counts = usage(json).map(|usage| (usage.input_tokens(), usage.output_tokens()));
            assert_eq!(counts, expected, "{json}");
        }
        assert_eq!(OpenAiUsage::parse(b"{\"prompt_tokens\":7,\"x\":\"\xff\"}"), None);
    }

    #[test]
    fn damaged_bytes_never_panic() {
        let json = br#"{"prompt_tokens":2006,"completion_tokens":300,"cost":0.01,"prompt_tokens_details":{"cached_tokens":1920}}"#;
        for at in 0..json.len() {
            let _ = OpenAiUsage::parse(&json[..at]);
            for bit in 0..8 {
                let mut damaged = json.to_vec();
                damaged[at] ^= 1 << bit;
                let _ = OpenAiUsage::parse(&damaged).and_then(|usage| usage.usage(at));
            }
        }
    }
}
