//! Large prompts fail over like small ones; one above the limit gets an answer that a client can read.

use std::time::Duration;

use serde_json::json;

use super::{
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

const MB: usize = 1_000_000;

static GATEWAY: Shared = Shared::new(|| {
    let setup = Setup::new()
        .with("defaults", json!({"max_response_bytes": 3_000_000, "max_event_bytes": 100_000}))
        .providers(&["first", "second"])
        .models(&["t/large", "t/reset", "t/too-large", "t/answer", "t/event", "t/endless", "t/exact-limit"], &["first", "second"]);
    Gateway::start(setup)
});

/// A body of this many bytes.
fn body(model: &str, size: usize) -> String {
    let head = format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":""#);
    let tail = r#""}]}"#;
    let words = "The quick brown fox jumps over the lazy dog. ".repeat(size / 45 + 1);
    let body = format!("{head}{}{tail}", &words[..size - head.len() - tail.len()]);
    assert_eq!(body.len(), size);
    body
}

#[test]
fn c15_c19_a_body_of_megabytes_fails_over_whole() {
    let gateway = Use::of(&GATEWAY);
    for (model, failure) in [("large", Reply::error(429, "busy")), ("reset", Reply::reset())] {
        gateway.provider("first").answers(model, failure);
        gateway.provider("second").answers(model, wire::completion("read it all"));
    }
    for (n, (model, size)) in [("large", 2 * MB), ("large", 8 * MB), ("large", 19 * MB), ("reset", 8 * MB)].into_iter().enumerate() {
        let sent = body(&format!("t/{model}"), size);
        let request = Request::chat(sent.clone()).header("x-provider", &order("first"));
        let request = if n == 1 { request.in_chunks_of(65_536) } else { request };
        let response = gateway.send(&request);
        assert_eq!(response.status, 200, "{model} {size}: {}", response.text());
        assert_eq!(response.content(), "read it all", "{model} {size}");
        let expected = sent.replacen(&format!("t/{model}"), model, 1);
        for provider in ["first", "second"] {
            let received = gateway.provider(provider).received(model).pop().unwrap();
            assert!(received.body == expected.as_bytes(), "{provider} got {} of {size} bytes, or others", received.body.len());
        }
    }
}

/// The time limit is the provider's, however much of the body is still on its way to it.
#[test]
fn a_provider_that_does_not_listen_is_left_in_the_middle_of_a_body() {
    let busy = Reply::error(429, "busy").header("connection", "close");
    let setup = Setup::new()
        .with("defaults", json!({"first_token_timeout": "1s", "response_timeout": "1s"}))
        .provider(Provider::deaf("deaf"), json!({}))
        .provider(Provider::hasty("hasty", busy), json!({}))
        .providers(&["second"])
        .models(&["t/deaf"], &["deaf", "second"])
        .models(&["t/hasty"], &["hasty", "second"]);
    let gateway = Gateway::start(setup);
    for model in ["deaf", "hasty"] {
        gateway.provider("second").answers(model, wire::completion("read it all"));
        for size in [1000, 8 * MB] {
            let response = gateway.send(&Request::chat(body(&format!("t/{model}"), size)).header("x-provider", &order(model)));
            assert_eq!(response.status, 200, "{model} {size}: {}", response.text());
            assert_eq!(response.content(), "read it all", "{model} {size}");
            assert!(response.took < Duration::from_secs(4), "{model} {size}: {:?}", response.took);
        }
    }
}

fn order(first: &str) -> String {
    json!({"order": [first, "second"]}).to_string()
}

#[test]
fn c19_a_body_above_the_limit_is_a_413_in_json() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("too-large", wire::completion("never"));
    let request = Request::chat(body("t/too-large", 22 * MB));
    for request in [request.clone(), request.clone().in_chunks_of(65_536), request.expecting_continue()] {
        let response = gateway.send(&request);
        response.error(413);
        assert_eq!(response.json()["error"]["metadata"]["error_type"], "payload_too_large", "{}", response.text());
    }
    assert!(gateway.provider("first").received("too-large").is_empty());
}

#[test]
fn the_limit_is_twenty_mebibytes() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("exact-limit", wire::completion("just"));
    assert_eq!(gateway.send(&Request::chat(body("t/exact-limit", 20 << 20))).content(), "just");
    gateway.send(&Request::chat(body("t/exact-limit", (20 << 20) + 1))).error(413);
}

#[test]
fn an_answer_above_the_limit_is_a_502_and_a_smaller_one_passes() {
    let gateway = Use::of(&GATEWAY);
    for name in ["first", "second"] {
        gateway.provider(name).answers("answer", wire::completion(&"x".repeat(2 * MB)));
    }
    assert_eq!(gateway.ask("t/answer").content().len(), 2 * MB);
    for name in ["first", "second"] {
        gateway.provider(name).answers("answer", wire::completion(&"x".repeat(4 * MB)));
    }
    gateway.ask("t/answer").error(502);
}

/// S10: an image in an event, wherever it stands in the stream.
#[test]
fn s10_an_event_above_the_limit_passes_through() {
    let gateway = Use::of(&GATEWAY);
    let image = "iVBORw0KGgo".repeat(40_000);
    for texts in [["see: ", &image, " done"], [&image, " and ", "more"], ["one ", "two ", &image]] {
        gateway.provider("first").answers("event", wire::stream(&texts).in_pieces_of(30_000, Duration::ZERO));
        let events = gateway.ask_streamed("t/event").events();
        let chunks = client::chunks(&events);
        assert!(client::text(&chunks) == texts.concat(), "{} chunks", chunks.len());
        assert_eq!(chunks.last().unwrap()["usage"]["completion_tokens"], wire::OUTPUT_TOKENS);
    }
}

/// The limit of an answer is for what has to be held, and a stream is not.
#[test]
fn a_stream_has_no_limit() {
    let gateway = Use::of(&GATEWAY);
    let word = "word ".repeat(1000);
    let texts = vec![word.as_str(); 1200];
    gateway.provider("first").answers("endless", wire::stream(&texts));
    let chunks = client::chunks(&gateway.ask_streamed("t/endless").events());
    assert_eq!(client::text(&chunks).len(), 6 * MB);
    assert_eq!(client::usage(&chunks)["completion_tokens"], wire::OUTPUT_TOKENS);
}
