//! Names that stand for whichever model suits: `openrouter/free`, and `~author/family-latest`.

use serde_json::{Value, json};

use super::{
    byok,
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    setup::Setup,
    wire,
};

/// One free model of two calls functions; of the family, the newest is dear and not for everybody.
static GATEWAY: Shared = Shared::new(|| {
    let at = |provider: &str, name: &str, price: f64| json!([{"provider": provider, "model": name, "price": {"prompt": price, "completion": price}}]);
    let setup = Setup::new()
        .providers(&["first", "second"])
        .model(json!({"id": "t/words:free", "output_modalities": ["text"], "supported_parameters": ["temperature"], "endpoints": at("first", "words", 0.0)}))
        .model(json!({"id": "t/calls:free", "output_modalities": ["text"], "supported_parameters": ["tools"], "endpoints": at("second", "calls", 0.0)}))
        .model(json!({"id": "t/paid", "supported_parameters": ["tools"], "endpoints": at("first", "paid", 1.0)}))
        .model(json!({"id": "acme/sonnet-4", "created": 400, "endpoints": at("first", "sonnet-4", 1.0)}))
        .model(json!({"id": "acme/sonnet-4.5", "created": 450, "endpoints": at("second", "sonnet-4.5", 3.0)}))
        // printf %s sk-or-v1-limited | sha256sum
        .key(json!({"name": "limited", "models": ["t/paid", "acme/sonnet-4"],
            "sha256": "38136dda9c1f861dd57a9a6d30e8138ba5c0c25b382e7bb0ec8f1576bd2cdf81"}))
        .with("free_models", json!({"requests_per_minute": "unlimited", "requests_per_day": "unlimited"}));
    let gateway = Gateway::start(setup);
    let reply = |text: &'static str| {
        move |request: &super::provider::Received| {
            if request.json()["stream"] == true { wire::stream(&[text]) } else { wire::completion(text) }
        }
    };
    for (provider, model) in [("first", "words"), ("second", "calls"), ("first", "paid"), ("first", "sonnet-4"), ("second", "sonnet-4.5")] {
        gateway.provider(provider).answers_by(model, reply(model));
    }
    gateway
});

const LIMITED: &str = "Bearer sk-or-v1-limited";

/// The model and the text of a streamed answer.
fn streamed(gateway: &Gateway, model: &str, more: Value) -> (String, String) {
    let mut body = json!({"stream": true});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let chunks = client::chunks(&gateway.open(&Request::ask(model, body)).events());
    let named = chunks[0]["model"].as_str().unwrap();
    assert!(chunks.iter().all(|chunk| chunk["model"] == named), "{chunks:?}");
    (named.to_owned(), client::text(&chunks))
}

#[test]
fn the_free_router_answers_as_one_of_the_models_that_cost_nothing() {
    let gateway = Use::of(&GATEWAY);
    let answers: Vec<Value> = (0..24).map(|_| gateway.ask("openrouter/free").json()).collect();
    for id in ["t/words:free", "t/calls:free"] {
        assert!(answers.iter().any(|answer| answer["model"] == id), "{id} is never taken");
    }
    assert!(answers.iter().all(|answer| answer["usage"]["cost"] == 0 && answer["model"] != "t/paid"), "{answers:?}");
    let tools = json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]);
    for _ in 0..6 {
        assert_eq!(gateway.send(&Request::ask("openrouter/free", json!({"tools": tools}))).json()["model"], "t/calls:free");
    }
    assert_eq!(streamed(&gateway, "openrouter/free", json!({"tools": tools})), ("t/calls:free".into(), "calls".into()));

    let told = gateway.send(&Request::ask("openrouter/free", json!({"tools": tools})).header("x-openrouter-metadata", "enabled")).json();
    let metadata = &told["openrouter_metadata"];
    assert_eq!((&metadata["strategy"], &metadata["requested"]), (&json!("free"), &json!("openrouter/free")), "{metadata:#}");
    let record = byok::generation(&gateway, told["id"].as_str().unwrap());
    assert_eq!((&record["router"], &record["model"]), (&json!("openrouter/free"), &json!("t/calls:free")), "{record:#}");
}

