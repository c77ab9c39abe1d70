//! `GET /keys`: which keys are listed, and what of them.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn gateway_of(keys: &Value) -> std::rc::Rc<Gateway> {
    let configuration = serde_json::json!({
        "role": "gateway", "anonymous": true, "providers": {"p": {"dialect": "openai"}}, "keys": keys,
        "models": [{"id": "a/b", "endpoints": [{"provider": "p", "model": "b", "price": {"prompt": 1, "completion": 1}}]}],
    });
    let Ok(Config::Gateway(gateway)) = Config::parse(configuration.to_string().as_bytes(), |_| None) else { panic!() };
    gateway
}

fn hash(number: usize) -> String {
    format!("{number:064x}")
}

fn parsed(number: usize) -> Option<crate::secret::KeyHash> {
    crate::secret::KeyHash::parse(&hash(number)).ok()
}

/// A dollar by each key.
fn account(_: &crate::config::Key) -> Account {
    let mut account = Account::default();
    account.enter(NanoUsd::new(1_000_000_000), false, Day(20_777));
    account
}

fn names(gateway: &Gateway, query: &str) -> Vec<String> {
    let listed = json(&keys(gateway, KeysQuery::parse(query).unwrap(), &account, Millis(FRIDAY)));
    listed["data"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_key_is_told_with_every_member_that_clients_demand() {
    let gateway = gateway_of(&serde_json::json!([{"name": "prod", "sha256": hash(10), "expires_at": "2026-12-31T23:59:59+01:00"}]));
    let listed = json(&keys(&gateway, KeysQuery::default(), &account, Millis(FRIDAY)));
    let key = &listed["data"][0];
    Contract::read().assert_kept("GET /keys", &listed);
    assert_eq!((&key["hash"], &key["label"], &key["disabled"]), (&hash(10).into(), &"prod".into(), &false.into()));
    assert_eq!((&key["usage"], &key["byok_usage"], &key["workspace_id"]), (&1.into(), &0.into(), &"".into()));
    assert_eq!(key["expires_at"], "2026-12-31T22:59:59.000Z");
    assert_eq!(json(&key_of(&gateway, parsed(10), &account, Millis(FRIDAY)).unwrap())["data"], *key);
    for unknown in [None, parsed(11)] {
        let error = key_of(&gateway, unknown, &account, Millis(FRIDAY)).unwrap_err();
        assert_eq!(crate::error::Error::from(error).status(), 404);
    }
}

#[test]
fn management_keys_and_requests_without_a_key_are_not_listed_nor_disabled_keys_unless_asked_for() {
    let gateway = gateway_of(&serde_json::json!([
        {"name": "one", "sha256": hash(1)},
        {"name": "chief", "sha256": hash(2), "management": true},
        {"name": "off", "sha256": hash(3), "disabled": true},
        {"name": "two", "sha256": hash(4)},
    ]));
    assert_eq!(names(&gateway, ""), ["one", "two"]);
    assert_eq!(names(&gateway, "workspace_id=x&include_disabled=false&offset=1"), ["two"]);
    assert_eq!(names(&gateway, "include_disabled=true"), ["one", "off", "two"]);
    assert_eq!(names(&gateway, "offset=9"), [""; 0]);
    assert_eq!(json(&key_of(&gateway, parsed(3), &account, Millis(FRIDAY)).unwrap())["data"]["disabled"], true);
    assert!(key_of(&gateway, parsed(2), &account, Millis(FRIDAY)).is_err());
    for wrong in ["offset=-1", "offset=x", "offset=", "include_disabled=yes"] {
        assert!(KeysQuery::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_page_has_a_hundred() {
    let all: Vec<Value> = (0..250).map(|number| serde_json::json!({"name": format!("k{number}"), "sha256": hash(number)})).collect();
    let gateway = gateway_of(&all.into());
    assert_eq!(names(&gateway, "").len(), 100);
    let last = names(&gateway, "offset=200");
    assert_eq!((last.len(), &*last[0]), (50, "k200"));
}
