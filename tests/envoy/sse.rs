//! The same stream in every spelling that providers use is the same stream for the client (S1–S9, S13, S16).

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    client::{self, Event},
    gateway::{Gateway, Shared, Use},
    reply::{Ending, Reply},
    setup::Setup,
    wire,
};

const TEXTS: [&str; 3] = ["héllo ", "— 世界 ", "🚂 \"quoted\\n\""];

fn canonical() -> String {
    wire::stream_events(&TEXTS).concat()
}

/// Each spelling, and the bytes of a whole stream in it.
fn spellings() -> Vec<(&'static str, Reply)> {
    let whole = canonical();
    let respelled = |from: &str, to: &str| Reply::events([whole.replace(from, to)]);
    let lines = |line: fn(&str) -> String| Reply::events([whole.split_inclusive("\n\n").map(line).collect::<String>()]);
    vec![
        ("at-once", Reply::events([whole.clone()])),
        ("crlf", respelled("\n", "\r\n")),
        ("cr", respelled("\n", "\r")),
        ("crlf-byte-by-byte", respelled("\n", "\r\n").in_pieces_of(1, Duration::ZERO)),
        ("byte-by-byte", Reply::events([whole.clone()]).in_pieces_of(1, Duration::ZERO)),
        ("seven-bytes", Reply::events([whole.clone()]).in_pieces_of(7, Duration::from_millis(1))),
        ("no-space", respelled("data: ", "data:")),
        ("bom", Reply::events([format!("\u{feff}{whole}")])),
        ("comments", lines(|event| format!(": keep-alive\n\n{event}:\n\n"))),
        ("comment-lines", lines(|event| format!(": inside\n{event}"))),
        ("empty-lines", lines(|event| format!("\n\n\n{event}\n"))),
        ("ids", lines(|event| format!("id: 7\nevent: message\nretry: 1000\n{event}"))),
        ("no-colon", lines(|event| format!("foo\nbar: 1\n{event}"))),
        ("empty-data", lines(|event| format!("data\n\ndata:\n\ndata: \n\n{event}"))),
        ("several-data-lines", lines(|event| event.replace(",\"choices\"", ",\ndata: \"choices\""))),
        ("no-last-empty-line", Reply::events([whole.trim_end().to_owned()])),
        ("no-last-line-end", Reply::events([whole.trim_end().to_owned()]).until_closed()),
        ("no-done", Reply::events([whole.replace("data: [DONE]\n\n", "")])),
        ("no-done-no-line-end", Reply::events([whole.replace("\n\ndata: [DONE]\n\n", "")])),
        ("done-with-space", respelled("[DONE]", "[DONE] ")),
        ("http-1.0", Reply::events([whole.clone()]).until_closed()),
        ("half-closed", Reply::events([whole.clone()]).until_closed().ending(Ending::HalfClose)),
        ("content-length", Reply::new(200, "text/event-stream", whole.clone())),
        ("upper-case-type", Reply::events([whole.clone()]).header("content-type", "Text/Event-Stream;Charset=UTF-8")),
        ("large-pieces", Reply::events([whole]).in_pieces_of(700, Duration::from_millis(5))),
    ]
}

static GATEWAY: Shared = Shared::new(|| {
    let ids: Vec<String> = spellings().iter().map(|(name, _)| format!("t/{name}")).chain(["t/alive".into()]).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    Gateway::start(Setup::new().providers(&["first"]).models(&ids, &["first"]))
});

/// What a client makes of a stream: its chunks, without what differs from request to request.
fn meaning(events: &[Event]) -> Vec<Value> {
    let mut chunks = client::chunks(events);
    for chunk in &mut chunks {
        for member in ["id", "model", "created"] {
            chunk[member] = Value::Null;
        }
    }
    chunks
}

#[test]
fn s1_s2_s3_s4_s6_s7_s8_s9_every_spelling_means_the_same() {
    let gateway = Use::of(&GATEWAY);
    let mut expected = None;
    for (name, reply) in spellings() {
        gateway.provider("first").answers(name, reply);
        let answer = gateway.ask_streamed(&format!("t/{name}"));
        assert_eq!(answer.status, 200, "{name}");
        let events = answer.events();
        let chunks = meaning(&events);
        assert_eq!(client::text(&chunks), TEXTS.concat(), "{name}");
        let kept = events.iter().filter(|event| event.text.starts_with("event: message\nid: 7\nretry: 1000\ndata: {")).count();
        assert_eq!(kept > 0, name == "ids", "{name}: the other fields are kept: {events:#?}");
        assert_eq!(client::usage(&chunks)["completion_tokens"], wire::OUTPUT_TOKENS, "{name}");
        assert_eq!(&chunks, expected.get_or_insert_with(|| chunks.clone()), "{name}");
        let model = format!("t/{name}");
        gateway.assert_counts("signalbox_tokens_total", &[("gen_ai_request_model", &model)], wire::INPUT_TOKENS + wire::OUTPUT_TOKENS);
    }
}

/// S5: without them a client takes a long pause for a dead connection.
#[test]
fn s5_keep_alives_reach_the_client() {
    let gateway = Use::of(&GATEWAY);
    let mut pieces = wire::stream_events(&["one", "two"]);
    pieces.insert(2, ": keep-alive\n\n".into());
    gateway.provider("first").answers("alive", Reply::events(pieces).pause_before(3, Duration::from_millis(400)));
    let events = gateway.ask_streamed("t/alive").events();
    let comment = events.iter().find(|event| event.text.starts_with(':')).unwrap_or_else(|| panic!("{events:#?}"));
    let two = events.iter().find(|event| event.text.contains("two")).unwrap();
    assert!(two.at - comment.at > Duration::from_millis(200), "the comment came late");
    assert_eq!(client::chunks(&events)[0]["choices"][0]["delta"]["role"], json!("assistant"));
}
