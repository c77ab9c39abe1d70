//! What a format cannot carry goes to a provider whose format can, and the others are not asked.

use serde_json::{Value, json};

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let own = |dialect: &str| json!({"dialect": dialect, "path_prefix": null});
    let mut bedrock = own("bedrock");
    bedrock["region"] = "eu-west-3".into();
    let setup = Setup::new()
        .provider(Provider::start("bedrock"), bedrock)
        .provider(Provider::start("anthropic"), own("anthropic"))
        .provider(Provider::start("gemini"), own("gemini"))
        .providers(&["openai"])
        .models(&["t/image", "t/required"], &["bedrock", "openai"])
        .models(&["t/audio"], &["anthropic", "gemini"])
        .models(&["t/nobody"], &["anthropic", "bedrock"])
        .models(&["t/not-required"], &["anthropic", "openai"]);
    Gateway::start(setup)
});

fn messages(part: Value) -> Value {
    json!([{"role": "user", "content": [{"type": "text", "text": "What is this?"}, part]}])
}

#[test]
fn an_image_by_url_is_not_asked_of_bedrock() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("openai").answers("image", wire::completion("A cat."));
    let image = messages(json!({"type": "image_url", "image_url": {"url": "https://a.test/cat.png"}}));
    let answer = gateway.send(&Request::ask("t/image", json!({"messages": image}))).json();
    assert_eq!((&answer["provider"], &answer["choices"][0]["message"]["content"]), (&json!("openai"), &json!("A cat.")), "{answer:#}");
    assert_eq!(gateway.provider("openai").received("image")[0].json()["messages"], image);
    assert_eq!(gateway.provider("bedrock").received_in_all(), 0);
}

#[test]
fn audio_is_not_asked_of_anthropic() {
    let gateway = Use::of(&GATEWAY);
    let answer = json!({"candidates": [{"content": {"parts": [{"text": "A bell."}], "role": "model"}, "finishReason": "STOP"}]});
    gateway.provider("gemini").answers("audio", Reply::json(200, &answer));
    let audio = messages(json!({"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}));
    assert_eq!(gateway.send(&Request::ask("t/audio", json!({"messages": audio}))).content(), "A bell.");
    let sent = gateway.provider("gemini").received("audio")[0].json();
    assert_eq!(sent["contents"][0]["parts"][1]["inlineData"], json!({"mimeType": "audio/wav", "data": "UklG"}));
    assert!(gateway.provider("anthropic").received("audio").is_empty());
}

#[test]
fn what_nobody_can_carry_is_named() {
    let gateway = Use::of(&GATEWAY);
    let file = messages(json!({"type": "file", "file": {"file_id": "file-abc"}}));
    let answer = gateway.send(&Request::ask("t/nobody", json!({"messages": file})));
    let expected = "No endpoints found for t/nobody: the messages have a file without `file_data` (a data: URI would do), it is served by anthropic, bedrock";
    assert_eq!(answer.error(404), expected);
}

#[test]
fn a_parameter_that_is_required_is_not_dropped() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("openai").answers("required", wire::completion("Exact."));
    let required = json!({"logprobs": true, "provider": {"require_parameters": true}});
    assert_eq!(gateway.send(&Request::ask("t/required", required)).content(), "Exact.");
    // Where it is not required, it is left out.
    let answer = json!({"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "Near enough."}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}});
    gateway.provider("anthropic").answers("not-required", Reply::json(200, &answer));
    let optional = Request::ask("t/not-required", json!({"logprobs": true}));
    assert_eq!(gateway.send(&optional).content(), "Near enough.");
    assert_eq!(gateway.provider("anthropic").received("not-required")[0].json().get("logprobs"), None);
}
