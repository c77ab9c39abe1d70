//! Anthropic's Messages.

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

pub(super) fn everything() -> Value {
    json!({
        "model": "a/b", "max_tokens": 100, "stream": true, "temperature": 1.0, "provider": {"only": ["x"]},
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": "Hi é"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Hm \"so\"", "signature": "c2ln/+=="}, {"type": "redacted_thinking", "data": "b3BhcXVl"},
                {"type": "redacted_thinking", "data": "signalbox:google-gemini-v1:call_1:Z2Vt"},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "call_1", "name": "f", "input": {"a": "\"x\"", "b": 1.0}},
                {"type": "tool_use", "id": "call_2", "name": "f", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "12", "cache_control": {"type": "ephemeral"}},
                {"type": "tool_result", "tool_use_id": "call_2", "is_error": true, "content": [
                    {"type": "text", "text": "see"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aW1n"}}]},
                {"type": "text", "text": "And?"},
                {"type": "image", "source": {"type": "url", "url": "https://x.test/i.png"}},
                {"type": "document", "title": "a.pdf", "source": {"type": "base64", "media_type": "application/pdf", "data": "cGRm"}},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}}]}],
        "tools": [{"name": "f", "description": "F", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
        "stop_sequences": ["\n\n"], "thinking": {"type": "adaptive"}, "output_config": {"effort": "high"},
        "metadata": {"user_id": "somebody"}, "service_tier": "auto"})
}

#[test]
fn t35_a_request_is_told_as_a_chat_completion() {
    let chat = chat(Api::Messages, &everything());
    let mark = json!({"type": "ephemeral"});
    assert_eq!(chat["messages"][0], json!({"role": "system", "content": [{"type": "text", "text": "Be brief.", "cache_control": mark}]}));
    assert_eq!(chat["messages"][1], json!({"role": "user", "content": "Hi é"}));
    let assistant = &chat["messages"][2];
    assert_eq!(assistant["content"], "I look.");
    assert_eq!(
        assistant["reasoning_details"],
        json!([
            {"type": "reasoning.text", "text": "Hm \"so\"", "signature": "c2ln/+==", "format": "anthropic-claude-v1", "index": 0},
            {"type": "reasoning.encrypted", "data": "b3BhcXVl", "format": "anthropic-claude-v1", "index": 1},
            {"type": "reasoning.encrypted", "data": "Z2Vt", "id": "call_1", "format": "google-gemini-v1", "index": 2}])
    );
    assert_eq!(
        assistant["tool_calls"],
        json!([
            {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":\"\\\"x\\\"\",\"b\":1.0}"}},
            {"id": "call_2", "type": "function", "function": {"name": "f", "arguments": "{}"}}])
    );
    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let text = |text: &str| json!({"type": "text", "text": text});
    assert_eq!(
        chat["messages"].as_array().unwrap()[3..],
        [
            json!({"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "12", "cache_control": mark}]}),
            json!({"role": "tool", "tool_call_id": "call_2", "is_error": true, "content": [text("see"), image("data:image/png;base64,aW1n")]}),
            json!({"role": "user", "content": [
                text("And?"), image("https://x.test/i.png"),
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,cGRm"}},
                {"type": "text", "text": "plain", "anthropic_blocks": [everything()["messages"][2]["content"][5]]}]}),
        ]
    );
    assert_eq!(
        chat["tools"],
        json!([{"type": "function", "function": {"name": "f", "description": "F", "parameters": {"type": "object"}}, "cache_control": mark}])
    );
    let mut rest = chat;
    ["messages", "tools"].iter().for_each(|name| _ = rest.as_object_mut().unwrap().remove(*name));
    assert_eq!(
        rest,
        json!({"model": "a/b", "max_tokens": 100, "stream": true, "temperature": 1.0, "provider": {"only": ["x"]}, "stop": ["\n\n"],
            "tool_choice": "auto", "parallel_tool_calls": false, "reasoning": {"enabled": true, "effort": "high"}, "user": "somebody"})
    );
}

#[test]
fn what_only_claude_understands_does_not_reach_a_provider_of_openais_format() {
    let mut request = everything();
    request["metadata"]["user_id"] = json!("x".repeat(100));
    request["thinking"] = Value::Null;
    request["context_management"] = json!({"edits": [{"type": "clear_tool_uses_20250919"}]});
    request["speed"] = json!("fast");
    let (read, _) = read(Api::Messages, &request).unwrap();
    for (openrouter_members, stream_options) in [(false, true), (false, false), (true, true)] {
        let target = crate::chat::Target {
            model: "m",
            openrouter_members,
            reasoning_content: false,
            stream_options,
            max_tokens: None,
            max_completion_tokens: None,
            supported_parameters: None,
        };
        let sent = String::from_utf8(read.rewrite(&target).to_vec()).unwrap();
        serde_json::from_str::<Value>(&sent).unwrap_or_else(|error| panic!("{error}: {sent}"));
        for own in ["cache_control", "reasoning_details", "\"user\":", "verbosity", "context_management", "speed"] {
            assert_eq!(sent.contains(own), openrouter_members, "{own} in {sent}");
        }
    }
}

#[test]
fn t41_choices_and_thinking_have_their_words() {
    let with = |name: &str, value: Value| {
        let mut request = json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}], "tools": [{"name": "f"}]});
        request[name] = value;
        chat(Api::Messages, &request)
    };
    let choice = |choice: Value| with("tool_choice", choice)["tool_choice"].clone();
    assert_eq!(choice(json!({"type": "any"})), "required");
    assert_eq!(choice(json!({"type": "none"})), "none");
    assert_eq!(choice(json!({"type": "tool", "name": "f"})), json!({"type": "function", "function": {"name": "f"}}));
    let thinking = |thinking: Value| with("thinking", thinking)["reasoning"].clone();
    assert_eq!(thinking(json!({"type": "enabled", "budget_tokens": 2000})), json!({"max_tokens": 2000}));
    assert_eq!(thinking(json!({"type": "disabled"})), json!({"enabled": false, "exclude": true}));
    assert_eq!(with("output_config", json!({"effort": "low"}))["verbosity"], "low");
    let format = json!({"format": {"type": "json_schema", "schema": {"type": "object"}}});
    assert_eq!(with("output_config", format)["response_format"]["json_schema"]["schema"], json!({"type": "object"}));
    assert_eq!(with("fallbacks", json!([{"model": "c/d"}]))["models"], json!(["c/d"]));
}

