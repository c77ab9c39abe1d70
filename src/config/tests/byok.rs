//! Credentials of the client's own: where they come from, and what is refused in that.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn a_key_has_credentials_of_its_own_for_the_providers_that_it_names() {
    let mut json = full();
    json["keys"][0]["byok"] = json!({"openai": {"env": "own_key"}});
    let configured = gateway(&json);
    let [own] = &*configured.key(&KeyHash::of(b"test")).unwrap().byok else { panic!() };
    assert!(own.is_byok() && &*own.slug == "openai" && &*own.host == "api.openai.com");
    assert_eq!(own.credential.header_value().unwrap().expose(), "Bearer own-secret");
    assert!(own.credential.is_quoted_in("key own-secret is wrong") && !own.credential.is_quoted_in("sk-upstream"));
    assert!(!configured.models[0].endpoints[0].is_byok(), "the operator's stays what it is");
    assert!(!format!("{configured:?}").contains("own-secret"));
}

#[test]
fn it_is_sent_as_the_operators_would_be_and_as_a_bearer_token_where_that_is_more_than_a_text() {
    for (provider, value) in [
        (&full()["providers"]["own"], "sk"),
        (&full()["providers"]["openai"], "Bearer sk"),
        (
            &bedrock(&json!({"credential": {"aws": {"access_key_id": "own_key", "secret_access_key": "own_key"}}}))["providers"]["own"],
            "Bearer sk",
        ),
        (&vertex(&json!({"credential": {"metadata": true, "token_cluster": "x"}}))["providers"]["own"], "Bearer sk"),
    ] {
        let own = gateway(&with("/providers/own", provider.clone())).providers[1].with_own("sk".into());
        assert_eq!(own.credential.header_value().unwrap().expose(), value);
        assert!(own.is_ready(Millis(0)) && own.credential.tokens().is_none());
    }
}

#[test]
fn mistakes_about_credentials_of_the_clients_own_are_refused() {
    let free = "expected a header that means nothing else, such as x-openai-key";
    let source = "expected {env: NAME}, the name of an environment variable and nothing else";
    let at = "/providers/openai/byok_header";
    for name in ["Authorization", "x-api-key", "Cookie", "X-Envoy-Key", "x-signalbox-key", "content-key", "x-session-id", "host"] {
        refused(&[(at, json!(name), &format!("providers.openai.byok_header: {free}"))]);
    }
    refused(&[
        (at, json!("sk live"), "providers.openai.byok_header: expected the name of a header"),
        (at, json!({}), "providers.openai.byok_header: expected a string, found an object"),
        ("/keys/0/byok", json!("sk-live"), "keys[0].byok: expected an object, found a string"),
        (
            "/keys/0/byok",
            json!({"sk-live": {"env": "own_key"}}),
            "keys[0].byok: expected slugs of providers of this configuration as names",
        ),
        ("/keys/0/byok", json!({"openai": {}}), &format!("keys[0].byok.openai: {source}")),
        ("/keys/0/byok", json!({"openai": {"env": "own_key", "x": 1}}), &format!("keys[0].byok.openai: {source}")),
        (
            "/keys/0/byok",
            json!({"openai": {"env": "MISSING_KEY"}}),
            "keys[0].byok.openai.env: environment variable MISSING_KEY is not set (or not listed in vm_config.environment_variables.host_env_keys)",
        ),
    ]);
    let mut json = with(at, json!("X-Own-Key"));
    assert_eq!(gateway(&json).byok_providers[0].byok_header.as_deref(), Some("x-own-key"));
    json["providers"]["own"]["byok_header"] = json!("x-own-key");
    assert_eq!(parse(&json).unwrap_err().to_string(), "providers.own.byok_header: expected a header of its own, found that of openai");
}
