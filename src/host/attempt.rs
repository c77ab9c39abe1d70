//! The attempt role: rewrites the request for one endpoint, and brings what comes back into OpenRouter's shape.
//!
//! It runs as an upstream filter, once for each attempt of a stream, and knows nothing but the exchange it finds.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::calls::{self, Buffer, Headers, HostClock, Map};
use super::registry::{self, Shared};
use super::shared_health;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::exchange::{Media, ResponseHead, Step};
use crate::headers::{self, Numbers};
use crate::provider::{self, Upstream};
use crate::retry_after;

/// One attempt.
#[derive(Default)]
pub(super) struct Filter {
    state: State,
}

/// How far the attempt has come.
#[derive(Default)]
enum State {
    /// Nothing has come.
    #[default]
    New,
    /// The body for the provider is still to be put in the place of the client's.
    /// `body` is that one, unless it is large and mostly the client's own bytes.
    Asking { handover: Shared, endpoint: Rc<Endpoint>, body: Option<Vec<u8>> },
    /// The request is out. `consumed` are the bytes of the response that have been looked at but are held by Envoy.
    Asked { handover: Shared, consumed: usize },
    /// The answer is released and goes on.
    Answering { handover: Shared },
    /// The answer is whole: more of the response is dropped.
    Answered,
    /// Not ours to touch.
    Over,
}

const MISROUTED: &str = "the route sends an attempt to another cluster than the plan says: it has to pick the cluster by the matcher on \
                         filter state wasm.signalbox.cluster, which has to know each provider's cluster, and its retry_policy needs refresh_cluster_on_retry: true";

/// Bodies up to this size are put together in one piece: a copy is cheaper than a host call.
const ONE_PIECE: usize = 16 * 1024;

// === impl Filter ===

impl Filter {
    /// Begins the attempt: the headers for the provider, and the cluster of the attempt after it.
    fn ask(&mut self) -> Result<(), Error> {
        let handover = registry::find()
            .ok_or(Error::Internal("an attempt without its exchange: is the gateway role in this listener, with the same vm_id?"))?;
        let mut exchange = handover.exchange.borrow_mut();
        let first = exchange.current_endpoint().is_none();
        if exchange.next_cluster().is_some_and(|cluster| !registry::goes_to(cluster, first)) {
            exchange.abandon(Error::Internal(MISROUTED));
            return Err(Error::Internal(MISROUTED));
        }
        let endpoint = exchange.begin_attempt(&HostClock).ok_or(Error::Internal("an attempt beyond the plan"))?;
        shared_health::note(&exchange.take_troubles());
        if let Some(cluster) = exchange.next_cluster() {
            // In case the router asks again by itself: after a refused or reset connection, or a silence.
            registry::set_cluster(cluster);
        }
        let upstream = match provider::request(exchange.request(), &endpoint, &HostClock) {
            Ok(upstream) => upstream,
            Err(error) => {
                let error = Error::from(error);
                exchange.refuse(error.clone());
                return Err(error);
            }
        };
        let mut length = itoa::Buffer::new();
        let length = length.format(upstream.body.len()).as_bytes();
        calls::replace_headers(Map::Request, &headers::for_provider(handover.headers.iter(), &endpoint, &upstream, length));
        // A small body is made once, here; a large one again when it is sent, piece by piece and without a copy in between.
        let body = if upstream.body.len() <= ONE_PIECE { Some(upstream.body.to_vec()) } else { upstream.body.into_owned() };
        drop(exchange);
        self.state = State::Asking { handover, endpoint, body };
        Ok(())
    }

    /// Does what the exchange says. `held` are the bytes of its body that Envoy holds.
    fn perform(&mut self, step: Step, handover: Shared, held: usize) -> Action {
        let mut exchange = handover.exchange.borrow_mut();
        shared_health::note(&exchange.take_troubles());
        let step = handover.translator.borrow_mut().step(step, exchange.generation_id(), &HostClock);
        match step {
            Step::Hold => {
                drop(exchange);
                self.state = State::Asked { handover, consumed: held };
                return Action::Pause;
            }
            Step::Retry => {
                if let Some(cluster) = exchange.next_cluster() {
                    registry::set_cluster(cluster);
                }
                calls::set_header(Map::Response, "x-signalbox-retry", b"1");
                self.state = State::Answered;
            }
            Step::Release(head, body) => {
                let numbers = Numbers::of(&head, body.len());
                let for_page = handover.headers.find(b"origin").is_some();
                calls::replace_headers(Map::Response, &headers::for_client(&head, &numbers, exchange.generation_id(), for_page));
                calls::replace_buffer(Buffer::Response, &body);
                drop(exchange);
                self.state = if head.whole { State::Answered } else { State::Answering { handover } };
            }
            Step::Body(body) => {
                calls::replace_buffer(Buffer::Response, &body);
                drop(exchange);
                self.state = State::Answering { handover };
            }
            Step::Leave => self.state = State::Over,
            Step::Pass => {
                if let Some(response) = calls::headers(Map::Response) {
                    calls::replace_headers(Map::Response, &headers::for_client_as_is(response.iter(), exchange.generation_id()));
                }
                drop(exchange);
                self.state = State::Answering { handover };
            }
        }
        Action::Continue
    }

