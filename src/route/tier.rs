//! `service_tier`: which endpoints of tiers of their own a request may use.
//!
//! See <https://openrouter.ai/docs/guides/features/service-tiers>.

use std::rc::Rc;

use super::Ask;
use super::resolve::Wish;
use crate::endpoint::{Endpoint, ServiceTier};

/// The tier that the request asks for, where its model has such.
pub(super) fn asked(ask: &Ask<'_>, endpoints: &[Rc<Endpoint>]) -> Option<ServiceTier> {
    if !endpoints.iter().any(|endpoint| endpoint.is_tiered) {
        return None;
    }
    ServiceTier::asked(std::str::from_utf8(ask.request.service_tier()?).ok()?)
}

/// Leaves the endpoints of the tiers that the request may use; all, if these are none.
///
/// By itself, only the usual tier: one of its own is used where it is asked for, where `order` or `only` name it in full, or where a
/// variant lets it in, which `order` prevents. `flex` is kept to, whatever the price of that; `priority` falls back to the usual tier.
pub(super) fn leave(endpoints: &mut Vec<Rc<Endpoint>>, wish: Wish, ask: &Ask<'_>) {
    if endpoints.iter().all(|endpoint| endpoint.service_tier.is_none()) {
        return;
    }
    let preferences = &ask.request.preferences;
    let asked = asked(ask, endpoints);
    if asked == Some(ServiceTier::Flex) && endpoints.iter().any(|endpoint| endpoint.service_tier == asked) {
        return endpoints.retain(|endpoint| endpoint.service_tier == asked);
    }
    let let_in = asked.or(wish.tier.filter(|_| preferences.order.is_none()));
    let named = |endpoint: &Endpoint| {
        let lists = [&preferences.order, &preferences.only];
        lists.into_iter().flatten().flatten().any(|name| endpoint.is_named(name))
    };
    let may_serve = |endpoint: &Rc<Endpoint>| endpoint.service_tier.is_none_or(|tier| Some(tier) == let_in || named(endpoint));
    if endpoints.iter().any(may_serve) {
        endpoints.retain(may_serve);
    }
}
