//! A prompt in the place of messages: what a user says.

use super::member::{self, Member};
use crate::error::ClientError;

/// What stands before a prompt, a JSON string as it was written, where it is the one message of a request.
pub const BEFORE_PROMPT: &[u8] = b"\"messages\":[{\"role\":\"user\",\"content\":";

/// What stands behind it.
pub const BEHIND_PROMPT: &[u8] = b"}]";

/// `body` with messages in the place of its `prompt`, every other byte as it came; `None` if it has none.
///
/// Errors: if the prompt is not a string.
pub(super) fn with_messages(body: &[u8], members: &[Member]) -> Result<Option<Vec<u8>>, ClientError> {
    let Some(Member { start, value, .. }) = member::other(body, members, "prompt") else { return Ok(None) };
    let [before, prompt, behind] = [0..*start, value.clone(), value.end..body.len()].map(|place| body.get(place).unwrap_or_default());
    match prompt.first() {
        Some(b'"') => Ok(Some([before, BEFORE_PROMPT, prompt, BEHIND_PROMPT, behind].concat())),
        Some(b'n') => Ok(None),
        _ => Err(ClientError::invalid("prompt", "a string")),
    }
}
