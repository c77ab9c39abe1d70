//! Tiers: which a request asks for, and what a provider asks for a model in each. It may serve another one than it was asked for, and
//! that is paid.
//!
//! See <https://openrouter.ai/docs/guides/features/service-tiers>.

use super::{Endpoint, ServiceTier};
use crate::chat::Request;
use crate::price::Price;

/// What a request says of tiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TierAsked {
    /// Nothing.
    Unsaid,
    /// It asks for the usual one alone.
    Usual,
    /// It asks for this one.
    Tier(ServiceTier),
}

/// The prices of one model at one provider by tier, where it has any of its own: `None` is the usual one.
#[derive(Clone, Debug, Default)]
pub struct TierPrices(Box<[(Option<ServiceTier>, Price)]>);

// === impl TierAsked ===

impl TierAsked {
    /// By `service_tier`, or by Anthropic's `speed` where that says nothing.
    pub fn of(request: &Request) -> Self {
        let name = request.service_tier().and_then(|name| std::str::from_utf8(name).ok());
        match (name, request.speed()) {
            // OpenAI's word, and Google's.
            (Some("default" | "standard"), _) => Self::Usual,
            (name, speed) => {
                let fast = (speed == Some(b"fast")).then_some(ServiceTier::Priority);
                name.and_then(ServiceTier::named).or(fast).map_or(Self::Unsaid, Self::Tier)
            }
        }
    }

    /// The tier beside the usual one that it asks for.
    pub fn tier(self) -> Option<ServiceTier> {
        match self {
            Self::Tier(tier) => Some(tier),
            Self::Unsaid | Self::Usual => None,
        }
    }
}

// === impl TierPrices ===

impl TierPrices {
    /// Those of what `endpoint` is one of, by all `siblings` of its model, itself included. A sibling by the same name at the provider
    /// counts before one by another.
    pub(crate) fn of(endpoint: &Endpoint, siblings: &[Endpoint]) -> Self {
        if !endpoint.is_tiered {
            return Self::default();
        }
        let at_provider = || siblings.iter().filter(|other| other.provider.slug == endpoint.provider.slug);
        let priced = |tier: Option<ServiceTier>| {
            let mut of_tier = at_provider().filter(|other| other.service_tier == tier);
            let named = of_tier.clone().find(|other| other.model == endpoint.model);
            Some((tier, named.or_else(|| of_tier.next())?.price))
        };
        Self([None, Some(ServiceTier::Flex), Some(ServiceTier::Priority)].into_iter().filter_map(priced).collect())
    }

    /// The price of the tier that a provider calls `name`, where it is known.
    pub(super) fn of_tier(&self, name: &str) -> Option<&Price> {
        let tier = match name {
            // OpenAI's word, Anthropic's and Groq's.
            "default" | "standard" | "on_demand" => None,
            name => Some(ServiceTier::named(name)?),
        };
        self.0.iter().find(|(known, _)| *known == tier).map(|(_, price)| price)
    }
}
