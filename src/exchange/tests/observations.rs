//! What a settled exchange says of the endpoints that it was put to.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::performance::Observation;

fn observations(exchange: &mut Exchange, now: Millis) -> Vec<(bool, Option<u64>, Option<u64>)> {
    let settled = exchange.settle(now);
    let told = |Observation { answered, latency, throughput, at, .. }| {
        assert_eq!(at, now);
        (answered, latency, throughput)
    };
    settled.observations().map(told).collect()
}

fn later(milliseconds: u64) -> Millis {
    NOW.after(Duration::from_millis(milliseconds))
}

#[test]
fn a_stream_says_when_it_began_and_how_fast_it_was() {
    let mut exchange = streaming(&[ONE_AT_FIRST]);
    body(exchange.handle_body(text("a").as_bytes(), false, &later(400)));
    body(exchange.handle_body([STOP, USAGE, DONE].concat().as_bytes(), true, &later(2000)));
    assert_eq!(observations(&mut exchange, later(2000)), [(true, Some(400), Some(500))], "100 tokens in two seconds");
}

#[test]
fn a_whole_answer_says_how_fast_it_was_and_not_when_it_began() {
    let mut exchange = asked(false, &[ONE_AT_FIRST]);
    exchange.handle_response_head(head(200, Media::Json), false, &later(900));
    exchange.handle_whole_body(COMPLETION.as_bytes(), &later(1000));
    // A client that reads slowly is not the endpoint's fault.
    assert_eq!(observations(&mut exchange, later(9000)), [(true, None, Some(1000))]);
}

#[test]
fn the_time_before_an_attempt_is_not_its_own() {
    let mut exchange = asked(true, &[ONE_AT_FIRST, ONE_AT_SECOND]);
    exchange.begin_attempt(&later(5000)).unwrap();
    exchange.handle_response_head(head(200, Media::EventStream), false, &later(5100));
    body(exchange.handle_body(text("a").as_bytes(), false, &later(5200)));
    body(exchange.handle_body([STOP, USAGE, DONE].concat().as_bytes(), true, &later(6000)));
    assert_eq!(observations(&mut exchange, later(6000)), [(false, None, None), (true, Some(200), Some(1000))]);
}

#[test]
fn a_client_that_goes_away_says_nothing_against_anybody() {
    let mut exchange = streaming(&[ONE_AT_FIRST]);
    assert_eq!(observations(&mut exchange, later(2000)), []);
    let mut exchange = streaming(&[ONE_AT_FIRST]);
    body(exchange.handle_body(text("a").as_bytes(), false, &later(400)));
    assert_eq!(observations(&mut exchange, later(2000)), [(true, Some(400), None)], "how fast it would have been, nobody knows");
}

#[test]
fn what_the_client_or_a_limit_is_to_blame_for_does_not_count() {
    for (status, counts) in [
        (400, false),
        (401, true),
        (402, true),
        (403, false),
        (404, true),
        (408, true),
        (413, false),
        (422, false),
        (429, false),
        (500, true),
        (503, true),
        (529, true),
        (302, true),
    ] {
        let mut exchange = asked(false, &[ONE_AT_FIRST]);
        answered(&mut exchange, status, "{}");
        let expected: &[_] = if counts { &[(false, None, None)] } else { &[] };
        assert_eq!(observations(&mut exchange, NOW), expected, "{status}");
    }
    let mut exchange = streaming(&[ONE_AT_FIRST]);
    body(exchange.handle_body(text("a").as_bytes(), false, &NOW));
    body(exchange.handle_body(ERROR.as_bytes(), false, &NOW));
    assert_eq!(observations(&mut exchange, NOW), [(false, None, None)], "an error midway counts, whatever it is");
    let mut exchange = streaming(&[ONE_AT_FIRST]);
    body(exchange.handle_body(text("a").as_bytes(), false, &NOW));
    body(exchange.handle_body(b"", true, &NOW));
    assert_eq!(observations(&mut exchange, NOW), [(false, None, None)], "a stream that breaks off counts");
}
