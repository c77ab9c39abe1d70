//! The request's `provider` object and the `X-Provider` header choose and order the endpoints.

use serde_json::{Value, json};

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

/// `t/any` is at all three; only dear and cheap have a price near to each other, dear keeps no data.
static GATEWAY: Shared = Shared::new(|| {
    let at = |provider: &str, price: f64, more: Value| {
        let mut endpoint = json!({"provider": provider, "model": "any", "price": {"prompt": price, "completion": price}});
        endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        endpoint
    };
    let setup = Setup::new()
        .provider(Provider::start("cheap"), json!({"name": "Cheap AI", "data_collection": "allow"}))
        .provider(Provider::start("middle"), json!({"data_collection": "deny"}))
        .provider(Provider::start("dear"), json!({"data_collection": "deny", "zdr": true}))
        .model(json!({"id": "t/any", "endpoints": [
            at("dear", 4.0, json!({"supported_parameters": ["temperature", "top_k"], "quantization": "bf16"})),
            at("middle", 2.0, json!({"supported_parameters": ["temperature"]})),
            at("cheap", 1.0, json!({"supported_parameters": ["temperature"], "quantization": "fp8"})),
        ]}))
        .models(&["t/fail"], &["cheap", "middle", "dear"]);
    let gateway = Gateway::start(setup);
    for name in ["cheap", "middle", "dear"] {
        gateway.provider(name).answers("any", wire::completion("ok"));
        gateway.provider(name).answers("fail", Reply::error(500, name));
    }
    gateway
});

/// Which provider serves a request with these preferences.
fn served_by(gateway: &Gateway, preferences: Value) -> String {
    let response = gateway.send(&Request::ask("t/any", json!({"provider": preferences})));
    assert_eq!(response.status, 200, "{preferences}: {}", response.text());
    response.json()["provider"].as_str().unwrap().to_owned()
}

#[test]
fn order_is_followed() {
    let gateway = Use::of(&GATEWAY);
    for _ in 0..10 {
        assert_eq!(served_by(&gateway, json!({"order": ["dear", "cheap"]})), "dear");
        assert_eq!(served_by(&gateway, json!({"order": ["absent", "middle"]})), "middle");
        assert_eq!(served_by(&gateway, json!({"order": ["CHEAP AI"]})), "Cheap AI", "a display name in any case");
    }
    let body = json!({"provider": {"order": ["dear", "middle"]}});
    let error = gateway.send(&Request::ask("t/fail", body)).json()["error"].clone();
    assert_eq!(error["metadata"]["provider_name"], "Cheap AI", "the rest comes after the order: {error:#}");
}

#[test]
fn only_and_ignore_are_obeyed() {
    let gateway = Use::of(&GATEWAY);
    for _ in 0..10 {
        assert_eq!(served_by(&gateway, json!({"only": ["dear"]})), "dear");
        assert_eq!(served_by(&gateway, json!({"ignore": ["cheap", "middle"]})), "dear");
        assert_eq!(served_by(&gateway, json!({"only": ["dear", "middle"], "ignore": ["dear"]})), "middle");
    }
}

#[test]
fn the_cheapest_comes_first_when_sorted_by_price() {
    let gateway = Use::of(&GATEWAY);
    for _ in 0..10 {
        assert_eq!(served_by(&gateway, json!({"sort": "price"})), "Cheap AI");
        assert_eq!(served_by(&gateway, json!({"sort": {"by": "price"}})), "Cheap AI");
        assert_eq!(served_by(&gateway, json!({"sort": "price", "ignore": ["cheap"]})), "middle");
    }
}

/// Without preferences a price of 1, 2 and 4 is drawn with weights 16, 4 and 1.
#[test]
fn the_draw_prefers_low_prices_and_excludes_none() {
    let gateway = Use::of(&GATEWAY);
    let mut drawn = [0; 3];
    for _ in 0..210 {
        let provider = served_by(&gateway, Value::Null);
        drawn[["Cheap AI", "middle", "dear"].iter().position(|name| *name == provider).unwrap()] += 1;
    }
    // Expected 160, 40 and 10; each bound is four standard deviations away.
    assert!(drawn[0] > 135 && (17..=63).contains(&drawn[1]) && drawn[2] <= 23, "{drawn:?}");
}

