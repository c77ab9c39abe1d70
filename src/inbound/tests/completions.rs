//! Legacy completions.

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

pub(super) fn everything() -> Value {
    json!({"model": "a/b", "prompt": ["x"], "logprobs": 2, "stream": true, "max_tokens": 5, "best_of": 1, "echo": false})
}

#[test]
fn a_prompt_is_what_the_user_says_and_the_rest_stays() {
    let chat = chat(Api::Completions, &everything());
    let messages = json!([{"role": "user", "content": "x"}]);
    assert_eq!(chat, json!({"messages": messages, "model": "a/b", "stream": true, "max_tokens": 5, "logprobs": true, "top_logprobs": 2}));
}

#[test]
fn what_only_a_completion_model_can_do_is_refused() {
    for (more, message) in [
        (json!({"prompt": ["a", "b"]}), "Invalid `prompt`"),
        (json!({"prompt": [1, 2]}), "Invalid `prompt`"),
        (json!({"prompt": null}), "Input required"),
        (json!({"suffix": "x"}), "Invalid `suffix`"),
        (json!({"echo": true}), "Invalid `echo`"),
        (json!({"echo": "x"}), "Invalid `echo`"),
        (json!({"echo": 1}), "Invalid `echo`"),
        (json!({"best_of": 3}), "Invalid `best_of`"),
    ] {
        let mut request = everything();
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert!(refusal(Api::Completions, &request).contains(message), "{more}");
    }
}

#[test]
fn chunks_and_answers_are_text_completions() {
    let stream = [chunk(&json!({"content": "Hi \"you\""}), &Value::Null), ": OPENROUTER PROCESSING\n\n".into(), end()].concat();
    let told = told(Api::Completions, &everything(), &stream);
    let first: Value = serde_json::from_str(told.lines().next().unwrap().strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!((&first["object"], &first["choices"][0]["text"]), (&json!("text_completion"), &json!("Hi \"you\"")));
    assert!(told.contains(": OPENROUTER PROCESSING\n\n") && told.ends_with("data: [DONE]\n\n"));
    let whole = answered(Api::Completions, &everything(), &json!({"content": "Hi", "reasoning": "so"}), "stop");
    assert_eq!(
        whole["choices"],
        json!([{"text": "Hi", "index": 0, "logprobs": null, "finish_reason": "stop", "native_finish_reason": "stop", "reasoning": "so"}])
    );
    assert_eq!(whole["usage"]["cost"], 0.5);
}

#[test]
fn log_probabilities_are_lists_as_legacy_completions_have_them() {
    let token = |token: &str, logprob: f64| {
        let other = json!({"token": "other", "logprob": -2.5, "bytes": null});
        json!({"token": token, "logprob": logprob, "bytes": null, "top_logprobs": [{"token": token, "logprob": logprob, "bytes": null}, other, other]})
    };
    let logprobs = |tokens: Value| json!({"content": tokens, "refusal": null});
    let piece = |text: &str, tokens: Value| {
        let choice = json!({"index": 0, "delta": {"content": text}, "logprobs": logprobs(tokens), "finish_reason": null});
        data(&json!({"id": ID, "model": "a/b", "created": 7, "choices": [choice]}))
    };
    let stream = [piece("東\"", json!([token("東\"", -0.5)])), piece("ab", json!([token("a", -1.0), token("b", -1.5)])), end()].concat();
    let told = told(Api::Completions, &everything(), &stream);
    let chunks: Vec<Value> = told.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
    assert_eq!(
        chunks[0]["choices"][0]["logprobs"],
        json!({"tokens": ["東\""], "token_logprobs": [-0.5], "top_logprobs": [{"東\"": -0.5, "other": -2.5}], "text_offset": [0]})
    );
    let second = &chunks[1]["choices"][0]["logprobs"];
    assert_eq!((&second["tokens"], &second["text_offset"]), (&json!(["a", "b"]), &json!([2, 3])));
}

#[test]
fn what_is_no_text_stands_beside_it() {
    let call = json!([{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    let whole = answered(Api::Completions, &everything(), &json!({"content": null, "refusal": "No.", "tool_calls": call}), "tool_calls");
    assert_eq!((&whole["choices"][0]["text"], &whole["choices"][0]["tool_calls"]), (&json!("No."), &call));
}
