//! From a request to a plan: which endpoints to try, in which order.

mod filter;
mod length;
mod rank;
mod readiness;
mod resolve;

use std::rc::Rc;

pub use readiness::{Readiness, readiness};

use crate::chat::Request;
use crate::clock::Clock;
use crate::config::{Gateway, Key};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::health::Health;

/// The endpoints to try, first choice first: at least one, at most `max_attempts`, none twice.
pub type Plan = Vec<Rc<Endpoint>>;

/// What a request is routed by besides the configuration.
pub struct Ask<'a> {
    /// The request.
    pub request: &'a Request,
    /// Who asks.
    pub key: &'a Key,
    /// The path, without its query.
    pub path: &'a str,
    /// The value of the request header of this name, which is in lower case.
    pub header: &'a dyn Fn(&str) -> Option<&'a [u8]>,
}

/// Plans a request. `health` is asked only where there is a choice.
///
/// The models asked for are taken one after the other; rules may put others in their place. Of each, the endpoints that the
/// request, the client's preferences and the key allow are put in order: `provider.order` first, endpoints in trouble last,
/// the rest by price where it is asked for, else drawn with weight 1/price².
///
/// Errors: if a model is unknown or not allowed to the key, or if no endpoint is left.
pub fn plan(
    gateway: &Gateway,
    ask: &Ask<'_>,
    health: &dyn Fn() -> Health,
    clock: &dyn Clock,
    random: &mut fastrand::Rng,
) -> Result<Plan, Error> {
    let mut plan = Plan::new();
    let mut refused = None;
    for name in &ask.request.models {
        let planned = resolve::resolve(gateway, name, ask, random).and_then(|resolved| {
            let left = filter::filter(&resolved, ask)?;
            Ok(rank::order(left, &resolved, ask, health, clock, random))
        });
        match planned {
            Ok(endpoints) => {
                for endpoint in endpoints {
                    if !plan.iter().any(|planned| planned.id == endpoint.id) {
                        plan.push(endpoint);
                    }
                }
            }
            // A fallback model that cannot serve does not spoil the first; the first refusal is what is told if none can.
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    plan.truncate(gateway.defaults.max_attempts);
    match (plan.is_empty(), refused) {
        (false, _) => Ok(plan),
        (true, Some(error)) => Err(error),
        (true, None) => Err(Error::Internal("a plan without endpoints")),
    }
}

#[cfg(test)]
mod tests;
