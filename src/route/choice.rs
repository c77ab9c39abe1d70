//! What OpenRouter's routers choose from: the models that can do what a request needs, by their price or by chance.

use std::rc::Rc;

use super::{Ask, Strategy};
use crate::auto_router::{CostTier, Settings};
use crate::config::{Gateway, Model};
use crate::endpoint::Endpoint;
use crate::error::{ClientError, Error};
use crate::router::Router;

/// How a router goes about a request.
pub(super) enum Choice<'a> {
    /// By price, as the request says in its plugins.
    Auto(Option<&'a Settings>),
    /// By chance, among endpoints that cost nothing.
    Free,
}

// === impl Choice ===

impl<'a> Choice<'a> {
    /// That of `router`.
    pub(super) fn new(router: Router, ask: &Ask<'a>) -> Self {
        match router {
            Router::Auto => Self::Auto(ask.request.plugins.auto_router.as_deref()),
            Router::Free => Self::Free,
        }
    }

    /// What chose the model.
    pub(super) fn strategy(&self) -> Strategy {
        match self {
            Self::Auto(_) => Strategy::Router(Router::Auto),
            Self::Free => Strategy::Router(Router::Free),
        }
    }

    /// The endpoints of the models that may serve the request, and that it fits into.
    ///
    /// Errors: if there is none.
    pub(super) fn candidates(&self, gateway: &Gateway, ask: &Ask<'_>) -> Result<Vec<Rc<Endpoint>>, Error> {
        let models = match self {
            Self::Auto(_) => &gateway.auto_router.models,
            Self::Free => &gateway.models,
        };
        let models = models.iter().filter(|model| self.takes(model) && ask.key.allows(model.id.as_str()));
        let tokens = ask.request.prompt_tokens().saturating_add(ask.request.max_tokens.unwrap_or(0));
        let has_room = |endpoint: &Rc<Endpoint>| endpoint.context_length.is_none_or(|length| tokens <= length);
        let endpoints = models.flat_map(|model| &model.endpoints).filter(|endpoint| ask.key.allows_provider(&endpoint.provider.slug));
        let is_paid = |endpoint: &Rc<Endpoint>| matches!(self, Self::Free) && !endpoint.price.is_zero();
        let endpoints: Vec<_> = endpoints.filter(|endpoint| has_room(endpoint) && !is_paid(endpoint)).cloned().collect();
        if endpoints.is_empty() { Err(ClientError::NoModelMatches.into()) } else { Ok(endpoints) }
    }

    fn takes(&self, model: &Model) -> bool {
        match self {
            Self::Auto(settings) => settings.is_none_or(|settings| settings.allow(model.id.as_str())),
            Self::Free => model.answers_in_text(),
        }
    }

    /// What is left of the candidates by model, first choice first. By themselves the cheapest come first; of a tier that the client
    /// or the operator sets, only the models of that band are left. What costs nothing is one group: among equals it is luck that decides.
    pub(super) fn groups(self, gateway: &Gateway, left: Vec<Rc<Endpoint>>) -> Vec<Vec<Rc<Endpoint>>> {
        let Self::Auto(settings) = self else { return vec![left] };
        // By what is left of each: its cheapest endpoint may be gone.
        let price = |group: &[Rc<Endpoint>]| group.iter().map(|endpoint| endpoint.price.ranking()).min();
        let mut groups: Vec<Vec<Rc<Endpoint>>> = Vec::new();
        // Candidates come model by model.
        for group in left.chunk_by(|a, b| a.catalogue_id == b.catalogue_id) {
            let place = groups.partition_point(|before| price(before) <= price(group));
            groups.insert(place, group.to_vec());
        }
        let tier = settings.and_then(|settings| settings.cost_tier).or(gateway.auto_router.cost_tier);
        let band = tier.map_or(0..groups.len(), |tier: CostTier| tier.band(groups.len()));
        groups.into_iter().skip(band.start).take(band.len()).collect()
    }
}
