//! The attempt role: rewrites the request for one endpoint, and brings what comes back into OpenRouter's shape.
//!
//! It runs as an upstream filter, once for each attempt of a stream, and knows nothing but the exchange it finds.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::calls::{self, Buffer, Headers, HostClock, Map};
use super::{registry, shared_health};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::exchange::{AnswerHead, Exchange, Media, ResponseHead, Step};
use crate::provider::openai;
use crate::{headers, retry_after};

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
    Asking { handover: registry::Shared, endpoint: Rc<Endpoint> },
    /// The request is out. `consumed` are the bytes of the response that have been looked at but are held by Envoy.
    Asked { handover: registry::Shared, received: Received, consumed: usize },
    /// The answer is released and goes on.
    Answering { handover: registry::Shared },
    /// Nothing more is to be done: what comes passes, or is dropped.
    Over { drop: bool },
}

/// What the headers of the provider's response mean for those of the answer.
#[derive(Default)]
struct Received {
    /// The names of those that the client may not see.
    withheld: Vec<Box<[u8]>>,
    /// Whether they say that the body is JSON.
    json: bool,
}

/// Bodies up to this size are put together in one piece: a copy is cheaper than a host call.
const ONE_PIECE: usize = 16 * 1024;

// === impl Filter ===

impl Filter {
    fn ask(&mut self) -> Result<(), Error> {
        let handover = registry::find()
            .ok_or(Error::Internal("an attempt without its exchange: is the gateway role in this listener, in the same vm_id?"))?;
        let mut exchange = handover.exchange.borrow_mut();
        let previous = exchange.current_endpoint().cloned();
        let endpoint = exchange.begin_attempt(&HostClock).ok_or(Error::Internal("an attempt beyond the plan"))?;
        shared_health::note(&exchange.take_troubles());
        if let Some(cluster) = exchange.next_cluster() {
            // In case the router asks again by itself: after a refused or reset connection, or a silence.
            registry::set_cluster(cluster);
        }
        match previous {
            // What an attempt does to the headers stays for the next one.
            Some(previous) => calls::remove_header(Map::Request, previous.provider.auth_header.as_bytes()),
            None => {
                let kept = endpoint.provider.credential.as_ref().map(|_| endpoint.provider.auth_header.as_bytes());
                // The credential takes the place of the client's key anyway.
                let removed = handover.withheld.iter().filter(|name| Some(&***name) != kept);
                removed.for_each(|name| calls::remove_header(Map::Request, name));
            }
        }
        let provider = &endpoint.provider;
        calls::set_header(Map::Request, ":path", &[provider.path_prefix.as_bytes(), openai::PATH.as_bytes()].concat());
        calls::set_header(Map::Request, ":authority", provider.host.as_bytes());
        if let Some(credential) = &provider.credential {
            calls::set_header(Map::Request, &provider.auth_header, credential.expose().as_bytes());
        }
        let length = openai::body(exchange.request(), &endpoint).len();
        calls::set_header(Map::Request, "content-length", itoa::Buffer::new().format(length).as_bytes());
        drop(exchange);
        self.state = State::Asking { handover, endpoint };
        Ok(())
    }

    fn perform(&mut self, step: Step, handover: registry::Shared, received: Received, consumed: usize) -> Action {
        shared_health::note(&handover.exchange.borrow_mut().take_troubles());
        match step {
            Step::Hold => {
                self.state = State::Asked { handover, received, consumed };
                return Action::Pause;
            }
            Step::Retry => {
                if let Some(cluster) = handover.exchange.borrow().next_cluster() {
                    registry::set_cluster(cluster);
                }
                calls::set_header(Map::Response, "x-signalbox-retry", b"1");
                self.state = State::Over { drop: true };
            }
            Step::Release(head, body) => {
                release(&head, &body, &received, &handover.exchange.borrow());
                calls::replace_buffer(Buffer::Response, &body);
                self.state = if head.whole { State::Over { drop: true } } else { State::Answering { handover } };
            }
            Step::Body(body) => {
                calls::replace_buffer(Buffer::Response, &body);
                self.state = State::Answering { handover };
            }
            Step::Pass => {
                withhold(&received);
                calls::set_header(Map::Response, "x-generation-id", handover.exchange.borrow().generation_id().as_bytes());
                self.state = State::Answering { handover };
            }
        }
        Action::Continue
    }

