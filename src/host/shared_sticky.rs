//! Where conversations are, shared by all workers of one Envoy.

use super::calls;
use crate::clock::Millis;
use crate::sticky::{Change, Conversation, Held, Shard};

/// How often a change is tried again when another worker was faster.
const TRIES: usize = 8;

/// Where `conversation` is.
pub(super) fn read(conversation: Conversation, now: Millis) -> Option<Held> {
    let (bytes, _) = calls::shared(&key(conversation))?;
    Shard::from_bytes(&bytes).held(conversation, now)
}

/// Shares what becomes of a conversation. If that fails, the next request of it may go elsewhere, and no more.
pub(super) fn apply(change: Change, now: Millis) {
    let key = key(change.conversation());
    for _ in 0..TRIES {
        let (bytes, cas) = calls::shared(&key).unwrap_or_default();
        let mut shard = Shard::from_bytes(&bytes);
        shard.apply(change, now);
        if calls::set_shared(&key, &shard.to_bytes(), cas) {
            return;
        }
    }
}

fn key(conversation: Conversation) -> String {
    format!("signalbox.sticky.{}", conversation.shard())
}
