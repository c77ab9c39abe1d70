//! What the accounts answer.

use super::role::Role;
use crate::accounting::{self, Filter, Generation, KeysQuery};
use crate::api::Account;
use crate::clock::Millis;
use crate::config::Key;
use crate::error::{ClientError, Error};
use crate::host::shared_accounts;

/// The body that answers `account` with `query`, which is what follows the `?` of the path, for `key`.
///
/// Errors: if the query is wrong, if there is no such generation, or if the key is not for what it asks.
pub(super) fn answer(role: &Role, account: Account, query: &str, key: &Key, now: Millis) -> Result<Vec<u8>, Error> {
    if matches!(account, Account::Credits | Account::Activity | Account::Keys | Account::KeyOf(_)) && !key.management {
        return Err(ClientError::NotManagementKey.into());
    }
    let gateway = role.gateway();
    let spent = |key: &Key| shared_accounts::ledger(key).spend(now);
    Ok(match account {
        Account::Generation => {
            let id = query.split('&').find_map(|member| member.strip_prefix("id=")).filter(|id| !id.is_empty());
            let id = id.ok_or_else(|| ClientError::invalid("id", "the id of a generation, such as gen-1779474931-w20BCAngQY7SOa9Zs5L4"))?;
            let record = shared_accounts::record(id, gateway.defaults.generations).unwrap_or_default();
            let found = Generation::parse(&record).filter(|generation| generation.is(id, &key.name));
            found.ok_or_else(|| ClientError::UnknownGeneration(id.chars().take(100).collect()))?.body()
        }
        Account::Keys => accounting::keys(gateway, KeysQuery::parse(query)?, &spent),
        Account::KeyOf(hash) => accounting::key_of(gateway, hash, &spent)?,
        Account::Key => accounting::key(key, &spent(key)),
        Account::Credits => accounting::credits(gateway.keys().iter().map(|key| spent(key))),
        Account::Activity => {
            let filter = Filter::parse(query, now)?;
            accounting::activity(gateway, &filter, &shared_accounts::used(gateway, &filter))
        }
    })
}
