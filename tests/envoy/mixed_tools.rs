//! A conversation with tools that moves from format to format: what a call is called stays what it is, at every provider.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    anthropic, bedrock,
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    gemini, mixed_failover,
    provider::Received,
    reply::Reply,
    wire,
};

/// There and back, and one that calls twice.
const JOURNEY: [&str; 7] = ["anthropic", "gemini", "openai", "bedrock", "gemini", "anthropic", "openai"];

static GATEWAY: Shared = Shared::new(|| Gateway::start(mixed_failover::setup(&["moved", "moved-streamed"])));

/// Two calls at once; Gemini's without ids, and `turn` in those of the others.
fn calls(provider: &str, turn: usize, stream: bool) -> Reply {
    let id = |n: usize| match provider {
        "anthropic" => format!("toolu_{turn}{n}"),
        "bedrock" => format!("tooluse_{turn}{n}"),
        // As Kimi's are, at a provider of OpenAI's format.
        _ => format!("functions.weather:{turn}{n}"),
    };
    let city = |n: usize| ["Paris", "Rome"][n];
    let input = |n: usize| json!({"city": city(n)});
    match (provider, stream) {
        ("anthropic", false) => {
            let call = |n: usize| json!({"type": "tool_use", "id": id(n), "name": "weather", "input": input(n)});
            anthropic::message(json!([{"type": "thinking", "thinking": "Hm.", "signature": "sigA=="}, call(0), call(1)]), "tool_use")
        }
        ("anthropic", true) => {
            let mut all = vec![anthropic::begun("")[0].clone()];
            for n in 0..2 {
                let block = json!({"type": "tool_use", "id": id(n), "name": "weather", "input": {}});
                let delta = json!({"type": "input_json_delta", "partial_json": input(n).to_string()});
                all.push(json!({"type": "content_block_start", "index": n, "content_block": block}));
                all.push(json!({"type": "content_block_delta", "index": n, "delta": delta}));
                all.push(json!({"type": "content_block_stop", "index": n}));
            }
            all.push(json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 7}}));
            all.push(json!({"type": "message_stop"}));
            Reply::events([anthropic::events(&all)])
        }
        ("bedrock", false) => {
            let call = |n: usize| json!({"toolUse": {"toolUseId": id(n), "name": "weather", "input": input(n)}});
            bedrock::converse(json!([call(0), call(1)]), "tool_use")
        }
        ("bedrock", true) => {
            let mut all = vec![bedrock::beginning()];
            for n in 0..2 {
                let start = json!({"toolUse": {"toolUseId": id(n), "name": "weather"}});
                all.push(("contentBlockStart", json!({"contentBlockIndex": n, "start": start})));
                let delta = json!({"toolUse": {"input": input(n).to_string()}});
                all.push(("contentBlockDelta", json!({"contentBlockIndex": n, "delta": delta})));
                all.push(("contentBlockStop", json!({"contentBlockIndex": n})));
            }
            all.extend(bedrock::ending("tool_use"));
            bedrock::events(&all)
        }
        ("gemini", _) => {
            let call = |n: usize| json!({"functionCall": {"name": "weather", "args": input(n)}});
            let mut first = call(0);
            first["thoughtSignature"] = format!("c2ln{turn}").into();
            let mut answer = gemini::answer(json!([first, call(1)]), "STOP");
            // Each answer has an id of its own.
            answer["responseId"] = format!("mAitaLmkHPPlz7IPvtfUqQ{turn}").into();
            if stream { Reply::events([gemini::event(&answer)]) } else { Reply::json(200, &answer) }
        }
        _ => {
            let call = |n: usize| json!({"index": n, "id": id(n), "type": "function", "function": {"name": "weather", "arguments": input(n).to_string()}});
            if stream {
                let called = wire::chunk(json!({"role": "assistant", "content": null, "tool_calls": [call(0), call(1)]}), Value::Null);
                let all = [called, wire::chunk(json!({}), json!("tool_calls")), wire::usage_chunk(wire::usage())];
                Reply::events(all.iter().map(wire::event).chain([wire::event("[DONE]")]))
            } else {
                let mut body = wire::completion_body("");
                body["choices"][0]["message"] = json!({"role": "assistant", "content": null, "tool_calls": [call(0), call(1)]});
                body["choices"][0]["finish_reason"] = "tool_calls".into();
                Reply::json(200, &body)
            }
        }
    }
}

