//! `providers`: who serves models, through which cluster, with which credential.

use std::{collections::BTreeMap, rc::Rc};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    azure, byok,
    credential::{BEARER, Credential, credential, header_value},
    dialect::{DIALECTS, Dialect, OUTPUT_LIMIT_NAMES, Quirks},
    error::ConfigError,
    value,
};
use crate::clock::Millis;

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
    /// What tells it whose request it is.
    pub credential: Credential,
    /// The header in which clients may send a credential of their own for it, in lower case.
    pub byok_header: Option<Box<str>>,
    /// Whether it may keep or train on what it is sent.
    pub collects_data: bool,
    /// Whether it keeps nothing at all (zero data retention).
    pub zdr: bool,
    /// What it does in its own way.
    pub quirks: Quirks,
    /// What the catalogue says of it.
    pub about: Rc<About>,
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
    project: Option<String>,
    auth_header: Option<String>,
    byok_header: Option<String>,
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
        let project = project(&at("project"), self.project, dialect)?;
        let host = match (self.host, row.host) {
            (Some(host), _) => host,
            (None, Some(host)) => host_in(host, dialect, region.as_deref().unwrap_or_default()),
            (None, None) => {
                return Err(ConfigError::new(at("host"), missing_host(dialect)));
            }
        };
        value::host(&at("host"), &host)?;
        let mut path_prefix = value::path_prefix(&at("path_prefix"), self.path_prefix.as_deref().unwrap_or(row.path_prefix))?;
        if let (Some(project), Some(region)) = (project, &region) {
            path_prefix = format!("{path_prefix}/projects/{project}/locations/{region}").into();
        }
        let auth_header = value::header_name(&at("auth_header"), self.auth_header.as_deref().unwrap_or(row.auth_header))?;
        let is_free = !NOT_FOR_CREDENTIALS.contains(&&*auth_header)
            && !auth_header.starts_with("x-envoy-")
            && !auth_header.starts_with("x-signalbox-");
        value::checked(is_free, &at("auth_header"), "expected a header that can carry a credential")?;
        let credential = match self.credential {
            Some(source) => credential(&at("credential"), &source, dialect, region, &auth_header, env)?,
            None => Credential::None,
        };
        let is_carried = *auth_header == *BEARER || credential.tokens().is_none();
        value::checked(is_carried, &at("auth_header"), "expected authorization, which carries access tokens")?;
        Ok(Provider {
            name: name.into(),
            cluster: cluster.into(),
            dialect,
            host: host.into(),
            path_prefix,
            api_version,
            auth_header,
            credential,
            byok_header: self.byok_header.map(|name| byok::header(&at("byok_header"), &name)).transpose()?,
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
            about: Rc::new(self.about.unwrap_or_default()),
            slug: slug.into(),
        })
    }
}

impl Provider {
    /// What stands before the slash of its slug, by which a client means all of a company's regions.
    pub fn base_slug(&self) -> &str {
        self.slug.split('/').next().unwrap_or_default()
    }

    /// Whether `name` is its own, in any case: its slug, its name for people or its base slug.
    #[inline(never)]
    pub fn is_named(&self, name: &str) -> bool {
        [&*self.slug, &*self.name, self.base_slug()].into_iter().any(|known| name.eq_ignore_ascii_case(known))
    }

    /// It with a credential of the client's own in the place of the operator's. It goes where that would: a provider whose requests are
    /// signed, or that takes access tokens, gets it as a bearer token.
    #[must_use]
    pub fn with_own(&self, credential: String) -> Self {
        Self {
            slug: self.slug.clone(),
            name: self.name.clone(),
            cluster: self.cluster.clone(),
            dialect: self.dialect,
            host: self.host.clone(),
            path_prefix: self.path_prefix.clone(),
            api_version: self.api_version.clone(),
            auth_header: self.auth_header.clone(),
            credential: Credential::Own(header_value(&self.auth_header, credential)),
            byok_header: self.byok_header.clone(),
            collects_data: self.collects_data,
            zdr: self.zdr,
            quirks: self.quirks,
            about: self.about.clone(),
        }
    }

