//! `openrouter/auto`: which model it comes to.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// Five models from cheap to dear, of different abilities.
fn market() -> Asked {
    let mut asked = ask("openrouter/auto");
    let model = |id: &str, price: u32, more: Value| {
        let mut model = json!({"id": id, "endpoints": [{"provider": "alpha", "model": "m", "price": {"prompt": price, "completion": price}}],
            "input_modalities": ["text"], "supported_parameters": ["temperature"], "context_length": 1000});
        model.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        model
    };
    asked.configuration["models"] = json!([
        model("c/sees", 3, json!({"input_modalities": ["text", "image"]})),
        model("a/small", 1, json!({"context_length": 100})),
        model("e/most", 5, json!({"supported_parameters": ["tools"]})),
        model("b/tools", 2, json!({"supported_parameters": ["tools"]})),
        model("d/dear", 4, json!({})),
        model("x/draws", 1, json!({"output_modalities": ["image"]})),
        model("v/embeds", 1, json!({"output_modalities": ["embeddings"]})),
    ]);
    asked.configuration["keys"][1]["models"] = json!(["d/*"]);
    asked
}

fn with(settings: Value) -> Asked {
    let mut settings = settings;
    settings["id"] = "auto-router".into();
    market().with("plugins", json!([settings]))
}

fn models(asked: &Asked) -> Vec<String> {
    asked.plan().into_iter().map(|endpoint| endpoint.replace("@alpha", "")).collect()
}

#[test]
fn the_cheapest_that_can_do_it_comes_first() {
    assert_eq!(models(&market()), ["a/small", "b/tools", "c/sees", "d/dear"], "as far as attempts go");
    assert_eq!(models(&market().with("tools", json!([{}]))), ["b/tools", "e/most"]);
    let image = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.test/b.png"}}]}]);
    assert_eq!(models(&market().with("messages", image)), ["c/sees"]);
    let long = json!([{"role": "user", "content": "word ".repeat(200)}]);
    assert_eq!(models(&market().with("messages", long))[0], "b/tools", "what it does not fit into is left out");
    assert_eq!(models(&market().with("max_tokens", 100.into()))[0], "b/tools", "the answer has to fit, too");
    assert_eq!(models(&market().with("model", "OpenRouter/auto:nitro".into())).len(), 4);
}

#[test]
fn restrictions_and_a_tier_are_kept() {
    for (settings, expected) in [
        (json!({"allowed_models": ["c/*", "*/dear"]}), &["c/sees", "d/dear"][..]),
        (json!({"allowed_models": ["*"], "excluded_models": ["a/small", "B/*"]}), &["c/sees", "d/dear", "e/most"]),
        (json!({"cost_tier": "low"}), &["a/small"]),
        (json!({"cost_tier": "high"}), &["c/sees"]),
        (json!({"cost_tier": "max"}), &["e/most"]),
        (json!({"cost_tier": "max", "excluded_models": ["e/*", "d/*"]}), &["c/sees"]),
        (json!({"enabled": false, "allowed_models": ["none"]}), &["a/small", "b/tools", "c/sees", "d/dear"]),
    ] {
        assert_eq!(models(&with(settings.clone())), expected, "{settings}");
    }
    let mut limited = market();
    limited.key = 1;
    assert_eq!(models(&limited), ["d/dear"], "a key's models are all there are for it");
    let mut configured = market();
    configured.configuration["auto_router"] = json!({"models": ["b/*", "c/*"], "cost_tier": "max"});
    assert_eq!(models(&configured), ["c/sees"]);
    configured.configuration["auto_router"] = json!({"models": ["a/*", "v/*"]});
    assert_eq!(models(&configured), ["a/small"], "vectors are no answer");
}

#[test]
fn nothing_left_is_told_as_openrouter_does() {
    let nothing = [
        with(json!({"allowed_models": ["none/*"]})),
        with(json!({"excluded_models": ["*"]})),
        market().preferring(json!({"only": ["beta"]})),
        market().with("max_tokens", 5000.into()),
    ];
    for asked in nothing {
        assert_eq!(asked.refused(), (404, "No models match your request and model restrictions".into()));
    }
}

#[test]
fn the_catalogue_and_the_rules_come_before_it() {
    let mut catalogued = market();
    catalogued.configuration["models"]
        .as_array_mut()
        .unwrap()
        .push(json!({"id": "openrouter/auto", "endpoints": [{"provider": "beta", "model": "m", "price": {"prompt": 1, "completion": 1}}]}));
    assert_eq!(catalogued.plan(), ["openrouter/auto@beta"]);
    let ruled = market().rules(json!([{"match": {"model": "openrouter/auto"}, "rename": "d/dear"}]));
    assert_eq!(models(&ruled), ["d/dear"]);
}

#[test]
fn a_conversation_stays_with_its_model_while_that_is_a_candidate() {
    let mut held = market();
    held.configuration["models"][4]["endpoints"][0]["provider"] = "gamma".into();
    held.configuration["models"][4]["endpoints"][0]["price"]["input_cache_read"] = 0.01.into();
    held.held = Some("gamma");
    assert_eq!(held.plan()[..2], ["d/dear@gamma", "a/small@alpha"]);
    assert_eq!(held.with("plugins", json!([{"id": "auto-router", "cost_tier": "low"}])).plan(), ["a/small@alpha"]);
}