#[test]
fn a_free_model_that_fails_falls_back_to_another_and_then_to_what_the_client_names() {
    let gateway = Gateway::start(
        Setup::new()
            .providers(&["first", "second"])
            .priced("t/one", "first", json!({"prompt": 0, "completion": 0}))
            .priced("t/two", "second", json!({"prompt": 0, "completion": 0}))
            .priced("t/paid", "second", json!({"prompt": 1, "completion": 1})),
    );
    gateway.provider("first").answers("one", Reply::error(429, "limited"));
    gateway.provider("second").answers("two", wire::completion("two"));
    gateway.provider("second").answers("paid", wire::completion("paid"));
    for _ in 0..4 {
        assert_eq!(gateway.ask("openrouter/free").json()["model"], "t/two");
    }
    gateway.provider("second").answers("two", Reply::error(503, "busy"));
    let answer = gateway.send(&Request::ask("openrouter/free", json!({"models": ["t/paid"]})));
    assert_eq!((answer.json()["model"].clone(), answer.content()), (json!("t/paid"), "paid".into()));
    gateway.ask("openrouter/free");
    assert!([429, 503].contains(&gateway.ask("openrouter/free").status));
}

#[test]
fn an_alias_answers_as_the_newest_model_of_its_family() {
    let gateway = Use::of(&GATEWAY);
    let answer = gateway.ask("~acme/sonnet-latest");
    assert_eq!((answer.json()["model"].clone(), answer.content()), (json!("acme/sonnet-4.5"), "sonnet-4.5".into()));
    assert_eq!(streamed(&gateway, "~acme/sonnet-latest:floor", json!({})), ("acme/sonnet-4.5".into(), "sonnet-4.5".into()));
    // Reasoning that a model may not have is no reason to refuse it.
    for reasoning in [json!({"effort": "none"}), json!({"enabled": false}), json!({"max_tokens": 0}), json!({"effort": "max"})] {
        assert_eq!(gateway.send(&Request::ask("~acme/sonnet-latest", json!({"reasoning": reasoning}))).status, 200, "{reasoning}");
    }
    let limited =
        Request::ask("~acme/sonnet-latest", json!({})).header("authorization", LIMITED).header("x-openrouter-metadata", "enabled");
    let answer = gateway.send(&limited).json();
    assert_eq!((&answer["model"], &answer["openrouter_metadata"]["strategy"]), (&json!("acme/sonnet-4"), &json!("latest")));
    assert_eq!(gateway.ask("~acme/opus-latest").error(404), "~acme/opus-latest is not a valid model ID");

    for path in ["/api/v1/model/~acme/sonnet-latest", "/v1/models/~acme%2Fsonnet-latest", "/api/v1/models/~acme/sonnet-latest/endpoints"] {
        let told = gateway.send(&Request::new("GET", path)).json();
        assert_eq!(told["data"]["id"], "acme/sonnet-4.5", "{path}: {told:#}");
    }
}

#[test]
fn what_a_router_cannot_give_is_refused() {
    let gateway = Use::of(&GATEWAY);
    let limited = gateway.send(&Request::ask("openrouter/free", json!({})).header("authorization", LIMITED));
    assert_eq!(limited.error(404), "No models match your request and model restrictions");
    let fusion = gateway.ask("openrouter/fusion").error(400);
    assert!(fusion.contains("`model`") && fusion.contains("openrouter/auto or openrouter/free"), "{fusion}");
    let embeds = Request::chat(r#"{"model":"openrouter/free","input":"x"}"#).path("/api/v1/embeddings");
    assert_eq!(gateway.send(&embeds).error(404), "No models match your request and model restrictions");
}
