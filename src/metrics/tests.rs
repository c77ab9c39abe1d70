use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use serde_json::json;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::clock::Millis;
use crate::config::Config;
use crate::exchange::{Attempt, Spent};
use crate::price::{Cost, NanoUsd};
use crate::provider::Fault;
use crate::usage::{Source, Usage};

const AT_FIRST: &str = ";gen_ai_provider_name=first;gen_ai_request_model=m/one;gen_ai_response_model=one-1";
const AT_SECOND: &str = ";gen_ai_provider_name=second;gen_ai_request_model=m/two:free;gen_ai_response_model=org/two@v1:b";

fn gateway() -> Rc<Gateway> {
    let provider = json!({"dialect": "vllm", "host": "h"});
    let endpoint = |provider: &str, model: &str| json!({"provider": provider, "model": model, "price": {"prompt": 1, "completion": 2}});
    let config = json!({
        "role": "gateway",
        "providers": {"first": provider, "second": provider},
        "models": [
            {"id": "m/one", "endpoints": [endpoint("first", "one-1"), endpoint("second", "one")]},
            {"id": "m/two:free", "endpoints": [endpoint("second", "org/two@v1:b")]},
        ],
        "keys": [{"name": "team-a", "sha256": "0".repeat(64)}, {"name": "team-b", "sha256": "1".repeat(64), "limit": {"usd": 5}}],
        "anonymous": true,
    });
    match Config::parse(config.to_string().as_bytes(), |_| None) {
        Ok(Config::Gateway(gateway)) => gateway,
        other => panic!("{other:?}"),
    }
}

/// An exchange of the key at this place, with attempts at the endpoints at these places.
fn settled(gateway: &Gateway, key: usize, attempts: &[(usize, Outcome)], spent: Option<Spent>) -> Settlement {
    let endpoints: Vec<_> = gateway.endpoints().cloned().collect();
    let attempt =
        |(place, outcome): &(usize, Outcome)| Attempt { outcome: outcome.clone(), ..Attempt::new(endpoints[*place].clone(), Millis(0)) };
    Settlement {
        at: Millis::default(),
        sticky: None,
        key: gateway.keys()[key].clone(),
        stream: true,
        attempts: attempts.iter().map(attempt).collect(),
        spent,
        failure: None,
        finish: None,
        provenance: Default::default(),
        cancelled: false,
        duration: 1500,
        time_to_first_token: Some(500),
    }
}

fn failed(status: u16) -> Outcome {
    Outcome::Failed(Fault::of_status(status, b""))
}

fn silent() -> Outcome {
    Outcome::Unanswered(Fault { status: 504, error_type: ErrorType::Timeout, raw: None })
}

fn spent(usage: Usage) -> Option<Spent> {
    let cost = Cost { total: NanoUsd::new(12_345), prompt: NanoUsd::new(2_345), completion: NanoUsd::new(10_000) };
    Some(Spent { usage, cost, is_byok: false })
}

/// What an exchange adds, by name.
fn added(gateway: &Gateway, settled: &Settlement) -> BTreeMap<String, u64> {
    let definitions = definitions(gateway);
    let mut added = BTreeMap::new();
    settlement(gateway, settled, |record| {
        let definition = &definitions[record.metric];
        assert_eq!(definition.kind, record.kind, "{}", definition.name);
        assert_eq!(added.insert(definition.name.clone(), record.value), None, "{} twice", definition.name);
    });
    added
}

