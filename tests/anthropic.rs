//! Anthropic's Messages: requests become theirs, answers and streams OpenRouter's, however their bytes are cut.

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

use std::rc::Rc;

use openai::chunks::Ran;
use openai::golden::assert_golden;
use provider::sample::{self, ask, calls, chunks, endpoint_with, reported, request, sent, translated};
use serde_json::{Value, json};
use signalbox::api::Api;
use signalbox::chat::Request;
use signalbox::clock::Millis;
use signalbox::endpoint::Endpoint;
use signalbox::error::ErrorType;
use signalbox::preset::Presets;
use signalbox::provider::{Fault, Progress};
use signalbox::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The body that the request `$name` becomes for `$model`, which is in its golden.
macro_rules! body {
    ($name:literal, $model:literal) => {{
        let request = request(include_str!(concat!("fixtures/anthropic/", $name, ".request.json")));
        let (_, body) = translated(&request, &endpoint($model));
        let golden = include_str!(concat!("fixtures/anthropic/", $name, ".body.json"));
        assert_golden(concat!("../anthropic/", $name, ".body.json"), golden, &format!("{body}\n"));
        serde_json::from_str::<Value>(&body).unwrap()
    }};
}

/// Runs the stream `$name` in every way and compares with its golden.
macro_rules! stream {
    ($name:literal) => {{
        let transcript = include_str!(concat!("fixtures/anthropic/", $name, ".sse"));
        let ran = sample::run_in_every_way(&plain(), &endpoint("claude"), transcript);
        let golden = include_str!(concat!("fixtures/anthropic/", $name, ".chunks.sse"));
        assert_golden(concat!("../anthropic/", $name, ".chunks.sse"), golden, &ran.answer());
        ran
    }};
}

/// Reads the whole answer `$name` and compares with its golden.
macro_rules! answer {
    ($name:literal) => {{
        let body = include_bytes!(concat!("fixtures/anthropic/", $name, ".json"));
        let (answer, usage) = sample::answer(&plain(), &endpoint("claude"), body).unwrap();
        let golden = include_str!(concat!("fixtures/anthropic/", $name, ".openrouter.json"));
        assert_golden(concat!("../anthropic/", $name, ".openrouter.json"), golden, &format!("{answer}\n"));
        (serde_json::from_str::<Value>(&answer).unwrap(), usage)
    }};
}

/// An endpoint of this model at Anthropic; `claude-limited` has limits.
fn endpoint(model: &str) -> Rc<Endpoint> {
    let limits = json!({"max_completion_tokens": 16_000, "supported_parameters": ["max_tokens"]});
    let limits = if model == "claude-limited" { limits } else { json!({}) };
    endpoint_with(&json!({"dialect": "anthropic"}), model, &limits)
}

fn plain() -> Request {
    ask(&json!({}))
}

/// What is asked of `model`.
fn asked(model: &str, more: Value) -> Value {
    sent(&ask(&more), &endpoint(model))
}

fn run(stream: &str, request: &Request) -> Ran {
    sample::run(request, &endpoint("claude"), 1 << 20, [stream.as_bytes()])
}

/// The `openai` SDK for Python puts the deltas' texts together, and would give the message back as one of `assistantassistant`.
#[test]
fn who_speaks_is_said_once_in_a_stream() {
    let ran = stream!("tools");
    let told: Vec<_> = chunks(&ran).iter().filter_map(|chunk| chunk["choices"][0]["delta"]["role"].as_str().map(str::to_owned)).collect();
    assert_eq!(told, ["assistant"]);
}

#[test]
fn t23_t36_t42_a_text_and_its_parameters() {
    let body = body!("text", "claude-sonnet-4-5");
    assert_eq!((&body["temperature"], body.get("top_p"), body.get("top_k")), (&json!(1), None, None));
    assert_eq!(body["stop_sequences"], json!(["END"]));
    assert_eq!(body["messages"][0]["content"][0]["text"], "Héllo \"you\"\n\\");
    assert_eq!((body["metadata"]["user_id"].as_str(), body.get("seed"), body.get("provider")), (Some("u-1"), None, None));
}

