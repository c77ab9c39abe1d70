//! Parallel calls whose pieces come in turn.

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NONE: Value = Value::Null;

/// The beginning of the call `index`, with some of its arguments.
fn begun(index: u64, arguments: &str) -> Value {
    json!({"index": index, "id": format!("call_{index}"), "type": "function", "function": {"name": format!("f{index}"), "arguments": arguments}})
}

/// More of it.
fn more(index: u64, arguments: &str) -> Value {
    json!({"index": index, "function": {"arguments": arguments}})
}

fn calls(calls: &[Value]) -> String {
    chunk(&json!({"tool_calls": calls}), &NONE)
}

fn said(text: &str) -> String {
    chunk(&json!({"content": text}), &NONE)
}

fn finished(chunks: &[String], finish: &str) -> String {
    [&chunks.concat(), &chunk(&json!({}), &json!(finish)), &end()].map(String::as_str).concat()
}

/// The ways that two calls may come, `{"a":1}` and `{"b":2}`, and how many chunks a client has to have read to know the first arguments.
fn ways() -> [(&'static str, Vec<String>); 5] {
    let texts = ["{\"a\":", "1}", "{\"b\":", "2}"];
    let [a, b, c, d] = texts;
    [
        ("one after the other", vec![calls(&[begun(0, a)]), calls(&[more(0, b)]), calls(&[begun(1, c)]), calls(&[more(1, d)])]),
        ("in turn", vec![calls(&[begun(0, a)]), calls(&[begun(1, c)]), calls(&[more(0, b)]), calls(&[more(1, d)])]),
        ("in one chunk", vec![calls(&[begun(0, a), begun(1, c)]), calls(&[more(1, d), more(0, b)])]),
        ("named first", vec![calls(&[begun(0, ""), begun(1, "")]), calls(&[more(1, c), more(0, a)]), calls(&[more(1, d), more(0, b)])]),
        ("the later first", vec![calls(&[begun(0, a)]), calls(&[begun(1, c)]), calls(&[more(1, d)]), calls(&[more(0, b)])]),
    ]
}

fn messages_request() -> Value {
    json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}]})
}

/// The blocks that a client puts together which acts on the end of each. One is open at a time, and each has its own index.
fn blocks(events: &[Value]) -> Vec<Value> {
    let mut done: Vec<Value> = Vec::new();
    let mut open: Option<Value> = None;
    for event in events {
        let kind = event["type"].as_str().unwrap();
        if kind.starts_with("content_block_") {
            assert_eq!(event["index"], done.len(), "{event}");
        }
        match kind {
            "content_block_start" => {
                let mut block = event["content_block"].clone();
                block["said"] = json!("");
                assert_eq!(open.replace(block), None, "{event}");
            }
            "content_block_delta" => {
                let delta = &event["delta"];
                let piece =
                    [&delta["text"], &delta["partial_json"], &delta["thinking"]].into_iter().find_map(Value::as_str).unwrap_or_default();
                let block = open.as_mut().unwrap_or_else(|| panic!("{event} is of no open block"));
                block["said"] = json!(block["said"].as_str().unwrap().to_owned() + piece);
            }
            "content_block_stop" => done.push(open.take().unwrap()),
            _ => {}
        }
    }
    assert_eq!(open, None);
    done
}

fn shorts(blocks: &[Value]) -> Vec<[&str; 2]> {
    blocks
        .iter()
        .map(|block| [block["name"].as_str().unwrap_or(block["type"].as_str().unwrap()), block["said"].as_str().unwrap()])
        .collect()
}

#[test]
fn a_message_has_the_whole_arguments_of_each_call_in_a_block_that_is_open_alone() {
    for (way, chunks) in ways() {
        let all = events(&told(Api::Messages, &messages_request(), &finished(&chunks, "tool_calls")));
        assert_eq!(shorts(&blocks(&all)), [["f0", "{\"a\":1}"], ["f1", "{\"b\":2}"]], "{way}");
        assert_eq!(all[all.len() - 2]["delta"]["stop_reason"], "tool_use");
    }
}

