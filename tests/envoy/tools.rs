//! Tool calls, plain and streamed.

use serde_json::{Value, json};

use super::{
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let setup = Setup::new()
        .providers(&["first"])
        .provider(Provider::start("router"), json!({"dialect": "openrouter"}))
        .models(&["t/plain", "t/streamed", "t/round", "t/first"], &["first"])
        .models(&["t/both"], &["first", "router"]);
    Gateway::start(setup)
});

fn tools() -> Value {
    json!({
        "tools": [
            {"type": "function", "function": {"name": "get_weather", "strict": true, "parameters": {
                "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": false
            }}},
            {"type": "function", "function": {"name": "get_time"}}
        ],
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
        "parallel_tool_calls": true
    })
}

#[test]
fn a_tool_call_comes_back_as_the_provider_made_it() {
    let gateway = Use::of(&GATEWAY);
    let calls = json!([
        {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\":\"Zürich\"}"}},
        {"id": "call_2", "type": "function", "function": {"name": "get_time", "arguments": ""}}
    ]);
    let mut body = wire::completion_body("");
    body["choices"][0]["message"] = json!({"role": "assistant", "content": null, "tool_calls": calls, "refusal": null});
    body["choices"][0]["finish_reason"] = "tool_calls".into();
    let provider = gateway.provider("first");
    provider.answers("plain", Reply::json(200, &body));

    let answer = gateway.send(&Request::ask("t/plain", tools())).json();
    assert_eq!(answer["choices"][0]["message"]["tool_calls"], calls);
    assert_eq!(answer["choices"][0]["message"]["content"], Value::Null);
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
    let sent = provider.received("plain")[0].json();
    for (name, value) in tools().as_object().unwrap() {
        assert_eq!(&sent[name], value, "{name}");
    }
}

#[test]
fn tools_that_run_at_openrouter_go_there_or_are_refused() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("router").answers("both", wire::completion("found"));
    let tools = json!([{"type": "openrouter:web_search", "parameters": {"max_results": 3}}]);
    let ask = |model| gateway.send(&Request::ask(model, json!({"tools": tools})));
    let refused = ask("t/first").error(400);
    assert!(refused.contains("Invalid `tools[0].type`: expected function: tools that run at OpenRouter"), "{refused}");
    assert_eq!(ask("t/both").content(), "found");
    assert_eq!(gateway.provider("router").received("both")[0].json()["tools"], tools);
    let first = gateway.provider("first");
    assert!(first.received("first").is_empty() && first.received("both").is_empty());
}

/// T15: the index is the only thing that joins the pieces of a call; id and name come once.
#[test]
fn t15_the_pieces_of_streamed_tool_calls_keep_their_index() {
    let gateway = Use::of(&GATEWAY);
    let piece = |call: Value| wire::event(wire::chunk(json!({"tool_calls": [call]}), Value::Null));
    let events = [
        wire::event(wire::chunk(json!({"role": "assistant", "content": null}), Value::Null)),
        piece(json!({"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": ""}})),
        piece(json!({"index": 0, "function": {"arguments": "{\"city\":"}})),
        piece(json!({"index": 1, "id": "call_2", "type": "function", "function": {"name": "get_time", "arguments": ""}})),
        piece(json!({"index": 0, "function": {"arguments": "\"Zürich\"}"}})),
        piece(json!({"index": 1, "function": {"arguments": "{}"}})),
        wire::event(wire::chunk(json!({}), json!("tool_calls"))),
        wire::event(wire::usage_chunk(wire::usage())),
        wire::event("[DONE]"),
    ];
    gateway.provider("first").answers("streamed", Reply::events(events));

    let mut body = tools();
    body["stream"] = true.into();
    let chunks = client::chunks(&gateway.open(&Request::ask("t/streamed", body)).events());
    let deltas = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0].as_object());
    let mut calls = [("", "", String::new()), ("", "", String::new())];
    for delta in deltas {
        let call = &mut calls[delta["index"].as_u64().unwrap() as usize];
        if let Some(id) = delta.get("id") {
            (call.0, call.1) = (id.as_str().unwrap(), delta["function"]["name"].as_str().unwrap());
        }
        call.2 += delta["function"]["arguments"].as_str().unwrap();
    }
    assert_eq!(calls[0], ("call_1", "get_weather", "{\"city\":\"Zürich\"}".into()));
    assert_eq!(calls[1], ("call_2", "get_time", "{}".into()));
    assert!(chunks.iter().any(|chunk| chunk["choices"][0]["finish_reason"] == "tool_calls"));
    assert_eq!(client::usage(&chunks)["completion_tokens"], wire::OUTPUT_TOKENS);
}

/// A conversation with every role and kind of content.
#[test]
fn t02_t03_t04_a_conversation_with_tool_results_reaches_the_provider_unchanged() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("first");
    provider.answers("round", wire::completion("12 degrees"));
    let messages = json!([
        {"role": "system", "content": [{"type": "text", "text": "Be short."}]},
        {"role": "developer", "content": "In degrees."},
        {"role": "user", "name": "ann", "content": [
            {"type": "text", "text": "Weather?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}}
        ]},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\": \"Zürich\"}"}}
        ]},
        {"role": "tool", "tool_call_id": "call_1", "content": "{\"degrees\": 12}"},
        {"role": "assistant", "tool_calls": []},
        {"role": "function", "name": "old", "content": "x"}
    ]);
    let body = json!({"model": "t/round", "messages": messages, "stop": ["\n\n"], "seed": 9_223_372_036_854_775_807_u64});
    assert_eq!(gateway.send(&Request::chat(body.to_string())).content(), "12 degrees");
    let sent = provider.received("round")[0].json();
    assert_eq!(sent["messages"], messages);
    assert_eq!(sent["stop"], body["stop"]);
    assert_eq!(sent["seed"], body["seed"]);
}
