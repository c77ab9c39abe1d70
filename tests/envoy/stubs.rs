//! The stub provider and the raw client, tried on each other: a test that fails for their sake would blame the module.

use std::{net::SocketAddr, thread, time::Duration};

use serde_json::json;

use super::{
    client::{self, Answer, Request, Response},
    provider::Provider,
    reply::{Ending, Reply},
    wire,
};

fn open(provider: &Provider, request: &Request) -> Answer {
    request.open(SocketAddr::from(([127, 0, 0, 1], provider.port)))
}

fn ask(provider: &Provider, model: &str) -> Response {
    open(provider, &Request::ask(model, json!({}))).finish()
}

#[test]
fn a_stub_answers_by_the_model_and_keeps_what_it_was_sent() {
    let provider = Provider::start("stub");
    provider.answers("a", wire::completion("from a"));
    provider.answers_in_turn("b", vec![Reply::error(429, "later"), wire::completion("from b")]);
    assert_eq!(ask(&provider, "a").content(), "from a");
    assert_eq!(ask(&provider, "b").status, 429);
    assert_eq!(ask(&provider, "b").content(), "from b");
    assert_eq!(provider.received("b").len(), 2);
    let received = &provider.received("a")[0];
    assert_eq!(received.path, "/api/v1/chat/completions");
    assert_eq!(received.header("authorization"), Some("Bearer sk-or-v1-test"));
    assert_eq!(received.json()["model"], "a");
}

#[test]
fn a_body_arrives_whole_however_it_is_framed() {
    let provider = Provider::start("stub");
    provider.answers("m", wire::completion("ok"));
    let request = Request::ask("m", json!({"user": "x".repeat(100_000)}));
    for request in [request.clone(), request.clone().in_chunks_of(977)] {
        assert_eq!(open(&provider, &request).finish().content(), "ok");
    }
    let received = provider.received("m");
    assert_eq!(received[0].body, received[1].body);
    assert_eq!(received[1].header("content-length"), None);
}

#[test]
fn events_are_seen_when_they_come() {
    let provider = Provider::start("stub");
    provider.answers("m", wire::stream(&["one ", "two"]).paced(Duration::from_millis(40)));
    let events = open(&provider, &Request::ask("m", json!({}))).events();
    assert!(events.windows(2).all(|pair| pair[1].at - pair[0].at > Duration::from_millis(20)), "{events:#?}");
    assert_eq!(client::text(&client::chunks(&events)), "one two");
}

#[test]
fn every_way_to_end_a_connection_is_told_apart() {
    let provider = Provider::start("stub");
    let body = wire::completion("ok");
    provider.answers("closed", body.clone().until_closed());
    provider.answers("half-closed", body.clone().until_closed().ending(Ending::HalfClose));
    provider.answers("cut", body.clone().broken_off(Ending::Close));
    provider.answers("cut-chunks", body.clone().chunked().broken_off(Ending::Close));
    provider.answers("reset", body.clone().broken_off(Ending::Reset));
    provider.answers("pieces", body.in_pieces_of(7, Duration::ZERO));
    for model in ["closed", "half-closed", "pieces"] {
        let response = ask(&provider, model);
        assert!(response.complete, "{model}");
        assert_eq!(response.content(), "ok", "{model}");
    }
    for model in ["cut", "cut-chunks", "reset"] {
        assert!(!ask(&provider, model).complete, "{model}");
    }
}

#[test]
fn a_client_that_hangs_up_is_noticed_by_a_silent_stub() {
    let provider = Provider::start("stub");
    provider.answers("m", wire::stream(&["one"]).broken_off(Ending::Silence));
    let mut answer = open(&provider, &Request::ask("m", json!({})));
    answer.event().unwrap();
    drop(answer);
    for _ in 0..100 {
        thread::sleep(Duration::from_millis(10));
        if provider.cut_off() == 1 {
            return;
        }
    }
    panic!("the stub still waits");
}
