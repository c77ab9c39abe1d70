//! The dialects' defaults: where a provider's completions are and how its answers differ.

use serde_json::json;

use super::{
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

/// Dialect, path of its completions, and its host where it has but one.
const DIALECTS: [(&str, &str, Option<&str>); 8] = [
    ("openai", "/v1/chat/completions", Some("api.openai.com")),
    ("groq", "/openai/v1/chat/completions", Some("api.groq.com")),
    ("deepseek", "/chat/completions", Some("api.deepseek.com")),
    ("together", "/v1/chat/completions", Some("api.together.ai")),
    ("fireworks", "/inference/v1/chat/completions", Some("api.fireworks.ai")),
    ("vllm", "/v1/chat/completions", None),
    ("ollama", "/v1/chat/completions", None),
    ("openrouter", "/api/v1/chat/completions", Some("openrouter.ai")),
];

static GATEWAY: Shared = Shared::new(|| {
    let setup = DIALECTS.iter().fold(Setup::new(), |setup, (dialect, _, host)| {
        let host = if host.is_some() { json!(null) } else { json!("own.test") };
        setup.provider(Provider::start(dialect), json!({"dialect": dialect, "host": host, "path_prefix": null, "name": null})).priced(
            &format!("t/{dialect}"),
            dialect,
            json!({"prompt": 1, "completion": 2}),
        )
    });
    let gateway = Gateway::start(setup.priced("t/itself", "openrouter", json!({"prompt": 1, "completion": 2})));
    for (dialect, ..) in DIALECTS {
        let answer = |stream: bool| if stream { wire::stream(&["o", "k"]) } else { wire::completion("ok") };
        gateway.provider(dialect).answers_by(dialect, move |request| answer(request.json()["stream"] == true));
    }
    gateway
});

#[test]
fn every_dialect_knows_where_its_completions_are() {
    let gateway = Use::of(&GATEWAY);
    for (dialect, path, host) in DIALECTS {
        let provider = gateway.provider(dialect);
        let request = Request::ask(&format!("t/{dialect}"), json!({"max_tokens": 9, "transforms": [], "models": [format!("t/{dialect}")]}));
        let answer = gateway.send(&request).json();
        assert_eq!(answer["choices"][0]["message"]["content"], "ok", "{dialect}: {answer:#}");
        assert!(answer["provider"].as_str().is_some_and(|name| !name.is_empty()), "{dialect}");
        let received = provider
            .received(dialect)
            .into_iter()
            .find(|request| request.json()["max_tokens"] == 9 || request.json()["max_completion_tokens"] == 9)
            .unwrap();
        assert_eq!(received.path, path, "{dialect}");
        assert_eq!(received.header("host"), Some(host.unwrap_or("own.test")), "{dialect}");
        let sent = received.json();
        assert_eq!(sent.get("models"), None, "{dialect}");
        assert!(sent["max_tokens"] == 9 || sent["max_completion_tokens"] == 9, "{dialect}: {sent}");
    }
}

#[test]
fn every_dialect_streams() {
    let gateway = Use::of(&GATEWAY);
    for (dialect, ..) in DIALECTS {
        let chunks = client::chunks(&gateway.ask_streamed(&format!("t/{dialect}")).events());
        assert_eq!(client::text(&chunks), "ok", "{dialect}");
        assert_eq!(client::usage(&chunks)["completion_tokens"], wire::OUTPUT_TOKENS, "{dialect}");
    }
}

/// OpenRouter as a provider sends comments, its own `provider` and a `cost` of its own; what the client is told is ours.
#[test]
fn t78_openrouter_itself_can_be_the_provider() {
    let gateway = Use::of(&GATEWAY);
    let mut usage = wire::usage();
    usage["cost"] = json!(0.5);
    usage["cost_details"] = json!({"upstream_inference_cost": null});
    let mut chunk = wire::text_chunk("ok");
    chunk["provider"] = "Deep Infra".into();
    let mut finish = wire::chunk(json!({"content": ""}), json!("stop"));
    finish["choices"][0]["native_finish_reason"] = "eos_token".into();
    let events = [": OPENROUTER PROCESSING\n\n".into(), wire::event(chunk), wire::event(finish), wire::event(wire::usage_chunk(usage))];
    gateway.provider("openrouter").answers("itself", Reply::events(events.into_iter().chain([wire::event("[DONE]")])));
    let chunks = client::chunks(&gateway.ask_streamed("t/itself").events());
    assert_eq!(client::text(&chunks), "ok");
    assert!(chunks.iter().all(|chunk| chunk["provider"].is_string() && chunk["model"] == "t/itself"));
    assert_eq!(chunks.iter().filter_map(|chunk| chunk["choices"][0]["native_finish_reason"].as_str()).next_back(), Some("eos_token"));
    let cost = client::usage(&chunks)["cost"].as_f64().unwrap();
    assert!(cost == 0.5 || (cost - 0.000_039).abs() < 1e-12, "the provider's cost or the catalogue's, not {cost}");
}

/// It refuses a conversation with tools in which an assistant's message lacks what was thought:
/// <https://api-docs.deepseek.com/guides/thinking_mode>.
#[test]
fn deepseek_gets_its_thoughts_back_with_the_calls_that_followed_and_no_other_dialect_does() {
    let gateway = Use::of(&GATEWAY);
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    let calls = json!([{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    let messages = json!([
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": null, "reasoning": "I need f.", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "call_1", "content": "7"},
    ]);
    for dialect in ["deepseek", "vllm"] {
        let request = Request::ask(&format!("t/{dialect}"), json!({"messages": messages, "tools": tools}));
        assert_eq!(gateway.send(&request).json()["choices"][0]["message"]["content"], "ok");
        let received = gateway.provider(dialect).received(dialect);
        let sent = received.iter().map(|request| request.json()).find(|sent| sent["tools"] == tools).unwrap();
        assert_eq!(sent["messages"][1].get("reasoning"), None, "{dialect}: {sent}");
        assert_eq!(sent["messages"][1]["reasoning_content"] == "I need f.", dialect == "deepseek", "{dialect}: {sent}");
        assert_eq!(sent["messages"][1]["tool_calls"], calls, "{dialect}: {sent}");
    }
}
