//! A provider that speaks Anthropic's Messages, to clients that do not.

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

const NAMES: [&str; 9] =
    ["t/plain", "t/streamed", "t/tools", "t/overloaded", "t/overloaded-in-stream", "t/midway", "t/too-long", "t/malformed", "t/split"];
const ALONE: &str = "t/alone";

static GATEWAY: Shared = Shared::new(|| {
    let anthropic = json!({"dialect": "anthropic", "name": "Anthropic", "credential": {"env": "ANTHROPIC_API_KEY"}});
    let setup = Setup::new()
        .env("ANTHROPIC_API_KEY", "sk-ant-1")
        .provider(Provider::start("anthropic"), anthropic)
        .providers(&["second"])
        .models(&NAMES, &["anthropic", "second"])
        .models(&[ALONE], &["anthropic"]);
    let gateway = Gateway::start(setup);
    for name in NAMES {
        let answer = |stream: bool| if stream { wire::stream(&["sa", "ved"]) } else { wire::completion("saved") };
        gateway.provider("second").answers_by(name.trim_start_matches("t/"), move |request| answer(request.json()["stream"] == true));
    }
    gateway
});

pub fn message(content: Value, stop_reason: &str) -> Reply {
    Reply::json(
        200,
        &json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": content, "stop_reason": stop_reason,
            "usage": {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 7}
        }),
    )
}

/// Named events, as the API sends them.
pub fn events(events: &[Value]) -> String {
    events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap())).collect()
}

