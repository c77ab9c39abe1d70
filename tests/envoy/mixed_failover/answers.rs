//! What each provider answers: text and two calls at once, with the same meaning in each format, and the ways in which it fails.

use serde_json::{Value, json};

use crate::envoy::{anthropic, bedrock, reply::Reply, wire};

/// An answer of `provider`'s.
pub fn answer(provider: &str, stream: bool) -> Reply {
    let cities = ["Paris", "Rome"];
    match (provider, stream) {
        ("anthropic", false) => {
            let call = |n: usize| json!({"type": "tool_use", "id": format!("toolu_a{n}"), "name": "weather", "input": {"city": cities[n]}});
            anthropic::message(json!([{"type": "text", "text": "Sure."}, call(0), call(1)]), "tool_use")
        }
        ("anthropic", true) => {
            let mut all = anthropic::begun("Sure.");
            for (n, city) in cities.iter().enumerate() {
                let piece = |json: &str| json!({"type": "content_block_delta", "index": n + 1, "delta": {"type": "input_json_delta", "partial_json": json}});
                let block = json!({"type": "tool_use", "id": format!("toolu_a{n}"), "name": "weather", "input": {}});
                all.push(json!({"type": "content_block_stop", "index": n}));
                all.push(json!({"type": "content_block_start", "index": n + 1, "content_block": block}));
                all.extend([piece(""), piece("{\"city\":"), piece(&format!("\"{city}\"}}"))]);
            }
            all.push(json!({"type": "content_block_stop", "index": 2}));
            all.push(json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 7, "cache_read_input_tokens": 5}}));
            all.push(json!({"type": "message_stop"}));
            Reply::events(all.iter().map(|event| anthropic::events(std::slice::from_ref(event))))
        }
        ("bedrock", false) => {
            let call =
                |n: usize| json!({"toolUse": {"toolUseId": format!("tooluse_b{n}"), "name": "weather", "input": {"city": cities[n]}}});
            bedrock::converse(json!([{"text": "Sure."}, call(0), call(1)]), "tool_use")
        }
        ("bedrock", true) => {
            let mut all = vec![bedrock::beginning(), bedrock::text("Sure.")];
            for (n, city) in cities.iter().enumerate() {
                let start = json!({"toolUse": {"toolUseId": format!("tooluse_b{n}"), "name": "weather"}});
                all.push(("contentBlockStart", json!({"contentBlockIndex": n + 1, "start": start})));
                for piece in ["{\"city\":", &format!("\"{city}\"}}")] {
                    all.push(("contentBlockDelta", json!({"contentBlockIndex": n + 1, "delta": {"toolUse": {"input": piece}}})));
                }
                all.push(("contentBlockStop", json!({"contentBlockIndex": n + 1})));
            }
            all.extend(bedrock::ending("tool_use"));
            bedrock::events(&all)
        }
        (_, false) => {
            let call = |n: usize| json!({"id": format!("call_o{n}"), "type": "function", "function": {"name": "weather", "arguments": json!({"city": cities[n]}).to_string()}});
            let mut body = wire::completion_body("Sure.");
            body["choices"][0]["message"]["tool_calls"] = json!([call(0), call(1)]);
            body["choices"][0]["finish_reason"] = "tool_calls".into();
            Reply::json(200, &body)
        }
        (_, true) => {
            let mut all = vec![wire::chunk(json!({"role": "assistant", "content": ""}), Value::Null), wire::text_chunk("Sure.")];
            for (n, city) in cities.iter().enumerate() {
                let first =
                    json!({"index": n, "id": format!("call_o{n}"), "type": "function", "function": {"name": "weather", "arguments": ""}});
                all.push(wire::chunk(json!({"tool_calls": [first]}), Value::Null));
                let arguments = json!({"city": city}).to_string();
                all.push(wire::chunk(json!({"tool_calls": [{"index": n, "function": {"arguments": arguments}}]}), Value::Null));
            }
            all.extend([wire::chunk(json!({}), json!("tool_calls")), wire::usage_chunk(wire::usage())]);
            Reply::events(all.iter().map(wire::event).chain([wire::event("[DONE]")]))
        }
    }
}

/// The ways in which a provider fails before its answer has begun; those within a stream where one is asked for.
pub fn failures(provider: &str, stream: bool) -> Vec<Reply> {
    let said = json!({"message": "Too many requests"});
    let no_credit = json!({"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low to access the Anthropic API."}});
    let no_model = json!({"message": "The provided model identifier is invalid."});
    match (provider, stream) {
        ("gemini", _) => {
            let error = json!([{"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}]);
            vec![Reply::json(503, &error), Reply::json(200, &error)]
        }
        ("anthropic", false) => vec![Reply::json(529, &anthropic::error("overloaded_error")), Reply::reset(), Reply::json(400, &no_credit)],
        ("anthropic", true) => {
            let begun = anthropic::events(&[anthropic::begun("")[0].clone(), anthropic::error("overloaded_error")]);
            vec![
                Reply::json(529, &anthropic::error("overloaded_error")),
                Reply::events([begun]),
                Reply::reset(),
                Reply::json(400, &no_credit),
            ]
        }
        ("bedrock", false) => vec![Reply::json(424, &said), Reply::reset(), Reply::json(400, &no_model)],
        ("bedrock", true) => vec![
            bedrock::events(&[("!throttlingException", said.clone())]),
            bedrock::events(&[bedrock::beginning(), ("!modelStreamErrorException", said.clone())]),
            Reply::reset(),
            Reply::json(503, &said),
            Reply::json(400, &no_model),
        ],
        _ => vec![Reply::error(500, "no"), Reply::reset()],
    }
}
