//! `keys`: who may ask, until when, and for which models at which providers.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Limit, Model, Provider, Rates,
    byok::{self, ByokEntry},
    error::ConfigError,
    limit::{LimitEntry, rate},
    value,
};
use crate::{
    calendar,
    clock::{Clock, Millis},
    endpoint::Endpoint,
    glob::Glob,
    secret::KeyHash,
};

/// What a request without a key goes by where `anonymous` allows it.
const ANONYMOUS: &str = "anonymous";

/// Who asks. The key itself is known by its hash alone.
#[derive(Debug, Default)]
pub struct Key {
    /// Its number within the configuration: dense, from 0.
    pub id: usize,
    /// The name in stats and rules.
    pub name: Rc<str>,
    /// The models it may use; `None` for all.
    pub models: Option<Vec<Glob>>,
    /// The slugs of the providers it may use; `None` for all.
    pub providers: Option<Vec<Glob>>,
    /// Whether its requests go to providers with zero data retention alone, whatever they say.
    pub zdr: bool,
    /// Whether its requests go to providers alone that keep nothing to train on, whatever they say.
    pub denies_data_collection: bool,
    /// Its SHA-256; `None` for requests without a key.
    pub hash: Option<KeyHash>,
    /// Whether it is switched off.
    pub disabled: bool,
    /// The providers that it has credentials of its own for, with these.
    pub byok: Vec<Rc<Provider>>,
    /// When it ceases to be one; `None` for never.
    pub expires_at: Option<Millis>,
    /// Whether it is for the accounts of all keys, and not for completions.
    pub management: bool,
    /// What it may spend; `None` for as much as it likes.
    pub limit: Option<Limit>,
    /// Whether what is spent with a credential of the client's own counts against the limit.
    pub include_byok_in_limit: bool,
    /// How often it may ask.
    pub rates: Rates,
}

impl Key {
    /// Whether it may use the model of this catalogued id.
    pub fn allows(&self, model: &str) -> bool {
        self.models.as_ref().is_none_or(|globs| globs.iter().any(|glob| glob.matches(model)))
    }

    /// Whether its time is over. The clock is asked only if it has one.
    pub fn is_expired(&self, clock: &dyn Clock) -> bool {
        self.expires_at.is_some_and(|end| clock.now() >= end)
    }

    /// Whether it may use the provider of this slug.
    pub fn allows_provider(&self, slug: &str) -> bool {
        self.providers.as_ref().is_none_or(|globs| globs.iter().any(|glob| glob.matches(slug)))
    }

    /// Whether a request of it can ever go to `endpoint`: by its models, its providers and its data policy.
    pub fn may_use(&self, endpoint: &Endpoint) -> bool {
        let provider = &endpoint.provider;
        self.allows(&endpoint.catalogue_id)
            && self.allows_provider(&provider.slug)
            && (provider.zdr || !self.zdr)
            && !(provider.collects_data && self.denies_data_collection)
    }

    /// Whether its account has to be asked before a request, and told at once after it.
    pub fn is_metered(&self) -> bool {
        self.limit.is_some() || !self.rates.is_empty()
    }
}

/// An entry of `keys` as written. What is there and `null` is a mistake: a limit without an amount must not be none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyEntry<'a> {
    name: String,
    sha256: String,
    #[serde(default, deserialize_with = "value::given")]
    models: Option<Vec<String>>,
    #[serde(default, deserialize_with = "value::given")]
    providers: Option<Vec<String>>,
    #[serde(default, deserialize_with = "value::given")]
    zdr: Option<bool>,
    #[serde(default, deserialize_with = "value::given")]
    data_collection: Option<String>,
    #[serde(default, deserialize_with = "value::given")]
    byok: Option<ByokEntry>,
    #[serde(default, deserialize_with = "value::given")]
    disabled: Option<bool>,
    #[serde(default, deserialize_with = "value::given")]
    expires_at: Option<String>,
    #[serde(default, deserialize_with = "value::given")]
    management: Option<bool>,
    #[serde(borrow, default, deserialize_with = "value::given")]
    limit: Option<LimitEntry<'a>>,
    #[serde(default, deserialize_with = "value::given")]
    include_byok_in_limit: Option<bool>,
    #[serde(borrow, default, deserialize_with = "value::given")]
    requests_per_minute: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "value::given")]
    requests_per_day: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "value::given")]
    tokens_per_minute: Option<&'a RawValue>,
}

impl KeyEntry<'_> {
    /// The first member of a key that is for completions.
    fn member_of_completions(&self) -> Option<&'static str> {
        [
            ("models", self.models.is_some()),
            ("providers", self.providers.is_some()),
            ("zdr", self.zdr.is_some()),
            ("data_collection", self.data_collection.is_some()),
            ("byok", self.byok.is_some()),
            ("limit", self.limit.is_some()),
            ("include_byok_in_limit", self.include_byok_in_limit.is_some()),
            ("requests_per_minute", self.requests_per_minute.is_some()),
            ("requests_per_day", self.requests_per_day.is_some()),
            ("tokens_per_minute", self.tokens_per_minute.is_some()),
        ]
        .into_iter()
        .find_map(|(name, given)| given.then_some(name))
    }
}

