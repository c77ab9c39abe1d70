//! The shape of the plugin configuration, before anything in it is checked against anything else.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    auto_router::AutoRouterEntry, catalogue::ModelEntry, defaults::DefaultsEntry, error::ConfigError, error::WHOLE, key::KeyEntry,
    limit::FreeModelsEntry, provider::ProviderEntry, rule::RuleEntry, value,
};
use crate::{json::Scanner, model::ModelId};

/// The whole of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document<'a> {
    pub(super) role: Option<String>,
    #[serde(borrow)]
    pub(super) defaults: Option<DefaultsEntry<'a>>,
    pub(super) providers: Option<BTreeMap<String, ProviderEntry>>,
    #[serde(borrow)]
    pub(super) models: Option<Vec<ModelEntry<'a>>>,
    #[serde(borrow)]
    pub(super) rules: Option<Vec<RuleEntry<'a>>>,
    #[serde(borrow)]
    pub(super) presets: Option<&'a RawValue>,
    pub(super) auto_router: Option<AutoRouterEntry>,
    #[serde(borrow)]
    pub(super) keys: Option<Vec<KeyEntry<'a>>>,
    pub(super) anonymous: Option<bool>,
    #[serde(borrow)]
    pub(super) free_models: Option<FreeModelsEntry<'a>>,
    pub(super) filter_state: Option<bool>,
}

/// Which of the module's two parts a plugin instance plays.
#[derive(Clone, Copy)]
pub(super) enum Role {
    Gateway,
    Attempt,
}

impl<'a> Document<'a> {
    /// Reads JSON. This is the one place where serde works, so that it is compiled once.
    pub(super) fn parse(json: &'a [u8]) -> Result<Self, ConfigError> {
        let unexpected = |found| {
            let message = format!("expected an object with role and more, found {found}");
            Err(ConfigError::new(WHOLE, message))
        };
        match json.trim_ascii_start().first() {
            Some(b'{') => {}
            Some(b'[') => return unexpected("a list"),
            Some(_) => return unexpected("something else"),
            None => return unexpected("nothing"),
        }
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let document = Self::deserialize(&mut deserializer).map_err(|error| ConfigError::of_serde(&error, json))?;
        match deserializer.end() {
            Ok(()) => Ok(document),
            Err(error) => Err(ConfigError::new(WHOLE, format!("expected JSON: {error}"))),
        }
    }

    /// The part to play.
    pub(super) fn role(&self) -> Result<Role, ConfigError> {
        match &self.role {
            Some(role) => value::one_of("role", role, &[("gateway", Role::Gateway), ("attempt", Role::Attempt)]),
            None => Err(ConfigError::new("role", "missing, and required: gateway or attempt")),
        }
    }

    /// The first member that only the gateway role may have.
    pub(super) fn gateway_member(&self) -> Option<&'static str> {
        [
            ("defaults", self.defaults.is_some()),
            ("providers", self.providers.is_some()),
            ("models", self.models.is_some()),
            ("rules", self.rules.is_some()),
            ("presets", self.presets.is_some()),
            ("auto_router", self.auto_router.is_some()),
            ("keys", self.keys.is_some()),
            ("anonymous", self.anonymous.is_some()),
            ("free_models", self.free_models.is_some()),
            ("filter_state", self.filter_state.is_some()),
        ]
        .into_iter()
        .find_map(|(name, given)| given.then_some(name))
    }
}

/// The id of a model by its place in `models`, where the configuration is well enough to tell.
pub(super) fn id_of_model(json: &[u8], index: usize) -> Option<ModelId> {
    let mut id = None;
    let mut places = 0..;
    let mut model = |scanner: &mut Scanner<'_>| {
        if places.next() != Some(index) {
            return scanner.skip().map(drop);
        }
        scanner.members(&mut |scanner, name, _| {
            if !name.is("id") {
                return scanner.skip().map(drop);
            }
            id = scanner.optional_string()?.and_then(|id| id.value().parse().ok());
            Ok(())
        })
    };
    let read = Scanner::new(json).members(&mut |scanner, name, _| match name.is("models") {
        true => scanner.elements(&mut model),
        false => scanner.skip().map(drop),
    });
    read.ok().and(id)
}
