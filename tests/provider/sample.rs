//! What the tests of a format are made of: an endpoint that speaks it, requests to it, whole answers, and streams run to their end.

use std::rc::Rc;

use serde_json::{Value, json};
use signalbox::chat::Request;
use signalbox::clock::Millis;
use signalbox::config::Config;
use signalbox::endpoint::Endpoint;
use signalbox::provider::{self, Account, Fault, Progress};
use signalbox::usage::Usage;

use crate::openai::chunks::{Ran, assert_chunks};
use crate::openai::golden::{cost, envelope};
use crate::openai::schema::{
    Is::{self, Integer, Object, Objects, Text, Word},
    Members,
    Rule::{NotNull, Nullable, Optional, Required},
    USAGE, violations,
};

const COMPLETION: Members = &[
    ("id", Required, Text),
    ("object", Required, Word("chat.completion")),
    ("created", Required, Integer),
    ("model", Required, Text),
    ("provider", Required, Text),
    ("system_fingerprint", Nullable, Text),
    ("choices", Required, Objects(CHOICE)),
    ("usage", Required, Object(USAGE)),
];

const CHOICE: Members = &[
    ("index", Required, Integer),
    ("finish_reason", Required, Text),
    ("native_finish_reason", Required, Text),
    ("message", Required, Object(MESSAGE)),
    ("logprobs", NotNull, Object(&[("content", Required, Is::List)])),
];

const MESSAGE: Members = &[
    ("role", Required, Word("assistant")),
    ("content", Nullable, Text),
    ("reasoning", NotNull, Text),
    ("reasoning_details", NotNull, Is::List),
    ("images", NotNull, Is::List),
    ("annotations", NotNull, Is::List),
    ("refusal", Optional, Text),
    (
        "tool_calls",
        NotNull,
        Objects(&[
            ("id", Required, Text),
            ("type", Required, Word("function")),
            ("function", Required, Object(&[("name", Required, Text), ("arguments", Required, Text)])),
        ]),
    ),
];

/// An endpoint of `model` at a provider of these members, the endpoint with `more` of its own.
pub(crate) fn endpoint_with(provider: &Value, model: &str, more: &Value) -> Rc<Endpoint> {
    let mut endpoint = json!({"provider": "own", "model": model, "price": {"prompt": 1, "completion": 1}});
    endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let configuration = json!({
        "role": "gateway",
        "anonymous": true,
        "providers": {"own": provider},
        "models": [{"id": "acme/model", "endpoints": [endpoint]}],
    });
    let parsed = Config::parse(configuration.to_string().as_bytes(), |_| Some("secret".into())).unwrap();
    let Config::Gateway(gateway) = parsed else { panic!("{configuration}") };
    gateway.endpoints().next().unwrap().clone()
}

/// An endpoint of `model` at a provider of `dialect`, of which the configuration says no more than it has to.
pub(crate) fn endpoint(dialect: &str, model: &str) -> Rc<Endpoint> {
    endpoint_with(&json!({"dialect": dialect, "credential": {"env": "KEY"}}), model, &json!({}))
}

/// A request with this body.
pub(crate) fn request(body: &str) -> Request {
    Request::parse(body.as_bytes().to_vec(), None, 3).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// A request that says something, with `more` members.
pub(crate) fn ask(more: &Value) -> Request {
    let mut body = json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request(&body.to_string())
}

/// Path and body of `request` at `endpoint`.
pub(crate) fn translated(request: &Request, endpoint: &Endpoint) -> (String, String) {
    let upstream = provider::request(request, endpoint, &Millis(0)).unwrap();
    (upstream.path.into_owned(), String::from_utf8(upstream.body.to_vec()).unwrap())
}

/// The body of `request` at `endpoint`.
pub(crate) fn sent(request: &Request, endpoint: &Endpoint) -> Value {
    serde_json::from_str(&translated(request, endpoint).1).unwrap()
}

/// The whole answer `body` of `endpoint` as a client gets it, and what the provider counted.
pub(crate) fn answer(request: &Request, endpoint: &Endpoint, body: &[u8]) -> Result<(String, Option<Usage>), Fault> {
    let completion = provider::completion(endpoint, request, body, &envelope())?;
    let usage = completion.usage.unwrap_or_else(|| Usage::estimate(40, completion.output_bytes));
    let mut answer = completion.head;
    answer.extend_from_slice(b",\"usage\":");
    usage.write_openrouter(&cost(&usage), false, &mut answer);
    answer.push(b'}');
    let answer = String::from_utf8(answer).unwrap();
    assert_eq!(violations(&answer, COMPLETION), [""; 0], "{answer}");
    Ok((answer, completion.usage))
}

/// Runs a stream that comes in `pieces`.
pub(crate) fn run<'a>(request: &Request, endpoint: &Endpoint, max_event_bytes: usize, pieces: impl IntoIterator<Item = &'a [u8]>) -> Ran {
    let mut stream = provider::stream(endpoint, request, envelope(), max_event_bytes);
    let mut chunks = Vec::new();
    for piece in pieces {
        stream.feed(piece, &mut chunks);
    }
    stream.finish(&mut chunks);
    let Account { progress, usage, output_bytes, unread, .. } = stream.account().clone();
    Ran { chunks: String::from_utf8(chunks).unwrap(), usage, output_bytes, unread, progress }
}

