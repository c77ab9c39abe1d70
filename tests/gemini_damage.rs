//! Damaged input to what speaks Gemini's format: nothing panics, and what goes out is well-formed, be it to Gemini or to the client.
//!
//! The damage is drawn from known seeds, so a failure comes again.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::rc::Rc;

use signalbox::chat::{Envelope, Request};
use signalbox::config::Config;
use signalbox::endpoint::Endpoint;
use signalbox::price::Cost;
use signalbox::provider::gemini::{self, Stream, completion};
use signalbox::provider::{Fault, Progress, Stream as _};
use signalbox::usage::{GeminiUsage, Usage};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Damaged copies of each sample.
const ROUNDS: u64 = if cfg!(target_family = "wasm") { 200 } else { 500 };

const REQUESTS: [&str; 5] = [
    include_str!("fixtures/gemini/everything.request.json"),
    include_str!("fixtures/gemini/images.request.json"),
    include_str!("fixtures/gemini/parallel_tools.request.json"),
    include_str!("fixtures/gemini/reasoning.request.json"),
    include_str!("fixtures/gemini/system.request.json"),
];

const COMPLETIONS: [&str; 6] = [
    include_str!("fixtures/gemini/several.json"),
    include_str!("fixtures/gemini/grounded.json"),
    include_str!("fixtures/gemini/tools.json"),
    include_str!("fixtures/gemini/thinking.json"),
    include_str!("fixtures/gemini/image.json"),
    include_str!("fixtures/gemini/blocked_answer.json"),
];

const STREAMS: [&str; 8] = [
    include_str!("fixtures/gemini/several.sse"),
    include_str!("fixtures/gemini/grounded.sse"),
    include_str!("fixtures/gemini/text.sse"),
    include_str!("fixtures/gemini/thinking.sse"),
    include_str!("fixtures/gemini/tools.sse"),
    include_str!("fixtures/gemini/image.sse"),
    include_str!("fixtures/gemini/error_midway.sse"),
    include_str!("fixtures/gemini/keep_alive.sse"),
];

/// What parsers trip over.
const WORDS: [&[u8]; 20] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b"\\",
    b"\\ud800",
    b"null",
    b"-1e999",
    b"\0",
    b"\xff",
    b"\r",
    b"\n\n",
    b"\"error\":{},",
    b"\"candidates\":[{}],",
    b"\"parts\":[{}],",
    b"\"functionCall\":{},",
    b"\"thought\":true,",
    b"\"$ref\":\"#\",",
];

fn for_each_damaged(samples: &[&str], mut check: impl FnMut(&[u8], &mut fastrand::Rng)) {
    for (index, sample) in samples.iter().enumerate() {
        let mut random = fastrand::Rng::with_seed(index as u64);
        for _ in 0..ROUNDS {
            let mut bytes = sample.as_bytes().to_vec();
            for _ in 0..random.u8(1..4) {
                let at = random.usize(..=bytes.len());
                let end = (at + random.usize(..20)).min(bytes.len());
                match random.u8(..6) {
                    0 => bytes.truncate(at),
                    1 => drop(bytes.drain(at..end)),
                    2 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
                    3 => bytes.splice(at..at, b"[".repeat(random.usize(..200))).for_each(drop),
                    _ => bytes.splice(at..end.min(at + 3), WORDS[random.usize(..WORDS.len())].iter().copied()).for_each(drop),
                }
            }
            check(&bytes, &mut random);
        }
    }
}

fn assert_json(bytes: &[u8]) {
    let read = serde_json::from_slice::<&serde_json::value::RawValue>(bytes);
    assert!(read.is_ok(), "{read:?}: {}", String::from_utf8_lossy(bytes));
}

fn assert_fault(fault: &Fault) {
    assert!((400..600).contains(&fault.status), "{fault:?}");
}

fn envelope() -> Envelope {
    Envelope::new("gen-1", "Acme", "a/b", 1)
}

fn endpoint() -> Rc<Endpoint> {
    let configuration = br#"{"role":"gateway","anonymous":true,"providers":{"google":{"dialect":"gemini"}},"models":[{"id":"a/b",
        "endpoints":[{"provider":"google","model":"gemini-3-pro","price":{"prompt":1,"completion":1}}]}]}"#;
    let Config::Gateway(gateway) = Config::parse(configuration, |_| None).unwrap() else { panic!() };
    gateway.models[0].endpoints[0].clone()
}

