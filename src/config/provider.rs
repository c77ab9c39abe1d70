//! `providers`: who serves models, through which cluster, with which credential.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    azure,
    dialect::{DIALECTS, Dialect, Format, OUTPUT_LIMIT_NAMES, Quirks},
    error::ConfigError,
    value,
};
use crate::secret::Secret;
use crate::sigv4::Credentials;

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
    /// What stands before the path of an operation; empty or with a slash first and none last.
    pub path_prefix: Box<str>,
    /// The version of Azure's older API, which has the deployment in the path; `None` if it is asked by the newer one, or not Azure.
    pub api_version: Option<Box<str>>,
    /// The header that carries the credential, in lower case.
    pub auth_header: Box<str>,
    /// The whole value of that header, `Bearer ` included; `None` if no credential is sent.
    pub credential: Option<Secret>,
    /// What signs each request to it, where no credential is sent.
    pub signer: Option<Signer>,
    /// Whether it may keep or train on what it is sent.
    pub collects_data: bool,
    /// Whether it keeps nothing at all (zero data retention).
    pub zdr: bool,
    /// What it does in its own way.
    pub quirks: Quirks,
    /// What the catalogue says of it.
    pub about: About,
}

/// What the catalogue says of a provider, in OpenRouter's words.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct About {
    /// Where its privacy policy is.
    pub privacy_policy_url: Option<Box<str>>,
    /// Where its terms are.
    pub terms_of_service_url: Option<Box<str>>,
    /// Where it tells of its troubles.
    pub status_page_url: Option<Box<str>>,
    /// The country of its headquarters, as two letters.
    pub headquarters: Option<Box<str>>,
    /// The countries of its data centres.
    pub datacenters: Option<Vec<Box<str>>>,
}

/// What signs requests for AWS.
#[derive(Debug)]
pub struct Signer {
    /// Whose requests they are.
    pub credentials: Credentials,
    /// The region that they are for.
    pub region: Box<str>,
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
    credential: Option<BTreeMap<String, Box<RawValue>>>,
    region: Option<String>,
    api_version: Option<String>,
    auth_header: Option<String>,
    stream_options: Option<bool>,
    max_tokens: Option<String>,
    data_collection: Option<String>,
    zdr: Option<bool>,
    about: Option<About>,
}

impl ProviderEntry {
    /// Checks the entry and fills in what its dialect says.
    pub(super) fn resolve(self, slug: String, env: &dyn Fn(&str) -> Option<String>) -> Result<Provider, ConfigError> {
        let is_slug = !slug.is_empty() && slug.len() <= 100 && slug.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/".contains(&b));
        value::checked(is_slug, "providers", "expected slugs of letters, digits and - . _ / as names")?;
        let at = |member| format!("providers.{slug}.{member}");
        let dialect = value::one_of(&at("dialect"), &self.dialect, &DIALECTS)?;
        let api_version = azure::api_version(&at("api_version"), self.api_version, dialect)?;
        let row = api_version.as_deref().map_or(dialect.row(), |version| azure::row(dialect.row(), version));

        let name = self.name.unwrap_or_else(|| row.name.map_or_else(|| slug.clone(), str::to_owned));
        value::name(&at("name"), &name)?;
        let cluster = self.cluster.unwrap_or_else(|| slug.clone());
        value::label(&at("cluster"), &cluster)?;
        let region = region(&at("region"), self.region, dialect)?;
        let host = match (self.host, row.host) {
            (Some(host), _) => host,
            (None, Some(host)) => host.replace("{region}", region.as_deref().unwrap_or_default()),
            (None, None) => {
                return Err(ConfigError::new(at("host"), missing_host(dialect)));
            }
        };
        value::host(&at("host"), &host)?;
        let path_prefix = value::path_prefix(&at("path_prefix"), self.path_prefix.as_deref().unwrap_or(row.path_prefix))?;
        let auth_header = value::header_name(&at("auth_header"), self.auth_header.as_deref().unwrap_or(row.auth_header))?;
        let is_free = !NOT_FOR_CREDENTIALS.contains(&&*auth_header)
            && !auth_header.starts_with("x-envoy-")
            && !auth_header.starts_with("x-signalbox-");
        value::checked(is_free, &at("auth_header"), "expected a header that can carry a credential")?;
        let (credential, signer) = match self.credential {
            Some(source) => match credential(&at("credential"), &source, region, env)? {
                Source::Text(credential) => {
                    let is_bearer = *auth_header == *"authorization";
                    (Some(Secret::new(if is_bearer { format!("Bearer {credential}") } else { credential })), None)
                }
                Source::Signer(signer) => (None, Some(signer)),
            },
            None => (None, None),
        };
        Ok(Provider {
            name: name.into(),
            cluster: cluster.into(),
            dialect,
            host: host.into(),
            path_prefix,
            api_version,
            auth_header,
            credential,
            signer,
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
            about: self.about.unwrap_or_default(),
            slug: slug.into(),
        })
    }
}

