//! Cohere's Chat: whole answers and streams become OpenRouter's, however their bytes are cut.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

#[allow(dead_code)]
mod openai {
    pub(crate) mod chunks;
    pub(crate) mod golden;
    pub(crate) mod schema;
}
#[allow(dead_code)]
mod provider {
    pub(crate) mod sample;
}

use openai::golden::assert_golden;
use provider::sample::{answer, ask, calls, chunks, deltas, endpoint, failure, finish, reported, run, run_in_every_way, sent, text};
use serde_json::{Value, json};
use signalbox::chat::Request;
use signalbox::error::ErrorType;
use signalbox::provider::{Fault, Progress};
use signalbox::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A request with a function whose name Cohere does not allow.
fn plain() -> Request {
    ask(&json!({"tools": [{"type": "function", "function": {"name": "get-weather"}}]}))
}

macro_rules! whole {
    ($name:literal) => {{
        let body = include_bytes!(concat!("fixtures/cohere/", $name, ".json"));
        let (answer, usage) = answer(&plain(), &endpoint("cohere", "command-a"), body).unwrap();
        let golden = include_str!(concat!("fixtures/cohere/", $name, ".openrouter.json"));
        assert_golden(concat!("../cohere/", $name, ".openrouter.json"), golden, &format!("{answer}\n"));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        (answer["choices"][0].clone(), usage)
    }};
}

macro_rules! stream {
    ($name:literal) => {{
        let transcript = include_str!(concat!("fixtures/cohere/", $name, ".sse"));
        let ran = run_in_every_way(&plain(), &endpoint("cohere", "command-a"), transcript);
        let golden = include_str!(concat!("fixtures/cohere/", $name, ".chunks.sse"));
        assert_golden(concat!("../cohere/", $name, ".chunks.sse"), golden, &ran.answer());
        ran
    }};
}

fn refused(body: &str) -> Fault {
    answer(&plain(), &endpoint("cohere", "command-a"), body.as_bytes()).unwrap_err()
}

#[test]
fn t75_text_and_what_is_billed() {
    let (choice, usage) = whole!("text");
    assert_eq!(usage, Some(Usage { input: 5, output: 418, ..Usage::default() }));
    assert_eq!((&choice["message"]["content"], &choice["finish_reason"]), (&json!("LLMs are “models”\n<b> é😀"), &json!("stop")));
}

#[test]
fn calls_come_with_their_plan() {
    let (choice, usage) = whole!("tools");
    assert_eq!(usage, Some(Usage { input: 48, output: 14, ..Usage::default() }));
    let message = &choice["message"];
    let arguments: Vec<_> = message["tool_calls"].as_array().unwrap().iter().map(|call| &call["function"]["arguments"]).collect();
    assert_eq!(arguments, ["{\n    \"city\": \"Oslo\"\n}", "{}", "{}"]);
    assert_eq!((&message["content"], &message["reasoning"]), (&Value::Null, &json!("I will look up the weather in Oslo and the time.")));
    assert_eq!((&choice["finish_reason"], &choice["native_finish_reason"]), (&json!("tool_calls"), &json!("TOOL_CALL")));
    assert_eq!(message.get("annotations"), None, "a plan cites nothing");
}

#[test]
fn thoughts_are_reasoning_and_tokens_have_their_likelihood() {
    let (choice, _) = whole!("thinking");
    assert_eq!((&choice["message"]["reasoning"], &choice["message"]["content"]), (&json!("First, \"second\"."), &json!("It is 4.")));
    assert_eq!((&choice["finish_reason"], &choice["native_finish_reason"]), (&json!("length"), &json!("MAX_TOKENS")));
    let tokens = choice["logprobs"]["content"].as_array().unwrap();
    assert_eq!((&tokens[0]["token"], &tokens[0]["logprob"]), (&json!("It"), &json!(-0.5)));
    let said: Vec<_> = tokens.iter().map(|token| (token["token"].as_str().unwrap(), token["logprob"].as_f64().unwrap())).collect();
    assert_eq!(said, [("It", -0.5), (" is 4", -0.25), ("", -0.1)], "a text of two tokens stands with the first");
}

