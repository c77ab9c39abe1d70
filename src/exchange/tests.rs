//! The machine with a clock of its own: what comes back goes in by hand, and each step is looked at.

mod answers;
mod byok;
mod compression;
mod endings;
mod errors;
mod failures;
mod observations;
mod tiers;

use serde_json::{Value, json};

use super::*;
use crate::config::{Config, Gateway};
use crate::price::NanoUsd;

const NOW: Millis = Millis(1_779_474_931_000);
const CREDENTIAL: &str = "sk-upstream-1234";

/// Places of the endpoints in the configuration.
const ONE_AT_FIRST: usize = 0;
const ONE_AT_SECOND: usize = 1;
const TWO_AT_THIRD: usize = 2;
const TWO_AT_UPSTREAM: usize = 3;
const TWO_AT_GOOGLE: usize = 4;
const TIERS_USUAL: usize = 5;
const TIERS_PRIORITY: usize = 6;

fn gateway() -> Rc<Gateway> {
    let provider = |name: &str| json!({"name": name, "dialect": "openai", "credential": {"env": "KEY"}});
    let endpoint = |provider: &str, prompt: u32| json!({"provider": provider, "model": "m", "price": {"prompt": prompt, "completion": 10}});
    let mut priority = endpoint("first", 9);
    priority["service_tier"] = "priority".into();
    let config = json!({
        "role": "gateway",
        "defaults": {"first_token_timeout": "5s", "response_timeout": "60s", "max_response_bytes": 5000, "max_event_bytes": 500, "cooldown": "20s"},
        "providers": {
            "first": provider("First"), "second": provider("Second"), "third": provider("Third"),
            "upstream": {"dialect": "openrouter", "name": "Upstream", "credential": {"env": "KEY"}},
            "google": {"dialect": "gemini"},
        },
        "models": [
            {"id": "m/one", "endpoints": [endpoint("first", 1), endpoint("second", 2)]},
            {"id": "m/two", "endpoints": [endpoint("third", 3), endpoint("upstream", 4), endpoint("google", 5)]},
            {"id": "m/tiers", "endpoints": [endpoint("first", 5), priority]},
        ],
        "anonymous": true,
    });
    match Config::parse(config.to_string().as_bytes(), |_| Some(CREDENTIAL.into())) {
        Ok(Config::Gateway(gateway)) => gateway,
        other => panic!("{other:?}"),
    }
}

/// An exchange with nothing tried yet, planned at these endpoints. Its prompt has eight bytes.
fn planned(stream: bool, plan: &[usize]) -> Exchange {
    let gateway = gateway();
    let body = json!({"model": "m/one", "stream": stream, "messages": [{"role": "user", "content": "01234567"}]});
    let request = Request::parse(body.to_string().into_bytes(), None, 3).unwrap();
    let endpoints: Vec<_> = gateway.endpoints().cloned().collect();
    let plan = plan.iter().map(|place| endpoints[*place].clone()).collect();
    Exchange::new("gen-1".into(), request, gateway.keys()[0].clone(), plan, gateway.defaults.clone(), NOW)
}

/// An exchange whose first attempt has been sent.
fn asked(stream: bool, plan: &[usize]) -> Exchange {
    let mut exchange = planned(stream, plan);
    exchange.begin_attempt(&NOW).unwrap();
    exchange
}

/// An exchange whose first attempt is answered by a stream.
fn streaming(plan: &[usize]) -> Exchange {
    let mut exchange = asked(true, plan);
    assert_eq!(exchange.handle_response_head(head(200, Media::EventStream), false, &NOW), Step::Hold);
    assert!(!exchange.wants_whole_body());
    exchange
}

fn head(status: u16, media: Media) -> ResponseHead {
    ResponseHead { status, media, encoded: false, retry_after: None }
}

/// Feeds the answer to the current attempt, head and whole body.
fn answered(exchange: &mut Exchange, status: u16, body: &str) -> Step {
    match exchange.handle_response_head(head(status, Media::Json), body.is_empty(), &NOW) {
        Step::Hold => {
            assert!(exchange.wants_whole_body());
            exchange.handle_whole_body(body.as_bytes(), &NOW)
        }
        step => step,
    }
}

/// A chunk with some text.
fn text(content: &str) -> String {
    format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": null}]}))
}

const ROLE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n";
const STOP: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100}}\n\n";
const DONE: &str = "data: [DONE]\n\n";
const ERROR: &str = "data: {\"error\":{\"message\":\"slow down\",\"code\":429}}\n\n";
const COMPLETION: &str = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"twelve bytes"},"finish_reason":"stop"}],
    "usage":{"prompt_tokens":1000,"completion_tokens":100}}"#;

/// The body of a step that has one.
fn body(step: Step) -> String {
    match step {
        Step::Release(_, body) | Step::Body(body) => String::from_utf8(body).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Head and body of an answer that is JSON.
fn released(step: Step) -> (AnswerHead, Value) {
    match step {
        Step::Release(head, body) => {
            assert!(!head.stream && head.whole, "{head:?}");
            (head, serde_json::from_slice(&body).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

/// The endpoints that were noted as being in trouble, by their place, and for how many milliseconds after `now`.
fn troubles(exchange: &mut Exchange, now: Millis) -> Vec<(usize, u64)> {
    let gateway = gateway();
    let place = |key| gateway.endpoints().position(|endpoint| endpoint.key == key).unwrap();
    exchange.take_troubles().into_iter().map(|(key, until)| (place(key), until.since(now))).collect()
}

fn outcomes(settled: &Settlement) -> Vec<(&str, String)> {
    let outcome = |attempt: &Attempt| match &attempt.outcome {
        Outcome::Open => "open".into(),
        Outcome::Accepted => "accepted".into(),
        Outcome::Failed(fault) => format!("failed {}", fault.status),
        Outcome::Unanswered(fault) => format!("unanswered {}", fault.error_type.as_str()),
    };
    settled.attempts.iter().map(|attempt| (&*attempt.endpoint.provider.slug, outcome(attempt))).collect()
}
