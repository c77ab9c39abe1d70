//! Which rule a request matches, and what becomes of it.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// Whether a rule with these conditions is for the request.
fn matches(conditions: Value, asked: Asked) -> bool {
    let plan = asked.rules(json!([{"match": conditions, "rename": "acme/text"}])).plan();
    plan == ["acme/text@gamma"]
}

#[test]
fn the_first_rule_that_matches_wins() {
    let rules = json!([
        {"match": {"model": "none"}, "rename": "other/one"},
        {"match": {"model": "acme/*"}, "rename": "acme/text"},
        {"rename": "other/one"},
    ]);
    assert_eq!(ask("acme/two").rules(rules.clone()).plan(), ["acme/text@gamma"]);
    assert_eq!(ask("anything at all").rules(rules).plan(), ["other/one@alpha"]);
}

#[test]
fn each_condition_has_to_hold() {
    let team = || Asked { headers: vec![("x-other", b"1"), ("x-team", b"search-eu")], ..ask("acme/two") };
    let tools = || ask("acme/two").with("tools", json!([{}]));
    let image =
        || ask("acme/two").with("messages", json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]));
    // 400 bytes are 100 tokens.
    let long = || ask("acme/two").with("messages", json!([{"role": "user", "content": "x".repeat(400)}]));
    for (conditions, asked, expected) in [
        (json!({}), ask("acme/two"), true),
        (json!({"model": "acme/*"}), ask("acme/two"), true),
        (json!({"model": "acme/t*o"}), ask("acme/two"), true),
        (json!({"model": "acme/one"}), ask("acme/two"), false),
        (json!({"header": {"X-Team": "search*"}}), team(), true),
        (json!({"header": {"x-team": "search"}}), team(), false),
        (json!({"header": {"x-team": "*", "x-other": "2"}}), team(), false),
        (json!({"header": {"x-none": "*"}}), team(), false),
        (json!({"key": "team-*"}), ask("acme/two"), true),
        (json!({"key": "limited"}), ask("acme/two"), false),
        (json!({"path": "/api/*"}), ask("acme/two"), true),
        (json!({"path": "/v1/*"}), ask("acme/two"), false),
        (json!({"tools": true}), tools(), true),
        (json!({"tools": true}), ask("acme/two"), false),
        (json!({"tools": false}), tools(), false),
        (json!({"tools": false}), ask("acme/two").with("tools", json!([])), true),
        (json!({"images": false}), ask("acme/two"), true),
        (json!({"images": true}), ask("acme/two"), false),
        (json!({"prompt_tokens": {"min": 100, "max": 100}}), long(), true),
        (json!({"prompt_tokens": {"min": 101}}), long(), false),
        (json!({"prompt_tokens": {"max": 99}}), long(), false),
        (json!({"model": "acme/*", "tools": true, "path": "/api/*"}), tools(), true),
        (json!({"model": "acme/*", "tools": true, "path": "/v1/*"}), tools(), false),
    ] {
        assert_eq!(matches(conditions.clone(), asked), expected, "{conditions}");
    }
    let images = image().rules(json!([{"match": {"images": true}, "rename": "other/one"}]));
    assert_eq!(images.plan(), ["other/one@alpha"]);
}

#[test]
fn a_header_that_is_no_text_matches_nothing() {
    assert!(!matches(json!({"header": {"x-team": "*"}}), Asked { headers: vec![("x-team", b"\xff")], ..ask("acme/two") }));
}

#[test]
fn a_renamed_model_is_served_as_the_other() {
    assert_eq!(ask("gpt-4").rules(json!([{"rename": "acme/two"}])).endpoints(), ["acme/two@alpha", "acme/two@beta"]);
    // Preferences hold for it, and a refusal names what the client asked for.
    let only = |provider: &str| ask("gpt-4").rules(json!([{"rename": "acme/two"}])).preferring(json!({"only": [provider]}));
    assert_eq!(only("beta").plan(), ["acme/two@beta"]);
    assert!(only("gamma").refused().1.starts_with("No endpoints found for gpt-4:"), "{:?}", only("gamma").refused());
}

#[test]
fn a_split_goes_by_weight() {
    let rules = json!([{"split": [{"model": "acme/text", "weight": 70}, {"model": "other/one", "weight": 20}, {"model": "acme/all:free", "weight": 10}]}]);
    let counts = ask("x").rules(rules).first_choices(2000);
    for ((model, count), (expected, share)) in
        counts.iter().zip([("acme/all:free@gamma", 200), ("acme/text@gamma", 1400), ("other/one@alpha", 400)])
    {
        assert_eq!(model, expected);
        assert!(count.abs_diff(share) < 80, "{counts:?}");
    }
}

#[test]
fn a_select_tries_the_cheapest_endpoint_of_all_its_models_first() {
    let select = |select: Value| ask("cheap").rules(json!([{"select": select}]));
    for seed in 0..20 {
        let plan = Asked { seed, ..select(json!({"from": ["acme/all", "acme/two"]})) }.plan();
        assert_eq!(plan, ["acme/two@alpha", "acme/all@alpha", "acme/two@beta", "acme/all@beta"]);
    }
    assert_eq!(select(json!({"from": ["acme/text", "acme/t*"], "require": ["images"]})).plan(), ["acme/two@alpha", "acme/two@beta"]);
    let logged = select(json!({"from": ["*/*"]})).preferring(json!({"zdr": true}));
    assert_eq!(logged.plan(), ["acme/all:free@gamma", "acme/all@gamma", "acme/text@gamma"]);
}
