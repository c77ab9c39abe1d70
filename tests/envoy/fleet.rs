//! Two Envoys with one budget: the shipped bootstrap of `envoy/fleet`, Envoy's own rate limit filter, a rate limit service and a Redis.

mod files;
mod redis;
mod service;
mod storm;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    client::{KEY, Request, Response},
    gateway::Gateway,
    key_policy::key,
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};
use redis::Redis;
use service::Service;

const OTHER: &str = "sk-or-v1-limited";
/// printf %s sk-or-v1-limited | sha256sum
const OTHER_SHA256: &str = "38136dda9c1f861dd57a9a6d30e8138ba5c0c25b382e7bb0ec8f1576bd2cdf81";

const TOKENS: u64 = wire::INPUT_TOKENS + wire::OUTPUT_TOKENS;
/// 10⁻⁹ USD of a completion of `t/plain` and of `t/stream`.
const PLAIN: u64 = wire::INPUT_TOKENS * 123 + wire::OUTPUT_TOKENS * 4567;
const STREAM: u64 = wire::INPUT_TOKENS * 7777 + wire::OUTPUT_TOKENS * 1001;

/// So that no counter begins anew before it is looked at, however busy the machine is.
const UNHURRIED: (&str, &str) = ("seconds: 60\n", "seconds: 3600\n");

/// An Envoy of the fleet.
fn start(service: &Service, patch: fn(&mut Value)) -> Gateway {
    let setup = Setup::new()
        .bootstrap("envoy/fleet/envoy.yaml")
        .with("filter_state", json!(true))
        .service("ratelimit", service.port)
        .key(json!({"name": "other", "sha256": OTHER_SHA256}))
        .key(key("bringing", json!({})))
        .key(key("bound", json!({"include_byok_in_limit": true})))
        .provider(Provider::start("first"), json!({"byok_header": "x-first-key"}))
        .priced("t/plain", "first", json!({"prompt": 0.123, "completion": 4.567}))
        .priced("t/stream", "first", json!({"prompt": 7.777, "completion": 1.001}))
        .priced("t/broken", "first", json!({"prompt": 1, "completion": 2}))
        .priced("t/slow", "first", json!({"prompt": 3.003, "completion": 5.055}))
        .concurrency(1)
        .patched(patch);
    let gateway = Gateway::start(setup);
    let first = gateway.provider("first");
    first.answers("plain", wire::completion("ok"));
    first.answers("stream", wire::stream(&["o", "k"]));
    first.answers("broken", Reply::error(500, "down"));
    first.answers("slow", wire::stream(&["word "; 100]).paced(Duration::from_millis(30)));
    gateway
}

/// The machine may be busy: what is tested is not how fast it is.
fn patient(rendered: &mut Value) {
    rate_limit_filter(rendered)["timeout"] = "10s".into();
}

fn strict(rendered: &mut Value) {
    patient(rendered);
    rate_limit_filter(rendered)["failure_mode_deny"] = true.into();
}

fn rate_limit_filter(rendered: &mut Value) -> &mut Value {
    let filters = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters";
    let filters = rendered.pointer_mut(filters).and_then(Value::as_array_mut).unwrap();
    &mut filters.iter_mut().find(|filter| filter["name"] == "envoy.filters.http.ratelimit").unwrap()["typed_config"]
}

fn ask(model: &str, key: &str) -> Request {
    Request::ask(model, json!({})).header("authorization", &format!("Bearer {key}"))
}

/// The service is told when an answer is over, which is a moment after its last byte.
fn assert_counted(redis: &Redis, unit: &str, key: &str, expected: u64) {
    assert_counted_of(redis, unit, "key", key, expected);
}

fn assert_counted_of(redis: &Redis, unit: &str, entry: &str, value: &str, expected: u64) {
    let counted = (0..200).any(|_| {
        thread::sleep(Duration::from_millis(25));
        redis.counter_of(unit, entry, value) == expected
    });
    assert!(counted, "{expected} {unit} of {value}, and not: {:#?}", redis.counters());
}