#[test]
fn pages_are_annotations_and_the_clients_own_documents_are_not() {
    let (choice, _) = whole!("citations");
    let annotations = choice["message"]["annotations"].as_array().unwrap();
    let cited =
        json!({"url": "https://weather.test/oslo", "title": "Oslo \"today\"", "content": "snow", "start_index": 9, "end_index": 13});
    assert_eq!(annotations, &[json!({"type": "url_citation", "url_citation": cited})]);
}

#[test]
fn what_is_no_answer_is_a_failure() {
    let limited = refused(r#"{"id":"1","message":"You are past the per minute request limit"}"#);
    assert_eq!(limited.status, 502, "an error that says nothing of its kind");
    let long = refused(r#"{"message":"too many tokens: total number of tokens in the prompt cannot exceed 1 - received 2."}"#);
    assert_eq!(long.error_type, ErrorType::ContextLengthExceeded);
    for (body, status) in [
        ("", 502),
        ("<html>", 502),
        ("{}", 502),
        (r#"{"message":null,"finish_reason":"COMPLETE"}"#, 502),
        (r#"{"message":{"content":[]},"finish_reason":"ERROR"}"#, 502),
        (r#"{"message":{"content":[]},"finish_reason":"TIMEOUT"}"#, 504),
        (r#"{"message":{},"finish_reason":"COMPLETE"} x"#, 502),
    ] {
        assert_eq!(refused(body).status, status, "{body}");
    }
}

#[test]
fn t75_a_streamed_text() {
    let ran = stream!("text");
    assert_eq!(reported(&ran), Usage { input: 12, output: 7, ..Usage::default() });
    assert_eq!(text(&ran, "content"), "Oceans of “blue”\n<br> é😀");
    assert_eq!(finish(&ran), ["stop", "COMPLETE"]);
    assert!(ran.chunks.contains(": keep-alive\n\n"));
}

#[test]
fn t31_t32_streamed_calls() {
    let ran = stream!("tools");
    let called = calls(&ran);
    let names: Vec<_> = called.iter().map(|(name, _)| name.as_str()).collect();
    let arguments: Vec<_> = called.iter().map(|(_, arguments)| arguments.as_str()).collect();
    assert_eq!(names, ["get_weather", "now", "now", "note"]);
    assert_eq!(arguments, ["{\n    \"city\": \"Oslo\"}", "{}", "{}", r#"{"text":"x"}"#]);
    assert_eq!((text(&ran, "reasoning"), text(&ran, "content")), ("I will look.".into(), String::new()));
    assert_eq!(finish(&ran), ["tool_calls", "TOOL_CALL"]);
}

#[test]
fn calls_that_come_at_the_same_time_are_told_apart() {
    let event = |event: Value| format!("data: {event}\n\n");
    let start = |index: u32, id: &str| {
        let call = json!({"id": id, "type": "function", "function": {"name": "f", "arguments": ""}});
        event(json!({"type": "tool-call-start", "index": index, "delta": {"message": {"tool_calls": call}}}))
    };
    let piece = |index: u32, arguments: &str| {
        event(
            json!({"type": "tool-call-delta", "index": index, "delta": {"message": {"tool_calls": {"function": {"arguments": arguments}}}}}),
        )
    };
    let end = event(json!({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}}));
    let stream = [start(1, "a"), piece(1, "{\"x\""), start(2, "b"), piece(2, "[]"), piece(1, ":1}"), piece(9, "lost"), end].concat();
    let ran = run_in_every_way(&plain(), &endpoint("cohere", "command-a"), &stream);
    assert_eq!(calls(&ran), [("f".into(), "{\"x\":1}".into()), ("f".into(), "[]".into())]);
}

#[test]
fn a_functions_name_is_the_clients_own_again() {
    let tools = &sent(&plain(), &endpoint("cohere", "command-a"))["tools"];
    let name = tools[0]["function"]["name"].as_str().unwrap();
    assert_ne!(name, "get-weather");
    let call = json!({"id": "a", "type": "function", "function": {"name": name, "arguments": "{}"}});
    let start = json!({"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": call}}});
    let ran = run(&plain(), &endpoint("cohere", "command-a"), 4000, [format!("data: {start}\n\n").as_bytes()]);
    assert_eq!(calls(&ran)[0].0, "get-weather");
    let body = json!({"message": {"tool_calls": [call]}, "finish_reason": "TOOL_CALL"}).to_string();
    let whole = answer(&plain(), &endpoint("cohere", "command-a"), body.as_bytes()).unwrap().0;
    assert!(whole.contains(r#""name":"get-weather""#), "{whole}");
}

#[test]
fn t37_streamed_thoughts_and_plans_go_back_as_they_were() {
    let ran = stream!("thinking");
    assert_eq!((text(&ran, "reasoning"), text(&ran, "content")), ("The user asks.".into(), "4.".into()));
    let logprobs: Vec<Value> = chunks(&ran).iter().filter_map(|chunk| chunk["choices"][0]["logprobs"]["content"].get(0).cloned()).collect();
    assert_eq!(logprobs, [json!({"token": "4", "logprob": -0.125, "bytes": null, "top_logprobs": []})]);
    let ran = stream!("thinking_and_plan");
    let details: Vec<Value> = deltas(&ran).iter().filter_map(|delta| delta["reasoning_details"].get(0).cloned()).collect();
    let message = json!({"role": "assistant", "content": null, "reasoning_details": details,
        "tool_calls": [{"id": "now_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}]});
    let request =
        ask(&json!({"messages": [{"role": "user", "content": "x"}, message, {"role": "tool", "tool_call_id": "now_1", "content": "1"}]}));
    let sent = sent(&request, &endpoint("cohere", "command-a"));
    assert_eq!(sent["messages"][1]["content"], json!([{"type": "thinking", "thinking": "Which tool?"}]));
    assert_eq!(sent["messages"][1]["tool_plan"], "I will use now.");
}

#[test]
fn reasoning_that_nobody_wants_to_see_is_left_out() {
    let excluded = ask(&json!({"reasoning": {"exclude": true}}));
    let stream = include_str!("fixtures/cohere/thinking_and_plan.sse");
    let ran = run(&excluded, &endpoint("cohere", "command-a"), 4000, [stream.as_bytes()]);
    assert!(!ran.chunks.contains("reasoning") && !ran.chunks.contains("Which tool?"), "{}", ran.chunks);
}

#[test]
fn streamed_citations_of_pages_are_annotations() {
    let ran = stream!("citations");
    let annotations: Vec<Value> = deltas(&ran).iter().filter_map(|delta| delta.get("annotations").cloned()).collect();
    assert_eq!((annotations.len(), &annotations[0][0]["url_citation"]["end_index"]), (1, &json!(13)));
    assert!(!ran.chunks.contains("secret"), "what Cohere says for debugging is not for the client");
    assert_eq!(finish(&ran), ["stop", "STOP_SEQUENCE"]);
}

#[test]
fn a_stream_that_ends_without_an_end_has_failed() {
    let ran = stream!("cut_short");
    assert_eq!(failure(&ran).status, 502);
}

#[test]
fn t75_an_end_by_error_or_timeout_is_a_failure() {
    let ran = stream!("failed_at_once");
    assert_eq!((failure(&ran).status, ran.output_bytes), (502, 0), "nothing of it was an answer, so another provider may be asked");
    let ran = stream!("failed_midway");
    assert_eq!((failure(&ran).status, failure(&ran).error_type), (504, ErrorType::Timeout));
    let ran = stream!("error_event");
    assert!(failure(&ran).raw.as_ref().unwrap().contains("trial token"));
}

#[test]
fn an_end_after_the_end_changes_nothing() {
    let ran = stream!("terminated");
    assert_eq!((finish(&ran), ran.progress), (["length", "MAX_TOKENS"].map(str::to_owned), Progress::Done));
}

#[test]
fn s10_an_event_that_is_too_large_does_not_end_the_stream() {
    let long = "x".repeat(5000);
    let event = |event: Value| format!("data: {event}\n\n");
    let delta = event(json!({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": long}}}}));
    let end = event(json!({"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}));
    let ran = run(&plain(), &endpoint("cohere", "command-a"), 4000, format!("{delta}{end}").as_bytes().chunks(900));
    assert_eq!((ran.progress, ran.unread), (Progress::Done, true));
}
