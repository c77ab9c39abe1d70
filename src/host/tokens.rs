//! Access tokens: fetched by the root context of the gateway role, which has the only timer and the only HTTP calls of this module.
//!
//! Each VM fetches its own, one at a time for each provider, from its first request on: Envoy runs a VM in its main thread, too, which
//! never gets one. Where no provider wants a token there is no timer.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::TICK;
use super::calls::{self, Buffer, HostClock, Map};
use crate::clock::{Clock, Millis};
use crate::config::{Gateway, Provider};
use crate::oauth::{self, Answer, Assertion, Refusal, TokenSource, Unsigned};

/// The providers of one configuration that want access tokens.
pub(super) struct Tokens {
    providers: Vec<Rc<Provider>>,
    is_started: Cell<bool>,
    /// The calls that are under way, by their numbers, and the place of the provider that each is for.
    calls: RefCell<FxHashMap<u32, usize>>,
}

/// What became of a fetch.
pub(super) struct Outcome {
    /// The place of the provider that it was for among those that want tokens.
    pub(super) place: usize,
    pub(super) has_failed: bool,
}

/// A larger answer is none.
const MAX_ANSWER: usize = 64 * 1024;

// === impl Tokens ===

impl Tokens {
    pub(super) fn of(gateway: &Gateway) -> Self {
        Self { providers: gateway.token_providers(), is_started: Cell::default(), calls: RefCell::default() }
    }

    /// Errors: if Envoy cannot sign with one of the private keys, in the words for the operator.
    pub(super) fn check(&self) -> Result<(), String> {
        for (provider, source) in self.sources() {
            assertion(source, HostClock.now()).map_err(|error| {
                format!("providers.{}.credential.service_account.env: {error}: expected an RSA key in PEM, PKCS #8, and an Envoy with the function `sign`", provider.slug)
            })?;
        }
        Ok(())
    }

    /// There is a request: from now on tokens are fetched.
    pub(super) fn start(&self) {
        if !self.is_started.replace(true) {
            self.schedule();
        }
    }

    /// Has the timer wake this plugin when the next fetch is due, if there is ever one: the timer has more to do, and so is never
    /// slower than that wants it.
    fn schedule(&self) {
        if let Some(due) = self.sources().map(|(_, source)| source.due()).min() {
            let sleep = Duration::from_millis(due.since(HostClock.now()));
            calls::set_tick_period(sleep.min(TICK));
        }
    }

    /// Makes the fetches that are due; the outcomes that are known already.
    pub(super) fn fetch(&self) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        if !self.is_started.get() {
            return outcomes;
        }
        let now = HostClock.now();
        for (place, (provider, source)) in self.sources().enumerate() {
            if !source.begin(now) {
                continue;
            }
            match ask(source, now) {
                Ok(call) => _ = self.calls.borrow_mut().insert(call, place),
                Err(refusal) => {
                    fail(provider, source, &refusal, now);
                    outcomes.push(Outcome { place, has_failed: true });
                }
            }
        }
        self.schedule();
        outcomes
    }

    /// The answer to a call has come, with so many headers and bytes; none at all if it failed. The outcome, if it is a call for a token.
    pub(super) fn handle_answer(&self, call: u32, headers: usize, size: usize) -> Option<Outcome> {
        let place = self.calls.borrow_mut().remove(&call)?;
        let (provider, source) = self.sources().nth(place)?;
        let now = HostClock.now();
        let answer = answer(headers, size);
        let has_failed = answer.is_err();
        match answer {
            Ok(answer) => {
                log::debug!("signalbox: an access token for {} is there, for {} s", provider.slug, answer.lifetime.as_secs());
                source.succeed(answer, now);
            }
            Err(refusal) => fail(provider, source, &refusal, now),
        }
        self.schedule();
        Some(Outcome { place, has_failed })
    }

    /// `provider` has refused its token.
    pub(super) fn doubt(&self, provider: &Provider) {
        if let Some(source) = provider.credential.tokens() {
            source.doubt(HostClock.now());
            self.schedule();
        }
    }

    fn sources(&self) -> impl Iterator<Item = (&Provider, &TokenSource)> {
        self.providers.iter().filter_map(|provider| Some((&**provider, provider.credential.tokens()?)))
    }
}

/// Asks for a token; the number of the call.
fn ask(source: &TokenSource, now: Millis) -> Result<u32, Refusal> {
    let request = source.request(assertion(source, now)?.as_ref());
    calls::http_call(&source.cluster, &request.headers, request.body.as_deref(), oauth::TIMEOUT)
}

/// The assertion that a token is had by; `None` where none is wanted.
fn assertion(source: &TokenSource, now: Millis) -> Result<Option<Assertion>, Unsigned> {
    let Some((input, account)) = source.to_sign(now) else { return Ok(None) };
    let key = account.private_key().ok_or(Unsigned)?;
    let result = calls::foreign(oauth::FUNCTION, &oauth::arguments(&key, &input)).ok_or(Unsigned)?;
    Ok(Some(Assertion { input, signature: oauth::signature(&result)? }))
}

fn answer(headers: usize, size: usize) -> Result<Answer, Refusal> {
    if headers == 0 {
        return Err(Refusal::Unanswered);
    }
    let status = calls::header(Map::CallResponse, ":status").and_then(|status| std::str::from_utf8(&status).ok()?.parse().ok());
    let body = if size > MAX_ANSWER { None } else { calls::buffer(Buffer::CallResponse, 0, size) };
    Answer::parse(status.unwrap_or(502), &body.unwrap_or_default())
}

fn fail(provider: &Provider, source: &TokenSource, refusal: &Refusal, now: Millis) {
    let pause = source.fail(now).as_secs();
    let (slug, cluster) = (&provider.slug, &source.cluster);
    if provider.is_ready(now) {
        log::warn!(
            "signalbox: no new access token for {slug} from cluster {cluster}: {refusal}; the old one is still good, and the next try is in {pause} s"
        );
    } else {
        log::error!(
            "signalbox: no access token for {slug} from cluster {cluster}: {refusal}; it is not asked meanwhile, and the next try is in {pause} s"
        );
    }
}
