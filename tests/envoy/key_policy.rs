//! What a key may do: until when, at which providers, and by which data policy.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    client::{Request, Response},
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    setup::Setup,
    wire,
};

/// A key `sk-NAME` with these members.
pub fn key(name: &str, members: Value) -> Value {
    let sha256: String = Sha256::digest(format!("sk-{name}")).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut key = json!({"name": name, "sha256": sha256});
    key.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    key
}

static GATEWAY: Shared = Shared::new(|| {
    let mut setup =
        Setup::new().providers(&["open", "mute"]).models(&["t/both", "t/frail"], &["open", "mute"]).models(&["t/one"], &["open"]);
    setup.configuration["providers"]["mute"]["zdr"] = json!(true);
    setup.configuration["providers"]["mute"]["data_collection"] = json!("deny");
    let setup = setup
        .key(key("off", json!({"disabled": true})))
        .key(key("old", json!({"expires_at": "2026-01-01T00:00:00+01:00"})))
        .key(key("new", json!({"expires_at": "2999-12-31T23:59:59Z", "disabled": false})))
        .key(key("one", json!({"models": ["t/one"]})))
        .key(key("mute", json!({"providers": ["mu*"]})))
        .key(key("zdr", json!({"zdr": true})))
        .key(key("deny", json!({"data_collection": "deny"})));
    let gateway = Gateway::start(setup);
    for name in ["open", "mute"] {
        gateway.provider(name).answers("both", wire::completion(name));
        gateway.provider(name).answers("one", wire::completion(name));
    }
    gateway
});

fn by(request: Request, key: &str) -> Request {
    request.header("authorization", &format!("Bearer sk-{key}"))
}

fn ask(gateway: &Gateway, key: &str, model: &str, more: Value) -> Response {
    gateway.send(&by(Request::ask(model, more), key))
}

fn get(gateway: &Gateway, key: &str, path: &str) -> Response {
    gateway.send(&by(Request::new("GET", &format!("/api/v1{path}")), key))
}

fn rejections(gateway: &Gateway, key: &str, reason: &str, expected: u64) {
    gateway.assert_counts("signalbox_key_rejections_total", &[("signalbox_key", key), ("reason", reason)], expected);
}

#[test]
fn a_key_that_is_switched_off_or_over_opens_nothing() {
    let gateway = Use::of(&GATEWAY);
    for (key, message, reason) in [("off", "This API key is disabled", "disabled"), ("old", "This API key has expired", "expired")] {
        let refused = ask(&gateway, key, "t/one", json!({}));
        assert_eq!(refused.error(401), message);
        assert_eq!(refused.json()["error"]["metadata"]["error_type"], "authentication");
        assert_eq!(get(&gateway, key, "/key").error(401), message);
        assert_eq!(get(&gateway, key, "/models/user").error(401), message);
        let messages = by(Request::chat("{}").path("/api/v1/messages"), key);
        assert_eq!(gateway.send(&messages).json()["error"]["type"], "authentication_error");
        rejections(&gateway, key, reason, 4);
    }
    assert_eq!(ask(&gateway, "new", "t/one", json!({})).content(), "open");
    rejections(&gateway, "new", "expired", 0);
}

#[test]
fn a_key_uses_its_models_and_providers_alone() {
    let gateway = Use::of(&GATEWAY);
    assert!(ask(&gateway, "one", "t/both", json!({})).error(403).starts_with("This key may not use t/both"));
    rejections(&gateway, "one", "model", 1);
    assert_eq!(ask(&gateway, "mute", "t/both", json!({"provider": {"order": ["open"]}})).content(), "mute");
    let refused = ask(&gateway, "mute", "t/one", json!({}));
    assert_eq!(refused.error(403), "This key may not use t/one at open: its configuration allows mu* only");
    assert_eq!(refused.json()["error"]["metadata"]["error_type"], "permission_denied");
    rejections(&gateway, "mute", "provider", 1);
    // The provider that is allowed fails: nobody else is asked.
    gateway.provider("mute").answers("frail", Reply::error(500, "down"));
    ask(&gateway, "mute", "t/frail", json!({})).error(502);
    assert!(gateway.provider("open").received("frail").is_empty());
}

#[test]
fn a_data_policy_holds_whatever_the_request_says() {
    let gateway = Use::of(&GATEWAY);
    let lax = json!({"provider": {"zdr": false, "data_collection": "allow", "order": ["open"]}});
    for (key, policy) in [("zdr", "provider.zdr is true"), ("deny", "provider.data_collection is \"deny\"")] {
        assert_eq!(ask(&gateway, key, "t/both", lax.clone()).content(), "mute");
        let refused = ask(&gateway, key, "t/one", lax.clone());
        let expected = format!("No endpoints found for t/one: {policy} by the data policy of this key, it is served by open");
        assert_eq!(refused.error(404), expected);
        assert_eq!(refused.json()["error"]["availability"]["code"], "privacy_restricted");
    }
}

#[test]
fn a_key_is_shown_what_it_may_use() {
    let gateway = Use::of(&GATEWAY);
    let models = |key| {
        let models = get(&gateway, key, "/models/user").json();
        models["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!([models("new"), models("one")], [vec!["t/both", "t/frail", "t/one"], vec!["t/one"]]);
    assert_eq!([models("mute"), models("zdr"), models("deny")], [["t/both", "t/frail"]; 3]);
    let endpoints = |key| {
        let model = get(&gateway, key, "/models/t/both/endpoints").json();
        model["data"]["endpoints"].as_array().unwrap().iter().map(|at| at["tag"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!([endpoints("new"), endpoints("mute"), endpoints("zdr")], [vec!["open", "mute"], vec!["mute"], vec!["mute"]]);
    assert!(endpoints("one").is_empty());
}
