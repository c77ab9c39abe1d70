//! What a configuration comes to, and the message for every mistake in one.

mod bedrock;
mod byok;
mod keys;
mod limits;
mod mistakes;
mod models;
mod presets;
mod providers;
mod rules;
mod vertex;

use std::time::Duration;

use serde_json::{Value, json};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::clock::Millis;
use crate::price::NanoUsd;

const DEMO_KEY_SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// The header value of a credential that is sent as it is.
fn sent(credential: &Credential) -> &str {
    match credential {
        Credential::Sent(secret) => secret.expose(),
        other => panic!("{other:?}"),
    }
}

/// A configuration with one of everything, numbers as Envoy's Struct prints them.
fn full() -> Value {
    json!({
        "role": "gateway",
        "defaults": {"first_token_timeout": "2.5s", "max_attempts": 4.0, "cooldown": "0s"},
        "providers": {
            "openai": {"dialect": "openai", "credential": {"env": "OPENAI_API_KEY"}, "data_collection": "deny"},
            "own": {
                "name": "Our servers", "cluster": "vllm-a", "dialect": "vllm", "host": "vllm.internal:8000",
                "path_prefix": "/v1/", "credential": {"env": "own_key"}, "auth_header": "X-Api-Key",
                "stream_options": false, "max_tokens": "max_tokens", "zdr": true,
            },
            "unused": {"dialect": "openrouter"},
        },
        "models": [
            {
                "id": "openai/gpt-4o", "name": "OpenAI: GPT-4o", "context_length": 128000.0,
                "max_completion_tokens": 16384, "input_modalities": ["text", "image"],
                "supported_parameters": ["tools", "seed"],
                "endpoints": [
                    {"provider": "openai", "model": "gpt-4o", "price": {"prompt": 2.5, "completion": 10, "input_cache_read": 1.25}},
                    {"provider": "own", "model": "gpt-oss", "price": {"prompt": "0.15", "completion": 6e-1, "request": 0.001},
                     "context_length": 8192, "supported_parameters": [], "quantization": "fp8"},
                ],
            },
            {
                "id": "openai/gpt-oss-20b:free",
                "endpoints": [{"provider": "own", "model": "gpt-oss", "price": {"prompt": 0, "completion": 0}}],
            },
        ],
        "rules": [
            {"name": "cheap", "match": {"model": "cheap*", "header": {"X-Team": "search"}, "key": "dem*", "path": "/api/*",
                "tools": true, "images": false, "prompt_tokens": {"min": 1.0, "max": 4000}},
                "select": {"from": ["*/*"], "require": ["tools", "images"], "sort": "price"}},
            {"match": {"images": true}, "split": [{"model": "openai/gpt-4o", "weight": 90}, {"model": "openai/gpt-oss-20b:free", "weight": 10}]},
            {"match": {"prompt_tokens": {"min": 5}}, "rename": "openai/gpt-4o"},
        ],
        "keys": [{"name": "demo", "sha256": DEMO_KEY_SHA256, "models": ["openai/*"]}],
    })
}

fn env(name: &str) -> Option<String> {
    match name {
        "OPENAI_API_KEY" => Some("sk-upstream".into()),
        "own_key" => Some("own-secret".into()),
        "AWS_ACCESS_KEY_ID" => Some("AKIDEXAMPLE".into()),
        "AWS_SECRET_ACCESS_KEY" => Some("aws-secret".into()),
        "AWS_SESSION_TOKEN" => Some("aws-session".into()),
        "GOOGLE_KEY" => Some(
            r#"{"type": "service_account", "client_email": "a@b", "private_key": "-----BEGIN PRIVATE KEY-----\nc2Vj\n-----END PRIVATE KEY-----"}"#.into(),
        ),
        "EMPTY" => Some(String::new()),
        "LINE_END" => Some("sk-upstream\n".into()),
        _ => None,
    }
}

fn parse(json: &Value) -> Result<Config, ConfigError> {
    Config::parse(json.to_string().as_bytes(), env)
}

fn gateway(json: &Value) -> Rc<Gateway> {
    match parse(json) {
        Ok(Config::Gateway(gateway)) => gateway,
        other => panic!("{other:?}"),
    }
}

/// The full configuration with one value replaced or added; `null` in an object counts as absent.
fn with(pointer: &str, value: Value) -> Value {
    let mut json = full();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    match json.pointer_mut(parent).unwrap() {
        Value::Array(list) => list[member.parse::<usize>().unwrap()] = value,
        object => object[member] = value,
    }
    json
}

