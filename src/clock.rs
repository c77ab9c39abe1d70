//! Time, which the core gets handed and never asks the system for.

use std::time::Duration;

/// A time in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

/// Says what time it is. Asked only where it matters: to the shell, each answer is a host call.
pub trait Clock {
    /// The time.
    fn now(&self) -> Millis;
}

// === impl Millis ===

impl Millis {
    /// The time `duration` later.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }

    /// Milliseconds since `earlier`, at least 0.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole seconds since the epoch.
    pub fn as_secs(self) -> u64 {
        self.0 / 1000
    }
}

/// A time that stands still.
impl Clock for Millis {
    fn now(&self) -> Millis {
        *self
    }
}