/// What a client puts into its history: the message as it came, or its chunks put together as the SDKs do it.
fn message(gateway: &Gateway, request: &Request, stream: bool) -> Value {
    if !stream {
        let mut answer = gateway.send(request).json();
        assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls", "{answer:#}");
        return answer["choices"][0]["message"].take();
    }
    let chunks = client::chunks(&gateway.open(request).events());
    let mut calls: Vec<Value> = Vec::new();
    let mut details: Vec<Value> = Vec::new();
    for delta in chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]) {
        details.extend(delta["reasoning_details"].as_array().into_iter().flatten().cloned());
        for piece in delta["tool_calls"].as_array().into_iter().flatten() {
            let index = usize::try_from(piece["index"].as_u64().unwrap()).unwrap();
            if index == calls.len() {
                calls.push(piece.clone());
                continue;
            }
            let arguments = [&calls[index], piece].map(|call| call["function"]["arguments"].as_str().unwrap_or_default().to_owned());
            calls[index]["function"]["arguments"] = arguments.concat().into();
        }
    }
    json!({"role": "assistant", "content": null, "tool_calls": calls, "reasoning_details": details})
}

/// Ids of calls and of answers, in the order in which a provider got them.
fn ids(provider: &str, received: &Received) -> (Vec<String>, Vec<String>) {
    fn all(value: &Value, found: &mut dyn FnMut(&str, &Value)) {
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| {
                found(name, value);
                all(value, found);
            }),
            Value::Array(elements) => elements.iter().for_each(|element| all(element, found)),
            _ => {}
        }
    }
    let (mut called, mut answered) = (Vec::new(), Vec::new());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all(&received.json(), &mut |name, value| match (provider, name) {
        ("anthropic", "id") => called.push(text(value)),
        ("anthropic", "tool_use_id") | ("openai", "tool_call_id") => answered.push(text(value)),
        ("bedrock", "toolUse") => called.push(text(&value["toolUseId"])),
        ("bedrock", "toolResult") => answered.push(text(&value["toolUseId"])),
        ("gemini", "functionCall") => called.push(text(&value["id"])),
        ("gemini", "functionResponse") => answered.push(text(&value["id"])),
        ("openai", "tool_calls") => called.extend(value.as_array().unwrap().iter().map(|call| text(&call["id"]))),
        _ => {}
    });
    (called, answered)
}

#[test]
fn t28_t47_ids_of_calls_stay_across_providers_and_back() {
    let gateway = Use::of(&GATEWAY);
    for (stream, case) in [(false, "moved"), (true, "moved-streamed")] {
        let model = mixed_failover::model(case);
        let tools = json!([{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]);
        let mut messages = vec![json!({"role": "user", "content": "Weather?"})];
        let mut had: Vec<Vec<String>> = Vec::new();
        let mut known = 0;
        for (turn, provider) in JOURNEY.iter().enumerate() {
            gateway.provider(provider).answers(&model, calls(provider, turn, stream));
            let preferences = json!({"order": [provider], "allow_fallbacks": false});
            let more = json!({"messages": messages, "tools": tools, "stream": stream, "provider": preferences});
            let message = message(&gateway, &Request::ask(&format!("t/{model}"), more), stream);
            let received = gateway.provider(provider).received(&model).pop().unwrap();
            let (called, answered) = ids(provider, &received);
            assert_eq!(called, answered, "{provider} in turn {turn}: {}", received.text());
            assert_eq!(called.len(), known, "{provider} in turn {turn}: {}", received.text());
            assert_eq!(called.iter().collect::<BTreeSet<_>>().len(), known, "each is another: {called:?}");
            if provider != &"openai" && provider != &"gemini" {
                let is_taken =
                    |id: &String| id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':' | b'.'));
                assert!(called.iter().all(is_taken), "{provider}: {called:?}");
            }
            // What a provider was told before, it is told again: its cache of the prompt holds.
            let before = JOURNEY[..turn].iter().rposition(|earlier| earlier == provider);
            if let Some(before) = before {
                assert_eq!(called[..had[before].len()], had[before], "{provider} in turn {turn}");
            }
            had.push(called);

            let made = message["tool_calls"].as_array().unwrap().clone();
            assert_eq!(made.len(), 2, "{message:#}");
            messages.push(message);
            messages.extend(made.iter().map(|call| json!({"role": "tool", "tool_call_id": call["id"], "content": "18"})));
            known += made.len();
        }
        // Gemini gets its own signatures back, though others have spoken since.
        let again = gateway.provider("gemini").received(&model).pop().unwrap().text();
        assert!(again.contains("\"c2ln1\"") && !again.contains("sigA"), "{again}");
    }
}
