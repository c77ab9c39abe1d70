//! A completion that is not streamed.

use std::time::Duration;

use serde_json::json;

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    provider::Received,
    reply::{Ending, Reply},
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let ids = [
        "t/one",
        "t/paths",
        "t/pieces",
        "t/slow",
        "t/until-closed",
        "t/half-closed",
        "t/chunked",
        "t/expect",
        "t/charset",
        "t/ids",
        "t/continue",
        "t/trailers",
        "t/prompt",
    ];
    let setup = Setup::new()
        .providers(&["second"])
        .provider(super::provider::Provider::start("first"), json!({"name": "First & Co", "credential": {"env": "OPENAI_API_KEY"}}))
        .env("OPENAI_API_KEY", "sk-of-first")
        .models(&ids, &["first"])
        .models(&["t/two"], &["second"]);
    Gateway::start(setup)
});

fn only(received: Vec<Received>) -> Received {
    assert_eq!(received.len(), 1);
    received.into_iter().next().unwrap()
}

#[test]
fn a_model_is_served_by_its_provider() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("one", wire::completion("from the first"));
    gateway.provider("second").answers("two", wire::completion("from the second"));

    let one = gateway.ask("t/one");
    assert_eq!(one.content(), "from the first");
    assert_eq!(one.json()["model"], "t/one");
    assert_eq!(one.json()["provider"], "First & Co");
    let two = gateway.ask("t/two");
    assert_eq!(two.content(), "from the second");
    assert_eq!(two.json()["model"], "t/two");
    assert_eq!(two.json()["provider"], "second");

    let received = only(gateway.provider("first").received("one"));
    assert_eq!(received.path, "/v1/chat/completions");
    assert_eq!(received.header("host"), Some("first.test"));
    assert_eq!(received.header("authorization"), Some("Bearer sk-of-first"));
    assert_eq!(received.header("content-type"), Some("application/json"));
    assert_eq!(received.json()["messages"][0]["content"], "Say something.");
    let received = only(gateway.provider("second").received("two"));
    assert_eq!(received.header("host"), Some("second.test"));
    assert_eq!(received.header("authorization"), None, "no credential is configured");
}

#[test]
fn openrouters_and_openais_path_are_the_same() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("paths", wire::completion("ok"));
    for path in ["/api/v1/chat/completions", "/v1/chat/completions", "/v1/chat/completions?api-version=1"] {
        assert_eq!(gateway.send(&Request::ask("t/paths", json!({})).path(path)).content(), "ok", "{path}");
    }
    let received = gateway.provider("first").received("paths");
    assert!(received.iter().all(|request| request.path == "/v1/chat/completions"), "{received:#?}");
}

#[test]
fn a_prompt_in_the_place_of_messages_is_what_the_user_says() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("prompt", wire::completion("ok"));
    let body = r#"{ "prompt" : "\u00e9 \/ é", "model":"t/prompt" , "seed": 9007199254740993}"#;
    assert_eq!(gateway.send(&Request::chat(body)).content(), "ok");
    let sent = r#"{ "messages":[{"role":"user","content":"\u00e9 \/ é"}], "model":"prompt" , "seed": 9007199254740993}"#;
    assert_eq!(gateway.provider("first").received("prompt")[0].text(), sent);
    let refused = gateway.send(&Request::chat(r#"{"model":"t/prompt","prompt":["x"]}"#)).error(400);
    assert!(refused.contains("Invalid `prompt`: expected a string"), "{refused}");
}

#[test]
fn the_headers_tell_generation_and_cost() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("ids", wire::completion("ok"));
    let (first, second) = (gateway.ask("t/ids"), gateway.ask("t/ids"));
    let body = first.json();
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(first.header("x-generation-id"), body["id"].as_str());
    let cost: f64 = first.header("x-openrouter-cost").expect("x-openrouter-cost").parse().unwrap();
    assert_eq!(cost, body["usage"]["cost"].as_f64().unwrap());
    assert_ne!(body["id"], second.json()["id"]);
}

#[test]
fn s13_s16_an_answer_may_arrive_in_any_pieces() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("first");
    let body = wire::completion("héllo — 世界 🚂");
    let whole = wire::completion_body("héllo — 世界 🚂").to_string();
    provider.answers("pieces", body.clone().in_pieces_of(1, Duration::ZERO));
    provider.answers("slow", body.clone().in_pieces_of(200, Duration::from_millis(30)));
    provider.answers("until-closed", body.clone().until_closed());
    provider.answers("half-closed", body.clone().until_closed().ending(Ending::HalfClose));
    let chunk = format!("{:x}\r\n{whole}\r\n", whole.len());
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    provider.answers("trailers", Reply::raw(format!("{head}{chunk}0\r\nx-checksum: 1\r\n\r\n")).ending(Ending::KeepAlive));
    provider.answers("charset", body.header("content-type", "Application/JSON; charset=utf-8"));
    for model in ["t/pieces", "t/slow", "t/until-closed", "t/half-closed", "t/charset", "t/trailers"] {
        let response = gateway.ask(model);
        assert!(response.complete, "{model}");
        assert_eq!(response.content(), "héllo — 世界 🚂", "{model}");
        assert_eq!(response.json()["usage"]["completion_tokens"], wire::OUTPUT_TOKENS, "{model}");
    }
}

#[test]
fn s19_a_request_may_come_chunked_or_wait_for_100_continue() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("first");
    let long = json!({"user": "u".repeat(5000)});
    for (name, request) in [
        ("chunked", Request::ask("t/chunked", long.clone()).in_chunks_of(100)),
        ("expect", Request::ask("t/expect", long).expecting_continue()),
    ] {
        provider.answers(name, wire::completion("ok"));
        assert_eq!(gateway.send(&request).content(), "ok", "{name}");
        assert_eq!(only(provider.received(name)).json()["user"], "u".repeat(5000), "{name}");
    }
}

#[test]
fn s18_an_informational_status_from_the_provider_is_not_the_answer() {
    let gateway = Use::of(&GATEWAY);
    let body = wire::completion_body("ok").to_string();
    let wire = format!(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    gateway.provider("first").answers("continue", Reply::raw(wire).ending(Ending::KeepAlive));
    assert_eq!(gateway.ask("t/continue").content(), "ok");
}
