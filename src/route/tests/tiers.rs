//! Endpoints of tiers of their own: who gets in, and who does not.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// `acme/tiers` has at alpha all three tiers, at beta the usual one. Others are called by theirs, each at its provider for so much.
fn tiered(model: &str, more: Value) -> Asked {
    let mut asked = ask(model);
    let endpoint = |(tag, price): &(&str, f64)| {
        let (provider, tier) = tag.split_once('/').map_or((*tag, None), |(provider, tier)| (provider, Some(tier)));
        let mut endpoint = json!({"provider": provider, "model": "m", "price": {"prompt": price, "completion": price}});
        if let Some(tier) = tier {
            endpoint["service_tier"] = tier.into();
        }
        endpoint
    };
    for (id, endpoints) in [
        ("acme/tiers", &[("alpha/flex", 0.5), ("alpha", 1.0), ("alpha/priority", 2.0), ("beta", 3.0)][..]),
        ("acme/a-af", &[("alpha", 5.0), ("alpha/flex", 2.0)]),
        ("acme/a-bf", &[("alpha", 5.0), ("beta/flex", 2.0)]),
        ("acme/af-bf-g", &[("alpha/flex", 2.2), ("beta/flex", 2.0), ("gamma", 1.0)]),
        ("acme/af", &[("alpha/flex", 2.0)]),
        ("acme/ap", &[("alpha/priority", 2.0)]),
    ] {
        let model = json!({"id": id, "endpoints": endpoints.iter().map(endpoint).collect::<Vec<_>>()});
        asked.configuration["models"].as_array_mut().unwrap().push(model);
    }
    asked.body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    asked
}

fn plan(model: &str, more: Value) -> Vec<String> {
    tiered(model, more).plan().into_iter().map(|endpoint| endpoint.split_once('@').unwrap().1.to_owned()).collect()
}

fn refused(model: &str, more: Value) -> String {
    let (status, message) = tiered(model, more).refused();
    assert_eq!(status, 404, "{message}");
    message
}