#[track_caller]
fn refused(cases: &[(&str, Value, &str)]) {
    for (pointer, value, message) in cases {
        let error = parse(&with(pointer, value.clone())).expect_err(pointer);
        assert_eq!(format!("{}: {}", error.path, error.message), *message, "{pointer} = {value}");
    }
}

/// A provider of the dialect bedrock with these members.
fn bedrock(members: &Value) -> Value {
    let mut provider = json!({"dialect": "bedrock", "region": "eu-west-3"});
    provider.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    with("/providers/own", provider)
}

/// A provider of the dialect vertex with these members, that serves a model of each kind of name.
fn vertex(members: &Value) -> Value {
    let mut provider = json!({"dialect": "vertex", "project": "my-project", "region": "europe-west1"});
    provider.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    with("/providers/own", provider)
}

#[test]
fn other_filters_are_told_of_requests_only_where_that_is_asked_for() {
    assert!(!gateway(&full()).filter_state);
    assert!(gateway(&with("/filter_state", json!(true))).filter_state);
    let refused = parse(&with("/filter_state", json!("yes"))).unwrap_err().to_string();
    assert_eq!(refused, "filter_state: expected true or false, found a string");
    let refused = parse(&json!({"role": "attempt", "filter_state": true})).unwrap_err().to_string();
    assert!(refused.starts_with("filter_state: expected nothing but role: attempt"), "{refused}");
}

