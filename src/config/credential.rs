//! `credential` of a provider: where it comes from, and what is made of it.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{dialect::Dialect, error::ConfigError, value};
use crate::clock::Millis;
use crate::oauth::{Grant, ServiceAccount, TokenSource};
use crate::secret::Secret;
use crate::sigv4::Credentials;

/// What tells a provider whose request it is.
#[derive(Debug)]
pub enum Credential {
    /// Nothing: it asks for none, or something behind the gateway puts it in.
    None,
    /// The whole value of the provider's header for it, `Bearer ` included.
    Sent(Secret),
    /// A signature of each request.
    Signed(Signer),
    /// An access token, which expires.
    Fetched(TokenSource),
    /// The client's own, in the place of the operator's: the whole value of the provider's header for it.
    Own(Secret),
}

/// What signs requests for AWS.
#[derive(Debug)]
pub struct Signer {
    /// Whose requests they are.
    pub credentials: Credentials,
    /// The region that they are for.
    pub region: Box<str>,
}

// === impl Credential ===

impl Credential {
    /// The value of the header that it is sent in, where it is sent as it is.
    pub fn header_value(&self) -> Option<&Secret> {
        match self {
            Self::Sent(secret) | Self::Own(secret) => Some(secret),
            Self::None | Self::Signed(_) | Self::Fetched(_) => None,
        }
    }

    /// Where access tokens come from, if that is what it is.
    pub fn tokens(&self) -> Option<&TokenSource> {
        match self {
            Self::Fetched(tokens) => Some(tokens),
            Self::None | Self::Sent(_) | Self::Signed(_) | Self::Own(_) => None,
        }
    }

    /// Whether there is one at `now`: not without an access token, where that is what it is.
    pub fn is_ready(&self, now: Millis) -> bool {
        self.tokens().is_none_or(|tokens| tokens.token(now).is_some())
    }

    /// Whether `text` has it, or a part of it that is secret, in it.
    pub fn is_quoted_in(&self, text: &str) -> bool {
        match self {
            Self::None => false,
            Self::Sent(secret) | Self::Own(secret) => secret.is_quoted_in(text),
            Self::Signed(Signer { credentials, .. }) => {
                Secret::new(&*credentials.access_key_id).is_quoted_in(text)
                    || credentials.secret_access_key.is_quoted_in(text)
                    || credentials.session_token.as_ref().is_some_and(|token| token.is_quoted_in(text))
            }
            Self::Fetched(tokens) => tokens.is_quoted_in(text),
        }
    }
}

/// The header whose credentials are introduced as bearer tokens.
pub(super) const BEARER: &str = "authorization";

/// A credential as this header has it.
pub(super) fn header_value(auth_header: &str, credential: String) -> Secret {
    Secret::new(if auth_header == BEARER { format!("Bearer {credential}") } else { credential })
}

