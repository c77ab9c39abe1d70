//! `GET /generation`: what became of a request, told by any worker, to the key that made it.

use std::{collections::HashSet, thread, time::Duration};

use serde_json::{Value, json};

use super::{
    anthropic,
    client::{self, Request, Response},
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::{Ending, Reply},
    required::Contract,
    setup::Setup,
    wire,
};

const OTHER: &str = "Bearer sk-or-v1-limited";

fn other_key() -> Value {
    // printf %s sk-or-v1-limited | sha256sum
    json!({"name": "other", "sha256": "38136dda9c1f861dd57a9a6d30e8138ba5c0c25b382e7bb0ec8f1576bd2cdf81"})
}

static GATEWAY: Shared = Shared::new(|| {
    let claude = json!({"dialect": "anthropic", "name": "Anthropic", "credential": {"env": "ANTHROPIC_API_KEY"}});
    let setup = Setup::new()
        .env("ANTHROPIC_API_KEY", "sk-ant-1")
        .provider(Provider::start("anthropic"), claude)
        .priced("t/claude", "anthropic", json!({"prompt": 1, "completion": 2, "input_cache_read": 0.5}))
        .priced("t/claude-streamed", "anthropic", json!({"prompt": 1, "completion": 2}))
        .providers(&["first", "second"])
        .priced("t/plain", "first", json!({"prompt": 1, "completion": 2}))
        .priced("t/stream", "first", json!({"prompt": 1, "completion": 2}))
        .priced("t/broken", "first", json!({"prompt": 1, "completion": 2}))
        .priced("t/midway", "first", json!({"prompt": 1, "completion": 2}))
        .priced("t/left", "first", json!({"prompt": 1, "completion": 2}))
        .embedding(&["t/embeds"], &["first"])
        .models(&["t/falls-back"], &["first", "second"])
        .models(&["t/mixed"], &["first", "anthropic"])
        .key(other_key());
    let gateway = Gateway::start(setup);
    let claude = gateway.provider("anthropic");
    let call = json!([{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}]);
    claude.answers("claude", anthropic::message(call, "tool_use"));
    claude.answers("claude-streamed", Reply::events([anthropic::events(&anthropic::whole("A secret answer."))]));
    claude.answers("mixed", anthropic::message(json!([{"type": "text", "text": "A secret answer."}]), "max_tokens"));
    let first = gateway.provider("first");
    first.answers("mixed", Reply::error(503, "busy"));
    first.answers("plain", wire::completion("A secret answer."));
    let vector = json!({"object": "embedding", "index": 0, "embedding": [0.1]});
    first.answers(
        "embeds",
        Reply::json(200, &json!({"object": "list", "data": [vector], "usage": {"prompt_tokens": 3, "total_tokens": 3}})),
    );
    first.answers("stream", wire::stream(&["A secret ", "answer."]));
    first.answers("broken", Reply::error(500, "down"));
    first.answers("falls-back", Reply::error(503, "busy"));
    first.answers("midway", Reply::events(wire::stream_events(&["some ", "words"]).into_iter().take(2)).broken_off(Ending::Close));
    first.answers("left", wire::stream(&["some ", "words ", "more"]).pause_before(2, Duration::from_secs(3)).ending(Ending::Close));
    gateway.provider("second").answers("falls-back", wire::completion("second"));
    gateway
});

fn get(id: &str) -> Request {
    Request::new("GET", &format!("/api/v1/generation?id={id}"))
}

