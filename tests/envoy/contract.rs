//! Every operation answers with what clients require of it, by the list in `tests/fixtures/contract/required.json`.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use super::{
    client::{Event, Request},
    gateway::Gateway,
    generation::told,
    key_policy::key,
    messages::openai,
    provider::Provider,
    reply::Reply,
    required::Contract,
    setup::Setup,
    wire,
};

const MODELS: [&str; 7] = ["t/plain", "t/tools", "t/thinks", "t/sums-up", "t/long", "t/breaks", "t/pauses"];

fn start() -> Gateway {
    let setup = Setup::new()
        .provider(Provider::start("first"), json!({"zdr": true}))
        .models(&MODELS, &["first"])
        .embedding(&["t/embeds"], &["first"])
        .key(key("chief", json!({"management": true})))
        .key(key("limited", json!({"limit": {"usd": 5, "reset": "monthly"}})));
    let gateway = Gateway::start(setup);
    let first = gateway.provider("first");
    let call = json!({"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{\"city\":\"Bern\"}"}});
    let summary = json!({"type": "reasoning.summary", "summary": "In short.", "format": "openai-responses-v1", "index": 0});
    for (model, said, finish) in [
        ("plain", json!({"content": "Hello."}), "stop"),
        ("tools", json!({"content": null, "tool_calls": [call]}), "tool_calls"),
        ("thinks", json!({"reasoning_content": "Let me see.", "content": "Hello."}), "stop"),
        ("sums-up", json!({"reasoning_details": [summary], "content": "Hello."}), "stop"),
        ("long", json!({"content": "Hello."}), "length"),
    ] {
        first.answers_by(model, move |request| openai(request, said.clone(), finish));
    }
    let mut broken = wire::stream_events(&["Once "]);
    broken.truncate(2);
    broken.push(wire::event(json!({"error": {"message": "The engine is gone.", "type": "server_error"}})));
    first.answers("breaks", Reply::events(broken).paced(Duration::from_millis(100)));
    let mut pausing = wire::stream_events(&["one", "two"]);
    pausing.insert(2, ": keep-alive\n\n".into());
    first.answers("pauses", Reply::events(pausing).paced(Duration::from_millis(20)));
    let vector = json!({"object": "embedding", "index": 0, "embedding": [0.5, -1]});
    let usage = json!({"prompt_tokens": 3, "total_tokens": 3});
    first.answers("embeds", Reply::json(200, &json!({"object": "list", "model": "v", "data": [vector], "usage": usage})));
    gateway
}

/// The contract, and what of it was asked.
struct Asked {
    gateway: Gateway,
    contract: Contract,
    operations: BTreeSet<String>,
}

impl Asked {
    fn keeps(&mut self, operation: &str, answer: &Value) {
        self.operations.insert(operation.to_owned());
        self.contract.check(operation, answer);
    }

    fn get(&mut self, operation: &str, path: &str, key: &str) -> Value {
        let answer = self.gateway.send(&Request::new("GET", &format!("/api/v1{path}")).header("authorization", &format!("Bearer {key}")));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        self.keeps(&format!("GET {operation}"), &answer.json());
        answer.json()
    }

