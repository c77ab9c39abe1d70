//! What the tests of the format are made of: an endpoint, requests, streams run to their end, and expected answers in files, which
//! `UPDATE_GOLDEN=1 cargo test` writes anew.

use std::rc::Rc;

use serde_json::json;
use signalbox::chat::{Envelope, Request};
use signalbox::clock::Millis;
use signalbox::config::Config;
use signalbox::endpoint::Endpoint;
use signalbox::error::{Error, ProviderError};
use signalbox::fallback::client_status;
use signalbox::json::Scanner;
use signalbox::price::Cost;
use signalbox::provider::{self, Account, Fault, Progress};
use signalbox::usage::Usage;

pub(crate) fn envelope() -> Envelope {
    Envelope::new("gen-1779474931-w20BCAngQY7SOa9Zs5L4", "Anthropic", "anthropic/claude", 1_779_474_931)
}

/// An endpoint of this model at Anthropic; `claude-limited` has limits.
pub(crate) fn endpoint(model: &str) -> Rc<Endpoint> {
    let mut endpoint = json!({"provider": "anthropic", "model": model, "price": {"prompt": 1, "completion": 1}});
    if model == "claude-limited" {
        endpoint["max_completion_tokens"] = json!(16_000);
        endpoint["supported_parameters"] = json!(["max_tokens"]);
    }
    let config = json!({
        "role": "gateway", "anonymous": true, "providers": {"anthropic": {"dialect": "anthropic"}},
        "models": [{"id": "anthropic/claude", "endpoints": [endpoint]}],
    });
    let Ok(Config::Gateway(gateway)) = Config::parse(config.to_string().as_bytes(), |_| None) else { panic!("{config}") };
    gateway.endpoints().next().unwrap().clone()
}

pub(crate) fn request(body: &str) -> Request {
    Request::parse(body.as_bytes().to_vec(), None, 3).unwrap()
}

/// The body that goes to `model`.
pub(crate) fn body(request: &Request, model: &str) -> String {
    let endpoint = endpoint(model);
    let upstream = provider::request(request, &endpoint, &Millis(0)).unwrap();
    String::from_utf8(upstream.body.to_vec()).unwrap()
}

/// The whole answer as a client gets it.
pub(crate) fn answer(body: &[u8], request: &Request) -> Result<(String, Option<Usage>), Fault> {
    let completion = provider::completion(&endpoint("claude"), request, body, &envelope())?;
    let usage = completion.usage.unwrap_or_else(|| Usage::estimate(40, completion.output_bytes));
    let mut answer = completion.head;
    answer.extend_from_slice(b",\"usage\":");
    usage.write_openrouter(&Cost::default(), false, &mut answer);
    answer.push(b'}');
    assert_json(&answer);
    Ok((String::from_utf8(answer).unwrap(), completion.usage))
}

pub(crate) fn run(stream: &str, request: &Request) -> (String, Account) {
    run_in_pieces([stream.as_bytes()], request)
}

/// The chunks of a stream that comes in these pieces, each of them JSON, and what it came to.
pub(crate) fn run_in_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, request: &Request) -> (String, Account) {
    let mut stream = provider::stream(&endpoint("claude"), request, envelope(), 1 << 20);
    let mut out = Vec::new();
    for piece in pieces {
        stream.feed(piece, &mut out);
    }
    stream.finish(&mut out);
    for line in out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b":")) {
        assert_json(line.strip_prefix(b"data: ").unwrap());
    }
    (String::from_utf8(out).unwrap(), stream.account().clone())
}

/// By two parsers, of which one is not ours.
fn assert_json(bytes: &[u8]) {
    let theirs = serde_json::from_slice::<&serde_json::value::RawValue>(bytes);
    assert!(Scanner::new(bytes).skip().is_ok() && theirs.is_ok(), "{theirs:?}: {}", String::from_utf8_lossy(bytes));
}

/// What the gateway puts behind a stream's chunks: the usage or the failure, and the end.
pub(crate) fn tail(account: &Account) -> String {
    let mut tail = Vec::new();
    if let Progress::Failed(fault) = &account.progress {
        let (status, error_type) = (client_status(fault), fault.error_type);
        let error = ProviderError { status, error_type, provider: "Anthropic".into(), raw: fault.raw.clone(), previous: Vec::new() };
        envelope().error_chunk_into(&Error::Provider(error), &mut tail);
    } else {
        let usage = account.usage.unwrap_or_else(|| Usage::estimate(40, account.output_bytes));
        envelope().usage_chunk_into(&usage, &Cost::default(), &mut tail);
    }
    tail.extend_from_slice(signalbox::chat::DONE);
    String::from_utf8(tail).unwrap()
}

/// `actual` is what is in the golden file `name`, which `golden` was read from.
pub(crate) fn assert_golden(name: &str, golden: &str, actual: &str) {
    #[cfg(not(target_family = "wasm"))]
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = format!("{}/tests/fixtures/anthropic/{name}", env!("CARGO_MANIFEST_DIR"));
        return std::fs::write(path, actual).unwrap();
    }
    assert!(golden == actual, "{name} differs (UPDATE_GOLDEN=1 rewrites it)\n--- expected\n{golden}\n--- actual\n{actual}");
}

/// Each sample, damaged in many ways, the same on each run.
pub(crate) fn damaged(samples: &[&str]) -> Vec<Vec<u8>> {
    const WORDS: [&[u8]; 14] =
        [b"{", b"}", b"[", b"]", b"\"", b",", b":", b"\\", b"\\ud800", b"null", b"1e999", b"\xff", b"\n\n", b"\"type\":\"tool_use\","];
    let mut all = Vec::new();
    for (seed, sample) in samples.iter().enumerate() {
        let mut random = fastrand::Rng::with_seed(seed as u64);
        for _ in 0..1500 {
            let mut bytes = sample.as_bytes().to_vec();
            for _ in 0..random.u8(1..4) {
                let at = random.usize(..=bytes.len());
                let end = (at + random.usize(..12)).min(bytes.len());
                match random.u8(..5) {
                    0 if random.u8(..4) == 0 => bytes.truncate(at),
                    1 => drop(bytes.drain(at..end)),
                    2 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
                    _ => drop(bytes.splice(at..end.min(at + random.usize(..4)), WORDS[random.usize(..WORDS.len())].iter().copied())),
                }
            }
            all.push(bytes);
        }
    }
    all
}
