//! A provider that speaks Gemini's format: completions, streams, tools, and the way to and from other formats.

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
    let google = json!({"dialect": "gemini", "host": null, "path_prefix": null, "credential": {"env": "GEMINI_API_KEY"}});
    let setup = Setup::new()
        .env("GEMINI_API_KEY", "AIza-test")
        .provider(Provider::start("google"), google)
        .providers(&["other"])
        .models(&["t/picture", "t/plain", "t/streamed", "t/tools", "t/malformed"], &["google"])
        .models(&["t/waiting", "t/busy", "t/busy-streamed", "t/key", "t/bad"], &["google", "other"])
        .models(&["t/from"], &["other", "google"])
        .model(
            json!({"id": "t/blocked", "endpoints": [{"provider": "google", "model": "blocked", "price": {"prompt": 1, "completion": 1}}]}),
        );
    Gateway::start(setup.models(&["t/next-model"], &["other"]))
});

pub fn answer(parts: Value, finish: &str) -> Value {
    json!({
        "candidates": [{"content": {"parts": parts, "role": "model"}, "finishReason": finish, "index": 0}],
        "usageMetadata": {"promptTokenCount": 20, "cachedContentTokenCount": 4, "candidatesTokenCount": 7, "thoughtsTokenCount": 30, "totalTokenCount": 57},
        "modelVersion": "gemini-3-pro", "responseId": "mAitaLmkHPPlz7IPvtfUqQ4"
    })
}

pub fn event(data: &Value) -> String {
    format!("data: {data}\r\n\r\n")
}

pub fn piece(parts: Value) -> String {
    event(&json!({"candidates": [{"content": {"parts": parts, "role": "model"}, "index": 0}], "responseId": "mAitaLmkHPPlz7IPvtfUqQ4"}))
}

pub fn error(status: u16, name: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"error": {"code": status, "message": message, "status": name}}))
}

#[test]
fn a_completion_goes_there_and_back() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("google");
    provider.answers("plain", Reply::json(200, &answer(json!([{"text": "Thinking.", "thought": true}, {"text": "Zürich"}]), "STOP")));
    let response = gateway.send(&Request::ask("t/plain", json!({"max_tokens": 9, "stop": "END"})));
    let cost = response.header("x-openrouter-cost").map(str::to_owned);
    let answer = response.json();
    assert_eq!(answer["choices"][0]["message"]["content"], "Zürich", "{answer:#}");
    assert_eq!(answer["choices"][0]["message"]["reasoning"], "Thinking.");
    assert_eq!((&answer["model"], &answer["provider"]), (&json!("t/plain"), &json!("google")));
    assert_eq!((&answer["usage"]["prompt_tokens"], &answer["usage"]["completion_tokens"]), (&json!(20), &json!(37)));
    assert!(cost.is_some_and(|cost| cost.parse::<f64>().unwrap() > 0.0));

    let received = &provider.received("plain")[0];
    assert_eq!(received.path, "/v1beta/models/plain:generateContent");
    assert_eq!(received.header("host"), Some("generativelanguage.googleapis.com"));
    assert_eq!(received.header("x-goog-api-key"), Some("AIza-test"));
    assert_eq!(received.header("authorization"), None);
    assert_eq!(
        received.json(),
        json!({
            "contents": [{"role": "user", "parts": [{"text": "Say something."}]}],
            "generationConfig": {"maxOutputTokens": 9, "stopSequences": ["END"]},
        })
    );
}

#[test]
fn t54_t56_a_stream_goes_there_and_back() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("google");
    let last = event(&answer(json!([{"text": "ok."}]), "STOP"));
    let pieces =
        [piece(json!([{"text": "Hm.", "thought": true}])), piece(json!([{"text": "Zü"}])), piece(json!([{"text": "rich, "}])), last];
    provider.answers("streamed", Reply::events(pieces).in_pieces_of(11, std::time::Duration::ZERO));
    let answer = gateway.ask_streamed("t/streamed");
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let chunks = client::chunks(&answer.events());
    assert_eq!(client::text(&chunks), "Zürich, ok.");
    let usage = client::usage(&chunks);
    assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"]), (&json!(20), &json!(37)));
    assert!(chunks.iter().any(|chunk| chunk["choices"][0]["finish_reason"] == "stop"));
    assert_eq!(provider.received("streamed")[0].path, "/v1beta/models/streamed:streamGenerateContent?alt=sse");
}

#[test]
fn s10_a_picture_of_three_megabytes_is_streamed() {
    let gateway = Use::of(&GATEWAY);
    let data = "iVBO".repeat(750_000);
    let picture = event(&answer(json!([{"inlineData": {"mimeType": "image/png", "data": data}}]), "STOP"));
    gateway.provider("google").answers("picture", Reply::events([piece(json!([{"text": "Here."}])), picture]));
    let chunks = client::chunks(&gateway.ask_streamed("t/picture").events());
    assert_eq!(client::text(&chunks), "Here.");
    let image = chunks.iter().find_map(|chunk| chunk["choices"][0]["delta"]["images"].get(0)).unwrap();
    assert!(image["image_url"]["url"] == format!("data:image/png;base64,{data}"));
    assert_eq!(client::usage(&chunks)["completion_tokens"], 37, "what came after it was read");
}

