//! Streams of Gemini's format become OpenRouter's chunks, however their bytes are cut.

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
    pub(crate) mod sample;
}

use std::time::Duration;

use openai::chunks::{Ran, assert_chunks};
use openai::golden::{assert_golden, envelope};
use provider::sample::{self, ask, chunks, deltas, endpoint, finish, reported, text};
use serde_json::{Value, json};
use signalbox::error::ErrorType;
use signalbox::fallback::{self, Verdict};
use signalbox::provider::Progress;
use signalbox::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Runs the transcript `$name` and compares with its golden; the value is how it ran.
macro_rules! transcript {
    ($name:literal) => {{
        let transcript = include_str!(concat!("fixtures/gemini/", $name, ".sse"));
        let ran = sample::run_in_every_way(&ask(&json!({})), &endpoint("gemini", "gemini-3-pro"), transcript);
        let golden = include_str!(concat!("fixtures/gemini/", $name, ".chunks.sse"));
        assert_golden(concat!("../gemini/", $name, ".chunks.sse"), golden, &ran.answer());
        ran
    }};
}

fn run_in_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Ran {
    const MAX_EVENT_BYTES: usize = 2000;
    sample::run(&ask(&json!({})), &endpoint("gemini", "gemini-3-pro"), MAX_EVENT_BYTES, pieces)
}

fn run(stream: &str) -> Ran {
    run_in_pieces([stream.as_bytes()])
}

/// What has to be told of a stream that failed: its status and its type, and whether another endpoint or model is asked.
fn failure(ran: &Ran) -> (u16, ErrorType, Verdict) {
    let fault = sample::failure(ran);
    (fault.status, fault.error_type, fallback::verdict(fault, None, Duration::from_secs(1)))
}

#[test]
fn t53_t56_text_comes_with_crlf_and_the_usage_of_the_last() {
    let ran = transcript!("text");
    assert_eq!(reported(&ran), Usage { input: 5, cache_read: 4, output: 11, ..Usage::default() });
    assert_eq!(finish(&ran), ["stop", "STOP"]);
    assert_eq!(text(&ran, "content"), "Oceans of “blue”\n<br> é😀");
}

#[test]
fn t52_an_end_in_every_event_is_told_once() {
    let ran = transcript!("eager_finish");
    assert_eq!(finish(&ran), ["length", "MAX_TOKENS"]);
    assert_eq!(reported(&ran).output, 2);
}

#[test]
fn t50_t54_thoughts_are_reasoning_and_their_signature_is_kept() {
    let ran = transcript!("thinking");
    assert_eq!(reported(&ran), Usage { input: 12, output: 2, reasoning: 64, ..Usage::default() });
    assert_eq!(text(&ran, "reasoning"), "**Weighing**\n\nTwo options.");
    let details: Vec<Value> = deltas(&ran).iter().filter_map(|delta| delta.get("reasoning_details").cloned()).collect();
    assert_eq!(details[1], json!([{"type": "reasoning.text", "text": "options.", "format": "google-gemini-v1", "index": 0}]));
    assert_eq!(
        details[2],
        json!([{"type": "reasoning.encrypted", "data": "EtYCCtMCAXLI2nyQZ0==", "format": "google-gemini-v1", "index": 1}])
    );
}

