//! The order by how endpoints have done, and where a conversation was.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::performance::Percentiles;

/// An endpoint with a median latency in seconds and a median throughput in tokens a second; its worst are ten times as bad.
fn done(latency: f64, throughput: f64) -> Recent {
    let worse = |median: f64, worst: f64| Percentiles { p50: median, p75: median, p90: worst, p99: worst };
    Recent {
        uptime: None,
        usual_uptime: Some(100.0),
        latency: Some(worse(latency, latency * 10.0)),
        throughput: Some(worse(throughput, throughput / 10.0)),
        usual_latency: Some(latency),
        usual_throughput: Some(throughput),
    }
}

/// Alpha is cheap and slow, beta starts early, gamma is dear and has the most tokens a second.
fn seen(model: &str) -> Asked {
    let recent = vec![("alpha", done(3.0, 20.0)), ("beta", done(0.2, 50.0)), ("gamma", done(1.0, 90.0))];
    Asked { recent, ..ask(model) }
}

fn order(asked: Asked) -> Vec<String> {
    asked.plan().into_iter().map(|endpoint| endpoint.replace("acme/all@", "")).collect()
}

#[test]
fn the_fastest_come_first_where_the_client_or_a_variant_asks_for_it() {
    for seed in 0..40 {
        let by = |model: &str, preferences: Value| order(Asked { seed, ..seen(model) }.preferring(preferences));
        for (model, preferences, expected) in [
            ("acme/all", json!({"sort": "throughput"}), ["gamma", "beta", "alpha"]),
            ("acme/all:nitro", json!({}), ["gamma", "beta", "alpha"]),
            ("acme/all", json!({"sort": {"by": "latency"}}), ["beta", "gamma", "alpha"]),
            ("acme/all:floor", json!({}), ["alpha", "beta", "gamma"]),
            ("acme/all:exacto", json!({}), ["gamma", "beta", "alpha"]),
            ("acme/all", json!({"sort": "exacto"}), ["gamma", "beta", "alpha"]),
            ("acme/all:exacto", json!({"sort": "price"}), ["alpha", "beta", "gamma"]),
            ("acme/all:nitro:floor", json!({}), ["gamma", "beta", "alpha"]),
            ("acme/all:nitro", json!({"order": ["beta"]}), ["beta", "gamma", "alpha"]),
        ] {
            assert_eq!(by(model, preferences.clone()), expected, "{model} {preferences}");
        }
        let aliased = |member: &str, value: &str| order(Asked { seed, ..seen("acme/all") }.with(member, value.into()));
        assert_eq!(aliased("routing_preference", "cost"), ["alpha", "beta", "gamma"]);
        assert_eq!(aliased("routing_preference", "latency"), ["beta", "gamma", "alpha"]);
    }
}

#[test]
fn quality_is_uptime_before_speed() {
    let mut asked = seen("acme/all:exacto");
    asked.recent[2].1.usual_uptime = Some(97.2);
    asked.recent[1].1.usual_uptime = Some(99.6);
    assert_eq!(order(asked), ["beta", "alpha", "gamma"], "99.6% is as good as all");
    let tools = |auto: bool| {
        let mut asked = seen("acme/two").with("tools", json!([{}]));
        asked.configuration["defaults"]["auto_exacto"] = auto.into();
        asked.first_choices(200).len()
    };
    assert_eq!((tools(true), tools(false)), (1, 2), "with tools, where the operator wants that");
}

#[test]
fn one_of_which_nothing_is_known_is_tried_once_in_a_while() {
    let firsts = |sort: &str| {
        let mut first = 0;
        for seed in 0..320 {
            let mut asked = Asked { seed, ..seen("acme/all") };
            asked.recent.remove(2);
            let plan = order(asked.preferring(json!({"sort": sort})));
            first += u32::from(plan[0] == "gamma");
            assert!(plan[0] == "gamma" || plan == ["beta", "alpha", "gamma"], "{plan:?}");
        }
        first
    };
    for sort in ["throughput", "latency"] {
        let first = firsts(sort);
        assert!((5..45).contains(&first), "{first} of 320");
    }
    let by_luck = ask("acme/two:nitro").first_choices(500);
    assert_eq!(by_luck.len(), 2, "where nothing is known of anybody, by price as ever");
    assert!(by_luck[0].1 > 350, "{by_luck:?}");
}

#[test]
fn what_misses_the_preferred_figures_comes_last_and_is_not_left_out() {
    for seed in 0..40 {
        let by = |preferences: Value| order(Asked { seed, ..seen("acme/all") }.preferring(preferences));
        for (preferences, expected) in [
            (json!({"sort": "price", "preferred_max_latency": 2}), ["beta", "gamma", "alpha"]),
            (json!({"sort": "price", "preferred_min_throughput": 60}), ["gamma", "alpha", "beta"]),
            (json!({"sort": "price", "preferred_max_latency": {"p50": 2, "p90": 5}}), ["beta", "alpha", "gamma"]),
            (json!({"sort": "price", "preferred_min_throughput": {"p90": 4.9}, "preferred_max_latency": 0.9}), ["beta", "alpha", "gamma"]),
            (json!({"sort": "price", "preferred_max_latency": 0.01}), ["alpha", "beta", "gamma"]),
            (json!({"sort": "price", "preferred_max_latency": {}}), ["alpha", "beta", "gamma"]),
        ] {
            assert_eq!(by(preferences.clone()), expected, "{preferences}");
        }
        let balanced = by(json!({"preferred_max_latency": 0.5}));
        assert_eq!(balanced[0], "beta");
    }
    let mut asked = seen("acme/all").preferring(json!({"sort": "price", "preferred_max_latency": 0.5}));
    asked.recent.remove(0);
    assert_eq!(order(asked), ["alpha", "beta", "gamma"], "of which nothing is known, nothing is missed");
}

