//! Broken JSON in an answer is made whole for who asks for it, whoever the provider is, and nothing else is touched.

use serde_json::{Value, json};

use super::{
    anthropic,
    client::{self, Request, Response},
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

const BROKEN: &str = "Sure!\n```json\n{'city': 'Zürich', \"people\": 443037, // about\n lakes: [\"Zürichsee\",],}\n```\nAnything else?";
const NAMES: [&str; 10] =
    ["t/broken", "t/prose", "t/valid", "t/nonconforming", "t/choices", "t/streamed", "t/tools", "t/text", "t/falls-back", "t/visit"];

static GATEWAY: Shared = Shared::new(|| {
    let setup = Setup::new()
        .env("ANTHROPIC_API_KEY", "sk-ant-1")
        .providers(&["openai"])
        .provider(Provider::start("anthropic"), json!({"dialect": "anthropic", "credential": {"env": "ANTHROPIC_API_KEY"}}))
        .models(&NAMES, &["openai"])
        .models(&["t/claude", "t/guest"], &["anthropic"])
        .models(&["t/both"], &["anthropic", "openai"]);
    Gateway::start(setup)
});

fn ask(model: &str, more: Value) -> Request {
    let mut members = json!({"response_format": {"type": "json_object"}, "plugins": [{"id": "response-healing"}]});
    members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Request::ask(model, members)
}

fn schema() -> Value {
    json!({"type": "json_schema", "json_schema": {"name": "city", "strict": true, "schema": {
        "type": "object", "required": ["city", "people"], "additionalProperties": false,
        "properties": {"city": {"type": "string"}, "people": {"type": "integer"}, "lakes": {"type": "array", "items": {"type": "string"}}}}}})
}

fn assert_healed(answer: &Response) {
    let content: Value = serde_json::from_str(&answer.content()).unwrap_or_else(|error| panic!("{error}: {}", answer.content()));
    assert_eq!(content, json!({"city": "Zürich", "people": 443_037, "lakes": ["Zürichsee"]}));
}

#[test]
fn broken_json_is_healed_whoever_wrote_it() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("openai").answers("broken", wire::completion(BROKEN));
    gateway.provider("anthropic").answers("claude", anthropic::message(json!([{"type": "text", "text": BROKEN}]), "end_turn"));
    for model in ["t/broken", "t/claude"] {
        assert_healed(&gateway.send(&ask(model, json!({}))));
        let answer = gateway.send(&ask(model, json!({"response_format": schema()})));
        assert_healed(&answer);
        assert!(answer.json()["usage"]["total_tokens"].as_u64() > Some(0), "the rest of the answer is as ever");
        let told =
            |request: Request| gateway.send(&request.header("x-openrouter-metadata", "enabled")).json()["openrouter_metadata"].take();
        let stage = json!({"type": "response_healing", "name": "response-healing", "data": {"mode": "json_schema", "improved": true}});
        assert_eq!(told(ask(model, json!({"response_format": schema()})))["pipeline"], json!([stage]));
        assert_eq!(told(ask(model, json!({"plugins": []}))).get("pipeline"), None, "nothing was done");
        let sent = gateway.send(&ask(model, json!({"plugins": [{"id": "response-healing", "enabled": false}]})));
        assert_eq!(sent.content(), BROKEN, "switched off");
        assert_eq!(gateway.send(&ask(model, json!({"plugins": []}))).content(), BROKEN, "not asked for");
        assert_eq!(gateway.send(&ask(model, json!({"response_format": {"type": "text"}}))).content(), BROKEN, "not JSON");
    }
    assert_eq!(gateway.provider("openai").received("broken")[0].json().get("plugins"), None, "no provider hears of it");
}

#[test]
fn the_answer_after_a_failure_is_healed() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("anthropic").answers("both", Reply::json(529, &anthropic::error("overloaded_error")));
    gateway.provider("openai").answers("both", wire::completion(BROKEN));
    assert_healed(&gateway.send(&ask("t/both", json!({}))));
}

#[test]
fn what_is_valid_or_hopeless_stays_to_the_byte() {
    let gateway = Use::of(&GATEWAY);
    let valid = "{\"city\":  \"Zürich\" ,\n\"people\" : 4.43037e5}";
    for (model, text) in [("valid", valid), ("prose", "I cannot do that."), ("nonconforming", "{'city': 'Zürich'}")] {
        gateway.provider("openai").answers(model, wire::completion(text));
        let answer = gateway.send(&ask(&format!("t/{model}"), json!({"response_format": schema()})));
        assert_eq!(answer.content(), text);
    }
}