/// Who may ask: the keys by hash, and who asks without one.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) all: Vec<Rc<Key>>,
    pub(super) by_hash: FxHashMap<KeyHash, Rc<Key>>,
    pub(super) anonymous: Option<Rc<Key>>,
}

impl Keys {
    /// Checks `keys` and `anonymous`. No message repeats a text: it may be the key itself.
    pub(super) fn resolve(
        entries: Vec<KeyEntry<'_>>,
        anonymous: bool,
        models: &[Rc<Model>],
        providers: &[Rc<Provider>],
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        value::checked(anonymous || !entries.is_empty(), "keys", "expected at least one key, or anonymous: true")?;
        let mut names: FxHashSet<Rc<str>> = FxHashSet::default();
        let mut all = Vec::new();
        let mut by_hash = FxHashMap::default();
        for (index, entry) in entries.into_iter().enumerate() {
            let at = |member| format!("keys[{index}].{member}");
            value::label(&at("name"), &entry.name)?;
            let name: Rc<str> = entry.name.as_str().into();
            value::checked(
                !(anonymous && *name == *ANONYMOUS),
                &at("name"),
                "expected another name: with anonymous: true, this one is for requests without a key",
            )?;
            value::checked(names.insert(Rc::clone(&name)), &at("name"), "expected a name of its own, found that of an earlier key")?;
            let hash = KeyHash::parse(&entry.sha256).map_err(|error| ConfigError::new(at("sha256"), error.to_string()))?;
            // It is what `sha256sum` says where $KEY was not set.
            value::checked(hash != KeyHash::of(b""), &at("sha256"), "expected the SHA-256 of a key, found that of an empty text")?;
            let management = entry.management.unwrap_or(false);
            if let Some(member) = entry.member_of_completions().filter(|_| management) {
                return Err(ConfigError::new(at(member), "expected no such member: a management key is not for completions"));
            }
            let byok = byok::of_key(&at("byok"), entry.byok.unwrap_or_default(), providers, env)?;
            let (models, providers) = (models.iter().map(|model| model.id.as_str()), providers.iter().map(|provider| &*provider.slug));
            let key = Rc::new(Key {
                id: index,
                name,
                models: allowed(&at("models"), entry.models, ("model", "id"), models)?,
                providers: allowed(&at("providers"), entry.providers, ("provider", "slug"), providers)?,
                zdr: entry.zdr.unwrap_or(false),
                denies_data_collection: match entry.data_collection {
                    // What is not said here is not repeated: this is where keys are written.
                    Some(word) => match &*word {
                        "deny" => true,
                        "allow" => false,
                        _ => return Err(ConfigError::new(at("data_collection"), "expected allow or deny")),
                    },
                    None => false,
                },
                hash: Some(hash),
                byok,
                disabled: entry.disabled.unwrap_or(false),
                expires_at: entry.expires_at.map(|text| time(&at("expires_at"), &text)).transpose()?,
                management,
                limit: entry.limit.map(|limit| limit.resolve(&at("limit"))).transpose()?,
                include_byok_in_limit: entry.include_byok_in_limit.unwrap_or(false),
                rates: Rates {
                    requests_per_minute: rate(&at("requests_per_minute"), entry.requests_per_minute)?,
                    requests_per_day: rate(&at("requests_per_day"), entry.requests_per_day)?,
                    tokens_per_minute: rate(&at("tokens_per_minute"), entry.tokens_per_minute)?,
                },
            });
            all.push(Rc::clone(&key));
            value::checked(
                by_hash.insert(hash, key).is_none(),
                &at("sha256"),
                "expected a key of its own, found that of an earlier entry",
            )?;
        }
        let anonymous = anonymous.then(|| Rc::new(Key { id: all.len(), name: ANONYMOUS.into(), ..Key::default() }));
        all.extend(anonymous.clone());
        Ok(Self { all, by_hash, anonymous })
    }

    /// Whether any key goes by such a name.
    pub(super) fn any_named(&self, glob: &Glob) -> bool {
        self.all.iter().any(|key| glob.matches(&key.name))
    }
}

/// The patterns of a key's `models` or `providers`, each of which has to mean something.
fn allowed<'a>(
    path: &str,
    patterns: Option<Vec<String>>,
    (what, name): (&str, &str),
    known: impl Iterator<Item = &'a str> + Clone,
) -> Result<Option<Vec<Glob>>, ConfigError> {
    let Some(patterns) = patterns else {
        return Ok(None);
    };
    value::checked(!patterns.is_empty(), path, &format!("expected at least one {what}, or no such member for all"))?;
    let mut globs = Vec::new();
    for (index, pattern) in patterns.into_iter().enumerate() {
        let glob = Glob::new(pattern);
        value::checked(
            known.clone().any(|known| glob.matches(known)),
            &format!("{path}[{index}]"),
            &format!("expected the {name} of a {what} of this configuration, or a pattern that matches one"),
        )?;
        globs.push(glob);
    }
    Ok(Some(globs))
}

fn time(path: &str, text: &str) -> Result<Millis, ConfigError> {
    let expected = "expected a time with its offset from UTC, such as 2026-12-31T23:59:59Z or 2026-12-31T23:59:59+01:00";
    calendar::parse_timestamp(text).ok_or_else(|| ConfigError::new(path, expected))
}
