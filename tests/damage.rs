//! Damaged input: whatever comes from the network, nothing panics, and what goes out is well-formed.
//!
//! The damage is drawn from known seeds, so a failure comes again.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use signalbox::chat::{Envelope, Name, Request, Target};
use signalbox::clock::Millis;
use signalbox::json::Scanner;
use signalbox::preferences::Preferences;
use signalbox::price::Cost;
use signalbox::provider::{Fault, Progress};
use signalbox::provider::{
    Stream as _,
    openai::{Stream, completion},
};
use signalbox::sse::{Decoder, Item};
use signalbox::usage::Usage;
use signalbox::{retry_after, usage::OpenAiUsage};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Damaged copies of each sample.
const ROUNDS: u64 = if cfg!(target_family = "wasm") { 200 } else { 500 };

const REQUESTS: [&str; 3] = [
    r#"{"model":"a/b","messages":[{"role":"user","content":[{"type":"text","text":"\u00e9"},{"type":"image_url","image_url":{"url":"x"}}]}],
        "stream":true,"stream_options":{"include_usage":false,"x":1},"max_tokens":3,"tools":[{}],"response_format":{"type":"text"}}"#,
    r#"{"models":["a/b","c/d"],"provider":{"order":["x"],"sort":{"by":"price"},"max_price":{"prompt":"1"}},"route":"fallback",
        "messages":[{"role":"assistant","content":null,"tool_calls":[{}]},{"role":"tool","content":"x"}],"usage":{"include":true} , "trace":{} }"#,
    r#"{"preset":"","reasoning":{"effort":"high"},"messages":[{"role":"user","content":"x"}],"max_completion_tokens":7,"stream_options":null,"stream":true}"#,
];

const COMPLETIONS: [&[u8]; 4] = [
    include_bytes!("fixtures/openai/text.json"),
    include_bytes!("fixtures/openai/tools.json"),
    include_bytes!("fixtures/openai/vllm.json"),
    include_bytes!("fixtures/openai/upstream.json"),
];

const STREAMS: [&[u8]; 6] = [
    include_bytes!("fixtures/openai/tools.sse"),
    include_bytes!("fixtures/openai/upstream.sse"),
    include_bytes!("fixtures/openai/azure.sse"),
    include_bytes!("fixtures/openai/groq.sse"),
    include_bytes!("fixtures/openai/usage_in_choice.sse"),
    include_bytes!("fixtures/openai/error_midway_openai.sse"),
];

/// What parsers trip over.
const WORDS: [&[u8]; 24] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"\\",
    b"\\u",
    b"\\ud800",
    b"null",
    b"true",
    b"-",
    b"1e999",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\r",
    b"\n\n",
    b"data:",
    b"[DONE]",
    b"\"error\":{},",
    b"\"choices\":[{}],",
    b"\"index\":-1.5e3,",
];

/// `sample` with one to four things done to it.
fn damaged(sample: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for _ in 0..random.u8(1..5) {
        let at = random.usize(..=bytes.len());
        let end = (at + random.usize(..20)).min(bytes.len());
        match random.u8(..7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let copy = bytes[at..end].to_vec();
                let place = random.usize(..=bytes.len());
                bytes.splice(place..place, copy).for_each(drop);
            }
            3 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
            4 => bytes.splice(at..at, b"[".repeat(random.usize(..200))).for_each(drop),
            _ => bytes.splice(at..end.min(at + random.usize(..4)), WORDS[random.usize(..WORDS.len())].iter().copied()).for_each(drop),
        }
    }
    bytes
}

fn for_each_damaged<T: AsRef<[u8]>>(samples: &[T], mut check: impl FnMut(&[u8], &mut fastrand::Rng)) {
    for (index, sample) in samples.iter().enumerate() {
        let mut random = fastrand::Rng::with_seed(index as u64);
        for _ in 0..ROUNDS {
            let bytes = damaged(sample.as_ref(), &mut random);
            check(&bytes, &mut random);
        }
    }
}

/// By two parsers, of which one is not ours.
fn assert_json(bytes: &[u8]) {
    let ours = Scanner::new(bytes).skip().is_ok();
    let theirs = serde_json::from_slice::<&serde_json::value::RawValue>(bytes);
    assert!(ours && theirs.is_ok(), "{theirs:?}: {}", String::from_utf8_lossy(bytes));
}

fn envelope() -> Envelope {
    Envelope::new("gen-1", "Acme", "a/b", 1)
}