    /// More of the response's body: `size` bytes are in the buffer, `end` if they are the last.
    fn read(&mut self, size: usize, end: bool) -> Action {
        match std::mem::take(&mut self.state) {
            State::Asked { handover, received, consumed } => {
                let mut exchange = handover.exchange.borrow_mut();
                let step = if exchange.wants_whole_body() {
                    if !end && !exchange.exceeds_limit(size) {
                        Step::Hold
                    } else {
                        let body = calls::buffer(Buffer::Response, 0, size).unwrap_or_default();
                        exchange.handle_whole_body(&body, &HostClock)
                    }
                } else {
                    let more = size.saturating_sub(consumed);
                    let bytes = if more > 0 { calls::buffer(Buffer::Response, consumed, more).unwrap_or_default() } else { Vec::new() };
                    exchange.handle_body(&bytes, end, &HostClock)
                };
                drop(exchange);
                self.perform(step, handover, received, size)
            }
            State::Answering { handover } => {
                let mut exchange = handover.exchange.borrow_mut();
                if exchange.lets_body_pass() {
                    exchange.count_passing(size);
                } else {
                    let bytes = if size > 0 { calls::buffer(Buffer::Response, 0, size).unwrap_or_default() } else { Vec::new() };
                    if let Step::Body(body) = exchange.handle_body(&bytes, end, &HostClock) {
                        calls::replace_buffer(Buffer::Response, &body);
                    }
                }
                drop(exchange);
                self.state = State::Answering { handover };
                Action::Continue
            }
            State::Over { drop } => {
                if drop && size > 0 {
                    calls::replace_buffer(Buffer::Response, b"");
                }
                self.state = State::Over { drop };
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
            log::error!("signalbox: {error}");
            self.state = State::Over { drop: false };
            calls::respond(error.status(), "signalbox", &[("content-type", b"application/json")], &error.body());
            return Action::Pause;
        }
        Action::Continue
    }

    fn on_http_request_body(&mut self, _: usize, _: bool) -> Action {
        if let State::Asking { handover, endpoint } = std::mem::take(&mut self.state) {
            {
                let exchange = handover.exchange.borrow();
                let body = openai::body(exchange.request(), &endpoint);
                if body.len() <= ONE_PIECE {
                    calls::replace_buffer(Buffer::Request, &body.to_vec());
                } else {
                    let mut pieces = body.iter();
                    calls::replace_buffer(Buffer::Request, pieces.next().unwrap_or_default());
                    pieces.for_each(|piece| calls::append_buffer(Buffer::Request, piece));
                }
            }
            self.state = State::Asked { handover, received: Received::default(), consumed: 0 };
        } else if let State::Asked { .. } = self.state {
            calls::replace_buffer(Buffer::Request, b"");
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _: usize, end: bool) -> Action {
        let (State::Asked { handover, .. } | State::Asking { handover, .. }) = std::mem::take(&mut self.state) else {
            return Action::Continue;
        };
        let Some(headers) = calls::headers(Map::Response) else { return Action::Continue };
        let withheld = headers.iter().map(|(name, _)| name).filter(|name| !headers::reaches_client(name)).map(Into::into).collect();
        let head = response_head(&headers);
        let received = Received { withheld, json: head.media == Media::Json };
        let step = handover.exchange.borrow_mut().handle_response_head(head, end, &HostClock);
        self.perform(step, handover, received, 0)
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        self.read(size, end)
    }

    fn on_http_response_trailers(&mut self, _: usize) -> Action {
        self.read(0, true)
    }
}

fn response_head(headers: &Headers) -> ResponseHead {
    let mut head = ResponseHead { status: 0, media: Media::Unknown, encoded: false, retry_after: None };
    for (name, value) in headers.iter() {
        match name {
            b":status" => head.status = std::str::from_utf8(value).ok().and_then(|status| status.parse().ok()).unwrap_or(0),
            b"content-type" => head.media = Media::of(value),
            b"content-encoding" => head.encoded = !value.eq_ignore_ascii_case(b"identity"),
            b"retry-after" | b"retry-after-ms" => head.retry_after = retry_after::parse(name, value, &HostClock).or(head.retry_after),
            _ => {}
        }
    }
    head
}

fn withhold(received: &Received) {
    received.withheld.iter().for_each(|name| calls::remove_header(Map::Response, name));
}

/// Writes the headers of an answer.
fn release(head: &AnswerHead, body: &[u8], received: &Received, exchange: &Exchange) {
    withhold(received);
    let set = |name: &str, value: &[u8]| calls::set_header(Map::Response, name, value);
    let mut number = itoa::Buffer::new();
    if head.status != 200 {
        set(":status", number.format(head.status).as_bytes());
    }
    if head.stream {
        set("cache-control", b"no-cache");
        calls::remove_header(Map::Response, b"content-length");
    } else {
        if !received.json {
            set("content-type", b"application/json");
        }
        set("content-length", number.format(body.len()).as_bytes());
    }
    set("x-generation-id", exchange.generation_id().as_bytes());
    if let Some(cost) = head.cost {
        let mut usd = Vec::with_capacity(16);
        cost.write_usd(&mut usd);
        set("x-openrouter-cost", &usd);
    }
    if let Some(seconds) = head.retry_after {
        set("retry-after", number.format(seconds).as_bytes());
    }
}
