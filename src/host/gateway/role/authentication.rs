//! Who asks.

use std::rc::Rc;

use super::Role;
use crate::config::Key;
use crate::error::ClientError;
use crate::headers;
use crate::host::calls::{Headers, HostClock};
use crate::secret::KeyHash;

impl Role {
    /// Who asks.
    pub(in crate::host::gateway) fn authenticate(&self, headers: &Headers) -> Result<Rc<Key>, ClientError> {
        let bearer = headers.find(b"authorization").and_then(|value| {
            let (scheme, key) = value.split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then_some(key.trim_ascii())
        });
        // Anthropic's clients say it so.
        let key = bearer.or_else(|| headers.find(b"x-api-key").map(<[u8]>::trim_ascii));
        match (key.filter(|key| !key.is_empty()), &self.gateway.anonymous) {
            (Some(key), anonymous) => match self.gateway.key(&KeyHash::of(key)) {
                Some(key) => self.still_valid(key),
                None => anonymous.clone().ok_or_else(|| headers::unknown_key(headers.iter())),
            },
            (None, Some(anonymous)) => Ok(anonymous.clone()),
            (None, None) => Err(ClientError::MissingKey),
        }
    }

    /// A known key, unless it is switched off or its time is over.
    fn still_valid(&self, key: &Rc<Key>) -> Result<Rc<Key>, ClientError> {
        let error = if key.disabled {
            ClientError::KeyDisabled
        } else if key.is_expired(&HostClock) {
            ClientError::KeyExpired
        } else {
            return Ok(key.clone());
        };
        self.note_key(key, &error.clone().into());
        Err(error)
    }
}
