//! What the streams of a gateway plugin have in common: who may ask, plans, and the access tokens that a plan may have to wait for.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::account::Inquiry;
use super::complaints::Complaints;
use super::path;
use super::waiter::{Asked, Waiter, Woken};
use crate::accounting::{self, Activity, Admission, Charge, Demand, Presentation, Slot, Terms};
use crate::api::Api;
use crate::catalogue::Catalogue;
use crate::chat::Request;
use crate::clock::{Clock, Millis};
use crate::config::{Defaults, Gateway, Key};
use crate::endpoint::Endpoint;
use crate::error::{ClientError, Error, KeyRejection};
use crate::exchange::{self, Exchange, Settlement, Unreached, generation_id};
use crate::filter_state;
use crate::headers::{self, Header};
use crate::host::balances::Balances;
use crate::host::calls::{self, Buffer, Headers, HostClock, Map};
use crate::host::inquiries::Inquiries;
use crate::host::registry::{self, Handover, Registration};
use crate::host::shared_state::SharedState;
use crate::host::stats::Stats;
use crate::host::tokens::{Outcome, Tokens};
use crate::host::{shared_accounts, shared_generations, shared_performance, shared_sticky};
use crate::inbound;
use crate::metrics;
use crate::route::{self, Ask, Plan, Readiness};
use crate::secret::KeyHash;

/// What all streams of a gateway plugin share.
pub(in crate::host) struct Role {
    gateway: Rc<Gateway>,
    catalogue: Catalogue,
    stats: Stats,
    random: RefCell<fastrand::Rng>,
    tokens: Tokens,
    /// The streams that wait for an access token.
    waiting: RefCell<Vec<Weak<Waiter>>>,
    /// The streams that wait for the accounts of other workers.
    inquiries: Inquiries<(Weak<Waiter>, Inquiry)>,
    balances: Balances,
    complaints: Complaints,
    /// Whether no tick comes any more.
    is_closed: Cell<bool>,
    /// What Envoy's other filters are still to be told.
    untold: RefCell<filter_state::Untold>,
}

/// Why a request is not put to a provider.
pub(super) struct Refused {
    pub(super) error: Error,
    /// What the client wants to be told of the routing.
    metadata: Vec<u8>,
}

/// What became of a request.
pub(super) enum Planned {
    Now(Registration),
    /// An access token has to come first.
    Later(Box<Asked>),
}

// === impl Role ===

impl Role {
    pub(in crate::host) fn new(gateway: Rc<Gateway>, random: fastrand::Rng) -> Self {
        shared_accounts::prepare(&gateway);
        shared_generations::prepare();
        let (stats, tokens, balances) = (Stats::define(&gateway), Tokens::of(&gateway), Balances::of(&gateway));
        let role = Self {
            catalogue: Catalogue::new(gateway.clone()),
            gateway,
            stats,
            random: RefCell::new(random),
            tokens,
            waiting: RefCell::default(),
            inquiries: Inquiries::default(),
            balances,
            complaints: Complaints::default(),
            is_closed: Cell::default(),
            untold: RefCell::default(),
        };
        role.balances.show(&role.gateway, &role.stats, HostClock.now());
        role
    }

    /// Limits and times.
    pub(super) fn defaults(&self) -> &Defaults {
        &self.gateway.defaults
    }

    /// The configuration.
    pub(super) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// What it serves.
    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Errors: if the configuration turns out to be wrong where only Envoy can tell, in the words for the operator.
    pub(in crate::host) fn check(&self) -> Result<(), String> {
        self.tokens.check()
    }

    /// The timer says that an access token may be due.
    pub(in crate::host) fn fetch_tokens(&self) {
        let outcomes = self.tokens.fetch();
        if !outcomes.is_empty() {
            self.go_on_after(outcomes);
        }
    }

    /// The answer to a fetch has come.
    pub(in crate::host) fn handle_token(&self, call: u32, headers: usize, size: usize) {
        self.go_on_after(self.tokens.handle_answer(call, headers, size));
    }

    /// Shares what was settled, and answers who asked long enough ago for all workers to have done so.
    pub(in crate::host) fn handle_tick(&self, now: Millis) {
        Self::share(now);
        self.balances.show(&self.gateway, &self.stats, now);
        for (waiter, inquiry) in self.inquiries.due(now) {
            let Some(waiter) = waiter.upgrade() else { continue };
            if calls::act_for(waiter.context) {
                waiter.woken.replace(Some(Woken::Answered));
                inquiry.respond(self, now);
            }
        }
    }

    /// No tick comes any more: what is settled from now on is shared at once.
    pub(in crate::host) fn close(&self) {
        self.is_closed.set(true);
        Self::share(HostClock.now());
    }

