//! An operator's mistake in Envoy's route must not send one provider's key to another.

use serde_json::{Value, json};

use super::{client::Request, gateway::Gateway, provider::Provider, reply::Reply, setup::Setup, wire};

const KEYS: [&str; 2] = ["sk-first-31aa", "sk-second-72bb"];

fn start(patch: fn(&mut Value)) -> Gateway {
    let setup = Setup::new()
        .provider(Provider::start("first"), json!({"credential": {"env": "FIRST_KEY"}}))
        .provider(Provider::start("second"), json!({"credential": {"env": "SECOND_KEY"}}))
        .env("FIRST_KEY", KEYS[0])
        .env("SECOND_KEY", KEYS[1])
        .models(&["t/m"], &["first", "second"])
        .patched(patch);
    let gateway = Gateway::start(setup);
    gateway.provider("first").answers("m", Reply::error(500, "no"));
    gateway.provider("second").answers("m", wire::completion("second"));
    gateway
}

fn route(bootstrap: &mut Value) -> &mut Value {
    let manager = &mut bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    &mut manager["route_config"]["virtual_hosts"][0]["routes"][0]["route"]
}

fn assert_keys_at_home(gateway: &Gateway) {
    for (name, foreign) in [("first", KEYS[1]), ("second", KEYS[0])] {
        for request in gateway.provider(name).received("m") {
            assert!(!request.head.contains(foreign), "{name} was sent another's key:\n{}", request.head);
        }
    }
}

#[test]
fn a_route_that_is_not_refreshed_takes_no_key_along() {
    let gateway = start(|bootstrap| route(bootstrap)["retry_policy"]["refresh_cluster_on_retry"] = false.into());
    let response = gateway.ask("t/m");
    assert_eq!(response.status, 500, "{}", response.text());
    response.error(response.status);
    assert_keys_at_home(&gateway);
}

#[test]
fn a_route_to_one_cluster_takes_no_key_along() {
    let gateway = start(|bootstrap| {
        let route = route(bootstrap).as_object_mut().unwrap();
        route.remove("inline_cluster_specifier_plugin");
        route["retry_policy"].as_object_mut().unwrap().remove("refresh_cluster_on_retry");
        route.insert("cluster".into(), "second".into());
    });
    let response = gateway.ask("t/m");
    response.error(response.status);
    let messages = gateway.send(&Request::ask("t/m", json!({"max_tokens": 9})).path("/api/v1/messages"));
    assert_eq!((messages.status, &messages.json()["error"]["type"]), (response.status, &json!("api_error")), "in Anthropic's shape");
    gateway.assert_logged("the route sends an attempt to another cluster");
    assert_keys_at_home(&gateway);
    assert!(gateway.provider("second").received("m").is_empty());
}

/// A cluster that the matcher does not know is Envoy's own 503.
#[test]
fn a_cluster_that_is_not_in_the_route_is_told() {
    let gateway = start(|bootstrap| {
        let specifier = &mut route(bootstrap)["inline_cluster_specifier_plugin"]["extension"]["typed_config"];
        specifier["cluster_matcher"]["matcher_tree"]["exact_match_map"]["map"].as_object_mut().unwrap().remove("first");
    });
    let response = gateway.ask("t/m");
    assert!(response.status >= 500, "{}", response.text());
    response.error(response.status);
}

#[test]
fn without_the_attempt_role_the_clients_key_stays_here() {
    let gateway = start(|bootstrap| {
        let manager = &mut bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
        let router = manager["http_filters"].as_array_mut().unwrap().last_mut().unwrap();
        router["typed_config"].as_object_mut().unwrap().remove("upstream_http_filters");
    });
    gateway.ask("t/m");
    for request in ["first", "second"].iter().flat_map(|name| gateway.provider(name).received("t/m")) {
        assert!(!request.head.contains(super::client::KEY), "the provider sees the client's key:\n{}", request.head);
    }
}
