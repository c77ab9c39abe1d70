//! Damaged input to what speaks Gemini's format: nothing panics, and what goes out is well-formed, be it to Gemini or to the client.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

#[allow(dead_code)]
mod openai {
    pub(crate) mod chunks;
    pub(crate) mod golden;
    pub(crate) mod schema;
}
#[allow(dead_code)]
mod provider {
    pub(crate) mod damage;
    pub(crate) mod sample;
}

use openai::golden::envelope;
use provider::damage::{assert_answers, assert_requests, assert_streams, assert_streams_byte_by_byte, for_each_damaged};
use provider::sample::{ask, endpoint};
use serde_json::json;
use signalbox::usage::GeminiUsage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

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

/// What a parser of this format trips over.
const WORDS: [&[u8]; 5] = [b"\"candidates\":[{}],", b"\"parts\":[{}],", b"\"functionCall\":{},", b"\"thought\":true,", b"\"$ref\":\"#\","];

#[test]
fn requests_are_refused_or_go_out_well_formed() {
    assert_requests(&REQUESTS, &WORDS, &endpoint("gemini", "gemini-3-pro"));
}

#[test]
fn answers_are_refused_or_come_out_well_formed() {
    assert_answers(&COMPLETIONS, &WORDS, &endpoint("gemini", "gemini-3-pro"), &ask(&json!({})));
}

#[test]
fn streams_come_out_as_chunks_however_they_are_cut() {
    let (endpoint, request) = (endpoint("gemini", "gemini-3-pro"), ask(&json!({})));
    assert_streams(&STREAMS, &WORDS, || signalbox::provider::stream(&endpoint, &request, envelope(), 1 << 20));
}

#[test]
fn s10_events_that_are_too_large_come_out_as_chunks() {
    let (endpoint, request) = (endpoint("gemini", "gemini-3-pro"), ask(&json!({})));
    assert_streams_byte_by_byte(&STREAMS, &WORDS, || signalbox::provider::stream(&endpoint, &request, envelope(), 100));
}

#[test]
fn counts_are_never_absurd() {
    let usages = [
        r#"{"promptTokenCount":2006,"cachedContentTokenCount":1920,"candidatesTokenCount":3e2,"thoughtsTokenCount":7,"totalTokenCount":2313,
        "promptTokensDetails":[{"modality":"AUDIO","tokenCount":5}]}"#,
    ];
    for_each_damaged(&usages, &WORDS, |bytes, _| {
        let usage = GeminiUsage::parse(bytes).and_then(|usage| usage.usage());
        assert!(usage.is_none_or(|usage| usage.input_tokens() <= 2_000_000_000 && usage.output_tokens() <= 2_000_000_000));
    });
}
