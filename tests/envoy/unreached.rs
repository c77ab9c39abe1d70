//! A cluster without a host, or without room: Envoy asks nobody else by itself then, so the requests after that one have to go elsewhere.

use serde_json::{Value, json};

use super::{client::Response, gateway::Gateway, setup::Setup, wire};

/// What DNS that fails from the start comes to.
fn without_hosts(bootstrap: &mut Value) {
    cluster(bootstrap)["load_assignment"]["endpoints"] = json!([]);
}

fn without_room(bootstrap: &mut Value) {
    cluster(bootstrap)["circuit_breakers"]["thresholds"] = json!([{"max_connections": 0, "max_pending_requests": 0, "max_requests": 0}]);
}

fn cluster(bootstrap: &mut Value) -> &mut Value {
    let clusters = bootstrap["static_resources"]["clusters"].as_array_mut().unwrap();
    clusters.iter_mut().find(|cluster| cluster["name"] == "gone").unwrap()
}

fn start(patch: fn(&mut Value)) -> Gateway {
    let setup = Setup::new().providers(&["down", "gone", "well"]).models(&["t/first"], &["gone", "well"]);
    let gateway = Gateway::start(setup.models(&["t/midway"], &["down", "gone", "well"]).patched(patch));
    for model in ["first", "midway"] {
        gateway.provider("down").answers(model, super::reply::Reply::error(500, "no"));
        gateway.provider("well").answers(model, wire::completion("well"));
    }
    gateway
}

fn ask(gateway: &Gateway, model: &str, order: &[&str]) -> Response {
    gateway.send(&super::client::Request::ask(model, json!({"provider": {"order": order}})))
}

/// `error_type` and the log's words are those of what is wrong.
fn assert_unreached(patch: fn(&mut Value), error_type: &str, words: &str) {
    let gateway = start(patch);
    // Midway the attempts before it are told with it.
    let midway = ask(&gateway, "t/midway", &["down", "gone"]);
    midway.error(503);
    let error = &midway.json()["error"];
    assert_eq!((&error["metadata"]["error_type"], &error["metadata"]["provider_name"]), (&json!(error_type), &json!("gone")), "{error:#}");
    assert_eq!(error["metadata"]["previous_errors"][0]["provider"], "down", "{error:#}");
    gateway.assert_logged(&format!("signalbox: the cluster gone {words}"));
    assert!(!gateway.log().contains("asked no provider"), "the route is not to blame");
    // It is in trouble from then on, and asked last.
    ask(&gateway, "t/first", &["gone"]).error(503);
    for _ in 0..5 {
        assert_eq!(gateway.ask("t/first").content(), "well");
    }
    let labels = [("gen_ai_provider_name", "gone"), ("outcome", "failed")];
    gateway.assert_counts("signalbox_attempts_total", &labels, 2);
    gateway.assert_counts("signalbox_failures_total", &[("error_type", error_type)], 2);
}

#[test]
fn a_cluster_without_a_host_is_avoided_after_one_request() {
    assert_unreached(without_hosts, "provider_unavailable", "has no host");
}

#[test]
fn a_cluster_without_room_is_avoided_for_a_moment() {
    assert_unreached(without_room, "provider_overloaded", "has no room");
}
