//! Answers have OpenRouter's shape, whatever is missing from the provider's or null in it: both official SDKs of OpenRouter refuse
//! an answer that lacks one of these members or has a null in the wrong place.

use serde_json::{Value, json};

use super::{
    client::{self, Response},
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    required::Contract,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let ids = ["t/complete", "t/bare", "t/nulls", "t/chunks", "t/bare-chunks", "t/null-chunks"];
    Gateway::start(Setup::new().providers(&["first"]).models(&ids, &["first"]))
});

fn assert_completion(response: &Response) {
    assert_eq!(response.status, 200, "{}", response.text());
    let body = response.json();
    Contract::read().assert_kept("POST /chat/completions", &body);
    assert_eq!(body["choices"].as_array().map(Vec::len), Some(1));
    assert_generation(&body["id"]);
}

fn assert_chunks(chunks: &[Value]) {
    let mut contract = Contract::read();
    for chunk in chunks {
        contract.assert_kept("POST /chat/completions chunk", chunk);
        assert_generation(&chunk["id"]);
    }
    contract.assert_kept("Usage", &client::usage(chunks));
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
