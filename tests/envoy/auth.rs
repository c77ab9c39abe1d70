//! Who may ask.

use serde_json::json;

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let setup = Setup::new()
        .providers(&["first"])
        .models(&["t/open", "u/closed"], &["first"])
        // printf %s sk-or-v1-limited | sha256sum
        .key(json!({"name": "limited", "sha256": "38136dda9c1f861dd57a9a6d30e8138ba5c0c25b382e7bb0ec8f1576bd2cdf81", "models": ["t/*"]}));
    let gateway = Gateway::start(setup);
    gateway.provider("first").answers("open", wire::completion("open"));
    gateway.provider("first").answers("closed", wire::completion("closed"));
    gateway
});

#[test]
fn a_request_without_a_known_key_is_a_401() {
    let gateway = Use::of(&GATEWAY);
    let request = Request::ask("t/open", json!({}));
    let missing = request.clone().without_header("authorization");
    assert!(gateway.send(&missing).error(401).to_lowercase().contains("auth"));
    let wrong = [
        "Bearer sk-or-v1-wrong",
        "Bearer ",
        "Bearer",
        "Basic dXNlcjpwYXNz",
        "sk-or-v1-",
        "",
        "Bearer sk-or-v1-test ,x",
        "Bearer ea3c6d86042520298bfbda076e3abd13fc98b17835dd1dabd43f83bcff4f9971",
    ];
    for value in wrong {
        let response = gateway.send(&request.clone().header("authorization", value));
        assert_eq!(response.status, 401, "{value:?}: {}", response.text());
        response.error(401);
        assert_eq!(response.json()["error"]["metadata"]["error_type"], "authentication", "{}", response.text());
    }
}

#[test]
fn a_key_that_is_sent_twice_is_told_so() {
    let gateway = Use::of(&GATEWAY);
    let request = Request::ask("t/open", json!({}));
    for more in ["Bearer sk-or-v1-test", "bearer sk-or-v1-wrong"] {
        let twice = request.clone().and_header("authorization", more);
        assert!(gateway.send(&twice).error(401).starts_with("Several Authorization headers"), "{more}");
    }
}

/// The key is looked at before the body: a stranger learns nothing about models or syntax.
#[test]
fn a_stranger_gets_a_401_whatever_the_body() {
    let gateway = Use::of(&GATEWAY);
    for body in ["", "{", "{\"model\":\"u/none\",\"messages\":[]}", &"x".repeat(300_000)] {
        let response = gateway.send(&Request::chat(body).without_header("authorization"));
        assert_eq!(response.status, 401, "{}", response.text());
    }
}

#[test]
fn the_scheme_is_read_in_any_case() {
    let gateway = Use::of(&GATEWAY);
    for value in ["Bearer sk-or-v1-test", "bearer sk-or-v1-test", "BEARER  sk-or-v1-test"] {
        let response = gateway.send(&Request::ask("t/open", json!({})).header("authorization", value));
        assert_eq!(response.status, 200, "{value}: {}", response.text());
    }
}

#[test]
fn a_key_for_some_models_opens_no_other() {
    let gateway = Use::of(&GATEWAY);
    let ask = |model: &str| gateway.send(&Request::ask(model, json!({})).header("authorization", "Bearer sk-or-v1-limited"));
    assert_eq!(ask("t/open").content(), "open");
    let refused = ask("u/closed");
    assert!([403, 404].contains(&refused.status), "{} {}", refused.status, refused.text());
    refused.error(refused.status);
    let listed = Request::ask("u/closed", json!({"models": ["t/open"]})).header("authorization", "Bearer sk-or-v1-limited");
    assert_ne!(gateway.send(&listed).json()["model"], "u/closed");
    let received = gateway.provider("first").received("closed");
    assert!(received.is_empty(), "{received:#?}");
}

#[test]
fn an_anonymous_gateway_admits_everybody() {
    let setup = Setup::new().with("anonymous", json!(true)).with("keys", json!([])).providers(&["first"]).models(&["t/open"], &["first"]);
    let gateway = Gateway::start(setup);
    gateway.provider("first").answers("open", wire::completion("open"));
    assert_eq!(gateway.send(&Request::ask("t/open", json!({})).without_header("authorization")).content(), "open");
    gateway.assert_counts("signalbox_key_requests_total", &[("signalbox_key", "anonymous")], 1);
}
