//! Anthropic's Messages from a client that speaks them to a provider that does, and what others get of the same.

use std::rc::Rc;

use super::*;
use crate::chat::Envelope;
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::provider;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn endpoint(dialect: &str) -> Rc<Endpoint> {
    let endpoint = json!({"provider": "one", "model": "claude-sonnet-4-5", "price": {"prompt": 1, "completion": 1}});
    let config = json!({
        "role": "gateway", "anonymous": true, "providers": {"one": {"dialect": dialect}}, "models": [{"id": "a/b", "endpoints": [endpoint]}],
    });
    let Config::Gateway(gateway) = Config::parse(config.to_string().as_bytes(), |name| Some(name.to_owned())).unwrap() else { panic!() };
    gateway.endpoints().next().unwrap().clone()
}

/// What a provider of this dialect gets of a request.
fn sent(dialect: &str, request: &Value) -> Value {
    let (request, _) = read(Api::Messages, request).unwrap();
    let upstream = provider::request(&request, &endpoint(dialect), &NOW).unwrap().body.to_vec();
    serde_json::from_slice(&upstream).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&upstream)))
}

fn asking(messages: Value) -> Value {
    json!({"model": "a/b", "max_tokens": 100, "messages": messages})
}

fn envelope() -> Envelope {
    Envelope::new(ID, "Anthropic", "a/b", 7)
}

/// What the client gets for the events of a stream.
fn streamed(request: &Value, events: &[Value]) -> Vec<Value> {
    let (read, mut translator) = read(Api::Messages, request).unwrap();
    let mut stream = provider::stream(&endpoint("anthropic"), &read, envelope(), 1 << 20);
    let mut chunks = Vec::new();
    for event in events {
        let name = event["type"].as_str().unwrap();
        // However a provider writes its JSON, each event comes in lines of its own.
        let lines = serde_json::to_string_pretty(event).unwrap().replace('\n', "\ndata: ");
        stream.feed(format!("event: {name}\ndata: {lines}\n\n").as_bytes(), &mut chunks);
    }
    chunks.extend(end().into_bytes());
    let told = body(translator.step(Step::Release(STREAMED, chunks), ID, &NOW));
    self::events(&String::from_utf8(told).unwrap())
}

#[test]
fn a_tool_that_failed_is_said_to_have_failed() {
    let result = |more: Value| {
        let mut result = json!({"type": "tool_result", "tool_use_id": "call_1", "is_error": true});
        result.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        result
    };
    let call = json!({"type": "tool_use", "id": "call_1", "name": "f", "input": {}, "cache_control": {"type": "ephemeral"}});
    for content in [
        json!({"content": "no such file"}),
        json!({"content": [{"type": "text", "text": "no"}, {"type": "text", "text": "such"}]}),
        json!({}),
    ] {
        let request = asking(json!([
            {"role": "user", "content": "x"}, {"role": "assistant", "content": [call]}, {"role": "user", "content": [result(content.clone())]}]));
        let claude = sent("anthropic", &request);
        assert_eq!(claude["messages"][1]["content"][0], call);
        assert_eq!(claude["messages"][2]["content"][0], result(content));
        for other in ["openai", "openrouter", "mistral"] {
            let others = sent(other, &request);
            assert!(others["messages"][2].get("is_error").is_none(), "{others}");
            assert_eq!(others["messages"][1]["tool_calls"][0].get("cache_control").is_some(), other == "openrouter", "{others}");
        }
    }
}

#[test]
fn a_document_stays_one_with_all_that_is_said_of_it() {
    let text = |data: &str| json!({"type": "text", "media_type": "text/plain", "data": data});
    let documents = json!([
        {"type": "document", "source": text("The grass is green."), "title": "Grass", "context": "of a garden", "citations": {"enabled": true},
            "cache_control": {"type": "ephemeral"}},
        {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
            "citations": {"enabled": true}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "cGRm"}, "citations": {"enabled": true}},
        {"type": "search_result", "source": "https://a.test", "title": "A", "content": [{"type": "text", "text": "found"}]},
        {"type": "text", "text": "What colour?"}]);
    let request = asking(json!([{"role": "user", "content": documents}]));
    assert_eq!(sent("anthropic", &request)["messages"][0]["content"], documents);
    let words = |words: &str| json!({"type": "text", "text": words});
    let file = json!({"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,cGRm"}});
    let plain = json!([words("The grass is green."), words("one"), words("two"), file, words("found"), words("What colour?")]);
    assert_eq!(sent("openai", &request)["messages"][0]["content"], plain);
    let result = json!({"type": "tool_result", "tool_use_id": "call_1", "content": [documents[3]]});
    let request = asking(json!([
        {"role": "user", "content": "x"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "call_1", "name": "f", "input": {}}]},
        {"role": "user", "content": [result]}]));
    assert_eq!(sent("anthropic", &request)["messages"][2]["content"][0], result);
}

