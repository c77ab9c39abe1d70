//! What each preference removes, and who is named when nothing is left.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn left(preferences: Value) -> Vec<String> {
    ask("acme/all").preferring(preferences).left()
}

fn refused(preferences: Value) -> String {
    let (status, message) = ask("acme/all").preferring(preferences).refused();
    assert_eq!(status, 404, "{message}");
    message
}

#[test]
fn each_filter_leaves_what_fits() {
    for (preferences, expected) in [
        (json!({}), &["alpha", "beta", "gamma"][..]),
        (json!({"only": ["beta", "none"]}), &["beta"]),
        (json!({"only": ["ALPHA ai", "Gamma"]}), &["alpha", "gamma"]),
        (json!({"ignore": ["alpha"]}), &["beta", "gamma"]),
        (json!({"ignore": ["none"]}), &["alpha", "beta", "gamma"]),
        (json!({"ignore": []}), &["alpha", "beta", "gamma"]),
        (json!({"order": ["beta", "gamma"], "allow_fallbacks": false}), &["beta", "gamma"]),
        (json!({"order": ["beta"], "allow_fallbacks": true}), &["alpha", "beta", "gamma"]),
        (json!({"data_collection": "deny"}), &["beta", "gamma"]),
        (json!({"data_collection": "allow"}), &["alpha", "beta", "gamma"]),
        (json!({"zdr": true}), &["gamma"]),
        (json!({"zdr": false}), &["alpha", "beta", "gamma"]),
        (json!({"quantizations": ["fp8"]}), &["alpha"]),
        (json!({"quantizations": ["MXFP4", "unknown"]}), &["beta", "gamma"]),
        (json!({"max_price": {"prompt": 2}}), &["alpha", "beta"]),
        (json!({"max_price": {"prompt": 9, "completion": "1.5"}}), &["alpha"]),
        (json!({"max_price": {}}), &["alpha", "beta", "gamma"]),
        (json!({"sort": {"partition": "none"}}), &["alpha", "beta", "gamma"]),
        (json!({"max_price": {"request": 0, "image": "0.01", "audio": 3}}), &["alpha", "beta", "gamma"]),
        (json!({"enforce_distillable_text": false}), &["alpha", "beta", "gamma"]),
        (json!({"only": ["alpha", "beta"], "data_collection": "deny"}), &["beta"]),
        (json!(null), &["alpha", "beta", "gamma"]),
    ] {
        assert_eq!(left(preferences.clone()), expected, "{preferences}");
    }
}

#[test]
fn a_wide_quantization_takes_its_kinds_in() {
    assert_eq!(left(json!({"quantizations": ["fp4"]})), ["beta"], "mxfp4 is a kind of fp4");
    assert_eq!(left(json!({"quantizations": ["fp8", "fp4"]})), ["alpha", "beta"]);
    for kind in ["mxfp8", "nvfp4", "p8", ""] {
        assert!(refused(json!({"quantizations": [kind]})).contains("quantizations"), "{kind}");
    }
}

#[test]
fn a_price_may_be_as_high_as_the_limit() {
    // 4.1 × 10⁹ is less than 4 100 000 000 where numbers are binary.
    for limit in [json!(4.1), json!("4.1"), json!(4.100000001)] {
        assert_eq!(ask("other/one").preferring(json!({"max_price": {"prompt": limit}})).plan(), ["other/one@alpha"]);
    }
    assert_eq!(ask("other/one").preferring(json!({"max_price": {"prompt": 4.099999999}})).refused().0, 404);
}

