//! A rate that is used up: 429, in OpenRouter's words.

use std::rc::Rc;

use crate::clock::Millis;
use crate::error::KeyRejection;

/// A key that has used up a rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfRate {
    /// The name of the key.
    pub key: Rc<str>,
    /// Which rate.
    pub rate: Rate,
    /// What it allows.
    pub limit: u64,
    /// When it begins anew.
    pub resets: Millis,
    /// Seconds until then, at least one.
    pub wait: u64,
}

/// What is counted in windows of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Requests of a key in a minute.
    RequestsPerMinute,
    /// Requests of a key in a day.
    RequestsPerDay,
    /// Tokens of a key in a minute.
    TokensPerMinute,
    /// Requests of a key to free models in a minute.
    FreeRequestsPerMinute,
    /// Requests of a key to free models in a day.
    FreeRequestsPerDay,
}

// === impl OutOfRate ===

impl OutOfRate {
    pub(super) fn message(&self) -> String {
        let Self { key, limit, .. } = self;
        let (name, allowed) = match self.rate {
            Rate::RequestsPerMinute => ("limit_rpm/", "requests per minute"),
            Rate::RequestsPerDay => ("limit_rpd/", "requests per day"),
            Rate::TokensPerMinute => ("limit_tpm/", "tokens per minute"),
            Rate::FreeRequestsPerMinute => ("free-models-per-min", "requests per minute to free models"),
            Rate::FreeRequestsPerDay => ("free-models-per-day", "requests per day to free models"),
        };
        let whose = if name.ends_with('/') { &**key } else { "" };
        format!("Rate limit exceeded: {name}{whose}. This key is limited to {limit} {allowed}. Please retry in {} s.", self.wait)
    }

    /// What the client is told of the window; the reset in milliseconds since the epoch, as OpenRouter has it.
    pub(super) fn headers(&self) -> [(&'static str, u64); 3] {
        [("x-ratelimit-limit", self.limit), ("x-ratelimit-remaining", 0), ("x-ratelimit-reset", self.resets.0)]
    }
}

// === impl Rate ===

impl Rate {
    /// What counts a request that it refuses.
    pub fn reason(self) -> KeyRejection {
        match self {
            Self::RequestsPerMinute => KeyRejection::RequestsPerMinute,
            Self::RequestsPerDay => KeyRejection::RequestsPerDay,
            Self::TokensPerMinute => KeyRejection::TokensPerMinute,
            Self::FreeRequestsPerMinute => KeyRejection::FreeRequestsPerMinute,
            Self::FreeRequestsPerDay => KeyRejection::FreeRequestsPerDay,
        }
    }

    /// `limit_source`: OpenRouter's words where it has them.
    pub(super) fn source(self) -> &'static str {
        match self {
            Self::RequestsPerMinute => "key_requests_per_minute",
            Self::RequestsPerDay => "key_requests_per_day",
            Self::TokensPerMinute => "key_tokens_per_minute",
            Self::FreeRequestsPerMinute => "openrouter_free_tier_per_minute",
            Self::FreeRequestsPerDay => "openrouter_free_tier_daily",
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::RequestsPerDay | Self::FreeRequestsPerDay => "Wait for the daily reset",
            Self::RequestsPerMinute | Self::TokensPerMinute | Self::FreeRequestsPerMinute => "Wait for the next minute",
        }
    }
}
