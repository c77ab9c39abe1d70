//! The `usageMetadata` object of Gemini.
//!
//! See <https://ai.google.dev/api/generate-content#UsageMetadata>.

use super::openai::{MAX_TOKENS, take};
use super::{Source, Usage};
use crate::decimal::Decimal;
use crate::json::{Error, Kind, Scanner};

/// A `usageMetadata` object as it came: counts of the whole exchange so far, each of which may be missing.
///
/// The prompt includes what the cache held, and leaves out what tools that Gemini ran brought in; the candidates leave the
/// thoughts out. The total is the sum of prompt, tools, candidates and thoughts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GeminiUsage {
    prompt: Option<u64>,
    cached: Option<u64>,
    tool_use: Option<u64>,
    candidates: Option<u64>,
    thoughts: Option<u64>,
    total: Option<u64>,
    audio_input: Option<u64>,
    cached_audio: Option<u64>,
    audio_output: Option<u64>,
    image_output: Option<u64>,
}

impl GeminiUsage {
    /// Reads a `usageMetadata` object.
    ///
    /// Members of the wrong type, negative or absurd count as missing. `None` if it is no object or counts nothing at all.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let mut usage = Self::default();
        let mut scanner = Scanner::new(json);
        let read = scanner.members(&mut |scanner, key, _| {
            match key.raw {
                b"promptTokenCount" => usage.prompt = count(scanner.raw()?),
                b"cachedContentTokenCount" => usage.cached = count(scanner.raw()?),
                b"toolUsePromptTokenCount" => usage.tool_use = count(scanner.raw()?),
                b"candidatesTokenCount" => usage.candidates = count(scanner.raw()?),
                b"thoughtsTokenCount" => usage.thoughts = count(scanner.raw()?),
                b"totalTokenCount" => usage.total = count(scanner.raw()?),
                b"promptTokensDetails" => usage.audio_input = of_modality(scanner, "AUDIO", &mut None)?,
                b"cacheTokensDetails" => usage.cached_audio = of_modality(scanner, "AUDIO", &mut None)?,
                b"candidatesTokensDetails" => usage.audio_output = of_modality(scanner, "AUDIO", &mut usage.image_output)?,
                _ => _ = scanner.skip()?,
            }
            Ok(())
        });
        read.ok()?;
        (usage != Self::default()).then_some(usage)
    }

    /// Takes over what a later object of the same stream says: of each count the latest that is not missing. Each object counts
    /// from the beginning, so nothing is summed.
    pub fn merge(&mut self, later: &Self) {
        self.prompt = later.prompt.or(self.prompt);
        self.cached = later.cached.or(self.cached);
        self.tool_use = later.tool_use.or(self.tool_use);
        self.candidates = later.candidates.or(self.candidates);
        self.thoughts = later.thoughts.or(self.thoughts);
        self.total = later.total.or(self.total);
        self.audio_input = later.audio_input.or(self.audio_input);
        self.cached_audio = later.cached_audio.or(self.cached_audio);
        self.audio_output = later.audio_output.or(self.audio_output);
        self.image_output = later.image_output.or(self.image_output);
    }

    /// The same in buckets. `None` if the counts come to nothing; then the usage has to be estimated.
    pub fn usage(&self) -> Option<Usage> {
        let tool_use = self.tool_use.unwrap_or(0);
        let thoughts = self.thoughts.unwrap_or(0);
        let beside = |known: u64| self.total.unwrap_or(0).saturating_sub(known).saturating_sub(tool_use).saturating_sub(thoughts);
        let mut input = self.prompt.unwrap_or_else(|| beside(self.candidates.unwrap_or(0)));
        // With nothing but thoughts there are no candidates to count.
        let mut output = self.candidates.unwrap_or_else(|| beside(input));
        let cache_read = take(&mut input, self.cached);
        let audio_input = take(&mut input, self.audio_input.map(|audio| audio.saturating_sub(self.cached_audio.unwrap_or(0))));
        let audio_output = take(&mut output, self.audio_output);
        let image_output = take(&mut output, self.image_output);
        let usage = Usage {
            input: input.saturating_add(tool_use),
            cache_read,
            audio_input,
            output,
            reasoning: thoughts,
            audio_output,
            image_output,
            source: Source::Reported,
            ..Usage::default()
        };
        (usage.input_tokens() > 0 || usage.output_tokens() > 0).then_some(usage)
    }
}

/// A count of tokens; decimals are cut off.
fn count(raw: &[u8]) -> Option<u64> {
    Decimal::parse(raw)?.truncated(0).filter(|count| *count <= MAX_TOKENS)
}

