//! From a model's name to its endpoints: rules, variants, the catalogue.

use std::rc::Rc;

use super::Ask;
use crate::config::{Action, Gateway, Match, Model};
use crate::endpoint::Endpoint;
use crate::error::{ClientError, Error};
use crate::model::{DynamicVariant, ModelId};

/// A model's name, resolved.
pub(super) struct Resolved {
    /// What the client asked for.
    pub(super) asked: String,
    /// The candidates.
    pub(super) endpoints: Vec<Rc<Endpoint>>,
    /// The cheapest is to come first, by a rule or by `:floor`.
    pub(super) cheapest: bool,
}

/// Finds what `name` stands for: the first rule that matches says, else the catalogue.
///
/// Errors: if it is no model's name, or one that the key may not use, or a variant that cannot be had.
pub(super) fn resolve(gateway: &Gateway, name: &str, ask: &Ask<'_>, random: &mut fastrand::Rng) -> Result<Resolved, Error> {
    if let Some(rule) = gateway.rules.iter().find(|rule| matches(&rule.matches, name, ask)) {
        let one = |model: &Rc<Model>| resolved(name, model.endpoints.clone(), false);
        let resolved = match &rule.action {
            Action::Rename(model) => one(model),
            Action::Split(split) => one(split.pick(random.f64())),
            Action::Select(select) => resolved(name, select.endpoints.clone(), true),
        };
        return allowed(resolved, ask);
    }
    let unknown = || Error::from(ClientError::UnknownModel(shown(name)));
    if let Some(model) = gateway.model(name) {
        return allowed(resolved(name, model.endpoints.clone(), false), ask);
    }
    let id: ModelId = name.parse().map_err(|_| unknown())?;
    if id.has(DynamicVariant::Online) {
        return Err(ClientError::invalid(
            "model",
            format!("a model without `:online`: this gateway has no web search, ask for {}", id.base()),
        )
        .into());
    }
    let model = match gateway.model(&id.catalogued()) {
        Some(model) => model,
        None => gateway.model(&id.catalogued().to_ascii_lowercase()).ok_or_else(unknown)?,
    };
    allowed(resolved(name, model.endpoints.clone(), id.has(DynamicVariant::Floor)), ask)
}

fn resolved(name: &str, endpoints: Vec<Rc<Endpoint>>, cheapest: bool) -> Resolved {
    Resolved { asked: shown(name), endpoints, cheapest }
}

/// A name as messages repeat it: not at any length.
fn shown(name: &str) -> String {
    let end = name.char_indices().nth(100).map_or(name.len(), |(end, _)| end);
    name.get(..end).unwrap_or_default().to_owned()
}

/// Leaves the endpoints of models that the key may use.
fn allowed(mut resolved: Resolved, ask: &Ask<'_>) -> Result<Resolved, Error> {
    resolved.endpoints.retain(|endpoint| ask.key.allows(&endpoint.catalogue_id));
    if resolved.endpoints.is_empty() {
        return Err(ClientError::ModelNotAllowed(resolved.asked).into());
    }
    Ok(resolved)
}

fn matches(rule: &Match, name: &str, ask: &Ask<'_>) -> bool {
    let header = |name: &str| (ask.header)(name).and_then(|value| std::str::from_utf8(value).ok());
    let needs = ask.request.needs;
    rule.model.as_ref().is_none_or(|glob| glob.matches(name))
        && rule.headers.iter().all(|(name, glob)| header(name).is_some_and(|value| glob.matches(value)))
        && rule.key.as_ref().is_none_or(|glob| glob.matches(&ask.key.name))
        && rule.path.as_ref().is_none_or(|glob| glob.matches(ask.path))
        && rule.tools.is_none_or(|tools| tools == needs.tools)
        && rule.images.is_none_or(|images| images == needs.images)
        && rule.prompt_tokens.is_none_or(|range| range.contains(ask.request.prompt_tokens()))
}
