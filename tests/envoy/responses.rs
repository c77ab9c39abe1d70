//! OpenAI's Responses, for a model in OpenAI's format and for one in Anthropic's.

use std::path::Path;

use serde_json::json;

use super::{
    client::Request,
    clients::run_against,
    gateway::{Use, needed, root},
    messages::{GATEWAY, SIGNATURE, THOUGHT},
};

#[test]
fn the_sdks_of_openai_and_openrouter_are_served() {
    let gateway = Use::of(&GATEWAY);
    needed(root().join(".tools/node/node_modules/openai/package.json"), "make test-envoy");
    run_against(&format!("http://{}/api/v1", gateway.address), Path::new("node"), "responses.mjs", 23);
}

#[test]
fn what_claude_thought_comes_back_to_it_signed() {
    let gateway = Use::of(&GATEWAY);
    let ask = |input| gateway.send(&Request::ask("t/claude-thinks", json!({"input": input})).path("/api/v1/responses")).json();
    let first = ask(json!("Weather?"));
    assert_eq!((&first["output"][0]["signature"], &first["output"][0]["format"]), (&json!(SIGNATURE), &json!("anthropic-claude-v1")));
    let call = json!({"type": "function_call", "call_id": "toolu_1", "name": "get_weather", "arguments": "{\"city\":\"Bern\"}"});
    let output = json!({"type": "function_call_output", "call_id": "toolu_1", "output": [{"type": "input_text", "text": "12"}]});
    ask(json!([{"role": "user", "content": "Weather?"}, first["output"][0], call, output, {"role": "user", "content": "And then?"}]));
    let received = gateway.provider("claude").received("claude-sonnet-4-5");
    let sent = received.last().unwrap().json();
    assert_eq!(
        sent["messages"][1]["content"],
        json!([
            {"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE},
            {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Bern"}}])
    );
    assert_eq!(sent["messages"][2]["content"][0], json!({"type": "tool_result", "tool_use_id": "toolu_1", "content": "12"}));
}
