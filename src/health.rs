//! Which endpoints are in trouble, and until when: what all workers of one Envoy share.

use crate::clock::Millis;
use crate::endpoint::{Endpoint, EndpointKey};

/// The endpoints that had trouble lately. Bounded by the endpoints of the configuration; what has passed is forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    troubles: Vec<Trouble>,
}

/// An endpoint that should be tried last for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Trouble {
    endpoint: EndpointKey,
    until: Millis,
}

const ENTRY_BYTES: usize = 16;

/// The most endpoints whose trouble is remembered at a time.
const MAX_TROUBLES: usize = 4096;

// === impl Health ===

impl Health {
    /// Reads what [`Health::to_bytes`] wrote; bytes of any other shape are no trouble.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
        let word = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).unwrap_or_default();
        let troubles = entries.iter().map(|entry| {
            let (endpoint, until) = entry.split_at(ENTRY_BYTES / 2);
            Trouble { endpoint: EndpointKey::of_hash(word(endpoint)), until: Millis(word(until)) }
        });
        Self { troubles: troubles.collect() }
    }

    /// The bytes to share.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.troubles.iter().flat_map(|trouble| [trouble.endpoint.hash().to_le_bytes(), trouble.until.0.to_le_bytes()].concat()).collect()
    }

    /// Whether no endpoint is known to be in trouble.
    pub fn is_empty(&self) -> bool {
        self.troubles.is_empty()
    }

    /// Until when `endpoint` is in trouble; `None` if it is not at `now`.
    pub fn trouble(&self, endpoint: &Endpoint, now: Millis) -> Option<Millis> {
        if self.is_empty() {
            return None;
        }
        self.troubles.iter().find(|trouble| trouble.endpoint == endpoint.key && trouble.until > now).map(|trouble| trouble.until)
    }

    /// Remembers that `endpoint` is in trouble until `until`, and forgets what is past at `now`.
    pub fn note(&mut self, endpoint: EndpointKey, until: Millis, now: Millis) {
        let until = self.troubles.iter().find(|trouble| trouble.endpoint == endpoint).map_or(until, |known| known.until.max(until));
        self.troubles.retain(|trouble| trouble.until > now && trouble.endpoint != endpoint);
        if self.troubles.len() < MAX_TROUBLES {
            self.troubles.push(Trouble { endpoint, until });
        }
    }

    /// Forgets what is past at `now`; whether anything was.
    pub fn forget(&mut self, now: Millis) -> bool {
        let before = self.troubles.len();
        self.troubles.retain(|trouble| trouble.until > now);
        self.troubles.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn trouble_passes_and_survives_sharing() {
        let mut health = Health::default();
        let (a, b) = (EndpointKey::of_hash(1), EndpointKey::of_hash(2));
        health.note(a, Millis(2000), Millis(1000));
        health.note(b, Millis(1500), Millis(1000));
        health.note(a, Millis(1800), Millis(1000));
        let shared = Health::from_bytes(&health.to_bytes());
        assert_eq!(shared, health);
        assert_eq!(
            health.troubles,
            [Trouble { endpoint: b, until: Millis(1500) }, Trouble { endpoint: a, until: Millis(2000) }],
            "the later end stands"
        );
        assert!(health.forget(Millis(1600)));
        assert!(!health.forget(Millis(1600)));
        assert_eq!(health.troubles.len(), 1);
        assert!(Health::from_bytes(b"seventeen bytes!!").troubles.len() == 1 && Health::from_bytes(b"short").is_empty());
    }
}