#[test]
fn an_endpoint_that_fails_often_is_asked_later() {
    let with_uptime = |uptimes: [f64; 3], preferences: Value| {
        let mut asked = seen("acme/all").preferring(preferences);
        for ((_, recent), uptime) in asked.recent.iter_mut().zip(uptimes) {
            recent.uptime = Some(uptime);
        }
        order(asked)
    };
    let price = json!({"sort": "price"});
    assert_eq!(with_uptime([95.0, 96.0, 100.0], price.clone()), ["alpha", "beta", "gamma"]);
    assert_eq!(with_uptime([94.9, 96.0, 100.0], price.clone()), ["beta", "gamma", "alpha"]);
    assert_eq!(with_uptime([79.0, 81.0, 90.0], price.clone()), ["beta", "gamma", "alpha"]);
    assert_eq!(with_uptime([10.0, 96.0, 100.0], json!({"order": ["alpha"], "sort": "price"})), ["alpha", "beta", "gamma"]);
}

#[test]
fn a_partition_of_none_sorts_all_models_together() {
    let asked = |more: Value| {
        let mut asked = seen("acme/two").with("models", json!(["other/one", "acme/text"]));
        asked.body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked.plan()
    };
    assert_eq!(asked(json!({"provider": {"sort": "price"}})), ["acme/two@alpha", "acme/two@beta", "other/one@alpha", "acme/text@gamma"]);
    let all = asked(json!({"provider": {"sort": {"by": "throughput", "partition": "none"}}}));
    assert_eq!((&*all[0], &*all[1]), ("acme/text@gamma", "acme/two@beta"));
    assert_eq!(asked(json!({"provider": {"sort": "throughput"}, "route": "sort"})), all[..]);
    let one = asked(json!({"provider": {"sort": {"by": "latency", "partition": "none"}, "allow_fallbacks": false}}));
    assert_eq!(one, ["acme/two@beta"]);
    let prefers = json!({"provider": {"sort": {"by": "price", "partition": "none"}, "preferred_min_throughput": {"p50": 60}}});
    assert_eq!(asked(prefers)[0], "acme/text@gamma", "the cheapest that is fast enough");
}

#[test]
fn a_conversation_stays_where_it_was_while_that_is_well() {
    for seed in 0..40 {
        let held = |preferences: Value| {
            let mut held = Asked { seed, held: Some("gamma"), ..seen("acme/all") };
            held.configuration["models"][0]["endpoints"][2]["price"]["input_cache_read"] = 0.1.into();
            held.preferring(preferences)
        };
        assert_eq!(order(held(json!({})))[0], "gamma");
        assert_eq!(order(held(json!({"order": ["beta"]})))[0], "beta", "the client's order wins");
        assert!(!order(held(json!({"ignore": ["gamma"]}))).contains(&"gamma".to_owned()), "no filter is passed over");
        let mut asked = held(json!({}));
        asked.troubles.push(("acme/all", "gamma"));
        assert_eq!(order(asked)[2], "gamma");
    }
}

#[test]
fn a_conversation_stays_nowhere_where_staying_cannot_pay() {
    let held = |cache: f64, model: &str, preferences: Value| {
        let mut held = Asked { held: Some("gamma"), ..seen(model) };
        held.configuration["models"][0]["endpoints"][2]["price"]["input_cache_read"] = cache.into();
        held.preferring(preferences)
    };
    assert_eq!(order(held(3.0, "acme/all:floor", json!({}))), ["alpha", "beta", "gamma"], "cached tokens cost as much as others");
    let firsts = held(3.0, "acme/all", json!({})).first_choices(50);
    assert!(firsts.len() > 1, "{firsts:?}");
    for (model, preferences) in [("acme/all", json!({"sort": "price"})), ("acme/all:floor", json!({}))] {
        assert_eq!(order(held(0.1, model, preferences)), ["alpha", "beta", "gamma"], "the client's order wins");
    }
    let mut alike = held(0.1, "acme/all", json!({"sort": "price"}));
    alike.configuration["models"][0]["endpoints"][1]["price"] = json!({"prompt": 0.5, "completion": 1.5});
    alike.configuration["models"][0]["endpoints"][2]["price"] = json!({"prompt": 1, "completion": 1, "input_cache_read": 0.1});
    assert_eq!(order(alike)[0], "gamma", "of those that cost the same, the cache decides");
}
