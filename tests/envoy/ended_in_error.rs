//! An answer that ended for an error, or in which there is nothing, is a failure in every API: it is never told as a success, nor charged.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    client::{Request, Response},
    gateway::{Gateway, Shared, Use},
    provider::{Provider, Received},
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let setup = Setup::new()
        .env("OPENROUTER_API_KEY", "sk-or-v1-upstream")
        .providers(&["first", "second"])
        .provider(Provider::start("upstream"), json!({"dialect": "openrouter", "credential": {"env": "OPENROUTER_API_KEY"}}))
        .models(&["t/choice", "t/word", "t/nothing"], &["first", "second"])
        .models(&["t/choice-alone", "t/word-alone"], &["first"])
        .models(&["t/flagged"], &["upstream"])
        .models(&["t/flagged-there"], &["upstream", "second"]);
    let gateway = Gateway::start(setup);
    for model in ["choice", "choice-alone"] {
        gateway.provider("first").answers_by(model, |request| broken(request, &json!({"code": 503, "message": "It broke."})));
    }
    for model in ["word", "word-alone"] {
        gateway.provider("first").answers_by(model, |request| broken(request, &Value::Null));
    }
    for model in ["choice", "word", "nothing", "flagged-there"] {
        gateway.provider("second").answers(model, wire::completion("All well."));
    }
    let mut nothing = wire::completion_body("");
    nothing["choices"][0]["message"]["content"] = Value::Null;
    nothing["choices"][0]["finish_reason"] = Value::Null;
    nothing["usage"]["completion_tokens"] = json!(0);
    gateway.provider("first").answers("nothing", Reply::json(200, &nothing));
    let refusal = json!({"error": {"code": 403, "message": "x requires moderation on Y.", "metadata":
        {"reasons": ["violence"], "flagged_input": "Say something.", "provider_name": "Y", "model_slug": "y/x"}}});
    for model in ["flagged", "flagged-there"] {
        gateway.provider("upstream").answers(model, Reply::json(403, &refusal));
    }
    gateway
});

/// An answer whose choice ends for an error after some text.
fn broken(request: &Received, error: &Value) -> Reply {
    let end = |choice: &mut Value| {
        choice["finish_reason"] = json!("error");
        choice["error"] = error.clone();
    };
    if request.json()["stream"] != true {
        let mut body = wire::completion_body("Once upon");
        end(&mut body["choices"][0]);
        return Reply::json(200, &body);
    }
    let mut last = wire::chunk(json!({}), Value::Null);
    end(&mut last["choices"][0]);
    let events = [wire::text_chunk("Once upon"), last, wire::usage_chunk(wire::usage())].map(wire::event);
    Reply::events(events.into_iter().chain([wire::event("[DONE]")])).pause_before(1, Duration::from_millis(100))
}

/// The same question in each API.
fn in_each_api(model: &str, stream: bool) -> [Request; 4] {
    [
        ("chat/completions", json!({})),
        ("completions", json!({"prompt": "x"})),
        ("messages", json!({"max_tokens": 9})),
        ("responses", json!({"input": "x"})),
    ]
    .map(|(path, mut more)| {
        more["stream"] = json!(stream);
        Request::ask(model, more).path(&format!("/api/v1/{path}")).header("x-openrouter-metadata", "enabled")
    })
}

fn assert_free(gateway: &Gateway, model: &str, failed: u64) {
    gateway.assert_counts("signalbox_attempts_total", &[("gen_ai_request_model", model), ("outcome", "failed")], failed);
    gateway.assert_counts("signalbox_cost_nano_usd_total", &[("gen_ai_request_model", model)], 0);
}

#[test]
fn a_whole_answer_that_ended_for_an_error_goes_to_the_next_provider() {
    let gateway = Use::of(&GATEWAY);
    for model in ["t/choice", "t/word", "t/nothing"] {
        for request in in_each_api(model, false) {
            let answer = gateway.send(&request);
            assert!(answer.status == 200 && answer.text().contains("All well."), "{model}: {}", answer.text());
        }
    }
}

#[test]
fn where_nobody_else_is_left_it_is_told_as_an_error_and_free() {
    let gateway = Use::of(&GATEWAY);
    for (model, status) in [("t/choice-alone", 503), ("t/word-alone", 502)] {
        let [chat, completions, messages, responses] = in_each_api(model, false).map(|request| gateway.send(&request));
        for answer in [chat, completions, responses] {
            assert_eq!(answer.error(status), "Provider returned error");
            assert_eq!(answer.json()["openrouter_metadata"]["attempt"], 1);
        }
        assert_eq!((messages.status, &messages.json()["type"]), (status, &json!("error")));
        assert_eq!(messages.json()["error"]["availability"]["code"], "temporarily_unavailable");
        assert_eq!(messages.json()["openrouter_metadata"]["attempt"], 1);
        let streams = in_each_api(model, true).map(|request| gateway.send(&request));
        assert_told(&streams);
        assert_free(&gateway, model, 8);
    }
}

/// What an API's last words are of a stream that broke off.
fn assert_told([chat, completions, messages, responses]: &[Response; 4]) {
    for answer in [chat, completions, messages, responses] {
        assert!(answer.status == 200 && answer.text().contains("Once upon"), "{}", answer.text());
    }
    let last = |answer: &Response| -> Value {
        let text = answer.text();
        let mut data = text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok());
        data.next_back().unwrap()
    };
    for answer in [chat, completions] {
        let chunk = last(answer);
        assert!(chunk["error"]["code"].is_u64() && answer.text().trim_end().ends_with("data: [DONE]"), "{chunk:#}");
        assert_eq!(chunk["choices"][0]["finish_reason"], "error");
        assert_eq!(chunk["error"]["availability"]["code"], "temporarily_unavailable", "{chunk:#}");
        assert_eq!(chunk["openrouter_metadata"]["attempt"], 1);
    }
    assert!(!messages.text().contains("message_stop") && !messages.text().contains("end_turn"), "{}", messages.text());
    assert_eq!(last(messages)["type"], "error");
    assert_eq!(last(messages)["error"]["availability"]["retryable"], true);
    assert_eq!(last(messages)["openrouter_metadata"]["attempt"], 1);
    let failed = last(responses);
    assert_eq!((&failed["type"], &failed["response"]["status"]), (&json!("response.failed"), &json!("failed")));
    assert!(failed["response"]["error"]["message"].is_string(), "{failed:#}");
    assert_eq!(failed["response"]["error"]["availability"]["retryable"], true, "{failed:#}");
    assert_eq!(failed["response"]["openrouter_metadata"]["attempt"], 1);
}

#[test]
fn what_openrouter_found_in_a_prompt_is_told_with_its_reasons() {
    let gateway = Use::of(&GATEWAY);
    let refused = gateway.ask("t/flagged");
    let message = refused.error(403);
    assert_eq!(message, "t/flagged requires moderation on upstream. Your input was flagged for \"violence\". No credits were charged.");
    let metadata = json!({"error_type": "content_policy_violation", "reasons": ["violence"], "flagged_input": "Say something.",
        "provider_name": "upstream", "model_slug": "t/flagged", "is_byok": false});
    assert_eq!(refused.json()["error"]["metadata"], metadata);
    assert_eq!(refused.json()["error"].get("availability"), None, "it would be refused again");
    // Somebody else need not mind, and the next prompt is another one.
    for times in 1..=2 {
        assert_eq!(gateway.ask("t/flagged-there").content(), "All well.");
        assert_eq!(gateway.provider("upstream").received("flagged-there").len(), times, "it does not rest");
    }
    assert!(!gateway.log().contains("Say something."), "a prompt in the log");
}
