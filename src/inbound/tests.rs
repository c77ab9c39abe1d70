//! Requests of other APIs as they go on, and answers as they go back.

mod claude;
mod completions;
mod interleaved;
mod messages;
mod responses;

use serde_json::{Value, json};

use super::*;
use crate::clock::Millis;
use crate::exchange::AnswerHead;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const STREAMED: AnswerHead = AnswerHead { status: 200, stream: true, whole: false, cost: None, retry_after: None };
const WHOLE: AnswerHead = AnswerHead { stream: false, whole: true, ..STREAMED };
const ID: &str = "gen-1-a";
const NOW: Millis = Millis(8500);

fn read(api: Api, request: &Value) -> Result<(Request, Translator), ClientError> {
    parse(api, request.to_string().into_bytes(), None, 3, &Presets::default())
}

/// The chat completion that a request becomes.
fn chat(api: Api, request: &Value) -> Value {
    serde_json::from_slice(read(api, request).unwrap().0.body()).unwrap()
}

fn refusal(api: Api, request: &Value) -> String {
    read(api, request).unwrap_err().to_string()
}

/// What only a provider of another format makes of a request comes to light late, and is told in the client's words all the same.
#[test]
fn a_wrong_member_is_called_what_the_client_called_it() {
    let schema = json!({"type": "json_schema", "name": "x", "schema": 7});
    for (api, more, member) in [
        (Api::Completions, json!({"logprobs": "5"}), "logprobs"),
        (Api::Messages, json!({"stop_sequences": [5]}), "stop_sequences"),
        (Api::Messages, json!({"output_config": {"format": schema}}), "output_config.format.schema"),
        (Api::Responses, json!({"text": {"format": schema}}), "text.format.schema"),
    ] {
        let mut request = match api {
            Api::Completions => completions::everything(),
            Api::Messages => json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}]}),
            _ => json!({"model": "a/b", "input": "x"}),
        };
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let refused = read(api, &request).unwrap().0.conversation().unwrap_err().to_string();
        assert!(refused.starts_with(&format!("Invalid `{member}`: ")), "{more}: {refused}");
    }
}

/// A chunk of OpenRouter's stream.
fn chunk(delta: &Value, finish: &Value) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish, "native_finish_reason": finish});
    data(&json!({"id": ID, "provider": "P", "model": "a/b", "object": "chat.completion.chunk", "created": 7, "choices": [choice]}))
}

fn data(chunk: &Value) -> String {
    format!("data: {chunk}\n\n")
}

/// Usage and end.
fn end() -> String {
    let usage = json!({"prompt_tokens": 15, "completion_tokens": 7, "total_tokens": 22, "cost": 0.5,
        "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2}, "completion_tokens_details": {"reasoning_tokens": 3},
        "cost_details": {"upstream_inference_cost": 0.5, "upstream_inference_prompt_cost": 0.2, "upstream_inference_completions_cost": 0.3}});
    let chunk = json!({"id": ID, "provider": "P", "model": "a/b", "created": 7, "choices": [], "usage": usage});
    data(&chunk) + "data: [DONE]\n\n"
}

fn body(step: Step) -> Vec<u8> {
    match step {
        Step::Release(_, body) | Step::Body(body) => body,
        other => panic!("{other:?}"),
    }
}

/// What becomes of a stream; the same however it is cut.
fn told(api: Api, request: &Value, stream: &str) -> String {
    let in_pieces_of = |size: usize| {
        let mut translator = read(api, request).unwrap().1;
        let mut out = Vec::new();
        for (place, piece) in stream.as_bytes().chunks(size).enumerate() {
            let step = if place == 0 { Step::Release(STREAMED, piece.to_vec()) } else { Step::Body(piece.to_vec()) };
            out.extend(body(translator.step(step, ID, &NOW)));
        }
        String::from_utf8(out).unwrap()
    };
    let whole = in_pieces_of(stream.len());
    for size in [1, 2, 7, 64] {
        assert_eq!(in_pieces_of(size), whole, "in pieces of {size}");
    }
    whole
}

/// The data of named events.
fn events(told: &str) -> Vec<Value> {
    let event = |event: &str| {
        let (name, data) = event.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        let data: Value = serde_json::from_str(data).unwrap_or_else(|error| panic!("{error} in {data}"));
        assert_eq!(data["type"], name);
        data
    };
    told.split("\n\n").filter(|event| !event.is_empty() && !event.starts_with(':')).map(event).collect()
}

