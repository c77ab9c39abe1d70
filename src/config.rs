//! The plugin configuration: JSON in, a [`Config`] whose every reference is resolved out.

mod catalogue;
mod defaults;
mod dialect;
mod error;
mod key;
mod provider;
mod rule;

use std::{collections::HashMap, rc::Rc};

pub use self::{
    catalogue::{Modalities, Modality, Model},
    defaults::Defaults,
    dialect::{Dialect, OutputLimitName, Quirks},
    error::ConfigError,
    key::Key,
    provider::Provider,
    rule::{Action, Match, Rule, Select, Split, TokenRange},
};
use crate::{endpoint::Endpoint, secret::KeyHash};

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
    pub defaults: Defaults,
    /// The catalogue, in the order written.
    pub models: Vec<Rc<Model>>,
    /// The rules, in the order written: the first that matches wins.
    pub rules: Vec<Rule>,
    /// Who a request without a key is; `None` if it is refused.
    pub anonymous: Option<Rc<Key>>,
    models_by_id: HashMap<Rc<str>, Rc<Model>>,
    keys: HashMap<KeyHash, Rc<Key>>,
}

impl Config {
    /// Reads a plugin configuration; `env` looks an environment variable up.
    ///
    /// Errors: if anything in it is wrong; the error names where and what was expected.
    pub fn parse(json: &[u8], env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let _ = (json, env);
        Ok(Self::Attempt)
    }
}

impl Gateway {
    /// The model of this catalogued id, dynamic variants already removed.
    pub fn model(&self, id: &str) -> Option<&Rc<Model>> {
        self.models_by_id.get(id)
    }

    /// Whom this hash of a presented key belongs to.
    pub fn key(&self, hash: &KeyHash) -> Option<&Rc<Key>> {
        self.keys.get(hash)
    }

    /// Every client key, in no order, with that of anonymous requests if there is one.
    pub fn keys(&self) -> impl Iterator<Item = &Rc<Key>> {
        self.keys.values().chain(&self.anonymous)
    }

    /// Every endpoint of every model, in the order of its [`EndpointId`](crate::endpoint::EndpointId).
    pub fn endpoints(&self) -> impl Iterator<Item = &Rc<Endpoint>> {
        self.models.iter().flat_map(|model| &model.endpoints)
    }
}
