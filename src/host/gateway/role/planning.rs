//! From a request that was read to a plan that the attempts follow.

use std::cell::RefCell;
use std::rc::Rc;

use super::Role;
use crate::accounting::{Admission, Demand, Slot, Terms};
use crate::chat::Request;
use crate::clock::{Clock, Millis};
use crate::config::Key;
use crate::error::Error;
use crate::exchange::{self, Exchange, generation_id};
use crate::filter_state;
use crate::headers;
use crate::host::balances::Balances;
use crate::host::calls::{self, Buffer, Headers, HostClock, Map};
use crate::host::gateway::path;
use crate::host::gateway::waiter::Asked;
use crate::host::registry::{self, Handover, Registration};
use crate::host::shared_state::SharedState;
use crate::host::{shared_accounts, shared_generations};
use crate::metrics;
use crate::route::{self, Ask, Plan, Readiness};

/// Why a request is not put to a provider.
pub(in crate::host::gateway) struct Refused {
    pub(in crate::host::gateway) error: Error,
    /// What the client wants to be told of the routing.
    pub(super) metadata: Vec<u8>,
}

/// What became of a request.
pub(in crate::host::gateway) enum Planned {
    Now(Registration),
    /// An access token has to come first.
    Later(Box<Asked>),
}

// === impl Role ===

impl Role {
    /// Plans a request and hands it over, unless an access token has to come first.
    pub(in crate::host::gateway) fn plan(&self, asked: Asked) -> Result<Planned, Refused> {
        let gateway = &self.gateway;
        let Asked { headers, key, request, translator } = asked;
        self.tokens.start();
        let now = HostClock.now();
        let header = |name: &str| headers.find(name.as_bytes());
        let ask = Ask { request: &request, key: &key, path: path(&headers), header: &header };
        let random = &mut *self.random.borrow_mut();
        let shows_metadata = headers::asks_for_metadata(headers.iter());
        let routed = route::plan(gateway, &ask, &SharedState(now), &now, random).map_err(|error| {
            self.note_key(&key, &error);
            let mut refused = Refused::from(error);
            if shows_metadata {
                let requested = request.models.first().map_or("", |model| model);
                let serving = gateway.model(requested).into_iter().flat_map(|model| &model.endpoints);
                refused.metadata = exchange::unrouted(requested, serving.map(|endpoint| &**endpoint));
            }
            refused
        })?;
        let mut plan = match route::readiness(routed.plan, now)? {
            Readiness::Ready(plan) => plan,
            Readiness::Awaited => return Ok(Planned::Later(Box::new(Asked { headers, key, request, translator }))),
        };
        let admission = self.admit(&key, &request, &mut plan, now)?;
        let slot = shared_generations::take_slot(gateway.defaults.generations, now);
        let id = generation_id(now, random, slot.map(Slot::letters).as_ref().map_or(b"", |letters| letters));
        let exchange = Exchange::new(id, request, key, plan, gateway.defaults.clone(), now);
        let exchange = exchange.routed(routed.strategy, routed.sticky, shows_metadata);
        // An attempt writes all headers anew. This is for the day that somebody forgets the attempt role.
        calls::remove_header(Map::Request, b"authorization");
        for name in gateway.byok_providers.iter().filter_map(|provider| provider.byok_header.as_deref()) {
            if headers.find(name.as_bytes()).is_some() {
                calls::remove_header(Map::Request, name.as_bytes());
            }
        }
        // The router reads these two and takes them away.
        let mut number = itoa::Buffer::new();
        calls::set_header(Map::Request, "x-envoy-max-retries", number.format(exchange.fallbacks()).as_bytes());
        let timeout = u64::try_from(exchange.attempt_timeout().as_millis()).unwrap_or(u64::MAX);
        calls::set_header(Map::Request, "x-envoy-upstream-rq-per-try-timeout-ms", number.format(timeout).as_bytes());
        registry::set_cluster(exchange.next_cluster().unwrap_or_default());
        if let Some(first) = exchange.next_endpoint().filter(|_| gateway.filter_state) {
            filter_state::planned(exchange.key(), first).iter().for_each(|(name, value)| calls::set_filter_state(name, value.as_bytes()));
        }
        // The exchange has the body, and every attempt sends its own: the router need not keep a copy for its retries. And if
        // the attempt role is ever missing, no provider gets a prompt.
        calls::replace_buffer(Buffer::Request, b"{}");
        calls::set_header(Map::Request, "content-length", b"2");
        let (exchange, translator) = (RefCell::new(exchange), RefCell::new(translator));
        Ok(Planned::Now(registry::register(Rc::new(Handover { exchange, translator, headers, admission, slot }))))
    }

    /// Admits a planned request against the account of its key, if there is anything to hold it against.
    ///
    /// Errors: if a rate or the limit does not allow it.
    fn admit(&self, key: &Key, request: &Request, plan: &mut Plan, now: Millis) -> Result<Option<Admission>, Error> {
        let gateway = &self.gateway;
        if !key.is_metered() && !plan.iter().any(|endpoint| endpoint.is_free) {
            return Ok(None);
        }
        let Some(demand) = Demand::of(request, plan, key, &gateway.defaults) else { return Ok(None) };
        let terms = Terms { free_models: &gateway.free_models, defaults: &gateway.defaults, now };
        let admission = shared_accounts::admit(key, &demand, &terms).inspect_err(|error| {
            if let Error::Limited(limited) = error {
                self.stats.add(metrics::key_rejection(key, limited.reason()));
            }
        })?;
        admission.apply(key, plan);
        Balances::note(key);
        Ok(Some(admission))
    }

    /// Errors: if nothing of what `request` asks for is there for `key`.
    pub(in crate::host::gateway) fn knows(&self, request: &Request, headers: &Headers, key: &Key) -> Result<(), Error> {
        let header = |name: &str| headers.find(name.as_bytes());
        let ask = Ask { request, key, path: path(headers), header: &header };
        route::knows(&self.gateway, &ask, &mut self.random.borrow_mut())
    }
}

// === impl Refused ===

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self { error: error.into(), metadata: Vec::new() }
    }
}
