//! What a key may spend and how often it may ask: `limit` and the rates of a key, and `free_models`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{error::ConfigError, value};
use crate::{
    calendar::Period,
    decimal::{Decimal, Unrepresentable},
    price::NanoUsd,
};

/// What a key may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The amount.
    pub usd: NanoUsd,
    /// How often it may be spent anew, by UTC; `None` for once.
    pub reset: Option<Period>,
}

/// How often a key may ask; `None` for as often as it likes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Requests in a minute of UTC.
    pub requests_per_minute: Option<u64>,
    /// Requests in a day of UTC.
    pub requests_per_day: Option<u64>,
    /// Tokens of prompts and answers in a minute of UTC.
    pub tokens_per_minute: Option<u64>,
}

/// How often each key may ask models that cost nothing; `None` for as often as it likes.
///
/// See <https://openrouter.ai/docs/api-reference/limits>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeModels {
    /// Requests in a minute of UTC.
    pub requests_per_minute: Option<u64>,
    /// Requests in a day of UTC.
    pub requests_per_day: Option<u64>,
}

/// The highest limit, in USD: thousands of them still fit in a sum.
const MAX_USD: u64 = 1_000_000;

/// `limit` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitEntry<'a> {
    #[serde(borrow)]
    usd: &'a RawValue,
    #[serde(default, deserialize_with = "value::given")]
    reset: Option<String>,
}

/// `free_models` as written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FreeModelsEntry<'a> {
    #[serde(borrow)]
    requests_per_minute: Option<&'a RawValue>,
    #[serde(borrow)]
    requests_per_day: Option<&'a RawValue>,
}

// === impl Rates ===

impl Rates {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

// === impl FreeModels ===

/// OpenRouter's.
impl Default for FreeModels {
    fn default() -> Self {
        Self { requests_per_minute: Some(20), requests_per_day: Some(1000) }
    }
}

// === impl LimitEntry ===

impl LimitEntry<'_> {
    /// Checks what stands at `path`.
    pub(super) fn resolve(self, path: &str) -> Result<Limit, ConfigError> {
        const RESETS: [(&str, Option<Period>); 4] =
            [("daily", Some(Period::Day)), ("weekly", Some(Period::Week)), ("monthly", Some(Period::Month)), ("never", None)];
        let reset = self.reset.map(|reset| value::one_of(&format!("{path}.reset"), &reset, &RESETS)).transpose()?;
        Ok(Limit { usd: usd(&format!("{path}.usd"), self.usd)?, reset: reset.flatten() })
    }
}

// === impl FreeModelsEntry ===

impl FreeModelsEntry<'_> {
    /// What was written over what holds otherwise.
    pub(super) fn resolve(self) -> Result<FreeModels, ConfigError> {
        let base = FreeModels::default();
        let or_unlimited = |member: &str, raw: Option<&RawValue>, otherwise| match raw {
            None => Ok(otherwise),
            Some(raw) if raw.get() == "\"unlimited\"" => Ok(None),
            Some(raw) => Decimal::parse(raw.get().as_bytes())
                .and_then(|number| number.scaled(0).ok())
                .map(Some)
                .ok_or_else(|| ConfigError::unexpected(format!("free_models.{member}"), "a whole number, or unlimited", raw)),
        };
        Ok(FreeModels {
            requests_per_minute: or_unlimited("requests_per_minute", self.requests_per_minute, base.requests_per_minute)?,
            requests_per_day: or_unlimited("requests_per_day", self.requests_per_day, base.requests_per_day)?,
        })
    }
}

/// One of the [`Rates`].
pub(super) fn rate(path: &str, raw: Option<&RawValue>) -> Result<Option<u64>, ConfigError> {
    raw.map(|raw| value::whole(path, raw, 1..=1_000_000_000_000)).transpose()
}

/// An amount of USD, as a number or, since Envoy makes a double of every number, as a text.
fn usd(path: &str, raw: &RawValue) -> Result<NanoUsd, ConfigError> {
    let text = raw.get();
    let number = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let nanos = Decimal::parse(number.as_bytes()).ok_or(Unrepresentable::OutOfRange).and_then(|usd| usd.scaled(9));
    match nanos.map(NanoUsd::new) {
        Ok(amount) if amount <= NanoUsd::new(MAX_USD.saturating_mul(1_000_000_000)) => Ok(amount),
        Err(Unrepresentable::TooPrecise) => Err(ConfigError::new(path, "expected at most nine decimals (USD)")),
        Ok(_) | Err(Unrepresentable::OutOfRange) => Err(ConfigError::unexpected(path, &format!("a number from 0 to {MAX_USD} (USD)"), raw)),
    }
}
