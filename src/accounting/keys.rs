//! `GET /keys` and `GET /keys/{hash}`: the keys of the configuration, for a management key.
//!
//! See <https://openrouter.ai/docs/api-reference/api-keys/list-api-keys>. Management keys are not among them, nor who asks without a key.

use super::Account;
use super::key::limit_and_usage;
use super::object::Object;
use crate::calendar::timestamp;
use crate::clock::Millis;
use crate::config::{Gateway, Key};
use crate::error::ClientError;
use crate::secret::KeyHash;

/// Keys of a page, as at OpenRouter.
const PAGE: usize = 100;

/// Which keys are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeysQuery {
    /// So many come before the first.
    offset: usize,
    include_disabled: bool,
}

// === impl KeysQuery ===

impl KeysQuery {
    /// Reads what follows the `?` of the path. `workspace_id` is passed over: there is one.
    ///
    /// Errors: if the offset is no number, or if `include_disabled` is neither true nor false.
    pub fn parse(query: &str) -> Result<Self, ClientError> {
        let mut parsed = Self::default();
        for (name, value) in query.split('&').filter_map(|member| member.split_once('=')) {
            match name {
                "offset" => parsed.offset = value.parse().map_err(|_| ClientError::invalid("offset", "a whole number of at least 0"))?,
                "include_disabled" => {
                    parsed.include_disabled = value.parse().map_err(|_| ClientError::invalid("include_disabled", "true or false"))?;
                }
                _ => {}
            }
        }
        Ok(parsed)
    }
}

/// The body that answers `GET /keys` at `now`. `account` finds a key's.
pub fn keys(gateway: &Gateway, query: KeysQuery, account: &dyn Fn(&Key) -> Account, now: Millis) -> Vec<u8> {
    let found = listed(gateway).filter(|(key, _)| query.include_disabled || !key.disabled);
    let mut out = Object::after(Vec::new());
    out.list("data", found.skip(query.offset).take(PAGE), |out, (key, hash)| members_into(out, key, hash, &account(key), now));
    out.end()
}

/// The body that answers `GET /keys/{hash}`.
///
/// Errors: if no key has this hash.
pub fn key_of(gateway: &Gateway, hash: Option<KeyHash>, account: &dyn Fn(&Key) -> Account, now: Millis) -> Result<Vec<u8>, ClientError> {
    let mut found = listed(gateway).filter(|(_, known)| Some(*known) == hash);
    let (key, hash) = found.next().ok_or(ClientError::UnknownKeyHash)?;
    let mut out = Object::data();
    members_into(&mut out, key, hash, &account(key), now);
    Ok(out.end_data())
}

fn listed(gateway: &Gateway) -> impl Iterator<Item = (&Key, KeyHash)> {
    gateway.keys().iter().filter(|key| !key.management).filter_map(|key| Some((&**key, key.hash?)))
}

fn members_into(out: &mut Object, key: &Key, hash: KeyHash, account: &Account, now: Millis) {
    out.text("hash", Some(&hash.to_hex()));
    out.text("name", Some(&key.name));
    // The key itself, of which OpenRouter shows both ends, is not known here.
    out.text("label", Some(&key.name));
    out.flag("disabled", key.disabled);
    limit_and_usage(out, key, account, now);
    // Nobody knows since when it stands in the configuration. Clients want a time.
    out.text("created_at", Some(&timestamp(Millis(0))));
    out.text("expires_at", key.expires_at.map(timestamp).as_deref());
    // Clients want a text.
    out.text("workspace_id", Some(""));
    out.nulls(&["updated_at", "creator_user_id", "external_user", "last_used_at"]);
}
