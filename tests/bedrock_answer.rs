//! Answers of Converse and ConverseStream in OpenRouter's shape, however their bytes are cut.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

// Each of the tests of Bedrock needs a part of it.
#[allow(dead_code)]
mod bedrock {
    pub(crate) mod converse;
}
// Of OpenAI's it is what holds for chunks of every provider.
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

use bedrock::converse::{CLAUDE, endpoint, frames, request};
use openai::chunks::Ran;
use openai::golden::{assert_golden, cost, envelope};
use provider::sample;
use serde_json::{Value, json};
use signalbox::error::ErrorType;
use signalbox::provider::Progress;
use signalbox::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const ASKED: &str = r#"{"model":"acme/model","stream":true,"messages":[{"role":"user","content":"Hi"}],
    "tools":[{"type":"function","function":{"name":"get_weather"}},{"type":"function","function":{"name":"mcp.server/now"}}]}"#;

fn run_in_pieces<'a>(asked: &str, model: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> Ran {
    sample::run(&request(asked), &endpoint(model), 1000, pieces)
}

fn run(transcript: &str) -> Ran {
    run_in_pieces(ASKED, CLAUDE, [&*frames(transcript)])
}

/// Runs the transcript `$name` whole, byte by byte and cut at every offset, and compares with its golden; the value is how it ran.
macro_rules! transcript {
    ($name:literal) => {{
        let bytes = frames(include_str!(concat!("fixtures/bedrock/", $name, ".events")));
        let whole = sample::run_however_cut(&request(ASKED), &endpoint(CLAUDE), &bytes);
        let golden = include_str!(concat!("fixtures/bedrock/", $name, ".chunks.sse"));
        assert_golden(concat!("../bedrock/", $name, ".chunks.sse"), golden, &whole.answer());
        whole
    }};
}

/// The deltas of the chunks, `member` of each.
fn deltas(ran: &Ran, member: &str) -> Vec<Value> {
    let chunks = ran.chunks.split_terminator("\n\n").map(|chunk| serde_json::from_str(chunk.strip_prefix("data: ").unwrap()).unwrap());
    chunks.filter_map(|chunk: Value| chunk["choices"][0]["delta"].get(member).cloned()).collect()
}

#[test]
fn t65_t66_the_usage_comes_behind_the_end_of_the_message() {
    let ran = transcript!("text");
    assert_eq!(ran.progress, Progress::Done);
    let usage = Usage { input: 14, cache_read: 2000, cache_write_5m: 48, output: 9, ..Usage::default() };
    assert_eq!(ran.usage, Some(usage));
    assert_eq!(deltas(&ran, "content"), ["", "Hello", ", \"wörld\" 🌍\n", ""]);
    let mut stream = signalbox::provider::stream(&endpoint(CLAUDE), &request(ASKED), envelope(), 1000);
    let before = include_str!("fixtures/bedrock/text.events").split_once("metadata").unwrap().0;
    stream.feed(&frames(before), &mut Vec::new());
    assert_eq!(stream.account().progress, Progress::Begun);
}

