//! The plugin configuration: JSON in, a [`Config`] whose every reference is resolved out.

mod auto_router;
mod azure;
mod byok;
mod catalogue;
mod credential;
mod defaults;
mod dialect;
mod document;
mod endpoint;
mod error;
mod format;
mod key;
mod limit;
mod preset;
mod provider;
mod rule;
mod struct_json;
mod value;
mod warning;

use std::rc::Rc;

use rustc_hash::FxHashMap;

pub use self::{
    auto_router::AutoRouter,
    catalogue::{Modalities, Modality, Model},
    credential::{Credential, Signer},
    defaults::Defaults,
    dialect::{Dialect, Format, OutputLimitName, Quirks},
    error::ConfigError,
    key::Key,
    limit::{FreeModels, Limit, Rates},
    provider::{About, Provider},
    rule::{Action, Match, Rule, Select, Split, TokenRange},
    warning::Warning,
};
use self::{
    catalogue::Catalogue,
    document::{Document, Role},
    key::Keys,
    preset::Surroundings,
};
use crate::{endpoint::Endpoint, model::Family, preset::Presets, secret::KeyHash};

/// What one plugin instance is to do.
#[derive(Debug)]
pub enum Config {
    /// Plan requests and settle them.
    Gateway(Rc<Gateway>),
    /// Carry out one attempt; everything else comes with the exchange.
    Attempt,
}

/// The configuration of the gateway role.
#[derive(Debug)]
pub struct Gateway {
    /// Limits and times.
    pub defaults: Rc<Defaults>,
    /// Who serves models, by slug.
    pub providers: Vec<Rc<Provider>>,
    /// Those of them that clients may send credentials of their own for.
    pub byok_providers: Vec<Rc<Provider>>,
    /// The catalogue, in the order written.
    pub models: Vec<Rc<Model>>,
    /// The rules, in the order written: the first that matches wins.
    pub rules: Vec<Rule>,
    /// What requests may name instead of saying it.
    pub presets: Presets,
    /// What `openrouter/auto` chooses from.
    pub auto_router: AutoRouter,
    /// Who a request without a key is; `None` if it is refused.
    pub anonymous: Option<Rc<Key>>,
    /// How often models that cost nothing may be asked.
    pub free_models: FreeModels,
    /// Whether Envoy's other filters and its access logs are told of each request, see [`filter_state`](crate::filter_state).
    pub filter_state: bool,
    models_by_id: FxHashMap<Rc<str>, Rc<Model>>,
    keys: Vec<Rc<Key>>,
    keys_by_hash: FxHashMap<KeyHash, Rc<Key>>,
}

impl Config {
    /// Reads a plugin configuration, JSON or a serialised `google.protobuf.Struct`; `env` looks an environment variable up.
    ///
    /// Errors: if anything in it is wrong; the error names where and what was expected.
    pub fn parse(configuration: &[u8], env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        // An empty Struct and no configuration at all are the same bytes.
        let json = struct_json::to_json(configuration).filter(|_| !configuration.is_empty());
        let json = json.as_ref().map_or(configuration, |json| json.as_bytes());
        Self::of_json(json, &env).map_err(|error| error.naming(|index| document::id_of_model(json, index)))
    }

    fn of_json(json: &[u8], env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let document = Document::parse(json)?;
        match (document.role()?, document.gateway_member()) {
            (Role::Gateway, _) => Ok(Self::Gateway(Rc::new(Gateway::resolve(document, env)?))),
            (Role::Attempt, None) => Ok(Self::Attempt),
            (Role::Attempt, Some(member)) => {
                Err(ConfigError::new(member, "expected nothing but role: attempt, which gets the rest from the gateway"))
            }
        }
    }
}

impl Gateway {
    /// Checks every entry of a document against the others.
    fn resolve(document: Document<'_>, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let defaults = document.defaults.unwrap_or_default().resolve()?;
        let mut all_providers = Vec::new();
        for (slug, entry) in document.providers.unwrap_or_default() {
            all_providers.push(Rc::new(entry.resolve(slug, env)?));
        }
        byok::check_headers(&all_providers)?;
        provider::check_names(&all_providers)?;
        let providers = all_providers.iter().map(|provider| (provider.slug.to_string(), Rc::clone(provider))).collect();
        let catalogue = Catalogue::resolve(document.models.unwrap_or_default(), &providers)?;
        let keys =
            Keys::resolve(document.keys.unwrap_or_default(), document.anonymous.unwrap_or(false), &catalogue.models, &all_providers, env)?;
        let mut rules = Vec::new();
        for (index, entry) in document.rules.unwrap_or_default().into_iter().enumerate() {
            rules.push(entry.resolve(&format!("rules[{index}]"), &catalogue, &keys)?);
        }
        let around = Surroundings { catalogue: &catalogue, providers: &all_providers, rules: &rules, max_models: defaults.max_models };
        let presets = preset::resolve(document.presets, &around)?;
        let auto_router = document.auto_router.unwrap_or_default().resolve(&catalogue.models)?;
        Ok(Self {
            defaults: Rc::new(defaults),
            byok_providers: all_providers.iter().filter(|provider| provider.byok_header.is_some()).cloned().collect(),
            providers: all_providers,
            models: catalogue.models,
            rules,
            presets,
            auto_router,
            anonymous: keys.anonymous,
            free_models: document.free_models.unwrap_or_default().resolve()?,
            filter_state: document.filter_state.unwrap_or(false),
            models_by_id: catalogue.by_id,
            keys: keys.all,
            keys_by_hash: keys.by_hash,
        })
    }

    /// The model of this catalogued id, dynamic variants already removed.
    pub fn model(&self, id: &str) -> Option<&Rc<Model>> {
        self.models_by_id.get(id)
    }

    /// The newest model of `family` that `key` may use, of several as new the one that stands first; the newest of all if there is no
    /// key, or none that it may use.
    pub fn latest(&self, family: &Family<'_>, key: Option<&Key>) -> Option<&Rc<Model>> {
        let newest = |may: &dyn Fn(&Model) -> bool| {
            let models = self.models.iter().rev().filter(|model| family.has(&model.id) && may(model));
            models.max_by_key(|model| model.created)
        };
        let may_use = |model: &Model| key.is_none_or(|key| model.endpoints.iter().any(|endpoint| key.may_use(endpoint)));
        newest(&may_use).or_else(|| newest(&|_| true))
    }

    /// Whom this hash of a presented key belongs to.
    pub fn key(&self, hash: &KeyHash) -> Option<&Rc<Key>> {
        self.keys_by_hash.get(hash)
    }

    /// The providers of endpoints that want access tokens, each once.
    pub fn token_providers(&self) -> Vec<Rc<Provider>> {
        let mut found: Vec<Rc<Provider>> = Vec::new();
        for Endpoint { provider, .. } in self.endpoints().map(|endpoint| &**endpoint) {
            if provider.credential.tokens().is_some() && !found.iter().any(|known| Rc::ptr_eq(known, provider)) {
                found.push(provider.clone());
            }
        }
        found
    }

    /// Every client key, in the order of its `id`, with that of anonymous requests last if there is one.
    pub fn keys(&self) -> &[Rc<Key>] {
        &self.keys
    }

    /// Every endpoint of every model, in the order of its [`EndpointId`](crate::endpoint::EndpointId).
    pub fn endpoints(&self) -> impl Iterator<Item = &Rc<Endpoint>> {
        self.models.iter().flat_map(|model| &model.endpoints)
    }
}

#[cfg(test)]
mod tests;