fn assert_says_when_to_ask_again(refused: &Response) {
    let seconds = |name| refused.header(name).unwrap_or_else(|| panic!("no {name} in {:?}", refused.headers)).parse::<u64>().unwrap();
    assert!((1..=60).contains(&seconds("retry-after")), "{:?}", refused.headers);
    assert_eq!(seconds("retry-after"), seconds("x-ratelimit-reset"));
    assert_eq!(seconds("x-ratelimit-remaining"), 0);
    let limit = refused.header("x-ratelimit-limit").unwrap();
    assert!(limit.starts_with("100, ") && limit.contains(r#", 100;w=60;name="tokens-of-key""#), "{limit}");
    assert!(refused.header("x-envoy-ratelimited").is_none());
}

fn assert_readable_by_pages(answer: &Response) {
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let exposed = answer.header("access-control-expose-headers").unwrap();
    for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
        assert!(exposed.contains(name), "{exposed}");
    }
}

#[test]
fn what_is_spent_at_one_envoy_is_refused_at_the_other() {
    let redis = Redis::start();
    let service = Service::start(&redis, &[("max_value: 200000\n", "max_value: 100\n")]);
    let (one, other) = (start(&service, patient), start(&service, patient));
    for asked in 1..=4 {
        assert_eq!(one.ask("t/plain").content(), "ok");
        assert_counted(&redis, "tokens", "test", asked * TOKENS);
    }

    let refused = other.ask("t/plain");
    assert_eq!(refused.error(429), "Rate limit exceeded");
    assert_eq!(refused.json()["error"]["metadata"]["error_type"], "rate_limit_exceeded");
    assert_says_when_to_ask_again(&refused);
    let responses = Request::chat(r#"{"model": "t/stream", "input": "hi", "stream": true}"#).path("/api/v1/responses");
    let refused = other.send(&responses);
    refused.error(429);
    assert_says_when_to_ask_again(&refused);
    let messages = Request::ask("t/plain", json!({"max_tokens": 10})).path("/api/v1/messages").header("origin", "https://page.test");
    let refused = other.send(&messages);
    assert_eq!(refused.status, 429);
    let body = refused.json();
    assert_eq!((&body["type"], &body["error"]["type"]), (&json!("error"), &json!("rate_limit_error")), "{body}");
    assert_says_when_to_ask_again(&refused);
    assert_readable_by_pages(&refused);
    assert!(one.ask("t/plain").status == 429, "nor is it admitted where it was spent");

    assert_eq!(other.provider("first").received_in_all(), 0, "no provider was asked");
    other.assert_counts("envoy_cluster_ratelimit_over_limit", &[("envoy_cluster_name", "first")], 3);
    other.assert_counts("signalbox_rejections_total", &[("error_type", "rate_limit_exceeded")], 3);
    assert_eq!(redis.counter("tokens", "test"), 4 * TOKENS, "to be looked at and refused costs no tokens");
    let admitted = other.send(&ask("t/plain", OTHER).header("origin", "https://page.test"));
    assert_eq!(admitted.content(), "ok", "another key has a budget of its own");
    assert_eq!(admitted.header("x-ratelimit-remaining"), Some("100"));
    assert_readable_by_pages(&admitted);
    one.assert_logged(r#""micro_usd":"48""#);
    one.assert_logged(r#""key":"test""#);
}

/// What a key's requests cost at an Envoy, by the gateway's own account.
fn nanos(gateway: &Gateway, key: &str) -> u64 {
    gateway.samples().sum("signalbox_key_cost_nano_usd_total", &[("signalbox_key", key)])
}

#[test]
fn the_sum_in_redis_is_what_the_providers_charged_to_the_micro_usd() {
    const THREADS: u64 = 8;
    const ROUNDS: u64 = 16;
    let redis = Redis::start();
    let service = Service::start(&redis, &[("'anthropic/claude-sonnet-4.5'", "'t/plain'"), ("'bedrock'", "'first'"), UNHURRIED]);
    let envoys = [start(&service, patient), start(&service, patient)];
    // What the stub answered for the key `other`, at each Envoy.
    let ledger = Mutex::new([0, 0]);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (envoys, ledger) = (&envoys, &ledger);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let place = usize::try_from((thread + round) % 2).unwrap();
                    let envoy = &envoys[place];
                    let key = if thread % 2 == 0 { KEY } else { OTHER };
                    let cost = match round % 8 {
                        0..3 => {
                            assert_eq!(envoy.send(&ask("t/plain", key)).content(), "ok");
                            PLAIN
                        }
                        3..6 => {
                            let streamed = Request::ask("t/stream", json!({"stream": true}));
                            envoy.open(&streamed.header("authorization", &format!("Bearer {key}"))).events();
                            STREAM
                        }
                        6 => {
                            envoy.send(&ask("t/broken", key)).error(502);
                            0
                        }
                        _ => {
                            let mut left = envoy.ask_streamed("t/slow");
                            (0..3).for_each(|_| drop(left.event()));
                            0
                        }
                    };
                    if key == OTHER {
                        ledger.lock().unwrap()[place] += cost;
                    }
                }
            });
        }
    });
    envoys.iter().for_each(Gateway::assert_idle);

    let ledger = ledger.into_inner().unwrap();
    assert!(ledger.iter().all(|nanos| nanos % 1000 > 0), "there is a rest to carry: {ledger:?}");
    assert_eq!([nanos(&envoys[0], "other"), nanos(&envoys[1], "other")], ledger);
    assert_counted(&redis, "micro_usd", "other", ledger[0] / 1000 + ledger[1] / 1000);
    let answers = THREADS / 2 * ROUNDS * 6 / 8;
    assert_counted(&redis, "tokens", "other", answers * TOKENS);
    assert_counted(&redis, "requests", "other", THREADS / 2 * ROUNDS * 7 / 8);

    // Who brings a credential has paid already, unless the key counts that as well.
    for name in ["bringing", "bound"] {
        let own = ask("t/plain", &format!("sk-{name}")).header("x-first-key", "sk-own");
        assert_eq!(envoys[0].send(&own).json()["usage"]["is_byok"], true);
        assert_counted(&redis, "tokens", name, TOKENS);
    }
    assert_counted(&redis, "micro_usd", "bound", PLAIN / 1000);
    assert_eq!(redis.counter("micro_usd", "bringing"), 0);

    // Of who hung up only the gateway knows what was seen by then.
    let spent = envoys.each_ref().map(|envoy| nanos(envoy, "test"));
    assert!(spent[0] + spent[1] > ledger[0] + ledger[1], "hanging up is not free: {spent:?} {ledger:?}");
    assert_counted(&redis, "micro_usd", "test", spent[0] / 1000 + spent[1] / 1000);
    let tokens = |envoy: &Gateway| envoy.samples().sum("signalbox_tokens_total", &[]);
    let all = tokens(&envoys[0]) + tokens(&envoys[1]);
    assert_counted(&redis, "tokens", "test", all - (answers + 2) * TOKENS);
    // Over all keys.
    assert_counted_of(&redis, "tokens", "provider", "first", all);
    let plain = envoys.each_ref().map(|envoy| envoy.samples().sum("signalbox_tokens_total", &[("gen_ai_request_model", "t/plain")]));
    assert_counted_of(&redis, "tokens", "model", "t/plain", plain[0] + plain[1]);
}

