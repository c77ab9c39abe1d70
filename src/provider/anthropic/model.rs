//! What the generations of Claude take: told by a model's name, for the API has no way to ask.

use crate::chat::conversation::Effort;

/// A model of Claude's, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) struct Model {
    /// Major and minor version; what has none is taken for new.
    version: (u32, u32),
    family: Family,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Opus,
    Sonnet,
    Other,
}

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Thinking {
    /// Not at all.
    Never,
    /// With a budget of tokens.
    Budgeted,
    /// As it sees fit, or with a budget.
    Either,
    /// As it sees fit, and a budget is refused.
    Adaptive,
}

const UNKNOWN: (u32, u32) = (u32::MAX, 0);

impl Model {
    /// `claude-3-7-sonnet-20250219`, `claude-sonnet-4-5`, `claude-opus-5` …
    pub(in crate::provider) fn of(name: &str) -> Self {
        // Dates are longer than versions.
        let number = |part: &str| part.parse::<u32>().ok().filter(|_| part.len() <= 2);
        let mut parts = name.split(['-', '.', '@', '_']).skip_while(|part| number(part).is_none());
        let version = parts.next().and_then(number).map(|major| (major, parts.next().and_then(number).unwrap_or(0)));
        let family = match () {
            () if name.contains("opus") => Family::Opus,
            () if name.contains("sonnet") => Family::Sonnet,
            () => Family::Other,
        };
        Self { version: version.unwrap_or(UNKNOWN), family }
    }

    /// The most tokens of an answer where nobody says: all of its kind can give as many.
    pub(in crate::provider) fn default_max_tokens(self) -> u64 {
        match self.version {
            (..=2, _) | (3, ..=4) => 4096,
            (3, 5..=6) => 8192,
            _ => 32_000,
        }
    }

    /// Whether it takes `temperature`, `top_p` and `top_k`: «models released after Claude Opus 4.6» do not.
    pub(in crate::provider) fn takes_sampling(self) -> bool {
        self.version <= (4, 6)
    }

    /// Whether it takes `temperature` and `top_p` together.
    pub(in crate::provider) fn takes_temperature_with_top_p(self) -> bool {
        self.version < (4, 1)
    }

    pub(in crate::provider) fn thinking(self) -> Thinking {
        match self.version {
            version if version < (3, 7) => Thinking::Never,
            version if version < (4, 6) => Thinking::Budgeted,
            (4, 6) => Thinking::Either,
            _ => Thinking::Adaptive,
        }
    }

    /// Whether it thinks unless it is told not to, and can be told so.
    pub(in crate::provider) fn thinks_by_default(self) -> bool {
        self.version >= (5, 0) && self.version != UNKNOWN && self.family != Family::Other
    }

    /// `output_config.effort` for `effort`, the nearest below if it does not know that; `None` if it knows none.
    pub(in crate::provider) fn effort(self, effort: Effort) -> Option<&'static str> {
        let knows_effort = self.version >= (4, 6) || (self.version == (4, 5) && self.family == Family::Opus);
        let word = match effort {
            Effort::None => return None,
            Effort::Minimal | Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::XHigh if self.version >= (4, 7) => "xhigh",
            Effort::Max if self.version >= (4, 6) => "max",
            Effort::High | Effort::XHigh | Effort::Max => "high",
        };
        knows_effort.then_some(word)
    }

    /// Whether it follows a schema to the letter, in its answers and in tool calls.
    pub(in crate::provider) fn follows_schemas(self) -> bool {
        self.version >= (4, 5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn names_tell_versions() {
        for (name, version) in [
            ("claude-3-haiku-20240307", (3, 0)),
            ("claude-3-5-sonnet-latest", (3, 5)),
            ("claude-3-7-sonnet-20250219", (3, 7)),
            ("claude-sonnet-4-20250514", (4, 0)),
            ("claude-opus-4-1-20250805", (4, 1)),
            ("claude-haiku-4-5-20251001", (4, 5)),
            ("anthropic/claude-opus-4.6", (4, 6)),
            ("claude-opus-4-5@20251101", (4, 5)),
            ("claude-sonnet-5", (5, 0)),
            ("claude-mythos-preview", UNKNOWN),
        ] {
            assert_eq!(Model::of(name).version, version, "{name}");
        }
    }

    #[test]
    fn t26_t36_each_generation_takes_its_own() {
        let of = Model::of;
        assert_eq!(
            ["claude-3-opus-20240229", "claude-3-5-haiku-latest", "claude-opus-4-1", "claude-sonnet-5"]
                .map(|name| of(name).default_max_tokens()),
            [4096, 8192, 32_000, 32_000]
        );
        assert_eq!(
            ["claude-3-5-sonnet", "claude-sonnet-4-5", "claude-sonnet-4-6", "claude-opus-4-7", "claude-new"]
                .map(|name| of(name).thinking()),
            [Thinking::Never, Thinking::Budgeted, Thinking::Either, Thinking::Adaptive, Thinking::Adaptive]
        );
        assert!(of("claude-opus-4-6").takes_sampling() && !of("claude-opus-4-7").takes_sampling());
        assert!(of("claude-opus-5").thinks_by_default() && !of("claude-opus-4-8").thinks_by_default());
        assert_eq!(of("claude-sonnet-4-5").effort(Effort::High), None);
        assert_eq!(of("claude-opus-4-5").effort(Effort::Max), Some("high"));
        assert_eq!(of("claude-sonnet-4-6").effort(Effort::XHigh), Some("high"));
        assert_eq!(of("claude-opus-4-7").effort(Effort::XHigh), Some("xhigh"));
    }
}
