//! Whole answers of Gemini become OpenRouter's, shape and usage.

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
use provider::sample::{self, ask, endpoint};
use serde_json::{Value, json};
use signalbox::error::ErrorType;
use signalbox::provider::Fault;
use signalbox::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The whole answer as a client gets it.
fn answer(body: &[u8]) -> Result<(String, Option<Usage>), Fault> {
    sample::answer(&ask(&json!({})), &endpoint("gemini", "gemini-3-pro"), body)
}

/// Compares the answer `$name` with its golden; the value is its first choice, and its usage.
macro_rules! golden {
    ($name:literal) => {{
        let (answer, usage) = whole!($name);
        (answer["choices"][0].clone(), usage)
    }};
}

/// The same, with all its choices.
macro_rules! whole {
    ($name:literal) => {{
        let (answer, usage) = answer(include_bytes!(concat!("fixtures/gemini/", $name, ".json"))).unwrap();
        let golden = include_str!(concat!("fixtures/gemini/", $name, ".openrouter.json"));
        assert_golden(concat!("../gemini/", $name, ".openrouter.json"), golden, &format!("{answer}\n"));
        (serde_json::from_str::<Value>(&answer).unwrap(), usage)
    }};
}

#[test]
fn t14_several_answers_are_choices() {
    let (answer, _) = whole!("several");
    let choices = answer["choices"].as_array().unwrap();
    assert_eq!((choices.len(), &choices[0]["index"], &choices[1]["index"]), (2, &json!(0), &json!(1)));
    assert_eq!((&choices[0]["message"]["content"], &choices[0]["finish_reason"]), (&json!("Zürich"), &json!("length")));
    assert_eq!(choices[1]["finish_reason"], "tool_calls");
    let ids: Vec<_> = choices[1]["message"]["tool_calls"].as_array().unwrap().iter().map(|call| &call["id"]).collect();
    assert_eq!(ids, ["call_mAita_1_0", "call_mAita_1_1"], "not those of the first answer");
}

#[test]
fn tokens_have_their_likelihood() {
    let (choice, _) = golden!("several");
    let token = &choice["logprobs"]["content"][0];
    assert_eq!((&token["token"], &token["logprob"]), (&json!("Zü"), &json!(-0.1)));
    assert_eq!(token["top_logprobs"][1], json!({"token": "\"B", "logprob": -2.5, "bytes": null}));
}

#[test]
fn pages_that_an_answer_is_from_are_annotations() {
    let (choice, _) = golden!("grounded");
    let annotations = choice["message"]["annotations"].as_array().unwrap();
    let citation = |url: &str, title: &str, content: &str, start: u32, end: u32| {
        json!({"type": "url_citation", "url_citation":
            {"url": url, "title": title, "content": content, "start_index": start, "end_index": end}})
    };
    assert_eq!(annotations.len(), 3);
    assert_eq!(annotations[0], citation("https://vertexaisearch.test/r/1", "weather.test", "Zürich", 0, 6));
    assert_eq!(annotations[2], citation("https://docs.test/a", "A \"doc\"", "warm", 10, 14));
}

#[test]
fn t55_text_and_what_the_cache_held() {
    let (choice, usage) = golden!("text");
    assert_eq!(usage, Some(Usage { input: 5, cache_read: 4, output: 11, ..Usage::default() }));
    assert_eq!(choice["message"]["content"], "Oceans <b>“blue”\n");
    assert_eq!(choice["finish_reason"], "stop");
}

#[test]
fn t47_t50_t52_calls_have_ids_and_signatures() {
    let (choice, usage) = golden!("tools");
    assert_eq!(usage, Some(Usage { input: 92, output: 40, reasoning: 30, ..Usage::default() }));
    assert_eq!((&choice["finish_reason"], &choice["native_finish_reason"]), (&json!("tool_calls"), &json!("STOP")));
    let calls = choice["message"]["tool_calls"].as_array().unwrap();
    let ids: Vec<_> = calls.iter().map(|call| call["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["call_mAitaLmkHPPlz7IPvtfUqQ4_0", "call_mAitaLmkHPPlz7IPvtfUqQ4_1", "call_mAitaLmkHPPlz7IPvtfUqQ4_2"]);
    assert_eq!(calls[0]["function"]["arguments"], r#"{"city":"Oslo","at":{"lat":59.9,"tags":["a b","c"]}}"#);
    let details = &choice["message"]["reasoning_details"];
    assert_eq!(
        details[1],
        json!({"type": "reasoning.encrypted", "data": "CpcBAXLI2nw=", "id": ids[0], "format": "google-gemini-v1", "index": 1})
    );
}

#[test]
fn t54_thoughts_are_reasoning() {
    let (choice, usage) = golden!("thinking");
    assert_eq!(usage, Some(Usage { input: 12, output: 5, reasoning: 300, ..Usage::default() }));
    assert_eq!(choice["message"]["reasoning"], "First, second.");
    assert_eq!(choice["message"]["content"], "It is 42.");
}

#[test]
fn t51_a_blocked_answer_has_no_content() {
    let (choice, _) = golden!("blocked_answer");
    assert_eq!((&choice["message"]["content"], &choice["finish_reason"]), (&Value::Null, &json!("content_filter")));
}

#[test]
fn t52_a_call_that_went_wrong_ends_with_error() {
    let (answer, _) = answer(br#"{"candidates":[{"content":{},"finishReason":"MALFORMED_FUNCTION_CALL","index":0}]}"#).unwrap();
    assert!(answer.contains(r#""finish_reason":"error","native_finish_reason":"MALFORMED_FUNCTION_CALL""#), "{answer}");
}

#[test]
fn t53_thoughts_can_use_up_everything() {
    let (choice, usage) = golden!("only_thoughts");
    assert_eq!(choice["finish_reason"], "length");
    assert_eq!(usage, Some(Usage { input: 8, reasoning: 64, ..Usage::default() }));
}

#[test]
fn an_image_is_an_answer() {
    let (choice, usage) = golden!("image");
    assert_eq!(usage, Some(Usage { input: 10, image_output: 1290, ..Usage::default() }));
    assert_eq!(choice["message"]["images"][0]["image_url"]["url"], "data:image/png;base64,iVBORw0KGgo=");
}

#[test]
fn what_is_no_answer_is_a_failure() {
    for (body, status, error_type) in [
        (r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#, 400, ErrorType::ContentPolicyViolation),
        (r#"{"promptFeedback":{},"usageMetadata":{}}"#, 502, ErrorType::ProviderUnavailable),
        (r#"{"candidates":[]}"#, 502, ErrorType::ProviderUnavailable),
        (r#"[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}]"#, 429, ErrorType::RateLimitExceeded),
        (r#"{"error":{"code":503,"status":"UNAVAILABLE"}}"#, 503, ErrorType::ProviderOverloaded),
        ("<html>", 502, ErrorType::ProviderUnavailable),
        (r#"{"candidates":[{"index":1,"content":{"parts":[{"text":"a second"}]}}]}"#, 502, ErrorType::ProviderUnavailable),
    ] {
        let fault = answer(body.as_bytes()).unwrap_err();
        assert_eq!((fault.status, fault.error_type), (status, error_type), "{body}");
    }
}

#[test]
fn reasoning_that_nobody_wants_to_see_is_left_out() {
    let request = ask(&json!({"reasoning": {"exclude": true}}));
    let body = include_bytes!("fixtures/gemini/thinking.json");
    let answer = sample::answer(&request, &endpoint("gemini", "gemini-3-pro"), body).unwrap().0;
    assert!(!answer.contains("reasoning\"") && answer.contains("It is 42."), "{answer}");
}
