//! The operator's rules choose the model; the first that matches wins.

use serde_json::{Value, json};

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let priced = |id: &str, price: f64, parameters: Value, modalities: Value| {
        let endpoint = json!({"provider": "first", "model": id.replace("t/", ""), "price": {"prompt": price, "completion": price}});
        json!({"id": id, "supported_parameters": parameters, "input_modalities": modalities, "endpoints": [endpoint]})
    };
    let rules = json!([
        {"match": {"model": "by-key", "key": "team-*"}, "rename": "t/two"},
        {"match": {"model": "by-key"}, "rename": "t/one"},
        {"match": {"header": {"x-team": "search"}}, "rename": "t/two"},
        {"match": {"path": "/v1/*", "model": "by-path"}, "rename": "t/two"},
        {"match": {"model": "by-path"}, "rename": "t/one"},
        {"match": {"model": "by-tools", "tools": true}, "rename": "t/two"},
        {"match": {"model": "by-tools", "tools": false}, "rename": "t/one"},
        {"match": {"model": "by-images", "images": true}, "rename": "t/two"},
        {"match": {"model": "by-images"}, "rename": "t/one"},
        {"match": {"model": "by-size", "prompt_tokens": {"min": 1000}}, "rename": "t/two"},
        {"match": {"model": "by-size", "prompt_tokens": {"max": 999}}, "rename": "t/one"},
        {"match": {"model": "old-*"}, "rename": "t/two"},
        {"match": {"model": "old-model"}, "rename": "t/one"},
        {"name": "canary", "match": {"model": "split"}, "split": [{"model": "t/one", "weight": 80}, {"model": "t/two", "weight": 20}]},
        {"match": {"model": "cheap"}, "select": {"from": ["t/s-*"], "sort": "price"}},
        {"match": {"model": "cheap-tools"}, "select": {"from": ["t/s-*"], "require": ["tools"], "sort": "price"}},
        {"match": {"model": "cheap-images"}, "select": {"from": ["t/s-*"], "require": ["tools", "images"], "sort": "price"}},
    ]);
    let setup = Setup::new()
        .providers(&["first"])
        .models(&["t/one", "t/two"], &["first"])
        .model(priced("t/s-images", 3.0, json!(["tools"]), json!(["text", "image"])))
        .model(priced("t/s-tools", 2.0, json!(["tools"]), json!(["text"])))
        .model(priced("t/s-plain", 1.0, json!([]), json!(["text"])))
        // printf %s sk-or-v1-team | sha256sum
        .key(json!({"name": "team-search", "sha256": "748ce1d2567e58c10ffdfc4fa1c9ff1d1a2883cb7df8b486a36121ce9f9aaa22"}))
        .with("rules", rules);
    let gateway = Gateway::start(setup);
    for model in ["one", "two", "s-images", "s-tools", "s-plain"] {
        gateway.provider("first").answers(model, wire::completion(model));
    }
    gateway
});

fn serves(gateway: &Gateway, request: &Request) -> String {
    gateway.send(request).content()
}

#[test]
fn a_rule_matches_the_model_by_glob_and_the_first_wins() {
    let gateway = Use::of(&GATEWAY);
    assert_eq!(serves(&gateway, &Request::ask("old-model", json!({}))), "two");
    assert_eq!(serves(&gateway, &Request::ask("old-", json!({}))), "two");
    assert_eq!(serves(&gateway, &Request::ask("t/one", json!({}))), "one");
    assert_eq!(gateway.ask("old-model").json()["model"], "t/two");
    assert_eq!(gateway.ask("older").status, 404);
}

#[test]
fn a_rule_matches_header_key_and_path() {
    let gateway = Use::of(&GATEWAY);
    let one = Request::ask("t/one", json!({}));
    assert_eq!(serves(&gateway, &one.clone().header("x-team", "search")), "two");
    assert_eq!(serves(&gateway, &one.header("x-team", "other")), "one");
    let by_key = Request::ask("by-key", json!({}));
    assert_eq!(serves(&gateway, &by_key.clone().header("authorization", "Bearer sk-or-v1-team")), "two");
    assert_eq!(serves(&gateway, &by_key), "one");
    let by_path = Request::ask("by-path", json!({}));
    assert_eq!(serves(&gateway, &by_path.clone().path("/v1/chat/completions")), "two");
    assert_eq!(serves(&gateway, &by_path), "one");
}

#[test]
fn a_rule_matches_tools_images_and_the_size_of_the_prompt() {
    let gateway = Use::of(&GATEWAY);
    let tool = json!({"tools": [{"type": "function", "function": {"name": "f"}}]});
    assert_eq!(serves(&gateway, &Request::ask("by-tools", tool)), "two");
    assert_eq!(serves(&gateway, &Request::ask("by-tools", json!({}))), "one");
    assert_eq!(serves(&gateway, &Request::ask("by-tools", json!({"tools": []}))), "one");
    let image =
        json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]});
    assert_eq!(serves(&gateway, &Request::ask("by-images", image)), "two");
    assert_eq!(serves(&gateway, &Request::ask("by-images", json!({}))), "one");
    let long = json!({"messages": [{"role": "user", "content": "many words to read ".repeat(1000)}]});
    assert_eq!(serves(&gateway, &Request::ask("by-size", long)), "two");
    assert_eq!(serves(&gateway, &Request::ask("by-size", json!({}))), "one");
}

#[test]
fn a_split_follows_its_weights() {
    let gateway = Use::of(&GATEWAY);
    let two = (0..400).filter(|_| serves(&gateway, &Request::ask("split", json!({}))) == "two").count();
    // 80 expected; the bounds are five standard deviations away.
    assert!((40..=120).contains(&two), "{two} of 400");
}

#[test]
fn the_cheapest_that_meets_the_requirements_is_selected() {
    let gateway = Use::of(&GATEWAY);
    for _ in 0..5 {
        assert_eq!(serves(&gateway, &Request::ask("cheap", json!({}))), "s-plain");
        assert_eq!(serves(&gateway, &Request::ask("cheap-tools", json!({}))), "s-tools");
        assert_eq!(serves(&gateway, &Request::ask("cheap-images", json!({}))), "s-images");
    }
}