#[test]
fn the_attempt_role_stands_alone() {
    assert!(matches!(parse(&json!({"role": "attempt"})), Ok(Config::Attempt)));
    let error = parse(&json!({"role": "attempt", "models": []})).unwrap_err();
    let expected = "models: expected nothing but role: attempt, which gets the rest from the gateway";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn defaults_hold_where_nothing_is_written() {
    assert_eq!(*gateway(&with("/defaults", json!({}))).defaults, Defaults::default());
    assert_eq!(
        *gateway(&full()).defaults,
        Defaults { first_token_timeout: Duration::from_millis(2500), max_attempts: 4, cooldown: Duration::ZERO, ..Defaults::default() }
    );
}

#[test]
fn an_endpoint_takes_from_its_model_what_it_does_not_say() {
    let gateway = gateway(&full());
    let model = gateway.model("openai/gpt-4o").unwrap();
    assert_eq!((&*model.name, model.context_length), ("OpenAI: GPT-4o", Some(128_000)));
    let [first, second] = [&model.endpoints[0], &model.endpoints[1]];
    assert_eq!((&*first.catalogue_id, &*first.model), ("openai/gpt-4o", "gpt-4o"));
    assert_eq!((first.context_length, second.context_length), (Some(128_000), Some(8192)));
    assert_eq!(second.max_completion_tokens, Some(16_384));
    assert_eq!((first.quantization, second.quantization), (None, Some("fp8")));
    assert!(first.supports("tools") && !first.supports("logprobs") && !second.supports("tools"));
    assert!(first.input_modalities.contains(Modality::Image));
    assert!(!first.input_modalities.contains(Modality::Audio));
    assert_eq!(gateway.endpoints().map(|endpoint| endpoint.id.0).collect::<Vec<_>>(), [0, 1, 2]);

    let free = gateway.model("openai/gpt-oss-20b:free").unwrap();
    assert_eq!(&*free.name, "openai/gpt-oss-20b:free");
    assert!(free.endpoints[0].supports("tools"));
    assert!(free.endpoints[0].input_modalities.contains(Modality::Video));
    assert!(gateway.model("openai/gpt-oss-20b").is_none());
}

#[test]
fn prices_not_written_follow_those_that_are() {
    let gateway = gateway(&full());
    let price = gateway.model("openai/gpt-4o").unwrap().endpoints[0].price;
    assert_eq!(price.input_cache_read.get(), 1_250_000_000);
    assert_eq!(price.input_cache_write, price.prompt);
    assert_eq!(price.internal_reasoning, price.completion);
    let price = gateway.model("openai/gpt-4o").unwrap().endpoints[1].price;
    assert_eq!((price.prompt.get(), price.completion.get()), (150_000_000, 600_000_000));
    assert_eq!(price.request.get(), 1_000_000_000_000);

    let written = json!({"prompt": 3, "completion": 15, "input_cache_write": 3.75});
    let gateway = super::tests::gateway(&with("/models/0/endpoints/0/price", written));
    let price = gateway.model("openai/gpt-4o").unwrap().endpoints[0].price;
    assert_eq!(price.input_cache_write_1h.get(), 3_750_000_000);
}

#[test]
fn a_reported_cost_counts_where_the_dialect_has_one() {
    let usage = crate::usage::Usage { input: 1_000_000, reported_cost: Some(NanoUsd::new(7)), ..Default::default() };
    let of = |provider: &str| {
        let json = with("/models/0/endpoints/0/provider", json!(provider));
        gateway(&json).model("openai/gpt-4o").unwrap().endpoints[0].cost(&usage, "").total.get()
    };
    assert_eq!((of("openai"), of("unused")), (2_500_000_000, 7));
}

#[test]
fn what_is_no_configuration_is_refused() {
    for (json, message) in [
        ("", "configuration: expected an object with role and more, found nothing"),
        (" \n", "configuration: expected an object with role and more, found nothing"),
        ("[]", "configuration: expected an object with role and more, found a list"),
        ("\"sk-1\"", "configuration: expected an object with role and more, found something else"),
        ("null", "configuration: expected an object with role and more, found something else"),
        ("{\"role\":", "configuration: expected JSON: EOF while parsing a value at line 1 column 8"),
        ("{\"role\":\"attempt\"} x", "configuration: expected JSON: trailing characters at line 1 column 20"),
        ("{\"role\":\"attempt\",\"role\":\"attempt\"}", "role: given twice"),
        ("{}", "role: missing, and required: gateway or attempt"),
        ("{\"role\":null}", "role: missing, and required: gateway or attempt"),
        ("{\"role\":\"router\"}", "role: expected one of gateway, attempt, found \"router\""),
        ("{\"role\":5}", "role: expected a string, found 5"),
    ] {
        let error = Config::parse(json.as_bytes(), env).expect_err(json);
        assert!(error.to_string().starts_with(message), "{error}");
    }
    assert!(Config::parse(b"{\"role\":\"\xff\"}", env).is_err());
    assert!(Config::parse("[".repeat(100_000).as_bytes(), env).is_err());
    let deep = format!("{{\"rules\":{}", "[".repeat(100_000));
    assert!(Config::parse(deep.as_bytes(), env).is_err());
}

#[test]
fn mistakes_in_defaults_are_refused() {
    let timeouts = "expected a duration from 1ms to 24h, such as 30s, 500ms or 10m";
    let attempts = "defaults.max_attempts: expected a whole number from 1 to 100";
    refused(&[
        ("/defaults", json!([]), "defaults: expected an object, found a list"),
        ("/defaults", json!("30s"), "defaults: expected an object, found a string"),
        ("/defaults/first_token_timeout", json!(30), &format!("defaults.first_token_timeout: {timeouts}, found 30")),
        ("/defaults/first_token_timeout", json!("30"), &format!("defaults.first_token_timeout: {timeouts}, found \"30\"")),
        ("/defaults/response_timeout", json!("0s"), &format!("defaults.response_timeout: {timeouts}, found \"0s\"")),
        ("/defaults/response_timeout", json!({}), &format!("defaults.response_timeout: {timeouts}, found an object")),
        (
            "/defaults/cooldown",
            json!("61m"),
            "defaults.cooldown: expected a duration from 0ns to 1h, such as 30s, 500ms or 10m, found \"61m\"",
        ),
        ("/defaults/max_attempts", json!(0), &format!("{attempts}, found 0")),
        ("/defaults/max_attempts", json!(1.5), &format!("{attempts}, found 1.5")),
        ("/defaults/max_attempts", json!(-1), &format!("{attempts}, found -1")),
        ("/defaults/max_attempts", json!(1e300), &format!("{attempts}, found 1e+300")),
        ("/defaults/max_attempts", json!("5"), &format!("{attempts}, found a string")),
        ("/defaults/max_attempts", json!(true), &format!("{attempts}, found true")),
        ("/defaults/max_request_bytes", json!(0), "defaults.max_request_bytes: expected a whole number from 1 to 1073741824, found 0"),
        ("/defaults/generations", json!(-1), "defaults.generations: expected a whole number from 0 to 100000, found -1"),
        (
            "/defaults/max_retries",
            json!(5),
            "defaults.max_retries: unknown field, expected one of `first_token_timeout`, `response_timeout`, `max_attempts`, `max_request_bytes`, `max_response_bytes`, `max_event_bytes`, `max_models`, `cooldown`, `generations`, `auto_exacto`, `reservation_timeout`, `reserved_completion_tokens`",
        ),
    ]);
}

#[test]
fn c8_mistakes_in_prices_are_refused() {
    let per_million = "expected a number from 0 to 10000 (USD per million tokens)";
    let prompt = "/models/0/endpoints/1/price/prompt";
    refused(&[
        ("/models/0/endpoints/1/price", json!({"prompt": 1}), "models[0].endpoints[1].price.completion: missing, and required"),
        ("/models/0/endpoints/1/price", json!(5), "models[0].endpoints[1].price: expected an object, found 5"),
        (prompt, json!(150000), &format!("models[0].endpoints[1].price.prompt: {per_million}, found 150000")),
        (prompt, json!(-0.5), &format!("models[0].endpoints[1].price.prompt: {per_million}, found -0.5")),
        (prompt, json!("150000"), &format!("models[0].endpoints[1].price.prompt: {per_million}, found 150000")),
        (prompt, json!("free"), &format!("models[0].endpoints[1].price.prompt: {per_million}, found a string")),
        (prompt, json!(null), &format!("models[0].endpoints[1].price.prompt: {per_million}, found null")),
        (prompt, json!([1]), &format!("models[0].endpoints[1].price.prompt: {per_million}, found a list")),
        (prompt, json!(1.23e-10), "models[0].endpoints[1].price.prompt: expected fewer decimals (USD per million tokens), found 1.23e-10"),
        (
            "/models/0/endpoints/1/price/request",
            json!(10001),
            "models[0].endpoints[1].price.request: expected a number from 0 to 10000 (USD per request), found 10001",
        ),
        (
            "/models/0/endpoints/1/price/input_cache_read",
            json!(1e5),
            &format!("models[0].endpoints[1].price.input_cache_read: {per_million}, found 100000.0"),
        ),
        (
            "/models/0/endpoints/1/price/output",
            json!(1),
            "models[0].endpoints[1].price.output: unknown field, expected one of `prompt`, `completion`, `request`, `input_cache_read`, `input_cache_write`, `input_cache_write_1h`, `internal_reasoning`, `audio`, `audio_output`, `image_output`",
        ),
    ]);
}

#[test]
fn no_debug_output_has_a_credential_or_a_whole_hash() {
    let printed = format!("{:?}", gateway(&full()));
    assert!(printed.contains("[redacted]"));
    for secret in ["sk-upstream", "own-secret", DEMO_KEY_SHA256] {
        assert!(!printed.contains(secret));
    }
}

#[test]
fn a_truncated_or_damaged_configuration_never_panics() {
    let json = full().to_string().into_bytes();
    for at in 0..json.len() {
        assert!(Config::parse(&json[..at], env).is_err());
        let mut damaged = json.clone();
        damaged[at] ^= 0x11;
        let _ = Config::parse(&damaged, env);
    }
}

#[test]
fn a_tier_makes_an_endpoint_of_its_own() {
    let mut json = full();
    let mut flex = json["models"][0]["endpoints"][0].clone();
    flex["service_tier"] = "flex".into();
    json["models"][0]["endpoints"].as_array_mut().unwrap().push(flex);
    json["models"][0]["distillable"] = true.into();
    let gateway = gateway(&json);
    let endpoints = &gateway.models[0].endpoints;
    let (usual, flex) = (&endpoints[0], endpoints.last().unwrap());
    assert_eq!(*flex.tag, format!("{}/flex", usual.provider.slug));
    assert_eq!((&*usual.tag, usual.is_tiered, usual.is_distillable), (&*usual.provider.slug, true, true));
    assert!(!gateway.models[1].endpoints[0].is_tiered && !gateway.models[1].endpoints[0].is_distillable);
    refused(&[(
        "/models/0/endpoints/0/service_tier",
        json!("fast"),
        "models[0].endpoints[0].service_tier: expected one of flex, priority, found \"fast\"",
    )]);
}

#[test]
fn the_auto_router_has_candidates_of_the_catalogue() {
    let ids = |json: &Value| gateway(json).auto_router.models.iter().map(|model| model.id.to_string()).collect::<Vec<_>>();
    let all = full()["models"].as_array().unwrap().len();
    assert_eq!(ids(&full()).len(), all, "every model that answers in text");
    assert_eq!(ids(&with("/models/0/output_modalities", json!(["image"]))).len(), all - 1);
    let id = full()["models"][1]["id"].as_str().unwrap().to_owned();
    assert_eq!(ids(&with("/auto_router", json!({"models": [id], "cost_tier": "high"}))), [id]);
    refused(&[
        (
            "/auto_router",
            json!({"models": ["none/*"]}),
            "auto_router.models[0]: expected the id of a model or a pattern that matches one, found \"none/*\"",
        ),
        (
            "/auto_router",
            json!({"cost_tier": "dear"}),
            "auto_router.cost_tier: expected one of low, medium, high, xhigh, max, found \"dear\"",
        ),
        ("/auto_router", json!({"model": "x"}), "auto_router.model: unknown field, expected `models` or `cost_tier`"),
    ]);
}
