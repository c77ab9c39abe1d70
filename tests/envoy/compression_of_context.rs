//! Prompts that are longer than a context: the endpoints that are long enough, the middle that is left out, or a refusal.

use serde_json::{Value, json};

use super::{
    anthropic,
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let endpoint = |provider: &str, model: &str, price: f64, context: u32| json!({"provider": provider, "model": model, "context_length": context, "price": {"prompt": price, "completion": price}});
    let model = |id: &str, endpoints: Value| json!({"id": id, "endpoints": endpoints});
    let setup = Setup::new()
        .env("ANTHROPIC_API_KEY", "sk-ant-1")
        .providers(&["openai", "longer"])
        .provider(Provider::start("anthropic"), json!({"dialect": "anthropic", "credential": {"env": "ANTHROPIC_API_KEY"}}))
        .model(model("t/large", json!([endpoint("openai", "large", 1.0, 10_000)])))
        .model(model("t/small", json!([endpoint("openai", "small", 1.0, 4_000)])))
        .model(model("t/claude", json!([endpoint("anthropic", "claude", 1.0, 10_000)])))
        .model(model("t/chatty", json!([endpoint("anthropic", "chatty", 1.0, 1_000_000)])))
        .model(model("t/two", json!([endpoint("openai", "two", 0.001, 10_000), endpoint("longer", "two", 1_000.0, 1_000_000)])))
        .models(&["t/unknown"], &["openai"]);
    let gateway = Gateway::start(setup);
    for name in ["large", "small", "two", "unknown"] {
        for provider in ["openai", "longer"] {
            let answer = |stream: bool| if stream { wire::stream(&["o", "k"]) } else { wire::completion("ok") };
            gateway.provider(provider).answers_by(name, move |request| answer(request.json()["stream"] == true));
        }
    }
    for name in ["claude", "chatty"] {
        gateway.provider("anthropic").answers(name, anthropic::message(json!([{"type": "text", "text": "ok"}]), "end_turn"));
    }
    gateway
});

/// A conversation of `pairs` questions and answers between a system message and a last question, each of 1000 bytes.
fn conversation(pairs: usize) -> Vec<Value> {
    let said = |role: &str, what: String| json!({"role": role, "content": format!("{what:x<1000}")});
    let mut messages = vec![said("system", "be brief".into())];
    for n in 0..pairs {
        messages.extend([said("user", format!("question {n} ")), said("assistant", format!("answer {n} "))]);
    }
    messages.push(said("user", "the last question ".into()));
    messages
}

fn ask(model: &str, messages: &[Value], more: Value) -> Request {
    let mut body = json!({"model": model, "messages": messages});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Request::chat(body.to_string())
}

#[test]
fn a_prompt_that_is_too_long_is_refused_in_openrouters_words() {
    let gateway = Use::of(&GATEWAY);
    let messages = conversation(30);
    let before = gateway.provider("openai").received("large").len();
    let refused = gateway.send(&ask("t/large", &messages, json!({"max_tokens": 100})));
    assert_eq!(
        refused.error(400),
        "This endpoint's maximum context length is 10000 tokens. However, you requested about 15600 tokens (15500 of text input, 100 in \
         the output). Please reduce the length of either one, or use the context-compression plugin to compress your prompt automatically."
    );
    assert_eq!(refused.json()["error"]["metadata"]["error_type"], "context_length_exceeded");
    assert_eq!(gateway.provider("openai").received("large").len(), before, "nobody is asked");
    // A context that nobody knows is no limit, and a fallback model may have room.
    assert_eq!(gateway.send(&ask("t/unknown", &messages, json!({}))).content(), "ok");
    let fallback = gateway.send(&ask("t/large", &messages, json!({"models": ["t/two"]})));
    assert_eq!((fallback.content(), &fallback.json()["model"]), ("ok".into(), &json!("t/two")));
}

#[test]
fn an_endpoint_that_is_long_enough_goes_before_any_compression() {
    let gateway = Use::of(&GATEWAY);
    let messages = conversation(30);
    for more in [json!({}), json!({"plugins": [{"id": "context-compression"}]})] {
        let answer = gateway.send(&ask("t/two", &messages, more));
        assert_eq!(answer.json()["provider"], "longer");
        assert_eq!(gateway.provider("longer").received("two").last().unwrap().json()["messages"], json!(messages), "all of it");
    }
    assert_eq!(gateway.send(&ask("t/two", &conversation(2), json!({}))).json()["provider"], "openai", "a short one goes to the cheapest");
}

