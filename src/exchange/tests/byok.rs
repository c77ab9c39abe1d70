//! Attempts with a credential of the client's own.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const OWN: &str = "sk-own-5678";

/// An exchange whose first attempt has been sent with a credential of the client's own; of those after it none has one.
fn own(stream: bool, plan: &[usize]) -> Exchange {
    let mut exchange = planned(stream, plan).routed(Strategy::Direct, None, true);
    let first = exchange.plan[0].clone();
    exchange.plan[0] = Rc::new(Endpoint { provider: Rc::new(first.provider.with_own(OWN.into())), ..Endpoint::clone(&first) });
    exchange.begin_attempt(&NOW).unwrap();
    exchange
}

fn told(exchange: &mut Exchange, status: u16, body: &str) -> Value {
    released(answered(exchange, status, body)).1
}

#[test]
fn an_answer_says_whose_credential_it_was() {
    let mut exchange = own(false, &[ONE_AT_FIRST]);
    let answer = told(&mut exchange, 200, COMPLETION);
    assert_eq!((&answer["usage"]["is_byok"], &answer["usage"]["cost"]), (&json!(true), &json!(0.002)));
    assert_eq!(answer["usage"]["cost_details"]["upstream_inference_cost"], 0.002);
    assert_eq!(answer["openrouter_metadata"]["is_byok"], true);
    assert!(exchange.settle(NOW).spent.unwrap().is_byok);

    let mut exchange = own(true, &[ONE_AT_FIRST]);
    exchange.handle_response_head(head(200, Media::EventStream), false, &NOW);
    let stream = body(exchange.handle_body([ROLE, &text("Hi"), STOP, USAGE, DONE].concat().as_bytes(), true, &NOW));
    assert!(stream.contains("\"cost\":0.002,\"is_byok\":true"), "{stream}");
    assert!(exchange.settle(NOW).spent.unwrap().is_byok);

    // Cut short.
    let mut exchange = own(true, &[ONE_AT_FIRST]);
    exchange.handle_response_head(head(200, Media::EventStream), false, &NOW);
    exchange.handle_body([ROLE, &text("Hi")].concat().as_bytes(), false, &NOW);
    assert!(exchange.settle(NOW).spent.unwrap().is_byok);
}

#[test]
fn an_answer_of_another_endpoint_is_not_the_clients_own() {
    let mut exchange = own(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
    assert_eq!(answered(&mut exchange, 401, ""), Step::Retry);
    exchange.begin_attempt(&NOW).unwrap();
    let answer = told(&mut exchange, 200, COMPLETION);
    assert_eq!((&answer["usage"]["is_byok"], &answer["openrouter_metadata"]["is_byok"]), (&json!(false), &json!(false)));
    assert!(!exchange.settle(NOW).spent.unwrap().is_byok);
}

#[test]
fn a_failure_of_the_clients_own_credential_troubles_nobody_else() {
    for status in [401, 402, 403, 404, 429] {
        let mut exchange = own(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        assert_eq!(answered(&mut exchange, status, ""), Step::Retry);
        assert!(exchange.take_troubles().is_empty(), "{status}");
        assert_eq!(exchange.settle(NOW).observations().count(), 0, "{status}");
    }
    let mut exchange = own(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
    assert_eq!(answered(&mut exchange, 500, ""), Step::Retry);
    assert_eq!(troubles(&mut exchange, NOW), [(ONE_AT_FIRST, 20_000)], "anybody's credential would have failed");
    let mut exchange = own(true, &[ONE_AT_FIRST]);
    exchange.handle_response_head(head(200, Media::EventStream), false, &NOW);
    exchange.handle_body([ROLE, &text("Hi"), ERROR].concat().as_bytes(), true, &NOW);
    assert!(exchange.take_troubles().is_empty());
}

#[test]
fn an_error_says_whose_credential_it_was_and_never_which() {
    let mut exchange = own(false, &[ONE_AT_FIRST]);
    let metadata = told(&mut exchange, 500, &json!({"error": format!("bad key {OWN}")}).to_string())["error"]["metadata"].clone();
    assert_eq!((&metadata["is_byok"], &metadata["raw"]), (&json!(true), &Value::Null));
    let mut exchange = own(false, &[ONE_AT_FIRST]);
    let answer = told(&mut exchange, 429, "{\"error\":\"slow down\"}");
    assert_eq!((&answer["error"]["metadata"]["is_byok"], &answer["openrouter_metadata"]["is_byok"]), (&json!(true), &json!(true)));
    assert_eq!(answer["error"]["metadata"]["raw"], "{\"error\":\"slow down\"}");
}
