//! The gateway role: reads the request, says who may ask, plans, hands over, and settles when all is over.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::calls::{self, Buffer, Headers, HostClock, Map};
use super::registry::{self, Handover, Registration};
use super::shared_health;
use super::stats::Stats;
use super::tokens::{Outcome, Tokens};
use crate::chat::Request;
use crate::clock::Clock;
use crate::config::{Gateway, Key};
use crate::error::{ClientError, Error};
use crate::exchange::{AnswerHead, Exchange, Settlement, generation_id};
use crate::headers::{self, Header, Numbers};
use crate::metrics;
use crate::route::{self, Ask, Readiness};
use crate::secret::KeyHash;

/// What all streams of a gateway plugin share.
pub(super) struct Role {
    gateway: Rc<Gateway>,
    stats: Stats,
    random: RefCell<fastrand::Rng>,
    tokens: Tokens,
    /// The streams that wait for an access token.
    waiting: RefCell<Vec<Weak<Waiter>>>,
}

/// One stream.
pub(super) struct Filter {
    role: Rc<Role>,
    /// What Envoy calls it.
    context: u32,
    state: State,
}

/// What a plan is made from.
struct Asked {
    headers: Headers,
    key: Rc<Key>,
    request: Request,
}

/// A stream that waits for an access token, as the root context finds it.
struct Waiter {
    context: u32,
    asked: RefCell<Option<Asked>>,
    /// What became of the stream while nobody called its filter.
    outcome: RefCell<Option<State>>,
}

/// What became of a request.
enum Planned {
    Now(Registration),
    /// An access token has to come first.
    Later(Asked),
}

/// How far the stream has come.
enum State {
    /// Nothing has come.
    New,
    /// The body is being gathered.
    Reading { headers: Headers, key: Rc<Key> },
    /// It is read, and waits for an access token.
    Waiting(Rc<Waiter>),
    /// The attempts have it.
    Planned(Registration),
    /// Envoy answered by itself; this goes to the client in its place.
    Replacing { planned: Option<Registration>, body: Vec<u8> },
    /// The gateway has answered.
    Answered,
}

const PATHS: [&str; 2] = ["/api/v1/chat/completions", "/v1/chat/completions"];

// === impl Role ===

impl Role {
    pub(super) fn new(gateway: Rc<Gateway>, random: fastrand::Rng) -> Self {
        let (stats, tokens) = (Stats::define(&gateway), Tokens::of(&gateway));
        Self { gateway, stats, random: RefCell::new(random), tokens, waiting: RefCell::default() }
    }

    /// Errors: if the configuration turns out to be wrong where only Envoy can tell, in the words for the operator.
    pub(super) fn check(&self) -> Result<(), String> {
        self.tokens.check()
    }

    /// The timer says that an access token may be due.
    pub(super) fn fetch_tokens(&self) {
        let outcomes = self.tokens.fetch();
        if !outcomes.is_empty() {
            self.go_on_after(outcomes);
        }
    }

    /// The answer to a fetch has come.
    pub(super) fn handle_token(&self, call: u32, headers: usize, size: usize) {
        self.go_on_after(self.tokens.handle_answer(call, headers, size));
    }

    fn go_on_after(&self, outcomes: impl IntoIterator<Item = Outcome>) {
        for outcome in outcomes {
            self.stats.add(metrics::token_fetch(&self.gateway, outcome.place, outcome.has_failed));
        }
        self.resume();
    }

    /// A provider that refuses its access token gets another, should it have been revoked.
    fn doubt_tokens(&self, settled: &Settlement) {
        for attempt in &settled.attempts {
            if attempt.outcome.status() == Some(401) {
                self.tokens.doubt(&attempt.endpoint.provider);
            }
        }
    }

    /// Lets the streams go on that waited for this.
    fn resume(&self) {
        for waiter in self.waiting.take() {
            let Some((waiter, asked)) = waiter.upgrade().and_then(|waiter| Some((waiter.clone(), waiter.asked.take()?))) else { continue };
            if !calls::act_for(waiter.context) {
                continue;
            }
            match self.plan(asked) {
                Ok(Planned::Now(registration)) => {
                    waiter.outcome.replace(Some(State::Planned(registration)));
                    calls::resume_request();
                }
                Ok(Planned::Later(asked)) => self.wait(&waiter, asked),
                Err(error) => {
                    waiter.outcome.replace(Some(State::Answered));
                    self.reject(&error);
                }
            }
        }
    }

    fn wait(&self, waiter: &Rc<Waiter>, asked: Asked) {
        waiter.asked.replace(Some(asked));
        self.waiting.borrow_mut().push(Rc::downgrade(waiter));
    }