#[test]
fn t37_thinking_behind_text_begins_another_message() {
    let thinking = |signature: &str| json!({"type": "thinking", "thinking": "t", "signature": signature});
    let content =
        json!([thinking("1"), {"type": "text", "text": "a"}, thinking("2"), {"type": "tool_use", "id": "i", "name": "f", "input": {}}]);
    let chat = chat(
        Api::Messages,
        &json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": content}]}),
    );
    let signatures: Vec<_> = (1..3).map(|place| chat["messages"][place]["reasoning_details"][0]["signature"].clone()).collect();
    assert_eq!(signatures, ["1", "2"]);
    assert_eq!((&chat["messages"][1]["content"], &chat["messages"][2]["content"]), (&json!("a"), &Value::Null));
}

#[test]
fn thinking_that_nobody_signed_is_not_sent_back() {
    let content = json!([{"type": "thinking", "thinking": "t", "signature": ""}, {"type": "text", "text": "a"}]);
    let chat = chat(
        Api::Messages,
        &json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": content}]}),
    );
    assert_eq!(chat["messages"][1], json!({"role": "assistant", "content": "a"}));
}

#[test]
fn what_cannot_be_served_is_refused_by_its_place() {
    let block = |block: Value| json!({"messages": [{"role": "user", "content": [block]}]});
    for (more, message) in [
        (json!({"messages": []}), "Invalid `messages`: expected an array of at least one message"),
        (json!({"messages": null}), "Invalid `messages`: expected an array of at least one message"),
        (json!({"messages": "x"}), "Invalid `messages`: expected an array"),
        (json!({"messages": [7]}), "Invalid `messages[0]`: expected an object"),
        (json!({"messages": [{"role": "robot", "content": "x"}]}), "Invalid `messages[0].role`"),
        (json!({"messages": [{"role": "user"}]}), "Invalid `messages[0].content`"),
        (json!({"model": null}), "No models provided"),
        (json!({"system": 7}), "Invalid `system`"),
        (json!({"max_tokens": "x"}), "Invalid `max_tokens`"),
        (json!({"tools": [{}]}), "Invalid `tools[0].name`"),
        (json!({"tool_choice": {"type": "tool"}}), "Invalid `tool_choice`"),
        (json!({"thinking": {"type": "enabled"}}), "Invalid `thinking.budget_tokens`"),
        (json!({"thinking": {"type": "x"}}), "Invalid `thinking.type`"),
        (json!({"mcp_servers": [{}]}), "Invalid `mcp_servers`"),
        (json!({"context_management": 7}), "Invalid `context_management`"),
        (
            json!({"context_management": {"edits": [{"type": "clear_thinking_20251015"}, {"type": "compact_20260112"}]}}),
            "Invalid `context_management.edits[1].type`: expected clear_tool_uses_20250919",
        ),
        (json!({"models": ["a/b"], "fallbacks": [{"model": "c/d"}]}), "Invalid `fallbacks`"),
        (json!({"models": ["a", "b", "c", "d"]}), "'models' array must have 3 items or fewer."),
        (block(json!({"type": "container_upload"})), "Invalid `messages[0].content[0].type`"),
        (block(json!({"type": "image", "source": {"type": "file", "file_id": "f"}})), "Invalid `messages[0].content[0].source`"),
        (block(json!({"type": "tool_result"})), "Invalid `messages[0].content[0].tool_use_id`"),
        (block(json!({"type": "text"})), "Invalid `messages[0].content[0].text`"),
    ] {
        let mut request = json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}]});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert!(refusal(Api::Messages, &request).contains(message), "{more}: {}", refusal(Api::Messages, &request));
    }
    for (body, message) in [("", "no body"), ("[]", "not a JSON object"), ("{", "unexpected end")] {
        assert!(parse(Api::Messages, body.into(), None, 3, &Presets::default()).unwrap_err().to_string().contains(message), "{body}");
    }
}

