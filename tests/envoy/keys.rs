//! `GET /keys`: the keys as a management key sees them, and what no request can do to them.

use serde_json::{Value, json};

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    key_policy::key,
    setup::Setup,
    wire,
};

const CHIEF: &str = "Bearer sk-chief";
const DEMO: &str = "ea3c6d86042520298bfbda076e3abd13fc98b17835dd1dabd43f83bcff4f9971";

static GATEWAY: Shared = Shared::new(|| {
    let setup = Setup::new()
        .providers(&["first"])
        .priced("t/model", "first", json!({"prompt": 1, "completion": 2}))
        .key(key("chief", json!({"management": true})))
        .key(key("off", json!({"disabled": true, "expires_at": "2999-12-31T23:59:59Z"})));
    let gateway = Gateway::start(setup);
    gateway.provider("first").answers("model", wire::completion("ok"));
    gateway
});

fn request(method: &str, path: &str) -> Request {
    Request::new(method, &format!("/api/v1{path}")).header("authorization", CHIEF)
}

fn list(gateway: &Gateway, query: &str) -> Vec<Value> {
    let listed = gateway.send(&request("GET", &format!("/keys{query}")));
    assert_eq!((listed.status, listed.header("cache-control")), (200, Some("no-store")), "{}", listed.text());
    listed.json()["data"].as_array().unwrap().clone()
}

#[test]
fn a_management_key_sees_every_key_and_what_it_has_spent() {
    let gateway = Use::of(&GATEWAY);
    let cost = gateway.ask("t/model").json()["usage"]["cost"].as_f64().unwrap();
    let spent = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        list(&gateway, "")[0]["usage"].as_f64() == Some(cost)
    });
    let keys = list(&gateway, "");
    assert!(spent, "{cost}: {keys:#?}");
    assert_eq!(keys.iter().map(|key| &key["name"]).collect::<Vec<_>>(), ["test"]);
    assert_eq!((&keys[0]["hash"], &keys[0]["disabled"], &keys[0]["usage_daily"]), (&json!(DEMO), &json!(false), &keys[0]["usage"]));
    let all = list(&gateway, "?include_disabled=true");
    assert_eq!(
        (&all[1]["name"], &all[1]["disabled"], &all[1]["expires_at"]),
        (&json!("off"), &json!(true), &json!("2999-12-31T23:59:59.000Z"))
    );
    assert_eq!(list(&gateway, "?include_disabled=true&offset=1"), all[1..]);
    assert_eq!(gateway.send(&request("GET", &format!("/keys/{DEMO}"))).json()["data"], keys[0]);
    gateway.send(&request("GET", &format!("/keys/{}", DEMO.replace('e', "f")))).error(404);
    gateway.send(&request("GET", "/keys?offset=x")).error(400);
}

#[test]
fn nobody_else_sees_any() {
    let gateway = Use::of(&GATEWAY);
    for path in ["/keys", &format!("/keys/{DEMO}"), "/keys/unknown"] {
        let of_client = Request::new("GET", &format!("/api/v1{path}"));
        assert_eq!(gateway.send(&of_client).error(403), "Only management keys can perform this operation");
        gateway.send(&of_client.without_header("authorization")).error(401);
    }
}

#[test]
fn what_no_request_can_do_is_told_with_how_it_is_done() {
    let gateway = Use::of(&GATEWAY);
    for (method, path) in [("POST", "/keys"), ("PATCH", &*format!("/keys/{DEMO}")), ("DELETE", &format!("/keys/{DEMO}"))] {
        let refused = gateway.send(&request(method, path));
        let message = refused.error(405);
        assert!(message.contains("`keys`") && message.contains("sha256sum"), "{message}");
        assert_eq!(refused.header("allow"), Some("GET"));
    }
    assert_eq!(list(&gateway, "").len(), 1);
}
