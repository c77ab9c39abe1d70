//! What the name of a model stands for: variants, lists, keys.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn a_name_stands_for_the_endpoints_of_its_model() {
    assert_eq!(ask("acme/two").endpoints(), ["acme/two@alpha", "acme/two@beta"]);
    assert_eq!(ask("Acme/TWO").endpoints(), ["acme/two@alpha", "acme/two@beta"], "in any case");
    assert_eq!(ask("acme/all:free").plan(), ["acme/all:free@gamma"], "a variant of the catalogue is a model of its own");
}

#[test]
fn a_name_that_is_not_catalogued_is_unknown() {
    for name in ["acme/none", "all", "acme/two:free", "acme/", "openrouter/none", "acme/two/x"] {
        assert_eq!(ask(name).refused(), (404, format!("{name} is not a valid model ID")));
    }
}

#[test]
fn a_dynamic_variant_is_a_wish() {
    for seed in 0..20 {
        let floor = Asked { seed, ..ask("acme/all:floor") };
        assert_eq!(floor.plan(), ["acme/all@alpha", "acme/all@beta", "acme/all@gamma"], "the cheapest first");
    }
    assert_eq!(ask("acme/all:nitro").endpoints().len(), 3);
    assert_eq!(ask("acme/all:exacto").endpoints().len(), 3);
    assert_eq!(ask("acme/all:free:floor").plan(), ["acme/all:free@gamma"]);
    let (status, message) = ask("acme/all:online").refused();
    assert_eq!(status, 400);
    assert!(message.contains("no web search") && message.contains("acme/all"), "{message}");
}

#[test]
fn models_are_tried_one_after_the_other() {
    let plan = ask("acme/text").with("models", json!(["acme/two", "acme/text"])).plan();
    assert_eq!(plan[0], "acme/text@gamma");
    assert_eq!(plan.len(), 3, "none twice: {plan:?}");
    let plan = ask("acme/text,acme/all:free").plan();
    assert_eq!(plan, ["acme/text@gamma", "acme/all:free@gamma"]);
}

#[test]
fn a_plan_has_no_more_attempts_than_are_allowed() {
    let plan = ask("acme/text").with("models", json!(["acme/two", "acme/all"])).plan();
    assert_eq!(plan.len(), 4);
    assert_eq!(plan[0], "acme/text@gamma");
    assert!(plan[1].starts_with("acme/two@") && plan[2].starts_with("acme/two@") && plan[3].starts_with("acme/all@"), "{plan:?}");
}

#[test]
fn a_fallback_model_that_cannot_serve_spoils_nothing() {
    let fallback = |models: Value| ask("acme/text").with("models", models);
    assert_eq!(fallback(json!(["acme/none"])).plan(), ["acme/text@gamma"]);
    assert_eq!(ask("acme/none").with("models", json!(["acme/text"])).plan(), ["acme/text@gamma"]);
    let (status, message) = ask("acme/none").with("models", json!(["acme/never"])).refused();
    assert_eq!((status, &*message), (404, "acme/none is not a valid model ID"), "the first refusal is told");
}

#[test]
fn a_key_may_use_its_models_only() {
    let limited = |model: &str| Asked { key: 1, ..ask(model) };
    assert_eq!(limited("acme/two").endpoints().len(), 2);
    let (status, message) = limited("other/one").refused();
    assert_eq!(status, 403);
    assert!(message.contains("other/one"), "{message}");
    assert_eq!(limited("other/one").with("models", json!(["acme/text"])).plan(), ["acme/text@gamma"]);
    // A rule is no way around.
    assert_eq!(limited("x").rules(json!([{"rename": "other/one"}])).refused().0, 403);
    let select = json!([{"select": {"from": ["other/one", "acme/two"]}}]);
    assert_eq!(limited("x").rules(select).plan(), ["acme/two@alpha", "acme/two@beta"]);
}

#[test]
fn a_variant_behind_a_preset_is_told_its_place() {
    let refused = |name: &str| {
        let mut asked = ask(name);
        asked.configuration["presets"] = json!([{"slug": "mail"}]);
        asked.refused()
    };
    for (name, instead) in
        [("@preset/mail:nitro", "author/slug:nitro@preset/mail"), ("acme/all@preset/mail:floor", "acme/all:floor@preset/mail")]
    {
        let message = format!("Invalid `model`: expected a variant before the preset: ask for {instead}");
        assert_eq!(refused(name), (400, message), "{name}");
    }
    let unknown = refused("@preset/male:nitro");
    assert_eq!(unknown.0, 404, "{}", unknown.1);
}
