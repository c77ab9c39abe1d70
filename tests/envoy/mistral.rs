//! Mistral: a provider that refuses what it does not know, with its thinking in pieces, and on the way from and to others.

use serde_json::{Value, json};

use super::{
    client::{self, Request},
    clients::Simulator,
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let mistral = json!({"dialect": "mistral", "host": null, "path_prefix": null, "credential": {"env": "MISTRAL_API_KEY"}});
    let anthropic = json!({"dialect": "anthropic", "path_prefix": null});
    let setup = Setup::new()
        .env("MISTRAL_API_KEY", "mistral-test")
        .provider(Provider::start("mistral"), mistral)
        .provider(Provider::start("anthropic"), anthropic)
        .providers(&["other"])
        .models(&["t/plain", "t/streamed", "t/unprocessable", "t/mistral-small-latest"], &["mistral"])
        .models(&["t/busy", "t/busy-streamed", "t/long"], &["mistral", "other"])
        .models(&["t/next-model"], &["other"])
        .models(&["t/moved"], &["anthropic", "mistral"]);
    Gateway::start(setup)
});

fn completion(message: Value, finish: &str) -> Value {
    json!({"id": "cmpl-1", "object": "chat.completion", "created": 1, "model": "mistral-small-latest",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 20, "total_tokens": 27, "completion_tokens": 7, "num_cached_tokens": 16}})
}

fn event(content: Value, finish: Value) -> String {
    let mut chunk = json!({"id": "cmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "mistral-small-latest",
        "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish}]});
    if !finish.is_null() {
        chunk["usage"] = json!({"prompt_tokens": 20, "total_tokens": 27, "completion_tokens": 7});
    }
    wire::event(chunk)
}

fn thinking(text: &str) -> Value {
    json!([{"type": "thinking", "thinking": [{"type": "text", "text": text}]}])
}

#[test]
fn t76_a_completion_goes_there_without_what_it_refuses() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("mistral").answers("plain", Reply::json(200, &completion(json!({"role": "assistant", "content": "Zürich"}), "stop")));
    let more = json!({"seed": 7, "max_completion_tokens": 9, "user": "u", "logit_bias": {}, "stream_options": null, "top_k": 3});
    let answer = gateway.send(&Request::ask("t/plain", more)).json();
    assert_eq!(answer["choices"][0]["message"]["content"], "Zürich", "{answer:#}");
    assert_eq!((&answer["model"], &answer["provider"]), (&json!("t/plain"), &json!("mistral")));
    assert_eq!(answer["usage"]["prompt_tokens_details"]["cached_tokens"], 16);
    let received = &gateway.provider("mistral").received("plain")[0];
    assert_eq!((received.path.as_str(), received.header("host")), ("/v1/chat/completions", Some("api.mistral.ai")));
    assert_eq!(received.header("authorization"), Some("Bearer mistral-test"));
    let messages = json!([{"role": "user", "content": "Say something."}]);
    assert_eq!(received.json(), json!({"model": "plain", "messages": messages, "random_seed": 7, "max_tokens": 9}));
}

#[test]
fn thinking_is_streamed_as_reasoning_and_goes_back_as_thinking() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("mistral");
    let mut turn = thinking("So 391.");
    turn.as_array_mut().unwrap().push(json!({"type": "text", "text": "17 * 23"}));
    let events = [event(json!(""), Value::Null), event(thinking("17 times 20. "), Value::Null), event(turn, Value::Null)];
    let events = events.into_iter().chain([event(json!(" = 391"), json!("stop")), "data: [DONE]\n\n".to_owned()]);
    let stream = Reply::events(events).in_pieces_of(11, std::time::Duration::ZERO);
    let again = completion(json!({"role": "assistant", "content": "1173"}), "stop");
    provider.answers_in_turn("mistral-small-latest", vec![stream, Reply::json(200, &again)]);
    let request = Request::ask("t/mistral-small-latest", json!({"stream": true, "reasoning": {"effort": "low"}}));
    let chunks = client::chunks(&gateway.open(&request).events());
    assert_eq!(client::text(&chunks), "17 * 23 = 391");
    assert_eq!(client::usage(&chunks)["completion_tokens"], 7);
    let details: Vec<Value> =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["reasoning_details"].as_array()).flatten().cloned().collect();
    let said = json!({"role": "assistant", "content": "17 * 23 = 391", "reasoning_details": details});
    let history = json!([{"role": "user", "content": "17 * 23?"}, said, {"role": "user", "content": "Times 3?"}]);
    assert_eq!(gateway.send(&Request::ask("t/mistral-small-latest", json!({"messages": history}))).content(), "1173");
    let received = provider.received("mistral-small-latest");
    assert_eq!(received[0].json()["reasoning_effort"], "high");
    assert_eq!(received[0].json().get("stream_options"), None, "the usage comes unasked");
    assert_eq!(received[1].json()["messages"][1]["content"][0], thinking("17 times 20. So 391.")[0]);
}

