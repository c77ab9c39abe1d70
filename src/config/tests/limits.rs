//! What keys may spend, and how often they may ask.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::{calendar::Period, price::NanoUsd};

#[test]
fn a_key_has_the_limit_and_the_rates_that_are_written() {
    for (reset, expected) in [
        (json!("daily"), Some(Period::Day)),
        (json!("weekly"), Some(Period::Week)),
        (json!("monthly"), Some(Period::Month)),
        (json!("never"), None),
    ] {
        let gateway = gateway(&with("/keys/0/limit", json!({"usd": 0.5, "reset": reset})));
        let limit = gateway.keys()[0].limit.unwrap();
        assert_eq!((limit.usd, limit.reset), (NanoUsd::new(500_000_000), expected));
        assert!(gateway.keys()[0].is_metered());
    }
    let for_ever = gateway(&with("/keys/0/limit", json!({"usd": 50})));
    assert_eq!(for_ever.keys()[0].limit, Some(Limit { usd: NanoUsd::new(50_000_000_000), reset: None }));
    let mut json = with("/keys/0/requests_per_minute", json!(60));
    json["keys"][0]["requests_per_day"] = json!(1000.0);
    json["keys"][0]["tokens_per_minute"] = json!(1_000_000);
    let key = gateway(&json).keys()[0].clone();
    assert_eq!(key.rates, Rates { requests_per_minute: Some(60), requests_per_day: Some(1000), tokens_per_minute: Some(1_000_000) });
    assert!(key.is_metered() && key.limit.is_none() && !key.include_byok_in_limit);
    assert!(!gateway(&full()).keys()[0].is_metered());
}

/// Envoy makes a double of every number that is not in quotes, which has fewer digits than money.
#[test]
fn an_amount_may_be_a_text_and_is_then_taken_digit_by_digit() {
    for (text, nanos) in [("50", 50_000_000_000), ("999999.123456789", 999_999_123_456_789), ("0", 0)] {
        let gateway = gateway(&with("/keys/0/limit", json!({"usd": text})));
        assert_eq!(gateway.keys()[0].limit.unwrap().usd, NanoUsd::new(nanos), "{text}");
    }
    let refusal = "keys[0].limit.usd: expected a number from 0 to 1000000 (USD), found a string";
    for text in ["", " 5", "5 USD", "$5", "5,000", "-1", "1e400", "NaN", "\"5\""] {
        refused(&[("/keys/0/limit", json!({"usd": text}), refusal)]);
    }
}

#[test]
fn free_models_are_openrouters_share_unless_it_is_said_otherwise() {
    let free = |json: &Value| gateway(json).free_models;
    assert_eq!(free(&full()), FreeModels { requests_per_minute: Some(20), requests_per_day: Some(1000) });
    let written = with("/free_models", json!({"requests_per_minute": "unlimited", "requests_per_day": 0}));
    assert_eq!(free(&written), FreeModels { requests_per_minute: None, requests_per_day: Some(0) });
}

#[test]
fn mistakes_in_limits_are_refused() {
    let rate = "expected a whole number from 1 to 1000000000000";
    refused(&[
        ("/keys/0/limit", json!(50), "keys[0].limit: expected an object, found 50"),
        ("/keys/0/limit", json!({"reset": "daily"}), "keys[0].limit.usd: missing, and required"),
        ("/keys/0/limit", json!({"usd": -1}), "keys[0].limit.usd: expected a number from 0 to 1000000 (USD), found -1"),
        ("/keys/0/limit", json!({"usd": 1_000_001}), "keys[0].limit.usd: expected a number from 0 to 1000000 (USD), found 1000001"),
        ("/keys/0/limit", json!({"usd": "much"}), "keys[0].limit.usd: expected a number from 0 to 1000000 (USD), found a string"),
        ("/keys/0/limit", json!({"usd": "0.0000000001"}), "keys[0].limit.usd: expected at most nine decimals (USD)"),
        (
            "/keys/0/limit",
            json!({"usd": 1, "reset": "hourly"}),
            "keys[0].limit.reset: expected one of daily, weekly, monthly, never, found \"hourly\"",
        ),
        ("/keys/0/limit", json!({"usd": 1, "per": 1}), "keys[0].limit.per: unknown field, expected `usd` or `reset`"),
        ("/keys/0/requests_per_minute", json!(0), &format!("keys[0].requests_per_minute: {rate}, found 0")),
        ("/keys/0/requests_per_day", json!("10"), &format!("keys[0].requests_per_day: {rate}, found a string")),
        ("/keys/0/tokens_per_minute", json!(1.5), &format!("keys[0].tokens_per_minute: {rate}, found 1.5")),
        (
            "/keys/0",
            json!({"name": "demo", "sha256": DEMO_KEY_SHA256, "management": true, "requests_per_day": 5}),
            "keys[0].requests_per_day: expected no such member: a management key is not for completions",
        ),
        (
            "/free_models",
            json!({"requests_per_day": "many"}),
            "free_models.requests_per_day: expected a whole number, or unlimited, found a string",
        ),
        (
            "/free_models",
            json!({"requests_per_minute": -1}),
            "free_models.requests_per_minute: expected a whole number, or unlimited, found -1",
        ),
        (
            "/defaults/reservation_timeout",
            json!("10ms"),
            "defaults.reservation_timeout: expected a duration from 1s to 24h, such as 30s, 500ms or 10m, found \"10ms\"",
        ),
        (
            "/defaults/reserved_completion_tokens",
            json!(0),
            "defaults.reserved_completion_tokens: expected a whole number from 1 to 10000000, found 0",
        ),
    ]);
}