#[test]
fn the_filter_that_left_nothing_is_named() {
    for (preferences, reason) in [
        (json!({"only": ["none", "nobody"]}), "provider.only permits none, nobody only, it is served by alpha, beta, gamma"),
        (json!({"ignore": ["alpha", "beta", "gamma"]}), "provider.ignore excludes alpha, beta, gamma, it is served by alpha, beta, gamma"),
        (
            json!({"order": ["none"], "allow_fallbacks": false}),
            "provider.order names none and provider.allow_fallbacks is false, it is served by",
        ),
        (json!({"only": ["alpha"], "data_collection": "deny"}), "provider.data_collection is \"deny\", it is served by alpha"),
        (json!({"only": ["beta"], "zdr": true}), "provider.zdr is true, it is served by beta"),
        (json!({"enforce_distillable_text": true}), "provider.enforce_distillable_text is true, it is served by"),
        (json!({"quantizations": ["int4"]}), "provider.quantizations permits int4 only, it is served by"),
        (json!({"max_price": {"prompt": 0.5}}), "provider.max_price is lower than any price, it is served by"),
    ] {
        let message = refused(preferences);
        assert!(message.starts_with(&format!("No endpoints found for acme/all: {reason}")), "{message}");
    }
}

#[test]
fn what_the_messages_hold_has_to_be_taken() {
    for (kind, value, what) in [
        ("image_url", json!("https://a.test/x"), "image"),
        ("file", json!({"file_id": "file-abc"}), "file"),
        ("input_audio", json!({"data": "UklG", "format": "wav"}), "audio"),
        ("video_url", json!({"url": "https://a.test/x"}), "video"),
    ] {
        let messages = json!([{"role": "user", "content": [{"type": kind, kind: value}]}]);
        assert_eq!(ask("acme/all").with("messages", messages.clone()).left().len(), 3, "all is taken where nothing is said");
        let (status, message) = ask("acme/text").with("messages", messages).refused();
        assert_eq!(status, 404);
        assert!(message.contains(&format!("the messages have {what} input")), "{message}");
    }
}

#[test]
fn an_answer_of_the_wanted_length_has_to_be_possible() {
    let limited = |tokens: u64| ask("acme/all").with("max_tokens", tokens.into());
    assert_eq!(limited(100).left(), ["alpha", "beta", "gamma"]);
    assert_eq!(limited(101).left(), ["alpha", "gamma"]);
    let only = limited(101).preferring(json!({"only": ["beta"]})).refused();
    assert!(only.1.contains("max_tokens is 101"), "{}", only.1);
}

#[test]
fn tools_and_formats_are_preferred_and_nothing_else() {
    let tools = || ask("acme/all").with("tools", json!([{}]));
    assert_eq!(tools().left(), ["alpha", "beta"]);
    assert_eq!(tools().preferring(json!({"only": ["gamma"]})).left(), ["gamma"], "none supports them: asked anyway");
    let format = json!({"type": "json_object"});
    assert_eq!(ask("acme/all").with("response_format", format).left(), ["beta", "gamma"]);
    assert_eq!(ask("acme/all").with("seed", 7.into()).left(), ["alpha", "beta", "gamma"]);
}

#[test]
fn parameters_may_be_required() {
    let required = |member: &str, value: Value| ask("acme/all").with(member, value).preferring(json!({"require_parameters": true}));
    assert_eq!(required("temperature", 1.into()).left(), ["alpha", "beta", "gamma"]);
    assert_eq!(required("tools", json!([{}])).left(), ["alpha", "beta"]);
    assert_eq!(required("seed", 7.into()).left(), ["beta"]);
    assert_eq!(required("unheard_of", 7.into()).left(), ["beta"], "of which nothing is listed");
    let mut listed = required("unheard_of", 7.into());
    listed.configuration["models"][0]["endpoints"][0]["supported_parameters"] = json!(["unheard_of"]);
    assert_eq!(listed.left(), ["alpha", "beta"]);
    for (member, value) in [("user", json!("u")), ("metadata", json!({})), ("service_tier", json!("auto")), ("unheard_of", json!(null))] {
        assert_eq!(required(member, value).left(), ["alpha", "beta", "gamma"], "{member} is no parameter");
    }
    let both = required("seed", 7.into()).with("top_k", 1.into()).with("unheard_of", true.into());
    let only = both.preferring(json!({"require_parameters": true, "only": ["alpha", "gamma"]})).refused().1;
    assert!(
        only.contains("provider.require_parameters is true and the request has seed, top_k, unheard_of, it is served by alpha, gamma"),
        "{only}"
    );
}

