//! Anthropic's Messages as clients speak them, for a model in OpenAI's format and for one in Anthropic's.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};

use super::{
    client::Request,
    clients::run_against,
    gateway::{Gateway, Shared, Use, needed, root},
    provider::{Provider, Received},
    reply::Reply,
    setup::Setup,
    wire,
};

const TEXT: &str = "Once \"upon\" a time 東京";
pub const THOUGHT: &str = "Let me see: 1/2 \"of\" it.";
pub const SIGNATURE: &str = "c2lnbmF0dXJl/+==";

/// Each model is there twice: in OpenAI's format and in Anthropic's.
pub static GATEWAY: Shared = Shared::new(|| {
    let claude = json!({"dialect": "anthropic", "credential": {"env": "ANTHROPIC_API_KEY"}});
    let names = [
        "t/openai",
        "t/openai-tools",
        "t/openai-thinks",
        "t/openai-breaks",
        "t/limited",
        "t/broken",
        "t/hangup",
        "t/zipped",
        "t/openai-long",
        "t/openai-cites",
        "t/openai-interleaves",
        "t/openai-refuses",
    ];
    let setup = Setup::new()
        .env("ANTHROPIC_API_KEY", "sk-ant-1")
        .provider(Provider::start("claude"), claude)
        .providers(&["openai"])
        .provider(Provider::refusing("gone"), json!({}))
        .models(&["t/gone"], &["gone"])
        .models(&names, &["openai"])
        .models(&["t/claude", "t/claude-tools", "t/claude-breaks", "t/claude-cites"], &["claude"])
        .model(json!({"id": "t/claude-thinks", "endpoints": [{"provider": "claude", "model": "claude-sonnet-4-5", "price": {"prompt": 1, "completion": 1}}]}));
    let gateway = Gateway::start(setup);
    let stub = gateway.provider("openai");
    stub.answers_by("openai", |request| openai(request, json!({"content": TEXT}), "stop"));
    stub.answers_by("openai-tools", |request| match request.text().contains("\"role\":\"tool\"") {
        false => openai(request, json!({"content": null, "tool_calls": [call(0, "Zürich"), call(1, "Paris")]}), "tool_calls"),
        true => openai(request, json!({"content": "12 and 13 degrees."}), "stop"),
    });
    stub.answers_by("openai-thinks", |request| match request.text().contains("And then?") {
        false => openai(request, json!({"reasoning_content": THOUGHT, "content": TEXT}), "stop"),
        true => openai(request, json!({"content": "Then."}), "stop"),
    });
    stub.answers_by("openai-long", |request| openai(request, json!({"content": TEXT}), "length"));
    let page = json!({"url": "https://a.test/x", "title": "A page", "start_index": 5, "end_index": 11});
    let cited = json!({"content": TEXT, "annotations": [{"type": "url_citation", "url_citation": page}]});
    stub.answers_by("openai-cites", move |request| openai(request, cited.clone(), "stop"));
    stub.answers_by("openai-refuses", |request| openai(request, json!({"refusal": "I won't."}), "stop"));
    stub.answers("openai-interleaves", interleaved());
    let mut broken = wire::stream_events(&["Once "]);
    broken.truncate(2);
    broken.push(wire::event(json!({"error": {"message": "The engine is gone.", "type": "server_error"}})));
    stub.answers("openai-breaks", Reply::events(broken).paced(Duration::from_millis(100)));
    stub.answers("limited", Reply::error(429, "slow down"));
    stub.answers("broken", Reply::error(500, "boom"));

    let stub = gateway.provider("claude");
    stub.answers_by("claude", |request| claude_says(request, json!([{"type": "text", "text": TEXT}]), "end_turn"));
    stub.answers_by("claude-tools", |request| match request.text().contains("tool_result") {
        false => claude_says(request, json!([tool_use("toolu_1", "Zürich"), tool_use("toolu_2", "Paris")]), "tool_use"),
        true => claude_says(request, json!([{"type": "text", "text": "12 and 13 degrees."}]), "end_turn"),
    });
    stub.answers_by("claude-cites", |request| match is_streamed(request) {
        true => Reply::events(quoted_events().iter().map(named)),
        false => {
            let usage =
                json!({"input_tokens": 11, "output_tokens": 7, "cache_creation_input_tokens": 30, "cache_creation": WRITTEN.clone()});
            let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": quoted(),
                "stop_reason": "end_turn", "usage": usage});
            Reply::json(200, &message)
        }
    });
    stub.answers_by("claude-sonnet-4-5", |request| {
        let thinking = json!({"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE});
        match request.text().contains("And then?") {
            false => claude_says(request, json!([thinking, {"type": "text", "text": TEXT}]), "end_turn"),
            true => claude_says(request, json!([{"type": "text", "text": "Then."}]), "end_turn"),
        }
    });
    let mut broken = claude_events(&json!([{"type": "text", "text": "Once "}]), "end_turn");
    broken.truncate(3);
    broken.push(json!({"type": "error", "error": {"type": "overloaded_error", "message": "No."}}));
    let broken: Vec<String> = broken.iter().map(named).collect();
    stub.answers("claude-breaks", Reply::events(broken).pause_before(3, Duration::from_millis(100)));
    gateway
});

