//! A client that hangs up: the provider is let go, what the client saw is charged, and nothing stays behind.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    reply::{Ending, Reply},
    setup::Setup,
    wire,
};

const NAMES: [&str; 8] = ["midway", "early", "plain", "late", "healed", "completions", "responses", "messages"];

static GATEWAY: Shared = Shared::new(|| {
    let price = json!({"prompt": 1, "completion": 2});
    let setup = Setup::new().providers(&NAMES);
    Gateway::start(NAMES.iter().fold(setup, |setup, name| setup.priced(&format!("t/{name}"), name, price.clone())))
});

fn assert_let_go(gateway: &Gateway, name: &str) {
    let model = [("gen_ai_request_model", &*format!("t/{name}"))];
    let settled = |n: u64| gateway.samples_when(|samples| samples.sum("signalbox_attempts_total", &model) >= n);
    settled(1);
    for _ in 0..200 {
        if gateway.provider(name).cut_off() == 1 {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the provider is still connected");
}

/// C4, S15: the usage never came, so what was seen is estimated and labelled so.
#[test]
fn c4_s15_a_stream_left_midway_is_charged_for_what_was_seen() {
    let gateway = Use::of(&GATEWAY);
    let texts: Vec<String> = (0..200).map(|n| format!("word number {n} ")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    gateway.provider("midway").answers("midway", wire::stream(&texts).paced(Duration::from_millis(50)));
    let cancelled = gateway.samples().sum("signalbox_cancelled_total", &[]);

    let mut answer = gateway.ask_streamed("t/midway");
    for _ in 0..8 {
        answer.event().unwrap();
    }
    drop(answer);

    assert_let_go(&gateway, "midway");
    let model = ("gen_ai_request_model", "t/midway");
    gateway.assert_counts("signalbox_estimated_usage_total", &[model], 1);
    let samples = gateway.samples();
    assert!(samples.sum("signalbox_cancelled_total", &[]) > cancelled);
    let of = |kind: &str| samples.sum("signalbox_tokens_total", &[model, ("gen_ai_token_type", kind)]);
    let (input, output) = (of("input"), of("output"));
    assert!((1..=30).contains(&input), "about 5 tokens were asked, {input} are charged");
    assert!((5..=120).contains(&output), "about 7 times 4 tokens were seen, {output} are charged");
    assert_eq!(samples.sum("signalbox_cost_nano_usd_total", &[model]), input * 1000 + output * 2000);
}

#[test]
fn s15_a_client_that_leaves_before_the_first_token_pays_nothing() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("early").answers("early", Reply::silence());
    gateway
        .provider("plain")
        .answers("plain", wire::completion("too late").pause_before(0, Duration::from_secs(30)).ending(Ending::Silence));
    for (name, stream) in [("early", true), ("plain", false)] {
        let id = format!("t/{name}");
        let before = gateway.samples().sum("signalbox_cancelled_total", &[]);
        leave_after(&gateway, CHAT, &asked(&id, json!({"stream": stream})), Duration::from_millis(300));
        let samples = gateway.samples_when(|samples| samples.sum("signalbox_cancelled_total", &[]) > before);
        assert!(samples.sum("signalbox_cancelled_total", &[]) > before, "{name}");
        assert_eq!(samples.sum("signalbox_cost_nano_usd_total", &[("gen_ai_request_model", &id)]), 0, "{name}");
    }
}

pub const CHAT: &str = "/api/v1/chat/completions";

/// A request to `id` with `more` members.
pub fn asked(id: &str, more: Value) -> Value {
    let mut body = json!({"model": id, "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// Sends a request and hangs up without waiting for an answer.
pub fn leave_after(gateway: &Gateway, path: &str, body: &Value, wait: Duration) {
    use std::{io::Write, net::TcpStream, thread};
    let body = body.to_string();
    let mut connection = TcpStream::connect(gateway.address).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        super::client::KEY,
        body.len()
    );
    connection.write_all((head + &body).as_bytes()).unwrap();
    thread::sleep(wait);
}

/// What is held back to be healed has cost the provider something, but the client has seen none of it.
#[test]
fn a_client_that_leaves_while_json_is_waited_for_pays_nothing() {
    let gateway = Use::of(&GATEWAY);
    let answer = wire::completion("{\"a\": 1,").pause_before(0, Duration::from_secs(30)).ending(Ending::Silence);
    gateway.provider("healed").answers("healed", answer);
    let body = asked(
        "t/healed",
        json!({"plugins": [{"id": "response-healing"}, {"id": "context-compression"}], "response_format": {"type": "json_object"}}),
    );
    let before = gateway.samples().sum("signalbox_cancelled_total", &[]);
    leave_after(&gateway, CHAT, &body, Duration::from_millis(300));
    let samples = gateway.samples_when(|samples| samples.sum("signalbox_cancelled_total", &[]) > before);
    assert!(samples.sum("signalbox_cancelled_total", &[]) > before);
    gateway.assert_idle();
    assert_eq!(samples.sum("signalbox_cost_nano_usd_total", &[("gen_ai_request_model", "t/healed")]), 0);
}

#[test]
fn a_stream_of_another_api_left_midway_is_charged_for_what_was_seen() {
    let gateway = Use::of(&GATEWAY);
    let texts: Vec<String> = (0..200).map(|n| format!("word number {n} ")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for (name, member, input) in [
        ("completions", "prompt", json!("hi")),
        ("responses", "input", json!("hi")),
        ("messages", "messages", json!([{"role": "user", "content": "hi"}])),
    ] {
        gateway.provider(name).answers(name, wire::stream(&texts).paced(Duration::from_millis(50)));
        let body = json!({"model": format!("t/{name}"), "stream": true, "max_tokens": 500, member: input});
        let mut answer = gateway.open(&Request::chat(body.to_string()).path(&format!("/api/v1/{name}")));
        for _ in 0..8 {
            answer.event().unwrap();
        }
        drop(answer);
        assert_let_go(&gateway, name);
        let model = format!("t/{name}");
        let model = ("gen_ai_request_model", &*model);
        gateway.assert_counts("signalbox_estimated_usage_total", &[model], 1);
        let samples = gateway.samples();
        let output = samples.sum("signalbox_tokens_total", &[model, ("gen_ai_token_type", "output")]);
        assert!((1..=120).contains(&output), "{name}: about 5 times 4 tokens were seen, {output} are charged");
    }
    gateway.assert_idle();
}

/// A client that closes after `[DONE]` has everything: its usage is the provider's.
#[test]
fn a_client_that_leaves_at_the_end_did_not_cancel() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("late").answers("late", wire::stream(&["all"]));
    let mut answer = gateway.ask_streamed("t/late");
    while !answer.event().unwrap().is_done() {}
    drop(answer);
    let model = ("gen_ai_request_model", "t/late");
    gateway.assert_counts("signalbox_tokens_total", &[model, ("gen_ai_token_type", "output")], wire::OUTPUT_TOKENS);
    assert_eq!(gateway.samples().sum("signalbox_estimated_usage_total", &[model]), 0);
}
