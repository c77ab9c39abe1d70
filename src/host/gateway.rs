//! The gateway role: reads the request, says who may ask, plans, hands over, and settles when all is over.

use std::cell::RefCell;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::calls::{self, Buffer, Headers, HostClock, Map};
use super::registry::{self, Handover, Registration};
use super::shared_state::SharedState;
use super::stats::Stats;
use super::{shared_health, shared_performance, shared_sticky};
use crate::api::{Listing, Operation};
use crate::catalogue::Catalogue;
use crate::chat::Request;
use crate::clock::Clock;
use crate::config::{Gateway, Key};
use crate::endpoint::Endpoint;
use crate::error::{ClientError, Error};
use crate::exchange::{self, AnswerHead, Exchange, generation_id};
use crate::headers::{self, Header, Numbers};
use crate::health::EndpointKey;
use crate::metrics;
use crate::route::{self, Ask};
use crate::secret::KeyHash;

/// What all streams of a gateway plugin share.
pub(super) struct Role {
    gateway: Rc<Gateway>,
    catalogue: Catalogue,
    stats: Stats,
    random: RefCell<fastrand::Rng>,
}

/// One stream.
pub(super) struct Filter {
    role: Rc<Role>,
    state: State,
    /// Whether a page in a browser asks.
    for_page: bool,
    /// What the client wants to be told of the routing beside an error of the gateway's own.
    metadata: Vec<u8>,
}

/// How far the stream has come.
enum State {
    /// Nothing has come.
    New,
    /// The body is being gathered.
    Reading { headers: Headers, key: Rc<Key> },
    /// The attempts have it.
    Planned(Registration),
    /// Envoy answered by itself; this goes to the client in its place.
    Replacing { planned: Option<Registration>, body: Vec<u8> },
    /// The gateway has answered.
    Answered,
}

// === impl Role ===

impl Role {
    pub(super) fn new(gateway: Rc<Gateway>, random: fastrand::Rng) -> Self {
        Self { stats: Stats::define(&gateway), catalogue: Catalogue::new(gateway.clone()), gateway, random: RefCell::new(random) }
    }

    /// Who asks.
    fn authenticate(&self, headers: &Headers) -> Result<Rc<Key>, ClientError> {
        let bearer = headers.find(b"authorization").and_then(|value| {
            let (scheme, key) = value.split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then_some(key.trim_ascii())
        });
        match (bearer.filter(|key| !key.is_empty()), &self.gateway.anonymous) {
            (Some(key), anonymous) => self.gateway.key(&KeyHash::of(key)).or(anonymous.as_ref()).cloned().ok_or(ClientError::UnknownKey),
            (None, Some(anonymous)) => Ok(anonymous.clone()),
            (None, None) => Err(ClientError::MissingKey),
        }
    }
}

// === impl Filter ===

impl Filter {
    pub(super) fn new(role: Rc<Role>) -> Self {
        Self { role, state: State::New, for_page: false, metadata: Vec::new() }
    }

    /// Checks what can be checked before the body is there.
    fn admit(&self, headers: &Headers, end: bool) -> Result<Rc<Key>, ClientError> {
        let key = self.role.authenticate(headers)?;
        let declared = headers.find(b"content-length").and_then(|length| std::str::from_utf8(length).ok()?.parse().ok());
        self.check_size(declared.unwrap_or(0))?;
        if end { Err(ClientError::NoBody) } else { Ok(key) }
    }

    fn check_size(&self, size: usize) -> Result<(), ClientError> {
        let limit = self.role.gateway.defaults.max_request_bytes;
        if size > limit { Err(ClientError::TooLarge(limit)) } else { Ok(()) }
    }

