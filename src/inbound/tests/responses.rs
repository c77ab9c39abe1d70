//! OpenAI's Responses.

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

pub(super) fn everything() -> Value {
    json!({
        "model": "a/b", "instructions": "Be brief.", "max_output_tokens": 100, "stream": true, "store": false, "service_tier": "auto",
        "input": [
            {"role": "user", "content": "Hi"},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm"}], "signature": "c2ln", "format": "anthropic-claude-v1"},
            {"type": "message", "role": "assistant", "id": "m", "content": [{"type": "output_text", "text": "I look.", "annotations": []}]},
            {"type": "function_call", "id": "fc", "call_id": "call_1", "name": "f", "arguments": "{\"a\":1}"},
            {"type": "function_call", "call_id": "call_2", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "12"},
            {"type": "function_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "13"}]},
            {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "signalbox:google-gemini-v1:call_3:Z2Vt"},
            {"type": "function_call", "call_id": "call_3", "name": "f", "arguments": "{}"},
            {"role": "developer", "content": [{"type": "input_text", "text": "x"}]},
            {"role": "user", "content": [
                {"type": "input_image", "image_url": "https://x.test/i.png", "detail": "low"},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,cGRm"}]}],
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": true}], "parallel_tool_calls": false,
        "tool_choice": {"type": "function", "name": "f"}, "reasoning": {"effort": "low"},
        "text": {"verbosity": "low", "format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": true}}})
}

#[test]
fn a_request_is_told_as_a_chat_completion() {
    let chat = chat(Api::Responses, &everything());
    let call = |id: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}});
    let text = |text: &str| json!([{"type": "text", "text": text}]);
    let sealed = json!([{"type": "reasoning.encrypted", "data": "Z2Vt", "id": "call_3", "format": "google-gemini-v1", "index": 0}]);
    let thought = json!([{"type": "reasoning.text", "text": "Hm", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0}]);
    assert_eq!(
        chat["messages"],
        json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": text("I look."), "reasoning_details": thought, "tool_calls": [call("call_1", "{\"a\":1}"), call("call_2", "{}")]},
            {"role": "tool", "tool_call_id": "call_1", "content": "12"},
            {"role": "tool", "tool_call_id": "call_2", "content": text("13")},
            {"role": "assistant", "content": null, "reasoning_details": sealed, "tool_calls": [call("call_3", "{}")]},
            {"role": "developer", "content": text("x")},
            {"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "https://x.test/i.png", "detail": "low"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,cGRm"}}]}])
    );
    let mut rest = chat;
    _ = rest.as_object_mut().unwrap().remove("messages");
    assert_eq!(
        rest,
        json!({"model": "a/b", "max_tokens": 100, "stream": true, "parallel_tool_calls": false, "reasoning": {"effort": "low"}, "verbosity": "low",
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": true}}],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": {"type": "object"}}}})
    );
}