#[test]
fn without_fallbacks_the_first_failure_is_the_answer() {
    let gateway = Use::of(&GATEWAY);
    let request = |preferences: Value| Request::ask("t/fail", json!({"provider": preferences}));
    let asked = |name: &str| gateway.provider(name).received("fail").len();
    let before = ["cheap", "middle", "dear"].map(asked);
    let error = gateway.send(&request(json!({"allow_fallbacks": false, "order": ["middle"]}))).json()["error"].clone();
    assert_eq!(error["metadata"]["provider_name"], "middle", "{error:#}");
    assert_eq!(["cheap", "middle", "dear"].map(asked), [before[0], before[1] + 1, before[2]]);
    gateway.send(&request(json!({"allow_fallbacks": false, "order": ["middle", "dear"]}))).error(502);
    assert_eq!(["cheap", "middle", "dear"].map(asked), [before[0], before[1] + 2, before[2] + 1], "the list, and nobody else");
}

#[test]
fn the_x_provider_header_is_the_same_object() {
    let gateway = Use::of(&GATEWAY);
    let ask = |header: &str| gateway.send(&Request::ask("t/any", json!({})).header("x-provider", header));
    for _ in 0..5 {
        assert_eq!(ask(r#"{"only": ["dear"]}"#).json()["provider"], "dear");
        assert_eq!(ask(r#"{"order":["middle"],"allow_fallbacks":false}"#).json()["provider"], "middle");
    }
    for wrong in ["dear", "{", "[]", r#"{"only": "dear"}"#] {
        let response = ask(wrong);
        assert_eq!(response.status, 400, "{wrong}: {}", response.text());
    }
    assert!(gateway.provider("dear").received("any").iter().all(|request| request.header("x-provider").is_none()));
}

#[test]
fn other_filters_are_hard() {
    let gateway = Use::of(&GATEWAY);
    for _ in 0..10 {
        assert_eq!(served_by(&gateway, json!({"zdr": true})), "dear");
        assert_ne!(served_by(&gateway, json!({"data_collection": "deny"})), "Cheap AI");
        assert_eq!(served_by(&gateway, json!({"max_price": {"prompt": 1}})), "Cheap AI");
        assert_eq!(served_by(&gateway, json!({"max_price": {"prompt": "1.5", "completion": "1.5"}})), "Cheap AI");
        assert_eq!(served_by(&gateway, json!({"quantizations": ["bf16"]})), "dear");
        let request = Request::ask("t/any", json!({"top_k": 3, "provider": {"require_parameters": true}}));
        assert_eq!(gateway.send(&request).json()["provider"], "dear");
    }
}

#[test]
fn a_404_names_the_filter_that_left_nobody() {
    let gateway = Use::of(&GATEWAY);
    for (preferences, name) in [
        (json!({"only": ["absent"]}), "only"),
        (json!({"ignore": ["cheap", "middle", "dear"]}), "ignore"),
        (json!({"only": ["cheap"], "zdr": true}), "zdr"),
        (json!({"only": ["cheap"], "data_collection": "deny"}), "data_collection"),
        (json!({"max_price": {"prompt": 0.1}}), "max_price"),
        (json!({"quantizations": ["int4"]}), "quantizations"),
        (json!({"order": ["absent"], "allow_fallbacks": false}), "order"),
    ] {
        let response = gateway.send(&Request::ask("t/any", json!({"provider": preferences})));
        let message = response.error(404);
        assert!(message.contains(name), "{preferences}: {message}");
    }
    let request = Request::ask("t/any", json!({"logit_bias": {"1": 2}, "provider": {"require_parameters": true}}));
    assert!(gateway.send(&request).error(404).contains("require_parameters"));
}

#[test]
fn a_wrong_provider_object_is_a_400() {
    let gateway = Use::of(&GATEWAY);
    for wrong in [json!("dear"), json!([]), json!(5), json!({"only": "dear"}), json!({"order": [1]}), json!({"allow_fallbacks": "no"})] {
        let response = gateway.send(&Request::ask("t/any", json!({"provider": wrong})));
        response.error(400);
    }
    assert!(!served_by(&gateway, json!({})).is_empty());
    for more in [json!({"a_preference_of_tomorrow": true}), json!({"sort": null})] {
        assert!(!served_by(&gateway, more).is_empty());
    }
    let soft =
        json!({"preferred_min_throughput": 50, "preferred_max_latency": {"p90": 2.5}, "enforce_distillable_text": null, "order": null});
    assert!(!served_by(&gateway, soft).is_empty());
}
