//! A streamed answer has to begin in time; once it has, it may take as long as it likes.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    reply::{Ending, Reply},
    setup::Setup,
    wire,
};

const LIMIT: Duration = Duration::from_secs(1);

static GATEWAY: Shared = Shared::new(|| {
    let ids = ["t/silent", "t/comments", "t/role", "t/slow", "t/plain", "t/tool", "t/reasoning"];
    let setup = Setup::new().with("defaults", json!({"first_token_timeout": "1s", "response_timeout": "10s"}));
    let gateway = Gateway::start(setup.providers(&["first", "second"]).models(&ids, &["first", "second"]));
    for id in ids {
        gateway.provider("second").answers(super::setup::upstream_name(id), wire::stream(&["second"]));
    }
    gateway
});

/// The text of a stream and when its first content came.
fn stream(gateway: &Gateway, model: &str) -> (String, Duration) {
    let events = gateway.ask_streamed(model).events();
    let first = events.iter().find(|event| event.text.contains("\"content\":\"s")).map(|event| event.at);
    (client::text(&client::chunks(&events)), first.unwrap_or_default())
}

fn assert_left_in_time(gateway: &Gateway, model: &str, reply: Reply) {
    gateway.provider("first").answers(model, reply);
    let (text, first) = stream(gateway, &format!("t/{model}"));
    assert_eq!(text, "second", "{model}");
    assert!(first >= LIMIT - Duration::from_millis(100) && first < LIMIT + Duration::from_millis(1500), "{model}: {first:?}");
}

#[test]
fn a_provider_that_does_not_begin_is_left() {
    let gateway = Use::of(&GATEWAY);
    assert_left_in_time(&gateway, "silent", Reply::silence());
    let timeouts = [("gen_ai_request_model", "t/silent"), ("error_type", "timeout")];
    gateway.assert_counts("signalbox_fallbacks_total", &timeouts, 1);
}

/// C17: comments and a chunk with nothing but a role are signs of life, not the answer.
#[test]
fn c17_keep_alives_do_not_count_as_a_beginning() {
    let gateway = Use::of(&GATEWAY);
    let comments = vec![": OPENROUTER PROCESSING\n\n"; 40];
    assert_left_in_time(&gateway, "comments", Reply::events(comments).paced(Duration::from_millis(200)));
    let role = wire::stream_events(&[]).remove(0);
    assert_left_in_time(&gateway, "role", Reply::events([role]).broken_off(Ending::Silence));
}

#[test]
fn a_stream_that_began_is_not_cut() {
    let gateway = Use::of(&GATEWAY);
    let slow = wire::stream(&["slow ", "but ", "sure"]).pause_before(1, Duration::from_millis(300)).pause_before(2, LIMIT * 2);
    gateway.provider("first").answers("slow", slow.pause_before(4, LIMIT * 2));
    let (text, first) = stream(&gateway, "t/slow");
    assert_eq!(text, "slow but sure");
    assert!(first < LIMIT, "held back: {first:?}");
}

#[test]
fn t17_a_tool_call_or_reasoning_is_a_beginning_too() {
    let gateway = Use::of(&GATEWAY);
    let call = json!({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]});
    for (model, delta) in [("tool", call), ("reasoning", json!({"reasoning_content": "Hm"}))] {
        let mut events = wire::stream_events(&["later"]);
        events.insert(1, wire::event(wire::chunk(delta, Value::Null)));
        gateway.provider("first").answers(model, Reply::events(events).pause_before(2, LIMIT * 2));
        assert_eq!(stream(&gateway, &format!("t/{model}")).0, "later", "{model}");
    }
}

/// The limit is for the first token of a stream; a plain answer has the whole response timeout.
#[test]
fn a_plain_answer_may_take_longer() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("plain", wire::completion("worth it").pause_before(0, LIMIT * 2));
    let response = gateway.send(&Request::ask("t/plain", json!({})));
    assert_eq!(response.content(), "worth it");
}