#[test]
fn t31_each_block_of_a_stream_has_its_own_index() {
    let call = |index: u32, id: Value, arguments: &str| json!({"tool_calls": [{"index": index, "id": id, "function": {"name": if id.is_null() { Value::Null } else { json!("f") }, "arguments": arguments}}]});
    let none = Value::Null;
    let stream = [
        ": OPENROUTER PROCESSING\n\n".into(),
        chunk(&json!({"role": "assistant", "content": ""}), &none),
        ": OPENROUTER PROCESSING\n\n".into(),
        chunk(
            &json!({"reasoning": "Hm", "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "format": "anthropic-claude-v1", "index": 0}]}),
            &none,
        ),
        chunk(
            &json!({"reasoning_details": [{"type": "reasoning.text", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0}]}),
            &none,
        ),
        chunk(
            &json!({"reasoning_details": [{"type": "reasoning.encrypted", "data": "Z2Vt", "id": "call_1", "format": "google-gemini-v1", "index": 1}]}),
            &none,
        ),
        chunk(&json!({"content": "a"}), &none),
        chunk(&json!({"content": "b"}), &none),
        chunk(&call(0, json!("call_1"), ""), &none),
        chunk(&call(0, none.clone(), "{\"a\":"), &none),
        chunk(&call(0, none.clone(), "1}"), &none),
        chunk(&call(1, json!("call_2"), "{}"), &none),
        chunk(&json!({}), &json!("tool_calls")),
        end(),
    ];
    let all = events(&told(Api::Messages, &everything(), &stream.concat()));
    let short: Vec<String> = all
        .iter()
        .map(|event| {
            let index = event["index"].as_u64().map_or(String::new(), |index| format!(" {index}"));
            let kind = event["content_block"]["type"].as_str().or(event["delta"]["type"].as_str()).unwrap_or_default();
            format!("{}{index} {kind}", event["type"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        short,
        [
            "message_start ",
            "ping ",
            "content_block_start 0 thinking",
            "content_block_delta 0 thinking_delta",
            "content_block_delta 0 signature_delta",
            "content_block_stop 0 ",
            "content_block_start 1 redacted_thinking",
            "content_block_stop 1 ",
            "content_block_start 2 text",
            "content_block_delta 2 text_delta",
            "content_block_delta 2 text_delta",
            "content_block_stop 2 ",
            "content_block_start 3 tool_use",
            "content_block_delta 3 input_json_delta",
            "content_block_delta 3 input_json_delta",
            "content_block_stop 3 ",
            "content_block_start 4 tool_use",
            "content_block_delta 4 input_json_delta",
            "content_block_stop 4 ",
            "message_delta ",
            "message_stop ",
        ]
    );
    assert_eq!(all[6]["content_block"]["data"], "signalbox:google-gemini-v1:call_1:Z2Vt");
    let last = &all[all.len() - 2];
    assert_eq!(last["delta"]["stop_reason"], "tool_use");
    let usage = &last["usage"];
    assert_eq!([&usage["input_tokens"], &usage["cache_read_input_tokens"], &usage["cache_creation_input_tokens"]], [8, 5, 2]);
    assert_eq!((&usage["output_tokens"], &usage["cost"]), (&json!(7), &json!(0.5)));
}

#[test]
fn a_whole_answer_is_a_message() {
    let message = json!({"role": "assistant", "content": "Hi", "reasoning": "Hm",
        "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0}],
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\": \"\\\"\"}"}},
            {"id": "d", "type": "function", "function": {"name": "f", "arguments": "no JSON"}}]});
    let answer = answered(Api::Messages, &everything(), &message, "tool_calls");
    assert_eq!(
        answer["content"],
        json!([
            {"type": "thinking", "thinking": "Hm", "signature": "c2ln"},
            {"type": "text", "citations": null, "text": "Hi"},
            {"type": "tool_use", "caller": {"type": "direct"}, "id": "c", "name": "f", "input": {"a": "\""}},
            {"type": "tool_use", "caller": {"type": "direct"}, "id": "d", "name": "f", "input": {}}])
    );
    assert_eq!((&answer["id"], &answer["stop_reason"], &answer["provider"]), (&json!(ID), &json!("tool_use"), &json!("P")));
}

#[test]
fn what_claude_is_to_forget_goes_to_claude() {
    let mut request = everything();
    let edits = json!({"edits": [{"type": "clear_tool_uses_20250919", "trigger": {"type": "input_tokens", "value": 30000}}]});
    request["context_management"] = edits.clone();
    assert_eq!(chat(Api::Messages, &request)["context_management"], edits);
    for none in [Value::Null, json!({}), json!({"edits": []})] {
        request["context_management"] = none;
        chat(Api::Messages, &request);
    }
}

#[test]
fn a_stop_reason_is_the_providers_own_where_it_is_one() {
    let reason = |finish: &str, native: &str| {
        let choice = json!({"index": 0, "message": {"content": "x"}, "finish_reason": finish, "native_finish_reason": native});
        let completion = json!({"id": ID, "choices": [choice]}).to_string();
        let told = body(read(Api::Messages, &everything()).unwrap().1.step(Step::Release(WHOLE, completion.into_bytes()), ID, &NOW));
        serde_json::from_slice::<Value>(&told).unwrap()["stop_reason"].as_str().unwrap().to_owned()
    };
    for (finish, native, expected) in [
        ("stop", "stop", "end_turn"),
        ("stop", "stop_sequence", "stop_sequence"),
        ("length", "length", "max_tokens"),
        ("length", "pause_turn", "pause_turn"),
        ("tool_calls", "STOP", "tool_use"),
        ("content_filter", "SAFETY", "refusal"),
    ] {
        assert_eq!(reason(finish, native), expected, "{finish} {native}");
    }
}

#[test]
fn the_sequence_that_ended_it_is_told_where_somebody_knows_it() {
    let asked = |stops: Value| {
        let mut request = everything();
        request["stop_sequences"] = stops;
        request
    };
    let two = || asked(json!(["END", "\n\""]));
    for (request, choice, reason, sequence) in [
        // Anthropic and Bedrock say it, and so do vLLM and SGLang.
        (
            two(),
            json!({"finish_reason": "stop", "native_finish_reason": "stop_sequence", "stop_sequence": "\n\""}),
            "stop_sequence",
            json!("\n\""),
        ),
        (two(), json!({"finish_reason": "stop", "native_finish_reason": "stop", "stop_reason": "END"}), "stop_sequence", json!("END")),
        (two(), json!({"finish_reason": "stop", "native_finish_reason": "stop", "matched_stop": "END"}), "stop_sequence", json!("END")),
        (two(), json!({"finish_reason": "stop", "native_finish_reason": "stop", "matched_stop": 2}), "end_turn", Value::Null),
        (two(), json!({"finish_reason": "stop", "native_finish_reason": "stop", "stop_reason": "eos"}), "end_turn", Value::Null),
        // Cohere says that there was one. Of one alone it is clear which.
        (two(), json!({"finish_reason": "stop", "native_finish_reason": "STOP_SEQUENCE"}), "stop_sequence", Value::Null),
        (asked(json!(["END"])), json!({"finish_reason": "stop", "native_finish_reason": "STOP_SEQUENCE"}), "stop_sequence", json!("END")),
        (asked(json!(["END"])), json!({"finish_reason": "stop", "native_finish_reason": "stop"}), "end_turn", Value::Null),
        (asked(json!(["END"])), json!({"finish_reason": "tool_calls", "stop_sequence": "END"}), "tool_use", Value::Null),
    ] {
        let (mut whole, mut last) = (choice.clone(), choice.clone());
        (whole["index"], whole["message"]) = (json!(0), json!({"content": "x"}));
        (last["index"], last["delta"]) = (json!(0), json!({"content": ""}));
        let completion = json!({"id": ID, "choices": [whole]}).to_string().into_bytes();
        let told_whole = body(read(Api::Messages, &request).unwrap().1.step(Step::Release(WHOLE, completion), ID, &NOW));
        let message: Value = serde_json::from_slice(&told_whole).unwrap();
        assert_eq!((&message["stop_reason"], &message["stop_sequence"]), (&json!(reason), &sequence), "{choice}");
        let stream = [chunk(&json!({"content": "a"}), &Value::Null), data(&json!({"id": ID, "choices": [last]})), end()].concat();
        let all = events(&told(Api::Messages, &request, &stream));
        let delta = &all[all.len() - 2]["delta"];
        assert_eq!((&delta["stop_reason"], &delta["stop_sequence"]), (&json!(reason), &sequence), "{choice}");
    }
}

#[test]
fn t40_an_error_in_a_stream_is_an_event_and_the_last() {
    let error = json!({"id": ID, "error": {"code": 529, "message": "No.", "metadata": {"error_type": "provider_overloaded"},
        "availability": {"code": "x"}}, "openrouter_metadata": {"attempt": 2}, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]});
    let stream = [chunk(&json!({"content": "a"}), &Value::Null), data(&error), end()].concat();
    let all = events(&told(Api::Messages, &everything(), &stream));
    let last = all.last().unwrap();
    assert_eq!((&last["type"], &last["error"]["type"], &last["request_id"]), (&json!("error"), &json!("overloaded_error"), &json!(ID)));
    assert_eq!((&last["error"]["availability"], &last["openrouter_metadata"]), (&json!({"code": "x"}), &json!({"attempt": 2})));
}

#[test]
fn errors_have_anthropics_types() {
    for (error, kind) in [
        (Error::from(ClientError::MissingKey), "authentication_error"),
        (ClientError::unknown_model("a/b").into(), "not_found_error"),
        (ClientError::NoBody(Api::Messages).into(), "invalid_request_error"),
        (ClientError::TooLarge(1).into(), "request_too_large"),
        (Error::Internal("secret"), "api_error"),
    ] {
        let body: Value = serde_json::from_slice(&error_body(Api::Messages, error.body(), ID)).unwrap();
        assert_eq!((&body["type"], &body["error"]["type"], &body["request_id"]), (&json!("error"), &json!(kind), &json!(ID)));
        assert!(!body.to_string().contains("secret"));
    }
    let body: Value =
        serde_json::from_slice(&error_body(Api::Messages, Error::from(ClientError::NoBody(Api::Messages)).body(), "")).unwrap();
    assert_eq!(body["request_id"], Value::Null);
    assert_eq!((body["error"].get("availability"), body.get("openrouter_metadata")), (None, None));
    let unknown = Error::from(ClientError::unknown_model("a/b")).body_with(b",\"openrouter_metadata\":{\"attempt\":0}");
    let body: Value = serde_json::from_slice(&error_body(Api::Messages, unknown, "")).unwrap();
    assert_eq!((&body["error"]["availability"]["code"], &body["openrouter_metadata"]["attempt"]), (&json!("model_not_found"), &json!(0)));
}

#[test]
fn a_prompt_is_counted_with_its_tools() {
    let count = |request: Value| {
        serde_json::from_slice::<Value>(&count_tokens(request.to_string().as_bytes(), 3, &Presets::default()).unwrap().1).unwrap()
    };
    let request = json!({"model": "a/b", "messages": [{"role": "user", "content": "12345678"}]});
    assert_eq!(count(request.clone()), json!({"input_tokens": 2}));
    let mut with_tools = request;
    with_tools["tools"] = json!([{"name": "f"}]);
    assert_eq!(count(with_tools), json!({"input_tokens": 6}));
}

#[test]
fn a_refusal_is_one_and_neither_images_nor_older_calls_are_an_empty_answer() {
    let request = json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}]});
    let refused = answered(Api::Messages, &request, &json!({"content": null, "refusal": "No."}), "stop");
    assert_eq!((&refused["stop_reason"], &refused["content"][0]["text"]), (&json!("refusal"), &json!("No.")));
    let refusal = [chunk(&json!({"refusal": "No."}), &Value::Null), chunk(&json!({}), &json!("stop")), end()].concat();
    let all = events(&told(Api::Messages, &request, &refusal));
    assert_eq!(all[all.len() - 2]["delta"]["stop_reason"], "refusal");
    let said = json!({"images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aW1n"}}], "content": null,
        "function_call": {"name": "f", "arguments": "{\"a\":1}"}});
    let content = answered(Api::Messages, &request, &said, "function_call")["content"].clone();
    assert_eq!(content[0], json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aW1n"}}));
    assert_eq!((&content[1]["name"], &content[1]["input"]), (&json!("f"), &json!({"a": 1})));
    let all = events(&told(Api::Messages, &request, &[chunk(&said, &json!("function_call")), end()].concat()));
    assert!(all.iter().any(|event| event["content_block"]["type"] == "image"), "{all:?}");
}

