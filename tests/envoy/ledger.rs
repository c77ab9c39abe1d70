//! A stub provider's own books: what it has served to whom, in its own usage, to be held against what the gateway charged.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;

use super::{provider::Received, reply::Reply, wire};

/// Tokens that were served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    pub requests: u64,
    pub input: u64,
    pub output: u64,
}

/// What was served, by the `user` of the requests.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<HashMap<String, Served>>>);

impl Served {
    /// In 10⁻⁹ USD, at prices in 10⁻⁹ USD a token.
    pub fn cost(&self, input: u64, output: u64) -> u64 {
        self.input * input + self.output * output
    }
}

impl Ledger {
    /// A script that serves everybody after `pause`, streamed where that is asked for, and enters what it reports. That is not the same for
    /// each request, and never more than [`wire::INPUT_TOKENS`] and [`wire::OUTPUT_TOKENS`].
    pub fn serving(&self, pause: Duration) -> impl Fn(&Received) -> Reply + Send + Sync + 'static {
        let ledger = self.clone();
        move |request| {
            let body = request.json();
            let (input, output) = ledger.enter(body["user"].as_str().unwrap_or_default());
            let usage = wire::usage_of(input, output);
            let reply = if body["stream"] == true {
                let chunks = [wire::text_chunk("ok"), wire::chunk(json!({}), json!("stop")), wire::usage_chunk(usage)];
                Reply::events(chunks.map(wire::event).into_iter().chain([wire::event("[DONE]")]))
            } else {
                let mut completion = wire::completion_body("ok");
                completion["usage"] = usage;
                Reply::json(200, &completion)
            };
            reply.pause_before(0, pause)
        }
    }

    pub fn of(&self, user: &str) -> Served {
        self.0.lock().unwrap().get(user).copied().unwrap_or_default()
    }

    fn enter(&self, user: &str) -> (u64, u64) {
        let mut entries = self.0.lock().unwrap();
        let served = entries.entry(user.into()).or_default();
        let (input, output) = (wire::INPUT_TOKENS - served.requests % 7, wire::OUTPUT_TOKENS - served.requests % 2);
        served.requests += 1;
        served.input += input;
        served.output += output;
        (input, output)
    }
}