pub fn begun(text: &str) -> Vec<Value> {
    vec![
        json!({"type": "message_start", "message": {"type": "message", "role": "assistant", "content": [], "usage": {"input_tokens": 10, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "ping"}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
    ]
}

pub fn whole(text: &str) -> Vec<Value> {
    let mut all = begun(text);
    all.extend([
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": {"output_tokens": 7}}),
        json!({"type": "message_stop"}),
    ]);
    all
}

pub fn error(kind: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": "No."}})
}

#[test]
fn t34_t39_a_completion_goes_out_and_comes_back_translated() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("anthropic");
    provider.answers("plain", message(json!([{"type": "text", "text": "Hi \"you\""}]), "end_turn"));
    let mut request =
        Request::ask("t/plain", json!({"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]}));
    request = request.header("anthropic-beta", "some-beta").header("x-api-key", "the client's own");
    let answer = gateway.send(&request).json();
    assert_eq!(answer["choices"][0]["message"]["content"], "Hi \"you\"");
    assert_eq!((&answer["provider"], &answer["object"]), (&json!("Anthropic"), &json!("chat.completion")));
    assert_eq!((&answer["usage"]["prompt_tokens"], &answer["usage"]["completion_tokens"]), (&json!(15), &json!(7)));

    let received = &provider.received("plain")[0];
    assert_eq!(received.path, "/v1/messages");
    assert_eq!(received.header("x-api-key"), Some("sk-ant-1"));
    assert_eq!(received.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(received.header("anthropic-beta"), Some("some-beta"));
    assert_eq!(received.header("authorization"), None);
    let sent = received.json();
    assert_eq!(sent["system"][0]["text"], "Be brief.");
    assert_eq!(sent["messages"], json!([{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]));
}

#[test]
fn t43_a_stream_comes_back_as_chunks_with_usage_and_one_end() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("anthropic").answers("streamed", Reply::events([events(&whole("Hello"))]));
    gateway
        .provider("anthropic")
        .answers("split", Reply::events([events(&whole("Hello"))]).in_pieces_of(7, std::time::Duration::from_millis(1)));
    for model in ["t/streamed", "t/split"] {
        let events = gateway.ask_streamed(model).events();
        let chunks = client::chunks(&events);
        assert_eq!(client::text(&chunks), "Hello", "{model}");
        let last = chunks.last().unwrap();
        assert_eq!((&last["choices"], &last["usage"]["total_tokens"]), (&json!([]), &json!(17)), "{model}");
        assert!(chunks.iter().any(|chunk| chunk["choices"][0]["finish_reason"] == "stop"), "{model}");
    }
    assert_eq!(gateway.provider("anthropic").received("streamed")[0].json()["stream"], true);
}

#[test]
fn t28_tools_are_called_and_their_answers_taken_back() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("anthropic");
    let use_of = |id: &str, city: &str| json!({"type": "tool_use", "id": id, "name": "weather", "input": {"city": city}});
    provider.answers_in_turn(
        "tools",
        vec![
            message(json!([use_of("toolu_1", "Paris"), use_of("toolu_2", "Rome")]), "tool_use"),
            message(json!([{"type": "text", "text": "Mild."}]), "end_turn"),
        ],
    );
    let tools = json!([{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]);
    let question = json!({"role": "user", "content": "Weather?"});
    let first = gateway.send(&Request::ask("t/tools", json!({"messages": [question], "tools": tools}))).json();
    let called = &first["choices"][0]["message"];
    assert_eq!(first["choices"][0]["finish_reason"], "tool_calls");
    let results: Vec<Value> = called["tool_calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| json!({"role": "tool", "tool_call_id": call["id"], "content": "18"}))
        .collect();
    let messages = [vec![question, called.clone()], results].concat();
    let second = gateway.send(&Request::ask("t/tools", json!({"messages": messages, "tools": tools}))).json();
    assert_eq!(second["choices"][0]["message"]["content"], "Mild.");
    let sent = provider.received("tools")[1].json();
    let kinds: Vec<&Value> = sent["messages"][2]["content"].as_array().unwrap().iter().map(|block| &block["tool_use_id"]).collect();
    assert_eq!(kinds, [&json!("toolu_1"), &json!("toolu_2")]);
    assert_eq!(sent["messages"][1]["content"][1]["input"], json!({"city": "Rome"}));
}

#[test]
fn t40_an_overloaded_provider_is_replaced_by_one_of_another_format() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("anthropic");
    provider.answers("overloaded", Reply::json(529, &error("overloaded_error")));
    provider.answers("overloaded-in-stream", Reply::events([events(&[begun("")[0].clone(), error("overloaded_error")])]));
    let answer = gateway.ask("t/overloaded").json();
    assert_eq!((&answer["choices"][0]["message"]["content"], &answer["provider"]), (&json!("saved"), &json!("second")));
    let chunks = client::chunks(&gateway.ask_streamed("t/overloaded-in-stream").events());
    assert_eq!(client::text(&chunks), "saved");
    assert!(chunks.iter().all(|chunk| chunk["provider"] == "second"), "{chunks:#?}");
}

#[test]
fn t40_an_error_midway_is_told_in_the_stream() {
    let gateway = Use::of(&GATEWAY);
    let midway = [begun("Hel"), vec![error("overloaded_error")]].concat();
    gateway
        .provider("anthropic")
        .answers("midway", Reply::events([events(&begun("Hel")), events(&midway[4..])]).paced(std::time::Duration::from_millis(50)));
    let chunks = client::chunks(&gateway.ask_streamed("t/midway").events());
    assert_eq!(client::text(&chunks), "Hel");
    assert_eq!(chunks.last().unwrap()["error"]["metadata"]["error_type"], "provider_overloaded");
}

#[test]
fn a_prompt_that_is_too_long_for_the_model_is_told_so() {
    let gateway = Use::of(&GATEWAY);
    let refusal = json!({"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"}});
    gateway.provider("anthropic").answers("too-long", Reply::json(400, &refusal));
    let response = gateway.ask("t/too-long");
    assert_eq!(response.status, 400);
    assert_eq!(response.json()["error"]["metadata"]["error_type"], "context_length_exceeded");
}

#[test]
fn t30_arguments_that_are_no_json_go_to_whom_they_can_be_told_or_are_the_clients_fault() {
    let gateway = Use::of(&GATEWAY);
    let call = json!({"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"a\":"}});
    let messages = json!([{"role": "user", "content": "x"}, {"role": "assistant", "content": null, "tool_calls": [call]}]);
    let elsewhere = gateway.send(&Request::ask("t/malformed", json!({"messages": messages})));
    assert_eq!(elsewhere.content(), "saved", "a provider of OpenAI's format can be told");
    let response = gateway.send(&Request::ask(ALONE, json!({"messages": messages})));
    assert_eq!(response.status, 400);
    let error = &response.json()["error"];
    assert!(error["message"].as_str().is_some_and(|message| message.contains("messages[1].tool_calls[0].function.arguments")), "{error:#}");
    assert!(response.header("x-generation-id").is_some());
    for model in ["malformed", "alone"] {
        assert!(gateway.provider("anthropic").received(model).is_empty(), "{model}");
    }
    gateway.assert_counts("signalbox_rejections_total", &[("error_type", "invalid_request")], 1);
}

#[test]
fn the_simulators_messages_are_understood() {
    let simulator = Simulator::start();
    let members = json!({"dialect": "anthropic", "name": "Anthropic"});
    let setup = Setup::new().provider(Provider::at("simulator", simulator.port), members).models(&["t/plain", "t/tools"], &["simulator"]);
    let gateway = Gateway::start(setup);
    let answer = gateway.ask("t/plain").json();
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap_or_default();
    assert!(!text.is_empty() && answer["choices"][0]["finish_reason"] == "stop", "{answer:#}");
    let chunks = client::chunks(&gateway.ask_streamed("t/plain").events());
    assert_eq!(client::text(&chunks), text);
    let tools =
        json!({"tools": [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}]});
    let called = gateway.send(&Request::ask("t/tools", tools)).json();
    assert_eq!(called["choices"][0]["finish_reason"], "tool_calls", "{called:#}");
}
