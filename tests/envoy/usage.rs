//! Usage, wherever a provider hides it, and an estimate that says so where there is none.

use serde_json::{Value, json};

use super::{
    client,
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    setup::Setup,
    wire,
};

const HIDING: [&str; 6] = ["groq", "choice", "every-chunk", "finish-chunk", "twice", "null-after"];

static GATEWAY: Shared = Shared::new(|| {
    let mut ids: Vec<String> = HIDING.iter().map(|name| format!("t/{name}")).collect();
    ids.extend(["t/none", "t/none-streamed", "t/null", "t/zero", "t/deepseek", "t/odd", "t/only-output"].map(String::from));
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    Gateway::start(Setup::new().providers(&["first"]).models(&ids, &["first"]))
});

fn chunk(delta: Value, finish: Value, members: Value) -> String {
    let mut chunk = wire::chunk(delta, finish);
    let object = chunk.as_object_mut().unwrap();
    object.remove("usage");
    object.extend(members.as_object().unwrap().clone());
    wire::event(chunk)
}

/// Streams that all say 19 tokens in and 10 out.
fn hidden(name: &str) -> Vec<String> {
    let text = |members: Value| chunk(json!({"content": "four words are here"}), Value::Null, members);
    let finish = |members: Value| chunk(json!({}), json!("stop"), members);
    let done = wire::event("[DONE]");
    let partial = |output: u64| json!({"usage": wire::usage_of(wire::INPUT_TOKENS, output)});
    match name {
        "groq" => vec![text(json!({})), finish(json!({"x_groq": {"id": "req_1", "usage": wire::usage()}})), done],
        "choice" => {
            let mut last = wire::chunk(json!({}), json!("stop"));
            last["choices"][0]["usage"] = wire::usage();
            vec![text(json!({})), wire::event(last), done]
        }
        // T10: cumulative; the last counts, not the sum.
        "every-chunk" => vec![text(partial(1)), text(partial(5)), finish(partial(10)), done],
        "finish-chunk" => vec![text(json!({"usage": null})), finish(json!({"usage": wire::usage()})), done],
        "twice" => vec![text(json!({})), finish(json!({"usage": wire::usage()})), wire::event(wire::usage_chunk(wire::usage())), done],
        // T9: null does not take a value back.
        "null-after" => {
            vec![text(json!({})), finish(json!({"usage": wire::usage()})), chunk(json!({}), Value::Null, json!({"usage": null})), done]
        }
        _ => panic!("{name}"),
    }
}

#[test]
fn t10_usage_is_found_wherever_it_hides() {
    let gateway = Use::of(&GATEWAY);
    for name in HIDING {
        gateway.provider("first").answers(name, Reply::events(hidden(name)));
        let chunks = client::chunks(&gateway.ask_streamed(&format!("t/{name}")).events());
        let usage = client::usage(&chunks);
        assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"]), (&json!(19), &json!(10)), "{name}");
        assert!(client::text(&chunks).starts_with("four words"), "{name}");
        let id = format!("t/{name}");
        let model = ("gen_ai_request_model", id.as_str());
        gateway.assert_counts("signalbox_tokens_total", &[model, ("gen_ai_token_type", "output")], wire::OUTPUT_TOKENS);
        assert_eq!(gateway.samples().sum("signalbox_estimated_usage_total", &[model]), 0, "{name}");
    }
}

/// T77: DeepSeek counts hits and misses of its cache beside the total.
#[test]
fn t77_deepseeks_cache_hits_are_cached_tokens() {
    let gateway = Use::of(&GATEWAY);
    let mut body = wire::completion_body("ok");
    body["usage"] = json!({
        "prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29, "prompt_cache_hit_tokens": 12, "prompt_cache_miss_tokens": 7
    });
    gateway.provider("first").answers("deepseek", Reply::json(200, &body));
    let usage = gateway.ask("t/deepseek").json()["usage"].clone();
    assert_eq!(usage["prompt_tokens_details"]["cached_tokens"], 12, "{usage:#}");
    gateway.assert_counts("signalbox_tokens_total", &[("gen_ai_request_model", "t/deepseek"), ("gen_ai_token_type", "cache_read")], 12);
}

fn assert_estimated(gateway: &Gateway, id: &str, usage: &Value, words: u64) {
    let (input, output) = (usage["prompt_tokens"].as_u64().unwrap(), usage["completion_tokens"].as_u64().unwrap());
    assert!((1..=40).contains(&input), "{id}: {input} tokens asked");
    assert!((words / 2..=words * 3).contains(&output), "{id}: {output} tokens for {words} words");
    assert_eq!(usage["total_tokens"].as_u64(), Some(input + output), "{id}");
    assert!(usage["cost"].as_f64().unwrap() > 0.0, "{id}: {usage}");
    gateway.assert_counts("signalbox_estimated_usage_total", &[("gen_ai_request_model", id)], 1);
}

#[test]
fn a_missing_usage_is_estimated_and_says_so() {
    let gateway = Use::of(&GATEWAY);
    let words = 200;
    let text = "several plain words ".repeat(words / 3 + 1);
    for (name, usage) in [("none", None), ("null", Some(Value::Null))] {
        let mut body = wire::completion_body(&text);
        body.as_object_mut().unwrap().remove("usage");
        if let Some(usage) = usage {
            body["usage"] = usage;
        }
        gateway.provider("first").answers(name, Reply::json(200, &body));
        let id = format!("t/{name}");
        assert_estimated(&gateway, &id, &gateway.ask(&id).json()["usage"], words as u64);
    }
    let mut events = wire::stream_events(&vec!["several plain words "; words / 3]);
    events.remove(events.len() - 2);
    gateway.provider("first").answers("none-streamed", Reply::events(events));
    let chunks = client::chunks(&gateway.ask_streamed("t/none-streamed").events());
    assert_estimated(&gateway, "t/none-streamed", &client::usage(&chunks), words as u64);
}

#[test]
fn an_odd_usage_breaks_nothing() {
    let gateway = Use::of(&GATEWAY);
    for usage in [
        json!("none"),
        json!([]),
        json!({}),
        json!({"prompt_tokens": -5, "completion_tokens": "many", "total_tokens": 1e300}),
        json!({"prompt_tokens": 1.0, "completion_tokens": 2.5}),
        json!({"prompt_tokens": u64::MAX, "completion_tokens": u64::MAX, "total_tokens": u64::MAX}),
        json!({"prompt_tokens": 5, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 50}, "completion_tokens_details": {"reasoning_tokens": 50}}),
        json!({"prompt_tokens": 5, "completion_tokens": 5, "prompt_tokens_details": [], "completion_tokens_details": 7}),
    ] {
        let mut body = wire::completion_body("ok");
        body["usage"] = usage.clone();
        gateway.provider("first").answers("odd", Reply::json(200, &body));
        let answer = gateway.ask("t/odd");
        assert_eq!(answer.content(), "ok", "{usage}");
        assert!(answer.json()["usage"]["cost"].as_f64().is_some_and(|cost| cost >= 0.0), "{usage}: {}", answer.text());
    }
}
