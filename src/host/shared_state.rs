//! What a plan goes by, as all workers of one Envoy share it.

use super::{shared_health, shared_performance, shared_sticky};
use crate::clock::Millis;
use crate::endpoint::Endpoint;
use crate::health::Health;
use crate::performance::Recent;
use crate::route::State;
use crate::sticky::{Conversation, Held};

/// It, at a time.
pub(super) struct SharedState(pub(super) Millis);

impl State for SharedState {
    fn health(&self) -> Health {
        shared_health::read()
    }

    fn recent(&self, endpoint: &Endpoint) -> Recent {
        shared_performance::recent(endpoint.key, self.0)
    }

    fn held(&self, conversation: Conversation) -> Option<Held> {
        shared_sticky::read(conversation, self.0)
    }
}
