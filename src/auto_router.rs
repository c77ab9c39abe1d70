//! The settings of OpenRouter's auto router: which models it may take, and how dear.
//!
//! See <https://openrouter.ai/docs/guides/routing/routers/auto-router>.

use std::ops::Range;

use crate::glob::Glob;
use crate::json::{Error, ErrorKind, Kind, Scanner};

/// The id of its plugin.
pub const PLUGIN: &str = "auto-router";

/// What the settings of its plugin have to be.
pub const EXPECTED: &str = "allowed_models and excluded_models as arrays of model ids, cost_tier as one of low, medium, high, xhigh, max";

/// What a request says to the auto router, in its `plugins`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The models that may serve it, in patterns; none for all.
    allowed_models: Vec<Glob>,
    /// Models that may not, even if they are allowed.
    excluded_models: Vec<Glob>,
    /// How dear.
    pub cost_tier: Option<CostTier>,
}

/// A fifth of the models by their price: a band, not a ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

// === impl Settings ===

impl Settings {
    /// Reads the element of a request's `plugins` that is the auto router's.
    ///
    /// Errors: if it is not as [`EXPECTED`].
    pub fn read(plugin: &[u8]) -> Result<Self, Error> {
        let mut settings = Self::default();
        Scanner::new(plugin).members(&mut |scanner, key, _| {
            match key.raw {
                b"allowed_models" => settings.allowed_models = patterns(scanner)?,
                b"excluded_models" => settings.excluded_models = patterns(scanner)?,
                b"cost_tier" => {
                    if let Some(name) = scanner.optional_string()? {
                        let tier = COST_TIERS.iter().find(|(known, _)| name.is(known)).map(|(_, tier)| *tier);
                        settings.cost_tier = Some(tier.ok_or_else(|| scanner.error(ErrorKind::Type))?);
                    }
                }
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })?;
        Ok(settings)
    }

    /// Whether `model`, a catalogued id, may serve the request.
    pub fn allow(&self, model: &str) -> bool {
        let model = model.to_ascii_lowercase();
        let any = |patterns: &[Glob]| patterns.iter().any(|pattern| pattern.matches(&model));
        (self.allowed_models.is_empty() || any(&self.allowed_models)) && !any(&self.excluded_models)
    }
}

/// An array of patterns, in any case; or `null`, which is none.
fn patterns(scanner: &mut Scanner<'_>) -> Result<Vec<Glob>, Error> {
    let mut patterns = Vec::new();
    if scanner.kind()? == Kind::Null {
        scanner.skip()?;
        return Ok(patterns);
    }
    scanner.elements(&mut |scanner| {
        patterns.push(Glob::new(scanner.string()?.value().to_ascii_lowercase()));
        Ok(())
    })?;
    Ok(patterns)
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
    fn settings_say_which_models_may_serve() {
        let read = |text: &str| Settings::read(text.as_bytes());
        let settings = read(
            r#"{"id":"auto-router","allowed_models":["Anthropic/*","*/gpt-*"],"excluded_models":["openai/gpt-4o"],"cost_tier":"xhigh"}"#,
        );
        let settings = settings.unwrap();
        assert_eq!(settings.cost_tier, Some(CostTier::XHigh));
        for (model, allowed) in [("anthropic/claude", true), ("openai/gpt-5", true), ("openai/gpt-4o", false), ("google/gemini", false)] {
            assert_eq!(settings.allow(model), allowed, "{model}");
        }
        assert_eq!(read(r#"{"id":"auto-router","allowed_models":null}"#), Ok(Settings::default()));
        for wrong in [r#"{"cost_tier":"cheap"}"#, r#"{"allowed_models":"x"}"#, "1"] {
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