#[test]
fn t76_a_conversation_that_began_elsewhere_goes_on_here() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("anthropic").answers("moved", Reply::error(529, "overloaded"));
    gateway
        .provider("mistral")
        .answers("moved", Reply::json(200, &completion(json!({"role": "assistant", "content": "18 degrees."}), "stop")));
    let call = json!({"id": "toolu_01VpEm654HvfMoRcrE3Hgdc6", "type": "function", "function": {"name": "weather", "arguments": "{}"}});
    let signed = json!([{"type": "reasoning.text", "text": "Hm.", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0}]);
    let messages = json!([
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": null, "reasoning": "Hm.", "reasoning_details": signed, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "toolu_01VpEm654HvfMoRcrE3Hgdc6", "content": "18"},
    ]);
    let tools = json!([{"type": "function", "function": {"name": "weather"}}]);
    let answer = gateway.send(&Request::ask("t/moved", json!({"messages": messages, "tools": tools}))).json();
    assert_eq!(
        (&answer["provider"], &answer["choices"][0]["message"]["content"]),
        (&json!("mistral"), &json!("18 degrees.")),
        "{answer:#}"
    );
    let sent = gateway.provider("mistral").received("moved")[0].json();
    let id = sent["messages"][1]["tool_calls"][0]["id"].as_str().unwrap();
    assert!(id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    assert_eq!(sent["messages"][2]["tool_call_id"], id);
    assert_eq!(sent["messages"][1].as_object().unwrap().len(), 2, "a role and a call");
}

#[test]
fn its_failures_lead_where_they_should() {
    let gateway = Use::of(&GATEWAY);
    let error = |status: u16, kind: &str, message: &str| {
        let body = json!({"object": "error", "message": message, "type": kind, "param": null, "code": "1000", "raw_status_code": status});
        (Reply::json(status, &body), wire::event(body))
    };
    let capacity = || error(429, "service_tier_capacity_exceeded", "Service tier capacity exceeded for this model.");
    gateway.provider("mistral").answers("busy", capacity().0);
    gateway.provider("other").answers("busy", wire::completion("saved"));
    assert_eq!(gateway.ask("t/busy").content(), "saved");
    // An error in a stream has no `error` around it.
    gateway.provider("mistral").answers("busy-streamed", Reply::events([capacity().1]));
    gateway.provider("other").answers("busy-streamed", wire::stream(&["sa", "ved"]));
    assert_eq!(client::text(&client::chunks(&gateway.ask_streamed("t/busy-streamed").events())), "saved");
    let long = "Prompt contains 65673 tokens and 0 draft tokens, too large for model with 32768 maximum context length";
    gateway.provider("mistral").answers("long", error(400, "invalid_request_invalid_args", long).0);
    gateway.provider("other").answers("next-model", wire::completion("saved"));
    assert_eq!(gateway.send(&Request::ask("t/long", json!({"models": ["t/next-model"]}))).content(), "saved");
    assert!(gateway.provider("other").received("long").is_empty());
    let detail = json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "x"], "msg": "Extra inputs are not permitted"}]});
    gateway.provider("mistral").answers("unprocessable", Reply::json(422, &detail));
    let answer = gateway.ask("t/unprocessable");
    answer.error(422);
    assert!(answer.text().contains("Extra inputs are not permitted"), "{}", answer.text());
}

#[test]
fn aimock_is_understood() {
    let simulator = Simulator::start();
    let mistral = json!({"dialect": "mistral", "host": null, "path_prefix": null});
    let gateway =
        Gateway::start(Setup::new().provider(Provider::at("simulator", simulator.port), mistral).models(&["t/plain"], &["simulator"]));
    let plain = gateway.ask("t/plain").json();
    let text = plain["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned();
    assert!(text.starts_with("Once upon a time"), "{plain:#}");
    assert_eq!(client::text(&client::chunks(&gateway.ask_streamed("t/plain").events())), text);
    let tools = json!([{"type": "function", "function": {"name": "get_weather"}}]);
    let called = gateway.send(&Request::ask("t/plain", json!({"tools": tools}))).json();
    assert_eq!(called["choices"][0]["finish_reason"], "tool_calls", "{called:#}");
}
