//! The health of endpoints, shared by all workers of one Envoy.

use super::calls::{self, HostClock};
use crate::clock::{Clock, Millis};
use crate::endpoint::EndpointKey;
use crate::health::Health;

const KEY: &str = "signalbox.health";

/// How often a change is tried again when another worker was faster.
const TRIES: usize = 8;

/// Which endpoints are in trouble.
pub(super) fn read() -> Health {
    let Some((bytes, cas)) = calls::shared(KEY).filter(|(bytes, _)| !bytes.is_empty()) else {
        return Health::default();
    };
    let mut health = Health::from_bytes(&bytes);
    if health.forget(HostClock.now()) {
        // Whoever loses the race leaves it to the winner.
        calls::set_shared(KEY, &health.to_bytes(), cas);
    }
    health
}

/// Shares the troubles of an exchange.
pub(super) fn note(troubles: &[(EndpointKey, Millis)]) {
    if troubles.is_empty() {
        return;
    }
    for _ in 0..TRIES {
        let (bytes, cas) = calls::shared(KEY).unwrap_or_default();
        let mut health = Health::from_bytes(&bytes);
        for (endpoint, until) in troubles {
            health.note(*endpoint, *until, HostClock.now());
        }
        if calls::set_shared(KEY, &health.to_bytes(), cas) {
            return;
        }
    }
    log::warn!("signalbox: an endpoint's trouble could not be shared with the other workers: too many changes at once");
}