/// Larger than any event of a transcript.
const MAX_EVENT_BYTES: usize = 4000;

/// Runs a stream whole, byte by byte and cut at every offset: all must agree.
pub(crate) fn run_however_cut(request: &Request, endpoint: &Endpoint, bytes: &[u8]) -> Ran {
    let whole = run(request, endpoint, MAX_EVENT_BYTES, [bytes]);
    assert_chunks(&whole.answer());
    assert_eq!(run(request, endpoint, MAX_EVENT_BYTES, bytes.chunks(1)), whole, "byte by byte");
    for cut in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(cut);
        assert_eq!(run(request, endpoint, MAX_EVENT_BYTES, [head, tail]), whole, "cut at {cut}");
    }
    whole
}

/// The same of server-sent events, and with other line ends.
pub(crate) fn run_in_every_way(request: &Request, endpoint: &Endpoint, stream: &str) -> Ran {
    let whole = run_however_cut(request, endpoint, stream.as_bytes());
    let lines = stream.replace("\r\n", "\n");
    for (notation, stream) in [
        ("s1: LF", lines.clone()),
        ("s1: CR", lines.replace('\n', "\r")),
        ("s1: CRLF", lines.replace('\n', "\r\n")),
        ("s3: no space", stream.replace("\ndata: ", "\ndata:")),
        ("s6: no blank line at the end", stream.trim_end().to_owned()),
        ("one blank line more", format!("{stream}\r\n")),
    ] {
        assert_eq!(run(request, endpoint, MAX_EVENT_BYTES, stream.as_bytes().chunks(7)), whole, "{notation}");
    }
    whole
}

/// The chunks.
pub(crate) fn chunks(ran: &Ran) -> Vec<Value> {
    let chunks = ran.chunks.lines().filter_map(|line| line.strip_prefix("data: "));
    chunks.map(|chunk| serde_json::from_str(chunk).unwrap()).collect()
}

/// The deltas of the chunks.
pub(crate) fn deltas(ran: &Ran) -> Vec<Value> {
    chunks(ran).iter().map(|chunk| chunk["choices"][0]["delta"].clone()).collect()
}

/// All text of the member `name` of the deltas.
pub(crate) fn text(ran: &Ran, name: &str) -> String {
    deltas(ran).iter().filter_map(|delta| delta[name].as_str()).collect()
}

/// The finish reason, OpenRouter's and the provider's, which comes in the last chunk alone.
pub(crate) fn finish(ran: &Ran) -> [String; 2] {
    let chunks = chunks(ran);
    let (last, before) = chunks.split_last().unwrap();
    assert!(before.iter().all(|chunk| chunk["choices"][0]["finish_reason"].is_null()));
    ["finish_reason", "native_finish_reason"].map(|member| last["choices"][0][member].as_str().unwrap_or_default().to_owned())
}

/// The arguments of the calls, put together from their pieces, each with the function's name.
pub(crate) fn calls(ran: &Ran) -> Vec<(String, String)> {
    let mut calls: Vec<(String, String)> = Vec::new();
    for delta in deltas(ran) {
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let index = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
            let text = |member: &str| call["function"][member].as_str().unwrap_or_default().to_owned();
            if index == calls.len() {
                calls.push((text("name"), String::new()));
            }
            calls[index].1 += &text("arguments");
        }
    }
    calls
}

/// What a provider counted of a stream that came to its end.
pub(crate) fn reported(ran: &Ran) -> Usage {
    assert_eq!(ran.progress, Progress::Done);
    ran.usage.unwrap()
}

/// What went wrong with a stream.
pub(crate) fn failure(ran: &Ran) -> &Fault {
    let Progress::Failed(fault) = &ran.progress else { panic!("{:?}", ran.progress) };
    fault
}