#[test]
fn fetches_of_access_tokens_are_counted_for_each_provider_that_wants_some() {
    let tokens = json!({"metadata": true, "token_cluster": "m"});
    let vertex = |credential| json!({"dialect": "vertex", "project": "p", "region": "global", "credential": credential});
    let endpoint = |provider: &str| json!({"provider": provider, "model": "m", "price": {"prompt": 1, "completion": 2}});
    let config = json!({
        "role": "gateway", "anonymous": true,
        "providers": {"one": vertex(tokens.clone()), "two": vertex(tokens.clone()), "unused": vertex(tokens), "other": {"dialect": "openai"}},
        "models": [{"id": "m/m", "endpoints": [endpoint("one"), endpoint("other"), endpoint("two")]}, {"id": "m/n", "endpoints": [endpoint("one")]}],
    });
    let Ok(Config::Gateway(gateway)) = Config::parse(config.to_string().as_bytes(), |_| None) else { panic!() };
    let definitions = definitions(&gateway);
    let named = |place, has_failed| &*definitions[token_fetch(&gateway, place, has_failed).metric].name;
    let of = |provider: &str, outcome: &str| format!("signalbox_token_fetches_total;gen_ai_provider_name={provider};outcome={outcome}");
    assert_eq!((named(0, false), named(0, true)), (&*of("one", "accepted"), &*of("one", "failed")));
    assert_eq!((named(1, false), named(1, true)), (&*of("two", "accepted"), &*of("two", "failed")));
    assert_eq!(definitions.iter().filter(|definition| definition.name.contains("token_fetches")).count(), 4);
    assert!(!super::definitions(&super::tests::gateway()).iter().any(|definition| definition.name.contains("token_fetches")));
}

fn named<const N: usize>(expected: [(String, u64); N]) -> BTreeMap<String, u64> {
    expected.into()
}

#[test]
fn names_are_unique_and_their_labels_can_be_taken_out_again() {
    let gateway = gateway();
    let definitions = definitions(&gateway);
    let names: HashSet<&str> = definitions.iter().map(|definition| &*definition.name).collect();
    assert_eq!(names.len(), definitions.len());
    let mut kinds = BTreeMap::new();
    for definition in &definitions {
        let mut parts = definition.name.split(';');
        let name = parts.next().unwrap();
        assert!(name.starts_with("gen_ai_") || name.starts_with("signalbox_"), "{name}");
        let mut labels = Vec::new();
        for part in parts {
            let (label, value) = part.split_once('=').unwrap();
            assert!(label.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !value.is_empty(), "{}", definition.name);
            labels.push(label);
        }
        assert_eq!(labels.iter().collect::<HashSet<_>>().len(), labels.len(), "{}", definition.name);
        // One name is one kind of metric with one set of labels.
        assert_eq!(*kinds.entry(name).or_insert((definition.kind, labels.clone())), (definition.kind, labels));
        assert_eq!(definition.kind == Kind::Counter, name.ends_with("_total"), "{name}");
    }
    assert_eq!(kinds.len(), 19, "{:?}", kinds.keys());
}

#[test]
fn there_are_as_many_as_the_configuration_makes_and_no_more() {
    // 3 endpoints, 2 keys and those without one, 1 limit.
    let of_keys = 3 * (2 + KeyRejection::ALL.len()) + 4;
    assert_eq!(definitions(&gateway()).len(), 1 + 2 * ErrorType::ALL.len() + of_keys + 3 * (17 + ErrorType::ALL.len()));
}

#[test]
fn every_reason_to_refuse_a_key_has_its_counter() {
    let gateway = gateway();
    let definitions = definitions(&gateway);
    for key in gateway.keys() {
        for reason in KeyRejection::ALL {
            let record = key_rejection(key, *reason);
            let name = format!("signalbox_key_rejections_total;signalbox_key={};reason={}", key.name, reason.as_str());
            assert_eq!((&definitions[record.metric].name, record.value), (&name, 1));
        }
    }
}

#[test]
fn every_rejection_has_its_counter() {
    let definitions = definitions(&gateway());
    for error_type in ErrorType::ALL {
        let record = rejection(*error_type);
        assert_eq!((record.kind, record.value), (Kind::Counter, 1));
        let name = format!("signalbox_rejections_total;error_type={}", error_type.as_str());
        assert_eq!(definitions[record.metric].name, name);
    }
}