#[test]
fn what_breaks_a_keyword_of_its_schema_is_not_taken_for_healed() {
    let gateway = Use::of(&GATEWAY);
    let schema = json!({"type": "object", "required": ["day", "guests"], "unevaluatedProperties": false, "allOf": [{"properties": {
        "day": {"type": "string", "format": "date"}, "host": {"type": "string", "format": "email"},
        "guests": {"type": "object", "propertyNames": {"minLength": 2}},
        "rooms": {"type": "array", "contains": {"const": "hall"}, "maxContains": 1},
        "code": {"type": "string", "pattern": "^[A-Z]{2}-\\d{4}$"}}, "patternProperties": {"^x-": {"type": "integer"}}}],
        "dependentSchemas": {"rooms": {"required": ["host"]}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "visit", "strict": true, "schema": schema}});
    let fenced = |visit: &Value| format!("```json\n{visit}\n```");
    let good = json!({"day": "2026-11-21", "guests": {"Ada": 2}, "host": "bob@example.com", "rooms": ["hall", "attic"],
        "code": "ZH-8001", "x-floor": 2});
    let broken = [
        ("day", json!("tomorrow")),
        ("host", json!("Bob")),
        ("guests", json!({"A": 2})),
        ("rooms", json!(["attic"])),
        ("host", Value::Null),
        ("more", json!(1)),
        ("code", json!("Zürich 8001")),
        ("x-floor", json!("two")),
    ];
    let mut bodies = vec![(fenced(&good), good.to_string())];
    for (member, value) in broken {
        let mut visit = good.clone();
        visit[member] = value;
        if visit[member].is_null() {
            visit.as_object_mut().unwrap().remove(member);
        }
        // As it came.
        bodies.push((fenced(&visit), fenced(&visit)));
    }
    for (text, expected) in bodies {
        gateway.provider("openai").answers("visit", wire::completion(&text));
        gateway.provider("anthropic").answers("guest", anthropic::message(json!([{"type": "text", "text": text}]), "end_turn"));
        for model in ["t/visit", "t/guest"] {
            assert_eq!(gateway.send(&ask(model, json!({"response_format": format}))).content(), expected, "{model}");
        }
    }
}

#[test]
fn each_choice_is_healed_by_itself() {
    let gateway = Use::of(&GATEWAY);
    let mut body = wire::completion_body(BROKEN);
    for (index, content) in ["No.", "{\"a\": 1", "{\"a\": 1}"].iter().enumerate() {
        let mut choice = body["choices"][0].clone();
        choice["index"] = (index + 1).into();
        choice["message"]["content"] = (*content).into();
        body["choices"].as_array_mut().unwrap().push(choice);
    }
    gateway.provider("openai").answers("choices", Reply::json(200, &body));
    let answer = gateway.send(&ask("t/choices", json!({"n": 4})));
    assert_healed(&answer);
    let content = |n: usize| answer.json()["choices"][n]["message"]["content"].clone();
    assert_eq!([content(1), content(2), content(3)], [json!("No."), json!("{\"a\": 1}"), json!("{\"a\": 1}")]);
}

#[test]
fn a_call_of_tools_is_no_broken_json() {
    let gateway = Use::of(&GATEWAY);
    let mut body = wire::completion_body("{look: 'up'}");
    body["choices"][0]["message"]["tool_calls"] =
        json!([{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{a:1}"}}]);
    body["choices"][0]["finish_reason"] = "tool_calls".into();
    gateway.provider("openai").answers("tools", Reply::json(200, &body));
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    let message = gateway.send(&ask("t/tools", json!({"tools": tools}))).json()["choices"][0]["message"].clone();
    assert_eq!((&message["content"], &message["tool_calls"][0]["function"]["arguments"]), (&json!("{look: 'up'}"), &json!("{a:1}")));
}

#[test]
fn streams_are_not_healed() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("openai").answers("streamed", wire::stream(&["```json\n{a:", " 1}\n```"]));
    let chunks = client::chunks(&gateway.open(&ask("t/streamed", json!({"stream": true}))).events());
    assert_eq!(client::text(&chunks), "```json\n{a: 1}\n```");
}

#[test]
fn other_plugins_are_refused_by_name_unless_switched_off() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("openai").answers("text", wire::completion("ok"));
    let refused =
        gateway.send(&ask("t/text", json!({"plugins": [{"id": "response-healing"}, {"id": "web", "max_results": 3}]}))).error(400);
    assert!(refused.contains("plugins[1].id") && refused.contains("web") && refused.contains("context-compression"), "{refused}");
    let off = json!({"plugins": [{"id": "web", "enabled": false}, {"id": "auto-router", "allowed_models": ["t/*"]}]});
    assert_eq!(gateway.send(&ask("t/text", off)).content(), "ok");
}