#[test]
fn t27_t29_system_and_developer_are_joined_and_turns_alternate() {
    let body = body!("system", "claude-3-5-haiku-latest");
    assert_eq!(body["system"].as_array().unwrap().len(), 2);
    assert_eq!(body["messages"].as_array().unwrap().len(), 2);
    assert_eq!(body["messages"][0]["content"].as_array().unwrap().len(), 2, "empty texts are left out");
    assert_eq!(body["messages"][1]["content"][0]["text"], "Alors:", "a beginning that is given has no space at its end");
    assert_eq!(body.get("tool_choice"), None, "without tools");
}

#[test]
fn t28_t30_t41_all_results_come_first_in_one_turn_of_the_users() {
    let body = body!("tools", "claude-opus-4-1");
    let kinds = |turn: usize| {
        let blocks = body["messages"][turn]["content"].as_array().unwrap();
        blocks.iter().map(|block| block["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(1), ["tool_use", "tool_use", "tool_use"]);
    assert_eq!(kinds(2), ["tool_result", "tool_result", "tool_result", "text"]);
    assert_eq!(body["messages"][1]["content"][1]["id"], body["messages"][2]["content"][1]["tool_use_id"]);
    assert_eq!(body["messages"][1]["content"][2]["input"], json!({}));
    assert_eq!(body["tool_choice"], json!({"type": "tool", "name": "weather", "disable_parallel_tool_use": true}));
    assert_eq!(body["tools"].as_array().unwrap().len(), 2);
}

#[test]
fn t29_the_user_begins_and_past_calls_have_their_tools() {
    let body = body!("past_tools", "claude-sonnet-4-5");
    assert_eq!(body["messages"][0], json!({"role": "user", "content": "."}));
    assert_eq!(body["tool_choice"], json!({"type": "none"}));
    assert_eq!(body["tools"][0]["name"], "weather");
    let only_system = body_of_messages(json!([{"role": "system", "content": "x"}]));
    assert_eq!(only_system["messages"], json!([{"role": "user", "content": "."}]));
}

fn body_of_messages(messages: Value) -> Value {
    asked("claude-sonnet-4-5", json!({"messages": messages}))
}

#[test]
fn t38_images_and_pdfs() {
    let body = body!("images", "claude-sonnet-4-5");
    let sources: Vec<_> =
        body["messages"][0]["content"].as_array().unwrap()[1..].iter().map(|block| (&block["type"], &block["source"]["type"])).collect();
    let expected = [("image", "url"), ("image", "base64"), ("document", "base64"), ("document", "url")]
        .map(|(block, source)| (json!(block), json!(source)));
    assert!(sources.iter().zip(&expected).all(|((a, b), (c, d))| *a == c && *b == d), "{sources:?}");
}

#[test]
fn what_has_no_block_is_refused() {
    let endpoint = endpoint("claude-sonnet-4-5");
    for part in [
        json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}),
        json!({"type": "file", "file": {"file_id": "file-1"}}),
        json!({"type": "file", "file": {"filename": "a.zip", "file_data": "data:application/zip;base64,UEs="}}),
    ] {
        let request = ask(&json!({"messages": [{"role": "user", "content": [part]}]}));
        let error = signalbox::provider::request(&request, &endpoint, &Millis(0)).unwrap_err().to_string();
        assert!(error.starts_with("Invalid `messages[0].content`"), "{error}");
    }
    let call = json!({"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"a\":"}});
    let request = ask(&json!({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [call]}]}));
    let error = signalbox::provider::request(&request, &endpoint, &Millis(0)).unwrap_err().to_string();
    assert!(error.starts_with("Invalid `messages[1].tool_calls[0].function.arguments`"), "{error}");
}

#[test]
fn t37_own_thoughts_go_back_unchanged_and_others_do_not() {
    let body = body!("reasoning", "claude-sonnet-4-5");
    let blocks = body["messages"][1]["content"].as_array().unwrap();
    assert_eq!(blocks[0], json!({"type": "thinking", "thinking": "Let me see.\n", "signature": "EqQBsig=="}));
    assert_eq!(blocks[1], json!({"type": "redacted_thinking", "data": "EroBred=="}));
    assert_eq!((blocks.len(), &blocks[2]["type"]), (4, &json!("text")));
    assert_eq!(body["thinking"], json!({"type": "enabled", "budget_tokens": 16_000}));
    assert_eq!((body.get("temperature"), body.get("top_p")), (None, None), "thinking rules them out");
    let foreign = body!("foreign_reasoning", "claude-sonnet-4-5");
    assert_eq!(foreign["messages"][1]["content"][0]["type"], "text");
    assert_eq!((foreign.get("thinking"), &foreign["temperature"]), (None, &json!(0.2)), "it would be refused without its thoughts");
}

