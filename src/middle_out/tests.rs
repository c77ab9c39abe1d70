use serde_json::{Value, json};

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const UNLIMITED: Limits = Limits { bytes: usize::MAX, messages: usize::MAX };

fn request(messages: &Value) -> Request {
    let body = format!(r#"{{"model":"a/b", "messages" : {messages} ,"max_tokens":9}}"#);
    Request::parse(body.into_bytes(), None, 3).unwrap()
}

fn compressed(messages: &Value, limits: Limits) -> Option<Value> {
    let request = compress(&request(messages), limits)?;
    assert!(request.prompt_bytes <= limits.bytes, "{} bytes", request.prompt_bytes);
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!((&body["model"], &body["max_tokens"]), (&json!("a/b"), &json!(9)));
    Some(body["messages"].clone())
}

fn said(role: &str, text: impl Into<String>) -> Value {
    json!({"role": role, "content": text.into()})
}

/// Ten messages of ten bytes.
fn ten() -> Vec<Value> {
    (0..10).map(|n| said(if n % 2 == 0 { "user" } else { "assistant" }, format!("message {n:02}"))).collect()
}

#[test]
fn a_conversation_loses_its_middle_and_keeps_both_ends() {
    let all = ten();
    let left = compressed(&json!(all), Limits { bytes: 50, ..UNLIMITED }).unwrap();
    assert_eq!(left, json!([all[0], all[1], all[2], all[8], all[9]]));
    let left = compressed(&json!(all), Limits { bytes: 29, ..UNLIMITED }).unwrap();
    assert_eq!(left, json!([all[0], all[9]]));
    assert_eq!(compressed(&json!(all), Limits { bytes: 100, ..UNLIMITED }), None, "what fits is not touched");
}

#[test]
fn too_many_messages_leave_half_from_the_start_and_half_from_the_end() {
    let all: Vec<Value> = (0..1500).map(|n| said("user", n.to_string())).collect();
    let left = compressed(&json!(all), Limits { messages: 1000, ..UNLIMITED }).unwrap();
    assert_eq!(left, json!([&all[..500], &all[1000..]].concat()));
    assert_eq!(compressed(&json!(all), Limits { messages: 1500, ..UNLIMITED }), None);
}

#[test]
fn system_messages_stay_wherever_they_stand() {
    let mut all = ten();
    all.insert(0, said("system", "be brief"));
    all.insert(5, said("developer", "be kind"));
    let left = compressed(&json!(all), Limits { bytes: 40, ..UNLIMITED }).unwrap();
    assert_eq!(left, json!([all[0], all[1], all[5], all[11]]));
}

#[test]
fn calls_stay_with_their_results() {
    let call = json!({"role": "assistant", "content": null, "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "x".repeat(30)});
    let all =
        json!([said("user", "first"), call, result("1"), result("2"), said("assistant", "done"), said("user", "next"), call, result("1")]);
    let calls = call["tool_calls"].to_string().len();
    let left = compressed(&all, Limits { bytes: 50 + calls, ..UNLIMITED }).unwrap();
    assert_eq!(left, json!([all[0], all[4], all[5], all[6], all[7]]), "without a call of which the results do not fit");
}

#[test]
fn texts_that_are_too_long_by_themselves_lose_their_middle() {
    let long = format!("beginning {} end", "é\"\n😀".repeat(1000));
    let all = json!([said("system", "s".repeat(100)), {"role": "user", "content": [{"type": "text", "text": long}, {"type": "text", "text": "short"}]}, said("user", "last")]);
    let left = compressed(&all, Limits { bytes: 1000, ..UNLIMITED }).unwrap();
    assert_eq!((&left[0], &left[2], &left[1]["content"][1]), (&all[0], &all[2], &all[1]["content"][1]));
    let text = left[1]["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("beginning ") && text.ends_with(" end") && text.len() > 600, "{text}");
}

#[test]
fn what_cannot_be_shortened_is_left_as_it_is() {
    assert_eq!(
        compressed(&json!([said("system", "s".repeat(1000)), said("user", "u".repeat(1000))]), Limits { bytes: 900, ..UNLIMITED }),
        None
    );
    assert_eq!(compressed(&json!([said("user", "u".repeat(1000))]), Limits { bytes: 10, ..UNLIMITED }), None);
}

#[test]
fn every_byte_that_stays_is_the_clients() {
    let body = br#"{ "messages": [ {"role":"user","content":"\u00e9 one"} , {"content" : "two two two", "role":"assistant"},
        {"role" : "user",  "content":"three"} ], "x": 1.0, "model":"a/b"}"#;
    let request = Request::parse(body.to_vec(), None, 3).unwrap();
    let left = compress(&request, Limits { bytes: 20, ..UNLIMITED }).unwrap();
    let expected =
        br#"{ "messages": [ {"role":"user","content":"\u00e9 one"} , {"role" : "user",  "content":"three"} ], "x": 1.0, "model":"a/b"}"#;
    assert_eq!(std::str::from_utf8(left.body()).unwrap(), std::str::from_utf8(expected).unwrap());
}
