//! An endpoint that Envoy gave up before its attempt began.

use std::time::Duration;

use super::{Exchange, Outcome};
use crate::clock::Clock;
use crate::endpoint::Endpoint;
use crate::error::ErrorType;
use crate::provider::Fault;

/// Why Envoy did not begin an attempt, and by its own rules asks nobody else either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// The cluster has no host: its name was never resolved, or no host is healthy. Response flag `UH`.
    NoHost,
    /// A circuit breaker of the cluster is open. Response flag `UO`.
    Overflow,
}

/// How long an endpoint rests whose circuit breaker is open, so that the next requests go elsewhere: a second.
const REST_OF_OVERFLOW: Duration = Duration::from_secs(1);

// === impl Unreached ===

impl Unreached {
    /// What the bits of Envoy's response flags say.
    pub fn of_flags(flags: u64) -> Option<Self> {
        const NO_HEALTHY_UPSTREAM: u64 = 1 << 1;
        const UPSTREAM_OVERFLOW: u64 = 1 << 7;
        if flags & NO_HEALTHY_UPSTREAM != 0 { Some(Self::NoHost) } else { (flags & UPSTREAM_OVERFLOW != 0).then_some(Self::Overflow) }
    }

    /// What is wrong, for the operator.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoHost => "has no host: its name was not resolved since Envoy started, or no host is healthy",
            Self::Overflow => "has no room: a limit of its circuit_breakers is reached",
        }
    }
}

// === impl Exchange ===

impl Exchange {
    /// Envoy answers, as the endpoint whose turn it was cannot be reached: the attempt has failed before it began, and the endpoint rests.
    /// Says which endpoint that was.
    pub fn handle_unreached(&mut self, unreached: Unreached, clock: &dyn Clock) -> Option<&Endpoint> {
        if self.is_released() {
            return None;
        }
        self.begin_attempt(clock)?;
        let (rest, error_type) = match unreached {
            Unreached::NoHost => (self.defaults.cooldown, ErrorType::ProviderUnavailable),
            Unreached::Overflow => (REST_OF_OVERFLOW.min(self.defaults.cooldown), ErrorType::ProviderOverloaded),
        };
        self.rest(Some(rest), clock);
        self.end_attempt(Outcome::Unanswered(Fault { status: 503, error_type, raw: None }));
        self.current_endpoint().map(|endpoint| &**endpoint)
    }
}