#[test]
fn without_its_counters_the_fleet_does_what_it_is_told_to() {
    let mut redis = Redis::durable();
    let mut service = Service::start(&redis, &[]);
    let (lenient, strict) = (start(&service, patient), start(&service, strict));
    let over = AtomicBool::new(false);
    // How many were served, and how many refused.
    let ask_until_over = |envoy: &Gateway, key: &str| {
        let (mut served, mut refused) = (0, 0);
        while !over.load(Ordering::Relaxed) {
            match envoy.send(&ask("t/plain", key)).status {
                200 => served += 1,
                503 => refused += 1,
                status => panic!("{status}"),
            }
        }
        (served, refused)
    };
    let (of_lenient, of_strict, before) = thread::scope(|scope| {
        let lenient = scope.spawn(|| ask_until_over(&lenient, KEY));
        let strict = scope.spawn(|| ask_until_over(&strict, OTHER));
        thread::sleep(Duration::from_millis(500));
        let before = ["test", "other"].map(|key| redis.counter("tokens", key));
        redis.kill();
        thread::sleep(Duration::from_millis(500));
        redis.restart();
        thread::sleep(Duration::from_millis(500));
        over.store(true, Ordering::Relaxed);
        (lenient.join().unwrap(), strict.join().unwrap(), before)
    });
    let (admitted_all, refused) = (of_lenient.1, of_strict.1);
    assert_eq!(admitted_all, 0, "who is lenient admits all");
    assert!(refused > 0, "who is strict admits nobody unchecked");
    let first = [("envoy_cluster_name", "first")];
    strict.assert_counts("envoy_cluster_ratelimit_error", &first, refused);
    strict.assert_counts("signalbox_rejections_total", &[("error_type", "server")], refused);
    let samples = lenient.samples();
    let unchecked = samples.sum("envoy_cluster_ratelimit_failure_mode_allowed", &first);
    assert!(unchecked > 0);
    assert_eq!(samples.sum("envoy_cluster_ratelimit_error", &first), unchecked);

    assert_eq!(served_by(&lenient), of_lenient.0);
    assert_eq!(served_by(&strict), of_strict.0, "who is refused reaches no provider");

    // What was charged before is still there, and counting goes on. Lost is what was admitted unchecked, and the one charge that was on
    // its way when Redis went.
    let counted = ["test", "other"].map(|key| at_rest(&redis, key));
    assert!(before[0] > 0 && before[1] > 0 && counted[0] > before[0] && counted[1] > before[1], "{before:?}, then {counted:?}");
    let within = |served: u64, lost: u64| (served - lost) * TOKENS..=served * TOKENS;
    assert!(within(of_lenient.0, unchecked + 1).contains(&counted[0]), "{counted:?} of {of_lenient:?}, {unchecked} unchecked");
    assert!(within(of_strict.0, 1).contains(&counted[1]), "{counted:?} of {of_strict:?}");

    // The service itself, instead of its Redis.
    service.kill();
    assert_eq!(lenient.ask("t/plain").content(), "ok");
    let refused = strict.ask("t/plain");
    assert!(refused.error(503).starts_with("The rate limits cannot be checked"), "{}", refused.text());
    assert_eq!(refused.json()["error"]["metadata"]["error_type"], "server");
    let refused = strict.send(&Request::ask("t/plain", json!({"max_tokens": 10})).path("/api/v1/messages"));
    assert_eq!((refused.status, &refused.json()["type"]), (503, &json!("error")));
    service.restart();

    for envoy in [&lenient, &strict] {
        let works = (0..100).any(|_| {
            thread::sleep(Duration::from_millis(50));
            let before = redis.counter("requests", "other");
            envoy.send(&ask("t/plain", OTHER)).status == 200 && redis.counter("requests", "other") > before
        });
        assert!(works, "what is back is used again:\n{}", envoy.log());
    }
    assert_eq!([lenient.ask("t/plain").status, strict.ask("t/plain").status], [200, 200]);
    assert_counted(&redis, "tokens", "test", counted[0] + 2 * TOKENS);
}

/// How many requests reached the provider of an Envoy.
fn served_by(envoy: &Gateway) -> u64 {
    envoy.provider("first").received_in_all() as u64
}

/// The tokens of a key, once no more are counted.
fn at_rest(redis: &Redis, key: &str) -> u64 {
    let mut counted = redis.counter("tokens", key);
    loop {
        thread::sleep(Duration::from_millis(200));
        let now = redis.counter("tokens", key);
        if now == counted {
            return now;
        }
        counted = now;
    }
}