#[test]
fn a_schema_goes_into_the_output_config() {
    let body = body!("json_schema", "claude-opus-4-6");
    assert_eq!(body["output_config"]["format"]["type"], "json_schema");
    assert_eq!((&body["output_config"]["effort"], &body["max_tokens"]), (&json!("low"), &json!(500)));
    assert_eq!(body["cache_control"], json!({"type": "ephemeral"}));
}

#[test]
fn everything_at_once() {
    let body = body!("everything", "claude-sonnet-4-6");
    assert_eq!(body["thinking"], json!({"type": "enabled", "budget_tokens": 2000}));
    assert_eq!(body["tools"][1]["input_schema"]["type"], "object");
    assert_eq!(body["tools"][2]["input_schema"], json!({"type": "object"}));
    assert_eq!(body["system"].as_array().unwrap().len(), 3);
}

#[test]
fn t26_t45_an_answer_has_a_limit_in_any_case() {
    assert_eq!(asked("claude-3-haiku-20240307", json!({}))["max_tokens"], 4096);
    assert_eq!(asked("claude-3-5-sonnet-latest", json!({"stream": true}))["max_tokens"], 8192);
    assert_eq!(asked("claude-sonnet-4-5", json!({"stream": true}))["max_tokens"], 32_000);
    assert_eq!(asked("claude-sonnet-4-5", json!({}))["max_tokens"], 21_333, "more would take too long without a stream");
    assert_eq!(asked("claude-sonnet-4-5", json!({"max_completion_tokens": 64_000}))["max_tokens"], 64_000);
    // Its configuration says 16000.
    assert_eq!(asked("claude-limited", json!({"stream": true}))["max_tokens"], 16_000);
}

#[test]
fn t36_models_get_no_parameter_that_they_refuse() {
    let sampling = json!({"temperature": 0.5, "top_p": 0.9, "top_k": 7});
    let sent = |model: &str| {
        let body = asked(model, sampling.clone());
        ["temperature", "top_p", "top_k"].map(|name| body.get(name).is_some())
    };
    assert_eq!(sent("claude-3-5-sonnet-latest"), [true, true, true]);
    assert_eq!(sent("claude-opus-4-6"), [true, false, true]);
    assert_eq!(sent("claude-opus-4-7"), [false, false, false]);
    // Its configuration knows `max_tokens` alone.
    assert_eq!(sent("claude-limited"), [false, false, false]);
}

#[test]
fn reasoning_turns_the_knob_that_the_model_has() {
    let thinking = |model: &str, reasoning: Value| asked(model, json!({"reasoning": reasoning, "max_tokens": 10_000}));
    assert_eq!(thinking("claude-3-5-sonnet-latest", json!({"effort": "high"})).get("thinking"), None);
    assert_eq!(thinking("claude-sonnet-4-5", json!({"effort": "low"}))["thinking"]["budget_tokens"], 2000);
    assert_eq!(thinking("claude-sonnet-4-5", json!({"max_tokens": 50_000}))["thinking"]["budget_tokens"], 9999);
    let adaptive = thinking("claude-opus-4-6", json!({"effort": "high"}));
    assert_eq!((&adaptive["thinking"], &adaptive["output_config"]), (&json!({"type": "adaptive"}), &json!({"effort": "high"})));
    assert_eq!(thinking("claude-opus-4-6", json!({"max_tokens": 3000}))["thinking"]["budget_tokens"], 3000);
    let newest = thinking("claude-sonnet-5", json!({"max_tokens": 3000}));
    assert_eq!((&newest["thinking"], newest.get("output_config")), (&json!({"type": "adaptive", "display": "summarized"}), None));
    assert_eq!(thinking("claude-sonnet-5", json!({"enabled": true, "exclude": true}))["thinking"]["display"], "omitted");
    assert_eq!(thinking("claude-sonnet-5", json!({"effort": "none"}))["thinking"], json!({"type": "disabled"}));
    assert_eq!(thinking("claude-opus-4-7", json!({"effort": "none"})).get("thinking"), None);
    assert_eq!(asked("claude-sonnet-4-5", json!({"reasoning_effort": "high", "max_tokens": 1000})).get("thinking"), None, "no room for it");
    let own = json!({"type": "enabled", "budget_tokens": 1500});
    assert_eq!(asked("claude-sonnet-4-5", json!({"thinking": own, "max_tokens": 9000}))["thinking"], own);
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    let forced = asked("claude-sonnet-4-5", json!({"reasoning": {"effort": "high"}, "tools": tools, "tool_choice": "required"}));
    assert_eq!((forced.get("thinking"), &forced["tool_choice"]), (None, &json!({"type": "any"})), "who must call a tool must not think");
}