    /// Plans a request and hands it over, unless an access token has to come first.
    fn plan(&self, asked: Asked) -> Result<Planned, Error> {
        let gateway = &self.gateway;
        let Asked { headers, key, request } = asked;
        self.tokens.start();
        let now = HostClock.now();
        let names: Vec<(&str, &[u8])> = headers.iter().filter_map(|(name, value)| Some((std::str::from_utf8(name).ok()?, value))).collect();
        let ask = Ask { request: &request, key: &key, path: path(&headers), headers: &names };
        let random = &mut *self.random.borrow_mut();
        let plan = match route::readiness(route::plan(gateway, &ask, &shared_health::read, &now, random)?, now)? {
            Readiness::Ready(plan) => plan,
            Readiness::Awaited => return Ok(Planned::Later(Asked { headers, key, request })),
        };
        let exchange = Exchange::new(generation_id(now, random), request, key, plan, gateway.defaults.clone(), now);
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
        Ok(Planned::Now(registry::register(Rc::new(Handover { exchange: RefCell::new(exchange), headers }))))
    }

    /// Counts an answer of the gateway's own, and tells the operator what is his.
    fn note(&self, error: &Error) {
        self.stats.add(metrics::rejection(error.error_type()));
        if let Error::Internal(reason) = error {
            log::error!("signalbox: {reason}");
        }
    }

    /// Answers the stream that is acted for.
    fn reject(&self, error: &Error) {
        self.note(error);
        let mut headers: Vec<Header<'_>> = vec![(b"content-type", b"application/json")];
        if error.status() == 405 {
            headers.push((b"allow", b"POST"));
        }
        calls::respond(error.status(), "signalbox", &headers, &error.body());
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
    pub(super) fn new(role: Rc<Role>, context: u32) -> Self {
        Self { role, context, state: State::New }
    }

    /// Checks what can be checked before the body is there.
    fn admit(&self, headers: &Headers, end: bool) -> Result<Rc<Key>, ClientError> {
        let path = path(headers);
        if !PATHS.contains(&path) {
            return Err(ClientError::UnknownPath(path.chars().take(200).collect()));
        }
        let method = headers.find(b":method").unwrap_or_default();
        if method != b"POST" {
            return Err(ClientError::Method(String::from_utf8_lossy(method).into_owned()));
        }
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
        let body = calls::buffer(Buffer::Request, 0, u32::MAX as usize).unwrap_or_default();
        self.check_size(body.len())?;
        let request = Request::parse(body, headers.find(b"x-provider"), self.role.gateway.defaults.max_models)?;
        self.state = match self.role.plan(Asked { headers, key, request })? {
            Planned::Now(registration) => State::Planned(registration),
            Planned::Later(asked) => {
                let waiter = Rc::new(Waiter { context: self.context, asked: RefCell::default(), outcome: RefCell::default() });
                self.role.wait(&waiter, asked);
                State::Waiting(waiter)
            }
        };
        Ok(())
    }

    /// Takes note of what became of the stream while it waited.
    fn wake(&mut self) {
        if let State::Waiting(waiter) = &self.state
            && let Some(state) = waiter.outcome.take()
        {
            self.state = state;
        }
    }

    fn reject(&mut self, error: &Error) -> Action {
        self.state = State::Answered;
        self.role.reject(error);
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
                    Ok(()) if matches!(self.state, State::Waiting(_)) => Action::Pause,
                    Ok(()) => Action::Continue,
                    Err(error) => self.reject(&error),
                }
            }
            waiting @ State::Waiting(_) => {
                self.state = waiting;
                Action::Pause
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
            State::New | State::Reading { .. } | State::Waiting(_) => Some(Error::of_envoy(status)),
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
        match self.admit(&headers, end) {
            Ok(key) => self.state = State::Reading { headers, key },
            Err(error) => return self.reject(&error.into()),
        }
        Action::Pause
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        self.read(size, end)
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        self.read(0, true)
    }

    fn on_http_response_headers(&mut self, _: usize, end: bool) -> Action {
        self.wake();
        // The usual case first: the attempt role has written this answer, or this filter has.
        let ours = match &self.state {
            State::Planned(planned) => planned.handover.exchange.borrow().is_released(),
            State::Answered | State::Replacing { .. } => true,
            State::New | State::Reading { .. } | State::Waiting(_) => false,
        };
        if ours {
            return Action::Continue;
        }
        let status = calls::header(Map::Response, ":status").and_then(|status| std::str::from_utf8(&status).ok()?.parse().ok());
        let Some(error) = self.replacement(status.unwrap_or(500)) else {
            return Action::Continue;
        };
        if !matches!(error, Error::Provider(_)) {
            self.role.note(&error);
        }
        let body = error.body();
        let (id, retry_after) = match &self.state {
            State::Planned(planned) => {
                let exchange = planned.handover.exchange.borrow();
                (exchange.generation_id().to_owned(), exchange.retry_after())
            }
            _ => Default::default(),
        };
        let head = AnswerHead { status: error.status(), stream: false, whole: true, cost: None, retry_after };
        let numbers = Numbers::of(&head, body.len());
        let mut headers = headers::for_client(&head, &numbers, &id);
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
        self.wake();
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
        metrics::settlement(&self.role.gateway, &settled, |record| self.role.stats.add(record));
        self.role.doubt_tokens(&settled);
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