#[test]
fn t50_a_signed_call_makes_the_round() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("google");
    let call = json!([{"functionCall": {"name": "get_weather", "args": {"city": "Zürich"}}, "thoughtSignature": "c2lnbmVk"}]);
    provider.answers_in_turn(
        "tools",
        vec![Reply::json(200, &answer(call, "STOP")), Reply::json(200, &answer(json!([{"text": "12 degrees."}]), "STOP"))],
    );
    let tools = json!([{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]);
    let first = gateway.send(&Request::ask("t/tools", json!({"tools": tools}))).json();
    let message = &first["choices"][0]["message"];
    assert_eq!(first["choices"][0]["finish_reason"], "tool_calls");
    let id = &message["tool_calls"][0]["id"];
    let history =
        json!([{"role": "user", "content": "Weather?"}, message, {"role": "tool", "tool_call_id": id, "content": "{\"degrees\":12}"}]);
    let second = gateway.send(&Request::ask("t/tools", json!({"messages": history, "tools": tools})));
    assert_eq!(second.content(), "12 degrees.");
    let contents = provider.received("tools")[1].json()["contents"].clone();
    assert_eq!(contents[1]["parts"][0]["thoughtSignature"], "c2lnbmVk", "{contents:#}");
    let response = json!({"functionResponse": {"id": id, "name": "get_weather", "response": {"degrees": 12}}});
    assert_eq!(contents[2], json!({"role": "user", "parts": [response]}));
}

#[test]
fn its_failures_lead_to_a_provider_of_another_format() {
    let gateway = Use::of(&GATEWAY);
    let unknown_key = json!({"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",
        "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}});
    for (model, failure) in [("busy", error(503, "UNAVAILABLE", "The model is overloaded.")), ("key", Reply::json(400, &unknown_key))] {
        gateway.provider("google").answers(model, failure);
        gateway.provider("other").answers(model, wire::completion("saved"));
        let answer = gateway.ask(&format!("t/{model}")).json();
        assert_eq!((&answer["provider"], &answer["choices"][0]["message"]["content"]), (&json!("other"), &json!("saved")), "{answer:#}");
    }
    let in_stream = event(&json!({"error": {"code": 429, "message": "Quota.", "status": "RESOURCE_EXHAUSTED"}}));
    gateway.provider("google").answers("busy-streamed", Reply::events([in_stream]));
    gateway.provider("other").answers("busy-streamed", wire::stream(&["sa", "ved"]));
    assert_eq!(client::text(&client::chunks(&gateway.ask_streamed("t/busy-streamed").events())), "saved");
    // What it finds wrong with the request is told.
    gateway.provider("google").answers("bad", error(400, "INVALID_ARGUMENT", "Invalid value."));
    let answer = gateway.ask("t/bad");
    assert!(answer.error(400).contains("Provider returned error"));
}

#[test]
fn t80_it_rests_for_as_long_as_its_error_says() {
    let gateway = Use::of(&GATEWAY);
    let quota = json!({"error": {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED", "details": [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.3s"}]}});
    let well = Reply::json(200, &answer(json!([{"text": "well again"}]), "STOP"));
    gateway.provider("google").answers_in_turn("waiting", vec![Reply::json(429, &quota), well]);
    gateway.provider("other").answers("waiting", wire::completion("saved"));
    assert_eq!(gateway.ask("t/waiting").content(), "saved");
    std::thread::sleep(std::time::Duration::from_millis(600));
    assert_eq!(gateway.ask("t/waiting").content(), "well again", "not after the 30 seconds of any other failure");
}

#[test]
fn another_formats_failure_leads_to_it() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("other").answers("from", Reply::error(429, "busy"));
    gateway.provider("google").answers("from", Reply::json(200, &answer(json!([{"text": "saved"}]), "STOP")));
    assert_eq!(gateway.ask("t/from").content(), "saved");
}

#[test]
fn t51_a_blocked_prompt_leads_to_the_next_model() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("google").answers("blocked", Reply::json(200, &json!({"promptFeedback": {"blockReason": "SAFETY"}})));
    gateway.provider("other").answers("next-model", wire::completion("saved"));
    let answer = gateway.send(&Request::ask("t/blocked", json!({"models": ["t/next-model"]})));
    assert_eq!(answer.content(), "saved");
    let refused = gateway.ask("t/blocked");
    refused.error(400);
    assert_eq!(refused.json()["error"]["metadata"]["error_type"], "content_policy_violation");
}

#[test]
fn t30_what_cannot_be_said_to_it_is_the_clients_fault() {
    let gateway = Use::of(&GATEWAY);
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"cut"}});
    let messages = json!([{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [call]}]);
    let answer = gateway.send(&Request::ask("t/malformed", json!({"messages": messages})));
    assert!(answer.error(400).contains("messages[1].tool_calls[0].function.arguments"), "{}", answer.text());
    assert!(gateway.provider("google").received("malformed").is_empty());
}

#[test]
fn aimock_is_understood() {
    clients::assert_simulated("gemini");
}
