//! Embeddings: routed as a chat is, to providers that have them.

use serde_json::{Value, json};

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let claude = json!({"dialect": "anthropic", "credential": {"env": "ANTHROPIC_API_KEY"}});
    let setup = Setup::new()
        .env("ANTHROPIC_API_KEY", "sk-ant-1")
        .provider(Provider::start("claude"), claude)
        .provider(Provider::start("mistral"), json!({"dialect": "mistral"}))
        .providers(&["first", "second"])
        .embedding(&["t/plain", "t/falls-back", "t/broken", "t/strange", "t/uncounted"], &["first", "second"])
        .embedding(&["t/mixed"], &["claude", "second"])
        .embedding(&["t/mistral"], &["mistral"])
        .embedding(&["t/claude"], &["claude"])
        .models(&["t/talks"], &["first"]);
    Gateway::start(setup)
});

fn vectors() -> Value {
    let vector = json!({"object": "embedding", "index": 0, "embedding": [0.1, -0.2]});
    json!({"object": "list", "data": [vector], "model": "own", "usage": {"prompt_tokens": 3, "total_tokens": 3}})
}

fn ask(body: &str) -> Request {
    Request::chat(body).path("/api/v1/embeddings")
}

#[test]
fn a_request_goes_on_as_it_came_and_the_answer_has_id_model_and_cost() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("plain", Reply::json(200, &vectors()));
    let body =
        r#"{ "input" : [[1,2 ], [3]], "model":"t/plain","dimensions": 256, "encoding_format":"base64" , "provider": {"only": ["first"]}}"#;
    let response = gateway.send(&ask(body));
    let answer = response.json();
    assert_eq!((&answer["object"], &answer["model"], &answer["provider"]), (&json!("list"), &json!("t/plain"), &json!("first")));
    assert_eq!((&answer["data"], &answer["usage"]["prompt_tokens"]), (&vectors()["data"], &json!(3)));
    assert_eq!(answer["usage"]["cost"], json!(3e-9));
    assert_eq!((answer["id"].as_str(), response.header("x-openrouter-cost")), (response.header("x-generation-id"), Some("0.000000003")));
    let received = &gateway.provider("first").received("plain")[0];
    assert_eq!(received.path, "/v1/embeddings");
    assert_eq!(received.text(), r#"{ "input" : [[1,2 ], [3]], "model":"plain","dimensions": 256, "encoding_format":"base64"}"#);
}

#[test]
fn who_only_embeds_is_not_talked_to_and_who_only_talks_does_not_embed() {
    let gateway = Use::of(&GATEWAY);
    let chat = gateway.ask("t/plain");
    assert!(chat.error(400).contains("/api/v1/embeddings"), "{}", chat.text());
    assert_eq!(chat.json()["error"]["availability"]["code"], "wrong_endpoint");
    let embedding = gateway.send(&ask(r#"{"model":"t/talks","input":"x"}"#));
    assert_eq!(embedding.status, 400);
    let availability = embedding.json()["error"]["availability"].take();
    assert_eq!(availability["constraint"], json!({"field": "endpoint", "detail": "/api/v1/chat/completions"}));
    assert!(gateway.provider("first").received("talks").is_empty());
    // Of the models of a list, those count that can do it.
    gateway.provider("first").answers("talks", wire::completion("Hi."));
    let listed = gateway.send(&Request::ask("t/plain", json!({"models": ["t/talks"]})));
    assert_eq!(listed.json()["model"], "t/talks");
}

#[test]
fn another_provider_is_asked_where_one_fails_and_one_without_embeddings_never() {
    let gateway = Use::of(&GATEWAY);
    let (first, second) = (gateway.provider("first"), gateway.provider("second"));
    first.answers("falls-back", Reply::error(429, "slow down"));
    first.answers("broken", Reply::error(500, "boom"));
    first.answers("strange", Reply::json(200, &json!({"object": "list", "data": []})));
    ["falls-back", "strange", "mixed"].iter().for_each(|model| second.answers(model, Reply::json(200, &vectors())));
    second.answers("broken", Reply::error(500, "boom"));
    for model in ["t/falls-back", "t/strange", "t/mixed"] {
        let answer = gateway.send(&ask(&json!({"model": model, "input": "x"}).to_string())).json();
        assert_eq!(answer["provider"], "second", "{model}: {answer}");
    }
    gateway.send(&ask(r#"{"model":"t/broken","input":"x"}"#)).error(502);
    let refused = gateway.send(&ask(r#"{"model":"t/claude","input":"x"}"#)).error(404);
    assert!(refused.contains("embeddings"), "{refused}");
    assert_eq!(gateway.provider("claude").received_in_all(), 0);
    gateway.send(&ask(r#"{"model":"t/plain"}"#)).error(400);
    gateway.send(&ask(r#"{"model":"t/plain","input":"x"}"#).header("authorization", "Bearer no")).error(401);
}

#[test]
fn mistral_is_asked_in_the_same_way_and_what_is_not_counted_is_estimated() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("mistral").answers("mistral", Reply::json(200, &vectors()));
    assert_eq!(gateway.send(&ask(r#"{"model":"t/mistral","input":["x"]}"#)).json()["usage"]["total_tokens"], 3);
    assert_eq!(gateway.provider("mistral").received("mistral")[0].text(), r#"{"model":"mistral","input":["x"]}"#);
    let mut uncounted = vectors();
    uncounted.as_object_mut().unwrap().remove("usage");
    gateway.provider("first").answers("uncounted", Reply::json(200, &uncounted));
    let usage = &gateway.send(&ask(r#"{"model":"t/uncounted","input":"12345678"}"#)).json()["usage"];
    assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"], &usage["estimated"]), (&json!(2), &json!(0), &json!(true)));
}