#[test]
fn requests_are_refused_or_go_out_well_formed() {
    let endpoint = endpoint();
    let mut sent = 0;
    for_each_damaged(&REQUESTS, |bytes, _| {
        let Ok(request) = Request::parse(bytes.to_vec(), None, 3) else { return };
        if let Ok(upstream) = gemini::request(&request, &endpoint) {
            assert_json(&upstream.body.to_vec());
            sent += 1;
        }
    });
    assert!(sent > ROUNDS / 10, "only {sent} were sent");
}

#[test]
fn answers_are_refused_or_come_out_well_formed() {
    let mut read = 0;
    for_each_damaged(&COMPLETIONS, |bytes, _| match completion(bytes, false, &envelope()) {
        Ok(completion) => {
            let mut answer = completion.head;
            answer.extend_from_slice(b",\"usage\":");
            completion.usage.unwrap_or_else(|| Usage::estimate(1, completion.output_bytes)).write_openrouter(
                &Cost::default(),
                false,
                &mut answer,
            );
            answer.push(b'}');
            assert_json(&answer);
            read += 1;
        }
        Err(fault) => assert_fault(&fault),
    });
    assert!(read > ROUNDS / 10, "only {read} were read");
}

#[test]
fn streams_come_out_as_chunks_however_they_are_cut() {
    streams(&STREAMS, 1 << 20);
}

#[test]
fn s10_events_that_are_too_large_come_out_as_chunks_however_they_are_cut() {
    // Byte by byte no event is ever read before it is found too large.
    let images = [include_str!("fixtures/gemini/image.sse"), include_str!("fixtures/gemini/thinking.sse")];
    let mut done = 0;
    for_each_damaged(&images, |bytes, random| {
        let run = |size: usize| {
            let mut stream = Stream::new(envelope(), false, 100);
            let mut out = Vec::new();
            bytes.chunks(size).for_each(|piece| stream.feed(piece, &mut out));
            stream.finish(&mut out);
            (out, stream.account().clone())
        };
        let (out, account) = run(1);
        for line in out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b":")) {
            assert_json(line.strip_prefix(b"data: ").unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(line))));
        }
        assert!(account.is_over());
        _ = run(random.usize(1..50));
        done += u64::from(account.progress == Progress::Done);
    });
    assert!(done > ROUNDS / 10, "only {done} came to their end");
}

fn streams(samples: &[&str], max_event_bytes: usize) {
    let mut done = 0;
    for_each_damaged(samples, |bytes, random| {
        let run = |pieces: &[&[u8]]| {
            let mut stream = Stream::new(envelope(), false, max_event_bytes);
            let mut out = Vec::new();
            pieces.iter().for_each(|piece| stream.feed(piece, &mut out));
            stream.finish(&mut out);
            (out, stream.account().clone())
        };
        let whole = run(&[bytes]);
        let (head, tail) = bytes.split_at(random.usize(..=bytes.len()));
        assert_eq!(run(&[head, tail]), whole, "{}", String::from_utf8_lossy(bytes));
        for line in whole.0.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b":")) {
            assert_json(line.strip_prefix(b"data: ").unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(line))));
        }
        match whole.1.progress {
            Progress::Done => done += 1,
            Progress::Failed(fault) => assert_fault(&fault),
            Progress::Preamble | Progress::Begun => panic!("a finished stream is over"),
        }
    });
    assert!(done > ROUNDS / 10, "only {done} came to their end");
}

#[test]
fn counts_are_never_absurd() {
    let usages = [
        r#"{"promptTokenCount":2006,"cachedContentTokenCount":1920,"candidatesTokenCount":3e2,"thoughtsTokenCount":7,"totalTokenCount":2313,
        "promptTokensDetails":[{"modality":"AUDIO","tokenCount":5}]}"#,
    ];
    for_each_damaged(&usages, |bytes, _| {
        let usage = GeminiUsage::parse(bytes).and_then(|usage| usage.usage());
        assert!(usage.is_none_or(|usage| usage.input_tokens() <= 2_000_000_000 && usage.output_tokens() <= 2_000_000_000));
    });
}