#[test]
fn requests_are_refused_or_rewritten_into_json() {
    let mut read = 0;
    for_each_damaged(&REQUESTS, |bytes, random| {
        let Ok(request) = Request::parse(bytes.to_vec(), None, 3) else { return };
        read += 1;
        assert!(!request.models.is_empty());
        let target = Target {
            model: "provider's \"name\"",
            openrouter_members: random.bool(),
            reasoning_content: random.bool(),
            stream_options: random.bool(),
            max_tokens: [None, Some(Name::MaxTokens), Some(Name::MaxCompletionTokens)][random.usize(..3)],
            max_completion_tokens: None,
            supported_parameters: [None, Some(&[][..])][random.usize(..2)],
        };
        let pieces = request.rewrite(&target);
        let body = pieces.to_vec();
        assert_eq!(pieces.len(), body.len());
        assert_json(&body);
        let mut models = Vec::new();
        let walked = Scanner::new(&body).object(|scanner, key, _| {
            for routed in ["models", "provider", "route", "preset"] {
                assert!(!key.is(routed), "{routed}: {}", String::from_utf8_lossy(&body));
            }
            let value = scanner.raw()?;
            if key.is("model") {
                models.push(value.to_vec());
            }
            Ok(())
        });
        assert!(walked.is_ok());
        assert_eq!(models, [br#""provider's \"name\"""#], "{}", String::from_utf8_lossy(&body));
    });
    assert!(read > ROUNDS / 10, "only {read} were read");
}

#[test]
fn answers_are_faults_or_json() {
    let mut read = 0;
    for_each_damaged(&COMPLETIONS, |bytes, _| match completion(bytes, false, &envelope()) {
        Ok(completion) => {
            read += 1;
            let mut answer = completion.head;
            answer.extend_from_slice(b",\"usage\":");
            let usage = completion.usage.unwrap_or_else(|| Usage::estimate(1, completion.output_bytes));
            usage.write_openrouter(&Cost::default(), false, &mut answer);
            answer.push(b'}');
            assert_json(&answer);
        }
        Err(fault) => assert_fault(&fault),
    });
    assert!(read > ROUNDS / 10, "only {read} were read");
}

fn assert_fault(fault: &Fault) {
    assert!((400..600).contains(&fault.status), "{fault:?}");
    // A byte that is no UTF-8 becomes three.
    assert!(fault.raw.as_ref().is_none_or(|raw| raw.len() <= 3 * Fault::MAX_RAW));
}

#[test]
fn streams_come_out_as_chunks_however_they_are_cut() {
    let mut done = 0;
    for_each_damaged(&STREAMS, |bytes, random| {
        let run = |pieces: &[&[u8]]| {
            let mut stream = Stream::new(envelope(), false, 1 << 20);
            let mut out = Vec::new();
            for piece in pieces {
                stream.feed(piece, &mut out);
            }
            stream.finish(&mut out);
            (out, stream.account().clone())
        };
        let whole = run(&[bytes]);
        let (head, tail) = bytes.split_at(random.usize(..=bytes.len()));
        assert_eq!(run(&[head, tail]), whole, "{}", String::from_utf8_lossy(bytes));
        // Comments and the fields of the provider's events go on as they are.
        let is_kept = |line: &[u8]| [&b":"[..], b"event: ", b"id: ", b"retry: "].iter().any(|field| line.starts_with(field));
        for line in whole.0.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && !is_kept(line)) {
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
fn s2_c3_events_are_the_same_however_they_are_cut() {
    for_each_damaged(&STREAMS, |bytes, random| {
        let decode = |pieces: &[&[u8]]| {
            let mut items = Vec::new();
            let mut sink = |item: Item<'_>| items.push(format!("{item:?}"));
            let mut decoder = Decoder::new(1 << 20);
            for piece in pieces {
                decoder.feed(piece, &mut sink);
            }
            decoder.finish(&mut sink);
            items
        };
        let (head, tail) = bytes.split_at(random.usize(..=bytes.len()));
        assert_eq!(decode(&[head, tail]), decode(&[bytes]));
    });
}

#[test]
fn small_things_are_read_or_not() {
    let preferences = [
        r#"{"order":["a"],"only":null,"allow_fallbacks":false,"sort":{"by":"price"},"max_price":{"prompt":"1.5","completion":2}}"#,
        r#"{"data_collection":"deny","zdr":true,"quantizations":["fp8"],"require_parameters":true,"ignore":["b"]}"#,
    ];
    for_each_damaged(&preferences, |bytes, _| _ = Preferences::parse(bytes));
    let waits = ["1m2.5s", "120", "0.25", "Sat, 21 Nov 2026 00:00:20 GMT", "1e300"];
    for_each_damaged(&waits, |bytes, _| {
        for name in ["retry-after", "retry-after-ms"] {
            assert!(retry_after::parse(name.as_bytes(), bytes, &Millis(0)).is_none_or(|wait| wait <= retry_after::LONGEST));
        }
    });
    let faults = [
        r#"[{"error":{"message":"x","type":"rate_limit_error","code":"429","error":{"status":503}}}]"#,
        r#"{"code":"context_length_exceeded","type":"invalid_request_error","message":"\ud83d\ude00"}"#,
    ];
    for_each_damaged(&faults, |bytes, _| {
        assert_fault(&Fault::in_band(bytes));
        assert_fault(&Fault::of_status(400, bytes));
    });
    let usages = [r#"{"prompt_tokens":2006,"completion_tokens":3e2,"cost":0.01,"prompt_tokens_details":{"cached_tokens":1920}}"#];
    for_each_damaged(&usages, |bytes, _| {
        let usage = OpenAiUsage::parse(bytes).and_then(|usage| usage.usage(0));
        assert!(usage.is_none_or(|usage| usage.input_tokens() <= 1_000_000_000));
    });
}
