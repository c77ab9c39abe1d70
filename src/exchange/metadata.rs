//! `openrouter_metadata`: what the router did, for the client that asked to be told.
//!
//! See <https://openrouter.ai/docs/guides/features/router-metadata>.

use super::{Attempt, Exchange, Outcome};
use crate::endpoint::Endpoint;
use crate::json;
use crate::route::Strategy;

/// The name of the member.
pub(super) const MEMBER: &[u8] = b",\"openrouter_metadata\":";

// === impl Exchange ===

impl Exchange {
    /// `,"openrouter_metadata":{…}` of an answer that was `served` by the last attempt, or of a failure; nothing if nobody asked.
    pub(super) fn metadata(&self, served: bool) -> Vec<u8> {
        self.metadata_of(served, false)
    }

    /// The same; `is_healed` if the answer was broken and is not any more.
    pub(super) fn metadata_of(&self, served: bool, is_healed: bool) -> Vec<u8> {
        if !self.shows_metadata {
            return Vec::new();
        }
        let mut out = MEMBER.to_vec();
        let requested = self.request.models.first().map_or("", |model| model);
        let selected = self.current_endpoint().filter(|_| served);
        object_into(
            requested,
            self.strategy,
            self.plan.iter().map(|endpoint| &**endpoint),
            selected.map(|endpoint| &**endpoint),
            &self.attempts,
            &mut out,
        );
        self.pipeline_into(is_healed, &mut out);
        out.push(b'}');
        out
    }
}

/// The same of a request for the model `requested` that was put to no provider; `candidates` is who serves the model.
pub fn unrouted<'a>(requested: &str, candidates: impl Iterator<Item = &'a Endpoint>) -> Vec<u8> {
    let mut out = MEMBER.to_vec();
    object_into(requested, Strategy::Direct, candidates, None, &[], &mut out);
    out.push(b'}');
    out
}

/// Appends the object but for its end.
fn object_into<'a>(
    requested: &str,
    strategy: Strategy,
    available: impl Iterator<Item = &'a Endpoint>,
    selected: Option<&Endpoint>,
    attempts: &[Attempt],
    out: &mut Vec<u8>,
) {
    let text = |key: &str, text: &str, out: &mut Vec<u8>| {
        out.extend_from_slice(key.as_bytes());
        json::string_into(out, text);
    };
    text("{\"requested\":", requested, out);
    text(",\"strategy\":", strategy.as_str(), out);
    let mut list = Vec::new();
    let mut total = 0usize;
    for endpoint in available {
        text(if total == 0 { "{\"provider\":" } else { ",{\"provider\":" }, &endpoint.provider.name, &mut list);
        text(",\"model\":", &endpoint.catalogue_id, &mut list);
        let is_selected = selected.is_some_and(|selected| selected.id == endpoint.id);
        list.extend_from_slice(if is_selected { b",\"selected\":true}" } else { b",\"selected\":false}" });
        total = total.saturating_add(1);
    }
    let summary = match selected {
        Some(selected) => format!("available={total}, selected={}", selected.provider.name),
        None => format!("available={total}"),
    };
    text(",\"region\":null,\"summary\":", &summary, out);
    let reached = attempts.len();
    let is_byok = attempts.last().is_some_and(|attempt| attempt.endpoint.is_byok());
    out.extend_from_slice(
        format!(",\"attempt\":{reached},\"is_byok\":{is_byok},\"endpoints\":{{\"total\":{total},\"available\":[").as_bytes(),
    );
    out.extend_from_slice(&list);
    out.extend_from_slice(b"]}");
    if reached > 0 {
        out.extend_from_slice(b",\"attempts\":[");
        for (index, attempt) in attempts.iter().enumerate() {
            text(if index == 0 { "{\"provider\":" } else { ",{\"provider\":" }, &attempt.endpoint.provider.name, out);
            text(",\"model\":", &attempt.endpoint.catalogue_id, out);
            out.extend_from_slice(format!(",\"status\":{}}}", status(&attempt.outcome)).as_bytes());
        }
        out.push(b']');
    }
}

/// The status of an attempt. One that is still open is about to be released.
fn status(outcome: &Outcome) -> u16 {
    outcome.fault().map_or(200, |fault| fault.status)
}
