//! Cohere's Chat: requests become theirs, golden by golden, and what it refuses where OpenAI does not.

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
use provider::sample::{ask, endpoint, endpoint_with, request, sent, translated};
use serde_json::{Value, json};
use signalbox::clock::Millis;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

macro_rules! golden {
    ($name:literal) => {{
        let request = request(include_str!(concat!("fixtures/cohere/", $name, ".request.json")));
        let (path, body) = translated(&request, &endpoint("cohere", "command-a-03-2025"));
        assert_eq!(path, "/v2/chat");
        let expected = include_str!(concat!("fixtures/cohere/", $name, ".cohere.json"));
        assert_golden(concat!("../cohere/", $name, ".cohere.json"), expected, &format!("{body}\n"));
        serde_json::from_str::<Value>(&body).unwrap()
    }};
}

/// What is sent of a request with these members.
fn asked(more: Value) -> Value {
    sent(&ask(&more), &endpoint("cohere", "command-a-03-2025"))
}

fn refused(messages: Value) -> String {
    let request = ask(&json!({"messages": messages}));
    let refused = signalbox::provider::request(&request, &endpoint("cohere", "command-a"), &Millis(0)).map(|_| ()).unwrap_err();
    refused.to_string()
}

#[test]
fn a_plain_question() {
    let body = golden!("text");
    assert_eq!(body.as_object().unwrap().len(), 2, "nothing but the model and the message: {body}");
}

