//! Damaged input to what speaks Cohere's format: nothing panics, and what goes out is well-formed, be it to Cohere or to the client.

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
use provider::damage::{assert_answers, assert_requests, assert_streams};
use provider::sample::{ask, endpoint};
use serde_json::json;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What a parser of this format trips over.
const WORDS: [&[u8]; 6] =
    [b"\"message\":\"x\",", b"\"delta\":{},", b"\"tool_calls\":{},", b"\"index\":-1,", b"\"citations\":[{}],", b"\"logprobs\":[1,2],"];

#[test]
fn requests_are_refused_or_go_out_well_formed() {
    let requests = [
        include_str!("fixtures/cohere/everything.request.json"),
        include_str!("fixtures/cohere/tools.request.json"),
        include_str!("fixtures/cohere/reasoning.request.json"),
        include_str!("fixtures/cohere/images.request.json"),
        include_str!("fixtures/cohere/system.request.json"),
    ];
    assert_requests(&requests, &WORDS, &endpoint("cohere", "command-a"));
}

#[test]
fn answers_are_refused_or_come_out_well_formed() {
    let answers = [
        include_str!("fixtures/cohere/tools.json"),
        include_str!("fixtures/cohere/thinking.json"),
        include_str!("fixtures/cohere/citations.json"),
        include_str!("fixtures/cohere/text.json"),
    ];
    assert_answers(&answers, &WORDS, &endpoint("cohere", "command-a"), &ask(&json!({})));
}

#[test]
fn streams_come_out_as_chunks_however_they_are_cut() {
    let streams = [
        include_str!("fixtures/cohere/text.sse"),
        include_str!("fixtures/cohere/tools.sse"),
        include_str!("fixtures/cohere/thinking.sse"),
        include_str!("fixtures/cohere/citations.sse"),
        include_str!("fixtures/cohere/failed_midway.sse"),
    ];
    let (endpoint, request) = (endpoint("cohere", "command-a"), ask(&json!({})));
    assert_streams(&streams, &WORDS, || signalbox::provider::stream(&endpoint, &request, envelope(), 1 << 20));
}