/// What becomes of a whole answer.
fn answered(api: Api, request: &Value, message: &Value, finish: &str) -> Value {
    let choice = json!({"index": 0, "message": message, "finish_reason": finish, "native_finish_reason": finish});
    let completion = json!({"id": ID, "provider": "P", "model": "a/b", "object": "chat.completion", "created": 7, "choices": [choice],
        "usage": {"prompt_tokens": 15, "completion_tokens": 7, "cost": 0.5, "prompt_tokens_details": {"cached_tokens": 5}}});
    let step = Step::Release(WHOLE, completion.to_string().into_bytes());
    serde_json::from_slice(&body(read(api, request).unwrap().1.step(step, ID, &NOW))).unwrap()
}

#[test]
fn a_chat_completion_is_left_alone() {
    let request = json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}]});
    let (read, mut translator) = read(Api::Chat, &request).unwrap();
    assert_eq!((read.body(), read.api), (request.to_string().as_bytes(), Api::Chat));
    assert_eq!(translator.step(Step::Body(b"as it is".to_vec()), ID, &NOW), Step::Body(b"as it is".to_vec()));
}

#[test]
fn embeddings_pass_with_any_form_of_input() {
    for (input, count, bytes, has_others) in [
        (json!("four"), 1, 4, false),
        (json!(["one", "two"]), 2, 6, false),
        (json!([1, 2, 3]), 1, 12, true),
        (json!([[1, 2], [3]]), 2, 12, true),
        (json!([{"content": [{"type": "text", "text": "abc"}]}, "x"]), 2, 4, false),
        (
            json!([{"content": [{"type": "text", "text": "abc"}, {"type": "image_url", "image_url": {"url": "https://x.test"}}]}]),
            1,
            3,
            true,
        ),
    ] {
        let request = json!({"model": "a/b", "input": input, "encoding_format": "base64", "provider": {"only": ["x"]}});
        let (read, _) = read(Api::Embeddings, &request).unwrap();
        assert_eq!((read.prompt_bytes, read.body()), (bytes, request.to_string().as_bytes()), "{input}");
        assert_eq!(read.needs.inputs, crate::chat::Inputs { count, bytes, has_others }, "{input}");
    }
    for (request, message) in [
        (json!({"model": "a/b"}), "Input required"),
        (json!({"model": "a/b", "input": 7}), "Invalid `input`"),
        (json!({"model": "a/b", "input": []}), "Invalid `input`"),
        (json!({"model": "a/b", "input": [true]}), "Invalid `input`"),
        (json!({"input": "x"}), "No models provided"),
    ] {
        assert!(refusal(Api::Embeddings, &request).contains(message), "{request}: {}", refusal(Api::Embeddings, &request));
    }
}

#[test]
fn every_mutilation_of_a_request_is_refused_or_read_but_never_panics() {
    for (api, request) in
        [(Api::Messages, messages::everything()), (Api::Responses, responses::everything()), (Api::Completions, completions::everything())]
    {
        let request = request.to_string().into_bytes();
        for at in 0..request.len() {
            _ = parse(api, request[..at].to_vec(), None, 3, &Presets::default());
            for byte in [b'"', b'}'] {
                let mut mutated = request.clone();
                mutated[at] = byte;
                if let Ok((read, _)) = parse(api, mutated, None, 3, &Presets::default()) {
                    serde_json::from_slice::<Value>(read.body())
                        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(read.body())));
                }
            }
        }
    }
}

#[test]
fn every_mutilation_of_a_stream_is_told_or_dropped_but_never_panics() {
    let call = json!({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
    let detail = json!({"reasoning_details": [{"type": "reasoning.text", "text": "t", "signature": "s", "format": "anthropic-claude-v1", "index": 0}]});
    let half = |index: u64, arguments: &str| json!({"tool_calls": [{"index": index, "id": "d", "function": {"name": "f", "arguments": arguments}}]});
    let halves = [half(1, "{\"a\""), half(2, "{\"\\"), half(1, ":1}")].map(|half| chunk(&half, &Value::Null)).concat();
    let stream = [chunk(&detail, &Value::Null), halves, chunk(&call, &json!("tool_calls")), end()].concat().into_bytes();
    let messages = json!([{"role": "user", "content": "x"}]);
    for (api, request) in [
        (Api::Messages, json!({"model": "a/b", "messages": messages})),
        (Api::Responses, json!({"model": "a/b", "input": "x"})),
        (Api::Completions, json!({"model": "a/b", "prompt": "x"})),
    ] {
        for at in 0..stream.len() {
            let mut mutated = stream.clone();
            mutated[at] = [b'"', b'}', 0xff][at % 3];
            let mut translator = read(api, &request).unwrap().1;
            body(translator.step(Step::Release(STREAMED, mutated.clone()), ID, &NOW));
            body(translator.step(Step::Release(WHOLE, mutated), ID, &NOW));
        }
    }
}
