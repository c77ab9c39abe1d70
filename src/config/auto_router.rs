//! `auto_router`: what `openrouter/auto` chooses from.

use std::rc::Rc;

use serde::Deserialize;

use super::{Model, error::ConfigError, value};
use crate::{
    auto_router::{COST_TIERS, CostTier},
    glob::Glob,
};

/// What `openrouter/auto` chooses from.
#[derive(Debug)]
pub struct AutoRouter {
    /// The models, in the order of the catalogue; none if no model of the catalogue answers in text alone.
    pub models: Vec<Rc<Model>>,
    /// How dear where the client does not say.
    pub cost_tier: Option<CostTier>,
}

/// `auto_router` as written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AutoRouterEntry {
    models: Option<Vec<String>>,
    cost_tier: Option<String>,
}

impl AutoRouterEntry {
    /// Checks the entry against the catalogue.
    pub(super) fn resolve(self, catalogue: &[Rc<Model>]) -> Result<AutoRouter, ConfigError> {
        let patterns = self.models.map(|patterns| patterns.into_iter().map(Glob::new).collect::<Vec<_>>());
        for (index, pattern) in patterns.iter().flatten().enumerate() {
            value::checked(
                catalogue.iter().any(|model| pattern.matches(model.id.as_str())),
                &format!("auto_router.models[{index}]"),
                &format!("expected the id of a model or a pattern that matches one, found {:?}", pattern.as_str()),
            )?;
        }
        let is_candidate = |model: &Rc<Model>| match &patterns {
            Some(patterns) => patterns.iter().any(|pattern| pattern.matches(model.id.as_str())),
            None => model.answers_in_text(),
        };
        let models = catalogue.iter().filter(|model| is_candidate(model)).cloned().collect();
        let cost_tier = self.cost_tier.map(|name| value::one_of("auto_router.cost_tier", &name, &COST_TIERS)).transpose()?;
        Ok(AutoRouter { models, cost_tier })
    }
}
