//! One try of an exchange at one endpoint.

use std::rc::Rc;
use std::time::Duration;

use crate::clock::Millis;
use crate::endpoint::Endpoint;
use crate::error::Outlook;
use crate::fallback;
use crate::provider::Fault;

/// One try of an exchange at one endpoint.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Where.
    pub endpoint: Rc<Endpoint>,
    /// Since when.
    pub started: Millis,
    /// How it went.
    pub outcome: Outcome,
    /// How long the provider that failed asked to be left alone.
    pub retry_after: Option<Duration>,
}

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is under way.
    Open,
    /// Its answer went to the client.
    Accepted,
    /// The provider answered with a failure.
    Failed(Fault),
    /// Nothing came back: refused, reset or silent for too long.
    Unanswered(Fault),
}

// === impl Attempt ===

impl Attempt {
    /// What it leaves to hope for; `None` if it has not failed.
    pub fn outlook(&self) -> Option<Outlook> {
        self.outcome.fault().map(fallback::outlook)
    }

    /// An attempt that begins now.
    pub fn new(endpoint: Rc<Endpoint>, now: Millis) -> Self {
        Self { endpoint, started: now, outcome: Outcome::Open, retry_after: None }
    }
}

// === impl Outcome ===

impl Outcome {
    /// What went wrong.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Open | Self::Accepted => None,
            Self::Failed(fault) | Self::Unanswered(fault) => Some(fault),
        }
    }

    /// The status that the provider answered with, if it answered.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Failed(fault) => Some(fault.status),
            Self::Open | Self::Accepted | Self::Unanswered(_) => None,
        }
    }
}
