//! What a key may use.

use serde_json::json;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::error::KeyRejection;

/// A request of a key with these members.
fn with(model: &str, members: Value) -> Asked {
    let mut asked = Asked { key: 1, ..ask(model) };
    let key = &mut asked.configuration["keys"][1];
    *key = json!({"name": "limited", "sha256": "1".repeat(64)});
    key.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    asked
}

#[test]
fn a_key_uses_its_providers_alone() {
    assert_eq!(with("acme/all", json!({"providers": ["beta", "g*"]})).left(), ["beta", "gamma"]);
    assert_eq!(with("openrouter/auto", json!({"providers": ["gamma"], "models": ["acme/all"]})).endpoints(), ["acme/all@gamma"]);
    let asked = with("other/one", json!({"providers": ["beta", "g*"]}));
    assert_eq!(asked.refused(), (403, "This key may not use other/one at alpha: its configuration allows beta, g* only".into()));
    assert_eq!(KeyRejection::of(&asked.plan_with(&asked.gateway()).unwrap_err()), Some(KeyRejection::Provider));
    // What the request itself rules out is not the key's doing.
    let asked = with("acme/all", json!({"providers": ["alpha"]})).preferring(json!({"only": ["beta"]}));
    assert_eq!(asked.refused(), (404, "No endpoints found for acme/all: provider.only permits beta only, it is served by alpha".into()));
    // A model that cannot serve is passed over, as any other.
    let asked = with("other/one", json!({"providers": ["beta"]})).with("models", json!(["acme/two"]));
    assert_eq!(asked.endpoints(), ["acme/two@beta"]);
}

#[test]
fn a_model_that_is_not_the_keys_is_refused_whatever_its_providers() {
    let asked = with("other/one", json!({"models": ["acme/*"], "providers": ["beta"]}));
    assert_eq!(asked.refused().0, 403);
    assert_eq!(KeyRejection::of(&asked.plan_with(&asked.gateway()).unwrap_err()), Some(KeyRejection::Model));
}

#[test]
fn a_data_policy_holds_whatever_the_request_says() {
    let allow = json!({"data_collection": "allow", "zdr": false});
    assert_eq!(with("acme/all", json!({"data_collection": "deny"})).preferring(allow.clone()).left(), ["beta", "gamma"]);
    assert_eq!(with("acme/all", json!({"zdr": true})).preferring(allow.clone()).left(), ["gamma"]);
    assert_eq!(with("acme/all", json!({"zdr": false, "data_collection": "allow"})).left(), ["alpha", "beta", "gamma"]);
    assert_eq!(with("openrouter/auto", json!({"zdr": true, "models": ["acme/all"]})).endpoints(), ["acme/all@gamma"]);
    for (members, reason) in [
        (json!({"zdr": true}), "provider.zdr is true by the data policy of this key, it is served by alpha"),
        (json!({"data_collection": "deny"}), "provider.data_collection is \"deny\" by the data policy of this key, it is served by alpha"),
    ] {
        let asked = with("other/one", members).preferring(allow.clone());
        assert_eq!(asked.refused(), (404, format!("No endpoints found for other/one: {reason}")));
        let body: Value = serde_json::from_slice(&asked.plan_with(&asked.gateway()).unwrap_err().body()).unwrap();
        assert_eq!(body["error"]["availability"]["code"], "privacy_restricted");
    }
}