/// The tokens of `modality` in a list of `{modality, tokenCount}`; those of images go to `images`.
fn of_modality(scanner: &mut Scanner<'_>, modality: &str, images: &mut Option<u64>) -> Result<Option<u64>, Error> {
    let mut found: Option<u64> = None;
    if scanner.kind()? != Kind::Array {
        return scanner.skip().map(|_| None);
    }
    scanner.elements(&mut |scanner| {
        if scanner.kind()? != Kind::Object {
            return scanner.skip().map(|_| ());
        }
        let (mut is_it, mut is_image, mut tokens) = (false, false, None);
        scanner.members(&mut |scanner, key, _| {
            match key.raw {
                b"modality" if scanner.kind()? == Kind::String => {
                    let text = scanner.string()?;
                    is_it = text.is(modality);
                    is_image = text.is("IMAGE");
                }
                b"tokenCount" => tokens = count(scanner.raw()?),
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })?;
        if is_it {
            found = tokens.or(found);
        }
        if is_image {
            *images = tokens.or(*images);
        }
        Ok(())
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn usage(json: &str) -> Option<Usage> {
        GeminiUsage::parse(json.as_bytes())?.usage()
    }

    #[test]
    fn t54_c9_thoughts_are_output_beside_the_candidates() {
        let json = r#"{"promptTokenCount":8,"candidatesTokenCount":20,"thoughtsTokenCount":300,"totalTokenCount":328}"#;
        assert_eq!(usage(json), Some(Usage { input: 8, output: 20, reasoning: 300, ..Usage::default() }));
        assert_eq!(usage(json).unwrap().output_tokens(), 320);
    }

    #[test]
    fn t55_the_cache_is_within_the_prompt_and_tool_use_is_not() {
        let json = r#"{"promptTokenCount":2000,"cachedContentTokenCount":1900,"toolUsePromptTokenCount":50,"candidatesTokenCount":5,
            "totalTokenCount":2055,"cacheTokensDetails":[{"modality":"TEXT","tokenCount":1900}]}"#;
        assert_eq!(usage(json), Some(Usage { input: 150, cache_read: 1900, output: 5, ..Usage::default() }));
        assert_eq!(usage(json).unwrap().input_tokens(), 2050);
    }

    #[test]
    fn t53_with_nothing_but_thoughts_the_candidates_are_not_counted() {
        let json = r#"{"promptTokenCount":8,"thoughtsTokenCount":64,"totalTokenCount":72}"#;
        assert_eq!(usage(json), Some(Usage { input: 8, reasoning: 64, ..Usage::default() }));
        let json = r#"{"promptTokenCount":8,"thoughtsTokenCount":64,"totalTokenCount":75}"#;
        assert_eq!(usage(json), Some(Usage { input: 8, output: 3, reasoning: 64, ..Usage::default() }));
        assert_eq!(usage(r#"{"candidatesTokenCount":3,"totalTokenCount":10}"#).unwrap().input, 7);
    }

    #[test]
    fn t53_c5_counts_of_a_stream_are_those_of_the_last_and_nothing_erases() {
        let mut first = GeminiUsage::parse(br#"{"promptTokenCount":8,"cachedContentTokenCount":2,"candidatesTokenCount":1}"#).unwrap();
        first.merge(&GeminiUsage::parse(br#"{"promptTokenCount":8,"candidatesTokenCount":7,"thoughtsTokenCount":4}"#).unwrap());
        first.merge(&GeminiUsage::parse(br#"{"promptTokenCount":null,"totalTokenCount":19}"#).unwrap());
        assert_eq!(first.usage(), Some(Usage { input: 6, cache_read: 2, output: 7, reasoning: 4, ..Usage::default() }));
    }

    #[test]
    fn audio_and_images_have_their_own_buckets() {
        let json = r#"{"promptTokenCount":100,"cachedContentTokenCount":40,"candidatesTokenCount":1300,"totalTokenCount":1400,
            "promptTokensDetails":[{"modality":"TEXT","tokenCount":20},{"modality":"AUDIO","tokenCount":80}],
            "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":40}],
            "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1290},{"modality":"AUDIO","tokenCount":4}]}"#;
        let expected =
            Usage { input: 20, cache_read: 40, audio_input: 40, output: 6, audio_output: 4, image_output: 1290, ..Usage::default() };
        assert_eq!(usage(json), Some(expected));
    }

    #[test]
    fn odd_numbers_and_types_cost_their_own_member_only() {
        for (json, expected) in [
            (r#"{"promptTokenCount":12.0,"candidatesTokenCount":3.9}"#, Some((12, 3))),
            (r#"{"promptTokenCount":-1,"candidatesTokenCount":5}"#, Some((0, 5))),
            (r#"{"promptTokenCount":"7","candidatesTokenCount":5}"#, Some((0, 5))),
            (r#"{"promptTokenCount":99999999999999999999,"candidatesTokenCount":5}"#, Some((0, 5))),
            (r#"{"promptTokenCount":7,"promptTokensDetails":5,"candidatesTokensDetails":[1,{"modality":1}]}"#, Some((7, 0))),
            (r#"{"promptTokenCount":7,"cachedContentTokenCount":9}"#, Some((7, 0))),
            (r#"{"promptTokenCount":0,"candidatesTokenCount":0,"totalTokenCount":0}"#, None),
            (r#"{"trafficType":"ON_DEMAND"}"#, None),
            ("{}", None),
            ("null", None),
            ("[1]", None),
            ("{\"promptTokenCount\":7", None),
        ] {
            let counts = usage(json).map(|usage| (usage.input_tokens(), usage.output_tokens()));
            assert_eq!(counts, expected, "{json}");
        }
    }
}
