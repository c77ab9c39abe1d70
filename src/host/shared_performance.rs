//! How endpoints have done, shared by all workers of one Envoy.
//!
//! What a worker observes it keeps to itself until the next tick, so that an exchange costs no host call for it; and what it has read
//! it believes for a quarter of a second. Nobody routes by the last half second.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::calls::{self, HostClock};
use crate::clock::{Clock, Millis};
use crate::endpoint::EndpointKey;
use crate::performance::{Observation, Performance, Recent, Report};

/// So many observations are shared before the next tick.
const MOST_PENDING: usize = 1024;

/// How long what was read is believed, in milliseconds.
const FRESH: u64 = 250;

/// So many endpoints are remembered at a time: more are read anew.
const MOST_REMEMBERED: usize = 4096;

/// How often a change is tried again when another worker was faster.
const TRIES: usize = 8;

thread_local! {
    static PENDING: RefCell<Vec<Observation>> = RefCell::default();
    static REMEMBERED: RefCell<FxHashMap<u64, (Millis, Recent)>> = RefCell::default();
}

/// Notes what an exchange says of endpoints.
pub(super) fn note(observations: impl Iterator<Item = Observation>) {
    let full = PENDING.with_borrow_mut(|pending| {
        pending.extend(observations);
        pending.len() >= MOST_PENDING
    });
    if full {
        share();
    }
}

/// Shares what was noted.
pub(super) fn share() {
    let mut pending = PENDING.take();
    while let Some(last) = pending.last() {
        let endpoint = last.endpoint;
        let key = key(endpoint);
        let observed: Vec<_> = pending.extract_if(.., |observed| observed.endpoint == endpoint).collect();
        let shared = (0..TRIES).any(|_| {
            let (bytes, cas) = calls::shared(&key).unwrap_or_default();
            let mut performance = Performance::from_bytes(&bytes);
            observed.iter().for_each(|observed| performance.record(observed));
            calls::set_shared(&key, &performance.to_bytes(), cas)
        });
        if !shared {
            log::warn!("signalbox: how an endpoint did could not be shared with the other workers: too many changes at once");
        }
    }
}

/// How an endpoint has done lately.
pub(super) fn recent(endpoint: EndpointKey, now: Millis) -> Recent {
    REMEMBERED.with_borrow_mut(|remembered| {
        if let Some((at, recent)) = remembered.get(&endpoint.hash())
            && now.since(*at) < FRESH
        {
            return *recent;
        }
        if remembered.len() >= MOST_REMEMBERED {
            remembered.clear();
        }
        share();
        let recent = read(endpoint).recent(now);
        remembered.insert(endpoint.hash(), (now, recent));
        recent
    })
}

/// What the catalogue shows of an endpoint.
pub(super) fn report(endpoint: EndpointKey) -> Report {
    share();
    read(endpoint).report(HostClock.now())
}

fn read(endpoint: EndpointKey) -> Performance {
    calls::shared(&key(endpoint)).map(|(bytes, _)| Performance::from_bytes(&bytes)).unwrap_or_default()
}

fn key(endpoint: EndpointKey) -> String {
    format!("signalbox.performance.{:016x}", endpoint.hash())
}