fn is_streamed(request: &Received) -> bool {
    request.json()["stream"] == true
}

fn call(index: usize, city: &str) -> Value {
    let arguments = json!({"city": city}).to_string();
    json!({"index": index, "id": format!("call_{index}"), "type": "function", "function": {"name": "get_weather", "arguments": arguments}})
}

fn tool_use(id: &str, city: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": "get_weather", "input": {"city": city}})
}

/// An answer in OpenAI's format.
pub fn openai(request: &Received, said: Value, finish: &str) -> Reply {
    let usage = json!({"prompt_tokens": 15, "completion_tokens": 7, "total_tokens": 22, "prompt_tokens_details": {"cached_tokens": 5}});
    if !is_streamed(request) {
        let mut body = wire::completion_body("");
        body["choices"][0]["message"] = said;
        body["choices"][0]["message"]["role"] = json!("assistant");
        body["choices"][0]["finish_reason"] = json!(finish);
        body["usage"] = usage;
        return Reply::json(200, &body);
    }
    let delta = |name: &str| (!said[name].is_null()).then(|| wire::chunk(json!({name: said[name]}), Value::Null));
    let mut chunks = vec![wire::chunk(json!({"role": "assistant", "content": ""}), Value::Null)];
    chunks.extend(["reasoning_content", "reasoning_details", "content", "refusal"].into_iter().filter_map(delta));
    if said["annotations"].is_array() {
        chunks.push(wire::chunk(json!({"content": "", "annotations": said["annotations"]}), Value::Null));
    }
    for call in said["tool_calls"].as_array().into_iter().flatten() {
        let mut begun = call.clone();
        begun["function"]["arguments"] = json!("");
        chunks.push(wire::chunk(json!({"tool_calls": [begun]}), Value::Null));
        let arguments = call["function"]["arguments"].as_str().unwrap();
        for piece in [&arguments[..3], &arguments[3..]] {
            let more = json!({"index": call["index"], "function": {"arguments": piece}});
            chunks.push(wire::chunk(json!({"tool_calls": [more]}), Value::Null));
        }
    }
    chunks.extend([wire::chunk(json!({}), json!(finish)), wire::usage_chunk(usage)]);
    Reply::events(chunks.iter().map(wire::event).chain([wire::event("[DONE]")]))
}

/// Two calls whose pieces come in turn.
fn interleaved() -> Reply {
    let piece = |index: usize, range: std::ops::Range<usize>| {
        let mut call = call(index, "Bern");
        let arguments = call["function"]["arguments"].as_str().unwrap()[range.clone()].to_owned();
        if range.start > 0 {
            call = json!({"index": index, "function": {}});
        }
        call["function"]["arguments"] = json!(arguments);
        wire::chunk(json!({"tool_calls": [call]}), Value::Null)
    };
    let pieces = [piece(0, 0..4), piece(1, 0..6), piece(0, 4..15), piece(1, 6..15), wire::chunk(json!({}), json!("tool_calls"))];
    Reply::events(pieces.iter().map(wire::event).chain([wire::event("[DONE]")]))
}

fn named(event: &Value) -> String {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap())
}

