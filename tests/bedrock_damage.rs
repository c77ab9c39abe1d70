//! Whatever is done to the bytes on both sides of Bedrock, nothing panics: seeds are fixed, so that what failed once fails again.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

#[allow(dead_code)]
mod bedrock {
    pub(crate) mod converse;
}
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

use bedrock::converse::{CLAUDE, crc32, endpoint, frames, request};
use openai::golden::envelope;
use provider::damage::{ROUNDS, assert_over, assert_requests, damaged, run};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const REQUESTS: [&str; 6] = [
    include_str!("fixtures/bedrock/system.request.json"),
    include_str!("fixtures/bedrock/tools.request.json"),
    include_str!("fixtures/bedrock/media.request.json"),
    include_str!("fixtures/bedrock/reasoning.request.json"),
    include_str!("fixtures/bedrock/json_schema.request.json"),
    include_str!("fixtures/bedrock/everything.request.json"),
];
const TRANSCRIPTS: [&str; 4] = [
    include_str!("fixtures/bedrock/text.events"),
    include_str!("fixtures/bedrock/tools.events"),
    include_str!("fixtures/bedrock/reasoning.events"),
    include_str!("fixtures/bedrock/broken_off.events"),
];

/// What a parser of this format trips over.
const WORDS: [&[u8]; 2] = [b"{\"a\":[]}", b"\"toolUse\":{},"];

#[test]
fn requests_are_refused_or_json() {
    assert_requests(&REQUESTS, &WORDS, &endpoint(CLAUDE));
}

/// Damages payloads within sound frames, and frames themselves.
#[test]
fn streams_come_out_as_chunks_however_they_are_damaged_and_cut() {
    let (endpoint, request) = (endpoint(CLAUDE), request(r#"{"model":"a/b","messages":[{"role":"user","content":"Hi"}]}"#));
    let start = || signalbox::provider::stream(&endpoint, &request, envelope(), 1 << 20);
    let mut done = 0;
    for (seed, transcript) in TRANSCRIPTS.iter().enumerate() {
        let mut random = fastrand::Rng::with_seed(seed as u64);
        for round in 0..ROUNDS {
            let bytes = if round % 3 == 0 {
                damaged(&frames(transcript), &WORDS, &mut random)
            } else {
                let lines = transcript.lines().map(|line| {
                    let (kind, payload) = line.split_once(' ').unwrap();
                    let payload =
                        if random.u8(..6) == 0 { damaged(payload.as_bytes(), &WORDS, &mut random) } else { payload.as_bytes().to_vec() };
                    format!("{kind} {}", String::from_utf8_lossy(&payload).replace(['\n', '\r'], " "))
                });
                frames(&lines.collect::<Vec<_>>().join("\n"))
            };
            let whole = run(start(), [&*bytes]);
            let (head, tail) = bytes.split_at(random.usize(..=bytes.len()));
            assert_eq!(run(start(), [head, tail]), whole);
            done += u64::from(assert_over(&whole));
        }
    }
    assert!(done > ROUNDS / 3, "only {done} came to their end");
}

#[test]
fn the_tests_own_checksum_is_crc_32() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
}
