//! A streamed completion.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let setup = Setup::new()
        .providers(&["first"])
        .provider(Provider::start("plain"), json!({"stream_options": false}))
        .models(&["t/stream", "t/paced", "t/asks", "t/many", "t/wide", "t/thousands"], &["first"])
        .models(&["t/plain"], &["plain"]);
    Gateway::start(setup)
});

#[test]
fn a_stream_is_text_then_usage_then_done() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("stream", wire::stream(&["Once ", "upon ", "a time — 世界"]));
    let answer = gateway.ask_streamed("t/stream");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type").unwrap().split(';').next(), Some("text/event-stream"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("content-length"), None);
    let generation = answer.header("x-generation-id").expect("x-generation-id").to_owned();

    let chunks = client::chunks(&answer.events());
    assert_eq!(client::text(&chunks), "Once upon a time — 世界");
    let usage = client::usage(&chunks);
    assert_eq!(usage["prompt_tokens"], wire::INPUT_TOKENS);
    assert_eq!(usage["completion_tokens"], wire::OUTPUT_TOKENS);
    assert!(chunks.iter().all(|chunk| chunk["id"] == *generation && chunk["model"] == "t/stream" && chunk["provider"] == "first"));
    assert_eq!(chunks.last().unwrap()["choices"], json!([]));
    let finished = chunks.iter().filter(|chunk| chunk["choices"][0]["finish_reason"] == "stop").count();
    assert_eq!(finished, 1);
}

#[test]
fn events_are_passed_on_as_they_come() {
    let gateway = Use::of(&GATEWAY);
    let pause = Duration::from_millis(150);
    gateway.provider("first").answers("paced", wire::stream(&["one ", "two ", "three"]).paced(pause));
    let events = gateway.ask_streamed("t/paced").events();
    let of = |text: &str| events.iter().find(|event| event.text.contains(text)).unwrap().at;
    for (earlier, later) in [("one ", "two "), ("two ", "three"), ("three", "[DONE]")] {
        assert!(of(later) - of(earlier) > pause / 2, "{later} came with {earlier}: {events:#?}");
    }
}

/// C1: usage is asked from the provider, whatever the client said about it, and delivered once.
#[test]
fn t11_c1_usage_comes_whether_or_not_the_client_asked_for_it() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("first");
    provider.answers("asks", wire::stream(&["ok"]));
    for options in [
        json!({}),
        json!({"stream_options": null}),
        json!({"stream_options": {}}),
        json!({"stream_options": {"include_usage": false}}),
        json!({"stream_options": {"include_usage": true}}),
        json!({"stream_options": {"include_obfuscation": false}}),
        json!({"usage": {"include": true}}),
    ] {
        let mut body = options.clone();
        body["stream"] = true.into();
        let chunks = client::chunks(&gateway.open(&Request::ask("t/asks", body)).events());
        assert_eq!(client::usage(&chunks)["completion_tokens"], wire::OUTPUT_TOKENS, "{options}");
        let sent = provider.received("asks").pop().unwrap().json();
        assert_eq!(sent["stream_options"]["include_usage"], true, "{options}");
        assert_eq!(sent["stream_options"]["include_obfuscation"], options["stream_options"]["include_obfuscation"], "{options}");
        assert_eq!(sent.get("usage"), None, "{options}");
    }
}

/// T13: some compatibles refuse `stream_options`, and every provider refuses it where nothing is streamed.
#[test]
fn t13_stream_options_reach_only_who_accepts_them() {
    let gateway = Use::of(&GATEWAY);
    let plain = gateway.provider("plain");
    plain.answers("plain", wire::stream(&["ok"]));
    let request = Request::ask("t/plain", json!({"stream": true, "stream_options": {"include_usage": true}}));
    assert_eq!(client::text(&client::chunks(&gateway.open(&request).events())), "ok");
    assert_eq!(plain.received("plain")[0].json().get("stream_options"), None);

    let first = gateway.provider("first");
    first.answers("many", wire::completion("ok"));
    gateway.ask("t/many");
    gateway.send(&Request::ask("t/many", json!({"stream": false, "stream_options": {"include_usage": true}})));
    for request in first.received("many") {
        assert_eq!(request.json().get("stream_options"), None);
    }
}

/// The client reads nothing until the provider has sent megabytes: Envoy has to hold the provider back, and no event may be lost.
#[test]
fn a_slow_reader_gets_every_event() {
    let gateway = Use::of(&GATEWAY);
    let texts: Vec<String> = (0..20_000).map(|n| format!("{n} ")).collect();
    let whole = wire::stream_events(&texts.iter().map(String::as_str).collect::<Vec<_>>()).concat();
    gateway.provider("first").answers("thousands", super::reply::Reply::events([whole]).in_pieces_of(50_000, Duration::ZERO));
    let answer = gateway.ask_streamed("t/thousands");
    std::thread::sleep(Duration::from_millis(500));
    let chunks = client::chunks(&answer.events());
    assert!(client::text(&chunks) == texts.concat(), "{} chunks", chunks.len());
    assert_eq!(client::usage(&chunks)["completion_tokens"], wire::OUTPUT_TOKENS);
}

/// T14: chunks of several choices interleave.
#[test]
fn t14_choices_are_kept_apart() {
    let gateway = Use::of(&GATEWAY);
    let of = |index: u64, text: &str| {
        let mut chunk = wire::text_chunk(text);
        chunk["choices"][0]["index"] = index.into();
        wire::event(chunk)
    };
    let both = {
        let mut chunk = wire::chunk(json!({}), json!("stop"));
        let mut second = chunk["choices"][0].clone();
        second["index"] = 1.into();
        second["finish_reason"] = "length".into();
        chunk["choices"].as_array_mut().unwrap().push(second);
        wire::event(chunk)
    };
    let events =
        [of(0, "a"), of(1, "x"), of(0, "b"), of(1, "y"), both, wire::event(wire::usage_chunk(wire::usage())), wire::event("[DONE]")];
    gateway.provider("first").answers("wide", super::reply::Reply::events(events));
    let chunks = client::chunks(&gateway.ask_streamed("t/wide").events());
    let choices: Vec<&Value> = chunks.iter().flat_map(|chunk| chunk["choices"].as_array().unwrap()).collect();
    let text = |index: u64| -> String {
        let own = choices.iter().filter(|choice| choice["index"] == index);
        own.filter_map(|choice| choice["delta"]["content"].as_str()).collect()
    };
    assert_eq!((text(0).as_str(), text(1).as_str()), ("ab", "xy"));
    let finish = |index: u64| choices.iter().filter(|choice| choice["index"] == index).find_map(|choice| choice["finish_reason"].as_str());
    assert_eq!((finish(0), finish(1)), (Some("stop"), Some("length")));
}
