//! Whole answers of OpenAI's format and its imitators become OpenRouter's, shape and usage.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic)]

mod openai {
    pub(crate) mod golden;
    pub(crate) mod schema;
}

use openai::golden::{assert_golden, cost, envelope};
use openai::schema::{
    Is::{self, Integer, Object, Objects, Text, Word},
    Members,
    Rule::{NotNull, Nullable, Optional, Required},
    USAGE, violations,
};
use signalbox::error::ErrorType;
use signalbox::provider::Fault;
use signalbox::provider::openai::completion;
use signalbox::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const COMPLETION: Members = &[
    ("id", Required, Text),
    ("object", Required, Word("chat.completion")),
    ("created", Required, Integer),
    ("model", Required, Text),
    ("provider", Required, Text),
    ("system_fingerprint", Nullable, Text),
    ("service_tier", Optional, Text),
    ("choices", Required, Objects(CHOICE)),
    ("usage", Required, Object(USAGE)),
    ("openrouter_metadata", NotNull, Object(&[])),
];

const CHOICE: Members = &[
    ("index", Required, Integer),
    ("finish_reason", Nullable, Text),
    ("native_finish_reason", Nullable, Text),
    ("logprobs", Optional, Object(&[])),
    ("message", Required, Object(MESSAGE)),
];

const MESSAGE: Members = &[
    ("role", Required, Word("assistant")),
    ("refusal", Optional, Text),
    ("reasoning", Optional, Text),
    ("reasoning_details", NotNull, Is::List),
    ("images", NotNull, Is::List),
    ("audio", NotNull, Object(&[])),
    ("annotations", NotNull, Is::List),
    (
        "tool_calls",
        NotNull,
        Objects(&[
            ("id", Required, Text),
            ("type", Required, Word("function")),
            ("function", Required, Object(&[("name", Required, Text), ("arguments", Required, Text)])),
        ]),
    ),
];

/// The whole answer as a client gets it.
fn answer(body: &[u8]) -> Result<(String, Option<Usage>), Fault> {
    let completion = completion(body, false, &envelope())?;
    let usage = completion.usage.unwrap_or_else(|| Usage::estimate(40, completion.output_bytes));
    let mut answer = completion.head;
    answer.extend_from_slice(b",\"usage\":");
    usage.write_openrouter(&cost(&usage), false, &mut answer);
    answer.push(b'}');
    let answer = String::from_utf8(answer).unwrap();
    assert_eq!(violations(&answer, COMPLETION), [""; 0], "{answer}");
    Ok((answer, completion.usage))
}

macro_rules! check {
    ($name:literal, $usage:expr) => {{
        let (answer, usage) = answer(include_bytes!(concat!("fixtures/openai/", $name, ".json"))).unwrap();
        let golden = concat!($name, ".openrouter.json");
        assert_golden(golden, include_str!(concat!("fixtures/openai/", $name, ".openrouter.json")), &(answer + "\n"));
        assert_eq!(usage, $usage);
    }};
}

fn json(body: &str) -> serde_json::Value {
    serde_json::from_str(&answer(body.as_bytes()).unwrap().0).unwrap()
}

#[test]
fn t12_the_parts_of_a_usage_are_told_apart() {
    check!("text", Some(Usage { input: 93, cache_read: 1024, output: 6, reasoning: 40, ..Usage::default() }));
}

#[test]
fn t02_tool_calls_come_without_content() {
    check!("tools", Some(Usage { input: 82, output: 45, ..Usage::default() }));
}

#[test]
fn t14_choices_keep_their_index() {
    check!("choices", Some(Usage { input: 10, output: 6, ..Usage::default() }));
}

#[test]
fn t18_vllms_nulls_go_and_its_reasoning_gets_openrouters_name() {
    check!("vllm", Some(Usage { input: 11, output: 3, ..Usage::default() }));
}

#[test]
fn t16_t77_deepseek_begins_with_empty_lines_and_counts_its_cache() {
    check!("deepseek", Some(Usage { input: 36, cache_read: 64, output: 7, ..Usage::default() }));
}

#[test]
fn t78_openrouters_own_cost_and_finish_reason_stay() {
    let reported_cost = Some(signalbox::price::NanoUsd::new(20_300));
    check!("upstream", Some(Usage { input: 23, output: 3, reasoning: 57, reported_cost, ..Usage::default() }));
}

#[test]
fn what_a_bare_imitation_leaves_out_is_made_up() {
    check!("bare", None);
}

