//! S11: a provider that compresses although it was not asked to.

use serde_json::json;

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared =
    Shared::new(|| Gateway::start(Setup::new().providers(&["first"]).models(&["t/json", "t/stream", "t/lie"], &["first"])));

/// A gzip file whose deflate stream is one stored block.
fn gzip(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1];
    file.extend(length.to_le_bytes());
    file.extend((!length).to_le_bytes());
    file.extend(data);
    file.extend((!crc).to_le_bytes());
    file.extend(u32::from(length).to_le_bytes());
    file
}

#[test]
fn s11_a_compressed_answer_passes_or_is_decoded() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("first");
    let body = wire::completion_body("pressed").to_string().into_bytes();
    let events = wire::stream_events(&["pressed"]).concat().into_bytes();
    for (model, kind, plain) in [("json", "application/json", body), ("stream", "text/event-stream", events)] {
        let pressed = gzip(&plain);
        provider.answers(model, Reply::new(200, kind, pressed.clone()).header("content-encoding", "gzip"));
        let request = Request::ask(&format!("t/{model}"), json!({"stream": model == "stream"})).header("accept-encoding", "gzip");
        let response = gateway.send(&request);
        assert_eq!(response.status, 200, "{}", response.text());
        assert!(response.complete, "{model}");
        match response.header("content-encoding") {
            Some(encoding) => {
                assert_eq!(encoding, "gzip");
                assert!(response.body == pressed, "{model} was changed under its encoding");
            }
            None => assert!(response.text().contains("pressed"), "{model}: {}", response.text()),
        }
        assert_eq!(provider.received(model)[0].header("accept-encoding"), None, "{model}");
        let id = format!("t/{model}");
        gateway.assert_counts("signalbox_attempts_total", &[("gen_ai_request_model", &id), ("outcome", "accepted")], 1);
    }
}

#[test]
fn identity_is_no_compression() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("lie", wire::completion("plain").header("content-encoding", "identity"));
    let response = gateway.ask("t/lie");
    assert_eq!(response.content(), "plain");
    assert_eq!(response.json()["model"], "t/lie");
}
