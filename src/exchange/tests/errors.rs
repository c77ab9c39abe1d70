//! Answers with a success at the head that ended for an error, or are none.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// A choice as OpenRouter tells of one that broke off.
fn broken_choice(said: &str) -> Value {
    let error = json!({"code": 503, "message": "It broke.", "metadata": {"error_type": "provider_overloaded"}});
    json!({"index": 0, said: {"role": "assistant", "content": "twelve bytes"}, "finish_reason": "error", "error": error})
}

/// The same where one word is all that is told.
fn ended_choice(said: &str, native: &str) -> Value {
    json!({"index": 0, said: {"role": "assistant", "content": "twelve bytes"}, "finish_reason": native})
}

fn completion(choice: &Value) -> String {
    json!({"choices": [choice], "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}).to_string()
}

fn event(choice: &Value) -> String {
    format!("data: {}\n\n", json!({"choices": [choice]}))
}

#[test]
fn an_answer_that_ended_for_an_error_is_a_failure() {
    for (choice, status) in [
        (broken_choice("message"), 503),
        (ended_choice("message", "error"), 502),
        (ended_choice("message", "insufficient_system_resource"), 502),
    ] {
        let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        assert_eq!(answered(&mut exchange, 200, &completion(&choice)), Step::Retry, "{choice}");
        assert_eq!(troubles(&mut exchange, NOW), [(ONE_AT_FIRST, 20_000)]);
        exchange.begin_attempt(&NOW).unwrap();
        let (head, json) = released(answered(&mut exchange, 200, &completion(&choice)));
        assert_eq!((head.status, head.cost, &json["error"]["code"]), (status, None, &status.into()));
        assert!(exchange.settle(NOW).spent.is_none(), "it is free");
        // From a provider that cannot stream.
        let mut exchange = asked(true, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        assert_eq!(answered(&mut exchange, 200, &completion(&choice)), Step::Retry, "{choice}");
    }
    let well = json!({"index": 0, "message": {"content": "x"}, "finish_reason": "stop", "error": null});
    let (_, json) = released(answered(&mut asked(false, &[ONE_AT_FIRST]), 200, &completion(&well)));
    assert_eq!(json["choices"][0].get("error"), None);
}

#[test]
fn a_stream_that_begins_with_an_end_for_an_error_goes_to_the_next_endpoint() {
    for choice in [broken_choice("delta"), ended_choice("delta", "error"), ended_choice("delta", "abort")] {
        let mut exchange = streaming(&[ONE_AT_FIRST, ONE_AT_SECOND]);
        assert_eq!(exchange.handle_body([ROLE, &event(&choice)].concat().as_bytes(), false, &NOW), Step::Retry, "{choice}");
        assert_eq!(outcomes(&exchange.settle(NOW)).len(), 1);
    }
}

#[test]
fn a_stream_that_ends_for_an_error_says_so_and_is_free() {
    for (choice, code, native) in [(broken_choice("delta"), 503, ""), (ended_choice("delta", "abort"), 502, "abort")] {
        let mut exchange = streaming(&[ONE_AT_FIRST, ONE_AT_SECOND]);
        assert!(matches!(exchange.handle_body(text("Once").as_bytes(), false, &NOW), Step::Release(..)));
        let told = body(exchange.handle_body(event(&choice).as_bytes(), false, &NOW));
        let last = told.strip_suffix("\n\ndata: [DONE]\n\n").unwrap().rsplit("data: ").next().unwrap();
        let last: Value = serde_json::from_str(last).unwrap();
        assert_eq!((&last["error"]["code"], &last["choices"][0]["finish_reason"]), (&code.into(), &"error".into()), "{choice}");
        assert_eq!(body(exchange.handle_body([USAGE, DONE].concat().as_bytes(), true, &NOW)), "", "all is told");
        let settled = exchange.settle(NOW);
        assert_eq!(outcomes(&settled), [("first", format!("failed {code}"))]);
        assert!(settled.spent.is_none() && !settled.cancelled);
        let finish = settled.finish.unwrap();
        assert_eq!((finish.reason.as_str(), finish.native.as_str()), ("error", native));
    }
}

#[test]
fn an_end_that_another_format_calls_an_error_is_one() {
    let malformed = r#"{"candidates":[{"content":{"parts":[{"text":"Once"}],"role":"model"},"finishReason":"MALFORMED_FUNCTION_CALL","index":0}],
        "usageMetadata":{"promptTokenCount":1000,"candidatesTokenCount":100}}"#;
    let mut exchange = asked(false, &[TWO_AT_GOOGLE, TWO_AT_THIRD]);
    assert_eq!(answered(&mut exchange, 200, malformed), Step::Retry);
    let mut exchange = streaming(&[TWO_AT_GOOGLE, TWO_AT_THIRD]);
    let event = format!("data: {}\n\n", malformed.replace('\n', ""));
    assert!(matches!(exchange.handle_body(event.as_bytes(), false, &NOW), Step::Release(..)));
    let told = body(exchange.handle_body(b"", true, &NOW));
    assert!(told.contains("\"native_finish_reason\":\"MALFORMED_FUNCTION_CALL\"") && told.contains("\"error\":{\"code\":502"), "{told}");
    assert!(exchange.settle(NOW).spent.is_none());
}

#[test]
fn an_answer_with_nothing_in_it_is_none() {
    let answer = |message: Value, finish: Value, output: u64| {
        json!({"choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": output}})
        .to_string()
    };
    let nothing = || json!({"role": "assistant", "content": null});
    let call = json!({"content": null, "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
    for (message, finish, output, is_answer) in [
        (nothing(), Value::Null, 0, false),
        (json!({"role": "assistant", "content": "", "tool_calls": []}), Value::Null, 0, false),
        (nothing(), json!("stop"), 0, true),
        (nothing(), Value::Null, 5, true),
        (json!({"content": "x"}), Value::Null, 0, true),
        (call, Value::Null, 0, true),
    ] {
        let body = answer(message, finish, output);
        let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        assert_eq!(matches!(answered(&mut exchange, 200, &body), Step::Release(..)), is_answer, "{body}");
    }
    let without_usage = r#"{"choices":[{"message":{"content":null},"finish_reason":null}]}"#;
    assert_eq!(answered(&mut asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]), 200, without_usage), Step::Retry);
}

/// <https://openrouter.ai/docs/guides/features/zero-completion-insurance>
#[test]
fn a_stream_without_an_end_of_which_the_provider_has_counted_nothing_is_free() {
    let nothing = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":0}}\n\n";
    for (end, cost) in [("", 0), (STOP, 1_000_000)] {
        let mut exchange = streaming(&[ONE_AT_FIRST]);
        exchange.handle_body([&text("x"), end, nothing, DONE].concat().as_bytes(), false, &NOW);
        assert_eq!(exchange.settle(NOW).spent.unwrap().cost.total.get(), cost);
    }
    // Who goes away sees no end either.
    let mut exchange = streaming(&[ONE_AT_FIRST]);
    exchange.handle_body([&text("x"), nothing].concat().as_bytes(), false, &NOW);
    assert!(exchange.settle(NOW).spent.unwrap().cost.total.get() > 1_000_000);
}

/// See <https://openrouter.ai/docs/api/reference/errors-and-debugging>.
#[test]
fn what_openrouter_finds_in_a_prompt_is_told_and_nobody_elses_trouble() {
    let refusal = json!({"error": {"code": 403, "message": "x requires moderation on Y.", "metadata": {
        "reasons": ["sexual", "violence/\"graphic\""], "flagged_input": "a \u{e9} piece", "provider_name": "Y", "model_slug": "y/x"}}})
    .to_string();
    let mut exchange = asked(false, &[TWO_AT_UPSTREAM, TWO_AT_THIRD]);
    assert_eq!(answered(&mut exchange, 403, &refusal), Step::Retry);
    assert_eq!(exchange.next_cluster(), Some("third"));
    assert_eq!(troubles(&mut exchange, NOW), []);

    let mut exchange = asked(true, &[TWO_AT_UPSTREAM]);
    let (head, json) = released(answered(&mut exchange, 403, &refusal));
    let error = json!({"error": {"code": 403, "error_type": "content_policy_violation", "http_status": 403,
        "message": "m/two requires moderation on Upstream. Your input was flagged for \"sexual, violence/\"graphic\"\". No credits were charged.",
        "metadata": {"error_type": "content_policy_violation", "provider_name": "Upstream", "reasons": ["sexual", "violence/\"graphic\""],
            "flagged_input": "a \u{e9} piece", "model_slug": "m/two", "is_byok": false}}});
    assert_eq!((head.status, json), (403, error));

    // Any other 403 is about the operator's credential.
    for body in [r#"{"error":{"code":403,"message":"Key limit exceeded"}}"#, r#"{"error":{"metadata":{"reasons":"x"}}}"#] {
        let mut exchange = asked(false, &[TWO_AT_UPSTREAM, TWO_AT_THIRD]);
        assert_eq!(answered(&mut exchange, 403, body), Step::Retry);
        assert_eq!(troubles(&mut exchange, NOW), [(TWO_AT_UPSTREAM, 20_000)]);
        let (head, json) = released(answered(&mut asked(false, &[TWO_AT_UPSTREAM]), 403, body));
        assert_eq!((head.status, json["error"]["metadata"].get("raw")), (502, None));
    }
    let quoting = refusal.replace("piece", CREDENTIAL);
    let (head, json) = released(answered(&mut asked(false, &[TWO_AT_UPSTREAM]), 403, &quoting));
    assert!(head.status == 403 && !json.to_string().contains(CREDENTIAL), "{json}");
}