#[test]
fn the_format_of_the_request_wins_over_the_presets() {
    let mut presets = Presets::default();
    presets.add(crate::preset::Preset::new("json", None, br#"{"model":"a/b","response_format":{"type":"json_object"},"n":2}"#));
    let format = |more: Value| {
        let mut request = json!({"input": "x"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (request, _) = parse(Api::Responses, request.to_string().into(), None, 3, &presets).unwrap();
        let mut body: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body.get("n"), None, "{body}");
        body["response_format"]["type"].take()
    };
    let text = json!({"format": {"type": "text"}});
    assert_eq!(format(json!({"model": "@preset/json", "text": {}})), "json_object");
    assert_eq!(format(json!({"model": "@preset/json", "text": text})), "text");
    assert_eq!(format(json!({"preset": "json", "text": text})), "text");
    assert_eq!(format(json!({"model": "a/b", "text": text})), Value::Null, "not said where no preset is named");
    let schema = json!({"format": {"type": "json_schema", "name": "n", "schema": {}}});
    assert_eq!(format(json!({"model": "@preset/json", "text": schema})), "json_schema");
}

#[test]
fn what_is_kept_or_runs_elsewhere_is_refused() {
    for (more, message) in [
        (json!({"store": true}), "Invalid `store`: expected false"),
        (json!({"previous_response_id": "resp_1"}), "Invalid `previous_response_id`: expected null"),
        (json!({"conversation": "c"}), "Invalid `conversation`"),
        (json!({"background": true}), "Invalid `background`"),
        (json!({"prompt": {"id": "p"}}), "Invalid `prompt`"),
        (json!({"input": null}), "Input required"),
        (json!({"input": 7}), "Invalid `input`: expected an array"),
        (json!({"input": [{"type": "item_reference", "id": "x"}]}), "Invalid `input[0].type`"),
        (json!({"input": [{"type": "function_call", "name": "f"}]}), "Invalid `input[0]`"),
        (json!({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]}), "Invalid `input[0].content[0]`"),
        (json!({"tools": [{"type": "web_search"}]}), "Invalid `tools[0].type`"),
        (json!({"text": {"format": {"type": "grammar"}}}), "Invalid `text.format`"),
        (json!({"instructions": []}), "Invalid `instructions`"),
        (json!({"max_output_tokens": "5"}), "Invalid `max_output_tokens`"),
        (json!({"input": []}), "Input required: specify \"input\""),
        (json!({"input": [{"type": "reasoning", "summary": [null]}]}), "Invalid `input[0].summary[0]`: expected an object"),
    ] {
        let mut request = json!({"model": "a/b", "input": "x"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let refused = match read(Api::Responses, &request) {
            Err(error) => error.to_string(),
            Ok((read, _)) => panic!("{more} is read as {}", String::from_utf8_lossy(read.body())),
        };
        assert!(refused.contains(message), "{more}: {refused}");
    }
}

#[test]
fn a_streams_events_are_numbered_and_whole() {
    let none = Value::Null;
    let call = json!({"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "f", "arguments": "{\"a\":"}}]});
    let more = json!({"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]});
    let detail = json!({"reasoning_details": [{"type": "reasoning.text", "text": "Hm", "format": "unknown", "index": 0}]});
    let stream = [
        chunk(&json!({"role": "assistant", "content": ""}), &none),
        chunk(&detail, &none),
        chunk(&json!({"content": "a"}), &none),
        chunk(&json!({"content": "\"b\""}), &none),
        chunk(&call, &none),
        chunk(&more, &json!("tool_calls")),
        end(),
    ];
    let all = events(&told(Api::Responses, &everything(), &stream.concat()));
    let kinds: Vec<_> = all.iter().map(|event| event["type"].as_str().unwrap().strip_prefix("response.").unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "created",
            "in_progress",
            "output_item.added",
            "content_part.added",
            "reasoning_text.delta",
            "reasoning_text.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
            "completed",
        ]
    );
    // What each kind of event has to have, after the contract.
    for (place, event) in all.iter().enumerate() {
        assert_eq!(event["sequence_number"], place);
        let needed: &[&str] = match kinds[place] {
            "created" | "in_progress" | "completed" => &["response"],
            "output_item.added" | "output_item.done" => &["output_index", "item"],
            "content_part.added" | "content_part.done" => &["item_id", "output_index", "content_index", "part"],
            "output_text.delta" => &["item_id", "output_index", "content_index", "delta", "logprobs"],
            "output_text.done" => &["item_id", "output_index", "content_index", "text", "logprobs"],
            "function_call_arguments.delta" => &["item_id", "output_index", "delta"],
            "function_call_arguments.done" => &["item_id", "output_index", "arguments", "name"],
            "reasoning_text.delta" => &["item_id", "output_index", "content_index", "delta"],
            _ => &["item_id", "output_index", "content_index", "text"],
        };
        needed.iter().for_each(|name| assert!(!event[*name].is_null(), "{name} in {event}"));
    }
    let response = &all.last().unwrap()["response"];
    let arguments = (&response["output"][2]["arguments"], &all[18]["arguments"]);
    assert_eq!(arguments, (&json!("{\"a\":1}"), &json!("{\"a\":1}")));
    assert_eq!((&response["output_text"], &response["output"][1]["content"][0]["text"]), (&json!("a\"b\""), &json!("a\"b\"")));
    assert_eq!(response["output"][0]["content"], json!([{"type": "reasoning_text", "text": "Hm"}]));
    assert_eq!(response["usage"]["output_tokens_details"]["reasoning_tokens"], 3);
    assert_eq!(response["usage"]["cost_details"]["upstream_inference_input_cost"], 0.2);
}

/// DeepSeek wants its thoughts back, and signs none.
#[test]
fn thoughts_that_nobody_signs_make_the_round() {
    let stream = [chunk(&json!({"reasoning": "Hm\n"}), &Value::Null), chunk(&json!({"content": "a"}), &json!("stop")), end()];
    let all = events(&told(Api::Responses, &everything(), &stream.concat()));
    let item = all.last().unwrap()["response"]["output"][0].clone();
    assert_eq!((&item["format"], &item["content"][0]["text"]), (&json!("unknown"), &json!("Hm\n")));
    let body = chat(Api::Responses, &json!({"model": "a/b", "input": [{"role": "user", "content": "x"}, item]}));
    let detail = json!({"type": "reasoning.text", "text": "Hm\n", "format": "unknown", "index": 0});
    assert_eq!(body["messages"][1]["reasoning_details"], json!([detail]));
}

#[test]
fn what_a_provider_calls_a_summary_is_told_as_one() {
    let detail =
        json!({"reasoning_details": [{"type": "reasoning.summary", "summary": "In short", "format": "openai-responses-v1", "index": 0}]});
    let none = Value::Null;
    let stream = [chunk(&detail, &none), chunk(&json!({"content": "a"}), &json!("stop")), end()];
    let all = events(&told(Api::Responses, &everything(), &stream.concat()));
    let about: Vec<_> = all.iter().filter(|event| event["summary_index"] == 0).collect();
    let kinds: Vec<_> =
        about.iter().map(|event| event["type"].as_str().unwrap().strip_prefix("response.reasoning_summary_").unwrap()).collect();
    assert_eq!(kinds, ["part.added", "text.delta", "text.done", "part.done"]);
    let item = &all.last().unwrap()["response"]["output"][0];
    assert_eq!((&item["summary"], item.get("content")), (&json!([{"type": "summary_text", "text": "In short"}]), None));
}

#[test]
fn every_member_that_a_response_must_have_is_there() {
    let plain = json!({"model": "a/b", "input": "x"});
    let stream = [chunk(&json!({"content": "a"}), &json!("stop")), end()].concat();
    let mut all: Vec<Value> = events(&told(Api::Responses, &plain, &stream))
        .into_iter()
        .filter_map(|mut event| event.get_mut("response").map(Value::take))
        .collect();
    assert_eq!(all.len(), 3);
    assert_eq!(all.iter().map(|response| &response["completed_at"]).collect::<Vec<_>>(), [&Value::Null, &Value::Null, &json!(8)]);
    all.push(answered(Api::Responses, &plain, &json!({"content": "a"}), "stop"));
    assert_eq!(all.last().unwrap()["completed_at"], 8);
    for response in all {
        for name in [
            "id",
            "object",
            "created_at",
            "status",
            "model",
            "output",
            "parallel_tool_calls",
            "tool_choice",
            "tools",
            "output_text",
            "store",
        ] {
            assert!(!response[name].is_null(), "{name} in {response}");
        }
        let nullable = [
            "completed_at",
            "error",
            "incomplete_details",
            "instructions",
            "metadata",
            "temperature",
            "top_p",
            "presence_penalty",
            "frequency_penalty",
        ];
        nullable.iter().for_each(|name| assert!(response.get(*name).is_some(), "{name} in {response}"));
    }
}

#[test]
fn an_answer_that_was_cut_short_says_why() {
    for (finish, reason) in [("length", "max_output_tokens"), ("content_filter", "content_filter")] {
        let response = answered(Api::Responses, &everything(), &json!({"content": "a"}), finish);
        assert_eq!((&response["status"], &response["incomplete_details"]["reason"]), (&json!("incomplete"), &json!(reason)));
        assert_eq!(response["completed_at"], Value::Null, "it is not complete");
        assert_eq!(response["output"][0]["status"], "incomplete");
        let stream = [chunk(&json!({"content": "a"}), &json!(finish)), end()].concat();
        let last = events(&told(Api::Responses, &everything(), &stream)).pop().unwrap();
        assert_eq!((&last["type"], &last["response"]["output"][0]["status"]), (&json!("response.incomplete"), &json!("incomplete")));
    }
}

#[test]
fn an_error_in_a_stream_fails_the_response() {
    let error = json!({"id": ID, "error": {"code": 429, "message": "No.", "metadata": {"error_type": "rate_limit_exceeded"},
            "availability": {"code": "x"}}, "openrouter_metadata": {"attempt": 2}, "choices": []});
    let thought = chunk(&json!({"reasoning": "so"}), &Value::Null);
    let stream = [thought, chunk(&json!({"content": "a"}), &Value::Null), data(&error), "data: [DONE]\n\n".into()].concat();
    let all = events(&told(Api::Responses, &everything(), &stream));
    let last = all.last().unwrap();
    assert_eq!((&last["type"], &last["response"]["status"]), (&json!("response.failed"), &json!("failed")));
    let output = &last["response"]["output"];
    assert_eq!((&output[0]["status"], &output[1]["status"]), (&json!("completed"), &json!("incomplete")), "the message was cut off");
    assert_eq!(
        (&last["response"]["error"]["code"], &last["response"]["error_type"]),
        (&json!("rate_limit_exceeded"), &json!("rate_limit_exceeded"))
    );
    let response = &last["response"];
    assert_eq!((&response["error"]["availability"], &response["openrouter_metadata"]), (&json!({"code": "x"}), &json!({"attempt": 2})));
}

#[test]
fn pages_that_the_text_is_from_are_annotations_in_responses_words() {
    let citation = |url: &str, start: u64| json!({"type": "url_citation", "url_citation": {"url": url, "title": "A \"doc\"", "content": "c", "start_index": start, "end_index": 9}});
    let flat = |url: &str, start: u64| json!({"type": "url_citation", "start_index": start, "end_index": 9, "url": url, "title": "A \"doc\"", "content": "c"});
    let odd = json!([7, {"type": "file", "file": {"hash": "x"}}, {"type": "url_citation", "url_citation": {"title": "nowhere"}}, {"url_citation": 7}]);
    let bare = json!([{"type": "url_citation", "url_citation": {"url": "https://c.test"}}]);
    let plain = json!({"model": "a/b", "input": "x"});
    let told_bare = json!({"type": "url_citation", "start_index": 0, "end_index": 0, "url": "https://c.test", "title": ""});
    let expected = json!([flat("https://a.test", 0), flat("https://b.test", 4), told_bare]);

    let all = json!([citation("https://a.test", 0), odd[0], odd[1], citation("https://b.test", 4), odd[2], odd[3], bare[0]]);
    let call = json!([{"id": "call_1", "function": {"name": "f", "arguments": "{}"}}]);
    let whole = answered(Api::Responses, &plain, &json!({"content": "ab", "annotations": all, "tool_calls": call}), "tool_calls");
    assert_eq!(whole["output"][0]["content"][0]["annotations"], expected);
    assert_eq!(whole["output"][1]["type"], "function_call");

    let stream = [
        // Before the text, with it and after it.
        chunk(&json!({"content": "", "annotations": []}), &Value::Null),
        chunk(&json!({"content": "", "annotations": [citation("https://a.test", 0)]}), &Value::Null),
        chunk(&json!({"content": "", "annotations": [7]}), &Value::Null),
        chunk(&json!({"content": "ab", "annotations": [odd[1], citation("https://b.test", 4)]}), &Value::Null),
        chunk(&json!({"content": "", "annotations": bare}), &json!("stop")),
        end(),
    ];
    let events = events(&told(Api::Responses, &plain, &stream.concat()));
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap().strip_prefix("response.").unwrap()).collect();
    let added = "output_text.annotation.added";
    let before = ["created", "in_progress", "output_item.added", "content_part.added", "output_text.delta", added, added, added];
    assert_eq!(kinds, [&before[..], &["output_text.done", "content_part.done", "output_item.done", "completed"]].concat());
    for (place, event) in events.iter().filter(|event| event["type"].as_str().unwrap().ends_with(added)).enumerate() {
        assert_eq!((&event["annotation_index"], &event["annotation"]), (&json!(place), &expected[place]));
        assert_eq!((&event["content_index"], &event["output_index"]), (&json!(0), &json!(0)));
        assert_eq!(event["item_id"], events[2]["item"]["id"]);
    }
    assert_eq!(events[3]["part"]["annotations"], json!([]));
    assert_eq!(events[9]["part"]["annotations"], expected);
    assert_eq!(events[11]["response"]["output"][0]["content"][0]["annotations"], expected);
}

#[test]
fn log_probabilities_stand_at_the_text_that_they_are_of() {
    let request = json!({"model": "a/b", "input": "x", "include": ["message.output_text.logprobs"]});
    let chat = chat(Api::Responses, &request);
    assert_eq!((&chat["logprobs"], chat.get("top_logprobs")), (&json!(true), None));
    let token = |token: &str, bytes: Value| json!({"token": token, "logprob": -0.5, "bytes": bytes, "top_logprobs": [{"token": token, "logprob": -0.5, "bytes": bytes}]});
    let piece = |delta: Value, tokens: Value| {
        let choice = json!({"index": 0, "delta": delta, "logprobs": {"content": tokens, "refusal": null}, "finish_reason": null});
        data(&json!({"id": ID, "model": "a/b", "created": 7, "choices": [choice]}))
    };
    let stream = [
        piece(json!({"content": "H"}), json!([token("H", json!([72]))])),
        piece(json!({"content": ""}), json!([token("é", Value::Null)])),
        chunk(&json!({"content": "é"}), &json!("stop")),
        end(),
    ];
    let all = events(&told(Api::Responses, &request, &stream.concat()));
    let of = |kind: &str| all.iter().filter(|event| event["type"] == format!("response.{kind}")).collect::<Vec<_>>();
    let (first, second) = (token("H", json!([72])), token("é", json!([195, 169])));
    assert_eq!(of("output_text.delta")[0]["logprobs"], json!([first]));
    assert_eq!(of("output_text.delta")[1]["logprobs"], json!([second]));
    assert_eq!(of("output_text.done")[0]["logprobs"], json!([first, second]));
    assert_eq!(of("completed")[0]["response"]["output"][0]["content"][0]["logprobs"], json!([first, second]));
    assert!(of("completed")[0]["response"]["service_tier"].is_null());
}

#[test]
fn images_spoken_words_and_older_calls_are_no_empty_answer() {
    let request = json!({"model": "a/b", "input": "x"});
    let image = json!({"images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aW1n"}}], "content": null});
    let output = answered(Api::Responses, &request, &image, "stop")["output"].clone();
    assert_eq!(
        (&output[0]["type"], &output[0]["result"], &output[0]["status"]),
        (&json!("image_generation_call"), &json!("aW1n"), &json!("completed"))
    );
    let kinds: Vec<_> = events(&told(Api::Responses, &request, &[chunk(&image, &Value::Null), end()].concat()))
        .iter()
        .map(|event| event["type"].clone())
        .collect();
    assert!(kinds.contains(&json!("response.image_generation_call.completed")), "{kinds:?}");
    let spoken =
        answered(Api::Responses, &request, &json!({"content": null, "audio": {"id": "a", "data": "x", "transcript": "Hi"}}), "stop");
    assert_eq!(spoken["output_text"], "Hi");
    let call = json!({"content": null, "function_call": {"name": "f", "arguments": "{}"}});
    let output = answered(Api::Responses, &request, &call, "function_call")["output"].clone();
    assert_eq!((&output[0]["type"], &output[0]["call_id"], &output[0]["arguments"]), (&json!("function_call"), &json!("f"), &json!("{}")));
}
