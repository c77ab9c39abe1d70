//! From a model's name to its endpoints: rules, variants, the catalogue.

use std::rc::Rc;

use super::choice::Choice;
use super::{Ask, Strategy};
use crate::config::{Action, Gateway, Match, Model};
use crate::endpoint::{Endpoint, ServiceTier};
use crate::error::{ClientError, Error};
use crate::glob::Glob;
use crate::model::{DynamicVariant, Family, ModelId};
use crate::preferences::SortBy;
use crate::preset;
use crate::router::Router;

/// A model's name, resolved.
pub(super) struct Resolved<'a> {
    /// What the client asked for, as messages repeat it: not at any length.
    pub(super) asked: &'a str,
    /// The candidates.
    pub(super) endpoints: Vec<Rc<Endpoint>>,
    /// What the name says about their order.
    pub(super) wish: Wish,
    /// What chose the model, if it was not the client.
    pub(super) strategy: Option<Strategy>,
    /// How a router goes about it, if one was asked for.
    pub(super) choice: Option<Choice<'a>>,
}

/// What a model's name says about the order of its endpoints.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish {
    /// A rule wants the cheapest first, whatever the client says.
    pub(super) cheapest: bool,
    /// By a variant, which the client's `provider.sort` wins over.
    pub(super) sort: Option<SortBy>,
    /// A tier that a variant lets in beside the usual one.
    pub(super) tier: Option<ServiceTier>,
}

/// Finds what `name` stands for: the first rule that matches says, else the catalogue, else it is a router or the newest of a family.
///
/// Errors: if it is no model's name, or one that the key may not use, or a variant that cannot be had.
pub(super) fn resolve<'a>(gateway: &Gateway, name: &'a str, ask: &Ask<'a>, random: &mut fastrand::Rng) -> Result<Resolved<'a>, Error> {
    if let Some(rule) = gateway.rules.iter().find(|rule| matches(&rule.matches, name, ask)) {
        let one = |model: &Rc<Model>| resolved(name, &model.endpoints);
        let resolved = match &rule.action {
            Action::Rename(model) => one(model),
            Action::Split(split) => one(split.pick(random.f64())),
            Action::Select(select) => Resolved { wish: Wish { cheapest: true, ..Wish::default() }, ..resolved(name, &select.endpoints) },
        };
        return allowed(Resolved { strategy: Some(Strategy::Alias), ..resolved }, ask);
    }
    let unknown = || {
        Error::from(match preset::in_model(name) {
            Some((model, slug)) => match slug.split_once(':') {
                Some((slug, variant)) if gateway.presets.named(slug).is_some() => {
                    let model = if model.is_empty() { "author/slug" } else { shown(model) };
                    let expected = format!("a variant before the preset: ask for {model}:{}@preset/{slug}", shown(variant));
                    ClientError::invalid("model", expected)
                }
                _ => ClientError::unknown_preset(slug),
            },
            None => ClientError::unknown_model(shown(name)),
        })
    };
    if let Some(model) = gateway.model(name) {
        return allowed(resolved(name, &model.endpoints), ask);
    }
    let id: ModelId = name.parse().map_err(|_| unknown())?;
    if id.has(DynamicVariant::Online) {
        return Err(ClientError::invalid(
            "model",
            format!("a model without `:online`: this gateway has no web search, ask for {}", id.base()),
        )
        .into());
    }
    let wish = Wish::of(&id);
    let catalogued = id.catalogued();
    if let Some(model) = gateway.model(&catalogued).or_else(|| gateway.model(&catalogued.to_ascii_lowercase())) {
        return allowed(Resolved { wish, ..resolved(name, &model.endpoints) }, ask);
    }
    if let Some(router) = Router::named(&catalogued) {
        let choice = Choice::new(router, ask);
        let endpoints = choice.candidates(gateway, ask)?;
        return Ok(Resolved { asked: shown(name), endpoints, wish, strategy: Some(choice.strategy()), choice: Some(choice) });
    }
    if Router::is_another(&catalogued) {
        let expected = "openrouter/auto or openrouter/free: this gateway has no other of OpenRouter's routers";
        return Err(ClientError::invalid("model", expected).into());
    }
    let latest = Family::of_alias(&id).and_then(|family| gateway.latest(&family, Some(ask.key)));
    let model = latest.ok_or_else(unknown)?;
    allowed(Resolved { wish, strategy: Some(Strategy::Latest), ..resolved(name, &model.endpoints) }, ask)
}

// === impl Wish ===

impl Wish {
    /// Of several variants the first counts.
    fn of(id: &ModelId) -> Self {
        let wish = id.variants().filter_map(DynamicVariant::named).find_map(|variant| match variant {
            DynamicVariant::Nitro => Some((SortBy::Throughput, Some(ServiceTier::Priority))),
            DynamicVariant::Floor => Some((SortBy::Price, Some(ServiceTier::Flex))),
            DynamicVariant::Exacto => Some((SortBy::Exacto, None)),
            DynamicVariant::Online => None,
        });
        wish.map_or_else(Self::default, |(sort, tier)| Self { cheapest: false, sort: Some(sort), tier })
    }
}

fn resolved<'a>(name: &'a str, endpoints: &[Rc<Endpoint>]) -> Resolved<'a> {
    Resolved { asked: shown(name), endpoints: endpoints.to_vec(), wish: Wish::default(), strategy: None, choice: None }
}

/// A name as messages repeat it: not at any length.
pub(super) fn shown(name: &str) -> &str {
    if name.len() <= 100 {
        return name;
    }
    let end = name.char_indices().nth(100).map_or(name.len(), |(end, _)| end);
    name.get(..end).unwrap_or_default()
}

/// Leaves the endpoints of models and providers that the key may use.
fn allowed<'a>(mut resolved: Resolved<'a>, ask: &Ask<'_>) -> Result<Resolved<'a>, Error> {
    let key = ask.key;
    resolved.endpoints.retain(|endpoint| key.allows(&endpoint.catalogue_id));
    if resolved.endpoints.is_empty() {
        return Err(ClientError::ModelNotAllowed(resolved.asked.to_owned()).into());
    }
    if let Some(allowed) = &key.providers
        && !resolved.endpoints.iter().any(|endpoint| key.allows_provider(&endpoint.provider.slug))
    {
        let mut serving: Vec<&str> = resolved.endpoints.iter().map(|endpoint| &*endpoint.provider.slug).collect();
        serving.dedup();
        let allowed = allowed.iter().map(Glob::as_str).collect::<Vec<_>>().join(", ");
        return Err(ClientError::ProviderNotAllowed { model: resolved.asked.to_owned(), serving: serving.join(", "), allowed }.into());
    }
    resolved.endpoints.retain(|endpoint| key.allows_provider(&endpoint.provider.slug));
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
