//! Bedrock behind Envoy: signed requests, answers and event streams, and failing over from it to another format.

use std::time::Duration;

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

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

static GATEWAY: Shared = Shared::new(|| {
    let members = |credential: Value| json!({"dialect": "bedrock", "region": "eu-west-3", "host": null, "path_prefix": null, "credential": credential});
    let signed = json!({"aws": {"access_key_id": "AWS_ID", "secret_access_key": "AWS_SECRET", "session_token": "AWS_SESSION"}});
    let setup = Setup::new()
        .env("AWS_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET", SECRET)
        .env("AWS_SESSION", "session-token")
        .env("BEDROCK_KEY", "bedrock-api-key")
        .provider(Provider::start("signed"), members(signed))
        .provider(Provider::start("keyed"), members(json!({"env": "BEDROCK_KEY"})))
        .providers(&["openai"])
        .models(&["t/chat", "t/tools", "t/refused-by-us"], &["signed"])
        .models(&["t/key"], &["keyed"])
        .models(&["t/down", "t/throttled", "t/midway"], &["signed", "openai"]);
    Gateway::start(setup)
});

pub fn events(transcript: &[(&str, Value)]) -> Reply {
    let frames = transcript.iter().map(|(kind, payload)| {
        let (header, kind, class) = match kind.strip_prefix('!') {
            Some(exception) => (":exception-type", exception, "exception"),
            None => (":event-type", *kind, "event"),
        };
        frame(&[(header, kind), (":content-type", "application/json"), (":message-type", class)], payload.to_string().as_bytes())
    });
    Reply::events(frames).header("content-type", "application/vnd.amazon.eventstream")
}

fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        encoded.push(name.len() as u8);
        encoded.extend_from_slice(name.as_bytes());
        encoded.extend_from_slice(&[7, 0, value.len() as u8]);
        encoded.extend_from_slice(value.as_bytes());
    }
    let mut frame = [encoded.len() + payload.len() + 16, encoded.len()].map(|length| (length as u32).to_be_bytes()).concat();
    frame.extend_from_slice(&crc32(&frame));
    frame.extend_from_slice(&encoded);
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&crc32(&frame));
    frame
}

fn crc32(bytes: &[u8]) -> [u8; 4] {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    (!bytes.iter().fold(!0u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))).to_be_bytes()
}

pub fn text(text: &str) -> (&'static str, Value) {
    ("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"text": text}}))
}

pub fn beginning() -> (&'static str, Value) {
    ("messageStart", json!({"role": "assistant"}))
}

pub fn ending(reason: &str) -> [(&'static str, Value); 2] {
    let usage = json!({"inputTokens": 7, "outputTokens": 3, "totalTokens": 30, "cacheReadInputTokens": 20});
    [("messageStop", json!({"stopReason": reason})), ("metadata", json!({"usage": usage, "metrics": {"latencyMs": 1}}))]
}

pub fn streamed(pieces: &[&str]) -> Reply {
    let texts = pieces.iter().map(|piece| text(piece));
    events(&[beginning()].into_iter().chain(texts).chain(ending("end_turn")).collect::<Vec<_>>())
}

pub fn converse(content: Value, stop_reason: &str) -> Reply {
    let usage = json!({"inputTokens": 7, "outputTokens": 3, "totalTokens": 10});
    Reply::json(200, &json!({"output": {"message": {"role": "assistant", "content": content}}, "stopReason": stop_reason, "usage": usage}))
}

#[test]
fn t62_a_chat_is_signed_and_answered() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("signed");
    provider.answers("chat", converse(json!([{"text": "Bonjour"}]), "end_turn"));
    let response = gateway.ask("t/chat");
    assert_eq!(response.content(), "Bonjour", "{}", response.text());
    assert_eq!(response.json()["usage"]["total_tokens"], 10);
    assert_eq!(response.json()["choices"][0]["native_finish_reason"], "end_turn");
    let received = &provider.received("chat")[0];
    assert_eq!(received.path, "/model/chat/converse");
    assert_eq!(received.header("host"), Some("bedrock-runtime.eu-west-3.amazonaws.com"));
    assert_eq!(received.header("x-amz-security-token"), Some("session-token"));
    assert_eq!(received.header("accept"), Some("application/json"));
    let authorization = received.header("authorization").unwrap();
    let date = received.header("x-amz-date").unwrap();
    let scope = format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{}/eu-west-3/bedrock/aws4_request, ", &date[..8]);
    assert!(authorization.starts_with(&scope), "{authorization}");
    assert!(date.starts_with("20") && date.ends_with('Z') && !date.starts_with("1970"), "{date}");
    assert!(received.json().get("model").is_none() && received.json()["messages"][0]["role"] == "user");
    assert!(!received.head.contains(SECRET) && !received.text().contains(SECRET));
}

#[test]
fn t63_t65_t66_a_stream_of_frames_becomes_a_stream_of_events() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("keyed");
    provider.answers("key", streamed(&["Bon", "jour"]).in_pieces_of(7, Duration::ZERO));
    let chunks = client::chunks(&gateway.ask_streamed("t/key").events());
    assert_eq!(client::text(&chunks), "Bonjour");
    assert_eq!(client::usage(&chunks)["prompt_tokens"], 27);
    assert_eq!(client::usage(&chunks)["prompt_tokens_details"]["cached_tokens"], 20);
    let received = &provider.received("key")[0];
    assert_eq!(received.path, "/model/key/converse-stream");
    assert_eq!(received.header("authorization"), Some("Bearer bedrock-api-key"));
    assert_eq!(received.header("accept"), Some("application/vnd.amazon.eventstream"));
    assert_eq!(received.header("x-amz-date"), None);
}

