//! How endpoints have done, kept for as long as that is believed: a list asks for many of them, and what is known of one has to be read
//! and added up.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::clock::Millis;
use crate::endpoint::{Endpoint, EndpointId};
use crate::performance::Report;

/// How long what was read is believed, in milliseconds.
const FRESH: u64 = 250;

/// How the endpoints of a configuration have done.
#[derive(Debug, Default)]
pub(super) struct Reports(RefCell<Known>);

#[derive(Debug, Default)]
struct Known {
    since: Millis,
    reports: FxHashMap<EndpointId, Report>,
}

// === impl Reports ===

impl Reports {
    /// That of `endpoint`, as `report` says now or said a moment ago.
    pub(super) fn of(&self, endpoint: &Endpoint, report: &dyn Fn(&Endpoint) -> Report, now: Millis) -> Report {
        let mut known = self.0.borrow_mut();
        if now.since(known.since) >= FRESH {
            *known = Known { since: now, reports: FxHashMap::default() };
        }
        *known.reports.entry(endpoint.id).or_insert_with(|| report(endpoint))
    }
}