#[test]
fn text_between_the_pieces_of_a_call_comes_after_it_in_a_message() {
    let thought = chunk(
        &json!({"reasoning_details": [{"type": "reasoning.encrypted", "data": "Z2Vt", "id": "x", "format": "f", "index": 0}]}),
        &NONE,
    );
    let chunks = [
        said("So: "),
        calls(&[begun(0, "{\"a\":")]),
        said("h"),
        calls(&[begun(1, "{\"b\":\"}\\\"{")]),
        said("i"),
        thought,
        calls(&[more(0, "1}")]),
        said("!"),
        calls(&[more(1, "\"}")]),
        calls(&[begun(2, "")]),
    ];
    let all = events(&told(Api::Messages, &messages_request(), &finished(&chunks, "tool_calls")));
    let blocks = blocks(&all);
    assert_eq!(
        shorts(&blocks),
        [
            ["text", "So: "],
            ["f0", "{\"a\":1}"],
            ["text", "h"],
            ["f1", "{\"b\":\"}\\\"{\"}"],
            ["text", "i"],
            ["redacted_thinking", ""],
            ["text", "!"],
            ["f2", ""]
        ]
    );
}

#[test]
fn nothing_of_a_message_is_held_back_where_calls_come_one_after_the_other() {
    let chunks =
        [said("So"), calls(&[begun(0, "{\"a\":")]), calls(&[more(0, "1}")]), calls(&[begun(1, "{}")]), calls(&[begun(2, "{\"b\"")])];
    let mut translator = read(Api::Messages, &messages_request()).unwrap().1;
    body(translator.step(Step::Release(STREAMED, Vec::new()), ID, &NOW));
    for (chunk, expected) in chunks.iter().zip(["So", "{\\\"a\\\":", "1}", "{}", "{\\\"b\\\""]) {
        let told = String::from_utf8(body(translator.step(Step::Body(chunk.clone().into_bytes()), ID, &NOW))).unwrap();
        assert!(told.contains(&format!("\"{expected}\"}}")), "{expected} in {told}");
    }
}

#[test]
fn a_message_that_breaks_off_never_stops_the_block_of_half_a_call() {
    let error = data(&json!({"id": ID, "error": {"code": 502, "message": "No."}, "choices": []}));
    let stream = [calls(&[begun(0, "{\"a\":")]), calls(&[begun(1, "{}")]), error, end()].concat();
    let all = events(&told(Api::Messages, &messages_request(), &stream));
    assert_eq!(all.last().unwrap()["type"], "error");
    assert!(all.iter().all(|event| event["type"] != "content_block_stop"), "{all:?}");
}

/// The items that a client puts together which acts on the end of each, by their index.
fn items(events: &[Value]) -> Vec<Value> {
    let mut items: Vec<(Value, String, bool)> = Vec::new();
    for event in events {
        let kind = event["type"].as_str().unwrap();
        let Some(index) = event["output_index"].as_u64() else { continue };
        if kind == "response.output_item.added" {
            assert_eq!(index, items.len() as u64, "{event}");
            items.push((event["item"].clone(), String::new(), false));
            continue;
        }
        let (item, said, done) = &mut items[index as usize];
        assert!(!*done, "{event} comes after its item is done");
        match kind {
            "response.output_item.done" => {
                *item = event["item"].clone();
                let whole = [&item["arguments"], &item["content"][0]["text"], &item["content"][0]["refusal"]];
                assert_eq!(whole.into_iter().find_map(Value::as_str), Some(said.as_str()), "{event}");
                *done = true;
            }
            "response.function_call_arguments.done" => assert_eq!(event["arguments"], said.as_str()),
            _ => said.push_str(event["delta"].as_str().unwrap_or_default()),
        }
        if kind != "response.output_item.done" {
            assert_eq!(event["item_id"], item["id"], "{event}");
        }
    }
    items
        .into_iter()
        .map(|(item, _, done)| {
            assert!(done, "{item}");
            item
        })
        .collect()
}

