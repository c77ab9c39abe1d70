//! The order in which endpoints are tried.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn plan(seed: u64, preferences: Value) -> Vec<String> {
    let asked = Asked { seed, ..ask("acme/all").preferring(preferences) };
    asked.plan().into_iter().map(|endpoint| endpoint.replace("acme/all@", "")).collect()
}

#[test]
fn the_clients_order_comes_first_and_the_rest_behind_it() {
    for seed in 0..50 {
        let ordered = plan(seed, json!({"order": ["none", "gamma", "beta"]}));
        assert_eq!(ordered, ["gamma", "beta", "alpha"]);
        let ordered = plan(seed, json!({"order": ["Gamma"]}));
        assert_eq!((ordered.len(), &*ordered[0]), (3, "gamma"));
        let ordered = plan(seed, json!({"order": ["gamma"], "sort": "price"}));
        assert_eq!(ordered, ["gamma", "alpha", "beta"]);
        let only = plan(seed, json!({"order": ["gamma", "alpha"], "allow_fallbacks": false}));
        assert_eq!(only, ["gamma", "alpha"]);
    }
}

#[test]
fn without_fallbacks_there_is_one_choice() {
    let mut seen: Vec<String> = (0..100).flat_map(|seed| plan(seed, json!({"allow_fallbacks": false}))).collect();
    assert_eq!(seen.len(), 100);
    seen.sort();
    seen.dedup();
    assert!(seen.len() > 1, "it is drawn, too");
    assert_eq!(plan(1, json!({"allow_fallbacks": false, "sort": "price"})), ["alpha"]);
    assert_eq!(plan(1, json!({"allow_fallbacks": false, "order": [], "sort": "price"})), ["alpha"], "an empty order is none");
}

#[test]
fn a_sort_by_price_tries_the_cheapest_first() {
    for seed in 0..50 {
        for sort in [json!("price"), json!({"by": "price", "partition": "model"})] {
            assert_eq!(plan(seed, json!({"sort": sort})), ["alpha", "beta", "gamma"]);
        }
    }
}

#[test]
fn choices_are_drawn_by_the_inverse_square_of_the_price() {
    // 1 : 1/4 : 1/9 are 36 : 9 : 4 of 49.
    let counts = ask("acme/all").first_choices(4900);
    for ((endpoint, count), (expected, share)) in
        counts.iter().zip([("acme/all@alpha", 3600), ("acme/all@beta", 900), ("acme/all@gamma", 400)])
    {
        assert_eq!(endpoint, expected);
        assert!(count.abs_diff(share) < 150, "{counts:?}");
    }
    // The second choice is drawn in the same way from those that are left: beta before gamma nine times out of thirteen.
    let mut asked = ask("acme/all");
    let gateway = asked.gateway();
    let mut second = 0u64;
    for seed in 0..1300 {
        asked.seed = seed;
        let plan = asked.plan_with(&gateway).unwrap();
        second += u64::from(plan[0] == "acme/all@alpha" && plan[1] == "acme/all@beta");
    }
    assert!(second.abs_diff(1300 * 36 * 9 / 49 / 13) < 80, "{second}");
}

#[test]
fn what_costs_nothing_is_always_the_first() {
    let mut asked = ask("acme/two");
    asked.configuration["models"][1]["endpoints"][0]["price"] = json!({"prompt": 0, "completion": 0});
    assert_eq!(asked.first_choices(200), [("acme/two@beta".to_owned(), 200)]);
}

#[test]
fn an_endpoint_in_trouble_comes_last_and_is_not_left_out() {
    for seed in 0..50 {
        let troubled = |troubles: &[(&'static str, &'static str)], preferences: Value| {
            Asked { seed, troubles: troubles.to_vec(), ..ask("acme/all").preferring(preferences) }.plan()
        };
        let plan = troubled(&[("acme/all", "alpha")], json!({}));
        assert_eq!((plan.len(), &*plan[2]), (3, "acme/all@alpha"));
        assert_eq!(troubled(&[("acme/all", "alpha"), ("acme/all", "beta")], json!({}))[0], "acme/all@gamma");
        let plan = troubled(&[("acme/all", "alpha")], json!({"sort": "price"}));
        assert_eq!(plan, ["acme/all@beta", "acme/all@gamma", "acme/all@alpha"]);
        let plan = troubled(&[("acme/all", "gamma")], json!({"order": ["gamma"], "sort": "price"}));
        assert_eq!(plan[0], "acme/all@gamma", "the client's own order holds");
        let plan = troubled(&[("acme/all", "alpha"), ("acme/all", "beta"), ("acme/all", "gamma")], json!({"sort": "price"}));
        assert_eq!(plan, ["acme/all@alpha", "acme/all@beta", "acme/all@gamma"], "the same trouble is none");
    }
}

#[test]
fn nothing_is_asked_where_there_is_no_choice() {
    let asked = ask("acme/text");
    let gateway = asked.gateway();
    let request = Request::parse(asked.body.to_string().into_bytes(), None, 3).unwrap();
    let ask = Ask { request: &request, key: &gateway.keys()[0], path: "/", header: &|_| None };
    struct Never;
    impl State for Never {
        fn health(&self) -> Health {
            panic!("asked for the health")
        }
        fn recent(&self, _: &Endpoint) -> Recent {
            panic!("asked how it has done")
        }
        fn held(&self, _: Conversation) -> Option<Held> {
            panic!("asked for the conversation")
        }
    }
    assert!(super::plan(&gateway, &ask, &Never, &NOW, &mut fastrand::Rng::with_seed(1)).is_ok());
}
