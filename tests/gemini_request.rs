//! Requests become Gemini's: golden by golden, and what it refuses where OpenAI does not.

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
use provider::sample::{self, endpoint, request};
use serde_json::{Value, json};
use signalbox::provider::gemini;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Path and body that `model` at Gemini gets for the request `body`.
fn translated(body: &str, model: &str) -> (String, String) {
    sample::translated(&request(body), &endpoint("gemini", model))
}

fn sent(body: &str, model: &str) -> Value {
    sample::sent(&request(body), &endpoint("gemini", model))
}

/// Turns alternate, no part is empty or two things at once, and each call is answered in the next turn, once.
fn assert_turns(body: &Value) {
    let contents = body["contents"].as_array().unwrap();
    assert!(!contents.is_empty(), "{body}");
    let count = |content: &Value, kind: &str| content["parts"].as_array().unwrap().iter().filter(|part| part.get(kind).is_some()).count();
    for (index, content) in contents.iter().enumerate() {
        assert_eq!(content["role"], if index % 2 == 0 { "user" } else { "model" }, "{body}");
        for part in content["parts"].as_array().unwrap() {
            let kinds = part.as_object().unwrap().keys().filter(|key| *key != "thoughtSignature").count();
            assert_eq!(kinds, 1, "{part}");
            assert!(part["text"] != "" || part.get("thoughtSignature").is_some(), "{body}");
        }
        let next = contents.get(index + 1).unwrap_or(&Value::Null);
        let answers = if next.is_null() { 0 } else { count(next, "functionResponse") };
        assert_eq!(count(content, "functionCall"), answers, "{body}");
    }
}

macro_rules! golden {
    ($name:literal, $model:literal) => {{
        let (path, body) = translated(include_str!(concat!("fixtures/gemini/", $name, ".request.json")), $model);
        let expected = include_str!(concat!("fixtures/gemini/", $name, ".gemini.json"));
        assert_golden(concat!("../gemini/", $name, ".gemini.json"), expected, &format!("{body}\n"));
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_turns(&body);
        (path, body)
    }};
}

#[test]
fn a_plain_question() {
    let (path, body) = golden!("text", "gemini-2.5-flash");
    assert_eq!(path, "/v1beta/models/gemini-2.5-flash:generateContent");
    assert_eq!(body.as_object().unwrap().len(), 1, "nothing but the contents: {body}");
}