#[test]
fn the_middle_is_left_out_for_every_format_streamed_or_not() {
    let gateway = Use::of(&GATEWAY);
    let messages = conversation(30);
    for (old, stream) in [(true, false), (false, true), (false, false)] {
        let mut more = if old { json!({"transforms": ["middle-out"]}) } else { json!({"plugins": [{"id": "context-compression"}]}) };
        more["max_tokens"] = 2000.into();
        more["stream"] = stream.into();
        let request = ask("t/large", &messages, more).header("x-openrouter-metadata", "enabled");
        let told = if stream {
            let chunks = client::chunks(&gateway.open(&request).events());
            assert_eq!(client::text(&chunks), "ok");
            chunks.last().unwrap()["openrouter_metadata"].clone()
        } else {
            let answer = gateway.send(&request);
            assert_eq!(answer.content(), "ok");
            answer.json()["openrouter_metadata"].take()
        };
        let stage = json!({"type": "context_compression", "name": "context-compression",
            "data": {"engine": "middle-out", "input_type": "messages", "original_count": 62, "compressed_count": 32}});
        assert_eq!(told["pipeline"], json!([stage]));
        let received = gateway.provider("openai").received("large").last().unwrap().json();
        // 8000 tokens are left for the prompt: 32 messages of 1000 bytes.
        let left = received["messages"].as_array().unwrap().clone();
        assert_eq!(left.len(), 32);
        assert_eq!((&left[..17], &left[17..]), (&messages[..17], &messages[62 - 15..]));
        assert_eq!((received.get("plugins"), received.get("transforms")), (None, None));
    }
    let answer = gateway.send(&ask("t/claude", &messages, json!({"max_tokens": 2000, "transforms": ["middle-out"]})));
    assert_eq!(answer.content(), "ok");
    let received = gateway.provider("anthropic").received("claude").last().unwrap().json();
    let sent = received.to_string();
    assert!(sent.contains("be brief") && sent.contains("question 0 ") && sent.contains("the last question "), "{sent}");
    assert!(!sent.contains("question 15 ") && sent.len() < 34_000, "{sent}");
}

#[test]
fn small_contexts_are_compressed_unless_it_is_switched_off() {
    let gateway = Use::of(&GATEWAY);
    let messages = conversation(20);
    assert_eq!(gateway.send(&ask("t/small", &messages, json!({}))).content(), "ok");
    let left = gateway.provider("openai").received("small").last().unwrap().json()["messages"].as_array().unwrap().len();
    assert_eq!(left, 14, "an eighth of the context is kept for the answer");
    for off in [json!({"transforms": []}), json!({"plugins": [{"id": "context-compression", "enabled": false}]})] {
        gateway.send(&ask("t/small", &messages, off)).error(400);
    }
}

#[test]
fn a_model_of_anthropics_gets_a_thousand_messages() {
    let gateway = Use::of(&GATEWAY);
    let messages: Vec<Value> =
        (0..1501).map(|n| json!({"role": if n % 2 == 0 { "user" } else { "assistant" }, "content": format!("message {n}.")})).collect();
    let sent = |more: Value| {
        assert_eq!(gateway.send(&ask("t/chatty", &messages, more)).content(), "ok");
        gateway.provider("anthropic").received("chatty").last().unwrap().json()["messages"].to_string()
    };
    let left = sent(json!({"transforms": ["middle-out"]}));
    assert_eq!(left.matches("message ").count(), 1000);
    for (n, stays) in [(0, true), (499, true), (500, false), (1000, false), (1001, true), (1500, true)] {
        assert_eq!(left.contains(&format!("message {n}.")), stays, "{n}");
    }
    assert_eq!(sent(json!({})).matches("message ").count(), 1501, "nobody asked for it");
}

#[test]
fn calls_of_tools_keep_their_results() {
    let gateway = Use::of(&GATEWAY);
    let mut messages = conversation(30);
    let call = json!({"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
    let result = json!({"role": "tool", "tool_call_id": "c1", "content": "r".repeat(1000)});
    // The result alone would stay.
    messages.splice(46..46, [call, result]);
    messages.extend([
        json!({"role": "assistant", "content": null, "tool_calls": [{"id": "c2", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}),
        json!({"role": "tool", "tool_call_id": "c2", "content": "the last result"}),
    ]);
    let tools = json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]);
    for (model, provider) in [("large", "openai"), ("claude", "anthropic")] {
        let more = json!({"max_tokens": 2000, "tools": tools, "plugins": [{"id": "context-compression"}]});
        assert_eq!(gateway.send(&ask(&format!("t/{model}"), &messages, more)).content(), "ok");
        let sent = gateway.provider(provider).received(model).last().unwrap().json()["messages"].to_string();
        assert!(sent.contains("\"c2\"") && sent.contains("the last result"), "{sent}");
        assert_eq!(sent.contains("\"c1\""), sent.contains("rrrrr"), "{sent}");
        assert_eq!(sent.matches("\"c1\"").count() % 2, 0, "{sent}");
    }
}