#[test]
fn t39_the_version_is_told() {
    let request = plain();
    let endpoint = endpoint("claude-sonnet-4-5");
    let upstream = signalbox::provider::request(&request, &endpoint, &Millis(0)).unwrap();
    assert_eq!(upstream.path, "/v1/messages");
    assert_eq!(upstream.headers, [("anthropic-version", b"2023-06-01"[..].into())]);
    assert_eq!((&*endpoint.provider.auth_header, &*endpoint.provider.host), ("x-api-key", "api.anthropic.com"));
}

#[test]
fn t33_t34_t35_t40_a_streamed_text() {
    let ran = stream!("text");
    let usage = Usage { input: 25, cache_read: 100, cache_write_5m: 100, cache_write_1h: 200, output: 15, ..Usage::default() };
    assert_eq!(reported(&ran), usage);
}

#[test]
fn t31_t32_anthropic_tool_index_is_not_the_block_index() {
    let ran = stream!("tools");
    assert_eq!(ran.progress, Progress::Done);
    let arguments: Vec<_> = calls(&ran).into_iter().map(|(_, arguments)| arguments).collect();
    assert_eq!(arguments, ["{\"city\": \"San Francisco\"}", "{}", "{\"a\": \"\\n\"}"]);
}

#[test]
fn t37_streamed_thoughts_come_with_their_signature() {
    let ran = stream!("thinking");
    assert_eq!(reported(&ran), Usage { input: 40, output: 15, reasoning: 45, ..Usage::default() });
    // What a client gathers from the stream goes back as it was.
    let details: Vec<Value> =
        chunks(&ran).iter().filter_map(|chunk| chunk["choices"][0]["delta"]["reasoning_details"].get(0).cloned()).collect();
    let answered = json!({"role": "assistant", "content": "27 * 453 = 12,231", "reasoning_details": details});
    let body = body_of_messages(json!([{"role": "user", "content": "x"}, answered, {"role": "user", "content": "y"}]));
    let blocks = &body["messages"][1]["content"];
    assert_eq!(blocks[0]["thinking"], "Let me solve this step by step:\n\n1. First");
    assert_eq!(
        (&blocks[0]["signature"], &blocks[1]["type"]),
        (&json!("EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds..."), &json!("redacted_thinking"))
    );
    // And a client that does not want them gets none.
    let excluded = run(include_str!("fixtures/anthropic/thinking.sse"), &ask(&json!({"reasoning": {"exclude": true}})));
    assert!(!excluded.chunks.contains("reasoning") && excluded.chunks.contains("12,231"), "{}", excluded.chunks);
}

#[test]
fn t25_t44_a_paused_turn_is_not_the_end_and_the_providers_own_tools_stay_there() {
    let ran = stream!("server_tool");
    assert_eq!(reported(&ran), Usage { input: 10_682, output: 510, ..Usage::default() });
    let last = chunks(&ran).pop().unwrap();
    assert_eq!(
        (&last["choices"][0]["finish_reason"], &last["choices"][0]["native_finish_reason"]),
        (&json!("length"), &json!("pause_turn"))
    );
    assert!(!ran.chunks.contains("tool_calls"));
}

#[test]
fn t40_an_error_in_the_stream_is_a_fault() {
    let ran = stream!("overloaded");
    let fault = sample::failure(&ran);
    assert_eq!((fault.status, fault.error_type), (529, ErrorType::ProviderOverloaded));
    let first = run("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"x\"}}\n\n", &plain());
    assert!(matches!(first.progress, Progress::Failed(Fault { status: 429, .. })) && first.chunks.is_empty(), "{first:?}");
    let odd = run("event: error\ndata: {\"type\":\"error\",\"error\":\"gone\"}\n\n", &plain());
    assert!(matches!(odd.progress, Progress::Failed(Fault { status: 502, .. })), "{odd:?}");
}

