//! Providers' own words for the same things become OpenRouter's.

use serde_json::{Value, json};

use super::{
    client,
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared =
    Shared::new(|| Gateway::start(Setup::new().providers(&["first"]).models(&["t/odd-finish", "t/reasoning", "t/extra"], &["first"])));

/// T16: the vocabulary is OpenRouter's, the provider's own word is kept beside it.
#[test]
fn t16_finish_reasons_are_normalised_and_the_native_one_is_kept() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("first");
    for (native, normalised) in [
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("eos", "stop"),
    ] {
        let mut body = wire::completion_body("ok");
        body["choices"][0]["finish_reason"] = native.into();
        provider.answers("odd-finish", Reply::json(200, &body));
        let choice = gateway.ask("t/odd-finish").json()["choices"][0].clone();
        assert_eq!((&choice["finish_reason"], &choice["native_finish_reason"]), (&json!(normalised), &json!(native)));
    }
}

/// T18: DeepSeek and vLLM call it reasoning_content.
#[test]
fn t18_reasoning_has_one_name() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("first");
    let mut body = wire::completion_body("42");
    body["choices"][0]["message"]["reasoning_content"] = "Let me think.".into();
    provider.answers("reasoning", Reply::json(200, &body));
    assert_eq!(gateway.ask("t/reasoning").json()["choices"][0]["message"]["reasoning"], "Let me think.");

    let mut events = wire::stream_events(&["42"]);
    events.insert(1, wire::event(wire::chunk(json!({"reasoning_content": "Let me "}), Value::Null)));
    events.insert(2, wire::event(wire::chunk(json!({"reasoning_content": "think."}), Value::Null)));
    provider.answers("reasoning", Reply::events(events));
    let chunks = client::chunks(&gateway.ask_streamed("t/reasoning").events());
    let reasoning: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["reasoning"].as_str()).collect();
    assert_eq!((reasoning.as_str(), client::text(&chunks).as_str()), ("Let me think.", "42"));
}

/// T22: what the gateway does not know is passed on.
#[test]
fn t22_unknown_members_of_an_answer_stay() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("first");
    let mut body = wire::completion_body("ok");
    body["citations"] = json!(["https://example.test/a"]);
    body["choices"][0]["message"]["annotations"] = json!([{"type": "url_citation"}]);
    body["choices"][0]["logprobs"] = json!({"content": [{"token": "ok", "logprob": -1.5e-7, "bytes": null, "top_logprobs": []}]});
    provider.answers("extra", Reply::json(200, &body));
    let answer = gateway.ask("t/extra").json();
    assert_eq!(answer["citations"], body["citations"]);
    assert_eq!(answer["choices"][0]["message"]["annotations"], body["choices"][0]["message"]["annotations"]);
    assert_eq!(answer["choices"][0]["logprobs"], body["choices"][0]["logprobs"]);
}