#[test]
fn a_response_has_the_whole_arguments_of_each_call() {
    let request = json!({"model": "a/b", "input": "x"});
    for (way, chunks) in ways() {
        let all = events(&told(Api::Responses, &request, &finished(&chunks, "tool_calls")));
        let items = items(&all);
        let arguments: Vec<_> = items.iter().map(|item| [&item["call_id"], &item["name"], &item["arguments"], &item["status"]]).collect();
        let expected = [["call_0", "f0", "{\"a\":1}", "completed"], ["call_1", "f1", "{\"b\":2}", "completed"]];
        assert_eq!(arguments, expected, "{way}");
        let response = &all.last().unwrap()["response"];
        assert_eq!((&response["status"], &response["output"]), (&json!("completed"), &json!(items)), "{way}");
        assert!(all.iter().enumerate().all(|(place, event)| event["sequence_number"] == place), "{way}");
    }
}

#[test]
fn text_between_the_pieces_of_a_call_is_an_item_of_its_own() {
    let chunks = [
        calls(&[begun(0, "{\"a\":")]),
        said("h"),
        calls(&[more(0, "[1")]),
        said("i"),
        calls(&[begun(1, "{\"b\":")]),
        said("!"),
        calls(&[more(1, "2}"), more(0, "]}")]),
    ];
    let all = events(&told(Api::Responses, &json!({"model": "a/b", "input": "x"}), &finished(&chunks, "tool_calls")));
    let items = items(&all);
    let texts: Vec<_> = items.iter().map(|item| item["arguments"].as_str().or(item["content"][0]["text"].as_str()).unwrap()).collect();
    assert_eq!(texts, ["{\"a\":[1]}", "hi", "{\"b\":2}", "!"]);
    let response = &all.last().unwrap()["response"];
    assert_eq!((&response["output"], &response["output_text"]), (&json!(items), &json!("hi!")));
}

#[test]
fn a_call_that_is_whole_is_done_before_the_next_begins_and_one_that_was_cut_off_is_not() {
    let request = json!({"model": "a/b", "input": "x"});
    let chunks = [calls(&[begun(0, "{\"a\":1}")]), calls(&[begun(1, "{\"b\":")]), calls(&[begun(2, "{}")])];
    let all = events(&told(Api::Responses, &request, &finished(&chunks, "length")));
    let place = |kind: &str, index: u64| all.iter().position(|event| event["type"] == kind && event["output_index"] == index).unwrap();
    assert!(place("response.output_item.done", 0) < place("response.output_item.added", 1));
    assert!(place("response.output_item.added", 2) < place("response.output_item.done", 1));
    let statuses: Vec<_> = items(&all).iter().map(|item| item["status"].as_str().unwrap().to_owned()).collect();
    assert_eq!(statuses, ["completed", "incomplete", "completed"]);
}

#[test]
fn a_refusal_is_a_part_of_its_own_kind_in_a_response() {
    let request = json!({"model": "a/b", "input": "x"});
    let refused = |text: &str| chunk(&json!({"refusal": text}), &NONE);
    let all = events(&told(Api::Responses, &request, &finished(&[said("Hm. "), refused("I "), refused("won't.")], "stop")));
    let kinds: Vec<_> = all.iter().skip(8).map(|event| event["type"].as_str().unwrap().strip_prefix("response.").unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "output_item.added",
            "content_part.added",
            "refusal.delta",
            "refusal.delta",
            "refusal.done",
            "content_part.done",
            "output_item.done",
            "completed"
        ]
    );
    assert_eq!((&all[9]["part"], &all[9]["content_index"]), (&json!({"type": "refusal", "refusal": ""}), &json!(0)));
    assert_eq!((&all[12]["refusal"], &all[12]["content_index"]), (&json!("I won't."), &json!(0)));
    let part = json!({"type": "refusal", "refusal": "I won't."});
    assert_eq!(all[13]["part"], part);
    items(&all);
    let whole = answered(Api::Responses, &request, &json!({"content": "Hm. ", "refusal": "I won't."}), "stop");
    for response in [&all.last().unwrap()["response"], &whole] {
        assert_eq!((&response["output"][1]["type"], &response["output"][1]["content"]), (&json!("message"), &json!([part])));
        assert_eq!(response["output_text"], "Hm. ");
    }
}
