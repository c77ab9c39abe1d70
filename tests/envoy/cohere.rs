//! A provider that speaks Cohere's format: completions, streams, tools, and the way to and from other formats.

use serde_json::{Value, json};

use super::{
    client::{self, Request},
    clients,
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let cohere = json!({"dialect": "cohere", "host": null, "path_prefix": null, "credential": {"env": "COHERE_API_KEY"}});
    let setup = Setup::new()
        .env("COHERE_API_KEY", "co-test")
        .provider(Provider::start("cohere"), cohere)
        .providers(&["other"])
        .models(&["t/plain", "t/streamed", "t/tools", "t/tools-streamed", "t/malformed"], &["cohere"])
        .models(&["t/busy", "t/busy-streamed", "t/key", "t/failed", "t/bad", "t/midway"], &["cohere", "other"])
        .models(&["t/from", "t/from-streamed"], &["other", "cohere"])
        .models(&["t/long"], &["cohere"]);
    Gateway::start(setup.models(&["t/next-model"], &["other"]))
});

fn usage() -> Value {
    json!({"billed_units": {"input_tokens": 20, "output_tokens": 37}, "tokens": {"input_tokens": 1500, "output_tokens": 90}, "cached_tokens": 1400})
}

fn answer(message: Value, finish: &str) -> Reply {
    Reply::json(200, &json!({"id": "c14c80c3", "message": message, "finish_reason": finish, "usage": usage()}))
}

fn text(text: &str) -> Value {
    json!({"role": "assistant", "content": [{"type": "text", "text": text}]})
}

fn event(data: Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

fn start() -> String {
    event(json!({"type": "message-start", "id": "c14c80c3", "delta": {"message": {"role": "assistant", "content": []}}}))
}

fn piece(kind: &str, text: &str) -> String {
    event(json!({"type": "content-delta", "index": 0, "delta": {"message": {"content": {kind: text}}}}))
}

fn end(finish: &str) -> String {
    event(json!({"type": "message-end", "delta": {"finish_reason": finish, "usage": usage()}}))
}

fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"id": "8f7a", "message": message}))
}

fn weather() -> Value {
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    json!([{"type": "function", "function": {"name": "get_weather", "parameters": parameters}}])
}

#[test]
fn t75_a_completion_goes_there_and_back() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("cohere");
    let content = json!([{"type": "thinking", "thinking": "Thinking."}, {"type": "text", "text": "Zürich"}]);
    provider.answers("plain", answer(json!({"role": "assistant", "content": content}), "COMPLETE"));
    let response = gateway.send(&Request::ask("t/plain", json!({"max_tokens": 9, "stop": "END", "top_p": 0.5})));
    let cost = response.header("x-openrouter-cost").map(str::to_owned);
    let answer = response.json();
    assert_eq!(answer["choices"][0]["message"]["content"], "Zürich", "{answer:#}");
    assert_eq!(answer["choices"][0]["message"]["reasoning"], "Thinking.");
    assert_eq!((&answer["model"], &answer["provider"]), (&json!("t/plain"), &json!("cohere")));
    assert_eq!((&answer["usage"]["prompt_tokens"], &answer["usage"]["completion_tokens"]), (&json!(20), &json!(37)));
    assert!(cost.is_some_and(|cost| cost.parse::<f64>().unwrap() > 0.0));

    let received = &provider.received("plain")[0];
    assert_eq!(received.path, "/v2/chat");
    assert_eq!(received.header("host"), Some("api.cohere.com"));
    assert_eq!(received.header("authorization"), Some("Bearer co-test"));
    assert_eq!(
        received.json(),
        json!({
            "model": "plain",
            "messages": [{"role": "user", "content": "Say something."}],
            "max_tokens": 9,
            "p": 0.5,
            "stop_sequences": ["END"],
        })
    );
}

#[test]
fn t75_a_stream_goes_there_and_back() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("cohere");
    let pieces = [start(), piece("thinking", "Hm."), piece("text", "Zü"), piece("text", "rich, "), piece("text", "ok."), end("COMPLETE")];
    provider.answers("streamed", Reply::events(pieces).in_pieces_of(11, std::time::Duration::ZERO));
    let answer = gateway.ask_streamed("t/streamed");
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let chunks = client::chunks(&answer.events());
    assert_eq!(client::text(&chunks), "Zürich, ok.");
    let usage = client::usage(&chunks);
    assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"]), (&json!(20), &json!(37)));
    assert!(chunks.iter().any(|chunk| chunk["choices"][0]["finish_reason"] == "stop"));
    assert_eq!(provider.received("streamed")[0].json()["stream"], true);
}

