//! The settings of OpenRouter's auto router: which models it may take, and how dear.
//!
//! See <https://openrouter.ai/docs/guides/routing/routers/auto-router>.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::ClientError;
use crate::glob::Glob;

/// The name by which the auto router is asked for.
pub const MODEL: &str = "openrouter/auto";

/// The id of its plugin.
const PLUGIN: &str = "auto-router";

/// What a request says to the auto router, in its `plugins`.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Settings {
    /// The models that may serve it, in patterns; none for all.
    allowed_models: Option<Vec<Box<str>>>,
    /// Models that may not, even if they are allowed.
    excluded_models: Option<Vec<Box<str>>>,
    /// How dear.
    pub cost_tier: Option<CostTier>,
}

/// A fifth of the models by their price: a band, not a ceiling.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum CostTier {
    /// The cheapest.
    Low,
    /// Dearer than low.
    Medium,
    /// Dearer than medium.
    High,
    /// Dearer than high.
    XHigh,
    /// The dearest.
    Max,
}

/// The tiers as they are written.
pub const COST_TIERS: [(&str, CostTier); 5] =
    [("low", CostTier::Low), ("medium", CostTier::Medium), ("high", CostTier::High), ("xhigh", CostTier::XHigh), ("max", CostTier::Max)];

#[derive(Deserialize)]
struct Plugin {
    id: String,
    enabled: Option<bool>,
}

// === impl Settings ===

impl Settings {
    /// Reads a request's `plugins`; what other plugins have in it is passed over.
    ///
    /// Errors: if the settings of the auto router are not of this shape.
    pub fn of_plugins(plugins: &[u8]) -> Result<Self, ClientError> {
        let wrong = |_| ClientError::invalid("plugins", "an array of objects with an id");
        let plugins: Option<Vec<&RawValue>> = serde_json::from_slice(plugins).map_err(wrong)?;
        for written in plugins.into_iter().flatten() {
            let plugin: Plugin = serde_json::from_str(written.get()).map_err(wrong)?;
            if plugin.id == PLUGIN && plugin.enabled != Some(false) {
                return serde_json::from_str(written.get()).map_err(|_| {
                    let expected = "allowed_models and excluded_models to be arrays of model ids, and cost_tier one of low, medium, high, \
                                    xhigh, max";
                    ClientError::invalid("plugins", expected)
                });
            }
        }
        Ok(Self::default())
    }

    /// Whether `model`, a catalogued id, may serve the request.
    pub fn allow(&self, model: &str) -> bool {
        let any = |patterns: &Vec<Box<str>>| {
            patterns.iter().any(|pattern| Glob::new(pattern.to_ascii_lowercase()).matches(&model.to_ascii_lowercase()))
        };
        self.allowed_models.as_ref().is_none_or(|allowed| allowed.is_empty() || any(allowed))
            && !self.excluded_models.as_ref().is_some_and(any)
    }
}

// === impl CostTier ===

impl CostTier {
    /// The places of its band among `count` models in the order of their price: at least one where there is any.
    #[allow(clippy::arithmetic_side_effects)] // Divided by a constant.
    pub fn band(self, count: usize) -> Range<usize> {
        let place = |fifths: usize| count.saturating_mul(fifths) / COST_TIERS.len();
        let start = place(self as usize);
        start..place((self as usize).saturating_add(1)).max(start.saturating_add(1)).min(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn settings_stand_among_other_plugins() {
        let read = |text: &str| Settings::of_plugins(text.as_bytes());
        let settings = read(
            r#"[{"id":"web","max_results":3},{"id":"auto-router","allowed_models":["Anthropic/*","*/gpt-*"],
                "excluded_models":["openai/gpt-4o"],"cost_tier":"xhigh"}]"#,
        );
        let settings = settings.unwrap();
        assert_eq!(settings.cost_tier, Some(CostTier::XHigh));
        for (model, allowed) in [("anthropic/claude", true), ("openai/gpt-5", true), ("openai/gpt-4o", false), ("google/gemini", false)] {
            assert_eq!(settings.allow(model), allowed, "{model}");
        }
        for none in ["null", "[]", r#"[{"id":"auto-router","enabled":false,"allowed_models":[]}]"#, r#"[{"id":"auto-router"}]"#] {
            assert_eq!(read(none), Ok(Settings::default()), "{none}");
        }
        for wrong in [r#"[{"id":"auto-router","cost_tier":"cheap"}]"#, r#"[{"id":"auto-router","allowed_models":"x"}]"#, "[1]", "{}"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tiers_are_fifths_and_never_empty() {
        let bands = |count| COST_TIERS.map(|(_, tier)| tier.band(count));
        assert_eq!(bands(10), [0..2, 2..4, 4..6, 6..8, 8..10]);
        assert_eq!(bands(2), [0..1, 0..1, 0..1, 1..2, 1..2]);
        assert_eq!(bands(1), [0..1, 0..1, 0..1, 0..1, 0..1]);
        assert_eq!(bands(0), [0..0, 0..0, 0..0, 0..0, 0..0]);
    }
}
