//! Which model serves a request: one, a list, or none.

use serde_json::{Value, json};

use super::{
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let ids = ["t/down", "t/limited", "t/up", "t/list", "t/floor", "t/floor:free", "t/only-list"];
    let gateway = Gateway::start(Setup::new().providers(&["first", "second"]).models(&ids, &["first", "second"]));
    for provider in ["first", "second"].map(|name| gateway.provider(name)) {
        provider.answers("down", Reply::error(500, "down"));
        provider.answers("limited", Reply::error(429, "limited"));
        provider.answers("up", wire::completion("from the fallback"));
        provider.answers("floor", wire::completion("floor"));
        provider.answers("floor:free", wire::completion("free"));
        provider.answers("only-list", wire::completion("listed"));
    }
    gateway
});

fn ask(body: Value) -> Request {
    let mut body = body;
    body["messages"] = json!([{"role": "user", "content": "hi"}]);
    Request::chat(body.to_string())
}

#[test]
fn the_next_model_is_asked_when_every_provider_of_the_first_failed() {
    let gateway = Use::of(&GATEWAY);
    for body in [
        json!({"model": "t/down", "models": ["t/up"]}),
        json!({"model": "t/down", "models": ["t/limited", "t/up"]}),
        json!({"model": "t/down", "models": ["t/down", "t/up"]}),
        json!({"model": "t/down", "models": ["t/up"], "route": "fallback"}),
        json!({"models": ["t/down", "t/up"]}),
        json!({"model": "t/down,t/up"}),
        json!({"model": "t/down, t/up"}),
        json!({"model": "t/unknown", "models": ["t/up"]}),
    ] {
        let response = gateway.send(&ask(body.clone()));
        assert_eq!(response.status, 200, "{body}: {}", response.text());
        assert_eq!(response.content(), "from the fallback", "{body}");
        assert_eq!(response.json()["model"], "t/up", "{body}: the model that served it");
    }
    let mut received = gateway.provider("first").received("up");
    received.extend(gateway.provider("second").received("up"));
    for request in received {
        let sent = request.json();
        assert_eq!((sent.get("models"), sent.get("route")), (None, None), "{sent}");
    }
}

#[test]
fn a_streamed_request_falls_back_to_the_next_model_too() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("list", wire::stream(&["listed"]));
    let answer = gateway.open(&Request::ask("t/down", json!({"models": ["t/list"], "stream": true})));
    let chunks = client::chunks(&answer.events());
    assert_eq!(client::text(&chunks), "listed");
    assert!(chunks.iter().all(|chunk| chunk["model"] == "t/list"));
}

#[test]
fn a_list_of_models_has_three_entries_at_most() {
    let gateway = Use::of(&GATEWAY);
    let body = json!({"models": ["t/down", "t/limited", "t/up", "t/list"]});
    assert_eq!(gateway.send(&ask(body)).error(400), "'models' array must have 3 items or fewer.");
    for wrong in [json!([]), json!("t/up"), json!([1]), json!({}), json!([null])] {
        let response = gateway.send(&ask(json!({"models": wrong})));
        assert_eq!(response.status, 400, "{wrong}: {}", response.text());
    }
    assert_eq!(gateway.send(&ask(json!({"model": "t/up", "models": null}))).content(), "from the fallback");
}

#[test]
fn a_request_without_a_model_is_refused() {
    let gateway = Use::of(&GATEWAY);
    for body in [json!({}), json!({"model": null}), json!({"model": ""})] {
        assert_eq!(gateway.send(&ask(body.clone())).error(400), "No models provided", "{body}");
    }
}

#[test]
fn an_unknown_model_is_a_404_that_names_it() {
    let gateway = Use::of(&GATEWAY);
    for id in ["acme/none", "t/up:nope", "T/UP/x"] {
        let response = gateway.ask(id);
        assert!([400, 404].contains(&response.status), "{id}: {}", response.text());
        assert!(response.error(response.status).contains(id), "{}", response.text());
    }
    assert_eq!(gateway.ask("acme/none").status, 404);
    let several = gateway.send(&Request::ask("acme/none", json!({"models": ["acme/nor-this"]})));
    assert!(several.error(404).contains("acme/none"), "{}", several.text());
    assert_eq!(several.json()["error"]["availability"]["requested_models"], json!(["acme/none", "acme/nor-this"]));
    // Other tests ask for other models meanwhile.
    for provider in ["first", "second"] {
        assert!(["none", "up:nope", "UP/x"].iter().all(|model| gateway.provider(provider).received(model).is_empty()));
    }
}

/// `:floor` and `:nitro` are ways to sort; `:free` is a model of its own in the catalogue.
#[test]
fn a_variant_is_a_model_of_its_own_or_a_way_to_sort() {
    let gateway = Use::of(&GATEWAY);
    assert_eq!(gateway.ask("t/floor:free").content(), "free");
    for id in ["t/floor:floor", "t/floor:nitro"] {
        let response = gateway.ask(id);
        assert_eq!(response.status, 200, "{id}: {}", response.text());
        assert_eq!(response.content(), "floor", "{id}");
    }
}
