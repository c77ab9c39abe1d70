//! The gateway role: reads the request, says who may ask, plans, hands over, and settles when all is over.

mod account;
mod complaints;
mod replacement;
mod role;
mod waiter;

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use account::Inquiry;
pub(super) use role::Role;
use role::{Planned, Refused};
use waiter::{Asked, Waiter, Woken};

use super::calls::{self, Buffer, Headers, HostClock, Map};
use super::registry::Registration;
use super::{shared_health, shared_performance};
use crate::api::{Account, Api, Listing, Operation};
use crate::clock::Clock;
use crate::config::Key;
use crate::endpoint::Endpoint;
use crate::error::{ClientError, Error};
use crate::headers;
use crate::inbound;

/// One stream.
pub(super) struct Filter {
    role: Rc<Role>,
    /// What Envoy calls it.
    context: u32,
    state: State,
    /// What is asked for.
    wanted: Wanted,
}

/// What is asked for of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// An answer.
    Answer(Api),
    /// How long the prompt is.
    TokenCount,
}

/// How far the stream has come.
enum State {
    /// Nothing has come.
    New,
    /// The body is being gathered.
    Reading { headers: Headers, key: Rc<Key> },
    /// It is read, and waits for an access token, or for the accounts of other workers.
    Waiting(Rc<Waiter>),
    /// The attempts have it.
    Planned(Registration),
    /// Envoy answered by itself; this goes to the client in its place.
    Replacing { planned: Option<Registration>, body: Vec<u8> },
    /// The gateway has answered.
    Answered,
}

// === impl Filter ===

impl Filter {
    pub(super) fn new(role: Rc<Role>, context: u32) -> Self {
        Self { role, context, state: State::New, wanted: Wanted::Answer(Api::Chat) }
    }

    /// Checks what can be checked before the body is there.
    fn admit(&self, headers: &Headers, end: bool) -> Result<Rc<Key>, ClientError> {
        let key = self.role.authenticate(headers)?;
        let declared = headers.find(b"content-length").and_then(|length| std::str::from_utf8(length).ok()?.parse().ok());
        self.check_size(declared.unwrap_or(0))?;
        if key.management {
            return Err(ClientError::ManagementKey);
        }
        if end { Err(ClientError::NoBody(self.api())) } else { Ok(key) }
    }

    /// The head of a request to a model is there; `end` if no body follows.
    fn begin(&mut self, wanted: Wanted, headers: Headers, end: bool) -> Action {
        self.wanted = wanted;
        match self.admit(&headers, end) {
            Ok(key) => {
                self.state = State::Reading { headers, key };
                Action::Pause
            }
            Err(error) => self.reject(&error.into()),
        }
    }

    fn check_size(&self, size: usize) -> Result<(), ClientError> {
        let limit = self.role.defaults().max_request_bytes;
        if size > limit { Err(ClientError::TooLarge(limit)) } else { Ok(()) }
    }

    /// The whole request is there: plan it, and hand it over.
    fn plan(&mut self, headers: Headers, key: Rc<Key>) -> Result<(), Refused> {
        let body = calls::buffer(Buffer::Request, 0, u32::MAX as usize).unwrap_or_default();
        self.check_size(body.len())?;
        let max_models = self.role.defaults().max_models;
        let presets = &self.role.gateway().presets;
        let (request, translator) = inbound::parse(self.api(), body, headers.find(b"x-provider"), max_models, presets)?;
        self.state = match self.role.plan(Asked { headers, key, request, translator })? {
            Planned::Now(registration) => State::Planned(registration),
            Planned::Later(asked) => {
                let waiter = Rc::new(Waiter::new(self.context));
                self.role.wait(&waiter, *asked);
                State::Waiting(waiter)
            }
        };
        Ok(())
    }

    /// The API that is asked, and whose shape errors have.
    fn api(&self) -> Api {
        match self.wanted {
            Wanted::Answer(api) => api,
            Wanted::TokenCount => Api::Messages,
        }
    }

    /// Answers how long the prompt is.
    fn count_tokens(&mut self, headers: &Headers, key: &Key) -> Action {
        let body = calls::buffer(Buffer::Request, 0, u32::MAX as usize).unwrap_or_default();
        let (max_models, presets) = (self.role.defaults().max_models, &self.role.gateway().presets);
        let counted = self.check_size(body.len()).and_then(|()| inbound::count_tokens(&body, max_models, presets));
        let counted = counted.map_err(Error::from).and_then(|(request, body)| {
            self.role.knows(&request, headers, key)?;
            Ok(body)
        });
        match counted {
            Ok(body) => {
                role::respond(200, vec![(b"content-type", b"application/json")], &body);
                Action::Pause
            }
            Err(error) => self.reject(&error),
        }
    }

    /// Takes note of what became of the stream while it waited.
    fn wake(&mut self) {
        if let State::Waiting(waiter) = &self.state
            && let Some(woken) = waiter.woken()
        {
            self.state = match woken {
                Woken::Planned(registration) => State::Planned(registration),
                Woken::Answered => State::Answered,
            };
        }
    }

    fn reject(&mut self, error: &Error) -> Action {
        self.state = State::Answered;
        self.role.reject(error, self.api());
        Action::Pause
    }

