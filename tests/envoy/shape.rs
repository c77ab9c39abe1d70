//! Answers have OpenRouter's shape, whatever is missing from the provider's or null in it: both official SDKs of OpenRouter refuse
//! an answer that lacks one of these members or has a null in the wrong place.

use serde_json::{Value, json};

use super::{
    client::{self, Response},
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let ids = ["t/complete", "t/bare", "t/nulls", "t/chunks", "t/bare-chunks", "t/null-chunks"];
    Gateway::start(Setup::new().providers(&["first"]).models(&ids, &["first"]))
});

#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    /// There and not null.
    Required,
    /// There, but may be null.
    Nullable,
    /// May be missing, but not null.
    NotNull,
}

use Rule::{NotNull, Nullable, Required};

type Is = fn(&Value) -> bool;

/// An unsigned integer, spelled as one.
const INTEGER: Is = Value::is_u64;

const COMPLETION: &[(&str, Rule, Is)] = &[
    ("/id", Required, Value::is_string),
    ("/object", Required, |object| object == "chat.completion"),
    ("/created", Required, INTEGER),
    ("/model", Required, Value::is_string),
    ("/provider", Required, Value::is_string),
    ("/system_fingerprint", Nullable, Value::is_string),
    ("/choices", Required, Value::is_array),
    ("/choices/0/index", Required, INTEGER),
    ("/choices/0/finish_reason", Nullable, Value::is_string),
    ("/choices/0/native_finish_reason", Nullable, Value::is_string),
    ("/choices/0/message", Required, Value::is_object),
    ("/choices/0/message/role", Required, |role| role == "assistant"),
    ("/choices/0/message/tool_calls", NotNull, Value::is_array),
    ("/choices/0/message/images", NotNull, Value::is_array),
    ("/choices/0/message/audio", NotNull, Value::is_object),
    ("/choices/0/message/reasoning_details", NotNull, Value::is_array),
    ("/usage", Required, Value::is_object),
];

const CHUNK: &[(&str, Rule, Is)] = &[
    ("/id", Required, Value::is_string),
    ("/object", Required, |object| object == "chat.completion.chunk"),
    ("/created", Required, INTEGER),
    ("/model", Required, Value::is_string),
    ("/provider", Required, Value::is_string),
    ("/system_fingerprint", NotNull, Value::is_string),
    ("/choices", Required, Value::is_array),
    ("/usage", NotNull, Value::is_object),
];

const CHUNK_CHOICE: &[(&str, Rule, Is)] = &[
    ("/index", Required, INTEGER),
    ("/delta", Required, Value::is_object),
    ("/finish_reason", Nullable, Value::is_string),
    ("/native_finish_reason", Nullable, Value::is_string),
    ("/delta/role", NotNull, |role| role == "assistant"),
    ("/delta/tool_calls", NotNull, Value::is_array),
    ("/delta/audio", NotNull, Value::is_object),
    ("/delta/reasoning_details", NotNull, Value::is_array),
    ("/delta/tool_calls/0/index", NotNull, INTEGER),
    ("/delta/tool_calls/0/id", NotNull, Value::is_string),
    ("/delta/tool_calls/0/type", NotNull, Value::is_string),
    ("/delta/tool_calls/0/function/name", NotNull, Value::is_string),
];

const USAGE: &[(&str, Rule, Is)] = &[
    ("/prompt_tokens", Required, INTEGER),
    ("/completion_tokens", Required, INTEGER),
    ("/total_tokens", Required, INTEGER),
    ("/cost", Required, Value::is_number),
    ("/is_byok", Required, Value::is_boolean),
    ("/prompt_tokens_details/cached_tokens", Required, INTEGER),
    ("/prompt_tokens_details/cache_write_tokens", Required, INTEGER),
    ("/prompt_tokens_details/audio_tokens", Required, INTEGER),
    ("/completion_tokens_details/reasoning_tokens", Required, INTEGER),
    ("/cost_details/upstream_inference_cost", Nullable, Value::is_number),
    ("/cost_details/upstream_inference_prompt_cost", Required, Value::is_number),
    ("/cost_details/upstream_inference_completions_cost", Required, Value::is_number),
];

