//! What the gateway answers by itself: the catalogue, and browsers that ask whether they may ask.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    client::{Request, Response},
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let many: Vec<String> = (0..500).map(|number| format!("many/model-{number}")).collect();
    let ids: Vec<&str> = many.iter().map(String::as_str).collect();
    let setup = Setup::new()
        .provider(Provider::start("first"), json!({"zdr": true}))
        .models(&["t/open", "u/closed"], &["first"])
        .models(&ids, &["first"])
        // printf %s sk-or-v1-limited | sha256sum
        .key(json!({"name": "limited", "sha256": "38136dda9c1f861dd57a9a6d30e8138ba5c0c25b382e7bb0ec8f1576bd2cdf81", "models": ["t/*"]}));
    let gateway = Gateway::start(setup);
    gateway.provider("first").answers("open", wire::completion("ok"));
    gateway
});

fn get(path: &str) -> Request {
    Request::new("GET", &format!("/api/v1{path}"))
}

fn ids(response: &Response) -> Vec<String> {
    let body = response.json();
    body["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_catalogue_is_public_and_of_a_key_what_it_may_use() {
    let gateway = Use::of(&GATEWAY);
    let public = gateway.send(&get("/models").without_header("authorization"));
    assert_eq!((public.status, public.header("content-type")), (200, Some("application/json")));
    assert_eq!(ids(&public).len(), 502);
    assert_eq!(ids(&gateway.send(&Request::new("GET", "/v1/models?q=t/op"))), ["t/open"]);
    let limited = get("/models/user").header("authorization", "Bearer sk-or-v1-limited");
    assert_eq!(ids(&gateway.send(&limited)), ["t/open"]);
    gateway.send(&get("/models/user").without_header("authorization")).error(401);
    gateway.send(&get("/models/user").header("authorization", "Bearer sk-or-v1-wrong")).error(401);
}

#[test]
fn a_model_its_endpoints_the_providers_and_counts_are_found() {
    let gateway = Use::of(&GATEWAY);
    let data = |path: &str| gateway.send(&get(path)).json()["data"].clone();
    assert_eq!(data("/model/t/open")["id"], "t/open");
    assert_eq!(data("/models/t/open")["id"], "t/open");
    assert_eq!(data("/models/t%2Fopen")["id"], "t/open", "OpenAI's SDKs write a slash so");
    assert_eq!(data("/models/t/open/endpoints")["endpoints"][0]["tag"], "first");
    assert_eq!(data("/providers")[0]["slug"], "first");
    assert_eq!(data("/models/count"), json!({"count": 502}));
    assert_eq!(data("/models/?q=t/op")[0]["id"], "t/open");
    assert_eq!(data("/model/t/open:floor")["id"], "t/open");
    assert_eq!((data("/endpoints/zdr").as_array().map(Vec::len), data("/embeddings/models")), (Some(502), json!([])));
    assert_eq!(data("/models/count?max_age_days=10"), json!({"count": 0}), "which are of 1970, as far as is known");
    for path in ["/model/t/none", "/models/t/none/endpoints", "/nothing", "/models/t/open/nothing"] {
        gateway.send(&get(path)).error(404);
    }
    gateway.send(&get("/models?limit=x")).error(400);
    for (method, path, allowed) in [("POST", "/models", "GET"), ("GET", "/chat/completions", "POST")] {
        let refused = gateway.send(&Request::new(method, &format!("/api/v1{path}")));
        assert!(refused.error(405).contains(allowed));
        assert_eq!(refused.header("allow"), Some(allowed));
    }
}

#[test]
fn a_catalogue_of_500_models_takes_less_than_5_ms() {
    let gateway = Use::of(&GATEWAY);
    for path in ["/models", "/endpoints/zdr"] {
        let mut times: Vec<Duration> = (0..21).map(|_| gateway.send(&get(path)).took).collect();
        times.sort();
        assert!(times[10] < Duration::from_millis(5), "{path}: {times:?}");
    }
    let page = gateway.send(&get("/models?offset=0&limit=500")).json();
    assert_eq!((page["data"].as_array().map(Vec::len), &page["total_count"]), (Some(500), &json!(502)));
    assert_eq!(page["links"]["next"], "/api/v1/models?offset=500&limit=500");
    let last = gateway.send(&Request::new("GET", page["links"]["next"].as_str().unwrap())).json();
    assert_eq!((last["data"].as_array().map(Vec::len), &last["links"]["next"]), (Some(2), &Value::Null));
}

#[test]
fn a_page_in_a_browser_may_ask() {
    let gateway = Use::of(&GATEWAY);
    let preflight = Request::new("OPTIONS", "/api/v1/chat/completions")
        .without_header("authorization")
        .header("origin", "https://app.test")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,x-title");
    let allowed = gateway.send(&preflight);
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("*"));
    assert_eq!(allowed.header("access-control-allow-headers"), Some("authorization,content-type,x-title"));
    assert!(allowed.header("access-control-allow-methods").unwrap().contains("POST"));
    let ask = Request::ask("t/open", json!({}));
    for (request, status) in [
        (ask.clone(), 200),
        (Request::ask("t/none", json!({})), 404),
        (ask.clone().without_header("authorization"), 401),
        (get("/models/count"), 200),
    ] {
        let answer = gateway.send(&request);
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, Some("*")), "{}", answer.text());
        let for_page = gateway.send(&request.header("origin", "https://app.test"));
        assert!(for_page.header("access-control-expose-headers").unwrap().contains("x-generation-id"));
    }
}