    /// More of the response's body: `size` bytes are in the buffer, `end` if they are the last.
    fn read(&mut self, size: usize, end: bool) -> Action {
        match std::mem::take(&mut self.state) {
            State::Asked { handover, consumed } => {
                let mut exchange = handover.exchange.borrow_mut();
                let step = if exchange.wants_whole_body() {
                    if !end && !exchange.exceeds_limit(size) {
                        Step::Hold
                    } else {
                        let body = calls::buffer(Buffer::Response, 0, size).unwrap_or_default();
                        exchange.handle_whole_body(&body, &HostClock)
                    }
                } else {
                    exchange.handle_body(&bytes(consumed, size), end, &HostClock)
                };
                drop(exchange);
                self.perform(step, handover, size)
            }
            State::Answering { handover } => {
                let mut exchange = handover.exchange.borrow_mut();
                if exchange.lets_body_pass() {
                    exchange.count_passing(size);
                } else {
                    let step = exchange.handle_body(&bytes(0, size), end, &HostClock);
                    if let Step::Body(body) = handover.translator.borrow_mut().step(step, exchange.generation_id(), &HostClock) {
                        calls::replace_buffer(Buffer::Response, &body);
                    }
                }
                drop(exchange);
                self.state = State::Answering { handover };
                Action::Continue
            }
            State::Answered => {
                if size > 0 {
                    calls::replace_buffer(Buffer::Response, b"");
                }
                self.state = State::Answered;
                Action::Continue
            }
            other => {
                self.state = other;
                Action::Continue
            }
        }
    }
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        if let Err(error) = self.ask() {
            if let Error::Internal(reason) = error {
                log::error!("signalbox: {reason}");
            }
            self.state = State::Over;
            calls::respond(error.status(), "signalbox", &[(b"content-type", b"application/json")], &error.body());
            return Action::Pause;
        }
        Action::Continue
    }

    fn on_http_request_body(&mut self, _: usize, _: bool) -> Action {
        match std::mem::take(&mut self.state) {
            State::Asking { handover, endpoint, body } => {
                match body {
                    Some(body) => calls::replace_buffer(Buffer::Request, &body),
                    None => replace_request_body(&handover, &endpoint),
                }
                self.state = State::Asked { handover, consumed: 0 };
            }
            // The whole body went out in the place of its first piece.
            State::Asked { handover, consumed } => {
                calls::replace_buffer(Buffer::Request, b"");
                self.state = State::Asked { handover, consumed };
            }
            other => self.state = other,
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _: usize, end: bool) -> Action {
        let handover = match std::mem::take(&mut self.state) {
            State::Asking { handover, .. } | State::Asked { handover, .. } => handover,
            other => {
                self.state = other;
                return Action::Continue;
            }
        };
        let head = response_head(calls::headers(Map::Response));
        let step = handover.exchange.borrow_mut().handle_response_head(head, end, &HostClock);
        self.perform(step, handover, 0)
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        self.read(size, end)
    }

    fn on_http_response_trailers(&mut self, _: usize) -> Action {
        // Of the body nothing more comes; what is held of it is still there.
        let held = if let State::Asked { consumed, .. } = &self.state { *consumed } else { 0 };
        self.read(held, true)
    }
}

/// The bytes of the response's body from `start` to `end`.
fn bytes(start: usize, end: usize) -> Vec<u8> {
    let size = end.saturating_sub(start);
    if size == 0 { Vec::new() } else { calls::buffer(Buffer::Response, start, size).unwrap_or_default() }
}

fn replace_request_body(handover: &Shared, endpoint: &Endpoint) {
    let exchange = handover.exchange.borrow();
    // It could be said when the headers were written.
    let Ok(Upstream { body, .. }) = provider::request(exchange.request(), endpoint, &HostClock) else { return };
    let mut pieces = body.iter();
    calls::replace_buffer(Buffer::Request, pieces.next().unwrap_or_default());
    pieces.for_each(|piece| calls::append_buffer(Buffer::Request, piece));
}

/// What matters of the response's headers. Without them it is no answer.
fn response_head(headers: Option<Headers>) -> ResponseHead {
    let mut head = ResponseHead { status: 502, media: Media::Unknown, encoded: false, retry_after: None };
    for (name, value) in headers.iter().flat_map(Headers::iter) {
        match name {
            b":status" => head.status = std::str::from_utf8(value).ok().and_then(|status| status.parse().ok()).unwrap_or(502),
            b"content-type" => head.media = Media::of(value),
            b"content-encoding" => head.encoded = !value.eq_ignore_ascii_case(b"identity"),
            b"retry-after" | b"retry-after-ms" => head.retry_after = retry_after::parse(name, value, &HostClock).or(head.retry_after),
            _ => {}
        }
    }
    head
}