    /// Puts on record what was settled, and enters it into the account of its key.
    pub(super) fn record(&self, handover: &Handover, settled: &Settlement) {
        Balances::note(&settled.key);
        let exchange = handover.exchange.borrow();
        shared_generations::note(exchange.generation_id(), self.gateway.defaults.generations, |out| {
            accounting::record(&exchange, settled, &presentation(&handover.headers), out);
        });
        let used = settled.spent.as_ref().zip(settled.attempts.last());
        let used = used.map(|(spent, attempt)| (Charge::of(spent), Activity::of(&attempt.endpoint, spent)));
        shared_accounts::settle(&settled.key, handover.admission.as_ref(), used, settled.at);
        if self.is_closed.get() {
            Self::share(settled.at);
        }
    }

    /// Shares what this worker knows of generations and accounts.
    fn share(now: Millis) {
        shared_generations::share();
        shared_accounts::share(now);
    }

    /// Keeps a question about the accounts until it can be answered.
    pub(super) fn ask(&self, waiter: &Rc<Waiter>, inquiry: Inquiry) {
        self.inquiries.ask((Rc::downgrade(waiter), inquiry), HostClock.now());
    }

    fn go_on_after(&self, outcomes: impl IntoIterator<Item = Outcome>) {
        for outcome in outcomes {
            self.stats.add(metrics::token_fetch(&self.gateway, outcome.place, outcome.has_failed));
        }
        self.resume();
    }

    /// Counts a settled exchange. A provider that refused its access token gets another, should it have been revoked.
    pub(super) fn settle(&self, settled: &Settlement) {
        metrics::settlement(&self.gateway, settled, |record| self.stats.add(record));
        shared_performance::note(settled.observations());
        settled.sticky.inspect(|change| shared_sticky::apply(*change, settled.at));
        self.complaints.note(settled);
        for attempt in &settled.attempts {
            if attempt.outcome.status() == Some(401) {
                self.tokens.doubt(&attempt.endpoint.provider);
            }
        }
    }

    /// Tells the operator of an endpoint whose cluster cannot be reached.
    pub(super) fn tell_unreached(&self, endpoint: &Endpoint, unreached: Unreached) {
        self.complaints.note_unreached(endpoint, unreached, HostClock.now());
    }

    /// Tells Envoy's rate limit filter and access logs what became of a request, if they are to know: both come after this filter's log.
    pub(super) fn tell(&self, settled: &Settlement) {
        if !self.gateway.filter_state {
            return;
        }
        if let Some(attempt) = settled.attempts.last() {
            let told = filter_state::planned(&settled.key, &attempt.endpoint);
            told.iter().for_each(|(name, value)| calls::set_filter_state(name, value.as_bytes()));
        }
        let hits = self.untold.borrow_mut().hits(settled);
        for (name, value) in [(filter_state::TOKENS, hits.tokens), (filter_state::MICRO_USD, hits.micro_usd)] {
            calls::set_filter_state(name, itoa::Buffer::new().format(value).as_bytes());
        }
    }

    /// Lets the streams go on that waited for this.
    fn resume(&self) {
        for waiter in self.waiting.take() {
            let Some((waiter, asked)) = waiter.upgrade().and_then(|waiter| Some((waiter.clone(), waiter.asked.take()?))) else { continue };
            if !calls::act_for(waiter.context) {
                continue;
            }
            let (api, for_page) = (asked.request.api, asked.headers.find(b"origin").is_some());
            match self.plan(asked) {
                Ok(Planned::Now(registration)) => {
                    waiter.woken.replace(Some(Woken::Planned(registration)));
                    calls::resume_request();
                }
                Ok(Planned::Later(asked)) => self.wait(&waiter, *asked),
                Err(refused) => {
                    waiter.woken.replace(Some(Woken::Answered));
                    self.refuse(&refused, api, for_page);
                }
            }
        }
    }

    pub(super) fn wait(&self, waiter: &Rc<Waiter>, asked: Asked) {
        waiter.asked.replace(Some(asked));
        self.waiting.borrow_mut().push(Rc::downgrade(waiter));
    }