    /// A whole answer; gives its generation id.
    fn post(&mut self, path: &str, request: Request) -> String {
        let answer = self.gateway.send(&request.path(&format!("/api/v1{path}")).header("x-openrouter-metadata", "enabled"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        self.keeps(&format!("POST {path}"), &answer.json());
        answer.header("x-generation-id").unwrap().to_owned()
    }

    /// A streamed answer, whose events are told apart by their `type`, or all are chunks.
    fn stream(&mut self, path: &str, model: &str, more: &Value) {
        let mut more = more.clone();
        more["stream"] = json!(true);
        let request = Request::ask(model, more).path(&format!("/api/v1{path}")).header("x-openrouter-metadata", "enabled");
        let events = self.gateway.open(&request).events();
        let data = |event: &Event| event.text.lines().find_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok());
        for data in events.iter().filter_map(data) {
            let data: Value = data;
            let kind = data["type"].as_str().unwrap_or("chunk").to_owned();
            self.keeps(&format!("POST {path} {kind}"), &data);
        }
    }
}

#[test]
fn every_answer_and_event_has_the_members_that_clients_require() {
    let mut asked = Asked { gateway: start(), contract: Contract::read(), operations: BTreeSet::new() };
    let mut id = String::new();
    for (path, more) in [
        ("/chat/completions", json!({})),
        ("/completions", json!({"prompt": "Say something.", "messages": null})),
        ("/messages", json!({"max_tokens": 4096, "thinking": {"type": "enabled", "budget_tokens": 1024}})),
        ("/responses", json!({"input": "Say something.", "messages": null})),
    ] {
        for model in MODELS {
            if !["t/breaks", "t/pauses"].contains(&model) {
                id = asked.post(path, Request::ask(model, more.clone()));
            }
            asked.stream(path, model, &more);
        }
    }
    asked.post("/embeddings", Request::ask("t/embeds", json!({"input": "x", "messages": null})));

    let refused = asked.gateway.send(&Request::ask("t/none", json!({})));
    asked.keeps("an error", &refused.json());
    let refused = asked.gateway.send(&Request::ask("t/none", json!({})).path("/api/v1/messages"));
    asked.keeps("POST /messages error", &refused.json());

    let generation = told(&asked.gateway, &id);
    asked.keeps("GET /generation", &json!({"data": generation}));
    let (client, chief) = ("sk-or-v1-test", "sk-chief");
    for path in ["/models", "/models/user", "/embeddings/models", "/models/count", "/endpoints/zdr", "/providers", "/key"] {
        asked.get(path, path, client);
    }
    asked.get("/key", "/key", "sk-limited");
    asked.get("/model/{author}/{slug}", "/model/t/plain", client);
    asked.get("/models/{author}/{slug}/endpoints", "/models/t/plain/endpoints", client);
    asked.get("/credits", "/credits", chief);
    asked.get("/activity", "/activity", chief);
    let hash = asked.get("/keys", "/keys", chief)["data"][0]["hash"].clone();
    asked.get("/keys/{hash}", &format!("/keys/{}", hash.as_str().unwrap()), chief);

    assert!(asked.contract.broken.is_empty(), "{:#?}", asked.contract.broken);
    assert_eq!(asked.operations, asked.contract.operations(), "the operations of the list are those asked here");
    // There is no activity before midnight: src/accounting/tests.rs has the rows of one.
    let unmet: Vec<_> =
        asked.contract.unmet().into_iter().filter(|row| !row.starts_with("Activity") && row != "GET /activity: data[]").collect();
    assert!(unmet.is_empty(), "no answer had these: {unmet:#?}");
}

/// The list itself, tried on answers that break it: a check that passes everything would go unseen.
#[test]
fn what_is_missing_wrong_unknown_or_never_seen_is_told() {
    let broken = |operation: &str, answer: Value| {
        let mut contract = Contract::read();
        contract.check(operation, &answer);
        contract.broken.into_iter().collect::<Vec<_>>()
    };
    for (operation, answer, told) in [
        ("GET /models/count", json!({"data": {"count": 3}}), &[][..]),
        ("GET /models/count", json!({"data": {}}), &["GET /models/count: data.count is missing"]),
        ("GET /models/count", json!({"data": {"count": "3"}}), &["GET /models/count: data.count is \"3\" and not integer"]),
        ("GET /models/count", json!({"data": {"count": 3.5}}), &["GET /models/count: data.count is 3.5 and not integer"]),
        ("GET /models/count", json!([]), &["GET /models/count is no object, but []"]),
        ("GET /rerank", json!({}), &["GET /rerank is not in the list, but there is {}"]),
        ("GET /providers", json!({"data": [{"name": "A", "slug": "a", "privacy_policy_url": null}]}), &[]),
        ("GET /providers", json!({"data": [{"name": "A", "slug": "a"}]}), &["GET /providers: data[].privacy_policy_url is missing"]),
        (
            "POST /messages content_block_start",
            json!({"index": 0, "content_block": {"type": "text", "text": "", "citations": false}}),
            &["TextBlock: citations is false and not array or null"],
        ),
        (
            "POST /messages content_block_start",
            json!({"index": 0, "content_block": {"type": "image"}}),
            &[
                "POST /messages content_block_start: content_block is {\"type\":\"image\"} and not TextBlock or ThinkingBlock or ToolUseBlock",
            ],
        ),
    ] {
        assert_eq!(broken(operation, answer), told, "{operation}");
    }
    let mut contract = Contract::read();
    contract.check("GET /providers", &json!({"data": []}));
    let unmet = contract.unmet();
    for (row, is_unmet) in
        [("GET /providers: data[].slug", true), ("GET /providers: data", false), ("GET /providers: data[].datacenters", false)]
    {
        assert_eq!(unmet.iter().any(|unmet| unmet == row), is_unmet, "{row}");
    }
}