#[test]
fn a_call_and_its_plan_make_the_round() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("cohere");
    let call =
        json!({"id": "get_weather_1", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\": \"Zürich\"}"}});
    let called = json!({"role": "assistant", "tool_plan": "I will look.", "tool_calls": [call]});
    provider.answers_in_turn("tools", vec![answer(called, "TOOL_CALL"), answer(text("12 degrees."), "COMPLETE")]);
    let first = gateway.send(&Request::ask("t/tools", json!({"tools": weather()}))).json();
    let message = &first["choices"][0]["message"];
    assert_eq!(first["choices"][0]["finish_reason"], "tool_calls");
    let history = json!([{"role": "user", "content": "Weather?"}, message,
        {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "{\"degrees\":12}"}]);
    let second = gateway.send(&Request::ask("t/tools", json!({"messages": history, "tools": weather()})));
    assert_eq!(second.content(), "12 degrees.");
    let messages = provider.received("tools")[1].json()["messages"].clone();
    assert_eq!(messages[1], json!({"role": "assistant", "tool_plan": "I will look.", "tool_calls": [call]}), "{messages:#}");
    assert_eq!(messages[2], json!({"role": "tool", "tool_call_id": "get_weather_1", "content": "{\"degrees\":12}"}));
}

#[test]
fn t32_calls_are_streamed() {
    let gateway = Use::of(&GATEWAY);
    let call = json!({"id": "now_1", "type": "function", "function": {"name": "now", "arguments": ""}});
    let events = [
        start(),
        event(json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will look."}}})),
        event(json!({"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": call}}})),
        event(json!({"type": "tool-call-end", "index": 0})),
        end("TOOL_CALL"),
    ];
    gateway.provider("cohere").answers("tools-streamed", Reply::events(events));
    let answer = gateway.send(&Request::ask("t/tools-streamed", json!({"stream": true, "tools": weather()}))).text();
    for said in [r#""reasoning":"I will look.""#, r#""arguments":"{}""#, r#""finish_reason":"tool_calls""#] {
        assert!(answer.contains(said), "{said}: {answer}");
    }
}

#[test]
fn its_failures_lead_to_a_provider_of_another_format() {
    let gateway = Use::of(&GATEWAY);
    for (model, failure) in [
        ("busy", error(429, "You are past the per minute request limit, please wait and try again later.")),
        ("key", error(401, "invalid api token")),
        ("failed", answer(json!({"role": "assistant", "content": []}), "ERROR")),
    ] {
        gateway.provider("cohere").answers(model, failure);
        gateway.provider("other").answers(model, wire::completion("saved"));
        let answer = gateway.ask(&format!("t/{model}")).json();
        assert_eq!((&answer["provider"], &answer["choices"][0]["message"]["content"]), (&json!("other"), &json!("saved")), "{answer:#}");
    }
    let failed = event(json!({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "internal server error"}}));
    gateway.provider("cohere").answers("busy-streamed", Reply::events([start(), failed]));
    gateway.provider("other").answers("busy-streamed", wire::stream(&["sa", "ved"]));
    assert_eq!(client::text(&client::chunks(&gateway.ask_streamed("t/busy-streamed").events())), "saved");
    // What it finds wrong with the request is told.
    gateway.provider("cohere").answers("bad", error(400, "invalid request: temperature must be between 0 and 1.0 inclusive."));
    assert!(gateway.ask("t/bad").error(400).contains("Provider returned error"));
}

#[test]
fn a_failure_after_the_beginning_is_told_in_the_stream() {
    let gateway = Use::of(&GATEWAY);
    gateway
        .provider("cohere")
        .answers("midway", Reply::events([start(), piece("text", "Half"), end("TIMEOUT")]).paced(std::time::Duration::from_millis(100)));
    let chunks = client::chunks(&gateway.ask_streamed("t/midway").events());
    assert_eq!(client::text(&chunks), "Half");
    assert_eq!(chunks.last().unwrap()["error"]["code"], 504, "{chunks:#?}");
}

#[test]
fn another_formats_failure_leads_to_it() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("other").answers("from", Reply::error(429, "busy"));
    gateway.provider("cohere").answers("from", answer(text("saved"), "COMPLETE"));
    assert_eq!(gateway.ask("t/from").content(), "saved");
    gateway.provider("other").answers("from-streamed", Reply::error(503, "busy"));
    gateway.provider("cohere").answers("from-streamed", Reply::events([start(), piece("text", "saved"), end("COMPLETE")]));
    assert_eq!(client::text(&client::chunks(&gateway.ask_streamed("t/from-streamed").events())), "saved");
}

#[test]
fn a_prompt_that_is_too_long_leads_to_the_next_model() {
    let gateway = Use::of(&GATEWAY);
    let long = "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292.";
    gateway.provider("cohere").answers("long", error(400, long));
    gateway.provider("other").answers("next-model", wire::completion("saved"));
    assert_eq!(gateway.send(&Request::ask("t/long", json!({"models": ["t/next-model"]}))).content(), "saved");
}

#[test]
fn t30_what_cannot_be_said_to_it_is_the_clients_fault() {
    let gateway = Use::of(&GATEWAY);
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"cut"}});
    let messages = json!([{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [call]}]);
    let answer = gateway.send(&Request::ask("t/malformed", json!({"messages": messages})));
    assert!(answer.error(400).contains("messages[1].tool_calls[0].function.arguments"), "{}", answer.text());
    assert!(gateway.provider("cohere").received("malformed").is_empty());
}

#[test]
fn aimock_is_understood() {
    clients::assert_simulated("cohere");
}
