//! `GET /key`, `/credits` and `/activity`: what the keys have spent, summed over all workers.

use std::{sync::Mutex, thread, time::Duration};

use serde_json::{Value, json};

use super::{
    client::{self, Request},
    gateway::Gateway,
    reply::Reply,
    setup::Setup,
    wire,
};

const OTHER: &str = "Bearer sk-or-v1-limited";
const CHIEF: &str = "Bearer test";
const THREADS: usize = 8;
const EACH: usize = 25;

fn setup() -> Setup {
    Setup::new()
        .reloadable()
        .providers(&["first"])
        .priced("t/plain", "first", json!({"prompt": 0.123, "completion": 4.567}))
        .priced("t/stream", "first", json!({"prompt": 7.777, "completion": 1.001}))
        .priced("t/broken", "first", json!({"prompt": 1, "completion": 2}))
        .key(json!({"name": "other", "sha256": "38136dda9c1f861dd57a9a6d30e8138ba5c0c25b382e7bb0ec8f1576bd2cdf81"}))
        // printf %s test | sha256sum
        .key(json!({"name": "chief", "management": true, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}))
}

fn start() -> Gateway {
    let gateway = Gateway::start(setup());
    let first = gateway.provider("first");
    first.answers("plain", wire::completion("ok"));
    first.answers("stream", wire::stream(&["o", "k"]));
    first.answers("broken", Reply::error(500, "down"));
    gateway
}

fn get(path: &str, key: &str) -> Request {
    let request = Request::new("GET", &format!("/api/v1{path}"));
    if key.is_empty() { request } else { request.header("authorization", key) }
}

fn nanos(usd: &Value) -> u64 {
    (usd.as_f64().unwrap() * 1e9).round() as u64
}

fn usage(gateway: &Gateway, key: &str) -> u64 {
    let data = gateway.send(&get("/key", key)).json()["data"].clone();
    for window in ["usage_daily", "usage_weekly", "usage_monthly"] {
        // Unless the test runs over midnight.
        assert!(nanos(&data[window]) <= nanos(&data["usage"]), "{data:#}");
    }
    nanos(&data["usage"])
}

/// It is entered when the exchange is settled, which is a moment after its last byte.
fn assert_spent(gateway: &Gateway, key: &str, expected: u64) {
    let entered = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(20));
        usage(gateway, key) == expected
    });
    assert!(entered, "{} instead of {expected}", usage(gateway, key));
}

#[test]
fn what_a_key_has_spent_is_the_sum_of_its_answers_to_the_nano_usd() {
    let gateway = start();
    assert_eq!(usage(&gateway, ""), 0);
    let costs = Mutex::new([0, 0]);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (gateway, costs) = (&gateway, &costs);
            scope.spawn(move || {
                for n in 0..EACH {
                    let whose = usize::from(thread % 3 == 0);
                    let request = |model: &str, more: Value| {
                        let ask = Request::ask(model, more);
                        if whose == 0 { ask } else { ask.header("authorization", OTHER) }
                    };
                    let cost = match n % 5 {
                        0..3 => gateway.send(&request("t/plain", json!({}))).json()["usage"]["cost"].clone(),
                        3 => {
                            let events = gateway.open(&request("t/stream", json!({"stream": true}))).events();
                            client::usage(&client::chunks(&events))["cost"].clone()
                        }
                        _ => {
                            gateway.send(&request("t/broken", json!({}))).error(502);
                            json!(0)
                        }
                    };
                    costs.lock().unwrap()[whose] += nanos(&cost);
                }
            });
        }
    });
    let [ours, others] = costs.into_inner().unwrap();
    assert!(ours > 0 && others > 0 && ours != others);
    assert_spent(&gateway, "", ours);
    assert_spent(&gateway, OTHER, others);
    let credits = gateway.send(&get("/credits", CHIEF)).json();
    assert_eq!(nanos(&credits["data"]["total_usage"]), ours + others);
    assert_eq!(gateway.send(&get("/activity", CHIEF)).json(), json!({"data": []}), "today is not over");

    gateway.reload(&setup().models(&["t/new"], &["first"]).configuration);
    gateway.provider("first").answers("new", Reply::error(400, "new"));
    let taken = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        gateway.ask("t/new").status == 400
    });
    assert!(taken, "the new configuration never came:\n{}", gateway.log());
    assert_spent(&gateway, "", ours);
    assert_spent(&gateway, OTHER, others);
}

#[test]
fn a_management_key_sees_the_accounts_and_asks_no_model() {
    let gateway = start();
    for path in ["/credits", "/activity", "/activity?date=2026-01-01"] {
        assert_eq!(gateway.send(&get(path, "")).error(403), "Only management keys can perform this operation");
        gateway.send(&get(path, "Bearer wrong")).error(401);
    }
    gateway.send(&get("/activity?date=2026-01-01", CHIEF)).error(400);
    let refused = gateway.send(&Request::ask("t/plain", json!({})).header("authorization", CHIEF));
    assert!(refused.error(403).contains("anagement keys"));
    assert!(gateway.provider("first").received("plain").is_empty());
    let data = gateway.send(&get("/auth/key", CHIEF)).json()["data"].clone();
    assert_eq!((&data["label"], &data["is_management_key"]), (&json!("chief"), &json!(true)));
    let data = gateway.send(&get("/key", "")).json()["data"].clone();
    assert_eq!((&data["label"], &data["is_management_key"], &data["limit"]), (&json!("test"), &json!(false), &Value::Null));
    assert!(!data.to_string().contains(client::KEY), "never the key");
    gateway.send(&get("/key", "Bearer wrong")).error(401);
    gateway.send(&Request::new("POST", "/api/v1/key")).error(405);
}

/// What other workers know is waited for, and whoever does not want to wait may leave.
#[test]
fn a_client_that_leaves_before_it_is_told_does_no_harm() {
    let gateway = start();
    for path in ["/key", "/credits", "/activity"] {
        drop(get(path, if path == "/key" { "" } else { CHIEF }).send(gateway.address));
    }
    gateway.assert_idle();
    let page = gateway.send(&get("/key", "").header("origin", "https://app.test"));
    assert_eq!((page.status, page.header("access-control-allow-origin"), page.header("cache-control")), (200, Some("*"), Some("no-store")));
    assert!(page.took < Duration::from_secs(2), "{:?}", page.took);
    assert_eq!(usage(&gateway, ""), 0);
}
