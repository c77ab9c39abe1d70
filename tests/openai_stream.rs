//! Streams of OpenAI's format and its imitators become OpenRouter's chunks, however their bytes are cut.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod openai {
    pub(crate) mod chunks;
    pub(crate) mod golden;
    pub(crate) mod schema;
}

use openai::chunks::{Ran, assert_chunks, progress, run, run_in_pieces};
use openai::golden::assert_golden;
use signalbox::error::ErrorType;
use signalbox::price::NanoUsd;
use signalbox::provider::Progress;
use signalbox::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Runs the transcript `$name` and compares with its golden; the value is how it ran.
macro_rules! transcript {
    ($name:literal) => {{
        let stream = include_str!(concat!("fixtures/openai/", $name, ".sse"));
        let ran = run_in_every_way(stream);
        assert_golden(concat!($name, ".chunks.sse"), include_str!(concat!("fixtures/openai/", $name, ".chunks.sse")), &ran.answer());
        ran
    }};
}

/// Runs a stream whole, byte by byte, cut at every offset, and in the other notations of server-sent events: all must agree.
fn run_in_every_way(stream: &str) -> Ran {
    let whole = run(stream);
    assert_chunks(&whole.answer());
    let bytes = stream.as_bytes();
    assert_eq!(run_in_pieces(bytes.chunks(1)), whole, "byte by byte");
    assert_eq!(run_in_pieces(stream.split_inclusive("\n\n").map(str::as_bytes)), whole, "event by event");
    for cut in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(cut);
        assert_eq!(run_in_pieces([head, tail]), whole, "cut at {cut}");
    }
    for (notation, stream) in [
        ("s1: CRLF", stream.replace('\n', "\r\n")),
        ("s1: CR", stream.replace('\n', "\r")),
        ("s3: no space", stream.replace("\ndata: ", "\ndata:")),
        ("s4: several data lines", stream.replace(",\"choices\"", ",\ndata: \"choices\"")),
        ("s6: no blank line at the end", stream.trim_end().to_owned()),
        ("s7: a byte order mark", format!("\u{feff}{stream}")),
        ("s8: a line without a colon", stream.replace("\ndata: ", "\nnonsense\ndata: ")),
        ("s9: other fields", stream.replace("\ndata: ", "\nid: 7\nevent: message\nretry: 9\ndata: ")),
        ("blank lines", stream.replace("\n\n", "\n\n\n\n")),
    ] {
        let mut ran = run_in_pieces(stream.as_bytes().chunks(7));
        if notation == "s9: other fields" {
            let kept = "event: message\nid: 7\nretry: 9\ndata: ";
            let kept_by = ran.chunks.matches(kept).count();
            assert!(kept_by + 1 >= whole.chunks.matches("data: {").count(), "all but the first have them: {}", ran.chunks);
            ran.chunks = ran.chunks.replace(kept, "data: ");
        }
        assert_eq!(ran, whole, "{notation}");
    }
    whole
}

/// The first event by which the answer has begun, comments not counted.
fn begins_with(stream: &str) -> Option<usize> {
    let events: Vec<&str> = stream.split_inclusive("\n\n").filter(|event| !event.starts_with(':')).collect();
    (0..events.len()).find(|index| progress(&events[..=*index].concat()) == Progress::Begun)
}

fn chunk(choices: &str) -> String {
    format!("data: {{\"choices\":[{choices}]}}\n\n")
}