#[test]
fn there_is_something_to_answer_where_nobody_said_anything() {
    for message in [r#"{"role":"user","content":""}"#, r#"{"role":"user","content":[]}"#, r#"{"role":"system","content":""}"#] {
        let body = sent(&format!(r#"{{"model":"a/b","messages":[{message}]}}"#), "gemini-2.5-flash");
        assert_eq!(body["contents"], json!([{"role": "user", "parts": [{"text": "."}]}]), "{message}");
        assert_eq!(body.get("systemInstruction"), None);
    }
}

#[test]
fn t27_t46_all_system_messages_are_one_instruction_and_turns_alternate() {
    let (_, body) = golden!("system", "gemini-2.5-flash");
    let parts = body["systemInstruction"]["parts"].as_array().unwrap();
    assert_eq!(
        parts.iter().map(|part| part["text"].as_str().unwrap()).collect::<Vec<_>>(),
        ["Be brief.", "Use SI units.", "Now in miles."]
    );
    assert_eq!(body["contents"][2]["parts"], json!([{"text": "And the sun?"}, {"text": "Both."}]));
}

#[test]
fn t46_there_is_always_something_to_answer() {
    let (_, body) = golden!("system_alone", "gemini-2.5-flash");
    assert_eq!(body, json!({"contents": [{"role": "user", "parts": [{"text": "Tell a joke."}]}]}));
}

#[test]
fn t47_t48_answers_go_by_name_and_are_objects() {
    let (_, body) = golden!("tools", "gemini-2.5-flash");
    let response = |turn: usize| &body["contents"][turn]["parts"][0]["functionResponse"];
    assert_eq!(response(2), &json!({"id": "call_1", "name": "get_weather", "response": {"temperature": -3}}));
    assert_eq!(response(4), &json!({"id": "call_2", "name": "now", "response": {"output": "12:30"}}));
    assert_eq!(body["toolConfig"], json!({"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["get_weather"]}}));
}

#[test]
fn t49_parallel_answers_are_one_turn_in_the_order_of_the_calls() {
    let (_, body) = golden!("parallel_tools", "gemini-2.5-flash");
    let parts = body["contents"][2]["parts"].as_array().unwrap();
    let outputs: Vec<_> = parts.iter().take(3).map(|part| &part["functionResponse"]["response"]["output"]).collect();
    assert_eq!(outputs, [&json!("snow"), &json!("rain, wind"), &json!(["12:30", "UTC"])]);
    assert_eq!(parts[3], json!({"text": "So?"}));
}

#[test]
fn t38_images_files_and_audio_are_bytes_or_addresses() {
    golden!("images", "gemini-2.5-flash");
}

#[test]
fn t50_signatures_come_back_on_their_parts_and_strangers_do_not() {
    let (_, body) = golden!("reasoning", "gemini-3-pro-preview");
    let signature = |turn: usize, part: usize| body["contents"][turn]["parts"][part]["thoughtSignature"].as_str();
    assert_eq!(signature(1, 0), Some("CpcBAXLI2nwsig=="));
    assert_eq!(signature(1, 1), None, "of calls in parallel only the first is signed");
    assert_eq!(signature(3, 0), Some("EtYCsig=="));
    assert_eq!(signature(5, 0), Some("skip_thought_signature_validator"), "another provider's call");
    assert!(!body.to_string().contains("Claude") && !body.to_string().contains("I need the weather"));
    assert_eq!(body["generationConfig"]["thinkingConfig"], json!({"thinkingLevel": "high", "includeThoughts": true}));
}

#[test]
fn t50_a_signature_without_a_part_of_its_own_gets_one() {
    let with = |content: &str, calls: &str| {
        let body = format!(
            r#"{{"model":"a/b","messages":[{{"role":"user","content":"x"}},{{"role":"assistant","content":{content},{calls}
            "reasoning_details":[{{"type":"reasoning.encrypted","data":"sig","id":"gone","format":"google-gemini-v1"}}]}},
            {{"role":"tool","tool_call_id":"c","content":"1"}}]}}"#
        );
        sent(&body, "gemini-3-pro")["contents"][1]["parts"].clone()
    };
    assert_eq!(with("null", ""), json!([{"text": "", "thoughtSignature": "sig"}]));
    assert_eq!(with(r#"[{"type":"text","text":"a"},{"type":"text","text":"b"}]"#, "")[1], json!({"text": "b", "thoughtSignature": "sig"}));
    let called = with("null", r#""tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}],"#);
    assert_eq!(called[0]["thoughtSignature"], "sig");
}

#[test]
fn t57_structured_output_is_a_json_schema() {
    let (_, body) = golden!("json_schema", "gemini-2.5-flash");
    assert_eq!(body["generationConfig"]["responseMimeType"], "application/json");
    assert_eq!(body["generationConfig"]["responseJsonSchema"]["properties"]["kind"], json!({"enum": ["final"]}));
}

#[test]
fn json_and_functions_go_together_from_gemini_3_on() {
    let (_, body) = golden!("json_object", "gemini-2.5-flash");
    assert_eq!(body.get("generationConfig"), None, "refused by 2.5");
    let body = sent(include_str!("fixtures/gemini/json_object.request.json"), "gemini-3-flash");
    assert_eq!(body["generationConfig"], json!({"responseMimeType": "application/json"}));
}

#[test]
fn t14_several_answers_and_likelihoods_as_far_as_gemini_has_them() {
    let (_, body) = golden!("several", "gemini-2.5-flash");
    assert_eq!(body["generationConfig"], json!({"candidateCount": 8, "responseLogprobs": true, "logprobs": 20}));
    let config =
        |more: &str| sent(&format!(r#"{{"model":"a/b","messages":[{{"role":"user","content":"x"}}],{more}}}"#), "gemini-2.5-flash");
    assert_eq!(config(r#""n":1,"top_logprobs":3,"logprobs":false"#).get("generationConfig"), None);
    assert_eq!(config(r#""n":"2","logprobs":true"#)["generationConfig"], json!({"responseLogprobs": true}));
}

#[test]
fn images_are_asked_for_by_their_shape_and_size() {
    let config = |more: &str, model: &str| {
        sent(&format!(r#"{{"model":"a/b","messages":[{{"role":"user","content":"x"}}],{more}}}"#), model)["generationConfig"].clone()
    };
    let wanted = r#""modalities":["image","text"],"image_config":{"aspect_ratio":"16:9","quality":"high","image_size":"2K"}"#;
    let expected = json!({"responseModalities": ["IMAGE", "TEXT"], "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"}});
    assert_eq!(config(wanted, "gemini-3-pro-image-preview"), expected);
    let small = r#""image_config":{"image_size":"0.5K","aspect_ratio":169}"#;
    assert_eq!(config(small, "gemini-3.1-flash-image"), json!({"imageConfig": {"imageSize": "512"}}));
    assert_eq!(config(small, "gemini-3-flash"), Value::Null, "a model that answers in text");
    for nothing in ["{}", "null", "[]", "\"16:9\"", "{\"quality\":\"high\"}"] {
        assert_eq!(config(&format!("\"image_config\":{nothing}"), "gemini-3.1-flash-image"), Value::Null, "{nothing}");
    }
}

#[test]
fn everything_at_once() {
    let (path, body) = golden!("everything", "gemini-3-pro-preview");
    assert_eq!(path, "/v1beta/models/gemini-3-pro-preview:streamGenerateContent?alt=sse");
    let members: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["contents", "generationConfig", "safetySettings", "systemInstruction", "toolConfig", "tools"]);
}

#[test]
fn t30_arguments_that_are_no_object_are_the_clients_fault() {
    for arguments in ["[1]", "{", "7", "{} x", "null"] {
        let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}});
        let body = json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [call]}]});
        let refused = gemini::request(&request(&body.to_string()), &endpoint("gemini", "gemini-2.5-flash")).map(|_| ()).unwrap_err();
        assert!(refused.to_string().contains("messages[1].tool_calls[0].function.arguments"), "{arguments}: {refused}");
    }
}

#[test]
fn a_tools_images_follow_its_answer() {
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}});
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let body = json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "seen"}, image]}]});
    let parts = sent(&body.to_string(), "gemini-3-pro")["contents"][2]["parts"].clone();
    assert_eq!(parts[0]["functionResponse"]["response"], json!({"output": "seen"}));
    assert_eq!(parts[1], json!({"inlineData": {"mimeType": "image/png", "data": "AA=="}}));
}
