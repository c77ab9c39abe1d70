//! Completions and streams as an OpenAI-format provider sends them.

use serde_json::{Value, json};

use super::reply::Reply;

pub const INPUT_TOKENS: u64 = 19;
pub const OUTPUT_TOKENS: u64 = 10;

pub fn usage() -> Value {
    usage_of(INPUT_TOKENS, OUTPUT_TOKENS)
}

pub fn usage_of(input: u64, output: u64) -> Value {
    json!({
        "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0
        }
    })
}

/// The body of a completion that is not streamed.
pub fn completion_body(text: &str) -> Value {
    json!({
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "object": "chat.completion", "created": 1741569952,
        "model": "the-providers-own-name-2026-08-06",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": text, "refusal": null, "annotations": []},
            "logprobs": null, "finish_reason": "stop"
        }],
        "usage": usage(), "service_tier": "default", "system_fingerprint": "fp_44709d6fcb"
    })
}

pub fn completion(text: &str) -> Reply {
    Reply::json(200, &completion_body(text))
}

/// One chunk of a stream; with `include_usage` OpenAI sends `usage: null` on every chunk but the last.
pub fn chunk(delta: Value, finish_reason: Value) -> Value {
    json!({
        "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG", "object": "chat.completion.chunk", "created": 1741570283,
        "model": "the-providers-own-name-2026-08-06", "service_tier": "default", "system_fingerprint": "fp_44709d6fcb",
        "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason}],
        "usage": null
    })
}

pub fn text_chunk(text: &str) -> Value {
    chunk(json!({"content": text}), Value::Null)
}

pub fn usage_chunk(usage: Value) -> Value {
    json!({
        "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG", "object": "chat.completion.chunk", "created": 1741570283,
        "model": "the-providers-own-name-2026-08-06", "service_tier": "default", "system_fingerprint": "fp_44709d6fcb",
        "choices": [], "usage": usage
    })
}

pub fn event(data: impl ToString) -> String {
    format!("data: {}\n\n", data.to_string())
}

/// The events of a whole stream: role, each text, finish, usage, `[DONE]`.
pub fn stream_events(texts: &[&str]) -> Vec<String> {
    let mut events = vec![event(chunk(json!({"role": "assistant", "content": "", "refusal": null}), Value::Null))];
    events.extend(texts.iter().map(|text| event(text_chunk(text))));
    events.push(event(chunk(json!({}), json!("stop"))));
    events.push(event(usage_chunk(usage())));
    events.push(event("[DONE]"));
    events
}

pub fn stream(texts: &[&str]) -> Reply {
    Reply::events(stream_events(texts))
}
