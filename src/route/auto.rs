//! `openrouter/auto`: the models that can do what a request needs, by their price.

use std::rc::Rc;

use super::Ask;
use crate::auto_router::{CostTier, Settings};
use crate::config::Gateway;
use crate::endpoint::Endpoint;
use crate::error::{ClientError, Error};

/// How the auto router goes about a request.
pub(super) struct Auto<'a> {
    settings: Option<&'a Settings>,
}

// === impl Auto ===

impl<'a> Auto<'a> {
    /// By what the request says.
    pub(super) fn new(ask: &Ask<'a>) -> Self {
        Self { settings: ask.request.plugins.auto_router.as_deref() }
    }

    /// The endpoints of the models that may serve the request, and that it fits into.
    ///
    /// Errors: if there is none.
    pub(super) fn candidates(&self, gateway: &Gateway, ask: &Ask<'_>) -> Result<Vec<Rc<Endpoint>>, Error> {
        let models = gateway.auto_router.models.iter();
        let models = models
            .filter(|model| self.settings.is_none_or(|settings| settings.allow(model.id.as_str())) && ask.key.allows(model.id.as_str()));
        let tokens = ask.request.prompt_tokens().saturating_add(ask.request.max_tokens.unwrap_or(0));
        let has_room = |endpoint: &&Rc<Endpoint>| endpoint.context_length.is_none_or(|length| tokens <= length);
        let endpoints = models.flat_map(|model| &model.endpoints).filter(|endpoint| ask.key.allows_provider(&endpoint.provider.slug));
        let endpoints: Vec<_> = endpoints.filter(has_room).cloned().collect();
        if endpoints.is_empty() { Err(ClientError::NoModelMatches.into()) } else { Ok(endpoints) }
    }

    /// What is left of the candidates by model, first choice first. By themselves the cheapest come first; of a tier that the client
    /// or the operator sets, only the models of that band are left.
    pub(super) fn groups(self, gateway: &Gateway, left: Vec<Rc<Endpoint>>) -> impl Iterator<Item = Vec<Rc<Endpoint>>> {
        // By what is left of each: its cheapest endpoint may be gone.
        let price = |group: &[Rc<Endpoint>]| group.iter().map(|endpoint| endpoint.price.ranking()).min();
        let mut groups: Vec<Vec<Rc<Endpoint>>> = Vec::new();
        // Candidates come model by model.
        for group in left.chunk_by(|a, b| a.catalogue_id == b.catalogue_id) {
            let place = groups.partition_point(|before| price(before) <= price(group));
            groups.insert(place, group.to_vec());
        }
        let tier = self.settings.and_then(|settings| settings.cost_tier).or(gateway.auto_router.cost_tier);
        let band = tier.map_or(0..groups.len(), |tier: CostTier| tier.band(groups.len()));
        groups.into_iter().skip(band.start).take(band.len())
    }
}
