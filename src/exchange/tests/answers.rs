//! Attempts that succeed: what is held, what is released, and what it comes to.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::usage::Source;

#[test]
fn a_whole_answer_is_released_with_its_cost() {
    let mut exchange = asked(false, &[ONE_AT_FIRST]);
    assert!(!exchange.is_released());
    let (head, json) = released(answered(&mut exchange, 200, COMPLETION));
    assert_eq!((head.status, head.cost.map(NanoUsd::get), head.retry_after), (200, Some(2_000_000), None));
    assert_eq!(json["id"], "gen-1");
    assert_eq!((&json["provider"], &json["model"]), (&"First".into(), &"m/one".into()));
    assert_eq!(json["usage"]["cost"], 0.002);
    assert!(exchange.is_released());
    assert_eq!(exchange.handle_response_to_client(200, &NOW), None, "it is the one that was released");

    let settled = exchange.settle(NOW.after(Duration::from_millis(1500)));
    let spent = settled.spent.unwrap();
    assert_eq!((spent.usage.input, spent.usage.output, spent.cost.total.get()), (1000, 100, 2_000_000));
    assert_eq!(outcomes(&settled), [("first", "accepted".into())]);
    assert_eq!((settled.cancelled, settled.stream, settled.duration), (false, false, 1500));
}

#[test]
fn s13_an_answer_that_does_not_say_what_it_is_is_taken_for_what_was_asked() {
    let mut exchange = asked(false, &[ONE_AT_FIRST]);
    assert_eq!(exchange.handle_response_head(head(200, Media::Unknown), false, &NOW), Step::Hold);
    assert!(matches!(exchange.handle_whole_body(COMPLETION.as_bytes(), &NOW), Step::Release(..)));
    let mut exchange = asked(true, &[ONE_AT_FIRST]);
    assert_eq!(exchange.handle_response_head(head(200, Media::Unknown), false, &NOW), Step::Hold);
    assert!(matches!(exchange.handle_body(text("x").as_bytes(), false, &NOW), Step::Release(..)));
}

#[test]
fn t17_a_stream_is_held_until_its_first_content() {
    let mut exchange = streaming(&[ONE_AT_FIRST]);
    for preamble in [": keep-alive\n\n", ROLE, "data: {\"choi"] {
        assert_eq!(exchange.handle_body(preamble.as_bytes(), false, &NOW), Step::Hold);
    }
    let rest = text("Hello");
    let later = NOW.after(Duration::from_millis(700));
    let Step::Release(head, begun) = exchange.handle_body(rest.strip_prefix("data: {\"choi").unwrap().as_bytes(), false, &later) else {
        panic!("not released")
    };
    assert_eq!(head, AnswerHead { status: 200, stream: true, whole: false, cost: None, retry_after: None });
    let begun = String::from_utf8(begun).unwrap();
    assert!(begun.starts_with(": keep-alive\n\ndata: {\"id\":\"gen-1\",\"provider\":\"First\",\"model\":\"m/one\""), "{begun}");
    assert_eq!(begun.matches("data: ").count(), 2);
    assert!(body(exchange.handle_body(text(" there").as_bytes(), false, &later)).contains(" there"));
    assert!(body(exchange.handle_body(STOP.as_bytes(), false, &later)).contains("\"finish_reason\":\"stop\""));
    assert_eq!(body(exchange.handle_body(USAGE.as_bytes(), false, &later)), "", "it comes at the end");
    let end = body(exchange.handle_body(DONE.as_bytes(), false, &later));
    assert!(end.contains("\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,"), "{end}");
    assert!(end.ends_with("}\n\ndata: [DONE]\n\n"));
    assert_eq!(body(exchange.handle_body(text("late").as_bytes(), false, &later)), "");
    assert_eq!(body(exchange.handle_body(b"", true, &later)), "");

    let settled = exchange.settle(NOW.after(Duration::from_secs(2)));
    assert_eq!((settled.time_to_first_token, settled.duration, settled.stream), (Some(700), 2000, true));
    assert_eq!(settled.spent.unwrap().cost.total.get(), 2_000_000);
    assert_eq!(outcomes(&settled), [("first", "accepted".into())]);
    assert!(!settled.cancelled);
}

#[test]
fn a_stream_that_comes_in_one_piece_is_released_in_one() {
    for (stream, end) in [([ROLE, &text("x"), STOP, USAGE, DONE].concat(), false), ([&text("x"), STOP, USAGE].concat(), true)] {
        let mut exchange = streaming(&[ONE_AT_FIRST]);
        let step = exchange.handle_body(stream.as_bytes(), end, &NOW);
        assert!(matches!(&step, Step::Release(head, _) if head.cost == Some(NanoUsd::new(2_000_000)) && !head.whole), "{step:?}");
        let body = body(step);
        assert_eq!((body.matches("\"usage\":{").count(), body.matches(DONE).count()), (1, 1));
    }
}

#[test]
fn s13_a_provider_that_does_not_stream_is_answered_as_a_stream() {
    let mut exchange = asked(true, &[ONE_AT_FIRST]);
    assert_eq!(exchange.handle_response_head(head(200, Media::Json), false, &NOW), Step::Hold);
    assert!(exchange.wants_whole_body());
    let step = exchange.handle_whole_body(COMPLETION.as_bytes(), &NOW);
    assert!(matches!(&step, Step::Release(head, _) if head.stream && head.cost == Some(NanoUsd::new(2_000_000))), "{step:?}");
    let body = body(step);
    let chunks: Vec<&str> = body.split_terminator("\n\n").collect();
    assert!(
        chunks[0].contains("\"object\":\"chat.completion.chunk\"")
            && chunks[0].contains("\"delta\":{\"role\":\"assistant\",\"content\":\"twelve bytes\"}"),
        "{body}"
    );
    assert!(chunks[1].contains("\"choices\":[],\"usage\":{\"prompt_tokens\":1000,"), "{body}");
    assert_eq!(chunks[2..], ["data: [DONE]"]);
    assert!(!exchange.settle(NOW).cancelled);
}