    /// Plans a request and hands it over, unless an access token has to come first.
    pub(super) fn plan(&self, asked: Asked) -> Result<Planned, Refused> {
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
        let slot = shared_generations::take_slot(gateway.defaults.generations, now).map(Slot::letters);
        let id = generation_id(now, random, slot.as_ref().and_then(|slot| std::str::from_utf8(slot).ok()).unwrap_or_default());
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
        let number = |value: u64| itoa::Buffer::new().format(value).to_owned();
        calls::set_header(Map::Request, "x-envoy-max-retries", number(exchange.fallbacks() as u64).as_bytes());
        let timeout = u64::try_from(exchange.attempt_timeout().as_millis()).unwrap_or(u64::MAX);
        calls::set_header(Map::Request, "x-envoy-upstream-rq-per-try-timeout-ms", number(timeout).as_bytes());
        registry::set_cluster(exchange.next_cluster().unwrap_or_default());
        if let Some(first) = exchange.next_endpoint().filter(|_| gateway.filter_state) {
            filter_state::planned(exchange.key(), first).iter().for_each(|(name, value)| calls::set_filter_state(name, value.as_bytes()));
        }
        // The exchange has the body, and every attempt sends its own: the router need not keep a copy for its retries. And if
        // the attempt role is ever missing, no provider gets a prompt.
        calls::replace_buffer(Buffer::Request, b"{}");
        calls::set_header(Map::Request, "content-length", b"2");
        let (exchange, translator) = (RefCell::new(exchange), RefCell::new(translator));
        Ok(Planned::Now(registry::register(Rc::new(Handover { exchange, translator, headers, admission }))))
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
    pub(super) fn knows(&self, request: &Request, headers: &Headers, key: &Key) -> Result<(), Error> {
        let header = |name: &str| headers.find(name.as_bytes());
        let ask = Ask { request, key, path: path(headers), header: &header };
        route::knows(&self.gateway, &ask, &mut self.random.borrow_mut())
    }

    /// Counts an answer of the gateway's own, and tells the operator what is his.
    pub(super) fn note(&self, error: &Error) {
        self.stats.add(metrics::rejection(error.error_type()));
        if let Error::Internal(reason) = error {
            log::error!("signalbox: {reason}");
        }
    }

    /// Counts a client that hung up before its request was put to a provider.
    pub(super) fn note_cancellation(&self) {
        self.stats.add(metrics::cancellation());
    }

    /// Counts what `key` is refused for its own sake.
    fn note_key(&self, key: &Key, error: &Error) {
        if let Some(reason) = KeyRejection::of(error) {
            self.stats.add(metrics::key_rejection(key, reason));
        }
    }

    /// Answers the stream that is acted for, in the shape of `api`; it may be a page's in a browser.
    pub(super) fn reject(&self, error: &Error, api: Api, for_page: bool) {
        self.answer(error, b"", api, for_page);
    }

    /// The same for a request that no plan was made for.
    pub(super) fn refuse(&self, refused: &Refused, api: Api, for_page: bool) {
        self.answer(&refused.error, &refused.metadata, api, for_page);
    }

    fn answer(&self, error: &Error, more: &[u8], api: Api, for_page: bool) {
        self.note(error);
        let mut headers: Vec<Header<'_>> = vec![(b"content-type", b"application/json")];
        if let Error::Client(error) = error
            && let Some(allowed) = error.allowed_method()
        {
            headers.push((b"allow", allowed.as_bytes()));
        }
        let limited = if let Error::Limited(limited) = error { limited.headers() } else { Vec::new() };
        headers.extend(limited.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        respond(error.status(), headers, &inbound::error_body(api, error.body_with(more), ""), for_page);
    }

    /// Who asks.
    pub(super) fn authenticate(&self, headers: &Headers) -> Result<Rc<Key>, ClientError> {
        let bearer = headers.find(b"authorization").and_then(|value| {
            let (scheme, key) = value.split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then_some(key.trim_ascii())
        });
        // Anthropic's clients say it so.
        let key = bearer.or_else(|| headers.find(b"x-api-key").map(<[u8]>::trim_ascii));
        match (key.filter(|key| !key.is_empty()), &self.gateway.anonymous) {
            (Some(key), anonymous) => match self.gateway.key(&KeyHash::of(key)) {
                Some(key) => self.still_valid(key),
                None => anonymous.clone().ok_or_else(|| headers::unknown_key(headers.iter())),
            },
            (None, Some(anonymous)) => Ok(anonymous.clone()),
            (None, None) => Err(ClientError::MissingKey),
        }
    }

    /// A known key, unless it is switched off or its time is over.
    fn still_valid(&self, key: &Rc<Key>) -> Result<Rc<Key>, ClientError> {
        let error = if key.disabled {
            ClientError::KeyDisabled
        } else if key.is_expired(&HostClock) {
            ClientError::KeyExpired
        } else {
            return Ok(key.clone());
        };
        self.note_key(key, &error.clone().into());
        Err(error)
    }
}

/// Answers the stream that is acted for, which may be a page's in a browser.
pub(super) fn respond(status: u16, mut headers: Vec<Header<'_>>, body: &[u8], for_page: bool) {
    if for_page {
        headers.extend(headers::FOR_PAGES);
    }
    calls::respond(status, "signalbox", &headers, body);
}

/// How the client presents itself.
fn presentation(headers: &Headers) -> Presentation<'_> {
    let mut client = Presentation::default();
    for (name, value) in headers.iter() {
        match name {
            b"user-agent" => client.user_agent = Some(value),
            b"http-referer" => client.referer = Some(value),
            b"x-openrouter-title" => client.title = Some(value),
            b"x-session-id" => client.session = Some(value),
            b"x-title" => client.title = client.title.or(Some(value)),
            _ => {}
        }
    }
    client
}

// === impl Refused ===

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self { error: error.into(), metadata: Vec::new() }
    }
}
