//! A prompt in the place of messages: what a user says.

use std::ops::Range;

use super::member::{Member, Name};
use crate::error::ClientError;

/// What stands before a prompt, a JSON string as it was written, where it is the one message of a request.
pub const BEFORE_PROMPT: &[u8] = b"\"messages\":[{\"role\":\"user\",\"content\":";

/// What stands behind it.
pub const BEHIND_PROMPT: &[u8] = b"}]";

/// `body` with messages in the place of its `prompt`, or of `messages` that are `null`, every other byte as it came; `None` if it has no prompt.
///
/// Errors: if the prompt is not a string.
pub(super) fn with_messages(body: &[u8], members: &[Member]) -> Result<Option<Vec<u8>>, ClientError> {
    let find = |name: Name| members.iter().find(|member| member.name == name);
    let Some(prompt) = find(Name::Prompt) else { return Ok(None) };
    let place = find(Name::Messages).unwrap_or(prompt);
    let slice = |range: Range<usize>| body.get(range).unwrap_or_default();
    let words = slice(prompt.value.clone());
    match words.first() {
        Some(b'"') => {
            let [before, behind] = [slice(0..place.start), slice(place.value.end..body.len())];
            Ok(Some([before, BEFORE_PROMPT, words, BEHIND_PROMPT, behind].concat()))
        }
        Some(b'n') => Ok(None),
        _ => Err(ClientError::invalid("prompt", "a string")),
    }
}