#[test]
fn pages_that_a_text_is_from_are_citations_and_do_not_go_back_to_anthropic() {
    let request = json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}]});
    let page = json!({"url": "https://a.test", "title": "A", "content": "green", "start_index": 0, "end_index": 5});
    let annotations = json!([{"type": "url_citation", "url_citation": page}, {"type": "file", "file": {"hash": "h"}}]);
    let citation =
        json!({"type": "web_search_result_location", "url": "https://a.test", "title": "A", "cited_text": "green", "encrypted_index": ""});
    let whole = answered(Api::Messages, &request, &json!({"content": "Green.", "annotations": annotations}), "stop");
    assert_eq!(whole["content"], json!([{"type": "text", "text": "Green.", "citations": [citation]}]));
    let stream = [
        chunk(&json!({"annotations": annotations}), &Value::Null),
        chunk(&json!({"content": "Green."}), &Value::Null),
        chunk(&json!({"content": "", "annotations": annotations}), &json!("stop")),
        end(),
    ]
    .concat();
    let told = events(&told(Api::Messages, &request, &stream));
    let cited: Vec<_> =
        told.iter().filter(|event| event["delta"]["type"] == "citations_delta").map(|event| &event["delta"]["citation"]).collect();
    assert_eq!(cited, [&citation, &citation]);
    let again = json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": whole["content"]}]});
    assert_eq!(chat(Api::Messages, &again)["messages"][1], json!({"role": "assistant", "content": "Green."}));
}