#[test]
fn a_tier_is_used_where_it_is_asked_for() {
    let by_price = |more: Value| {
        let mut body = json!({"provider": {"sort": "price"}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        plan("acme/tiers", body)
    };
    for usual in [json!({}), json!({"service_tier": "auto"}), json!({"service_tier": "default"}), json!({"service_tier": null})] {
        assert_eq!(by_price(usual.clone()), ["alpha", "beta"], "{usual}");
    }
    assert_eq!(by_price(json!({"service_tier": "flex"})), ["alpha/flex"], "and nothing else");
    for priority in ["priority", "fast"] {
        assert_eq!(by_price(json!({"service_tier": priority})), ["alpha/priority", "alpha", "beta"], "{priority}");
    }
    assert_eq!(ask("acme/two").with("service_tier", "flex".into()).plan().len(), 2, "where there are none, it is the provider's affair");
}

#[test]
fn a_variant_lets_a_tier_in_but_for_an_order() {
    assert_eq!(plan("acme/tiers:floor", json!({})), ["alpha/flex", "alpha", "beta"]);
    let mut nitro = plan("acme/tiers:nitro", json!({}));
    nitro.sort();
    assert_eq!(nitro, ["alpha", "alpha/priority", "beta"]);
    assert_eq!(plan("acme/tiers:floor", json!({"provider": {"order": ["beta"]}})), ["beta", "alpha"]);
    assert_eq!(plan("acme/tiers", json!({"provider": {"sort": "price"}})), ["alpha", "beta"], "a sort alone does not");
}

#[test]
fn a_tier_is_named_in_full() {
    assert_eq!(plan("acme/tiers", json!({"provider": {"only": ["alpha"]}})), ["alpha"]);
    assert_eq!(plan("acme/tiers", json!({"provider": {"only": ["alpha/priority"]}})), ["alpha/priority"]);
    assert_eq!(plan("acme/tiers", json!({"provider": {"order": ["alpha/flex", "beta"]}})), ["alpha/flex", "beta", "alpha"]);
    assert_eq!(plan("acme/tiers", json!({"provider": {"only": ["alpha/flex", "Alpha AI"], "sort": "price"}})), ["alpha/flex", "alpha"]);
}

#[test]
fn no_other_wish_leaves_a_tier_that_nobody_asked_for() {
    let dear = json!({"provider": {"max_price": {"prompt": 3}}});
    let ignored = json!({"provider": {"ignore": ["alpha"]}});
    for (model, more, expected) in [
        ("acme/a-af", &ignored, "provider.ignore excludes alpha, it is served by alpha"),
        ("acme/a-af", &dear, "provider.max_price is lower than any price, it is served by alpha"),
        ("acme/a-bf", &ignored, "provider.ignore excludes alpha, it is served by alpha"),
        ("acme/a-bf", &json!({"service_tier": "default", "provider": {"max_price": {"prompt": 3}}}), "provider.max_price is lower"),
        ("acme/a-bf", &json!({"provider": {"only": ["beta"]}}), "provider.only permits beta only, it is served by alpha"),
        ("acme/a-bf:floor", &json!({"provider": {"order": ["beta"], "allow_fallbacks": false}}), "provider.order names beta"),
    ] {
        let message = refused(model, more.clone());
        assert!(message.contains(expected), "{model} {more}: {message}");
    }
    assert_eq!(plan("acme/a-af:floor", dear), ["alpha/flex"], "asked for");
    assert_eq!(plan("acme/a-bf", json!({"service_tier": "flex", "provider": {"ignore": ["alpha"]}})), ["beta/flex"]);
}

#[test]
fn a_model_of_other_tiers_alone_is_not_had_without_a_word_of_them() {
    let expected = "No endpoints found for acme/af: service_tier asks for none of its tiers (what would: service_tier \"flex\", \
        the variant :floor, or \"alpha/flex\" in provider.only), it is served by alpha/flex";
    assert_eq!(refused("acme/af", json!({})), expected);
    for more in [json!({"service_tier": "priority"}), json!({"service_tier": "auto", "provider": {"only": ["alpha"]}})] {
        assert_eq!(refused("acme/af", more), expected);
    }
    let message = refused("acme/ap:nitro", json!({"service_tier": "default"}));
    assert!(message.contains("(what would: service_tier \"priority\", or \"alpha/priority\" in provider.only)"), "{message}");
    assert!(refused("acme/ap", json!({"service_tier": "flex"})).contains("the variant :nitro"));
    for more in
        [json!({"service_tier": "flex"}), json!({"provider": {"only": ["alpha/flex"]}}), json!({"provider": {"order": ["alpha/flex"]}})]
    {
        assert_eq!(plan("acme/af", more), ["alpha/flex"]);
    }
    assert_eq!(plan("acme/af:floor", json!({})), ["alpha/flex"]);
    let mut rules =
        tiered("cheap", json!({})).rules(json!([{"match": {"model": "cheap"}, "select": {"from": ["acme/a*"], "sort": "price"}}]));
    rules.configuration["models"].as_array_mut().unwrap().retain(|model| !model["id"].as_str().unwrap().starts_with("acme/all"));
    assert_eq!(rules.endpoints(), ["acme/a-af@alpha", "acme/a-bf@alpha", "acme/af-bf-g@gamma"], "nor by an operator's rule");
}

#[test]
fn the_usual_tier_is_kept_to_where_it_is_asked_for() {
    for variant in ["floor", "nitro"] {
        let mut usual = plan(&format!("acme/tiers:{variant}"), json!({"service_tier": "default"}));
        usual.sort();
        assert_eq!(usual, ["alpha", "beta"], "{variant}");
    }
    assert_eq!(plan("acme/tiers:floor", json!({"service_tier": "auto"})), ["alpha/flex", "alpha", "beta"]);
    assert_eq!(plan("acme/tiers", json!({"service_tier": "default", "provider": {"only": ["alpha/flex"]}})), ["alpha/flex"]);
}

#[test]
fn a_providers_name_means_the_tier_that_is_asked_for_too() {
    for name in ["alpha", "ALPHA", "Alpha AI"] {
        let only = json!({"only": [name]});
        let order = json!({"order": [name], "allow_fallbacks": false});
        for provider in [only, order] {
            let asking = |tier: &str| plan("acme/tiers", json!({"service_tier": tier, "provider": provider}));
            assert_eq!(asking("flex"), ["alpha/flex"], "{provider}");
            assert_eq!(asking("priority"), ["alpha/priority", "alpha"], "{provider}");
            assert_eq!(asking("fast"), ["alpha/priority", "alpha"], "{provider}");
            assert_eq!(asking("default"), ["alpha"], "{provider}");
        }
    }
    let ordered = json!({"service_tier": "priority", "provider": {"order": ["beta", "alpha"]}});
    assert_eq!(plan("acme/tiers", ordered), ["beta", "alpha/priority", "alpha"]);
    let ignoring = |tier: &str| json!({"service_tier": tier, "provider": {"ignore": ["alpha"]}});
    assert_eq!(plan("acme/tiers", ignoring("flex")), ["beta"], "of flex nothing is left, so nothing is asked for");
    assert_eq!(plan("acme/tiers:floor", ignoring("auto")), ["beta"], "who is ignored is so whatever a variant lets in");
    let both = json!({"provider": {"ignore": ["alpha"], "order": ["alpha/flex"]}});
    assert_eq!(plan("acme/tiers", both), ["alpha/flex", "beta"], "named in full");
    assert_eq!(plan("acme/tiers", json!({"provider": {"only": ["ALPHA AI/Flex"]}})), ["alpha/flex"]);
}

#[test]
fn flex_comes_by_price() {
    for seed in 0..20 {
        let asked = Asked { seed, ..tiered("acme/af-bf-g", json!({"service_tier": "flex"})) };
        assert_eq!(asked.plan(), ["acme/af-bf-g@beta/flex", "acme/af-bf-g@alpha/flex"]);
    }
    let ignored = json!({"service_tier": "flex", "provider": {"ignore": ["beta"]}});
    assert_eq!(plan("acme/af-bf-g", ignored), ["alpha/flex"], "and not from gamma, which is cheaper");
}

#[test]
fn anthropics_word_asks_for_priority_where_no_tier_is_named() {
    let by_price = |mut more: Value| {
        more["provider"] = json!({"sort": "price"});
        plan("acme/tiers", more)
    };
    for more in [json!({"speed": "fast"}), json!({"speed": "fast", "service_tier": "auto"}), json!({"speed": "fast", "service_tier": null})]
    {
        assert_eq!(by_price(more.clone()), ["alpha/priority", "alpha", "beta"], "{more}");
    }
    assert_eq!(by_price(json!({"speed": "fast", "service_tier": "default"})), ["alpha", "beta"]);
    assert_eq!(by_price(json!({"speed": "fast", "service_tier": "flex"})), ["alpha/flex"]);
    assert_eq!(by_price(json!({"speed": "standard", "service_tier": "priority"})), ["alpha/priority", "alpha", "beta"]);
    for more in [json!({"speed": "standard"}), json!({"speed": 7}), json!({"speed": null})] {
        assert_eq!(by_price(more.clone()), ["alpha", "beta"], "{more}");
    }
}