#[test]
fn members_that_are_null_or_missing_are_made_whole() {
    for body in [
        r#"{"choices":[{"message":null,"finish_reason":"stop"}]}"#,
        r#"{"choices":[{"index":null,"message":{"role":null,"content":null,"refusal":"x"},"finish_reason":""}]}"#,
        r#"{"choices":[{"message":{"role":"","content":"x","reasoning":null,"reasoning_content":"y"}}]}"#,
        r#"{"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#,
        r#"{"choices":[{"message":{"content":"x"},"logprobs":null}],"usage":null,"system_fingerprint":null}"#,
    ] {
        assert_eq!(json(body)["choices"][0]["index"], 0);
    }
    let both = json(r#"{"choices":[{"message":{"reasoning":null,"reasoning_content":"y"}}]}"#);
    assert_eq!(both["choices"][0]["message"]["reasoning"], "y");
    let both = json(r#"{"choices":[{"message":{"reasoning_content":"y","reasoning":"x"}}]}"#);
    assert_eq!(both["choices"][0]["message"]["reasoning"], "x");
}

/// `@openrouter/sdk` refuses an answer with a call that lacks one of its parts.
#[test]
fn a_call_has_an_id_a_type_and_arguments_that_are_text() {
    let call = |call: &str| {
        let message = format!(r#"{{"role":"assistant","content":null,"tool_calls":[{call}]}}"#);
        let body = format!(r#"{{"id":"c-1.x","choices":[{{"index":0,"message":{message},"finish_reason":"tool_calls"}}]}}"#);
        json(&answer(body.as_bytes()).unwrap().0)["choices"][0]["message"]["tool_calls"][0].clone()
    };
    let function = |arguments: &str| serde_json::json!({"name": "get", "arguments": arguments});
    for (sent, arguments) in [
        (r#"{"id":null,"function":{"name":"get","arguments":null}}"#, "{}"),
        (r#"{"function":{"name":"get"}}"#, "{}"),
        (r#"{"id":"","type":null,"function":{"name":"get","arguments":{"a": "\"b\""}}}"#, r#"{"a": "\"b\""}"#),
    ] {
        assert_eq!(call(sent), serde_json::json!({"id": "call_c-1x_0", "type": "function", "function": function(arguments)}), "{sent}");
    }
    let whole = r#"{"id":"call_1","type":"function","function":{"name":"get","arguments":"{}"}}"#;
    assert_eq!(call(whole), serde_json::from_str::<serde_json::Value>(whole).unwrap());
}

#[test]
fn t24_of_two_members_the_first_counts() {
    let twice = json(r#"{"choices":[{"message":{"content":"a"},"message":{"content":"b"}}],"choices":[{"message":{"content":"c"}}]}"#);
    assert_eq!(
        twice["choices"],
        serde_json::json!([{"index": 0, "message": {"content": "a", "role": "assistant"}, "finish_reason": null, "native_finish_reason": null}])
    );
}

#[test]
fn t16_finish_reasons_are_openrouters_and_the_native_one_stays() {
    for (native, normalised) in [
        ("stop", "stop"),
        ("eos", "stop"),
        ("length", "length"),
        ("function_call", "tool_calls"),
        ("content_filter", "content_filter"),
        ("insufficient_system_resource", "error"),
        ("error", "error"),
        ("something_new", "something_new"),
    ] {
        let choice = &json(&format!(r#"{{"choices":[{{"message":{{}},"finish_reason":"{native}"}}]}}"#))["choices"][0];
        assert_eq!((&choice["finish_reason"], &choice["native_finish_reason"]), (&normalised.into(), &native.into()));
    }
}

#[test]
fn t22_unknown_members_pass() {
    let answer = json(r#"{"x":{"y":[1.0,1e-7]},"choices":[{"message":{"content":"x","z":"\u00e9"},"w":null}],"service_tier":"flex"}"#);
    assert_eq!(answer["x"]["y"], serde_json::json!([1.0, 1e-7]));
    assert_eq!(answer["choices"][0]["message"]["z"], "é");
    assert_eq!(answer["service_tier"], "flex");
}

#[test]
fn s14_what_is_no_completion_is_a_fault_with_its_words() {
    for body in [
        "<html>Log in</html>",
        "",
        "[]",
        "{}",
        "null",
        r#"{"choices":null}"#,
        r#"{"choices":{}}"#,
        r#"{"choices":[{}]}"#,
        r#"{"choices":[]}"#,
        r#"{"choices":["x"]}"#,
        r#"{"choices":[{"message":"x"}]}"#,
        r#"{"choices":[{"message":{}}]} x"#,
        r#"{"choices":[{"message":{"#,
        r#"{"choices":[{"message":{"content":null},"finish_reason":null}],"usage":{"prompt_tokens":9,"completion_tokens":0}}"#,
        r#"{"message":"Not Found"}"#,
    ] {
        let fault = completion(body.as_bytes(), false, &envelope()).unwrap_err();
        assert_eq!((fault.status, fault.error_type), (502, ErrorType::ProviderUnavailable), "{body}");
        assert_eq!(fault.raw.as_deref().unwrap_or_default(), body);
    }
}

#[test]
fn t19_an_error_in_a_200_is_a_fault() {
    for (body, status) in [
        (r#"{"error":{"message":"x","code":429}}"#, 429),
        (r#"{"choices":[{"message":{"content":"x"}}],"error":{"type":"server_error"}}"#, 500),
        (r#"{"error":"x","choices":[]}"#, 502),
        (r#"{"choices":[{"message":{"content":"x"}},{"message":{"content":"y"},"error":{"code":503,"message":"x"}}]}"#, 503),
    ] {
        assert_eq!(completion(body.as_bytes(), false, &envelope()).unwrap_err().status, status, "{body}");
    }
    assert!(completion(br#"{"error":null,"choices":[{"message":{"content":"x"},"error":null}]}"#, false, &envelope()).is_ok());
}
