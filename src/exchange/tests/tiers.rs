//! Which tier is paid and told: the one that the provider says it served, else the endpoint's own.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// What 1000 tokens of input and 100 of output cost.
const USUAL: u64 = 6_000_000;
const PRIORITY: u64 = 10_000_000;

/// What providers say, at which endpoint, and what comes of it.
const SERVED: [(usize, &str, Option<&str>, u64); 9] = [
    (TIERS_PRIORITY, "\"priority\"", Some("priority"), PRIORITY),
    (TIERS_PRIORITY, "\"default\"", Some("default"), USUAL),
    (TIERS_PRIORITY, "\"on_demand\"", Some("on_demand"), USUAL),
    (TIERS_PRIORITY, "\"scale\"", Some("scale"), PRIORITY),
    // Not configured: its price is not known.
    (TIERS_PRIORITY, "\"flex\"", Some("flex"), PRIORITY),
    (TIERS_PRIORITY, "null", Some("priority"), PRIORITY),
    (TIERS_USUAL, "\"priority\"", Some("priority"), PRIORITY),
    (TIERS_USUAL, "null", None, USUAL),
    // Not tiered.
    (ONE_AT_FIRST, "\"priority\"", Some("priority"), 2_000_000),
];

#[test]
fn a_whole_answer_is_paid_at_the_tier_that_served_it() {
    for (place, said, told, cost) in SERVED {
        let mut exchange = asked(false, &[place]);
        let answer = COMPLETION.replacen('{', &format!("{{\"service_tier\":{said},"), 1);
        let told_body = body(answered(&mut exchange, 200, &answer));
        assert_eq!(told_body.matches("service_tier").count(), usize::from(told.is_some()), "{told_body}");
        let json: Value = serde_json::from_str(&told_body).unwrap();
        assert_eq!(json["service_tier"].as_str(), told, "{said}");
        let settled = exchange.settle(NOW);
        assert_eq!(
            (settled.spent.unwrap().cost.total.get(), settled.provenance.service_tier.as_str()),
            (cost, told.unwrap_or("")),
            "{said}"
        );
    }
}

#[test]
fn a_stream_is_paid_at_the_tier_that_served_it() {
    for (place, said, told, cost) in SERVED {
        let mut exchange = streaming(&[place]);
        let tier = text("x").replacen('{', &format!("{{\"service_tier\":{said},"), 1);
        let answer = body(exchange.handle_body([&*tier, STOP, USAGE, DONE].concat().as_bytes(), false, &NOW));
        let last = answer.strip_suffix("\n\ndata: [DONE]\n\n").unwrap().rsplit("data: ").next().unwrap();
        assert_eq!(serde_json::from_str::<Value>(last).unwrap()["service_tier"].as_str(), told, "{said}");
        let settled = exchange.settle(NOW);
        assert_eq!(
            (settled.spent.unwrap().cost.total.get(), settled.provenance.service_tier.as_str()),
            (cost, told.unwrap_or("")),
            "{said}"
        );
    }
    // Who goes away pays no more.
    let mut exchange = streaming(&[TIERS_PRIORITY]);
    let tier = text("x").replacen('{', "{\"service_tier\":\"default\",", 1);
    exchange.handle_body([&*tier, USAGE].concat().as_bytes(), false, &NOW);
    assert_eq!(exchange.settle(NOW).spent.unwrap().cost.total.get(), USUAL);
}