#[test]
fn t31_t32_t67_arguments_come_in_pieces_and_calls_are_counted_from_0() {
    let ran = transcript!("tools");
    let calls: Vec<Value> = deltas(&ran, "tool_calls").into_iter().map(|calls| calls[0].clone()).collect();
    assert_eq!(calls[0]["index"], 0);
    assert_eq!(calls[0]["function"], json!({"name": "get_weather", "arguments": ""}));
    let arguments = |index: usize| -> String {
        calls.iter().filter(|call| call["index"] == index).map(|call| call["function"]["arguments"].as_str().unwrap()).collect()
    };
    assert_eq!(arguments(0), r#"{"city": "Paris"}"#);
    assert_eq!(arguments(1), "{}");
    assert_eq!(calls[3]["function"]["name"], "mcp.server/now", "t69: the client's own name for it");
    assert!(ran.chunks.contains(r#""finish_reason":"tool_calls","native_finish_reason":"tool_use""#));
}

#[test]
fn t37_reasoning_comes_with_what_vouches_for_it() {
    let ran = transcript!("reasoning");
    assert_eq!(deltas(&ran, "reasoning"), ["Two and two", " make four."]);
    let details = deltas(&ran, "reasoning_details");
    assert_eq!(
        details[2][0],
        json!({"type": "reasoning.text", "signature": "EqQBCkYICxgCKkBx", "format": "anthropic-claude-v1", "index": 0})
    );
    assert_eq!(details[3][0]["type"], "reasoning.encrypted");
    assert_eq!(details[3][0]["index"], 1);
    let bytes = frames(include_str!("fixtures/bedrock/reasoning.events"));
    let hidden = run_in_pieces(&ASKED.replace("\"tools\"", "\"reasoning\":{\"exclude\":true},\"tools\""), CLAUDE, [&*bytes]);
    assert!(!hidden.chunks.contains("reasoning") && hidden.usage == ran.usage, "{}", hidden.chunks);
    let other = run_in_pieces(ASKED, "deepseek.r1-v1:0", [&*bytes]);
    assert!(!other.chunks.contains("anthropic"), "{}", other.chunks);
}

#[test]
fn t64_exceptions_come_in_the_stream() {
    let ran = transcript!("throttled");
    assert_eq!(ran.chunks, "");
    assert_eq!((sample::failure(&ran).status, sample::failure(&ran).error_type), (429, ErrorType::RateLimitExceeded));
    let ran = transcript!("broken_off");
    assert_eq!((sample::failure(&ran).status, sample::failure(&ran).error_type), (502, ErrorType::ProviderUnavailable));
    assert_eq!(deltas(&ran, "content"), ["", "Once upon"]);
    for (line, status, error_type) in [
        (r#"!internalServerException {"message":"x"}"#, 500, ErrorType::Server),
        (r#"!serviceUnavailableException {"message":"x"}"#, 503, ErrorType::ProviderOverloaded),
        (r#"!validationException {"message":"x"}"#, 400, ErrorType::InvalidRequest),
        (r#"!validationException {"message":"Input is too long for requested model."}"#, 400, ErrorType::ContextLengthExceeded),
        (r#"!modelTimeoutException {"message":"x"}"#, 408, ErrorType::Timeout),
        ("!newException null", 502, ErrorType::ProviderUnavailable),
        ("?InternalFailure it broke", 502, ErrorType::ProviderUnavailable),
    ] {
        let ran = run(line);
        assert_eq!((sample::failure(&ran).status, sample::failure(&ran).error_type), (status, error_type), "{line}");
    }
    assert_eq!(sample::failure(&run("?InternalFailure it broke")).raw.as_deref(), Some("InternalFailure: it broke"));
}

#[test]
fn the_tier_that_it_was_served_in_is_told() {
    let mut stream = signalbox::provider::stream(&endpoint(CLAUDE), &request(ASKED), envelope(), 1000);
    stream
        .feed(&frames("metadata {\"usage\":{\"inputTokens\":1,\"outputTokens\":1},\"serviceTier\":{\"type\":\"flex\"}}"), &mut Vec::new());
    assert_eq!(stream.account().provenance.service_tier.as_str(), "flex");
    for (tier, expected) in
        [(r#","serviceTier":{"type":"priority"}"#, json!("priority")), ("", Value::Null), (r#","serviceTier":7"#, Value::Null)]
    {
        let body =
            format!(r#"{{"output":{{"message":{{"role":"assistant","content":[{{"text":"Hi"}}]}}}},"stopReason":"end_turn"{tier}}}"#);
        let (answer, _) = sample::answer(&request(ASKED), &endpoint(CLAUDE), body.as_bytes()).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["service_tier"], expected, "{tier}");
    }
}

#[test]
fn an_answer_without_metadata_is_one() {
    let ran = transcript!("no_metadata");
    assert_eq!((ran.progress, ran.usage), (Progress::Done, None));
}

#[test]
fn t63_bytes_that_are_no_frames_are_no_answer() {
    let sound = frames(include_str!("fixtures/bedrock/text.events"));
    for bytes in [&b"data: {}\n\n data: [DONE]\n\n"[..], b"", b"{\"message\":\"x\"}", &sound[..sound.len() / 2]] {
        assert_eq!(sample::failure(&run_in_pieces(ASKED, CLAUDE, [bytes])).status, 502);
    }
    let large = format!("contentBlockDelta {{\"delta\":{{\"text\":\"{}\"}}}}", "x".repeat(1000));
    assert!(sample::failure(&run(&large)).raw.as_ref().unwrap().contains("larger"));
    let after = [&*sound, b"garbage that nobody waits for"].concat();
    assert_eq!(run_in_pieces(ASKED, CLAUDE, [&*after]).progress, Progress::Done);
    assert_eq!(sample::failure(&run("messageStart {\"role\":")).status, 502);
}

#[test]
fn every_stop_reason_has_its_word() {
    for (native, word) in [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("malformed_tool_use", "error"),
        ("something_new", "stop"),
    ] {
        let ran = run(&format!("messageStop {{\"stopReason\":\"{native}\"}}"));
        let expected = format!(r#""finish_reason":"{word}","native_finish_reason":"{native}""#);
        assert!(ran.chunks.contains(&expected), "{native}: {}", ran.chunks);
    }
}

/// Reads the answer `$name` and compares with its golden; the value is the JSON.
macro_rules! answer {
    ($name:literal) => {{
        let body = include_str!(concat!("fixtures/bedrock/", $name, ".json"));
        let completion = signalbox::provider::completion(&endpoint(CLAUDE), &request(ASKED), body.as_bytes(), &envelope()).unwrap();
        let mut answer = completion.head;
        answer.extend_from_slice(b",\"usage\":");
        let usage = completion.usage.unwrap();
        usage.write_openrouter(&cost(&usage), false, &mut answer);
        answer.push(b'}');
        let answer = String::from_utf8(answer).unwrap();
        let golden = include_str!(concat!("fixtures/bedrock/", $name, ".openrouter.json"));
        assert_golden(concat!("../bedrock/", $name, ".openrouter.json"), golden, &format!("{answer}\n"));
        serde_json::from_str::<Value>(&answer).unwrap()
    }};
}

#[test]
fn a_whole_answer_is_one_message() {
    let json = answer!("text");
    assert_eq!(json["choices"][0]["message"]["content"], "Hello, \"wörld\" (cited)");
    assert_eq!(json["choices"][0]["native_finish_reason"], "stop_sequence");
    assert_eq!(json["choices"][0]["stop_sequence"], "END");
    assert_eq!(json["usage"]["prompt_tokens"], 23);
    assert_eq!(json["usage"]["prompt_tokens_details"]["cache_write_tokens"], 5);
}

#[test]
fn t30_t67_inputs_become_arguments_and_reasoning_keeps_its_signatures() {
    let message = answer!("tools")["choices"][0]["message"].clone();
    assert_eq!(message["tool_calls"][0]["function"]["arguments"], r#"{"city":"Paris \"centre\"","n":1.0}"#);
    assert_eq!(message["tool_calls"][1]["function"]["name"], "mcp.server/now");
    assert_eq!(message["reasoning_details"][0]["signature"], "EqQBCkYI");
    assert_eq!(message["reasoning_details"][1]["data"], "EmwKAhgB");
    assert_eq!(message["images"][0]["image_url"]["url"], "data:image/png;base64,iVBORw0KGgo=");
}

#[test]
fn what_is_no_answer_is_a_fault() {
    for body in ["", "{}", "<html>", r#"{"message":"x"}"#, r#"{"output":{"message":{"content":7}}}"#, r#"{"output":null}"#] {
        let fault = signalbox::provider::completion(&endpoint(CLAUDE), &request(ASKED), body.as_bytes(), &envelope()).unwrap_err();
        assert_eq!(fault.status, 502, "{body}");
    }
}
