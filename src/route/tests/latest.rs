//! `~author/family-latest`: which model it comes to.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// A family of four, in no order, beside another.
fn family(model: &str) -> Asked {
    let mut asked = ask(model);
    let model = |id: &str, created: u64, provider: &str| json!({"id": id, "created": created, "endpoints": [{"provider": provider, "model": "m", "price": {"prompt": 1, "completion": 1}}]});
    asked.configuration["models"] = json!([
        model("acme/sonnet-4", 400, "alpha"),
        model("acme/sonnet-4.5", 450, "beta"),
        model("acme/3.7-sonnet", 370, "alpha"),
        model("acme/sonnet-5:free", 500, "gamma"),
        model("acme/sonnet-mini-5", 500, "alpha"),
        model("other/sonnet-6", 600, "alpha"),
    ]);
    asked.configuration["keys"][1]["models"] = json!(["acme/sonnet-4", "acme/3.7-sonnet"]);
    asked
}

#[test]
fn an_alias_is_the_newest_model_of_its_family() {
    for (alias, expected) in [
        ("~acme/sonnet-latest", "acme/sonnet-4.5@beta"),
        ("~Acme/Sonnet-Latest:nitro", "acme/sonnet-4.5@beta"),
        ("~acme/sonnet-latest:free", "acme/sonnet-5:free@gamma"),
        ("~acme/sonnet-mini-latest", "acme/sonnet-mini-5@alpha"),
        ("~other/sonnet-latest", "other/sonnet-6@alpha"),
    ] {
        assert_eq!(family(alias).plan(), [expected], "{alias}");
    }
    let mut undated = family("~acme/sonnet-latest");
    for model in undated.configuration["models"].as_array_mut().unwrap() {
        model.as_object_mut().unwrap().remove("created");
    }
    assert_eq!(undated.plan(), ["acme/sonnet-4@alpha"], "of several as new, the one that stands first");
}

#[test]
fn an_alias_without_a_family_is_no_model() {
    for alias in ["~acme/opus-latest", "~none/sonnet-latest", "~acme/sonnet", "~acme/sonnet-latest:thinking", "~acme/latest"] {
        assert_eq!(family(alias).refused(), (404, format!("{alias} is not a valid model ID")));
    }
    let listed = family("~acme/opus-latest").with("models", json!(["~acme/sonnet-latest"]));
    assert_eq!(listed.plan(), ["acme/sonnet-4.5@beta"]);
}

#[test]
fn a_key_gets_the_newest_that_it_may_use() {
    let limited = Asked { key: 1, ..family("~acme/sonnet-latest") };
    assert_eq!(limited.plan(), ["acme/sonnet-4@alpha"]);
    let (status, message) = Asked { key: 1, ..family("~other/sonnet-latest") }.refused();
    assert_eq!((status, message.contains("~other/sonnet-latest")), (403, true), "{message}");
    let mut private = family("~acme/sonnet-latest");
    private.configuration["keys"][0]["providers"] = json!(["alpha"]);
    assert_eq!(private.plan(), ["acme/sonnet-4@alpha"], "providers count, too");
}

#[test]
fn the_catalogue_and_the_rules_come_before_it() {
    let mut catalogued = family("~acme/sonnet-latest");
    catalogued.configuration["models"][5]["id"] = "~acme/sonnet-latest".into();
    assert_eq!(catalogued.plan(), ["~acme/sonnet-latest@alpha"]);
    let ruled = family("~acme/sonnet-latest").rules(json!([{"match": {"model": "~acme/*"}, "rename": "other/sonnet-6"}]));
    assert_eq!(ruled.plan(), ["other/sonnet-6@alpha"]);
}
