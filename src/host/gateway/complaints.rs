//! What the operator is told of providers, in Envoy's log: not each time.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::clock::Millis;
use crate::endpoint::Endpoint;
use crate::exchange::{Settlement, Unreached};
use crate::fallback;

/// What was complained of, and when.
#[derive(Debug, Default)]
pub(super) struct Complaints(RefCell<FxHashMap<(u32, u16), Millis>>);

/// How long a complaint is not repeated: a minute, for each endpoint and status.
const PERIOD: u64 = 60_000;

// === impl Complaints ===

impl Complaints {
    /// Tells the operator of the attempts that failed for what only he can mend. What a provider says goes to no log.
    pub(super) fn note(&self, settled: &Settlement) {
        for attempt in &settled.attempts {
            let fault = attempt.outcome.fault().filter(|_| !attempt.endpoint.is_byok());
            let Some((fault, wrong)) = fault.and_then(|fault| Some((fault, fallback::operators_fault(fault)?))) else { continue };
            let endpoint = &attempt.endpoint;
            if self.is_due(endpoint, fault.status, settled.at) {
                log::error!("signalbox: {} refused {:?} with {}: {wrong}", endpoint.tag, endpoint.model, fault.status);
            }
        }
    }

    /// Tells the operator of an endpoint whose cluster cannot be reached.
    pub(super) fn note_unreached(&self, endpoint: &Endpoint, unreached: Unreached, now: Millis) {
        if self.is_due(endpoint, 503, now) {
            log::error!("signalbox: the cluster {} {}", endpoint.provider.cluster, unreached.as_str());
        }
    }

    fn is_due(&self, endpoint: &Endpoint, status: u16, now: Millis) -> bool {
        let mut told = self.0.borrow_mut();
        let last = told.get(&(endpoint.id.0, status));
        let is_due = last.is_none_or(|last| now.since(*last) >= PERIOD);
        if is_due {
            told.insert((endpoint.id.0, status), now);
        }
        is_due
    }
}
