//! A request that the provider finds wrong is wrong at every provider: the client is told, and nobody else is asked.

use serde_json::{Value, json};

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let ids = ["t/refused", "t/streamed", "t/too-long", "t/filtered", "t/wrong", "t/spare"];
    Gateway::start(Setup::new().providers(&["first", "second"]).models(&ids, &["first", "second"]))
});

fn openai_error(message: &str, code: &str) -> Value {
    json!({"error": {"message": message, "type": "invalid_request_error", "param": "messages", "code": code}})
}

#[test]
fn a_client_error_is_answered_without_fallback() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("second").answers("refused", wire::completion("never"));
    for (n, status) in [400, 413, 422].into_iter().enumerate() {
        gateway.provider("first").answers("refused", Reply::error(status, "Invalid value for 'temperature'."));
        for stream in [false, true] {
            let response = gateway.send(&Request::ask("t/refused", json!({"stream": stream})));
            let message = response.error(status);
            let error = response.json()["error"].clone();
            let told = message.contains("'temperature'") || error["metadata"]["raw"].to_string().contains("'temperature'");
            assert!(told, "the provider's reason is lost: {error:#}");
            assert_eq!(error["metadata"]["provider_name"], "first", "{error:#}");
        }
        assert_eq!(gateway.provider("first").received("refused").len(), 2 * (n + 1));
    }
    assert!(gateway.provider("second").received("refused").is_empty());
    let labels = [("gen_ai_request_model", "t/refused")];
    assert_eq!(gateway.samples().sum("signalbox_fallbacks_total", &labels), 0);
    assert_eq!(gateway.samples().sum("signalbox_cost_nano_usd_total", &labels), 0);
}

/// Another model may have a longer context or another filter.
#[test]
fn context_length_and_content_filter_fall_back_to_the_next_model() {
    let gateway = Use::of(&GATEWAY);
    let too_long = "This model's maximum context length is 8192 tokens. However, your messages resulted in 10000 tokens.";
    for (model, error) in [
        ("too-long", openai_error(too_long, "context_length_exceeded")),
        ("filtered", openai_error("The response was filtered.", "content_filter")),
    ] {
        gateway.provider("first").answers(model, Reply::json(400, &error));
        gateway.provider("second").answers(model, wire::completion("never"));
        gateway.provider("first").answers("spare", wire::completion("spared"));
        let id = format!("t/{model}");
        assert!(!gateway.ask(&id).error(400).is_empty());

        let response = gateway.send(&Request::ask(&id, json!({"models": ["t/spare"]})));
        assert_eq!(response.content(), "spared", "{model}");
        assert_eq!(response.json()["model"], "t/spare", "{model}");
        assert!(gateway.provider("second").received(model).is_empty(), "{model}: the same model again");
    }
}

#[test]
fn a_wrong_request_is_not_tried_on_the_next_model() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("wrong", Reply::json(400, &openai_error("Unknown parameter: 'temprature'.", "unknown_parameter")));
    let response = gateway.send(&Request::ask("t/wrong", json!({"models": ["t/spare"]})));
    response.error(400);
}