#[test]
fn an_answer_without_text_is_one_if_it_has_an_end() {
    let mut exchange = streaming(&[ONE_AT_FIRST, ONE_AT_SECOND]);
    assert!(matches!(exchange.handle_body([ROLE, STOP, DONE].concat().as_bytes(), false, &NOW), Step::Release(..)));
}

#[test]
fn a_usage_that_is_missing_is_estimated() {
    let mut exchange = asked(false, &[ONE_AT_FIRST]);
    let (_, json) = released(answered(&mut exchange, 200, r#"{"choices":[{"message":{"content":"twelve bytes"}}]}"#));
    assert_eq!((&json["usage"]["prompt_tokens"], &json["usage"]["completion_tokens"]), (&2.into(), &3.into()));
    assert_eq!(json["usage"]["estimated"], true);
    assert_eq!(exchange.settle(NOW).spent.unwrap().usage.source, Source::Estimated);

    // Nothing at all is no count.
    let mut exchange = asked(false, &[ONE_AT_FIRST]);
    let zeros = r#"{"choices":[{"message":{"content":"twelve bytes"}}],"usage":{"prompt_tokens":0,"completion_tokens":0}}"#;
    assert_eq!(released(answered(&mut exchange, 200, zeros)).1["usage"]["estimated"], true);

    let mut exchange = streaming(&[ONE_AT_FIRST]);
    let answer = body(exchange.handle_body([&text("twelve bytes"), STOP, DONE].concat().as_bytes(), false, &NOW));
    assert!(answer.contains("\"prompt_tokens\":2,\"completion_tokens\":3,") && answer.contains("\"estimated\":true"), "{answer}");
    assert_eq!(exchange.settle(NOW).spent.unwrap().usage.source, Source::Estimated);
}

#[test]
fn s10_a_usage_is_partial_where_an_event_was_too_large_to_read() {
    let run = |rest: &[&str]| {
        let mut exchange = streaming(&[ONE_AT_FIRST]);
        let stream = [&text(&"x".repeat(2000)), &rest.concat()].map(String::as_str).concat();
        for piece in stream.as_bytes().chunks(100) {
            exchange.handle_body(piece, false, &NOW);
        }
        exchange.settle(NOW).spent.unwrap().usage
    };
    let usage = run(&[STOP, DONE]);
    assert_eq!(usage.source, Source::Partial);
    assert!((500..600).contains(&usage.output), "{usage:?}");
    assert_eq!(run(&[STOP, USAGE, DONE]).source, Source::Reported);
}

#[test]
fn s11_a_compressed_answer_passes_and_is_estimated() {
    for stream in [false, true] {
        let mut exchange = asked(stream, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        let compressed = ResponseHead { encoded: true, ..head(200, Media::Json) };
        assert_eq!(exchange.handle_response_head(compressed, false, &NOW), Step::Pass);
        assert!(exchange.lets_body_pass() && exchange.is_released() && !exchange.wants_whole_body());
        exchange.count_passing(100);
        exchange.count_passing(300);
        let settled = exchange.settle(NOW);
        let spent = settled.spent.unwrap();
        assert_eq!((spent.usage.input, spent.usage.output, spent.usage.source), (2, 100, Source::Estimated));
        assert_eq!(outcomes(&settled), [("first", "accepted".into())]);
        assert!(!settled.cancelled);
    }
}

#[test]
fn t78_the_cost_that_openrouter_reports_wins_and_nobody_elses() {
    let answer = COMPLETION.replace("\"completion_tokens\":100", "\"completion_tokens\":100,\"cost\":0.5");
    for (place, cost) in [(TWO_AT_UPSTREAM, 500_000_000), (TWO_AT_THIRD, 4_000_000)] {
        let mut exchange = asked(false, &[place]);
        let (head, _) = released(answered(&mut exchange, 200, &answer));
        assert_eq!(head.cost.map(NanoUsd::get), Some(cost));
    }
}

#[test]
fn bodies_that_nobody_waits_for_are_dropped() {
    let mut exchange = asked(false, &[ONE_AT_FIRST]);
    exchange.count_passing(7);
    assert_eq!(exchange.handle_body(b"x", false, &NOW), Step::Body(Vec::new()));
    assert_eq!(exchange.handle_whole_body(b"x", &NOW), Step::Pass);
}

#[test]
fn an_answer_may_be_as_large_as_is_said_and_no_larger() {
    let padded = |len: usize| format!("{COMPLETION}{}", " ".repeat(len - COMPLETION.len()));
    let mut exchange = asked(false, &[ONE_AT_FIRST]);
    assert!(!exchange.exceeds_limit(5000) && exchange.exceeds_limit(5001));
    assert!(matches!(answered(&mut exchange, 200, &padded(5000)), Step::Release(AnswerHead { status: 200, .. }, _)));
    let mut exchange = asked(false, &[ONE_AT_FIRST]);
    let (head, json) = released(answered(&mut exchange, 200, &padded(5001)));
    assert_eq!(head.status, 502);
    assert_eq!(json["error"]["metadata"].get("raw"), None, "it may be as large as it likes");
}