    /// The whole request is there: plan it, and hand it over.
    fn plan(&mut self, headers: Headers, key: Rc<Key>) -> Result<(), Error> {
        let gateway = &self.role.gateway;
        let body = calls::buffer(Buffer::Request, 0, u32::MAX as usize).unwrap_or_default();
        self.check_size(body.len())?;
        let request = Request::parse(body, headers.find(b"x-provider"), gateway.defaults.max_models)?;
        let now = HostClock.now();
        let header = |name: &str| headers.find(name.as_bytes());
        let ask = Ask { request: &request, key: &key, path: path(&headers), header: &header };
        let random = &mut *self.role.random.borrow_mut();
        let shows_metadata = headers::asks_for_metadata(headers.iter());
        let routed = route::plan(gateway, &ask, &SharedState(now), &now, random).inspect_err(|_| {
            if shows_metadata {
                let requested = request.models.first().map_or("", |model| model);
                let serving = gateway.model(requested).into_iter().flat_map(|model| &model.endpoints);
                self.metadata = exchange::unrouted(requested, serving.map(|endpoint| &**endpoint));
            }
        })?;
        let exchange = Exchange::new(generation_id(now, random), request, key, routed.plan, gateway.defaults.clone(), now).routed(
            routed.strategy,
            routed.sticky,
            shows_metadata,
        );
        // An attempt writes all headers anew. This is for the day that somebody forgets the attempt role.
        calls::remove_header(Map::Request, b"authorization");
        // The router reads these two and takes them away.
        let number = |value: u64| itoa::Buffer::new().format(value).to_owned();
        calls::set_header(Map::Request, "x-envoy-max-retries", number(exchange.fallbacks() as u64).as_bytes());
        let timeout = u64::try_from(exchange.attempt_timeout().as_millis()).unwrap_or(u64::MAX);
        calls::set_header(Map::Request, "x-envoy-upstream-rq-per-try-timeout-ms", number(timeout).as_bytes());
        registry::set_cluster(exchange.next_cluster().unwrap_or_default());
        // The exchange has the body, and every attempt sends its own: the router need not keep a copy for its retries. And if
        // the attempt role is ever missing, no provider gets a prompt.
        calls::replace_buffer(Buffer::Request, b"{}");
        calls::set_header(Map::Request, "content-length", b"2");
        self.state = State::Planned(registry::register(Rc::new(Handover { exchange: RefCell::new(exchange), headers })));
        Ok(())
    }

    /// Counts an answer of the gateway's own, and tells the operator what is his.
    fn note(&self, error: &Error) {
        self.role.stats.add(metrics::rejection(error.error_type()));
        if let Error::Internal(reason) = error {
            log::error!("signalbox: {reason}");
        }
    }

    fn reject(&mut self, error: &Error) -> Action {
        self.state = State::Answered;
        self.note(error);
        let mut headers: Vec<Header<'_>> = vec![(b"content-type", b"application/json")];
        if let Error::Client(ClientError::Method { allowed, .. }) = error {
            headers.push((b"allow", allowed.as_bytes()));
        }
        self.respond(error.status(), headers, &error.body_with(&self.metadata))
    }

    /// Answers with what the configuration says.
    fn list(&mut self, listing: Listing<'_>, headers: &Headers) -> Action {
        let query = headers.find(b":path").and_then(|path| std::str::from_utf8(path).ok()?.split_once('?')).map_or("", |(_, query)| query);
        // Models are no secret, as at OpenRouter; only what a key may use is asked with that key.
        let key = match listing {
            Listing::OfUser => self.role.authenticate(headers).map(Some),
            // How fast an endpoint is, only who may use it gets to know.
            Listing::Endpoints(_) => Ok(self.role.authenticate(headers).ok()),
            _ => Ok(None),
        };
        let report = |endpoint: &Endpoint| shared_performance::report(EndpointKey::of(endpoint));
        let answer = key.map_err(Error::from).and_then(|key| self.role.catalogue.answer(listing, query, key.as_deref(), &report));
        match answer {
            Ok(body) => {
                self.state = State::Answered;
                self.respond(200, vec![(b"content-type", b"application/json")], body.as_bytes())
            }
            Err(error) => self.reject(&error),
        }
    }

    fn respond(&self, status: u16, mut headers: Vec<Header<'_>>, body: &[u8]) -> Action {
        if self.for_page {
            headers.extend(headers::FOR_PAGES);
        }
        calls::respond(status, "signalbox", &headers, body);
        Action::Pause
    }

    /// More of the body has come, `size` bytes so far.
    fn read(&mut self, size: usize, end: bool) -> Action {
        match std::mem::replace(&mut self.state, State::Answered) {
            State::Reading { headers, key } => {
                let planned = match self.check_size(size) {
                    Ok(()) if !end => {
                        self.state = State::Reading { headers, key };
                        return Action::Pause;
                    }
                    Ok(()) => self.plan(headers, key),
                    Err(error) => Err(error.into()),
                };
                match planned {
                    Ok(()) => Action::Continue,
                    Err(error) => self.reject(&error),
                }
            }
            State::Answered => Action::Pause,
            other => {
                self.state = other;
                Action::Continue
            }
        }
    }

