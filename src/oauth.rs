//! OAuth access tokens, which expire: who is asked for one and how, what the answer means, and when the next one is due.
//!
//! All of it is pure. The shell asks [`TokenSource::begin`] whether a fetch is due, makes the HTTP call of [`TokenSource::request`],
//! and hands the outcome to [`TokenSource::succeed`] or [`TokenSource::fail`].

mod answer;
mod base64;
mod lifetime;
mod service_account;
mod signing;

use std::cell::{Cell, RefCell};
use std::time::Duration;

pub use answer::{Answer, Refusal};
pub use service_account::{InvalidServiceAccount, ServiceAccount};
pub use signing::{FUNCTION, Unsigned, arguments, signature};

use self::lifetime::Lifetime;
use crate::clock::Millis;
use crate::secret::Secret;

/// How long the answer to a request for a token may take.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// Where a provider's access tokens come from, and the one that is there.
///
/// It stands in the configuration of its provider and is the one thing in there that changes: each VM has a configuration of its own,
/// and so a token of its own.
#[derive(Debug)]
pub struct TokenSource {
    /// The Envoy cluster that is asked.
    pub cluster: Box<str>,
    /// What proves that the token may be had.
    pub grant: Grant,
    lifetime: Cell<Lifetime>,
    token: RefCell<Option<Secret>>,
    /// The token before it, which is still good for a while: whoever quotes it gives it away.
    former: RefCell<Option<Secret>>,
}

/// What proves that a token may be had.
#[derive(Debug)]
pub enum Grant {
    /// An assertion that is signed with the key of a Google service account (RFC 7523).
    ServiceAccount(ServiceAccount),
    /// That Envoy runs on Google's machines, whose metadata server gives it the token of its service account.
    Metadata,
}

/// What was signed for a token, and the signature. Whoever has it can have a token, so it is not to be printed.
pub struct Assertion {
    /// As [`TokenSource::to_sign`] said.
    pub input: Vec<u8>,
    /// As [`signature`] read it.
    pub signature: Vec<u8>,
}

/// A request for a token, with an assertion in it that is not to be printed.
pub struct Request {
    /// Its headers, those with a colon included.
    pub headers: Vec<(&'static str, String)>,
    /// Its body, if it has one.
    pub body: Option<Vec<u8>>,
}

/// The metadata server's host, and where its tokens are:
/// <https://cloud.google.com/compute/docs/access/authenticate-workloads#applications>.
const METADATA_HOST: &str = "metadata.google.internal";
const METADATA_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";

// === impl TokenSource ===

impl TokenSource {
    /// A source that has no token yet.
    pub fn new(cluster: impl Into<Box<str>>, grant: Grant) -> Self {
        Self { cluster: cluster.into(), grant, lifetime: Cell::default(), token: RefCell::default(), former: RefCell::default() }
    }

    /// The header value that carries the token, `Bearer ` included; `None` if there is no token that is good at `now`.
    pub fn token(&self, now: Millis) -> Option<Secret> {
        if self.lifetime.get().is_valid(now) { self.token.borrow().clone() } else { None }
    }

    /// Whether a fetch is under way or about to be: its outcome is worth waiting for.
    pub fn is_expected(&self) -> bool {
        self.lifetime.get().is_expected()
    }

    /// Whether the last fetch has failed.
    pub fn is_failing(&self) -> bool {
        self.lifetime.get().is_failing()
    }

    /// Whether `text` has a token in it.
    pub fn is_quoted_in(&self, text: &str) -> bool {
        let quoted = |secret: &RefCell<Option<Secret>>| secret.borrow().as_ref().is_some_and(|secret| secret.is_quoted_in(text));
        quoted(&self.token) || quoted(&self.former)
    }

    /// When the next fetch is due. While one is under way, when it is to be given up.
    pub fn due(&self) -> Millis {
        self.lifetime.get().due()
    }

    /// Whether a fetch is due at `now`. It counts as under way from then on.
    pub fn begin(&self, now: Millis) -> bool {
        self.change(|lifetime| lifetime.begin(now))
    }

    /// What the provider has refused at `now` may no longer be good, though its time has not come.
    pub fn doubt(&self, now: Millis) {
        self.change(|lifetime| lifetime.doubt(now));
    }

    /// A fetch has brought a token.
    pub fn succeed(&self, answer: Answer, now: Millis) {
        self.change(|lifetime| lifetime.succeed(answer.lifetime, now));
        let token = Secret::new(format!("Bearer {}", answer.token.expose()));
        let former = self.token.borrow_mut().replace(token);
        *self.former.borrow_mut() = former;
    }

    /// A fetch has failed; says how long until the next is tried.
    pub fn fail(&self, now: Millis) -> Duration {
        self.change(|lifetime| lifetime.fail(now))
    }

    /// What has to be signed with the service account's key for [`TokenSource::request`] at `now`; `None` where nothing has.
    pub fn to_sign(&self, now: Millis) -> Option<(Vec<u8>, &ServiceAccount)> {
        match &self.grant {
            Grant::ServiceAccount(account) => Some((account.signing_input(now), account)),
            Grant::Metadata => None,
        }
    }

    /// The request for a token; with an assertion, where something was to be signed.
    pub fn request(&self, assertion: Option<&Assertion>) -> Request {
        let header = |name, value: &str| (name, value.to_owned());
        match &self.grant {
            Grant::ServiceAccount(account) => {
                let headers = vec![
                    header(":method", "POST"),
                    header(":scheme", "https"),
                    header(":authority", account.token_host()),
                    header(":path", account.token_path()),
                    header("content-type", "application/x-www-form-urlencoded"),
                    header("accept", "application/json"),
                ];
                Request { headers, body: assertion.map(service_account::body) }
            }
            Grant::Metadata => {
                let headers = vec![
                    header(":method", "GET"),
                    header(":scheme", "http"),
                    header(":authority", METADATA_HOST),
                    header(":path", METADATA_PATH),
                    header("metadata-flavor", "Google"),
                ];
                Request { headers, body: None }
            }
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Lifetime) -> T) -> T {
        let mut lifetime = self.lifetime.get();
        let result = change(&mut lifetime);
        self.lifetime.set(lifetime);
        result
    }
}

#[cfg(test)]
mod tests;