#[test]
fn what_ran_at_anthropic_goes_back_there_and_nowhere_else() {
    let said = json!([
        {"type": "thinking", "thinking": "t", "signature": "c2ln"},
        {"type": "text", "text": "I look."},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"type": "web_search_result", "url": "https://a.test", "title": "A", "encrypted_content": "c2VhbGVk"}]},
        {"type": "text", "text": "Green.", "citations": [{"type": "web_search_result_location", "url": "https://a.test", "title": "A", "encrypted_index": "aW5kZXg=", "cited_text": "green"}]},
        {"type": "server_tool_use", "id": "srvtoolu_2", "name": "web_search", "input": {}}]);
    let mut request =
        asking(json!([{"role": "user", "content": "x"}, {"role": "assistant", "content": said}, {"role": "user", "content": "And?"}]));
    assert_eq!(sent("anthropic", &request)["messages"][1]["content"], said);
    let text = |text: &str| json!({"type": "text", "text": text});
    assert_eq!(sent("openai", &request)["messages"][1]["content"], json!([text("I look."), text("Green."), text("")]));
    let tools = json!([
        {"type": "bash_20250124", "name": "bash"},
        {"name": "f", "input_schema": {"type": "object"}, "defer_loading": true, "input_examples": [{"a": 1}]},
        {"name": "g", "input_schema": {"type": "object"}},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 3, "cache_control": {"type": "ephemeral"}}]);
    request["tools"] = tools.clone();
    assert_eq!(sent("anthropic", &request)["tools"], tools);
    request["tools"].as_array_mut().unwrap().retain(|tool| tool["type"].is_null());
    for other in ["openai", "openrouter"] {
        assert_eq!(
            sent(other, &request)["tools"][0],
            json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}})
        );
    }
}

#[test]
fn a_whole_answer_of_claudes_is_told_as_it_is() {
    let content = json!([
        {"type": "text", "text": "The grass is "},
        {"type": "text", "text": "green", "citations": [{"type": "char_location", "cited_text": "The grass is green.", "document_index": 0,
            "document_title": "Grass", "start_char_index": 0, "end_char_index": 19}]},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}]);
    let usage = json!({"input_tokens": 11, "output_tokens": 5, "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}, "server_tool_use": {"web_search_requests": 1}});
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": content, "stop_reason": "end_turn",
        "stop_sequence": null, "usage": usage, "container": {"id": "c", "expires_at": "2026-01-01T00:00:00Z"}});
    let request = asking(json!([{"role": "user", "content": "x"}]));
    let (read, mut translator) = read(Api::Messages, &request).unwrap();
    let mut completion = provider::completion(&endpoint("anthropic"), &read, message.to_string().as_bytes(), &envelope()).unwrap().head;
    completion.extend(
        b",\"usage\":{\"prompt_tokens\":41,\"completion_tokens\":5,\"cost\":0.5,\"prompt_tokens_details\":{\"cache_write_tokens\":30}}}",
    );
    let told: Value = serde_json::from_slice(&body(translator.step(Step::Release(WHOLE, completion), ID, &NOW))).unwrap();
    assert_eq!(
        (&told["content"], &told["container"], &told["id"], &told["model"]),
        (&content, &message["container"], &json!(ID), &json!("a/b"))
    );
    for member in ["input_tokens", "output_tokens", "cache_creation", "server_tool_use", "cache_creation_input_tokens"] {
        assert_eq!(told["usage"][member], usage[member], "{member}");
    }
    assert_eq!((&told["usage"]["cost"], &told["stop_reason"]), (&json!(0.5), &json!("end_turn")));
}

#[test]
fn a_streamed_answer_of_claudes_is_told_as_it_is() {
    let citation = json!({"type": "citations_delta", "citation": {"type": "char_location", "cited_text": "green", "document_index": 0,
        "document_title": "Grass", "start_char_index": 0, "end_char_index": 19}});
    let usage =
        json!({"input_tokens": 11, "output_tokens": 1, "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}});
    let start =
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "usage": usage}});
    let blocks = [
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{\"query\":\"a b\"}"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "", "citations": []}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "It is\ngreen."}}),
        json!({"type": "content_block_delta", "index": 1, "delta": citation}),
        json!({"type": "content_block_stop", "index": 1}),
    ];
    let mut events = vec![start];
    events.extend(blocks.clone());
    events.extend([
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null},
            "usage": {"output_tokens": 5, "server_tool_use": {"web_search_requests": 1}}, "context_management": {"applied_edits": []}}),
        json!({"type": "message_stop"}),
    ]);
    let told = streamed(&asking(json!([{"role": "user", "content": "x"}])), &events);
    assert_eq!(told[0]["message"]["usage"]["input_tokens"], 11);
    assert_eq!(told[0]["message"]["usage"]["cache_creation"], usage["cache_creation"]);
    assert_eq!(told[1..8], blocks);
    let [delta, stop] = &told[8..] else { panic!("{told:?}") };
    assert_eq!((&delta["delta"]["stop_reason"], &delta["usage"]["cost"]), (&json!("end_turn"), &json!(0.5)));
    assert_eq!(delta["usage"]["server_tool_use"], json!({"web_search_requests": 1}));
    assert_eq!(delta["usage"]["cache_creation"], usage["cache_creation"]);
    assert_eq!(delta["context_management"], json!({"applied_edits": []}));
    assert_eq!(stop["type"], "message_stop");
}

#[test]
fn a_client_of_chat_completions_cannot_say_what_only_the_translation_may() {
    let part = json!({"type": "text", "text": "short", "anthropic_blocks": [{"type": "text", "text": "long"}]});
    let tool = json!({"type": "function", "function": {"name": "f"}, "anthropic_tool": {"type": "bash_20250124", "name": "bash"}});
    let request = json!({"model": "a/b", "messages": [{"role": "user", "content": [part]}], "tools": [tool]});
    let request = Request::parse(request.to_string().into_bytes(), None, 3).unwrap();
    let upstream = provider::request(&request, &endpoint("anthropic"), &NOW).unwrap().body.to_vec();
    let sent: Value = serde_json::from_slice(&upstream).unwrap();
    assert_eq!(sent["messages"][0]["content"], json!([{"type": "text", "text": "short"}]));
    assert_eq!(sent["tools"][0]["name"], "f");
}