    /// Answers with what the configuration says.
    fn list(&mut self, listing: Listing<'_>, headers: &Headers) -> Action {
        let query = query(headers);
        // Models are no secret, as at OpenRouter; only what a key may use is asked with that key.
        let key = match listing {
            Listing::OfUser => self.role.authenticate(headers).map(Some),
            // How fast an endpoint is, only who may use it gets to know.
            Listing::Endpoints(_) => Ok(self.role.authenticate(headers).ok()),
            _ => Ok(None),
        };
        let report = |endpoint: &Endpoint| shared_performance::report(endpoint.key);
        let now = HostClock.now();
        match key.map_err(Error::from).and_then(|key| self.role.catalogue().answer(listing, query, key.as_deref(), &report, now)) {
            Ok(body) => {
                self.state = State::Answered;
                role::respond(200, vec![(b"content-type", b"application/json")], body.as_bytes());
                Action::Pause
            }
            Err(error) => self.reject(&error),
        }
    }

    /// Answers with what the accounts say.
    fn account(&mut self, account: Account, headers: &Headers) -> Action {
        let key = match self.role.authenticate(headers) {
            Ok(key) => key,
            Err(error) => return self.reject(&error.into()),
        };
        let inquiry = Inquiry { account, query: query(headers).to_owned(), key };
        if inquiry.waits() {
            let waiter = Rc::new(Waiter::new(self.context));
            self.role.ask(&waiter, inquiry);
            self.state = State::Waiting(waiter);
        } else {
            self.state = State::Answered;
            inquiry.respond(&self.role, HostClock.now());
        }
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
                    Ok(()) if self.wanted == Wanted::TokenCount => return self.count_tokens(&headers, &key),
                    Ok(()) => self.plan(headers, key),
                    Err(error) => Err(error.into()),
                };
                match planned {
                    Ok(()) if matches!(self.state, State::Waiting(_)) => Action::Pause,
                    Ok(()) => Action::Continue,
                    Err(refused) => {
                        self.state = State::Answered;
                        self.role.refuse(&refused, self.api());
                        Action::Pause
                    }
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
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _: usize, end: bool) -> Action {
        let Some(headers) = calls::headers(Map::Request) else {
            return self.reject(&Error::Internal("the request headers cannot be read"));
        };
        match Operation::of(headers.find(b":method").unwrap_or_default(), path(&headers)) {
            Ok(Operation::Inference(api)) => self.begin(Wanted::Answer(api), headers, end),
            Ok(Operation::CountTokens) => self.begin(Wanted::TokenCount, headers, end),
            Ok(Operation::Listing(listing)) => self.list(listing, &headers),
            Ok(Operation::Account(account)) => self.account(account, &headers),
            Ok(Operation::Preflight) => {
                self.state = State::Answered;
                let asked = headers.find(b"access-control-request-headers");
                calls::respond(204, "signalbox", &headers::for_preflight(asked), b"");
                Action::Pause
            }
            Err(error) => {
                self.wanted = Wanted::Answer(Api::of_errors_at(path(&headers)));
                self.reject(&error.into())
            }
        }
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
        self.replace_envoys_answer(end)
    }

    fn on_http_response_body(&mut self, _: usize, _: bool) -> Action {
        if let State::Replacing { body, .. } = &mut self.state {
            calls::replace_buffer(Buffer::Response, &std::mem::take(body));
        }
        Action::Continue
    }

    fn on_log(&mut self) {
        self.wake();
        let planned = match std::mem::replace(&mut self.state, State::Answered) {
            State::Planned(planned) | State::Replacing { planned: Some(planned), .. } => planned,
            // The client hung up before there was a token.
            State::Waiting(waiter) if waiter.asked.borrow().is_some() => return self.role.note_cancellation(),
            // A question about the accounts is no request to a model.
            State::New | State::Reading { .. } | State::Waiting(_) | State::Replacing { planned: None, .. } | State::Answered => return,
        };
        let mut exchange = planned.handover.exchange.borrow_mut();
        if exchange.is_midway() && provider_has_cut() {
            exchange.handle_cut(&HostClock);
        }
        let now = HostClock.now();
        let settled = exchange.settle(now);
        self.role.tell(&settled);
        shared_health::note(&exchange.take_troubles());
        self.role.settle(&settled);
        drop(exchange);
        self.role.record(&planned.handover, &settled);
    }
}

/// Whether Envoy says that the provider's side ended the stream, by its response flags: LR, UR, UF, UC, UMSDR, UPE.
fn provider_has_cut() -> bool {
    const UPSTREAM: u64 = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 19 | 1 << 23;
    replacement::response_flags().is_some_and(|flags| flags & UPSTREAM != 0)
}

/// What follows the `?` of the path.
fn query(headers: &Headers) -> &str {
    headers.find(b":path").and_then(|path| std::str::from_utf8(path).ok()?.split_once('?')).map_or("", |(_, query)| query)
}

/// The path, without its query.
fn path(headers: &Headers) -> &str {
    let path = headers.find(b":path").and_then(|path| std::str::from_utf8(path).ok()).unwrap_or_default();
    path.split_once('?').map_or(path, |(path, _)| path)
}