impl Provider {
    /// Whether `text` has one of its credentials in it.
    pub fn is_quoted_in(&self, text: &str) -> bool {
        let signing = self.signer.iter().flat_map(|Signer { credentials, .. }| {
            let id = Secret::new(&*credentials.access_key_id);
            [Some(id), Some(credentials.secret_access_key.clone()), credentials.session_token.clone()].into_iter().flatten()
        });
        self.credential.iter().cloned().chain(signing).any(|secret| secret.is_quoted_in(text))
    }
}

fn missing_host(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Azure => "missing: write the host of the resource, such as RESOURCE.openai.azure.com or RESOURCE.services.ai.azure.com",
        _ => "missing, and this dialect has no host of its own",
    }
}

/// What a `credential` comes to.
enum Source {
    Text(String),
    Signer(Signer),
}

/// A region of AWS, which nobody else has.
fn region(path: &str, region: Option<String>, dialect: Dialect) -> Result<Option<Box<str>>, ConfigError> {
    let is_region = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    match (region, dialect.format()) {
        (Some(region), Format::Bedrock) => {
            value::checked(is_region(&region), path, "expected a region such as us-east-1")?;
            Ok(Some(region.into()))
        }
        (None, Format::Bedrock) => Err(ConfigError::new(path, "missing: this dialect wants a region such as us-east-1")),
        (Some(_), _) => Err(ConfigError::new(path, "expected only with dialect bedrock")),
        (None, _) => Ok(None),
    }
}

/// Reads `{env: NAME}` or, where there is a region to sign for, `{aws: {access_key_id: NAME, secret_access_key: NAME, session_token: NAME}}`.
fn credential(
    path: &str,
    source: &BTreeMap<String, Box<RawValue>>,
    region: Option<Box<str>>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Source, ConfigError> {
    let only = |name| source.get(name).filter(|_| source.len() == 1);
    match (only("env"), only("aws"), region) {
        (Some(variable), ..) => Ok(Source::Text(variable_of(&format!("{path}.env"), variable, env)?)),
        (None, Some(members), Some(region)) => {
            let credentials = aws_credentials(&format!("{path}.aws"), members, env)?;
            Ok(Source::Signer(Signer { credentials, region }))
        }
        (None, _, Some(_)) => Err(ConfigError::new(path, format!("expected {{env: NAME}}, an API key, or {AWS}"))),
        (None, _, None) => Err(ConfigError::new(path, "expected {env: NAME}, the name of an environment variable and nothing else")),
    }
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

/// The credential that an environment variable holds.
///
/// The variable's name is repeated only if it looks like one: somebody may have put the credential there.
fn variable_of(path: &str, variable: &RawValue, env: &dyn Fn(&str) -> Option<String>) -> Result<String, ConfigError> {
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
    let fits = !credential.is_empty() && credential.bytes().all(|b| b.is_ascii_graphic());
    value::checked(fits, path, &format!("{variable_named} is empty, or has spaces, line ends or other unprintable characters"))?;
    Ok(credential)
}
