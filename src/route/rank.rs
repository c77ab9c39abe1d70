//! The order in which the endpoints of a model are tried.

use std::cmp::Ordering;
use std::rc::Rc;

use super::Ask;
use super::filter::position;
use super::resolve::Resolved;
use crate::clock::{Clock, Millis};
use crate::endpoint::Endpoint;
use crate::health::Health;
use crate::preferences::Sort;

/// What decides an endpoint's place. The order of the fields is the precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// Its place in the client's `provider.order`; after all of them if it is not there.
    ordered: usize,
    /// Until when it is in trouble; the epoch if it is not.
    trouble: Millis,
    /// Its price where the cheapest is to come first; 0 where not.
    price: u64,
    /// Its luck.
    draw: Draw,
}

/// A draw: the least wins.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Draw(f64);

/// Puts `endpoints` in the order to try them in.
pub(super) fn order(
    mut endpoints: Vec<Rc<Endpoint>>,
    resolved: &Resolved,
    ask: &Ask<'_>,
    health: &dyn Fn() -> Health,
    clock: &dyn Clock,
    random: &mut fastrand::Rng,
) -> Vec<Rc<Endpoint>> {
    let preferences = &ask.request.preferences;
    if endpoints.len() > 1 {
        let (health, now) = (health(), clock.now());
        let cheapest = resolved.cheapest || preferences.sort == Some(Sort::Price);
        endpoints.sort_by_cached_key(|endpoint| {
            let ordered = preferences.order.as_ref().and_then(|order| position(order, &endpoint.provider));
            Rank {
                ordered: ordered.unwrap_or(usize::MAX),
                // The client's own order holds, trouble or not.
                trouble: trouble(endpoint, &health, now).filter(|_| ordered.is_none()).unwrap_or_default(),
                price: if cheapest { endpoint.price.ranking() } else { 0 },
                draw: Draw::weighted(endpoint.price.ranking(), random),
            }
        });
    }
    if preferences.allow_fallbacks == Some(false) && preferences.order.is_none() {
        endpoints.truncate(1);
    }
    endpoints
}

/// Until when `endpoint` is in trouble. Nobody knows when an access token will be there that could not be had; the first is waited for.
fn trouble(endpoint: &Endpoint, health: &Health, now: Millis) -> Option<Millis> {
    match &endpoint.provider.tokens {
        Some(tokens) if tokens.is_failing() && tokens.token(now).is_none() => Some(Millis(u64::MAX)),
        _ => health.trouble(endpoint, now),
    }
}

// === impl Draw ===

impl Draw {
    /// A draw with weight 1/price²: sorting by these is drawing one after the other without putting back.
    ///
    /// An exponential variate of rate w is the least of its kind with a chance proportional to w (Efraimidis and Spirakis,
    /// "Weighted random sampling with a reservoir", 2006).
    fn weighted(price: u64, random: &mut fastrand::Rng) -> Self {
        // A free endpoint would have all the weight there is; it gets that of the smallest price.
        let price = price.max(1) as f64;
        Self(-(1.0 - random.f64()).ln() * price * price)
    }
}

impl Eq for Draw {}

impl PartialOrd for Draw {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Draw {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