    /// Envoy answers by itself: what the client is told in its place.
    fn replacement(&self, status: u16) -> Option<Error> {
        match &self.state {
            State::Planned(planned) => planned.handover.exchange.borrow_mut().handle_response_to_client(status, &HostClock),
            // 408: the client took too long to send its request. 413: Envoy's buffers are smaller than our limit.
            State::New | State::Reading { .. } => Some(Error::of_envoy(status)),
            State::Replacing { .. } | State::Answered => None,
        }
    }
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _: usize, end: bool) -> Action {
        let Some(headers) = calls::headers(Map::Request) else {
            return self.reject(&Error::Internal("the request headers cannot be read"));
        };
        self.for_page = headers.find(b"origin").is_some();
        match Operation::of(headers.find(b":method").unwrap_or_default(), path(&headers)) {
            Ok(Operation::ChatCompletion) => match self.admit(&headers, end) {
                Ok(key) => {
                    self.state = State::Reading { headers, key };
                    Action::Pause
                }
                Err(error) => self.reject(&error.into()),
            },
            Ok(Operation::Listing(listing)) => self.list(listing, &headers),
            Ok(Operation::Preflight) => {
                self.state = State::Answered;
                let asked = headers.find(b"access-control-request-headers");
                calls::respond(204, "signalbox", &headers::for_preflight(asked), b"");
                Action::Pause
            }
            Err(error) => self.reject(&error.into()),
        }
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        self.read(size, end)
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        self.read(0, true)
    }

    fn on_http_response_headers(&mut self, _: usize, end: bool) -> Action {
        // The usual case first: the attempt role has written this answer, or this filter has.
        let ours = match &self.state {
            State::Planned(planned) => planned.handover.exchange.borrow().is_released(),
            State::Answered | State::Replacing { .. } => true,
            State::New | State::Reading { .. } => false,
        };
        if ours {
            return Action::Continue;
        }
        let status = calls::header(Map::Response, ":status").and_then(|status| std::str::from_utf8(&status).ok()?.parse().ok());
        let Some(error) = self.replacement(status.unwrap_or(500)) else {
            return Action::Continue;
        };
        if !matches!(error, Error::Provider(_)) {
            self.note(&error);
        }
        let (id, retry_after, body) = match &self.state {
            State::Planned(planned) => {
                let exchange = planned.handover.exchange.borrow();
                (exchange.generation_id().to_owned(), exchange.retry_after(), exchange.error_body(&error))
            }
            _ => (String::new(), None, error.body()),
        };
        let head = AnswerHead { status: error.status(), stream: false, whole: true, cost: None, retry_after };
        let numbers = Numbers::of(&head, body.len());
        let mut headers = headers::for_client(&head, &numbers, &id);
        if self.for_page {
            headers.extend(headers::FOR_PAGES);
        }
        if end {
            // There is no body to put ours in the place of.
            headers.retain(|(name, _)| !matches!(*name, b":status" | b"content-length"));
            calls::respond(error.status(), "signalbox", &headers, &body);
            return Action::Pause;
        }
        calls::replace_headers(Map::Response, &headers);
        let planned = match std::mem::replace(&mut self.state, State::Answered) {
            State::Planned(planned) => Some(planned),
            _ => None,
        };
        self.state = State::Replacing { planned, body };
        Action::Continue
    }

    fn on_http_response_body(&mut self, _: usize, _: bool) -> Action {
        if let State::Replacing { body, .. } = &mut self.state {
            calls::replace_buffer(Buffer::Response, &std::mem::take(body));
        }
        Action::Continue
    }

    fn on_log(&mut self) {
        let (State::Planned(planned) | State::Replacing { planned: Some(planned), .. }) =
            std::mem::replace(&mut self.state, State::Answered)
        else {
            return;
        };
        let mut exchange = planned.handover.exchange.borrow_mut();
        if exchange.is_midway() && provider_has_cut() {
            exchange.handle_cut(&HostClock);
        }
        let settled = exchange.settle(HostClock.now());
        shared_health::note(&exchange.take_troubles());
        shared_performance::note(settled.observations());
        settled.sticky.inspect(|change| shared_sticky::apply(*change, settled.at));
        metrics::settlement(&self.role.gateway, &settled, |record| self.role.stats.add(record));
    }
}

/// Whether Envoy says that the provider's side ended the stream, by its response flags: LR, UR, UF, UC, UMSDR, UPE.
fn provider_has_cut() -> bool {
    const UPSTREAM: u64 = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 19 | 1 << 23;
    let flags = calls::property("response\0flags").and_then(|flags| flags.try_into().ok()).map(u64::from_le_bytes);
    flags.is_some_and(|flags| flags & UPSTREAM != 0)
}

/// The path, without its query.
fn path(headers: &Headers) -> &str {
    let path = headers.find(b":path").and_then(|path| std::str::from_utf8(path).ok()).unwrap_or_default();
    path.split_once('?').map_or(path, |(path, _)| path)
}
