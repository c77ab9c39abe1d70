//! HTTP/2 on both sides: most providers speak it, and clients in the mesh do.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use super::{
    gateway::{Gateway, root},
    provider::Provider,
    setup::Setup,
    wire,
};

const SCRIPT: &str = "tests/clients/http2.mjs";

struct Http2Provider {
    process: Child,
    port: u16,
}

impl Http2Provider {
    fn start() -> Self {
        let mut process =
            Command::new("node").arg(root().join(SCRIPT)).arg("provide").stdout(Stdio::piped()).spawn().expect("node is on the path");
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { process, port: port.trim().parse().expect("the provider says its port") }
    }
}

impl Drop for Http2Provider {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn ask(gateway: &Gateway, model: &str, stream: bool) -> Value {
    ask_with(gateway, model, stream, "without-trailers")
}

fn ask_with(gateway: &Gateway, model: &str, stream: bool, trailers: &str) -> Value {
    let body = json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi"}]}).to_string();
    let arguments = ["ask", &gateway.address.to_string(), &body, trailers];
    let output = Command::new("node").arg(root().join(SCRIPT)).args(arguments).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

struct Modern {
    gateway: Gateway,
    _provider: Http2Provider,
}

/// A gateway whose first provider speaks HTTP/2.
fn start() -> Modern {
    let provider = Http2Provider::start();
    let setup = Setup::new()
        .provider(Provider::at("modern", provider.port), json!({"host": "modern.test", "credential": {"env": "MODERN_KEY"}}))
        .env("MODERN_KEY", "sk-modern")
        .http2("modern")
        .providers(&["plain"])
        .models(&["t/answers", "t/trailers"], &["modern"])
        .models(&FAILING, &["modern", "plain"]);
    Modern { gateway: Gateway::start(setup), _provider: provider }
}

const FAILING: [&str; 4] = ["t/busy", "t/reset", "t/refused", "t/gone"];

fn assert_answered(answer: &Value, id: &str) {
    assert_eq!(answer["status"], 200, "{answer:#}");
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["choices"][0]["message"]["content"], "over HTTP/2");
    assert_eq!(body["model"], id);
    assert_eq!(answer["headers"]["x-generation-id"], body["id"]);
}

fn assert_streamed(answer: &Value) {
    assert_eq!(answer["status"], 200, "{answer:#}");
    let text = answer["body"].as_str().unwrap();
    assert!(text.contains("\"content\":\"over \"") && text.ends_with("data: [DONE]\n\n"), "{text}");
    assert_eq!(text.matches("\"cost\":").count(), 1, "{text}");
}

#[test]
fn http2_works_on_both_sides() {
    let modern = start();
    assert_answered(&ask(&modern.gateway, "t/answers", false), "t/answers");
    assert_streamed(&ask(&modern.gateway, "t/answers", true));
}

/// The end of a body is then not in the body.
#[test]
fn a_message_may_end_with_trailers() {
    let modern = start();
    assert_answered(&ask(&modern.gateway, "t/trailers", false), "t/trailers");
    assert_streamed(&ask(&modern.gateway, "t/trailers", true));
    for model in ["t/answers", "t/trailers"] {
        assert_answered(&ask_with(&modern.gateway, model, false, "with-trailers"), model);
        assert_streamed(&ask_with(&modern.gateway, model, true, "with-trailers"));
    }
}

#[test]
fn what_fails_in_http2_falls_back_too() {
    let modern = start();
    let plain = modern.gateway.provider("plain");
    for id in FAILING {
        for (stream, reply) in [(false, wire::completion("saved")), (true, wire::stream(&["saved"]))] {
            plain.answers(&id[2..], reply);
            let answer = ask(&modern.gateway, id, stream);
            assert!(answer["body"].as_str().unwrap().contains("saved"), "{id}: {answer:#}");
        }
    }
}
