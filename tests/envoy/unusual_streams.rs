//! Streams that begin, go on or end in a way that is unusual but right.

use serde_json::{Value, json};

use super::{
    client,
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared =
    Shared::new(|| Gateway::start(Setup::new().providers(&["first"]).models(&["t/empty", "t/filtered", "t/unstreamed"], &["first"])));

/// An answer without a word is an answer: the provider says how it ended.
#[test]
fn an_empty_answer_is_not_a_failure() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("empty", wire::stream(&[]));
    let chunks = client::chunks(&gateway.ask_streamed("t/empty").events());
    assert!(chunks.iter().any(|chunk| chunk["choices"][0]["finish_reason"] == "stop"), "{chunks:#?}");
    client::usage(&chunks);
    let mut body = wire::completion_body("");
    body["choices"][0]["message"]["content"] = Value::Null;
    body["choices"][0]["finish_reason"] = "length".into();
    gateway.provider("first").answers("empty", Reply::json(200, &body));
    assert_eq!(gateway.ask("t/empty").json()["choices"][0]["finish_reason"], "length");
}

/// T72: Azure begins with a chunk that has no choice.
#[test]
fn a_first_chunk_without_choices_is_passed_on() {
    let gateway = Use::of(&GATEWAY);
    let mut events = wire::stream_events(&["ok"]);
    events.insert(0, wire::event(json!({"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": [{}]})));
    gateway.provider("first").answers("filtered", Reply::events(events));
    let chunks = client::chunks(&gateway.ask_streamed("t/filtered").events());
    assert_eq!(client::text(&chunks), "ok");
    assert!(chunks.iter().all(|chunk| chunk["id"].as_str().unwrap().starts_with("gen-")), "{chunks:#?}");
}

/// S13: what came back is told by its type, not by what was asked for.
#[test]
fn a_provider_that_does_not_stream_is_still_understood() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("unstreamed", wire::completion("all at once"));
    let answer = gateway.ask_streamed("t/unstreamed");
    assert_eq!(answer.status, 200);
    let chunks = client::chunks(&answer.events());
    assert_eq!(client::text(&chunks), "all at once");
    assert_eq!(client::usage(&chunks)["completion_tokens"], wire::OUTPUT_TOKENS);
    assert!(chunks.iter().any(|chunk| chunk["choices"][0]["finish_reason"] == "stop"), "{chunks:#?}");
    gateway.assert_counts(
        "signalbox_tokens_total",
        &[("gen_ai_request_model", "t/unstreamed"), ("gen_ai_token_type", "output")],
        wire::OUTPUT_TOKENS,
    );
}
