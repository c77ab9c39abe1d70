//! From a request to a plan: which endpoints to try, in which order.

mod byok;
mod choice;
mod filter;
mod length;
mod rank;
mod readiness;
mod resolve;
mod tier;

use std::rc::Rc;

pub use readiness::{Readiness, readiness};

use self::byok::Own;
use crate::chat::Request;
use crate::clock::Clock;
use crate::config::{Gateway, Key};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::health::Health;
use crate::performance::Recent;
use crate::preferences::Partition;
use crate::router::Router;
use crate::sticky::{Conversation, Held, Sticky};

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

/// What all workers know of the endpoints. Asked only where there is a choice: to the shell, an answer may be a host call.
pub trait State {
    /// Which endpoints are in trouble.
    fn health(&self) -> Health;

    /// How an endpoint has done lately.
    fn recent(&self, endpoint: &Endpoint) -> Recent;

    /// Where a conversation is.
    fn held(&self, conversation: Conversation) -> Option<Held>;
}

/// A plan, and how it came about.
#[derive(Debug)]
pub struct Routed {
    /// The plan.
    pub plan: Plan,
    /// The request's conversation, where it matters which endpoint it is served by.
    pub sticky: Option<Sticky>,
    /// What chose the model.
    pub strategy: Strategy,
}

/// What chose the model, in OpenRouter's words: <https://openrouter.ai/docs/guides/features/router-metadata>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The client.
    #[default]
    Direct,
    /// The client, who named others in case it fails.
    Fallback,
    /// A rule of the operator's.
    Alias,
    /// The client, who asked for the newest of a family.
    Latest,
    /// A router of OpenRouter's.
    Router(Router),
}

// === impl Strategy ===

impl Strategy {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Fallback => "fallback",
            Self::Alias => "alias",
            Self::Latest => "latest",
            Self::Router(Router::Auto) => "auto",
            Self::Router(Router::Free) => "free",
        }
    }
}

/// Plans a request. `state` is asked only where there is a choice.
///
/// The models asked for are taken one after the other, or all together where `sort.partition` is `none`; rules may put others in
/// their place. Of each, the endpoints that the request, the client's preferences and the key allow are put in order: see
/// [`rank`](self::rank).
///
/// Errors: if a model is unknown or not allowed to the key, if no endpoint is left, or if a header has what
/// cannot be the credential that it is for.
pub fn plan(gateway: &Gateway, ask: &Ask<'_>, state: &dyn State, clock: &dyn Clock, random: &mut fastrand::Rng) -> Result<Routed, Error> {
    let own = Own::of(gateway, ask)?;
    let mut groups: Vec<(Vec<Rc<Endpoint>>, resolve::Wish)> = Vec::new();
    let mut refused = None;
    let mut strategy = if ask.request.models.len() > 1 { Strategy::Fallback } else { Strategy::Direct };
    for (index, name) in ask.request.models.iter().enumerate() {
        let resolved = resolve::resolve(gateway, name, ask, random).and_then(|mut resolved| {
            filter::filter(&mut resolved, ask)?;
            own.put_to(&mut resolved.endpoints);
            Ok(resolved)
        });
        match resolved {
            Ok(resolved) => {
                if index == 0 {
                    strategy = resolved.strategy.unwrap_or(strategy);
                }
                let wish = resolved.wish;
                match resolved.choice {
                    Some(choice) => {
                        groups.extend(choice.groups(gateway, resolved.endpoints).into_iter().map(|endpoints| (endpoints, wish)))
                    }
                    None => groups.push((resolved.endpoints, wish)),
                }
            }
            // A fallback model that cannot serve does not spoil the first; the first refusal is what is told if none can.
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    if ask.request.preferences.sort.is_some_and(|sort| sort.partition == Partition::None)
        && let Some((_, wish)) = groups.first()
    {
        groups = vec![(groups.iter().flat_map(|(endpoints, _)| endpoints.iter().cloned()).collect(), *wish)];
    }
    let mut order = rank::Order::new(gateway, ask, state, clock, random);
    if strategy == Strategy::Router(Router::Auto) && groups.len() > 1 {
        // A conversation stays with its model, too, as long as that is a candidate.
        let held = groups.iter().position(|(endpoints, _)| endpoints.iter().any(|endpoint| order.holds(endpoint)));
        if let Some(before) = held.and_then(|held| groups.get_mut(..=held)) {
            before.rotate_right(1);
        }
    }
    let mut plan = Plan::new();
    for (endpoints, wish) in groups {
        for endpoint in order.of(endpoints, wish) {
            if !plan.iter().any(|planned| planned.id == endpoint.id) {
                plan.push(endpoint);
            }
        }
    }
    let sticky = order.sticky();
    leave_broken_arguments(&mut plan, ask.request);
    plan.truncate(gateway.defaults.max_attempts);
    match (plan.is_empty(), refused) {
        (false, _) => Ok(Routed { plan, sticky, strategy }),
        (true, Some(error)) => Err(error.of_models(ask.request.models.iter().map(|name| resolve::shown(name).to_owned()))),
        (true, None) => Err(Error::Internal("a plan without endpoints")),
    }
}

/// Whether who asks may ask for one of the request's models. Nothing else of it is looked at.
///
/// Errors: if each is unknown or not allowed to the key; the first reason.
pub fn knows(gateway: &Gateway, ask: &Ask<'_>, random: &mut fastrand::Rng) -> Result<(), Error> {
    let mut refused = None;
    for name in &ask.request.models {
        match resolve::resolve(gateway, name, ask, random) {
            Ok(_) => return Ok(()),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    refused.map_or(Ok(()), Err)
}

/// A model may have called a function with arguments that are no JSON. Where such a call stands in the conversation, only a format that
/// leaves them a text can carry it; if the plan has none, the first endpoint is asked to try, and says where it is.
fn leave_broken_arguments(plan: &mut Plan, request: &Request) {
    let parses = |endpoint: &Rc<Endpoint>| endpoint.format.parses_arguments();
    // The calls are read where there is a choice alone.
    let is_mixed = || plan.iter().any(parses) && !plan.iter().all(parses);
    if request.needs.calls && is_mixed() && request.has_broken_arguments() {
        plan.retain(|endpoint| !parses(endpoint));
    }
}

#[cfg(test)]
mod tests;
