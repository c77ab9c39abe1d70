//! Plans for requests against one configuration, with luck that is known beforehand.

mod auto;
mod byok;
mod eligibility;
mod free;
mod keys;
mod latest;
mod length;
mod naming;
mod oracle;
mod order;
mod performance;
mod preferences;
mod readiness;
mod rules;
mod tiers;

use serde_json::{Value, json};

use super::*;
use crate::clock::Millis;
use crate::config::Config;

const NOW: Millis = Millis(1_000_000);

/// Three providers that differ in everything that preferences can ask for, and models at one, two and all of them.
fn configuration() -> Value {
    let endpoint =
        |provider: &str, price: f64| json!({"provider": provider, "model": "m", "price": {"prompt": price, "completion": price}});
    let mut alpha = endpoint("alpha", 1.0);
    alpha["quantization"] = "fp8".into();
    alpha["supported_parameters"] = json!(["tools", "temperature"]);
    let mut beta = endpoint("beta", 2.0);
    beta["quantization"] = "mxfp4".into();
    beta["max_completion_tokens"] = 100.into();
    let mut gamma = endpoint("gamma", 3.0);
    gamma["supported_parameters"] = json!(["temperature", "response_format"]);
    let provider = |name: &str| json!({"name": name, "dialect": "vllm", "host": "h"});
    json!({
        "role": "gateway",
        "defaults": {"max_attempts": 4},
        "providers": {
            "alpha": provider("Alpha AI"),
            "beta": {"name": "Beta", "dialect": "vllm", "host": "h", "data_collection": "deny"},
            "gamma": {"name": "Gamma", "dialect": "vllm", "host": "h", "data_collection": "deny", "zdr": true},
        },
        "models": [
            {"id": "acme/all", "endpoints": [alpha, beta, gamma]},
            {"id": "acme/two", "endpoints": [endpoint("beta", 1.5), endpoint("alpha", 0.5)]},
            {"id": "acme/text", "input_modalities": ["text"], "endpoints": [endpoint("gamma", 9.0)]},
            {"id": "acme/all:free", "endpoints": [endpoint("gamma", 0.0)]},
            {"id": "other/one", "endpoints": [endpoint("alpha", 4.1)]},
        ],
        "rules": [],
        "keys": [
            {"name": "team-a", "sha256": "0".repeat(64)},
            {"name": "limited", "sha256": "1".repeat(64), "models": ["acme/*"]},
        ],
    })
}

/// Who asks for what, and how lucky.
struct Asked {
    configuration: Value,
    body: Value,
    key: usize,
    path: &'static str,
    headers: Vec<(&'static str, &'static [u8])>,
    troubles: Vec<(&'static str, &'static str)>,
    /// How providers have done, whatever the model.
    recent: Vec<(&'static str, Recent)>,
    /// The provider where any conversation is.
    held: Option<&'static str>,
    seed: u64,
}

fn ask(model: &str) -> Asked {
    Asked {
        configuration: configuration(),
        body: json!({"model": model, "messages": [{"role": "user", "content": "x"}]}),
        key: 0,
        path: "/api/v1/chat/completions",
        headers: Vec::new(),
        troubles: Vec::new(),
        recent: Vec::new(),
        held: None,
        seed: 1,
    }
}

/// What the asked-for plan is told of the endpoints.
struct Seen<'a> {
    asked: &'a Asked,
    gateway: &'a Gateway,
}

impl State for Seen<'_> {
    fn health(&self) -> Health {
        let mut health = Health::default();
        for endpoint in self.gateway.endpoints() {
            if self.asked.troubles.contains(&(&*endpoint.catalogue_id, &*endpoint.provider.slug)) {
                health.note(endpoint.key, Millis(NOW.0 + 1000), NOW);
            }
        }
        health
    }

    fn recent(&self, endpoint: &Endpoint) -> Recent {
        let found = self.asked.recent.iter().find(|(tag, _)| **tag == *endpoint.tag);
        found.map(|(_, recent)| *recent).unwrap_or_default()
    }

    fn held(&self, _: Conversation) -> Option<Held> {
        let provider = self.asked.held?;
        let endpoint = self.gateway.endpoints().find(|endpoint| *endpoint.tag == *provider)?;
        Some(Held { endpoint: endpoint.key, at: NOW })
    }
}

impl Asked {
    fn with(mut self, member: &str, value: Value) -> Self {
        self.body[member] = value;
        self
    }

    fn rules(mut self, rules: Value) -> Self {
        self.configuration["rules"] = rules;
        self
    }

    fn preferring(self, preferences: Value) -> Self {
        self.with("provider", preferences)
    }

    /// The first choices of many plans, counted.
    fn first_choices(mut self, plans: u64) -> Vec<(String, u64)> {
        let gateway = self.gateway();
        let mut counts: Vec<(String, u64)> = Vec::new();
        for seed in 0..plans {
            self.seed = seed;
            let first = self.plan_with(&gateway).unwrap().swap_remove(0);
            match counts.iter_mut().find(|(name, _)| *name == first) {
                Some((_, count)) => *count = count.saturating_add(1),
                None => counts.push((first, 1)),
            }
        }
        counts.sort();
        counts
    }

    fn gateway(&self) -> Rc<Gateway> {
        match Config::parse(self.configuration.to_string().as_bytes(), |_| None) {
            Ok(Config::Gateway(gateway)) => gateway,
            other => panic!("{other:?}"),
        }
    }

    fn plan_with(&self, gateway: &Gateway) -> Result<Vec<String>, Error> {
        let request = Request::parse(self.body.to_string().into_bytes(), None, 3).unwrap();
        let ask = Ask {
            request: &request,
            key: &gateway.keys()[self.key],
            path: self.path,
            header: &|name| self.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| *value),
        };
        let state = Seen { asked: self, gateway };
        let routed = plan(gateway, &ask, &state, &NOW, &mut fastrand::Rng::with_seed(self.seed))?;
        Ok(routed.plan.iter().map(|endpoint| format!("{}@{}", endpoint.catalogue_id, endpoint.tag)).collect())
    }

    /// The endpoints of the plan, each as `model@provider`.
    fn plan(&self) -> Vec<String> {
        self.plan_with(&self.gateway()).unwrap()
    }

    /// The same without regard to their order.
    fn endpoints(&self) -> Vec<String> {
        let mut endpoints = self.plan();
        endpoints.sort();
        endpoints
    }

    /// The providers of `acme/all` that are left, in the order written.
    fn left(&self) -> Vec<String> {
        self.endpoints().into_iter().map(|endpoint| endpoint.replace("acme/all@", "")).collect()
    }

    fn refused(&self) -> (u16, String) {
        let error = self.plan_with(&self.gateway()).unwrap_err();
        (error.status(), error.to_string())
    }
}
