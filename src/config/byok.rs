//! `byok_header` of a provider and `byok` of a key: credentials of the client's own ("bring your own key").
//!
//! See <https://openrouter.ai/docs/features/byok>.

use std::{collections::BTreeMap, rc::Rc};

use serde_json::value::RawValue;

use super::{credential, error::ConfigError, provider::Provider, value};

/// A `byok` as written: by the provider's slug, where the credential is.
pub(super) type ByokEntry = BTreeMap<String, BTreeMap<String, Box<RawValue>>>;

/// Headers that mean something else, to the gateway, to Envoy or to a provider.
const TAKEN: [&str; 25] = [
    "accept",
    "accept-encoding",
    "anthropic-beta",
    "anthropic-version",
    "authorization",
    "b3",
    "connection",
    "cookie",
    "expect",
    "host",
    "http-referer",
    "idempotency-key",
    "origin",
    "te",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-anthropic-beta",
    "x-api-key",
    "x-provider",
    "x-request-id",
    "x-session-id",
    "x-title",
];

/// How names of such headers begin.
const TAKEN_FAMILIES: [&str; 7] = ["access-control-", "content-", "x-b3-", "x-envoy-", "x-forwarded-", "x-openrouter-", "x-signalbox-"];

/// The header in which a client may send its own credential, in lower case.
pub(super) fn header(path: &str, name: &str) -> Result<Box<str>, ConfigError> {
    let name = value::header_name(path, name)?;
    let is_free = !TAKEN.contains(&&*name) && !TAKEN_FAMILIES.iter().any(|family| name.starts_with(family));
    value::checked(is_free, path, "expected a header that means nothing else, such as x-openai-key")?;
    Ok(name)
}

/// Refuses headers that stand for two providers: a credential must not reach another than its own.
pub(super) fn check_headers(providers: &[Rc<Provider>]) -> Result<(), ConfigError> {
    for (place, provider) in providers.iter().enumerate() {
        let mut before = providers.iter().take(place).filter(|before| before.byok_header.is_some());
        if let Some(before) = before.find(|before| before.byok_header == provider.byok_header) {
            let path = format!("providers.{}.byok_header", provider.slug);
            return Err(ConfigError::new(path, format!("expected a header of its own, found that of {}", before.slug)));
        }
    }
    Ok(())
}

/// The providers that a key has credentials of its own for, with these.
pub(super) fn of_key(
    path: &str,
    entry: ByokEntry,
    providers: &[Rc<Provider>],
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Rc<Provider>>, ConfigError> {
    let mut own = Vec::new();
    for (slug, source) in entry {
        // A slug that is none is not repeated: it may be the credential.
        let provider = providers.iter().find(|provider| *provider.slug == *slug);
        let provider = provider.ok_or_else(|| ConfigError::new(path, "expected slugs of providers of this configuration as names"))?;
        let path = format!("{path}.{slug}");
        let (Some(variable), 1) = (source.get("env"), source.len()) else {
            return Err(ConfigError::new(path, "expected {env: NAME}, the name of an environment variable and nothing else"));
        };
        own.push(Rc::new(provider.with_own(credential::variable_of(&format!("{path}.env"), variable, env)?)));
    }
    Ok(own)
}