/// Reads `{env: NAME}`, which `auth_header` is to carry, or what else the dialect has: [`AWS`], [`GOOGLE`].
pub(super) fn credential(
    path: &str,
    source: &BTreeMap<String, Box<RawValue>>,
    dialect: Dialect,
    region: Option<Box<str>>,
    auth_header: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Credential, ConfigError> {
    let only = |name| source.get(name).filter(|_| source.len() == 1);
    if let Some(variable) = only("env") {
        return Ok(Credential::Sent(header_value(auth_header, variable_of(&format!("{path}.env"), variable, env)?)));
    }
    match (dialect, region, only("aws")) {
        (Dialect::Bedrock, Some(region), Some(members)) => {
            let credentials = aws_credentials(&format!("{path}.aws"), members, env)?;
            Ok(Credential::Signed(Signer { credentials, region }))
        }
        (Dialect::Bedrock, ..) => Err(ConfigError::new(path, format!("expected {{env: NAME}}, an API key, or {AWS}"))),
        (Dialect::Vertex, ..) => Ok(Credential::Fetched(google_tokens(path, source, env)?)),
        _ => Err(ConfigError::new(path, "expected {env: NAME}, the name of an environment variable and nothing else")),
    }
}

const GOOGLE: &str = "{env: NAME}, an access token, {service_account: {env: NAME}, token_cluster: CLUSTER}, the key of a service account, \
                      or {metadata: true, token_cluster: CLUSTER}, the service account of the machine";

fn google_tokens(
    path: &str,
    source: &BTreeMap<String, Box<RawValue>>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<TokenSource, ConfigError> {
    let expected = || ConfigError::new(path, format!("expected {GOOGLE}"));
    let (Some(cluster), 2) = (source.get("token_cluster"), source.len()) else { return Err(expected()) };
    let at = |member: &str| format!("{path}.{member}");
    let cluster: String =
        serde_json::from_str(cluster.get()).map_err(|_| ConfigError::unexpected(at("token_cluster"), "a string", cluster))?;
    value::label(&at("token_cluster"), &cluster)?;
    let grant = match (source.get("service_account"), source.get("metadata")) {
        (Some(members), None) => {
            let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(members.get()).map_err(|_| expected())?;
            let (Some(variable), 1) = (members.get("env"), members.len()) else { return Err(expected()) };
            let at = at("service_account.env");
            let (variable_named, key) = held_by(&at, variable, env)?;
            let account = ServiceAccount::parse(&key).map_err(|error| ConfigError::new(at, format!("{variable_named}: {error}")))?;
            Grant::ServiceAccount(account)
        }
        (None, Some(truth)) if truth.get() == "true" => Grant::Metadata,
        _ => return Err(expected()),
    };
    Ok(TokenSource::new(cluster, grant))
}

const AWS: &str = "{aws: {access_key_id: NAME, secret_access_key: NAME}}, and session_token: NAME for a temporary one";

fn aws_credentials(path: &str, members: &RawValue, env: &dyn Fn(&str) -> Option<String>) -> Result<Credentials, ConfigError> {
    let names = ["access_key_id", "secret_access_key", "session_token"];
    let variables: BTreeMap<String, Box<RawValue>> = serde_json::from_str(members.get())
        .ok()
        .filter(|variables: &BTreeMap<_, _>| variables.keys().all(|name: &String| names.contains(&&**name)))
        .ok_or_else(|| ConfigError::new(path, format!("expected {AWS}")))?;
    let held = |name| {
        let at = format!("{path}.{name}");
        variables.get(name).map(|variable| variable_of(&at, variable, env)).transpose()
    };
    let required = |name| held(name)?.ok_or_else(|| ConfigError::new(format!("{path}.{name}"), "missing, and required"));
    Ok(Credentials {
        access_key_id: required("access_key_id")?.into(),
        secret_access_key: Secret::new(required("secret_access_key")?),
        session_token: held("session_token")?.map(Secret::new),
    })
}

/// The credential that an environment variable holds, as a header can carry it.
pub(super) fn variable_of(path: &str, variable: &RawValue, env: &dyn Fn(&str) -> Option<String>) -> Result<String, ConfigError> {
    let (variable_named, credential) = held_by(path, variable, env)?;
    let fits = !credential.is_empty() && credential.bytes().all(|b| b.is_ascii_graphic());
    value::checked(fits, path, &format!("{variable_named} is empty, or has spaces, line ends or other unprintable characters"))?;
    Ok(credential)
}

/// What messages call an environment variable, and what it holds.
///
/// The variable's name is repeated only if it looks like one: somebody may have put the credential there.
fn held_by(path: &str, variable: &RawValue, env: &dyn Fn(&str) -> Option<String>) -> Result<(String, String), ConfigError> {
    let variable: String = serde_json::from_str(variable.get()).map_err(|_| ConfigError::unexpected(path, "a string", variable))?;
    let is_word = !variable.is_empty() && variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    value::checked(is_word, path, "expected the name of an environment variable (letters, digits, _) and not the credential itself")?;
    let is_plain_name = variable.len() <= 64 && !variable.bytes().any(|b| b.is_ascii_lowercase());
    let variable_named =
        if is_plain_name { format!("environment variable {variable}") } else { "the environment variable of this name".to_owned() };
    let Some(credential) = env(&variable) else {
        let message = format!("{variable_named} is not set (or not listed in vm_config.environment_variables.host_env_keys)");
        return Err(ConfigError::new(path, message));
    };
    Ok((variable_named, credential))
}
