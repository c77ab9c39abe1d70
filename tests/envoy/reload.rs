//! A new configuration takes over while Envoy runs: nothing is cut, and what the workers know together stays known.

use std::{thread, time::Duration};

use serde_json::json;

use super::{client, gateway::Gateway, reply::Reply, setup::Setup, wire};

fn setup() -> Setup {
    Setup::new().reloadable().providers(&["first", "second"])
}

#[test]
fn c24_a_new_configuration_takes_over_without_a_cut() {
    let gateway = Gateway::start(setup().models(&["t/long", "t/limited"], &["first", "second"]));
    let (first, second) = (gateway.provider("first"), gateway.provider("second"));
    let pause = Duration::from_millis(400);
    first.answers("long", wire::stream(&["one ", "two ", "three ", "four ", "five"]).paced(pause));
    first.answers_in_turn("limited", vec![Reply::error(429, "later").header("retry-after", "60"), wire::completion("first")]);
    second.answers("limited", wire::completion("second"));
    first.answers("new", wire::completion("new"));
    assert_eq!(gateway.ask("t/limited").content(), "second");
    assert_eq!(gateway.ask("t/new").status, 404);

    let mut streaming = gateway.ask_streamed("t/long");
    streaming.event().unwrap();
    let with_new = setup().models(&["t/long", "t/limited", "t/new"], &["first", "second"]);
    gateway.reload(&with_new.configuration);
    let taken = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        gateway.ask("t/new").status == 200
    });
    assert!(taken, "the new configuration never came:\n{}", gateway.log());

    let chunks = client::chunks(&streaming.events());
    assert_eq!(client::usage(&chunks)["completion_tokens"], wire::OUTPUT_TOKENS, "the stream that was under way");
    for _ in 0..6 {
        assert_eq!(gateway.ask("t/limited").content(), "second", "the first still cools down");
    }
    let long = [("gen_ai_request_model", "t/long"), ("gen_ai_token_type", "output")];
    gateway.assert_counts("signalbox_tokens_total", &long, wire::OUTPUT_TOKENS);
    assert!(gateway.samples().sum("signalbox_attempts_total", &[("gen_ai_request_model", "t/limited"), ("outcome", "accepted")]) >= 7);
}

#[test]
fn a_mistake_in_a_new_configuration_leaves_the_old_one_at_work() {
    let gateway = Gateway::start(setup().models(&["t/kept"], &["first"]));
    gateway.provider("first").answers("kept", wire::completion("kept"));
    let wrong = setup().models(&["t/kept"], &["first"]).with("defaults", json!({"max_attempts": -1}));
    gateway.reload(&wrong.configuration);
    let refused = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        gateway.log().contains("defaults.max_attempts")
    });
    assert!(refused, "{}", gateway.log());
    for _ in 0..10 {
        assert_eq!(gateway.ask("t/kept").content(), "kept");
    }
}