/// It is there as soon as the exchange is settled, which is a moment after its last byte.
pub fn told(gateway: &Gateway, id: &str) -> Value {
    for _ in 0..100 {
        let answer = gateway.send(&get(id));
        if answer.status == 200 {
            return answer.json()["data"].clone();
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("{id} is not known: {}", gateway.send(&get(id)).text());
}

fn id(answer: &Response) -> String {
    answer.header("x-generation-id").unwrap_or_else(|| panic!("no id: {}", answer.text())).to_owned()
}

fn assert_whole(generation: &Value) {
    Contract::read().assert_kept("Generation", generation);
    assert!(generation["provider_responses"].is_array(), "{generation:#}");
    let text = generation.to_string();
    assert!(!text.contains("secret") && !text.contains("Say something"), "neither prompt nor answer: {text}");
}

#[test]
fn a_completion_is_told_with_all_members_to_its_key_alone() {
    let gateway = Use::of(&GATEWAY);
    let answer = gateway.send(
        &Request::ask("t/plain", json!({}))
            .header("user-agent", "test/1")
            .header("http-referer", "https://app.test")
            .header("x-title", "Caf\u{e9}"),
    );
    let body = answer.json();
    let generation = told(&gateway, &id(&answer));
    assert_whole(&generation);
    assert_eq!(generation["id"], body["id"]);
    assert_eq!(generation["total_cost"], body["usage"]["cost"]);
    assert_eq!(generation["usage"], body["usage"]["cost"]);
    assert_eq!((&generation["model"], &generation["provider_name"]), (&json!("t/plain"), &json!("first")));
    assert_eq!((&generation["tokens_prompt"], &generation["native_tokens_completion"]), (&json!(19), &json!(10)));
    assert_eq!((&generation["streamed"], &generation["cancelled"]), (&json!(false), &json!(false)));
    assert_eq!((&generation["finish_reason"], &generation["native_finish_reason"]), (&json!("stop"), &json!("stop")));
    assert_eq!((&generation["user_agent"], &generation["http_referer"]), (&json!("test/1"), &json!("https://app.test")));
    assert_eq!(generation["app"], "Caf\u{e9}");
    assert_eq!(generation["provider_responses"][0]["status"], 200);
    assert!(generation["created_at"].as_str().unwrap().ends_with('Z'));

    let others = gateway.send(&get(&id(&answer)).header("authorization", OTHER));
    assert!(others.error(404).contains("not found"));
    gateway.send(&get(&id(&answer)).without_header("authorization")).error(401);
    for unknown in ["gen-1779474931-w20BCAngQY7SOa9Zs000", "nonsense", "", "%00"] {
        let status = if unknown.is_empty() { 400 } else { 404 };
        gateway.send(&get(unknown)).error(status);
    }
}

#[test]
fn a_stream_is_told_with_its_times() {
    let gateway = Use::of(&GATEWAY);
    let answer = gateway.ask_streamed("t/stream");
    let id = answer.header("x-generation-id").unwrap().to_owned();
    let usage = client::usage(&client::chunks(&answer.events()));
    let generation = told(&gateway, &id);
    assert_whole(&generation);
    assert_eq!((&generation["streamed"], &generation["total_cost"]), (&json!(true), &usage["cost"]));
    assert_eq!(generation["finish_reason"], "stop");
    assert!(generation["latency"].as_u64().unwrap() <= generation["generation_time"].as_u64().unwrap());
}

#[test]
fn a_provider_of_another_format_is_told_in_its_own_words() {
    let gateway = Use::of(&GATEWAY);
    let tools = json!({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]});
    let called = gateway.send(&Request::ask("t/claude", tools));
    let generation = told(&gateway, &id(&called));
    assert_whole(&generation);
    assert_eq!((&generation["finish_reason"], &generation["native_finish_reason"]), (&json!("tool_calls"), &json!("tool_use")));
    assert_eq!((&generation["native_tokens_cached"], &generation["tokens_prompt"]), (&json!(5), &json!(15)));
    assert_eq!(generation["total_cost"], called.json()["usage"]["cost"]);

    let streamed = gateway.ask_streamed("t/claude-streamed");
    let streamed_id = streamed.header("x-generation-id").unwrap().to_owned();
    let cost = client::usage(&client::chunks(&streamed.events()))["cost"].clone();
    let generation = told(&gateway, &streamed_id);
    assert_whole(&generation);
    assert_eq!((&generation["native_finish_reason"], &generation["total_cost"]), (&json!("end_turn"), &cost));

    let mixed = gateway.ask("t/mixed");
    let generation = told(&gateway, &id(&mixed));
    assert_eq!((&generation["finish_reason"], &generation["provider_name"]), (&json!("length"), &json!("Anthropic")));
}

#[test]
fn it_is_told_which_session_and_api_it_was_and_what_the_provider_calls_it() {
    let gateway = Use::of(&GATEWAY);
    let answer = gateway.send(&Request::ask("t/plain", json!({"session_id": "chat \"7\""})).header("x-session-id", "other"));
    let generation = told(&gateway, &id(&answer));
    assert_eq!((&generation["session_id"], &generation["api_type"]), (&json!("chat \"7\""), &json!("completions")));
    assert_eq!((&generation["upstream_id"], &generation["service_tier"]), (&wire::completion_body("")["id"], &json!("default")));
    assert!(generation["router"].is_null());

    let streamed = gateway.open(&Request::ask("t/stream", json!({"stream": true})).header("x-session-id", "header"));
    let streamed_id = streamed.header("x-generation-id").unwrap().to_owned();
    streamed.finish();
    let generation = told(&gateway, &streamed_id);
    assert_eq!((&generation["session_id"], &generation["service_tier"]), (&json!("header"), &json!("default")));
    assert_eq!(generation["upstream_id"], wire::text_chunk("")["id"]);

    let claude = told(&gateway, &id(&gateway.ask("t/claude")));
    assert_eq!((&claude["upstream_id"], &claude["session_id"]), (&json!("msg_1"), &Value::Null));

    let embedded = gateway.send(&Request::chat(r#"{"model":"t/embeds","input":"x"}"#).path("/api/v1/embeddings"));
    let generation = told(&gateway, &id(&embedded));
    assert_whole(&generation);
    assert_eq!((&generation["api_type"], &generation["upstream_id"]), (&json!("embeddings"), &Value::Null));
}

#[test]
fn failures_are_told_too() {
    let gateway = Use::of(&GATEWAY);
    let broken = gateway.ask("t/broken");
    broken.error(502);
    let generation = told(&gateway, &id(&broken));
    assert_whole(&generation);
    assert_eq!((&generation["total_cost"], &generation["tokens_prompt"]), (&json!(0), &Value::Null));
    assert_eq!(generation["provider_responses"][0]["status"], 500);
    assert!(generation["finish_reason"].is_null());

    let fallen_back = gateway.ask("t/falls-back");
    let generation = told(&gateway, &id(&fallen_back));
    let statuses: Vec<&Value> = generation["provider_responses"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(*statuses.last().unwrap(), 200);
    assert_eq!(generation["provider_name"], "second");

    let midway = gateway.ask_streamed("t/midway");
    let id = midway.header("x-generation-id").unwrap().to_owned();
    midway.finish();
    let generation = told(&gateway, &id);
    assert_whole(&generation);
    assert_eq!(generation["finish_reason"], "error");
}

#[test]
fn a_client_that_hung_up_finds_its_generation_cancelled() {
    let gateway = Use::of(&GATEWAY);
    let mut answer = gateway.ask_streamed("t/left");
    let id = answer.header("x-generation-id").unwrap().to_owned();
    answer.event().unwrap();
    drop(answer);
    let generation = told(&gateway, &id);
    assert_whole(&generation);
    assert_eq!(generation["cancelled"], true);
    assert!(generation["total_cost"].as_f64().unwrap() > 0.0, "what was seen is charged: {generation:#}");
}

#[test]
fn the_last_so_many_are_kept_and_no_more() {
    let gateway =
        Gateway::start(Setup::new().with("defaults", json!({"generations": 20})).providers(&["first"]).models(&["t/plain"], &["first"]));
    gateway.provider("first").answers("plain", wire::completion("ok"));
    let ids: Vec<String> = (0..50).map(|_| id(&gateway.ask("t/plain"))).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 50);
    for id in &ids[30..] {
        told(&gateway, id);
    }
    for id in &ids[..30] {
        gateway.send(&get(id)).error(404);
    }
}

#[test]
fn none_are_kept_where_nobody_wants_them() {
    let gateway =
        Gateway::start(Setup::new().with("defaults", json!({"generations": 0})).providers(&["first"]).models(&["t/plain"], &["first"]));
    gateway.provider("first").answers("plain", wire::completion("ok"));
    let id = id(&gateway.ask("t/plain"));
    thread::sleep(Duration::from_millis(100));
    gateway.send(&get(&id)).error(404);
}
