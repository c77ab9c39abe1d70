//! What a provider asks for a model in each of its tiers: it may serve another one than it was asked for, and that is paid.
//!
//! See <https://openrouter.ai/docs/guides/features/service-tiers>.

use super::{Endpoint, ServiceTier};
use crate::price::Price;

/// The prices of one model at one provider by tier, where it has any of its own: `None` is the usual one.
#[derive(Clone, Debug, Default)]
pub struct TierPrices(Box<[(Option<ServiceTier>, Price)]>);

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
            name => Some(ServiceTier::asked(name)?),
        };
        self.0.iter().find(|(known, _)| *known == tier).map(|(_, price)| price)
    }
}
