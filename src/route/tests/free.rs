//! `openrouter/free`: which model it comes to.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// Three models that cost nothing, of different abilities, among some that cost.
fn market() -> Asked {
    let mut asked = ask("openrouter/free");
    let at = |provider: &str, price: u32| json!({"provider": provider, "model": "m", "price": {"prompt": price, "completion": price}});
    let model = |id: &str, endpoints: Value, more: Value| {
        let mut model = json!({"id": id, "endpoints": endpoints, "input_modalities": ["text"], "supported_parameters": ["temperature"]});
        model.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        model
    };
    asked.configuration["models"] = json!([
        model("a/plain", json!([at("alpha", 0)]), json!({})),
        model("b/tools", json!([at("beta", 0), at("gamma", 1)]), json!({"supported_parameters": ["tools"], "context_length": 100})),
        model("c/sees:free", json!([at("gamma", 0)]), json!({"input_modalities": ["text", "image"]})),
        model("d/paid", json!([at("alpha", 1)]), json!({"supported_parameters": ["tools"]})),
        model("e/not:free", json!([at("alpha", 1)]), json!({})),
        model("v/embeds", json!([at("alpha", 0)]), json!({"output_modalities": ["embeddings"]})),
        model("x/draws", json!([at("alpha", 0)]), json!({"output_modalities": ["image"]})),
    ]);
    asked.configuration["keys"][1]["models"] = json!(["c/*", "d/*"]);
    asked
}

fn models(asked: &Asked) -> Vec<String> {
    let mut models: Vec<String> = asked.plan().into_iter().map(|endpoint| endpoint.split('@').next().unwrap().to_owned()).collect();
    models.sort();
    models
}

#[test]
fn each_model_that_costs_nothing_comes_first_as_often_as_the_others() {
    assert_eq!(models(&market()), ["a/plain", "b/tools", "c/sees:free"], "the others are what it falls back to");
    let firsts = market().first_choices(300);
    assert_eq!(firsts.len(), 3, "{firsts:?}");
    assert!(firsts.iter().all(|(_, count)| (60..=140).contains(count)), "{firsts:?}");
}

#[test]
fn what_a_request_needs_decides_who_is_asked() {
    assert_eq!(models(&market().with("tools", json!([{}]))), ["b/tools"]);
    let image = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.test/b.png"}}]}]);
    assert_eq!(models(&market().with("messages", image)), ["c/sees:free"]);
    let long = json!([{"role": "user", "content": "word ".repeat(200)}]);
    assert_eq!(models(&market().with("messages", long)), ["a/plain", "c/sees:free"], "what it does not fit into is left out");
    assert_eq!(models(&market().preferring(json!({"only": ["beta"]}))), ["b/tools"]);
    assert_eq!(models(&market().with("model", "OpenRouter/Free:nitro".into())).len(), 3);
}

#[test]
fn who_is_in_trouble_is_asked_last() {
    let mut troubled = market();
    troubled.troubles = vec![("a/plain", "alpha"), ("c/sees:free", "gamma")];
    assert_eq!(troubled.first_choices(30), [("b/tools@beta".to_owned(), 30)]);
}

#[test]
fn a_keys_models_are_all_there_are_for_it() {
    let mut limited = market();
    limited.key = 1;
    assert_eq!(models(&limited), ["c/sees:free"]);
    limited.configuration["keys"][1]["models"] = json!(["d/*"]);
    assert_eq!(limited.refused(), (404, "No models match your request and model restrictions".into()));
    limited.body["models"] = json!(["openrouter/free", "d/paid"]);
    assert_eq!(models(&limited), ["d/paid"], "a model of the client's that costs is its own fallback");
}

#[test]
fn nothing_that_costs_is_taken_for_want_of_something_free() {
    for nothing in [market().preferring(json!({"ignore": ["alpha", "beta", "gamma"]})), market().with("max_tokens", json!(1_000_000))] {
        let mut nothing = nothing;
        nothing.configuration["models"][0]["context_length"] = 1000.into();
        nothing.configuration["models"][2]["context_length"] = 1000.into();
        assert_eq!(nothing.refused(), (404, "No models match your request and model restrictions".into()));
    }
}

#[test]
fn the_catalogue_and_the_rules_come_before_it() {
    let mut catalogued = market();
    catalogued.configuration["models"][0]["id"] = "openrouter/free".into();
    assert_eq!(models(&catalogued), ["openrouter/free"]);
    assert_eq!(models(&market().rules(json!([{"match": {"model": "openrouter/free"}, "rename": "d/paid"}]))), ["d/paid"]);
}

#[test]
fn routers_that_there_are_not_are_refused_by_name_and_not_as_models() {
    for name in ["openrouter/fusion", "openrouter/pareto-code:floor", "OpenRouter/BodyBuilder", "openrouter/auto-beta"] {
        let (status, message) = ask(name).refused();
        assert_eq!(status, 400, "{name}");
        assert!(message.contains("openrouter/auto or openrouter/free"), "{message}");
        assert_eq!(ask(name).with("models", json!(["acme/text"])).plan(), ["acme/text@gamma"], "a fallback serves all the same");
    }
}