#[test]
fn only_what_somebody_lacks_is_named() {
    let mut asked = ask("acme/all").with("temperature", 1.into()).with("stop", "x".into()).with("tools", json!([{}]));
    asked = asked.preferring(json!({"require_parameters": true, "only": ["alpha"]}));
    let message = asked.refused().1;
    assert!(message.contains("the request has stop, it is served by alpha"), "{message}");
    let both = asked.preferring(json!({"require_parameters": true, "only": ["alpha", "gamma"]})).refused().1;
    assert!(both.contains("the request has stop, tools, it is served by alpha, gamma"), "{both}");
}

#[test]
fn json_of_a_schema_is_best_asked_of_those_that_keep_to_one() {
    let format = |kind: &str| json!({"type": kind, "json_schema": {"name": "x", "schema": {"type": "object"}}});
    let listing = |first: Value, second: Value| {
        let mut asked = ask("acme/two").with("response_format", format("json_schema"));
        for (place, list) in [first, second].into_iter().enumerate() {
            asked.configuration["models"][1]["endpoints"][place]["supported_parameters"] = list;
        }
        asked
    };
    let (json, both, neither) = (json!(["response_format"]), json!(["response_format", "structured_outputs"]), json!(["seed"]));
    for preferences in [json!({}), json!({"require_parameters": true})] {
        let left = |first: &Value, second: &Value| listing(first.clone(), second.clone()).preferring(preferences.clone()).endpoints();
        assert_eq!(left(&json, &both), ["acme/two@alpha"], "{preferences}");
        assert_eq!(left(&json!(["structured_outputs"]), &json), ["acme/two@beta"], "{preferences}");
        assert_eq!(left(&json, &neither), ["acme/two@beta"], "{preferences}: nobody keeps to it, JSON comes nearest");
    }
    let object = listing(json, both).with("response_format", format("json_object"));
    assert_eq!(object.endpoints().len(), 2, "of which none is asked");
}

#[test]
fn a_price_of_a_request_counts_by_itself() {
    let mut asked = ask("acme/all");
    asked.configuration["models"][0]["endpoints"][0]["price"]["request"] = json!(0.01);
    asked.configuration["models"][0]["distillable"] = true.into();
    for (max, left) in [(json!(0.01), 3), (json!("0.0099"), 2), (json!(0), 2), (json!(null), 3)] {
        let Asked { configuration, .. } = &asked;
        let wish = Asked { configuration: configuration.clone(), ..ask("acme/all") };
        let wish = wish.preferring(json!({"max_price": {"request": max}, "enforce_distillable_text": true}));
        assert_eq!(wish.left().len(), left, "{max}");
    }
}

#[test]
fn a_base_slug_names_every_region_and_a_full_one_its_own() {
    let mut asked = ask("acme/all");
    let providers = &mut asked.configuration["providers"];
    providers["delta/us"] = json!({"name": "Delta", "dialect": "vllm", "host": "h"});
    providers["delta/eu"] = json!({"name": "Delta", "dialect": "vllm", "host": "h"});
    let endpoints = asked.configuration["models"][0]["endpoints"].as_array_mut().unwrap();
    for region in ["us", "eu"] {
        endpoints.push(json!({"provider": format!("delta/{region}"), "model": "m", "price": {"prompt": 5, "completion": 5}}));
    }
    let configuration = asked.configuration;
    let left = |preferences: Value| Asked { configuration: configuration.clone(), ..ask("acme/all") }.preferring(preferences).left();
    assert_eq!(left(json!({"only": ["delta"]})), ["delta/eu", "delta/us"]);
    assert_eq!(left(json!({"only": ["DELTA/eu"]})), ["delta/eu"]);
    assert_eq!(left(json!({"only": ["Delta"], "ignore": ["delta/us"]})), ["delta/eu"]);
    assert_eq!(left(json!({"order": ["delta/us"], "allow_fallbacks": false})), ["delta/us"]);
    assert_eq!(left(json!({"ignore": ["delta", "alpha"]})), ["beta", "gamma"]);
}
