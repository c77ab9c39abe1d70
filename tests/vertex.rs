//! Vertex AI: what goes to either publisher, what comes back, and that damage does no harm.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

#[allow(dead_code)]
mod openai {
    pub(crate) mod chunks;
    pub(crate) mod golden;
    pub(crate) mod schema;
}

use std::rc::Rc;

use openai::chunks::{Ran, assert_chunks};
use openai::golden::{assert_golden, envelope};
use serde_json::{Value, json};
use signalbox::chat::Request;
use signalbox::clock::Millis;
use signalbox::config::Config;
use signalbox::endpoint::Endpoint;
use signalbox::error::ErrorType;
use signalbox::oauth::Answer;
use signalbox::provider::{self, Account, Fault, Progress};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NOW: Millis = Millis(1_767_225_600_000);
const GEMINI: &str = "gemini-2.5-flash";
const CLAUDE: &str = "claude-sonnet-4-5@20250929";

/// An endpoint of `model` at a provider with these members.
fn endpoint_at(provider: &Value, model: &str) -> Rc<Endpoint> {
    let configuration = json!({
        "role": "gateway", "anonymous": true, "providers": {"p": provider},
        "models": [{"id": "a/b", "endpoints": [{"provider": "p", "model": model, "price": {"prompt": 1, "completion": 1}}]}],
    });
    let Config::Gateway(gateway) = Config::parse(configuration.to_string().as_bytes(), |_| Some("ya29.x".into())).unwrap() else {
        panic!()
    };
    gateway.models[0].endpoints[0].clone()
}

fn endpoint(model: &str) -> Rc<Endpoint> {
    let metadata = json!({"metadata": true, "token_cluster": "metadata"});
    endpoint_at(&json!({"dialect": "vertex", "project": "my-project", "region": "global", "credential": metadata}), model)
}

fn request(body: &str) -> Request {
    Request::parse(body.as_bytes().to_vec(), None, 3).unwrap()
}

/// The body that goes to `endpoint`.
fn body(request: &Request, endpoint: &Endpoint) -> String {
    String::from_utf8(provider::request(request, endpoint, &NOW).unwrap().body.to_vec()).unwrap()
}

/// The chunks of a stream from `model` in these pieces, and what it came to.
fn run<'a>(model: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> Ran {
    let asked = request(r#"{"model":"a/b","messages":[{"role":"user","content":"x"}],"stream":true}"#);
    let mut stream = provider::stream(&endpoint(model), &asked, envelope(), 1 << 20);
    let mut out = Vec::new();
    for piece in pieces {
        stream.feed(piece, &mut out);
    }
    stream.finish(&mut out);
    let Account { progress, usage, output_bytes, unread, .. } = stream.account().clone();
    Ran { chunks: String::from_utf8(out).unwrap(), usage, output_bytes, unread, progress }
}

/// Runs a stream whole, byte by byte and cut at every offset: all must agree.
fn run_in_every_way(model: &str, stream: &str) -> Ran {
    let bytes = stream.as_bytes();
    let whole = run(model, [bytes]);
    assert_eq!(run(model, bytes.chunks(1)), whole, "byte by byte");
    for cut in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(cut);
        assert_eq!(run(model, [head, tail]), whole, "cut at {cut}");
    }
    whole
}

fn ids(value: &Value) -> usize {
    match value {
        Value::Object(members) => {
            let own = members.iter().filter(|(name, call)| name.starts_with("function") && call.get("id").is_some()).count();
            own + members.values().map(ids).sum::<usize>()
        }
        Value::Array(elements) => elements.iter().map(ids).sum(),
        _ => 0,
    }
}

