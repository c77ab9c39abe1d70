//! What the tests of the format are made of: an endpoint, requests, streams run to their end, and expected answers in files, which
//! `UPDATE_GOLDEN=1 cargo test` writes anew.

use std::rc::Rc;

use serde_json::json;
use signalbox::chat::{Envelope, Request};
use signalbox::clock::Millis;
use signalbox::config::Config;
use signalbox::endpoint::Endpoint;
use signalbox::error::{Error, ProviderError};
use signalbox::fallback;
use signalbox::json::Scanner;
use signalbox::price::Cost;
use signalbox::provider::{self, Account, Fault, Progress};
use signalbox::usage::Usage;

pub(crate) fn envelope() -> Envelope {
    Envelope::new("gen-1779474931-w20BCAngQY7SOa9Zs5L4", "Mistral", "mistralai/mistral", 1_779_474_931)
}

/// An endpoint of this model at Mistral, which says these parameters of it.
pub(crate) fn endpoint_with(model: &str, supported_parameters: Option<&[&str]>) -> Rc<Endpoint> {
    let mut endpoint = json!({"provider": "mistral", "model": model, "price": {"prompt": 1, "completion": 1}});
    if let Some(parameters) = supported_parameters {
        endpoint["supported_parameters"] = json!(parameters);
    }
    let config = json!({
        "role": "gateway", "anonymous": true, "providers": {"mistral": {"dialect": "mistral"}},
        "models": [{"id": "mistralai/mistral", "endpoints": [endpoint]}],
    });
    let Ok(Config::Gateway(gateway)) = Config::parse(config.to_string().as_bytes(), |_| None) else { panic!("{config}") };
    gateway.endpoints().next().unwrap().clone()
}

pub(crate) fn endpoint(model: &str) -> Rc<Endpoint> {
    endpoint_with(model, None)
}

pub(crate) fn request(body: &str) -> Request {
    Request::parse(body.as_bytes().to_vec(), None, 3).unwrap()
}

/// The body that goes to `endpoint`.
pub(crate) fn body(request: &Request, endpoint: &Endpoint) -> String {
    let upstream = provider::request(request, endpoint, &Millis(0)).unwrap();
    assert_eq!(upstream.path, "/v1/chat/completions");
    let body = upstream.body.to_vec();
    assert_json(&body);
    String::from_utf8(body).unwrap()
}

/// The whole answer as a client gets it.
pub(crate) fn answer(body: &[u8]) -> Result<(String, Option<Usage>), Fault> {
    let asked = request(r#"{"model":"a/b","messages":[{"role":"user","content":"x"}]}"#);
    let completion = provider::completion(&endpoint("mistral-small-latest"), &asked, body, &envelope())?;
    let usage = completion.usage.unwrap_or_else(|| Usage::estimate(40, completion.output_bytes));
    let mut answer = completion.head;
    answer.extend_from_slice(b",\"usage\":");
    usage.write_openrouter(&Cost::default(), false, &mut answer);
    answer.push(b'}');
    assert_json(&answer);
    Ok((String::from_utf8(answer).unwrap(), completion.usage))
}

/// The chunks of a stream that comes in these pieces, each of them JSON, and what it came to.
pub(crate) fn run<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (String, Account) {
    let asked = request(r#"{"model":"a/b","stream":true,"messages":[{"role":"user","content":"x"}]}"#);
    let mut stream = provider::stream(&endpoint("mistral-small-latest"), &asked, envelope(), 1 << 20);
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

/// The end of a stream as the client gets it.
pub(crate) fn tail(account: &Account) -> String {
    let mut out = Vec::new();
    match &account.progress {
        Progress::Done => envelope().usage_chunk_into(&account.usage.unwrap_or_default(), &Cost::default(), &mut out),
        Progress::Failed(fault) => {
            let outlook = fallback::outlook(fault);
            let raw = fault.raw.clone();
            let error = ProviderError { raw, outlook, ..ProviderError::new(fallback::client_status(fault), fault.error_type, "Mistral") };
            envelope().error_chunk_into(&Error::from(error), &mut out);
        }
        Progress::Preamble | Progress::Begun => panic!("a finished stream is over"),
    }
    out.extend_from_slice(signalbox::chat::DONE);
    String::from_utf8(out).unwrap()
}

/// By two parsers, of which one is not ours.
pub(crate) fn assert_json(bytes: &[u8]) {
    let theirs = serde_json::from_slice::<&serde_json::value::RawValue>(bytes);
    assert!(Scanner::new(bytes).skip().is_ok() && theirs.is_ok(), "{}", String::from_utf8_lossy(bytes));
}

/// `actual` is what is in the golden file `name`, which `golden` was read from.
pub(crate) fn assert_golden(name: &str, golden: &str, actual: &str) {
    #[cfg(not(target_family = "wasm"))]
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = format!("{}/tests/fixtures/mistral/{name}", env!("CARGO_MANIFEST_DIR"));
        return std::fs::write(path, actual).unwrap();
    }
    assert!(golden == actual, "{name} differs (UPDATE_GOLDEN=1 rewrites it)\n--- expected\n{golden}\n--- actual\n{actual}");
}

/// A sample with a few of its bytes removed, doubled, flipped or replaced.
pub(crate) fn damaged(sample: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for _ in 0..random.u8(1..4) {
        let at = random.usize(..=bytes.len());
        let end = (at + random.usize(..12)).min(bytes.len());
        match random.u8(..6) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy).for_each(drop);
            }
            2 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
            3 => bytes.splice(at..end, *b"null").for_each(drop),
            // A value in the place of another: what is left is often sound.
            4 => {
                let Some(colon) = bytes[at..].iter().position(|byte| *byte == b':').map(|place| at + place) else { continue };
                let Ok(value) = Scanner::at(&bytes, colon + 1).skip() else { continue };
                let other: &[u8] = [&b"null"[..], b"[]", b"{}", b"\"\"", b"7", b"[{}]", b"{\"a\":[]}"][random.usize(..7)];
                bytes.splice(value, other.to_vec()).for_each(drop);
            }
            _ => bytes.splice(at..end, *b"{\"a\":[]}").for_each(drop),
        }
    }
    bytes
}
