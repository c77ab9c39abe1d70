//! What happens around the attempts: Envoy's own failures, clients that go away, plans and names.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::usage::Source;

#[test]
fn a_plan_is_worked_off_in_its_order() {
    let mut exchange = planned(false, &[TWO_AT_THIRD, ONE_AT_FIRST]);
    assert_eq!((exchange.fallbacks(), exchange.next_cluster()), (1, Some("third")));
    assert!(exchange.current_endpoint().is_none());
    for (cluster, next) in [("third", Some("first")), ("first", None)] {
        assert_eq!(&*exchange.begin_attempt(&NOW).unwrap().provider.cluster, cluster);
        assert_eq!(&*exchange.current_endpoint().unwrap().provider.cluster, cluster);
        assert_eq!(exchange.next_cluster(), next);
    }
    assert!(exchange.begin_attempt(&NOW).is_none());
}

#[test]
fn a_stream_has_less_time_for_its_first_token_than_an_answer_for_all() {
    assert_eq!(planned(true, &[ONE_AT_FIRST]).attempt_timeout(), Duration::from_secs(5));
    assert_eq!(planned(false, &[ONE_AT_FIRST]).attempt_timeout(), Duration::from_secs(60));
}

#[test]
fn an_attempt_that_is_open_when_the_next_begins_was_refused_or_silent() {
    for (stream, seconds, expected) in [
        (true, 0, "provider_unavailable"),
        (true, 4, "provider_unavailable"),
        (true, 5, "timeout"),
        (false, 5, "provider_unavailable"),
        (false, 60, "timeout"),
    ] {
        let mut exchange = asked(stream, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        let later = NOW.after(Duration::from_secs(seconds));
        exchange.begin_attempt(&later).unwrap();
        assert_eq!(troubles(&mut exchange, later), [(ONE_AT_FIRST, 20_000)]);
        assert_eq!(outcomes(&exchange.settle(later))[0], ("first", format!("unanswered {expected}")));
    }
}

#[test]
fn a_stream_that_says_nothing_of_meaning_is_left_and_forgotten() {
    let mut exchange = streaming(&[ONE_AT_FIRST, ONE_AT_SECOND]);
    assert_eq!(exchange.handle_body([": keep-alive\n\n", ROLE].concat().as_bytes(), false, &NOW), Step::Hold);
    let later = NOW.after(Duration::from_secs(5));
    exchange.begin_attempt(&later).unwrap();
    assert_eq!(exchange.handle_response_head(head(200, Media::EventStream), false, &later), Step::Hold);
    let answer = body(exchange.handle_body(text("x").as_bytes(), false, &later));
    assert!(!answer.contains("keep-alive"));
    let settled = exchange.settle(later);
    assert_eq!(outcomes(&settled)[0], ("first", "unanswered timeout".into()));
    assert_eq!(settled.time_to_first_token, Some(5000));
}

#[test]
fn where_envoy_gives_up_the_client_is_told_in_openrouters_words() {
    let told = |exchange: &mut Exchange, status, seconds| {
        let error = exchange.handle_response_to_client(status, &NOW.after(Duration::from_secs(seconds))).unwrap();
        let body: Value = serde_json::from_slice(&error.body()).unwrap();
        assert_eq!(body["error"]["code"], error.status());
        assert!(exchange.is_released());
        assert_eq!(exchange.handle_response_to_client(status, &NOW), None, "once");
        let settled = exchange.settle(NOW);
        assert!(!settled.cancelled && settled.spent.is_none());
        (error.status(), body["error"]["metadata"]["error_type"].as_str().unwrap().to_owned(), body["error"]["metadata"].clone())
    };
    // Refused.
    let (status, error_type, metadata) = told(&mut asked(false, &[ONE_AT_FIRST]), 503, 0);
    assert_eq!((status, &*error_type, &metadata["provider_name"]), (502, "provider_unavailable", &"First".into()));
    // Silent: per attempt, and within the route's time.
    let (status, error_type, _) = told(&mut asked(true, &[ONE_AT_FIRST]), 504, 5);
    assert_eq!((status, &*error_type), (504, "timeout"));
    let (status, error_type, _) = told(&mut asked(false, &[ONE_AT_FIRST]), 504, 5);
    assert_eq!((status, &*error_type), (504, "timeout"));
    // Silent after the head of a stream, or in the midst of a body.
    let (status, error_type, _) = told(&mut streaming(&[ONE_AT_FIRST]), 504, 5);
    assert_eq!((status, &*error_type), (504, "timeout"));
    let mut exchange = asked(false, &[ONE_AT_FIRST]);
    assert_eq!(exchange.handle_response_head(head(200, Media::Json), false, &NOW), Step::Hold);
    assert_eq!(told(&mut exchange, 503, 1).0, 502);
    // A retry that Envoy did not make.
    let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
    assert_eq!(answered(&mut exchange, 429, "{}"), Step::Retry);
    let (status, error_type, metadata) = told(&mut exchange, 429, 0);
    assert_eq!((status, &*error_type, metadata.get("previous_errors")), (429, "rate_limit_exceeded", None));
    // No attempt at all: the route's fault, or another filter's word.
    for (status, expected) in [(503, (500, "server")), (429, (429, "rate_limit_exceeded"))] {
        let (status, error_type, metadata) = told(&mut planned(false, &[ONE_AT_FIRST]), status, 0);
        assert_eq!(((status, &*error_type), metadata.get("provider_name")), (expected, None));
    }
}

#[test]
fn s15_a_client_may_go_away_at_any_time() {
    type Until = fn() -> Exchange;
    let gone: [(&str, Until, Option<Source>); 9] = [
        ("before the first attempt", || planned(true, &[ONE_AT_FIRST]), None),
        ("before an answer", || asked(true, &[ONE_AT_FIRST]), None),
        ("in a stream that has not begun", || streaming(&[ONE_AT_FIRST]), None),
        (
            "in a body",
            || {
                let mut exchange = asked(false, &[ONE_AT_FIRST]);
                exchange.handle_response_head(head(200, Media::Json), false, &NOW);
                exchange
            },
            None,
        ),
        (
            "in a refusal",
            || {
                let mut exchange = asked(false, &[ONE_AT_FIRST]);
                exchange.handle_response_head(head(400, Media::Json), false, &NOW);
                exchange
            },
            None,
        ),
        (
            "between two attempts",
            || {
                let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
                exchange.handle_response_head(head(500, Media::Json), false, &NOW);
                exchange
            },
            None,
        ),
        (
            "in the second attempt",
            || {
                let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
                exchange.begin_attempt(&NOW).unwrap();
                exchange
            },
            None,
        ),
        (
            "in a stream",
            || {
                let mut exchange = streaming(&[ONE_AT_FIRST]);
                exchange.handle_body(text("twelve bytes").as_bytes(), false, &NOW);
                exchange
            },
            Some(Source::Partial),
        ),
        (
            "in a stream that counts all along",
            || {
                let mut exchange = streaming(&[ONE_AT_FIRST]);
                exchange.handle_body([&text("x"), USAGE].concat().as_bytes(), false, &NOW);
                exchange
            },
            Some(Source::Partial),
        ),
    ];
    for (when, until, spent) in gone {
        let settled = until().settle(NOW);
        assert!(settled.cancelled, "{when}");
        assert_eq!(settled.spent.map(|spent| spent.usage.source), spent, "{when}");
    }
    // What was seen counts.
    assert_eq!(gone[7].1().settle(NOW).spent.unwrap().usage.output, 3);
    assert_eq!(gone[8].1().settle(NOW).spent.unwrap().usage.output, 100);
}

/// Anthropic counts one token of output at the beginning, and all of them at the end.
#[test]
fn c4_t33_what_was_seen_counts_though_the_provider_has_counted_less() {
    let mut exchange = streaming(&[ONE_AT_FIRST]);
    let begun = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":1}}\n\n";
    exchange.handle_body([begun, &text("twelve bytes")].concat().as_bytes(), false, &NOW);
    let spent = exchange.settle(NOW).spent.unwrap();
    assert_eq!((spent.usage.input, spent.usage.output, spent.usage.source), (1000, 3, Source::Partial));
    assert_eq!(spent.cost.completion, NanoUsd::new(30_000));
}

#[test]
fn s13_media_have_parameters_and_any_case() {
    for (value, media) in [
        ("application/json", Media::Json),
        ("Application/JSON; charset=utf-8", Media::Json),
        ("text/event-stream;charset=UTF-8", Media::EventStream),
        ("TEXT/Event-Stream", Media::EventStream),
        ("text/html", Media::Other),
        ("", Media::Other),
    ] {
        assert_eq!(Media::of(value.as_bytes()), media, "{value}");
    }
}

#[test]
fn a_generation_id_has_time_and_luck_in_it() {
    let mut random = fastrand::Rng::with_seed(1);
    let (one, two) = (generation_id(NOW, &mut random, b""), generation_id(NOW, &mut random, b""));
    let luck = one.strip_prefix("gen-1779474931-").unwrap();
    assert!(luck.len() == 20 && luck.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{one}");
    assert_ne!(one, two);
}

#[test]
fn a_request_that_cannot_be_translated_is_the_clients_fault_and_no_attempt() {
    let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND, TWO_AT_THIRD]);
    assert_eq!(answered(&mut exchange, 500, "{}"), Step::Retry);
    exchange.begin_attempt(&NOW).unwrap();
    let refused = Error::from(crate::error::ClientError::invalid("messages[1]", "sense"));
    exchange.refuse(refused.clone());
    assert_eq!(exchange.next_cluster(), None);
    assert_eq!(exchange.handle_response_to_client(400, &NOW), Some(refused));
    assert_eq!(exchange.handle_response_to_client(400, &NOW), None, "it is told once");
    let settled = exchange.settle(NOW);
    assert_eq!(outcomes(&settled), [("first", "failed 500".into())]);
    assert!(!settled.cancelled && settled.spent.is_none());
}