fn assert_shape(value: &Value, table: &[(&str, Rule, Is)]) {
    for (path, rule, is) in table {
        match value.pointer(path) {
            None => assert_eq!(*rule, NotNull, "{path} is missing in {value:#}"),
            Some(Value::Null) => assert_eq!(*rule, Nullable, "{path} is null in {value:#}"),
            Some(member) => assert!(is(member), "{path} is {member} in {value:#}"),
        }
    }
}

fn assert_completion(response: &Response) {
    assert_eq!(response.status, 200, "{}", response.text());
    let body = response.json();
    assert_shape(&body, COMPLETION);
    assert_shape(&body["usage"], USAGE);
    assert_generation(&body["id"]);
}

fn assert_chunks(chunks: &[Value]) {
    for chunk in chunks {
        assert_shape(chunk, CHUNK);
        assert_generation(&chunk["id"]);
        for choice in chunk["choices"].as_array().unwrap() {
            assert_shape(choice, CHUNK_CHOICE);
        }
    }
    assert_shape(&client::usage(chunks), USAGE);
}

/// `gen-<unix time>-<20 letters and digits>`.
fn assert_generation(id: &Value) {
    let parts: Vec<&str> = id.as_str().unwrap().split('-').collect();
    let letters = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric());
    assert!(parts.len() == 3 && parts[0] == "gen" && parts[1].parse::<u64>().is_ok() && parts[2].len() == 20 && letters(parts[2]), "{id}");
}

#[test]
fn a_completion_has_every_member_that_sdks_require() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("first");
    provider.answers("complete", wire::completion("ok"));
    let response = gateway.ask("t/complete");
    assert_completion(&response);
    let body = response.json();
    assert_eq!(body["system_fingerprint"], "fp_44709d6fcb");
    assert_eq!(body["service_tier"], "default");
    assert_eq!(body["choices"][0]["native_finish_reason"], "stop");

    provider.answers(
        "bare",
        Reply::json(200, &json!({"choices": [{"message": {"content": "ok"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})),
    );
    assert_completion(&gateway.ask("t/bare"));
    provider.answers("nulls", Reply::json(200, &json!({
        "id": null, "object": null, "created": null, "model": null, "system_fingerprint": null, "service_tier": null, "provider": null,
        "choices": [{"index": 0, "finish_reason": "stop", "stop_reason": null, "logprobs": null, "message": {
            "role": "assistant", "content": "ok", "refusal": null, "tool_calls": null, "audio": null, "images": null,
            "reasoning_details": null, "reasoning": null, "reasoning_content": null, "function_call": null, "annotations": null
        }}],
        "usage": {
            "prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost": null, "cost_details": null,
            "prompt_tokens_details": null, "completion_tokens_details": null
        }
    })));
    assert_completion(&gateway.ask("t/nulls"));
}

#[test]
fn every_chunk_has_the_members_that_sdks_require() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("first");
    provider.answers("chunks", wire::stream(&["o", "k"]));
    assert_chunks(&client::chunks(&gateway.ask_streamed("t/chunks").events()));

    let bare = [json!({"choices": [{"delta": {"content": "ok"}}]}), json!({"choices": [{"delta": {}, "finish_reason": "stop"}]})];
    let usage = json!({"usage": {"prompt_tokens": 3, "completion_tokens": 2}}); // a usage chunk without choices
    let events = bare.iter().chain([&usage]).map(wire::event).chain([wire::event("[DONE]")]);
    provider.answers("bare-chunks", Reply::events(events));
    assert_chunks(&client::chunks(&gateway.ask_streamed("t/bare-chunks").events()));

    let nulls = json!({
        "id": null, "object": null, "created": null, "model": null, "system_fingerprint": null, "service_tier": null, "usage": null,
        "choices": [{"index": 0, "finish_reason": null, "logprobs": null, "delta": {
            "role": null, "content": "ok", "tool_calls": null, "audio": null, "reasoning_details": null, "refusal": null,
            "function_call": null, "reasoning_content": null
        }}]
    });
    let call = wire::chunk(
        json!({"tool_calls": [{"index": 0, "id": null, "type": null, "function": {"name": null, "arguments": "{}"}}]}),
        json!("tool_calls"),
    );
    let events = [nulls, call, wire::usage_chunk(wire::usage())];
    provider.answers("null-chunks", Reply::events(events.iter().map(wire::event).chain([wire::event("[DONE]")])));
    let chunks = client::chunks(&gateway.ask_streamed("t/null-chunks").events());
    assert_chunks(&chunks);
    assert_eq!(client::text(&chunks), "ok");
}
