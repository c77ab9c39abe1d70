//! `keys`: who may ask, and for which models.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Limit, Model, Rates,
    error::ConfigError,
    limit::{LimitEntry, rate},
    value,
};
use crate::{glob::Glob, secret::KeyHash};

/// What a request without a key goes by where `anonymous` allows it.
const ANONYMOUS: &str = "anonymous";

/// Who asks. The key itself is known by its hash alone.
#[derive(Debug)]
pub struct Key {
    /// Its number within the configuration: dense, from 0.
    pub id: usize,
    /// The name in stats and rules.
    pub name: Rc<str>,
    /// The models it may use; `None` for all.
    pub models: Option<Vec<Glob>>,
    /// Its SHA-256; `None` for requests without a key.
    pub hash: Option<KeyHash>,
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

    /// Whether its account has to be asked before a request, and told at once after it.
    pub fn is_metered(&self) -> bool {
        self.limit.is_some() || !self.rates.is_empty()
    }
}

/// An entry of `keys` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyEntry<'a> {
    name: String,
    sha256: String,
    models: Option<Vec<String>>,
    management: Option<bool>,
    #[serde(borrow)]
    limit: Option<LimitEntry<'a>>,
    include_byok_in_limit: Option<bool>,
    #[serde(borrow)]
    requests_per_minute: Option<&'a RawValue>,
    #[serde(borrow)]
    requests_per_day: Option<&'a RawValue>,
    #[serde(borrow)]
    tokens_per_minute: Option<&'a RawValue>,
}

/// Who may ask: the keys by hash, and who asks without one.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) all: Vec<Rc<Key>>,
    pub(super) by_hash: HashMap<KeyHash, Rc<Key>>,
    pub(super) anonymous: Option<Rc<Key>>,
}

impl Keys {
    /// Checks `keys` and `anonymous`. No message repeats a text: it may be the key itself.
    pub(super) fn resolve(entries: Vec<KeyEntry<'_>>, anonymous: bool, models: &[Rc<Model>]) -> Result<Self, ConfigError> {
        value::checked(anonymous || !entries.is_empty(), "keys", "expected at least one key, or anonymous: true")?;
        let mut names: HashSet<Rc<str>> = HashSet::new();
        let mut all = Vec::new();
        let mut by_hash = HashMap::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let at = |member| format!("keys[{index}].{member}");
            value::label(&at("name"), &entry.name)?;
            let name: Rc<str> = entry.name.into();
            value::checked(
                !(anonymous && *name == *ANONYMOUS),
                &at("name"),
                "expected another name: with anonymous: true, this one is for requests without a key",
            )?;
            value::checked(names.insert(Rc::clone(&name)), &at("name"), "expected a name of its own, found that of an earlier key")?;
            let hash = KeyHash::parse(&entry.sha256).map_err(|error| ConfigError::new(at("sha256"), error.to_string()))?;
            let management = entry.management.unwrap_or(false);
            value::checked(
                !(management && entry.models.is_some()),
                &at("models"),
                "expected no such member: a management key is not for completions",
            )?;
            let models = allowed(&at("models"), entry.models, models)?;
            let limit = entry.limit.map(|limit| limit.resolve(&at("limit"))).transpose()?;
            let rates = Rates {
                requests_per_minute: rate(&at("requests_per_minute"), entry.requests_per_minute)?,
                requests_per_day: rate(&at("requests_per_day"), entry.requests_per_day)?,
                tokens_per_minute: rate(&at("tokens_per_minute"), entry.tokens_per_minute)?,
            };
            value::checked(
                !(management && (limit.is_some() || !rates.is_empty())),
                &format!("keys[{index}]"),
                "expected neither limit nor rates: a management key is not for completions",
            )?;
            let include_byok_in_limit = entry.include_byok_in_limit.unwrap_or(false);
            let key = Rc::new(Key { id: index, name, models, hash: Some(hash), management, limit, include_byok_in_limit, rates });
            all.push(Rc::clone(&key));
            value::checked(
                by_hash.insert(hash, key).is_none(),
                &at("sha256"),
                "expected a key of its own, found that of an earlier entry",
            )?;
        }
        let anonymous = anonymous.then(|| {
            Rc::new(Key {
                id: all.len(),
                name: ANONYMOUS.into(),
                models: None,
                hash: None,
                management: false,
                limit: None,
                include_byok_in_limit: false,
                rates: Rates::default(),
            })
        });
        all.extend(anonymous.clone());
        Ok(Self { all, by_hash, anonymous })
    }

    /// Whether any key goes by such a name.
    pub(super) fn any_named(&self, glob: &Glob) -> bool {
        self.all.iter().any(|key| glob.matches(&key.name))
    }
}

/// The patterns of a key's `models`, each of which has to mean something.
fn allowed(path: &str, patterns: Option<Vec<String>>, models: &[Rc<Model>]) -> Result<Option<Vec<Glob>>, ConfigError> {
    let Some(patterns) = patterns else {
        return Ok(None);
    };
    value::checked(!patterns.is_empty(), path, "expected at least one model, or no such member for all")?;
    let mut globs = Vec::new();
    for (index, pattern) in patterns.into_iter().enumerate() {
        let glob = Glob::new(pattern);
        value::checked(
            models.iter().any(|model| glob.matches(model.id.as_str())),
            &format!("{path}[{index}]"),
            "expected the id of a model of this configuration, or a pattern that matches one",
        )?;
        globs.push(glob);
    }
    Ok(Some(globs))
}