#[test]
fn t58_t60_path_and_headers_say_which_model_and_who_asks() {
    for (model, stream, path) in [
        (GEMINI, false, "google/models/gemini-2.5-flash:generateContent"),
        (GEMINI, true, "google/models/gemini-2.5-flash:streamGenerateContent?alt=sse"),
        (CLAUDE, false, "anthropic/models/claude-sonnet-4-5@20250929:rawPredict"),
        (CLAUDE, true, "anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict"),
        ("publishers/google/models/..?x#y:z", false, "google/models/..%3Fx%23y%3Az:generateContent"),
    ] {
        let endpoint = endpoint(model);
        let asked = request(&format!(r#"{{"model":"a/b","messages":[{{"role":"user","content":"x"}}],"stream":{stream}}}"#));
        let upstream = provider::request(&asked, &endpoint, &NOW).unwrap();
        assert_eq!(upstream.path, format!("/v1/projects/my-project/locations/global/publishers/{path}"));
        assert!(upstream.headers.is_empty(), "there is no token");

        let tokens = endpoint.provider.credential.tokens().unwrap();
        tokens.begin(NOW);
        tokens.succeed(Answer::parse(200, br#"{"access_token":"ya29.abc","expires_in":100}"#).unwrap(), NOW);
        let upstream = provider::request(&asked, &endpoint, &NOW).unwrap();
        let headers: Vec<_> = upstream.headers.iter().map(|(name, value)| (*name, &**value)).collect();
        assert_eq!(headers, [("authorization", &b"Bearer ya29.abc"[..])]);
        let later = provider::request(&asked, &endpoint, &Millis(NOW.0 + 100_000)).unwrap();
        assert!(later.headers.is_empty(), "it has expired");
    }
}

#[test]
fn t60_claudes_body_names_a_version_and_no_model() {
    let anthropic = endpoint_at(&json!({"dialect": "anthropic"}), CLAUDE);
    for sent in [
        include_str!("fixtures/anthropic/text.request.json"),
        include_str!("fixtures/anthropic/system.request.json"),
        include_str!("fixtures/anthropic/tools.request.json"),
        include_str!("fixtures/anthropic/past_tools.request.json"),
        include_str!("fixtures/anthropic/reasoning.request.json"),
        include_str!("fixtures/anthropic/foreign_reasoning.request.json"),
        include_str!("fixtures/anthropic/json_schema.request.json"),
    ] {
        // Whatever has a URL is another test's.
        let asked = request(&sent.replace("https://", "data:image/png;base64,"));
        let theirs = body(&asked, &anthropic);
        let expected = theirs.replacen(r#""model":"claude-sonnet-4-5@20250929""#, r#""anthropic_version":"vertex-2023-10-16""#, 1);
        assert_eq!(body(&asked, &endpoint(CLAUDE)), expected);
    }
    let body = body(&request(include_str!("fixtures/anthropic/everything.request.json")), &endpoint(CLAUDE));
    assert!(serde_json::from_str::<Value>(&body).unwrap().get("model").is_none());
    assert_golden("../vertex/claude.everything.json", include_str!("fixtures/vertex/claude.everything.json"), &format!("{body}\n"));
}

#[test]
fn t47_geminis_body_is_its_own_but_for_ids_that_old_models_refuse() {
    let google = |model| endpoint_at(&json!({"dialect": "gemini"}), model);
    for sent in [
        include_str!("fixtures/gemini/text.request.json"),
        include_str!("fixtures/gemini/system.request.json"),
        include_str!("fixtures/gemini/tools.request.json"),
        include_str!("fixtures/gemini/parallel_tools.request.json"),
        include_str!("fixtures/gemini/images.request.json"),
        include_str!("fixtures/gemini/reasoning.request.json"),
        include_str!("fixtures/gemini/json_schema.request.json"),
        include_str!("fixtures/gemini/everything.request.json"),
    ] {
        let asked = request(sent);
        assert_eq!(body(&asked, &endpoint("gemini-3-pro")), body(&asked, &google("gemini-3-pro")));
        let (mut theirs, ours): (Value, Value) = (
            serde_json::from_str(&body(&asked, &google(GEMINI))).unwrap(),
            serde_json::from_str(&body(&asked, &endpoint(GEMINI))).unwrap(),
        );
        assert_eq!(ids(&ours), 0);
        for part in theirs["contents"].as_array_mut().unwrap().iter_mut().flat_map(|turn| turn["parts"].as_array_mut().unwrap()) {
            for call in part.as_object_mut().unwrap().values_mut().filter_map(Value::as_object_mut) {
                call.remove("id");
            }
        }
        assert_eq!(ours, theirs);
    }
    let body = body(&request(include_str!("fixtures/gemini/everything.request.json")), &endpoint(GEMINI));
    assert_golden("../vertex/gemini.everything.json", include_str!("fixtures/vertex/gemini.everything.json"), &format!("{body}\n"));
}

#[test]
fn t38_claude_fetches_no_url_here_and_gemini_does() {
    for part in [
        json!({"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}),
        json!({"type": "file", "file": {"filename": "a.pdf", "file_data": "https://x.test/a.pdf"}}),
    ] {
        let asked =
            json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}, {"role": "user", "content": [part]}]}).to_string();
        let error = provider::request(&request(&asked), &endpoint(CLAUDE), &NOW).unwrap_err().to_string();
        assert_eq!(error, "Invalid `messages[1].content`: expected images and documents as data URIs: this provider fetches no URL");
        assert!(body(&request(&asked), &endpoint(GEMINI)).contains(r#""fileUri":"https://x.test/a.p"#));
    }
    let inline = json!({"model": "a/b", "messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]});
    assert!(body(&request(&inline.to_string()), &endpoint(CLAUDE)).contains(r#""data":"AAAA""#));
}

#[test]
fn t53_a_gemini_stream_counts_in_its_last_event_only() {
    let ran = run_in_every_way(GEMINI, include_str!("fixtures/vertex/gemini.sse"));
    assert_chunks(&ran.answer());
    assert_golden("../vertex/gemini.chunks.sse", include_str!("fixtures/vertex/gemini.chunks.sse"), &ran.answer());
    let usage = ran.usage.unwrap();
    assert_eq!((usage.input_tokens(), usage.output_tokens(), usage.reasoning), (20, 42, 30));
    assert_eq!(ran.progress, Progress::Done);
}

#[test]
fn t43_a_claude_stream_has_events_of_vertex_own_that_mean_nothing() {
    let ran = run_in_every_way(CLAUDE, include_str!("fixtures/vertex/claude.sse"));
    assert_chunks(&ran.answer());
    assert_golden("../vertex/claude.chunks.sse", include_str!("fixtures/vertex/claude.chunks.sse"), &ran.answer());
    let usage = ran.usage.unwrap();
    assert_eq!((usage.input_tokens(), usage.cache_read, usage.output_tokens()), (20, 8, 42));
    assert_eq!(ran.progress, Progress::Done);
}

#[test]
fn t61_errors_of_google_and_of_anthropic_are_understood_for_either() {
    let quota = r#"{"error":{"code":429,"message":"Quota exceeded for aiplatform.googleapis.com/online_prediction_requests_per_base_model","status":"RESOURCE_EXHAUSTED"}}"#;
    let overloaded = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    for body in [quota.to_owned(), format!("[{quota}]")] {
        assert_eq!(Fault::of_status(429, body.as_bytes()).error_type, ErrorType::RateLimitExceeded);
    }
    for (model, event, error_type) in [
        (CLAUDE, format!("event: error\ndata: {overloaded}\n\n"), ErrorType::ProviderOverloaded),
        (GEMINI, format!("data: {quota}\n\n"), ErrorType::RateLimitExceeded),
    ] {
        let ran = run_in_every_way(model, &event);
        let Progress::Failed(fault) = &ran.progress else { panic!("{ran:?}") };
        assert_eq!(fault.error_type, error_type, "{model}");
    }
    let asked = request(r#"{"model":"a/b","messages":[{"role":"user","content":"x"}]}"#);
    for (model, body) in [(CLAUDE, overloaded), (GEMINI, quota)] {
        assert!(provider::completion(&endpoint(model), &asked, body.as_bytes(), &envelope()).is_err());
    }
}

#[test]
fn damage_is_refused_or_goes_out_well_formed() {
    const ROUNDS: usize = if cfg!(target_family = "wasm") { 100 } else { 400 };
    let is_json = |bytes: &[u8]| serde_json::from_slice::<&serde_json::value::RawValue>(bytes).is_ok();
    let samples = [
        (GEMINI, include_str!("fixtures/gemini/everything.request.json"), include_str!("fixtures/vertex/gemini.sse")),
        (CLAUDE, include_str!("fixtures/anthropic/everything.request.json"), include_str!("fixtures/vertex/claude.sse")),
        (CLAUDE, include_str!("fixtures/anthropic/tools.request.json"), include_str!("fixtures/vertex/claude.sse")),
    ];
    let mut sent = 0;
    for (seed, (model, asked, stream)) in samples.into_iter().enumerate() {
        let endpoint = endpoint(model);
        let mut random = fastrand::Rng::with_seed(seed as u64);
        let mut damaged = |sample: &str| {
            let mut bytes = sample.as_bytes().to_vec();
            for _ in 0..random.u8(1..4) {
                let at = random.usize(..bytes.len().max(1));
                match random.u8(..4) {
                    0 => bytes.truncate(at.max(1)),
                    1 => drop(bytes.drain(at..(at + random.usize(..12)).min(bytes.len()))),
                    2 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
                    _ => bytes.insert(at.min(bytes.len()), b"{}[]\",:\\\n0"[random.usize(..10)]),
                }
            }
            bytes
        };
        for _ in 0..ROUNDS {
            if let Ok(request) = Request::parse(damaged(asked), None, 3)
                && let Ok(upstream) = provider::request(&request, &endpoint, &NOW)
            {
                assert!(is_json(&upstream.body.to_vec()), "{}", String::from_utf8_lossy(&upstream.body.to_vec()));
                sent += 1;
            }
            let bytes = damaged(stream);
            let (head, tail) = bytes.split_at(bytes.len() / 2);
            let whole = run(model, [&bytes[..]]);
            assert_eq!(run(model, [head, tail]), whole);
            assert!(matches!(whole.progress, Progress::Done | Progress::Failed(_)));
            for line in whole.chunks.lines().filter(|line| !line.is_empty() && !line.starts_with(':')) {
                assert!(is_json(line.strip_prefix("data: ").unwrap().as_bytes()), "{line}");
            }
        }
    }
    assert!(sent > ROUNDS / 8, "only {sent} were sent");
}
