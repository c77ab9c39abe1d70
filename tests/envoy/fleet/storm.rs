//! 1,000 requests at two Envoys with one budget that is worth 100, held against the books of the providers that served them.

use std::time::Duration;

use serde_json::json;

use super::{UNHURRIED, assert_counted, nanos, patient, redis::Redis, service::Service};
use crate::envoy::{
    client::{KEY, Request},
    gateway::Gateway,
    ledger::{Ledger, Served},
    rush::at_once,
    setup::Setup,
    wire,
};

const LIMITED: &str = "sk-or-v1-limited";
/// Prices of a token, in 10⁻⁹ USD.
const PRICES: (u64, u64) = (1001, 100_007);
/// The dearest answer, in 10⁻⁹ USD.
const DEAREST: u64 = wire::INPUT_TOKENS * PRICES.0 + wire::OUTPUT_TOKENS * PRICES.1;
/// What the key `limited` may spend at each Envoy, in 10⁻⁹ USD: 50 of the dearest.
const OWN_LIMIT: u64 = 50 * DEAREST;
/// What each key may spend in the whole fleet, in 10⁻⁶ USD: 103 of the dearest.
const FLEETS_LIMIT: u64 = 105_000;

fn start(service: &Service) -> Gateway {
    let price = json!({"prompt": PRICES.0 as f64 / 1000.0, "completion": PRICES.1 as f64 / 1000.0});
    let endpoint = json!({"provider": "first", "model": "model", "max_completion_tokens": wire::OUTPUT_TOKENS, "price": price});
    let setup = Setup::new()
        .bootstrap("envoy/fleet/envoy.yaml")
        .with("filter_state", json!(true))
        .service("ratelimit", service.port)
        // printf %s sk-or-v1-limited | sha256sum
        .key(json!({"name": "limited", "sha256": "38136dda9c1f861dd57a9a6d30e8138ba5c0c25b382e7bb0ec8f1576bd2cdf81",
            "limit": {"usd": OWN_LIMIT as f64 / 1e9}}))
        .providers(&["first"])
        .model(json!({"id": "t/model", "endpoints": [endpoint]}))
        .concurrency(1)
        .patched(patient);
    Gateway::start(setup)
}

/// One request at the Envoy in this `place`; its status. The stubs keep their books by key and Envoy.
fn ask(envoys: &[Gateway; 2], place: usize, key: &str) -> u16 {
    let prompt = "Say something that is long enough for an estimate of its tokens to come to twenty.";
    let body = json!({"model": "t/model", "user": format!("{key} {place}"), "messages": [{"role": "user", "content": prompt}]});
    envoys[place].send(&Request::chat(body.to_string()).header("authorization", &format!("Bearer {key}"))).status
}

fn count(statuses: &[u16], status: u16) -> u64 {
    statuses.iter().filter(|other| **other == status).count() as u64
}

#[test]
fn a_thousand_at_once_at_two_envoys_are_charged_what_the_providers_served() {
    let redis = Redis::start();
    let limit = format!("max_value: {FLEETS_LIMIT}\n");
    let limits = [("max_value: 600\n", "max_value: 100000\n"), ("max_value: 50000000\n", &*limit), UNHURRIED];
    let service = Service::start(&redis, &limits);
    let envoys = [start(&service), start(&service)];
    let ledger = Ledger::default();
    for envoy in &envoys {
        envoy.provider("first").answers_by("model", ledger.serving(Duration::from_millis(20)));
    }
    let cost = |served: Served| served.cost(PRICES.0, PRICES.1);
    let served = |key: &str| [0, 1].map(|place| ledger.of(&format!("{key} {place}")));
    // To the nano-USD at each Envoy, and in Redis to the whole micro-USD of each.
    let assert_charged = |key: &str, name: &str| {
        envoys.iter().for_each(Gateway::assert_idle);
        let (served, costs) = (served(key), served(key).map(cost));
        assert_eq!([nanos(&envoys[0], name), nanos(&envoys[1], name)], costs);
        assert_counted(&redis, "micro_usd", name, costs[0] / 1000 + costs[1] / 1000);
        assert_counted(&redis, "tokens", name, served.iter().map(|served| served.input + served.output).sum::<u64>());
        costs
    };

    // Each Envoy has a share of the budget by the key's own limit, and reserves from it: no share is passed by more than one reservation.
    let statuses = at_once(1000, |client| ask(&envoys, client % 2, LIMITED), || {});
    assert_eq!(count(&statuses, 200) + count(&statuses, 402), 1000, "{statuses:?}");
    assert_eq!(count(&statuses, 200), served(LIMITED).iter().map(|served| served.requests).sum::<u64>());
    assert!(count(&statuses, 402) > 800, "{statuses:?}");
    for spent in assert_charged(LIMITED, "limited") {
        assert!(spent < OWN_LIMIT + DEAREST + 10_000, "{spent} of {OWN_LIMIT} is spent");
    }

    // The fleet's limit alone reserves nothing: it is passed by what is under way when it is, one answer for each that asks.
    const CLIENTS: u64 = 40;
    let of_client = |client: usize| (0..25).map(|_| ask(&envoys, client % 2, KEY)).collect();
    let statuses: Vec<Vec<u16>> = at_once(CLIENTS as usize, of_client, || {});
    let statuses = statuses.concat();
    assert_eq!(count(&statuses, 200) + count(&statuses, 429), 1000, "{statuses:?}");
    assert_eq!(count(&statuses, 200), served(KEY).iter().map(|served| served.requests).sum::<u64>());
    let spent: u64 = assert_charged(KEY, "test").iter().sum();
    let limit = FLEETS_LIMIT * 1000;
    assert!(spent > limit && spent <= limit + CLIENTS * DEAREST, "{spent} of {limit} is spent");
    assert_counted(&redis, "requests", "test", 1000);
    assert_eq!([ask(&envoys, 0, KEY), ask(&envoys, 1, KEY)], [429, 429]);
}