#[test]
fn t50_t52_calls_are_whole_and_signed_and_end_with_their_own_word() {
    let ran = transcript!("tools");
    assert_eq!(reported(&ran), Usage { input: 80, output: 20, reasoning: 30, ..Usage::default() });
    assert_eq!(finish(&ran), ["tool_calls", "STOP"]);
    let deltas = deltas(&ran);
    let calls: Vec<&Value> = deltas.iter().filter_map(|delta| delta.get("tool_calls")).map(|calls| &calls[0]).collect();
    assert_eq!(calls[0]["index"], 0);
    assert_eq!(calls[0]["id"], "8f2b1a3c");
    assert_eq!(calls[0]["function"], json!({"name": "get_weather", "arguments": r#"{"city":"Oslo","days":2}"#}));
    assert_eq!(calls[1]["index"], 1);
    assert_eq!(calls[1]["function"]["arguments"], r#"{"city":"\"Køge\""}"#);
    let seal = deltas.iter().filter_map(|delta| delta["reasoning_details"].get(0)).find(|detail| detail["type"] == "reasoning.encrypted");
    assert_eq!(seal.unwrap()["id"], "8f2b1a3c", "so that it finds its call again");
}

#[test]
fn t47_calls_without_ids_get_some_that_are_always_the_same() {
    let ran = transcript!("tools_without_ids");
    let deltas = deltas(&ran);
    let calls: Vec<&Value> = deltas.iter().filter_map(|delta| delta.get("tool_calls")).map(|calls| &calls[0]).collect();
    assert_eq!(calls[0]["id"], "call_mAitaLmkHPPlz7IPvtfUqQ4_0");
    assert_eq!(calls[0]["function"]["arguments"], "{}");
    assert_eq!(calls[1]["id"], "call_mAitaLmkHPPlz7IPvtfUqQ4_1");
}

#[test]
fn t51_a_blocked_answer_ends_with_content_filter() {
    assert_eq!(finish(&transcript!("blocked_answer")), ["content_filter", "SAFETY"]);
    let ran = transcript!("blocked_answer_at_once");
    assert_eq!(finish(&ran), ["content_filter", "PROHIBITED_CONTENT"]);
    assert_eq!(reported(&ran).input, 6);
}

#[test]
fn t51_a_blocked_prompt_is_a_refusal() {
    let ran = transcript!("blocked_prompt");
    assert_eq!(failure(&ran), (400, ErrorType::ContentPolicyViolation, Verdict::NextModel));
    assert_eq!(ran.chunks, "");
}

#[test]
fn t52_a_call_that_went_wrong_ends_with_error() {
    // As OpenRouter does: the endpoint is well, and there is no reason to leave it alone.
    assert_eq!(finish(&transcript!("malformed_call")), ["error", "MALFORMED_FUNCTION_CALL"]);
    assert_eq!(finish(&transcript!("malformed_call_midway")), ["error", "MALFORMED_FUNCTION_CALL"]);
}

#[test]
fn t53_thoughts_can_use_up_everything() {
    let ran = transcript!("only_thoughts");
    assert_eq!(finish(&ran), ["length", "MAX_TOKENS"]);
    assert_eq!(reported(&ran), Usage { input: 8, reasoning: 64, ..Usage::default() });
}

#[test]
fn an_image_is_an_answer() {
    let ran = transcript!("image");
    assert_eq!(reported(&ran), Usage { input: 10, output: 2, image_output: 1290, ..Usage::default() });
    let image = deltas(&ran).into_iter().find_map(|delta| delta["images"].get(0).cloned()).unwrap();
    assert_eq!(image["image_url"]["url"], "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==");
}

#[test]
fn t14_several_answers_are_told_apart() {
    let ran = transcript!("several");
    let chunks = chunks(&ran);
    let of = |index: u64| chunks.iter().map(|chunk| &chunk["choices"][0]).filter(move |choice| choice["index"] == index);
    let text = |index: u64| of(index).filter_map(|choice| choice["delta"]["content"].as_str()).collect::<String>();
    assert_eq!((text(0), text(1)), ("Zürich.".to_owned(), "Basel".to_owned()));
    let last = |index: u64| of(index).next_back().unwrap()["finish_reason"].as_str().unwrap().to_owned();
    assert_eq!((last(0), last(1)), ("length".to_owned(), "tool_calls".to_owned()));
    assert!([0, 1].into_iter().all(|index| of(index).next().unwrap()["delta"]["role"] == "assistant"));
    assert!(ran.chunks.contains(r#""id":"call_mAita_1_0""#));
    let logprobs: Vec<&Value> = of(0).filter_map(|choice| choice["logprobs"]["content"].get(0)).collect();
    assert_eq!((logprobs.len(), &logprobs[0]["top_logprobs"][1]["logprob"]), (1, &json!(-2.5)));
}

#[test]
fn one_of_several_answers_without_an_end_is_a_failure() {
    let all = include_str!("fixtures/gemini/several.sse");
    let events: Vec<&str> = all.split_inclusive("\r\n\r\n").collect();
    assert!(matches!(failure(&run(&events[..3].concat())), (502, ..)));
}

#[test]
fn pages_that_an_answer_is_from_are_annotations_once() {
    let ran = transcript!("grounded");
    let annotations: Vec<Value> = deltas(&ran).iter().filter_map(|delta| delta.get("annotations").cloned()).collect();
    assert_eq!(annotations.len(), 1);
    let places: Vec<_> = annotations[0].as_array().unwrap().iter().map(|one| one["url_citation"]["start_index"].clone()).collect();
    assert_eq!(places, [json!(0), json!(10), json!(10)], "in characters, as clients count");
}

/// An event with an image of `size` bytes.
fn image_event(size: usize) -> String {
    let event = include_str!("fixtures/gemini/image.sse").split_inclusive("\r\n\r\n").find(|event| event.contains("inlineData"));
    with_image(event.unwrap(), size)
}

/// The stream with an image of `size` bytes in the place of its own, which ends as Google writes it.
fn with_image(stream: &str, size: usize) -> String {
    let image = "iVBORw0KGgoAAAANSUhEUg";
    assert!(stream.contains(&format!("{image}\\u003d\\u003d")), "{stream}");
    stream.replace(image, &"A".repeat(size))
}

#[test]
fn s10_an_image_larger_than_any_event_may_be_comes_through() {
    let stream = include_str!("fixtures/gemini/image.sse");
    let large = with_image(stream, 50_000);
    let ran = run_in_pieces(large.as_bytes().chunks(700));
    assert_eq!((&ran.progress, ran.unread), (&Progress::Done, false), "all of it was read");
    assert_chunks(&ran.answer());
    let image = deltas(&ran).into_iter().find_map(|delta| delta["images"].get(0).cloned()).unwrap();
    assert!(image["image_url"]["url"] == format!("data:image/png;base64,{}==", "A".repeat(50_000)));
    let small = run_in_pieces([stream.as_bytes()]);
    assert_eq!((finish(&ran), &ran.usage), (finish(&small), &small.usage));
    for size in [1, 13, 1000] {
        assert!(run_in_pieces(large.as_bytes().chunks(size)) == ran, "in pieces of {size}");
    }
    // Two of them one after the other.
    let twice = image_event(9000) + &large;
    let ran = run_in_pieces(twice.as_bytes().chunks(700));
    assert_eq!((ran.progress, ran.chunks.matches("image_url\":{").count()), (Progress::Done, 2));
}

#[test]
fn s10_an_image_that_breaks_off_leaves_whole_chunks() {
    let large = image_event(50_000);
    let ran = run_in_pieces(large.as_bytes()[..20_000].chunks(700));
    assert_chunks(&ran.answer());
    assert!(ran.unread);
}

#[test]
fn s10_an_end_in_an_event_that_was_not_read_is_an_end() {
    let text = "x".repeat(5000);
    let large =
        format!("data: {{\"candidates\":[{{\"content\":{{\"parts\":[{{\"text\":\"{text}\"}}]}},\"finishReason\":\"STOP\"}}]}}\r\n\r\n");
    let ran = run_in_pieces(large.as_bytes().chunks(100));
    assert_eq!((&ran.progress, ran.unread, finish(&ran)), (&Progress::Done, true, ["stop", "STOP"].map(str::to_owned)));
}

#[test]
fn s5_keep_alives_and_events_of_nothing_but_usage() {
    let ran = transcript!("keep_alive");
    assert!(ran.chunks.starts_with(": keep-alive\n\n"));
    assert_eq!(reported(&ran).output, 3);
}

#[test]
fn t61_an_error_in_the_stream_is_a_failure() {
    let ran = transcript!("error_midway");
    assert!(matches!(failure(&ran), (503, ErrorType::ProviderOverloaded, _)));
    assert!(!ran.answer().contains("never seen"));
    assert!(matches!(failure(&transcript!("error_first")), (429, ErrorType::RateLimitExceeded, _)));
    let list = run("data: [{\"error\":{\"code\":500,\"message\":\"x\",\"status\":\"INTERNAL\"}}]\r\n\r\n");
    assert!(matches!(failure(&list), (500, ErrorType::Server, _)));
}

#[test]
fn an_end_without_a_finish_reason_is_a_failure() {
    assert!(matches!(failure(&transcript!("cut_short")), (502, ..)));
}

#[test]
fn what_is_no_stream_of_gemini_fails() {
    for stream in ["", "data: {}\n\n", "data: nonsense\n\n", "data: {\"candidates\":[7]}\n\n", "<html></html>\n\n", "data: [DONE]\n\n"] {
        assert!(matches!(failure(&run(stream)), (502, ..)), "{stream}");
    }
}

#[test]
fn t17_an_answer_begins_with_its_first_content() {
    let progress = |events: usize, stream: &str| {
        let mut fed = signalbox::provider::stream(&endpoint("gemini", "gemini-3-pro"), &ask(&json!({})), envelope(), 2000);
        let head: String = stream.split_inclusive("\n\r\n").take(events).collect();
        fed.feed(head.as_bytes(), &mut Vec::new());
        fed.account().progress.clone()
    };
    assert_eq!(progress(1, include_str!("fixtures/gemini/thinking.sse")), Progress::Begun);
    assert_eq!(progress(1, include_str!("fixtures/gemini/text.sse")), Progress::Begun);
    assert_eq!(progress(1, include_str!("fixtures/gemini/malformed_call.sse")), Progress::Preamble);
    let empty = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},\"index\":0}]}\r\n\r\n";
    assert_eq!(progress(1, empty), Progress::Preamble);
}

#[test]
fn reasoning_that_nobody_wants_to_see_is_left_out() {
    let request = ask(&json!({"reasoning": {"exclude": true}}));
    let stream = include_str!("fixtures/gemini/thinking.sse");
    let ran = sample::run(&request, &endpoint("gemini", "gemini-3-pro"), 2000, [stream.as_bytes()]);
    assert!(!ran.chunks.contains("reasoning") && ran.chunks.contains("The second"));
    assert_eq!(reported(&ran).reasoning, 64);
}

#[test]
fn s10_an_event_that_is_too_large_is_not_read() {
    let large = format!("data: {{\"candidates\":[{{\"content\":{{\"parts\":[{{\"text\":\"{}\"}}]}}}}]}}\r\n\r\n", "x".repeat(5000));
    let ran = run_in_pieces((large + include_str!("fixtures/gemini/text.sse")).as_bytes().chunks(100));
    assert!(ran.unread && ran.chunks.contains("Oceans") && !ran.chunks.contains("xxx"));
    assert!(ran.output_bytes > 5000);
}