#[test]
fn every_rejection_of_a_key_has_its_counter_and_every_limit_its_gauges() {
    let gateway = gateway();
    let definitions = definitions(&gateway);
    for key in gateway.keys() {
        for reason in KeyRejection::ALL {
            let record = key_rejection(key, *reason);
            let name = format!("signalbox_key_rejections_total;signalbox_key={};reason={}", key.name, reason.as_str());
            assert_eq!((&definitions[record.metric].name, record.kind, record.value), (&name, Kind::Counter, 1));
        }
    }
    let (usd, spent) = (NanoUsd::new(5_000_000_000), NanoUsd::new(1));
    let shown = balance(&gateway, &gateway.keys()[1], &Balance { limit: usd, spent, reservations: 2, reserved: NanoUsd::new(7) });
    let shown: Vec<_> =
        shown.iter().map(|record| (&*definitions[record.metric].name, definitions[record.metric].kind, record.value)).collect();
    assert_eq!(
        shown,
        [
            ("signalbox_key_limit_nano_usd;signalbox_key=team-b", Kind::Gauge, 5_000_000_000),
            ("signalbox_key_remaining_nano_usd;signalbox_key=team-b", Kind::Gauge, 4_999_999_999),
            ("signalbox_key_reserved_nano_usd;signalbox_key=team-b", Kind::Gauge, 7),
            ("signalbox_key_reservations;signalbox_key=team-b", Kind::Gauge, 2),
        ]
    );
}

#[test]
fn a_streamed_answer_adds_its_tokens_times_and_cost() {
    let gateway = gateway();
    let usage = Usage {
        input: 1,
        cache_read: 2,
        cache_write_5m: 4,
        cache_write_1h: 8,
        audio_input: 16,
        output: 32,
        reasoning: 64,
        audio_output: 128,
        image_output: 25,
        ..Usage::default()
    };
    let tokens = |kind: &str| format!("signalbox_tokens_total{AT_SECOND};gen_ai_token_type={kind}");
    assert_eq!(
        added(&gateway, &settled(&gateway, 1, &[(2, Outcome::Accepted)], spent(usage))),
        named([
            (format!("gen_ai_client_token_usage{AT_SECOND};gen_ai_token_type=input"), 31),
            (format!("gen_ai_client_token_usage{AT_SECOND};gen_ai_token_type=output"), 249),
            (format!("gen_ai_server_request_duration{AT_SECOND}"), 1500),
            (format!("gen_ai_server_time_to_first_token{AT_SECOND}"), 500),
            // A second for the 248 tokens after the first, in microseconds.
            (format!("gen_ai_server_time_per_output_token{AT_SECOND}"), 4032),
            (format!("signalbox_cost_nano_usd_total{AT_SECOND}"), 12_345),
            (format!("signalbox_attempts_total{AT_SECOND};outcome=accepted"), 1),
            (tokens("input"), 1),
            (tokens("cache_read"), 2),
            (tokens("cache_write"), 12),
            (tokens("audio_input"), 16),
            (tokens("output"), 57),
            (tokens("reasoning"), 64),
            (tokens("audio_output"), 128),
            ("signalbox_key_cost_nano_usd_total;signalbox_key=team-b".into(), 12_345),
            ("signalbox_key_requests_total;signalbox_key=team-b".into(), 1),
        ])
    );
}