/// An answer in Anthropic's format.
fn claude_says(request: &Received, content: Value, stop_reason: &str) -> Reply {
    if is_streamed(request) {
        return Reply::events(claude_events(&content, stop_reason).iter().map(named));
    }
    let usage = json!({"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 7, "service_tier": "priority"});
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": content, "stop_reason": stop_reason, "usage": usage});
    Reply::json(200, &message)
}

/// What Claude wrote to its cache, by how long it stays.
static WRITTEN: std::sync::LazyLock<Value> =
    std::sync::LazyLock::new(|| json!({"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}));

/// What Claude says of a document that it is to cite.
fn quoted() -> Value {
    let citation = json!({"type": "char_location", "cited_text": "The grass is green.", "document_index": 0, "document_title": "Grass",
        "start_char_index": 0, "end_char_index": 19});
    json!([{"type": "text", "text": "By the document, "}, {"type": "text", "text": "it is green", "citations": [citation]}, {"type": "text", "text": "."}])
}

/// The same as a stream.
fn quoted_events() -> Vec<Value> {
    let mut events = claude_events(&quoted(), "end_turn");
    events[0]["message"]["usage"] = json!({"input_tokens": 11, "output_tokens": 1, "cache_creation": WRITTEN.clone()});
    let citation = json!({"type": "citations_delta", "citation": quoted()[1]["citations"][0]});
    events.insert(6, json!({"type": "content_block_delta", "index": 1, "delta": citation}));
    events
}

fn claude_events(content: &Value, stop_reason: &str) -> Vec<Value> {
    let usage = json!({"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 1, "service_tier": "priority"});
    let mut events =
        vec![json!({"type": "message_start", "message": {"type": "message", "role": "assistant", "content": [], "usage": usage}})];
    for (index, block) in content.as_array().unwrap().iter().enumerate() {
        let (empty, deltas) = match block["type"].as_str().unwrap() {
            "text" => (json!({"type": "text", "text": ""}), vec![json!({"type": "text_delta", "text": block["text"]})]),
            "thinking" => (
                json!({"type": "thinking", "thinking": "", "signature": ""}),
                vec![
                    json!({"type": "thinking_delta", "thinking": block["thinking"]}),
                    json!({"type": "signature_delta", "signature": block["signature"]}),
                ],
            ),
            _ => (
                json!({"type": "tool_use", "id": block["id"], "name": block["name"], "input": {}}),
                vec![json!({"type": "input_json_delta", "partial_json": block["input"].to_string()})],
            ),
        };
        events.push(json!({"type": "content_block_start", "index": index, "content_block": empty}));
        events.extend(deltas.into_iter().map(|delta| json!({"type": "content_block_delta", "index": index, "delta": delta})));
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": {"output_tokens": 7}}));
    events.push(json!({"type": "message_stop"}));
    events
}

fn ask(model: &str, more: Value) -> Request {
    Request::ask(model, more).path("/api/v1/messages")
}

#[test]
fn anthropics_sdk_is_served() {
    let gateway = Use::of(&GATEWAY);
    needed(root().join(".tools/node/node_modules/@anthropic-ai/sdk/package.json"), "make test-envoy");
    run_against(&format!("http://{}/api", gateway.address), Path::new("node"), "anthropic.mjs", 19);
}

#[test]
fn what_claude_thought_goes_back_to_claude_as_it_came_and_to_nobody_else() {
    let gateway = Use::of(&GATEWAY);
    let thought = json!({"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE});
    let redacted = json!({"type": "redacted_thinking", "data": "b3BhcXVl"});
    let system = json!([{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]);
    let messages = json!([
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": [thought, redacted, {"type": "text", "text": "I look."}, tool_use("toolu_1", "Bern")]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "12"},
            {"type": "text", "text": "And then?", "cache_control": {"type": "ephemeral"}}]}]);
    let more = json!({"max_tokens": 4096, "system": system, "messages": messages, "thinking": {"type": "enabled", "budget_tokens": 2000},
        "tools": [{"name": "get_weather", "input_schema": {"type": "object"}}]});
    for model in ["claude", "openai"] {
        assert_eq!(gateway.send(&ask(&format!("t/{model}-thinks"), more.clone())).json()["content"][0]["text"], "Then.");
    }
    let claude = gateway.provider("claude").received("claude-sonnet-4-5");
    let sent = claude.last().unwrap().json();
    assert_eq!(sent["messages"][1]["content"].as_array().unwrap()[..2], [thought, redacted]);
    assert_eq!(sent["messages"][1]["content"][3], tool_use("toolu_1", "Bern"));
    assert_eq!(sent["messages"][2]["content"][0]["content"], "12");
    assert_eq!(sent["messages"][2]["content"][1]["cache_control"], json!({"type": "ephemeral"}));
    assert_eq!(sent["system"], system);
    assert_eq!(sent["thinking"], json!({"type": "enabled", "budget_tokens": 2000}));
    let openai = gateway.provider("openai").received("openai-thinks");
    let sent = openai.last().unwrap().text();
    assert!(!sent.contains("reasoning_details") && !sent.contains(SIGNATURE) && !sent.contains("cache_control"), "{sent}");
    assert_eq!(openai.last().unwrap().json()["messages"][3], json!({"role": "tool", "tool_call_id": "toolu_1", "content": "12"}));
}

#[test]
fn what_claude_is_to_forget_goes_to_claude_alone() {
    let gateway = Use::of(&GATEWAY);
    let edits = json!({"edits": [{"type": "clear_tool_uses_20250919", "trigger": {"type": "input_tokens", "value": 30000}}]});
    for model in ["t/claude", "t/openai"] {
        let request = ask(model, json!({"max_tokens": 100, "context_management": edits}));
        let answer = gateway.send(&request.header("anthropic-beta", "context-management-2025-06-27"));
        assert_eq!(answer.status, 200, "{model}: {}", answer.text());
    }
    let claude = gateway.provider("claude").received("claude");
    let sent = claude.iter().find(|sent| sent.json()["context_management"] == edits).expect("it went to Claude");
    assert_eq!(sent.header("anthropic-beta"), Some("context-management-2025-06-27"));
    assert!(gateway.provider("openai").received("openai").iter().all(|sent| !sent.text().contains("context_management")));
    let compacts = ask("t/claude", json!({"context_management": {"edits": [{"type": "compact_20260112"}]}}));
    let refused = gateway.send(&compacts).json();
    assert!(refused["error"]["message"].as_str().unwrap().contains("context_management.edits[0].type"), "{refused}");
}

#[test]
fn the_tier_that_claude_served_in_is_told_in_each_apis_place() {
    let gateway = Use::of(&GATEWAY);
    let last = |request: &Request| {
        let text = gateway.send(request).text();
        let data = text.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
        data.collect::<Vec<_>>().into_iter().rfind(|data| data.to_string().contains("service_tier")).unwrap()
    };
    for (model, chat, messages) in [("t/claude", "priority", "priority"), ("t/openai", "default", "standard")] {
        assert_eq!(gateway.ask(model).json()["service_tier"], chat, "{model}");
        assert_eq!(gateway.send(&ask(model, json!({}))).json()["usage"]["service_tier"], messages, "{model}");
        let responses = |more: Value| Request::ask(model, more).path("/api/v1/responses");
        assert_eq!(gateway.send(&responses(json!({"input": "Hi"}))).json()["service_tier"], chat, "{model}");
    }
    assert_eq!(last(&Request::ask("t/claude", json!({"stream": true})))["service_tier"], "priority");
    assert_eq!(last(&ask("t/claude", json!({"stream": true})))["usage"]["service_tier"], "priority");
    let responses = Request::ask("t/claude", json!({"stream": true, "input": "Hi"})).path("/api/v1/responses");
    assert_eq!(last(&responses)["response"]["service_tier"], "priority");
}

#[test]
fn an_error_is_told_in_anthropics_words_whoever_tells_it() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("openai").answers("zipped", wire::completion("x").header("content-encoding", "gzip"));
    for (request, status, kind) in [
        (ask("t/none", json!({})), 404, "not_found_error"),
        (ask("t/openai", json!({})).without_header("authorization"), 401, "authentication_error"),
        (ask("t/openai", json!({})).header("authorization", "Bearer no"), 401, "authentication_error"),
        (Request::new("POST", "/v1/messages"), 400, "invalid_request_error"),
        (ask("t/limited", json!({})), 429, "rate_limit_error"),
        (ask("t/zipped", json!({})), 502, "api_error"),
        (ask("t/gone", json!({"stream": true})), 502, "api_error"),
        (ask("t/openai", json!({"messages": "x"})).path("/v1/messages/count_tokens"), 400, "invalid_request_error"),
        (ask("t/none", json!({})).path("/v1/messages/count_tokens"), 404, "not_found_error"),
        (ask("t/openai", json!({})).path("/v1/messages/batches"), 404, "not_found_error"),
        (Request::new("GET", "/v1/messages"), 405, "invalid_request_error"),
    ] {
        let answer = gateway.send(&request);
        let body = answer.json();
        assert_eq!((answer.status, &body["type"], &body["error"]["type"]), (status, &json!("error"), &json!(kind)), "{body}");
        assert!(body["error"]["message"].is_string() && body["error"]["error_type"].is_string(), "{body}");
        assert_eq!(body["request_id"].as_str(), answer.header("x-generation-id"), "{body}");
    }
}

#[test]
fn a_client_that_hangs_up_ends_the_exchange() {
    let gateway = Use::of(&GATEWAY);
    let stub = gateway.provider("openai");
    let texts: Vec<&str> = std::iter::repeat_n("more ", 200).collect();
    stub.answers("hangup", wire::stream(&texts).paced(Duration::from_millis(20)));
    let mut answer = ask("t/hangup", json!({"stream": true})).open(gateway.address);
    while !answer.event().unwrap().text.contains("text_delta") {}
    drop(answer);
    let gone = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        stub.cut_off() > 0
    });
    assert!(gone, "the provider goes on talking");
}

/// Streamed and not, also where another provider was asked before and failed.
#[test]
fn what_only_anthropics_format_has_survives_the_way_to_claude_and_back() {
    let gateway = Use::of(&GATEWAY);
    let document = json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "The grass is green."},
        "title": "Grass", "context": "of a garden", "citations": {"enabled": true}});
    let called = json!({"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}, "cache_control": {"type": "ephemeral"}});
    let failed = json!({"type": "tool_result", "tool_use_id": "toolu_1", "is_error": true, "content": "no such city"});
    let messages = json!([{"role": "user", "content": "x"}, {"role": "assistant", "content": [called]}, {"role": "user", "content": [failed, document]}]);
    let tools = json!([{"name": "get_weather", "input_schema": {"type": "object"}}, {"type": "bash_20250124", "name": "bash"}]);
    let more = |stream: bool, with: Value| {
        let mut more = json!({"max_tokens": 100, "messages": messages, "stream": stream});
        more.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        more
    };
    for (model, with) in [("t/claude-cites", json!({"tools": tools})), ("t/broken", json!({"models": ["t/claude-cites"]}))] {
        let answer = gateway.send(&ask(model, more(false, with.clone()))).json();
        assert_eq!(answer["content"], quoted(), "{model}: {answer}");
        assert_eq!((&answer["usage"]["cache_creation"], &answer["usage"]["input_tokens"]), (&*WRITTEN, &json!(11)), "{answer}");
        assert!(answer["usage"]["cost"].as_f64().unwrap() > 0.0, "{answer}");
        let streamed = gateway.send(&ask(model, more(true, with.clone()))).text();
        let events: Vec<Value> = streamed.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
        let mut expected = quoted_events();
        let blocks = |events: &[Value]| {
            events.iter().filter(|event| event["type"].as_str().unwrap().starts_with("content_block")).cloned().collect::<Vec<_>>()
        };
        assert_eq!(blocks(&events), blocks(&expected), "{model}");
        assert_eq!(events[0]["message"]["usage"]["input_tokens"], 11, "{}", events[0]);
        let end = events.iter().find(|event| event["type"] == "message_delta").unwrap();
        assert_eq!((&end["delta"]["stop_reason"], &end["usage"]["cache_creation"]), (&json!("end_turn"), &*WRITTEN), "{end}");
        assert_eq!(events.last().unwrap()["type"], expected.pop().unwrap()["type"]);
    }
    let sent = gateway.provider("claude").received("claude-cites");
    assert_eq!(sent.len(), 4);
    for sent in &sent {
        let sent = sent.json();
        assert_eq!((&sent["messages"][1]["content"][0], &sent["messages"][2]["content"]), (&called, &json!([failed, document])), "{sent}");
    }
    assert_eq!(sent[0].json()["tools"], tools);
    // Others get what they have words for.
    assert_eq!(gateway.send(&ask("t/openai", more(false, json!({})))).status, 200);
    let sent = gateway.provider("openai").received("openai").last().unwrap().json();
    assert_eq!(sent["messages"][2], json!({"role": "tool", "tool_call_id": "toolu_1", "content": "no such city"}));
    assert_eq!(sent["messages"][3]["content"], json!([{"type": "text", "text": "The grass is green."}]));
    let refused = gateway.send(&ask("t/openai", more(false, json!({"tools": tools}))));
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("tools[1].type"), "{}", refused.text());
}