#[test]
fn t27_all_system_messages_are_one_and_the_first() {
    let body = golden!("system");
    let messages = body["messages"].as_array().unwrap();
    assert_eq!(messages[0]["role"], "system");
    let texts: Vec<_> = messages[0]["content"].as_array().unwrap().iter().map(|block| block["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["Be brief.", "Use SI units.", "Now in miles."]);
    assert_eq!(messages.len(), 4, "an assistant that said nothing is left out");
}

#[test]
fn parameters_have_other_names_and_narrower_ranges() {
    let body = golden!("system");
    assert_eq!((&body["temperature"], &body["p"], &body["k"]), (&json!(1), &json!(0.99), &json!(40)));
    assert_eq!((body.get("frequency_penalty"), &body["presence_penalty"]), (None, &json!(0.3)));
    assert_eq!((&body["seed"], &body["max_tokens"]), (&json!(u64::MAX - 1), &json!(300)));
    assert_eq!(body["stop_sequences"], json!(["END", "1", "2", "3", "4"]));
    assert_eq!((body.get("n"), body.get("user")), (None, None));
    let both = asked(json!({"frequency_penalty": 0.2, "presence_penalty": 0.5, "top_p": 0.5}));
    assert_eq!((&both["frequency_penalty"], both.get("presence_penalty"), &both["p"]), (&json!(0.2), None, &json!(0.5)));
}

#[test]
fn calls_and_their_answers_keep_their_ids() {
    let body = golden!("tools");
    let messages = body["messages"].as_array().unwrap();
    let ids: Vec<_> = messages[1]["tool_calls"].as_array().unwrap().iter().map(|call| call["id"].clone()).collect();
    assert_eq!(ids, [&messages[2], &messages[3], &messages[4]].map(|answer| answer["tool_call_id"].clone()));
    assert_eq!((&messages[1]["tool_calls"][2]["function"]["arguments"], messages[1].get("content")), (&json!("{}"), None));
    assert_eq!((&body["tool_choice"], body.get("strict_tools")), (&json!("REQUIRED"), None), "not all of them are strict");
    assert_eq!(body["tools"][1]["function"]["parameters"], json!({"type": "object", "properties": {}}));
    assert_eq!(body["tools"][2]["function"]["name"], messages[1]["tool_calls"][2]["function"]["name"]);
    assert_eq!(body.get("response_format"), None, "refused beside tools");
}

#[test]
fn a_certain_function_is_the_only_one_that_the_model_knows_of() {
    let parameters = json!({"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]});
    let tool = |name: &str| json!({"type": "function", "function": {"name": name, "strict": true, "parameters": parameters}});
    let tools = json!([tool("a"), tool("b")]);
    let body = asked(json!({"tools": tools, "tool_choice": {"type": "function", "function": {"name": "b"}}}));
    assert_eq!((body["tools"].as_array().unwrap().len(), &body["tool_choice"]), (1, &json!("REQUIRED")));
    assert_eq!((&body["tools"][0]["function"]["name"], &body["strict_tools"]), (&json!("b"), &json!(true)));
    let bare = asked(json!({"tools": [{"type": "function", "function": {"name": "a", "strict": true}}]}));
    assert_eq!(bare.get("strict_tools"), None, "Cohere wants something required then");
    assert_eq!(asked(json!({"tools": tools, "tool_choice": "auto"})).get("tool_choice"), None);
    assert_eq!(asked(json!({"tools": tools, "tool_choice": "none"}))["tool_choice"], "NONE");
    assert_eq!(asked(json!({"tools": [], "tool_choice": "none"})).get("tool_choice"), None);
    let limited = endpoint_with(&json!({"dialect": "cohere"}), "command-r", &json!({"supported_parameters": ["tools"]}));
    let body = sent(&ask(&json!({"tools": tools, "tool_choice": "required", "reasoning": {"effort": "high"}})), &limited);
    assert_eq!((body.get("tool_choice"), body.get("thinking")), (None, None), "older models know neither");
}

#[test]
fn parameters_that_an_endpoint_does_not_list_are_left_out() {
    let limited = endpoint_with(&json!({"dialect": "cohere"}), "command-r", &json!({"supported_parameters": ["max_tokens", "top_p"]}));
    let all = json!({"temperature": 0.5, "top_p": 0.5, "top_k": 5, "seed": 1, "stop": "x", "frequency_penalty": 0.5, "logprobs": true,
        "max_tokens": 5, "response_format": {"type": "json_object"}});
    let mut expected = sent(&ask(&json!({})), &limited);
    expected.as_object_mut().unwrap().extend([("max_tokens".to_owned(), json!(5)), ("p".to_owned(), json!(0.5))]);
    assert_eq!(sent(&ask(&all), &limited), expected);
}

#[test]
fn t37_plans_and_thoughts_go_back_and_those_of_others_do_not() {
    let body = golden!("reasoning");
    let messages = body["messages"].as_array().unwrap();
    assert_eq!(messages[1]["tool_plan"], "I will look.");
    let thought = json!({"type": "thinking", "thinking": "It is \"below\" 0."});
    assert_eq!((&messages[3]["content"][0], messages[3].get("tool_plan")), (&thought, None));
    assert!(!body.to_string().contains("Claude"));
    assert_eq!(body["thinking"], json!({"type": "enabled", "token_budget": 1476}), "1024 are left for the answer");
}

#[test]
fn reasoning_is_switched_and_measured() {
    let thinking = |reasoning: Value| asked(json!({"reasoning": reasoning, "max_tokens": 10_000})).get("thinking").cloned();
    assert_eq!(thinking(json!({})), None);
    assert_eq!(thinking(json!({"effort": "none"})), Some(json!({"type": "disabled"})));
    assert_eq!(thinking(json!({"enabled": false})), Some(json!({"type": "disabled"})));
    assert_eq!(thinking(json!({"enabled": true})), Some(json!({"type": "enabled"})));
    assert_eq!(thinking(json!({"effort": "high"})), Some(json!({"type": "enabled"})), "best without a budget");
    assert_eq!(thinking(json!({"effort": "low"})), Some(json!({"type": "enabled", "token_budget": 2000})));
    assert_eq!(thinking(json!({"max_tokens": 500})), Some(json!({"type": "enabled", "token_budget": 500})));
    let own = json!({"type": "enabled", "token_budget": 9});
    assert_eq!(asked(json!({"thinking": own, "reasoning": {"effort": "none"}}))["thinking"], own);
}

#[test]
fn t38_images_are_addresses_or_bytes() {
    let body = golden!("images");
    let urls: Vec<_> = body["messages"][0]["content"].as_array().unwrap()[1..].iter().map(|block| &block["image_url"]["url"]).collect();
    assert_eq!(urls, ["data:image/png;base64,iVBORw0=", "https://images.test/a.jpg", "data:image/png;base64,AA=="]);
}

#[test]
fn what_tools_show_is_shown_by_the_user() {
    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let messages = json!([
        {"role": "user", "content": "x"},
        {"role": "assistant", "tool_calls": [call("a"), call("b")]},
        {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "seen"}, image("https://a.test/1.png")]},
        {"role": "tool", "tool_call_id": "b", "content": [image("https://a.test/2.png")]},
        {"role": "user", "content": "So?"}]);
    let sent = asked(json!({"messages": messages}))["messages"].clone();
    assert_eq!((&sent[2]["content"], &sent[3]["content"]), (&json!("seen"), &json!("")));
    assert_eq!(sent[4], json!({"role": "user", "content": [image("https://a.test/1.png"), image("https://a.test/2.png")]}));
    assert_eq!(sent[5], json!({"role": "user", "content": "So?"}));
}

#[test]
fn a_schema_makes_the_answer_json() {
    let body = golden!("json_schema");
    assert_eq!(body["response_format"]["type"], "json_object");
    assert_eq!(body["response_format"]["json_schema"]["required"], json!(["title"]));
    assert_eq!(asked(json!({"response_format": {"type": "json_object"}}))["response_format"], json!({"type": "json_object"}));
}

#[test]
fn everything_at_once() {
    let body = golden!("everything");
    let mut members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    let expected = "citation_options documents frequency_penalty logprobs max_tokens messages model p safety_mode seed \
                    stop_sequences stream strict_tools temperature thinking tool_choice tools";
    assert_eq!(members.join(" "), expected);
    assert_eq!(body["documents"][0]["data"]["url"], "https://a.test", "documents are Cohere's own and go as they came");
}

#[test]
fn what_cannot_be_said_is_refused() {
    for part in [
        json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}),
        json!({"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}}),
        json!({"type": "video_url", "video_url": {"url": "https://a.test/a.mp4"}}),
    ] {
        let error = refused(json!([{"role": "user", "content": [part]}]));
        assert!(error.starts_with("Invalid `messages[0].content`"), "{error}");
    }
    let call = json!({"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"a\":"}});
    let error = refused(json!([{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [call]}]));
    assert!(error.starts_with("Invalid `messages[1].tool_calls[0].function.arguments`"), "{error}");
}
