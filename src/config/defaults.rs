//! `defaults`: limits and times that hold for every request.

use std::{ops::RangeInclusive, time::Duration};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{error::ConfigError, value};

const HOUR: Duration = Duration::from_secs(3600);
const TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(1)..=HOUR.saturating_mul(24);
/// The VM's address space has 4 GiB, and a body is held once or twice.
const BYTES: RangeInclusive<u64> = 1..=1 << 30;

/// Limits and times that hold for every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// Streamed: how long an attempt may take to its first meaningful event.
    pub first_token_timeout: Duration,
    /// Not streamed: how long an attempt may take to its whole answer.
    pub response_timeout: Duration,
    /// Attempts over all endpoints and models of one request.
    pub max_attempts: usize,
    /// A larger request is answered with 413.
    pub max_request_bytes: usize,
    /// A larger answer that is not streamed becomes a 502.
    pub max_response_bytes: usize,
    /// A larger event of a stream passes unread.
    pub max_event_bytes: usize,
    /// Entries in a request's `models`.
    pub max_models: usize,
    /// How long an endpoint's trouble is remembered where Retry-After says nothing.
    pub cooldown: Duration,
    /// How many generations are kept for `GET /generation`; 0 for none.
    pub generations: u32,
    /// Whether requests with tools go by the endpoints' quality where the client asks for no order: OpenRouter's Auto Exacto.
    pub auto_exacto: bool,
    /// How long money is reserved for a request that is never settled.
    pub reservation_timeout: Duration,
    /// The tokens of an answer that money is reserved for where neither the request nor its endpoint says how long it may get.
    pub reserved_completion_tokens: u64,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            first_token_timeout: Duration::from_secs(30),
            response_timeout: Duration::from_secs(600),
            max_attempts: 5,
            max_request_bytes: 20 << 20,
            max_response_bytes: 24 << 20,
            max_event_bytes: 1 << 20,
            max_models: 3,
            cooldown: Duration::from_secs(30),
            generations: 1000,
            auto_exacto: false,
            reservation_timeout: Duration::from_secs(900),
            reserved_completion_tokens: 16_384,
        }
    }
}

/// `defaults` as written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DefaultsEntry<'a> {
    #[serde(borrow)]
    first_token_timeout: Option<&'a RawValue>,
    #[serde(borrow)]
    response_timeout: Option<&'a RawValue>,
    #[serde(borrow)]
    max_attempts: Option<&'a RawValue>,
    #[serde(borrow)]
    max_request_bytes: Option<&'a RawValue>,
    #[serde(borrow)]
    max_response_bytes: Option<&'a RawValue>,
    #[serde(borrow)]
    max_event_bytes: Option<&'a RawValue>,
    #[serde(borrow)]
    max_models: Option<&'a RawValue>,
    #[serde(borrow)]
    cooldown: Option<&'a RawValue>,
    #[serde(borrow)]
    generations: Option<&'a RawValue>,
    auto_exacto: Option<bool>,
    #[serde(borrow)]
    reservation_timeout: Option<&'a RawValue>,
    #[serde(borrow)]
    reserved_completion_tokens: Option<&'a RawValue>,
}

impl DefaultsEntry<'_> {
    /// What was written over what holds otherwise.
    pub(super) fn resolve(self) -> Result<Defaults, ConfigError> {
        let base = Defaults::default();
        let time = |name, raw: Option<&RawValue>, range, otherwise| match raw {
            Some(raw) => value::time(&format!("defaults.{name}"), raw, range),
            None => Ok(otherwise),
        };
        let whole = |name, raw: Option<&RawValue>, range, otherwise: usize| match raw {
            Some(raw) => {
                let number = value::whole(&format!("defaults.{name}"), raw, range)?;
                Ok(usize::try_from(number).unwrap_or(usize::MAX))
            }
            None => Ok(otherwise),
        };
        Ok(Defaults {
            first_token_timeout: time("first_token_timeout", self.first_token_timeout, TIMEOUTS, base.first_token_timeout)?,
            response_timeout: time("response_timeout", self.response_timeout, TIMEOUTS, base.response_timeout)?,
            max_attempts: whole("max_attempts", self.max_attempts, 1..=100, base.max_attempts)?,
            max_request_bytes: whole("max_request_bytes", self.max_request_bytes, BYTES, base.max_request_bytes)?,
            max_response_bytes: whole("max_response_bytes", self.max_response_bytes, BYTES, base.max_response_bytes)?,
            max_event_bytes: whole("max_event_bytes", self.max_event_bytes, BYTES, base.max_event_bytes)?,
            max_models: whole("max_models", self.max_models, 1..=100, base.max_models)?,
            cooldown: time("cooldown", self.cooldown, Duration::ZERO..=HOUR, base.cooldown)?,
            generations: u32::try_from(whole("generations", self.generations, 0..=100_000, base.generations as usize)?).unwrap_or(u32::MAX),
            auto_exacto: self.auto_exacto.unwrap_or(base.auto_exacto),
            reservation_timeout: time(
                "reservation_timeout",
                self.reservation_timeout,
                Duration::from_secs(1)..=HOUR.saturating_mul(24),
                base.reservation_timeout,
            )?,
            reserved_completion_tokens: match self.reserved_completion_tokens {
                Some(raw) => value::whole("defaults.reserved_completion_tokens", raw, 1..=10_000_000)?,
                None => base.reserved_completion_tokens,
            },
        })
    }
}