/// A chunk with a finish reason.
fn last() -> String {
    chunk(r#"{"index":0,"delta":{},"finish_reason":"stop"}"#)
}

fn reported(ran: &Ran) -> Usage {
    assert_eq!(ran.progress, Progress::Done);
    ran.usage.unwrap()
}

#[test]
fn t08_t09_t12_the_usage_comes_once_whatever_was_null_before() {
    let usage = Usage { input: 86, cache_read: 1920, output: 300, ..Usage::default() };
    assert_eq!(reported(&transcript!("text")), usage);
}

#[test]
fn t15_pieces_of_tool_calls_keep_their_index_and_lose_their_nulls() {
    assert_eq!(reported(&transcript!("tools")), Usage { input: 82, output: 45, ..Usage::default() });
}

#[test]
fn t14_choices_may_interleave() {
    assert_eq!(reported(&transcript!("interleaved")), Usage { input: 10, output: 6, ..Usage::default() });
}

#[test]
fn t18_t77_deepseeks_reasoning_gets_openrouters_name() {
    let usage = Usage { input: 36, cache_read: 64, output: 7, reasoning: 50, ..Usage::default() };
    assert_eq!(reported(&transcript!("deepseek_reasoning")), usage);
}

#[test]
fn t10_of_a_usage_on_every_chunk_the_last_counts() {
    assert_eq!(reported(&transcript!("vllm_continuous")), Usage { input: 11, output: 3, ..Usage::default() });
}

#[test]
fn t10_groqs_usage_is_found_in_its_own_member() {
    assert_eq!(reported(&transcript!("groq")), Usage { input: 18, output: 4, ..Usage::default() });
}

#[test]
fn t10_a_usage_may_be_within_a_choice() {
    assert_eq!(reported(&transcript!("usage_in_choice")), Usage { input: 16, cache_read: 3, output: 13, ..Usage::default() });
}

#[test]
fn t78_s5_openrouters_comments_and_cost_stay() {
    let ran = transcript!("upstream");
    assert_eq!(ran.chunks.matches(": OPENROUTER PROCESSING\n\n").count(), 3);
    let reported_cost = Some(NanoUsd::new(20_300));
    assert_eq!(reported(&ran), Usage { input: 23, output: 3, reasoning: 57, reported_cost, ..Usage::default() });
}

#[test]
fn t72_azures_filter_results_are_no_content() {
    let ran = transcript!("azure");
    assert_eq!(reported(&ran), Usage { input: 14, output: 2, ..Usage::default() });
    assert!(ran.chunks.contains("prompt_filter_results") && ran.chunks.contains("content_filter_offsets"));
}

#[test]
fn t16_togethers_ends_and_roles_are_openrouters() {
    assert_eq!(reported(&transcript!("together")), Usage { input: 36, output: 2, ..Usage::default() });
}

#[test]
fn t03_a_refusal_is_an_answer() {
    assert_eq!(reported(&transcript!("refused")), Usage { input: 9, output: 7, ..Usage::default() });
}

#[test]
fn an_image_is_an_answer() {
    assert_eq!(reported(&transcript!("image")), Usage { input: 6, image_output: 1290, ..Usage::default() });
}

#[test]
fn a_usage_of_zeros_is_none() {
    let ran = transcript!("usage_missing");
    assert_eq!((ran.usage, ran.output_bytes), (None, 12));
}

#[test]
fn t43_s6_a_stream_may_end_without_done() {
    assert_eq!(reported(&transcript!("done_missing")), Usage { input: 5, output: 2, ..Usage::default() });
}

#[test]
fn an_end_without_a_finish_reason_is_a_failure() {
    let ran = transcript!("cut_short");
    assert!(matches!(&ran.progress, Progress::Failed(fault) if fault.status == 502), "{:?}", ran.progress);
}

#[test]
fn t19_an_error_may_come_after_content() {
    let ran = transcript!("error_midway");
    assert!(matches!(&ran.progress, Progress::Failed(fault) if fault.status == 429), "{:?}", ran.progress);
    assert!(!ran.answer().contains("never seen"));
    let ran = transcript!("error_midway_openai");
    assert!(matches!(&ran.progress, Progress::Failed(fault) if fault.error_type == ErrorType::Server), "{:?}", ran.progress);
}

#[test]
fn an_event_that_is_called_an_error_is_one_whatever_it_says() {
    let content = chunk(r#"{"index":0,"delta":{"content":"a"},"finish_reason":null}"#);
    for (error, status) in [
        (r#"{"message":"bad thing","code":503}"#, 503),
        (r#"{"error":{"message":"bad thing","code":429}}"#, 429),
        (r#"{"choices":[{"index":0,"delta":{"content":"b"}}]}"#, 502),
    ] {
        let ran = run(&format!("{content}event: error\ndata: {error}\n\n"));
        assert!(matches!(&ran.progress, Progress::Failed(fault) if fault.status == status), "{error}: {:?}", ran.progress);
        assert_eq!(ran.chunks.matches("data: ").count(), 1, "nothing of it is told as a chunk: {}", ran.chunks);
    }
}

#[test]
fn t17_t72_an_answer_begins_with_its_first_content() {
    for (stream, first) in [
        (include_str!("fixtures/openai/text.sse"), 1),
        (include_str!("fixtures/openai/tools.sse"), 1),
        (include_str!("fixtures/openai/interleaved.sse"), 2),
        (include_str!("fixtures/openai/deepseek_reasoning.sse"), 1),
        (include_str!("fixtures/openai/upstream.sse"), 1),
        (include_str!("fixtures/openai/azure.sse"), 2),
        (include_str!("fixtures/openai/together.sse"), 0),
        (include_str!("fixtures/openai/refused.sse"), 1),
        (include_str!("fixtures/openai/image.sse"), 1),
    ] {
        assert_eq!(begins_with(stream), Some(first), "{stream}");
    }
    // An answer without any text begins with its end.
    assert_eq!(begins_with(&last()), Some(0));
}

#[test]
fn t19_a_stream_that_has_not_begun_fails_with_what_it_says() {
    let role = chunk(r#"{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}"#);
    for (stream, status) in [
        (format!("{role}data: {{\"error\":{{\"message\":\"x\",\"code\":429}}}}\n\n"), 429),
        ("event: error\ndata: {\"error\":{\"type\":\"overloaded_error\"}}\n\n".to_owned(), 529),
        ("data: {\"error\":\"out of memory\"}\n\n".into(), 502),
        ("data: out of memory\n\n".into(), 502),
        ("data: {\"choices\":[7]}\n\n".into(), 502),
        ("data: {\"choices\":[{\"delta\":{}}]} {}\n\n".into(), 502),
        ("<html>\n<body>Log in</body>\n</html>\n".into(), 502),
        (": keep-alive\n\n: keep-alive\n\n".into(), 502),
        (role, 502),
        (String::new(), 502),
    ] {
        let ran = run(&stream);
        assert!(matches!(&ran.progress, Progress::Failed(fault) if fault.status == status), "{stream}: {:?}", ran.progress);
        assert_ne!(progress(&stream), Progress::Begun, "{stream}");
    }
}

#[test]
fn what_clients_refuse_is_mended() {
    for (choice, delta) in [
        (r#"{"index":0,"finish_reason":null,"content_filter_results":{}}"#, "{}"),
        (r#"{"index":0,"delta":null}"#, "{}"),
        (r#"{"index":null,"delta":{"role":"","content":"x"}}"#, r#"{"role":"assistant","content":"x"}"#),
        (r#"{"delta":{"reasoning":null,"reasoning_content":"x"}}"#, r#"{"reasoning":"x"}"#),
        (r#"{"delta":{"reasoning_content":"x","reasoning":"x"}}"#, r#"{"reasoning":"x"}"#),
        (r#"{"delta":{"reasoning_content":null,"content":null}}"#, r#"{"content":null}"#),
        (
            r#"{"delta":{"tool_calls":[{"id":"a","function":null},{"id":"b"},{"index":2,"function":{"arguments":""}}]}}"#,
            r#"{"tool_calls":[{"id":"a","index":0,"type":"function"},{"id":"b","index":1,"type":"function"},{"index":2,"function":{"arguments":""}}]}"#,
        ),
    ] {
        let ran = run(&(chunk(choice) + &last()));
        assert_chunks(&ran.answer());
        assert!(ran.chunks.contains(&format!("\"delta\":{delta}")), "{choice}: {}", ran.chunks);
    }
}

#[test]
fn t09_a_null_does_not_hide_a_usage_beside_it() {
    let counts = r#"{"prompt_tokens":7,"completion_tokens":2}"#;
    for members in [
        format!(r#""usage":null,"x_groq":{{"usage":{counts}}},"choices":[]"#),
        format!(r#""x_groq":{{"usage":{counts}}},"usage":null,"choices":[]"#),
        format!(r#""usage":null,"choices":[{{"delta":{{}},"usage":{counts}}}]"#),
        format!(r#""usage":{counts},"x_groq":{{"usage":null}},"choices":[]"#),
    ] {
        let ran = run(&format!("data: {{{members}}}\n\n{}", last()));
        assert_eq!(reported(&ran), Usage { input: 7, output: 2, ..Usage::default() }, "{members}");
    }
}

#[test]
fn t24_of_two_members_the_first_counts() {
    let ran = run(&format!(
        "data: {{\"choices\":[{{\"delta\":{{\"content\":\"a\"}}}}],\"choices\":[{{\"delta\":{{\"content\":\"b\"}}}}]}}\n\n{}",
        last()
    ));
    assert_chunks(&ran.answer());
    assert!(ran.chunks.contains("{\"content\":\"a\"}") && !ran.chunks.contains("{\"content\":\"b\"}"), "{}", ran.chunks);
}

#[test]
fn a_blank_finish_reason_is_none() {
    let ran = run(&chunk(r#"{"delta":{"content":"x"},"finish_reason":""}"#));
    assert!(ran.chunks.contains(r#""finish_reason":null"#), "{}", ran.chunks);
    assert!(matches!(ran.progress, Progress::Failed(_)));
}

#[test]
fn an_event_without_data_is_nothing() {
    let ran = run(&format!("data:\n\ndata: \n\nevent: ping\n\n{}data: [DONE]\n\n", last()));
    assert_eq!(ran.progress, Progress::Done);
    assert_eq!(ran.chunks.matches("data: ").count(), 1);
}

#[test]
fn t43_nothing_comes_after_done() {
    for done in ["data: [DONE]\n\n", "data:[DONE]\n\n", "data: [DONE] \n\n"] {
        let ran = run(&[&last(), done, &last(), ": late\n\n", "data: {\"error\":{}}\n\n", done].concat());
        assert_eq!(ran.progress, Progress::Done, "{done}");
        assert_eq!(ran.chunks, run(&last()).chunks);
    }
}

#[test]
fn s10_an_event_that_is_too_large_passes_and_the_rest_is_read() {
    let large = chunk(&format!(r#"{{"index":0,"delta":{{"content":"{}"}},"finish_reason":null}}"#, "x".repeat(5000)));
    let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":9}}\n\n";
    let stream = [&large, &last(), usage].concat();
    for size in [1, 7, 100, 900] {
        let ran = run_in_pieces(stream.as_bytes().chunks(size));
        assert!(ran.unread && ran.chunks.starts_with(&large), "{size}");
        assert_eq!(reported(&ran), Usage { input: 1, output: 9, ..Usage::default() });
    }
    // Cut off within such an event, the chunk that says so must not become a part of it.
    let ran = run_in_pieces(large.as_bytes()[..3000].chunks(100));
    assert!(ran.answer().contains("xxx\n\ndata: {\"id\":"), "{}", ran.answer());
}

/// Chunks that come one by one and are like the one before are not read again: what is told must be what it is when each is read.
#[test]
fn a_chunk_like_the_one_before_is_told_as_if_it_were_the_first() {
    let shapes = [
        r#"{"id":"c-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"@"},"logprobs":null,"finish_reason":null}],"obfuscation":"@"}"#,
        r#"{"obfuscation":"@","choices":[{"delta":{"content":"","reasoning_content":"@"},"index":1,"finish_reason":null}],"usage":null}"#,
        r#"{"choices":[{"index":0,"delta":{"reasoning_content":"@","content":null}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"@"}}]}}],"service_tier":"default"}"#,
        r#"{"choices":[{"index":0,"delta":{"content":"@"}},{"index":1,"delta":{"content":"@","refusal":"@"}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"content":"@"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
        r#"{"choices":[{"index":0,"delta":{"content":"@"},"finish_reason":"stop"}]}"#,
        r#"{"choices":[{"index":0,"delta":{"reasoning":"@"}}] }"#,
        r#"{"choices":[{"index":0,"delta":{"reasoning_content":"@","content":"@"}}]}"#,
        "{\"choices\":\n[{\"index\":0,\"delta\":{\"content\":\"@\"}}]}",
    ];
    let frames = [("data:", "\n\n"), ("data: ", "\r\n\r\n"), ("data: ", "\ndata: x\n\n"), ("data: ", " \n\n"), ("id: 1\ndata: ", "\n\n")];
    let texts = ["", "a", " word", "Zürich 大宮", r#"\"quoted\" \n \u00e9"#, "a text that is longer than one block of the scanner is"];
    let empty = ["data: ", &shapes[0].replace('@', ""), "\n\n"].concat();
    assert_eq!(progress(&empty.repeat(2)), Progress::Preamble);
    assert_eq!(progress(&[empty, ["data: ", &shapes[0].replace('@', "a"), "\n\n"].concat()].concat()), Progress::Begun);
    // What no string may hold, what looks like the end, and what ends the event.
    let odd = ["\u{1}", "\"", "\\", r#"\x"#, "\n", r#""}}]}"#, r#"","role":"user"#];
    let mut random = fastrand::Rng::with_seed(11);
    for round in 0..if cfg!(target_family = "wasm") { 100 } else { 600 } {
        let mut events = Vec::new();
        while events.len() < 12 {
            let shape = shapes[random.usize(..shapes.len())];
            for _ in 0..random.usize(1..6) {
                let text = if random.u8(..) < 6 { odd[random.usize(..odd.len())] } else { texts[random.usize(..texts.len())] };
                let (before, after) = if random.u8(..) < 20 { frames[random.usize(..frames.len())] } else { ("data: ", "\n\n") };
                let chunk = shape.replace('@', text);
                // A line end within a line of data would end that.
                let chunk = if random.u8(..) < 250 { chunk.replace("\n[", "\ndata: [") } else { chunk };
                events.push([before, &chunk, after].concat());
            }
        }
        if round % 3 == 0 {
            events.insert(random.usize(..events.len()), "data: [DONE]\n\n".to_owned());
        }
        let read = run_in_pieces(events.concat().as_bytes().chunks(1));
        assert_eq!(run_in_pieces(events.iter().map(String::as_bytes)), read, "one by one: {events:#?}");
        assert_eq!(
            run_in_pieces(events.chunks(2).map(|two| two.concat()).collect::<Vec<_>>().iter().map(String::as_bytes)),
            read,
            "by twos: {events:#?}"
        );
    }
}
