//! What the gateway answers itself.

use super::{Refused, Role};
use crate::api::Api;
use crate::config::Key;
use crate::error::{Error, KeyRejection};
use crate::headers::{self, Header};
use crate::host::calls;
use crate::inbound;
use crate::metrics;

impl Role {
    /// Counts an answer of the gateway's own, and tells the operator what is his.
    pub(in crate::host::gateway) fn note(&self, error: &Error) {
        self.stats.add(metrics::rejection(error.error_type()));
        if let Error::Internal(reason) = error {
            log::error!("signalbox: {reason}");
        }
    }

    /// Counts a client that hung up before its request was put to a provider.
    pub(in crate::host::gateway) fn note_cancellation(&self) {
        self.stats.add(metrics::cancellation());
    }

    /// Counts what `key` is refused for its own sake.
    pub(super) fn note_key(&self, key: &Key, error: &Error) {
        if let Some(reason) = KeyRejection::of(error) {
            self.stats.add(metrics::key_rejection(key, reason));
        }
    }

    /// Answers the stream that is acted for, in the shape of `api`.
    pub(in crate::host::gateway) fn reject(&self, error: &Error, api: Api) {
        self.answer(error, b"", api);
    }

    /// The same for a request that no plan was made for.
    pub(in crate::host::gateway) fn refuse(&self, refused: &Refused, api: Api) {
        self.answer(&refused.error, &refused.metadata, api);
    }

    fn answer(&self, error: &Error, more: &[u8], api: Api) {
        self.note(error);
        let mut headers: Vec<Header<'_>> = vec![(b"content-type", b"application/json")];
        if let Error::Client(error) = error
            && let Some(allowed) = error.allowed_method()
        {
            headers.push((b"allow", allowed.as_bytes()));
        }
        let limited = if let Error::Limited(limited) = error { limited.headers() } else { Vec::new() };
        headers.extend(limited.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        respond(error.status(), headers, &inbound::error_body(api, error.body_with(more), ""));
    }
}

/// Answers the stream that is acted for.
pub(in crate::host::gateway) fn respond(status: u16, mut headers: Vec<Header<'_>>, body: &[u8]) {
    headers.extend(headers::FOR_PAGES);
    calls::respond(status, "signalbox", &headers, body);
}
