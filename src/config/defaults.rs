//! `defaults`: limits and times that hold for every request.

use std::time::Duration;

/// Limits and times that hold for every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// Streamed: how long an attempt may take to its first meaningful event.
    pub first_token_timeout: Duration,
    /// Not streamed: how long an attempt may take to its whole answer.
    pub response_timeout: Duration,
    /// Attempts over all endpoints and models of one request.
    pub max_attempts: u32,
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
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            first_token_timeout: Duration::from_secs(30),
            response_timeout: Duration::from_secs(600),
            max_attempts: 5,
            max_request_bytes: 20 << 20,
            max_response_bytes: 32 << 20,
            max_event_bytes: 1 << 20,
            max_models: 3,
            cooldown: Duration::from_secs(30),
        }
    }
}