#[test]
fn t67_tools_go_there_and_back() {
    let gateway = Use::of(&GATEWAY);
    let call = json!([{"toolUse": {"toolUseId": "tooluse_1", "name": "get_weather", "input": {"city": "Paris"}}}]);
    gateway.provider("signed").answers("tools", converse(call, "tool_use"));
    let tools = json!([{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]);
    let first = gateway.send(&Request::ask("t/tools", json!({"tools": tools}))).json();
    let message = &first["choices"][0]["message"];
    assert_eq!(first["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(message["tool_calls"][0]["function"]["arguments"], r#"{"city":"Paris"}"#);
    let messages = json!([
        {"role": "user", "content": "Weather?"}, message,
        {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "Rain"},
    ]);
    gateway.provider("signed").answers("tools", converse(json!([{"text": "It rains."}]), "end_turn"));
    let second = gateway.send(&Request::ask("t/tools", json!({"tools": tools, "messages": messages})));
    assert_eq!(second.content(), "It rains.");
    let sent = gateway.provider("signed").received("tools").pop().unwrap().json();
    assert_eq!(sent["messages"][2]["content"][0]["toolResult"]["toolUseId"], "tooluse_1");
}

#[test]
fn a_failing_bedrock_is_replaced_by_another_format() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("signed").answers("down", Reply::json(424, &json!({"message": "The model has failed."})));
    gateway.provider("openai").answers("down", wire::completion("saved"));
    let response = gateway.ask("t/down");
    assert_eq!((response.content(), response.json()["provider"].clone()), ("saved".to_owned(), json!("openai")));
    let exception = [("!throttlingException", json!({"message": "Too many requests"}))];
    gateway.provider("signed").answers("throttled", events(&exception));
    gateway.provider("openai").answers("throttled", wire::stream(&["sa", "ved"]));
    let chunks = client::chunks(&gateway.ask_streamed("t/throttled").events());
    assert_eq!(client::text(&chunks), "saved");
    assert!(chunks.iter().all(|chunk| chunk["provider"] == "openai"));
}

#[test]
fn t64_an_exception_midway_is_told_within_the_stream() {
    let gateway = Use::of(&GATEWAY);
    let broken = [beginning(), text("Once"), ("!modelStreamErrorException", json!({"message": "The model has failed."}))];
    gateway.provider("signed").answers("midway", events(&broken).paced(Duration::from_millis(50)));
    let chunks = client::chunks(&gateway.ask_streamed("t/midway").events());
    assert_eq!(client::text(&chunks), "Once");
    let last = chunks.last().unwrap();
    assert_eq!((&last["error"]["code"], &last["choices"][0]["finish_reason"]), (&json!(502), &json!("error")));
}

#[test]
fn a_request_that_bedrock_cannot_carry_is_not_sent_there() {
    let gateway = Use::of(&GATEWAY);
    let image = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://cat.test/1.png"}}]}]);
    let response = gateway.send(&Request::ask("t/refused-by-us", json!({"messages": image})));
    let expected =
        "No endpoints found for t/refused-by-us: the messages have an image by URL (a data: URI would do), it is served by signed";
    assert_eq!(response.error(404), expected);
    assert_eq!(gateway.provider("signed").received("refused-by-us").len(), 0);
}

#[test]
fn the_simulators_converse_is_understood() {
    let simulator = Simulator::start();
    let members = json!({"dialect": "bedrock", "region": "us-east-1", "path_prefix": null});
    let setup = Setup::new().provider(Provider::at("simulator", simulator.port), members).models(&["t/plain", "t/tools"], &["simulator"]);
    let gateway = Gateway::start(setup);
    let answer = gateway.ask("t/plain").json();
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap_or_default();
    assert!(!text.is_empty() && answer["choices"][0]["finish_reason"] == "stop", "{answer:#}");
    let chunks = client::chunks(&gateway.ask_streamed("t/plain").events());
    assert_eq!(client::text(&chunks), text);
    let tools = json!({"tools": [{"type": "function", "function": {"name": "get_weather"}}]});
    let called = gateway.send(&Request::ask("t/tools", tools)).json();
    assert_eq!(called["choices"][0]["finish_reason"], "tool_calls", "{called:#}");
}