#[test]
fn fallbacks_are_counted_where_they_began_and_tokens_where_they_were_used() {
    let gateway = gateway();
    let usage = Usage { input: 3, source: Source::Estimated, ..Usage::default() };
    let attempts = [(0, failed(429)), (1, silent()), (2, Outcome::Accepted)];
    let mut settled = settled(&gateway, 0, &attempts, spent(usage));
    settled.stream = false;
    let between = ";gen_ai_provider_name=second;gen_ai_request_model=m/one;gen_ai_response_model=one";
    assert_eq!(
        added(&gateway, &settled),
        named([
            (format!("signalbox_attempts_total{AT_FIRST};outcome=fallback"), 1),
            (format!("signalbox_fallbacks_total{AT_FIRST};error_type=rate_limit_exceeded"), 1),
            (format!("signalbox_attempts_total{between};outcome=fallback"), 1),
            (format!("signalbox_fallbacks_total{between};error_type=timeout"), 1),
            (format!("signalbox_attempts_total{AT_SECOND};outcome=accepted"), 1),
            (format!("gen_ai_client_token_usage{AT_SECOND};gen_ai_token_type=input"), 3),
            (format!("gen_ai_client_token_usage{AT_SECOND};gen_ai_token_type=output"), 0),
            (format!("gen_ai_server_request_duration{AT_SECOND}"), 1500),
            (format!("signalbox_cost_nano_usd_total{AT_SECOND}"), 12_345),
            (format!("signalbox_estimated_usage_total{AT_SECOND}"), 1),
            (format!("signalbox_tokens_total{AT_SECOND};gen_ai_token_type=input"), 3),
            ("signalbox_key_cost_nano_usd_total;signalbox_key=team-a".into(), 12_345),
            ("signalbox_key_requests_total;signalbox_key=team-a".into(), 1),
        ])
    );
}

#[test]
fn c10_an_exchange_that_failed_costs_nothing() {
    let gateway = gateway();
    let attempts = [(0, failed(500)), (2, failed(401))];
    let mut exchange = settled(&gateway, 2, &attempts, None);
    exchange.failure = Some(ErrorType::Server);
    assert_eq!(
        added(&gateway, &exchange),
        named([
            (format!("signalbox_attempts_total{AT_FIRST};outcome=fallback"), 1),
            (format!("signalbox_fallbacks_total{AT_FIRST};error_type=server"), 1),
            (format!("signalbox_attempts_total{AT_SECOND};outcome=failed"), 1),
            ("signalbox_failures_total;error_type=server".into(), 1),
            ("signalbox_key_requests_total;signalbox_key=anonymous".into(), 1),
        ])
    );
}

#[test]
fn a_client_that_left_is_counted_with_what_was_used() {
    let gateway = gateway();
    let requests = "signalbox_key_requests_total;signalbox_key=team-a".to_owned();
    let cancelled = "signalbox_cancelled_total".to_owned();
    let mut gone = settled(&gateway, 0, &[(0, Outcome::Open)], None);
    gone.cancelled = true;
    assert_eq!(added(&gateway, &gone), named([(requests.clone(), 1), (cancelled.clone(), 1)]));
    gone.attempts.clear();
    assert_eq!(added(&gateway, &gone), named([(requests, 1), (cancelled.clone(), 1)]));

    let usage = Usage { input: 3, output: 1, source: Source::Partial, ..Usage::default() };
    let mut midway = settled(&gateway, 0, &[(0, Outcome::Accepted)], spent(usage));
    midway.cancelled = true;
    let added = added(&gateway, &midway);
    assert_eq!(added[&cancelled], 1);
    assert_eq!(added[&format!("signalbox_estimated_usage_total{AT_FIRST}")], 1);
    assert_eq!(added[&format!("signalbox_attempts_total{AT_FIRST};outcome=accepted")], 1);
    // One token has no time between tokens.
    assert!(!added.keys().any(|name| name.starts_with("gen_ai_server_time_per_output_token")), "{added:?}");
}

#[test]
fn absurd_numbers_find_their_metric_too() {
    let gateway = gateway();
    let usage = Usage { input: u64::MAX, output: u64::MAX, reasoning: u64::MAX, cache_write_1h: u64::MAX, ..Usage::default() };
    let mut absurd = settled(&gateway, 0, &[(0, Outcome::Accepted)], spent(usage));
    (absurd.duration, absurd.time_to_first_token) = (0, Some(u64::MAX));
    assert_eq!(added(&gateway, &absurd)[&format!("gen_ai_client_token_usage{AT_FIRST};gen_ai_token_type=input")], u64::MAX);
}
