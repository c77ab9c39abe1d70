//! What a format is said to carry, a request in it can say.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::rc::Rc;

use serde_json::{Value, json};
use signalbox::chat::Request;
use signalbox::clock::Millis;
use signalbox::config::Config;
use signalbox::endpoint::Endpoint;
use signalbox::provider;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The bytes or the place of every attachment here.
const MARK: &str = "TWFyaw";

fn endpoint(dialect: &str) -> Rc<Endpoint> {
    let region = (dialect == "bedrock").then_some("eu-west-3");
    let config = json!({
        "role": "gateway", "anonymous": true, "providers": {"p": {"dialect": dialect, "region": region}},
        "models": [{"id": "a/b", "endpoints": [{"provider": "p", "model": "m", "price": {"prompt": 1, "completion": 1}}]}],
    });
    let Ok(Config::Gateway(gateway)) = Config::parse(config.to_string().as_bytes(), |_| None) else { panic!("{config}") };
    gateway.endpoints().next().unwrap().clone()
}

fn parts() -> Vec<Value> {
    let places = [
        format!("https://a.test/{MARK}"),
        format!("s3://bucket/{MARK}.png"),
        format!("s3://bucket/{MARK}.pdf"),
        format!("s3://bucket/{MARK}.mp4"),
        format!("data:image/png;base64,{MARK}"),
        format!("data:image/heic;base64,{MARK}"),
        format!("data:application/pdf;base64,{MARK}"),
        format!("data:text/csv;base64,{MARK}"),
        format!("data:application/zip;base64,{MARK}"),
        format!("data:video/mp4;base64,{MARK}"),
        MARK.to_owned(),
    ];
    let mut parts = vec![
        json!({"type": "input_audio", "input_audio": {"data": MARK, "format": "wav"}}),
        json!({"type": "file", "file": {"file_id": MARK}}),
    ];
    for place in &places {
        parts.push(json!({"type": "image_url", "image_url": {"url": place}}));
        parts.push(json!({"type": "file", "file": {"file_data": place, "filename": "x"}}));
        parts.push(json!({"type": "video_url", "video_url": {"url": place}}));
    }
    parts
}

/// Whether the format is said to carry the attachment, and whether it gets into the body.
fn is_said(part: &Value, endpoint: &Endpoint, role: &str) -> (bool, bool) {
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let messages = match role {
        "tool" => json!([
            {"role": "user", "content": "x"},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": [part]},
        ]),
        role => json!([{"role": role, "content": [{"type": "text", "text": "x"}, part]}]),
    };
    let body = json!({"model": "a/b", "messages": messages}).to_string();
    let request = Request::parse(body.into_bytes(), None, 3).unwrap();
    let carried = request.needs.attachments.iter().all(|attachment| endpoint.carries(attachment));
    let said = match provider::request(&request, endpoint, &Millis(0)) {
        Ok(upstream) => String::from_utf8(upstream.body.to_vec()).unwrap().contains(MARK),
        Err(_) => false,
    };
    (carried, said)
}

#[test]
fn what_is_carried_can_be_said() {
    for dialect in ["openai", "anthropic", "gemini", "bedrock", "mistral"] {
        let endpoint = endpoint(dialect);
        let mut carried = 0;
        for part in parts() {
            let text = part.to_string();
            // What is called something that its name denies is the client's fault, wherever it goes.
            let is_called = |kind: &str| part["type"] == kind;
            let odd = is_called("video_url") && !text.contains("mp4") && !text.contains("https://")
                || is_called("image_url") && (text.contains(".pdf") || text.contains("mp4"))
                || is_called("file") && (text.contains(".mp4") || text.contains(".png"));
            for role in ["user", "tool"] {
                let (is_carried, is_said) = is_said(&part, &endpoint, role);
                carried += u32::from(is_carried);
                assert!(!is_carried || is_said || odd, "{dialect} as {role}: {part}");
            }
        }
        assert!(carried >= 8, "{dialect} carries something: {carried}");
    }
}
