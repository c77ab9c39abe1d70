//! Endpoints of tiers of their own: who gets in, and who does not.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// Alpha has all three tiers, beta has the usual one.
fn tiered(model: &str) -> Asked {
    let mut asked = ask(model);
    let endpoint = |provider: &str, tier: Value, price: f64| {
        let mut endpoint = json!({"provider": provider, "model": "m", "price": {"prompt": price, "completion": price}});
        if !tier.is_null() {
            endpoint["service_tier"] = tier;
        }
        endpoint
    };
    let endpoints = json!([
        endpoint("alpha", "flex".into(), 0.5),
        endpoint("alpha", Value::Null, 1.0),
        endpoint("alpha", "priority".into(), 2.0),
        endpoint("beta", Value::Null, 3.0),
    ]);
    asked.configuration["models"].as_array_mut().unwrap().push(json!({"id": "acme/tiers", "endpoints": endpoints}));
    asked
}

fn plan(model: &str, more: Value) -> Vec<String> {
    let mut asked = tiered(model);
    asked.body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    asked.plan().into_iter().map(|endpoint| endpoint.replace("acme/tiers@", "")).collect()
}

#[test]
fn a_tier_is_used_where_it_is_asked_for() {
    let by_price = |more: Value| {
        let mut body = json!({"provider": {"sort": "price"}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        plan("acme/tiers", body)
    };
    for usual in [json!({}), json!({"service_tier": "auto"}), json!({"service_tier": "default"}), json!({"service_tier": null})] {
        assert_eq!(by_price(usual.clone()), ["alpha", "beta"], "{usual}");
    }
    assert_eq!(by_price(json!({"service_tier": "flex"})), ["alpha/flex"], "and nothing else");
    for priority in ["priority", "fast"] {
        assert_eq!(by_price(json!({"service_tier": priority})), ["alpha/priority", "alpha", "beta"], "{priority}");
    }
    assert_eq!(ask("acme/two").with("service_tier", "flex".into()).plan().len(), 2, "where there are none, it is the provider's affair");
}

#[test]
fn a_variant_lets_a_tier_in_but_for_an_order() {
    assert_eq!(plan("acme/tiers:floor", json!({})), ["alpha/flex", "alpha", "beta"]);
    let mut nitro = plan("acme/tiers:nitro", json!({}));
    nitro.sort();
    assert_eq!(nitro, ["alpha", "alpha/priority", "beta"]);
    assert_eq!(plan("acme/tiers:floor", json!({"provider": {"order": ["beta"]}})), ["beta", "alpha"]);
    assert_eq!(plan("acme/tiers", json!({"provider": {"sort": "price"}})), ["alpha", "beta"], "a sort alone does not");
}

#[test]
fn a_tier_is_named_in_full() {
    assert_eq!(plan("acme/tiers", json!({"provider": {"only": ["alpha"]}})), ["alpha"]);
    assert_eq!(plan("acme/tiers", json!({"provider": {"only": ["alpha/priority"]}})), ["alpha/priority"]);
    assert_eq!(plan("acme/tiers", json!({"provider": {"order": ["alpha/flex", "beta"]}})), ["alpha/flex", "beta", "alpha"]);
    assert_eq!(plan("acme/tiers", json!({"provider": {"only": ["alpha/flex", "Alpha AI"], "sort": "price"}})), ["alpha/flex", "alpha"]);
}