    /// Whether its credential is the client's own.
    pub fn is_byok(&self) -> bool {
        matches!(self.credential, Credential::Own(_))
    }

    /// Whether it can be asked at `now`: not without an access token, where it takes one.
    pub fn is_ready(&self, now: Millis) -> bool {
        self.credential.is_ready(now)
    }
}

/// Refuses names that stand for two providers, for requests name providers by them. Accounts and regions of one company may share
/// its name: what has the name of its dialect, and what has the same base slug.
pub(super) fn check_names(providers: &[Rc<Provider>]) -> Result<(), ConfigError> {
    let is_dialects = |provider: &Provider| provider.dialect.row().name == Some(&*provider.name);
    for (place, provider) in providers.iter().enumerate() {
        let clashes = |(other_place, other): &(usize, &Rc<Provider>)| {
            let is_called = |name: &str| provider.name.eq_ignore_ascii_case(name);
            let is_name = *other_place < place && is_called(&other.name) && !(is_dialects(provider) && is_dialects(other));
            let is_slug = !is_dialects(provider) && (is_called(&other.slug) || is_called(other.base_slug()));
            provider.base_slug() != other.base_slug() && (is_name || is_slug)
        };
        if let Some((_, other)) = providers.iter().enumerate().find(clashes) {
            let message = format!("expected a name of its own, found that of {}: requests name providers by it", other.slug);
            return Err(ConfigError::new(format!("providers.{}.name", provider.slug), message));
        }
    }
    Ok(())
}

fn missing_host(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Azure => "missing: write the host of the resource, such as RESOURCE.openai.azure.com or RESOURCE.services.ai.azure.com",
        _ => "missing, and this dialect has no host of its own",
    }
}

/// A region of AWS or Google Cloud, which nobody else has.
fn region(path: &str, region: Option<String>, dialect: Dialect) -> Result<Option<Box<str>>, ConfigError> {
    let example = match dialect {
        Dialect::Bedrock => "us-east-1",
        Dialect::Vertex => "europe-west1, or global",
        _ if region.is_some() => return Err(ConfigError::new(path, "expected only with dialect bedrock or vertex")),
        _ => return Ok(None),
    };
    let Some(region) = region else {
        return Err(ConfigError::new(path, format!("missing: this dialect wants a region such as {example}")));
    };
    let is_region = !region.is_empty() && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    value::checked(is_region, path, &format!("expected a region such as {example}"))?;
    Ok(Some(region.into()))
}

/// A project of Google Cloud: its id, of old with a domain before it, or its number.
fn project(path: &str, project: Option<String>, dialect: Dialect) -> Result<Option<Box<str>>, ConfigError> {
    match (project, dialect) {
        (Some(project), Dialect::Vertex) => {
            let is_project = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:".contains(&b);
            let fits = !project.is_empty() && !project.starts_with('.') && project.bytes().all(is_project);
            value::checked(fits, path, "expected the id of a Google Cloud project")?;
            Ok(Some(project.into()))
        }
        (None, Dialect::Vertex) => Err(ConfigError::new(path, "missing: this dialect wants the id of a Google Cloud project")),
        (Some(_), _) => Err(ConfigError::new(path, "expected only with dialect vertex")),
        (None, _) => Ok(None),
    }
}

/// The host of a dialect in `region`. Vertex AI has a host without region, and two of several regions:
/// <https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations>.
fn host_in(host: &str, dialect: Dialect, region: &str) -> String {
    match (dialect, region) {
        (Dialect::Vertex, "global") => "aiplatform.googleapis.com".to_owned(),
        (Dialect::Vertex, "us" | "eu") => format!("aiplatform.{region}.rep.googleapis.com"),
        _ => host.replace("{region}", region),
    }
}
