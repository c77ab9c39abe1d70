//! What the accounts answer.

use std::rc::Rc;

use super::role::{self, Role};
use crate::accounting::{self, Filter, Generation, KeysQuery};
use crate::api::{Account, Api};
use crate::clock::Millis;
use crate::config::Key;
use crate::error::{ClientError, Error};
use crate::host::{shared_accounts, shared_generations};

/// A question about the accounts.
pub(super) struct Inquiry {
    pub(super) account: Account,
    /// What follows the `?` of the path.
    pub(super) query: String,
    /// Who asks.
    pub(super) key: Rc<Key>,
}

// === impl Inquiry ===

impl Inquiry {
    /// Whether other workers may know something that is not shared yet.
    pub(super) fn waits(&self) -> bool {
        match self.account {
            // The account of such a key is changed at once.
            Account::Key => !self.key.is_metered(),
            Account::Generation | Account::Credits | Account::Activity | Account::Keys | Account::KeyOf(_) => true,
        }
    }

    /// Answers the stream that is acted for.
    pub(super) fn respond(&self, role: &Role, now: Millis) {
        match self.answer(role, now) {
            Ok(body) => {
                let headers = vec![(&b"content-type"[..], &b"application/json"[..]), (b"cache-control", b"no-store")];
                role::respond(200, headers, &body);
            }
            Err(error) => role.reject(&error, Api::Chat),
        }
    }

    /// Errors: if the query is wrong, if there is no such generation, or if the key is not for what it asks.
    fn answer(&self, role: &Role, now: Millis) -> Result<Vec<u8>, Error> {
        let Self { account, query, key, .. } = self;
        if matches!(account, Account::Credits | Account::Activity | Account::Keys | Account::KeyOf(_)) && !key.management {
            return Err(ClientError::NotManagementKey.into());
        }
        let gateway = role.gateway();
        Ok(match account {
            Account::Generation => {
                let id = query.split('&').find_map(|member| member.strip_prefix("id=")).filter(|id| !id.is_empty());
                let expected = || ClientError::invalid("id", "the id of a generation, such as gen-1779474931-w20BCAngQY7SOa9Zs5L4");
                let id = id.ok_or_else(expected)?;
                let record = shared_generations::record(id, gateway.defaults.generations).unwrap_or_default();
                let found = Generation::parse(&record).filter(|generation| generation.is(id, &key.name));
                found.ok_or_else(|| ClientError::UnknownGeneration(id.chars().take(100).collect()))?.body()
            }
            Account::Keys => accounting::keys(gateway, KeysQuery::parse(query)?, &shared_accounts::account, now),
            Account::KeyOf(hash) => accounting::key_of(gateway, *hash, &shared_accounts::account, now)?,
            Account::Key => accounting::key(key, &shared_accounts::account(key), &gateway.free_models, now),
            Account::Credits => accounting::credits(gateway.keys().iter().map(|key| shared_accounts::account(key).spend(now))),
            Account::Activity => {
                let filter = Filter::parse(query, now)?;
                accounting::activity(gateway, &filter, &shared_accounts::used(gateway, &filter))
            }
        })
    }
}
