//! Service tiers: which endpoints that are of one a request may use.
//!
//! See <https://openrouter.ai/docs/guides/features/service-tiers>.

use std::rc::Rc;

use super::Ask;
use super::resolve::Wish;
use crate::endpoint::{Endpoint, ServiceTier, TierAsked};
use crate::preferences::Preferences;

/// The tiers that a request may use.
///
/// By itself, that is the usual one alone. Another is used where it is asked for, where `order` or `only` name it in full, or where a
/// variant lets it in, which `order` and a request for the usual tier prevent.
#[derive(Clone, Copy)]
pub(super) struct Tiers<'a> {
    preferences: &'a Preferences,
    /// What is asked for, which providers' names then mean, too.
    asked: Option<ServiceTier>,
    /// What a variant lets in.
    let_in: Option<ServiceTier>,
    /// The variant's, let in or not.
    of_variant: Option<ServiceTier>,
}

// === impl Tiers ===

impl<'a> Tiers<'a> {
    /// Those that `ask` may use of a model with these endpoints.
    pub(super) fn new(ask: &Ask<'a>, wish: Wish, endpoints: &[Rc<Endpoint>]) -> Self {
        let preferences = &ask.request.preferences;
        if !endpoints.iter().any(|endpoint| endpoint.is_tiered) {
            // What it asks for is its provider's affair.
            return Self { preferences, asked: None, let_in: None, of_variant: None };
        }
        let asked = TierAsked::of(ask.request);
        let is_open = asked == TierAsked::Unsaid && preferences.order.is_none();
        Self { preferences, asked: asked.tier(), let_in: wish.tier.filter(|_| is_open), of_variant: wish.tier }
    }

    /// The tier to prefer among `endpoints`: what is asked for, if any is of it.
    pub(super) fn preferred(&self, endpoints: &[Rc<Endpoint>]) -> Option<ServiceTier> {
        self.asked.filter(|asked| endpoints.iter().any(|endpoint| endpoint.service_tier == Some(*asked)))
    }

    /// Whether the request may use `endpoint`.
    pub(super) fn admit(&self, endpoint: &Endpoint) -> bool {
        endpoint.service_tier.is_none_or(|tier| [self.asked, self.let_in].contains(&Some(tier)) || self.is_opted_in(endpoint))
    }

    /// Whether the client means `endpoint` by `name`: that of a provider means its usual tier, and the one that is asked for.
    pub(super) fn is_meant(&self, endpoint: &Endpoint, name: &str) -> bool {
        endpoint.is_named(name) || endpoint.service_tier.is_some() && endpoint.service_tier == self.asked && endpoint.is_of(name)
    }

    /// Whether the client wants nothing of `endpoint` by one of `names`: that of a provider means whatever tier a variant let in, too.
    pub(super) fn is_ignored(&self, endpoint: &Endpoint, names: &[String]) -> bool {
        let is_let_in = endpoint.service_tier.is_some() && !self.is_opted_in(endpoint);
        names.iter().any(|name| self.is_meant(endpoint, name) || is_let_in && endpoint.is_of(name))
    }

    /// Leaves the endpoints of tier `flex` if that is asked for and any is: it is kept to, while `priority` falls back to the usual tier.
    pub(super) fn keep_to_flex(&self, endpoints: &mut Vec<Rc<Endpoint>>) {
        if self.preferred(endpoints) == Some(ServiceTier::Flex) {
            endpoints.retain(|endpoint| endpoint.service_tier == Some(ServiceTier::Flex));
        }
    }

    /// Why none of `endpoints` may be used, and how they may be.
    pub(super) fn reason(&self, endpoints: &[Rc<Endpoint>]) -> String {
        let tiered = endpoints.iter().find_map(|endpoint| Some((&endpoint.tag, endpoint.service_tier?)));
        let Some((tag, tier)) = tiered else { return String::new() };
        let variant = match tier {
            _ if self.of_variant == Some(tier) => "",
            ServiceTier::Flex => "the variant :floor, ",
            ServiceTier::Priority => "the variant :nitro, ",
        };
        let tier = tier.as_str();
        format!("service_tier asks for none of its tiers (what would: service_tier \"{tier}\", {variant}or \"{tag}\" in provider.only)")
    }

    /// Whether the client names the tier of `endpoint` in full.
    fn is_opted_in(&self, endpoint: &Endpoint) -> bool {
        [&self.preferences.order, &self.preferences.only].into_iter().flatten().flatten().any(|name| endpoint.is_named(name))
    }
}