#[test]
fn a_stream_that_ends_without_an_end_has_failed() {
    let ran = stream!("cut_short");
    assert!(matches!(ran.progress, Progress::Failed(_)), "{ran:?}");
    assert_eq!(ran.usage, Some(Usage { input: 25, output: 1, ..Usage::default() }));
}

#[test]
fn t25_a_refusal_is_a_content_filter() {
    let ran = stream!("refusal");
    assert_eq!(ran.progress, Progress::Done, "though `message_stop` never came");
    assert_eq!(chunks(&ran).pop().unwrap()["choices"][0]["finish_reason"], "content_filter");
}

#[test]
fn t25_every_stop_reason_has_a_word() {
    for (native, word) in [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("something_new", "stop"),
    ] {
        let event = json!({"type": "message_delta", "delta": {"stop_reason": native}, "usage": {"output_tokens": 1}});
        let ran = run(&format!("event: message_delta\ndata: {event}\n\n"), &plain());
        let chunk = &chunks(&ran)[0]["choices"][0];
        assert_eq!((&chunk["finish_reason"], &chunk["native_finish_reason"]), (&json!(word), &json!(native)));
    }
}

#[test]
fn whole_answers() {
    let (text, usage) = answer!("text");
    assert_eq!(text["choices"][0]["message"]["content"], "Hi! My name is Claude \"C\".\n");
    assert_eq!(usage, Some(Usage { input: 2095, cache_read: 5, output: 503, ..Usage::default() }));
    let (tools, usage) = answer!("tools");
    let message = &tools["choices"][0]["message"];
    let arguments = message["tool_calls"][0]["function"]["arguments"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(arguments).unwrap(), json!({"city": "Pa\"ris"}));
    assert_eq!((&message["tool_calls"][1]["id"], &message["reasoning"]), (&json!("toolu_02"), &json!("Paris,\nthen.")));
    assert_eq!(usage, Some(Usage { input: 10, output: 60, reasoning: 30, ..Usage::default() }));
    let (empty, _) = answer!("empty");
    assert_eq!(empty["choices"][0]["message"]["content"], Value::Null);
}

#[test]
fn what_is_no_answer_is_a_fault() {
    let fault = |body: &str| sample::answer(&plain(), &endpoint("claude"), body.as_bytes()).unwrap_err();
    let error = fault(r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#);
    assert_eq!((error.status, error.error_type), (529, ErrorType::ProviderOverloaded));
    for body in [
        "",
        "<html>",
        "{}",
        r#"{"content":[]}"#,
        r#"{"content":[],"stop_reason":"end_turn"} x"#,
        r#"{"content":"x","stop_reason":"end_turn"}"#,
    ] {
        assert_eq!(fault(body).status, 502, "{body}");
    }
}

#[test]
fn what_is_fast_and_dear_is_asked_for_where_its_price_is_known() {
    let body = json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}], "speed": "fast"}).to_string();
    let asked = |api: Api| Request::parse_as(api, body.clone().into_bytes(), None, 3, &Presets::default()).unwrap();
    let usual = endpoint("claude-opus-4-8");
    let priority = endpoint_with(&json!({"dialect": "anthropic"}), "claude-opus-4-8", &json!({"service_tier": "priority"}));
    for (api, endpoint, expected) in [
        (Api::Messages, &priority, json!("fast")),
        (Api::Chat, &priority, json!("fast")),
        (Api::Messages, &usual, Value::Null),
        // Whoever asks a provider for its own, in its own words, gets it.
        (Api::Chat, &usual, json!("fast")),
    ] {
        assert_eq!(sent(&asked(api), endpoint)["speed"], expected, "{api:?}");
    }
    let usage = json!({"input_tokens": 1, "output_tokens": 2, "speed": "fast", "service_tier": "standard"});
    let answer =
        json!({"type": "message", "id": "m", "content": [{"type": "text", "text": "x"}], "stop_reason": "end_turn", "usage": usage});
    let (answer, _) = sample::answer(&plain(), &usual, answer.to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["service_tier"], "priority");
}
