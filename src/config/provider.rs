//! `providers`: who serves models, through which cluster, with which credential.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    dialect::{DIALECTS, Dialect, OUTPUT_LIMIT_NAMES, Quirks},
    error::ConfigError,
    value,
};
use crate::secret::Secret;

/// Headers that a credential would break the request with.
const NOT_FOR_CREDENTIALS: [&str; 6] = ["connection", "content-length", "content-type", "host", "te", "transfer-encoding"];

/// A company or server that serves models.
#[derive(Debug)]
pub struct Provider {
    /// What requests and stats call it.
    pub slug: Box<str>,
    /// What answers call it: `provider`.
    pub name: Box<str>,
    /// The Envoy cluster that reaches it.
    pub cluster: Box<str>,
    /// How it speaks.
    pub dialect: Dialect,
    /// The `:authority` it is asked by.
    pub host: Box<str>,
    /// What stands before `/chat/completions`; empty or with a slash first and none last.
    pub path_prefix: Box<str>,
    /// The header that carries the credential, in lower case.
    pub auth_header: Box<str>,
    /// The whole value of that header, `Bearer ` included; `None` if no credential is sent.
    pub credential: Option<Secret>,
    /// Whether it may keep or train on what it is sent.
    pub collects_data: bool,
    /// Whether it keeps nothing at all (zero data retention).
    pub zdr: bool,
    /// What it does in its own way.
    pub quirks: Quirks,
}

/// An entry of `providers` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderEntry {
    name: Option<String>,
    cluster: Option<String>,
    dialect: String,
    host: Option<String>,
    path_prefix: Option<String>,
    /// A map and no struct: a struct would take a list too.
    credential: Option<BTreeMap<String, String>>,
    auth_header: Option<String>,
    stream_options: Option<bool>,
    max_tokens: Option<String>,
    data_collection: Option<String>,
    zdr: Option<bool>,
}

impl ProviderEntry {
    /// Checks the entry and fills in what its dialect says.
    pub(super) fn resolve(self, slug: String, env: &dyn Fn(&str) -> Option<String>) -> Result<Provider, ConfigError> {
        let is_slug = !slug.is_empty() && slug.len() <= 100 && slug.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/".contains(&b));
        value::checked(is_slug, "providers", "expected slugs of letters, digits and - . _ / as names")?;
        let at = |member| format!("providers.{slug}.{member}");
        let dialect = value::one_of(&at("dialect"), &self.dialect, &DIALECTS)?;
        let row = dialect.row();

        let name = self.name.unwrap_or_else(|| row.name.map_or_else(|| slug.clone(), str::to_owned));
        value::name(&at("name"), &name)?;
        let cluster = self.cluster.unwrap_or_else(|| slug.clone());
        value::label(&at("cluster"), &cluster)?;
        let host = match (self.host, row.host) {
            (Some(host), _) => host,
            (None, Some(host)) => host.to_owned(),
            (None, None) => {
                return Err(ConfigError::new(at("host"), "missing, and this dialect has no host of its own"));
            }
        };
        value::host(&at("host"), &host)?;
        let path_prefix = value::path_prefix(&at("path_prefix"), self.path_prefix.as_deref().unwrap_or(row.path_prefix))?;
        let auth_header = value::header_name(&at("auth_header"), self.auth_header.as_deref().unwrap_or(row.auth_header))?;
        let is_free = !NOT_FOR_CREDENTIALS.contains(&&*auth_header)
            && !auth_header.starts_with("x-envoy-")
            && !auth_header.starts_with("x-signalbox-");
        value::checked(is_free, &at("auth_header"), "expected a header that can carry a credential")?;
        let credential = match self.credential {
            Some(source) => {
                let credential = credential(&at("credential"), &source, env)?;
                let is_bearer = *auth_header == *"authorization";
                Some(Secret::new(if is_bearer { format!("Bearer {credential}") } else { credential }))
            }
            None => None,
        };
        Ok(Provider {
            name: name.into(),
            cluster: cluster.into(),
            dialect,
            host: host.into(),
            path_prefix,
            auth_header,
            credential,
            collects_data: match self.data_collection {
                Some(word) => value::one_of(&at("data_collection"), &word, &[("allow", true), ("deny", false)])?,
                None => true,
            },
            zdr: self.zdr.unwrap_or(false),
            quirks: Quirks {
                stream_options: self.stream_options.unwrap_or(row.quirks.stream_options),
                max_tokens: match self.max_tokens {
                    Some(name) => value::one_of(&at("max_tokens"), &name, &OUTPUT_LIMIT_NAMES)?,
                    None => row.quirks.max_tokens,
                },
                ..row.quirks
            },
            slug: slug.into(),
        })
    }
}

/// The credential that an environment variable holds.
///
/// The variable's name is repeated only if it looks like one: somebody may have put the credential there.
fn credential(path: &str, source: &BTreeMap<String, String>, env: &dyn Fn(&str) -> Option<String>) -> Result<String, ConfigError> {
    let variable = match (source.len(), source.get("env")) {
        (1, Some(variable)) => variable,
        _ => {
            let message = "expected {env: NAME}, the name of an environment variable and nothing else";
            return Err(ConfigError::new(path, message));
        }
    };
    let path = format!("{path}.env");
    let is_word = !variable.is_empty() && variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    value::checked(is_word, &path, "expected the name of an environment variable (letters, digits, _) and not the credential itself")?;
    let is_plain_name = variable.len() <= 64 && !variable.bytes().any(|b| b.is_ascii_lowercase());
    let variable_named =
        if is_plain_name { format!("environment variable {variable}") } else { "the environment variable of this name".to_owned() };
    let Some(credential) = env(variable) else {
        let message = format!("{variable_named} is not set (or not listed in vm_config.environment_variables.host_env_keys)");
        return Err(ConfigError::new(path, message));
    };
    let fits = !credential.is_empty() && credential.bytes().all(|b| b.is_ascii_graphic());
    value::checked(fits, &path, &format!("{variable_named} is empty, or has spaces, line ends or other unprintable characters"))?;
    Ok(credential)
}
