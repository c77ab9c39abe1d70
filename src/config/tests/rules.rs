//! `rules`: what they come to, and what is refused in them.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn rules_come_with_their_models_resolved() {
    let gateway = gateway(&full());
    let [cheap, split, rename] = &*gateway.rules else { panic!() };
    assert_eq!((&*cheap.name, &*split.name), ("cheap", "rules[1]"));
    assert_eq!(cheap.matches.headers[0].0, "x-team".into());
    assert!(cheap.matches.headers[0].1.matches("search"));
    assert_eq!((cheap.matches.tools, cheap.matches.images), (Some(true), Some(false)));
    assert_eq!(cheap.matches.prompt_tokens, Some(TokenRange { min: 1, max: 4000 }));
    assert_eq!(rename.matches.prompt_tokens, Some(TokenRange { min: 5, max: u64::MAX }));
    // The second endpoint of gpt-4o lists no parameters, so it has no tools.
    let Action::Select(select) = &cheap.action else { panic!() };
    let models: Vec<_> = select.endpoints.iter().map(|endpoint| &*endpoint.catalogue_id).collect();
    assert_eq!(models, ["openai/gpt-oss-20b:free", "openai/gpt-4o"]);

    let Action::Split(split) = &split.action else { panic!() };
    let picked = |roll| split.pick(roll).id.as_str();
    assert_eq!((picked(0.0), picked(0.8999)), ("openai/gpt-4o", "openai/gpt-4o"));
    assert_eq!((picked(0.9), picked(0.9999)), ("openai/gpt-oss-20b:free", "openai/gpt-oss-20b:free"));
    assert_eq!((picked(-1.0), picked(f64::NAN)), ("openai/gpt-4o", "openai/gpt-4o"));
    assert_eq!(picked(2.0), "openai/gpt-oss-20b:free");
    let Action::Rename(model) = &rename.action else { panic!() };
    assert_eq!(model.id.as_str(), "openai/gpt-4o");
}

#[test]
fn mistakes_in_rules_are_refused() {
    let model = "expected the id of a model of this configuration, found \"openai/o3\"";
    let weight = "expected a whole number from 1 to 1000000";
    refused(&[
        ("/rules", json!({}), "rules: expected a list, found an object"),
        ("/rules/0", json!({"match": {}}), "rules[0]: expected one of rename, split and select, found none"),
        ("/rules/2/split", json!([]), "rules[2]: expected one of rename, split and select, found several"),
        ("/rules/2/name", json!("a;b"), "rules[2].name: expected 1 to 200 printable ASCII characters without ;"),
        ("/rules/2/action", json!(1), "rules[2].action: unknown field, expected one of `name`, `match`, `rename`, `split`, `select`"),
        ("/rules/2/rename", json!("openai/o3"), &format!("rules[2].rename: {model}")),
        ("/rules/1/split", json!([]), "rules[1].split: expected at least one model with its weight"),
        ("/rules/1/split/1/model", json!("openai/o3"), &format!("rules[1].split[1].model: {model}")),
        ("/rules/1/split/1/model", json!("openai/gpt-4o"), "rules[1].split[1].model: expected each model once"),
        ("/rules/1/split/1/weight", json!(0), &format!("rules[1].split[1].weight: {weight}, found 0")),
        ("/rules/1/split/1/weight", json!(0.5), &format!("rules[1].split[1].weight: {weight}, found 0.5")),
        ("/rules/1/split/1", json!({"model": "openai/gpt-4o"}), "rules[1].split[1].weight: missing, and required"),
        ("/rules/0/select/from", json!([]), "rules[0].select.from: expected at least one model"),
        (
            "/rules/0/select/from",
            json!(["*/*", "mistral/*"]),
            "rules[0].select.from[1]: expected the id of a model or a pattern that matches one, found \"mistral/*\"",
        ),
        (
            "/rules/0/select/require",
            json!(["tool"]),
            "rules[0].select.require[0]: expected one of images, files, audio, video, tools, tool_choice, parallel_tool_calls, response_format, structured_outputs, reasoning, logprobs, seed, web_search_options, found \"tool\"",
        ),
        (
            "/rules/0/select",
            json!({"from": ["openai/gpt-4o"], "require": ["audio"]}),
            "rules[0].select: expected a model of `from` that meets all of `require`, found none",
        ),
        ("/rules/0/select/sort", json!("latency"), "rules[0].select.sort: expected price, found \"latency\""),
        (
            "/rules/0/match/headers",
            json!({}),
            "rules[0].match.headers: unknown field, expected one of `model`, `header`, `key`, `path`, `tools`, `images`, `prompt_tokens`",
        ),
        (
            "/rules/0/match/match",
            json!(1),
            "rules[0].match.match: unknown field, expected one of `model`, `header`, `key`, `path`, `tools`, `images`, `prompt_tokens`",
        ),
        ("/rules/0/match/header", json!({"x team": "a"}), "rules[0].match.header: expected the name of a header"),
        ("/rules/0/match/header", json!({"x-team": 5}), "rules[0].match.header.x-team: expected a string, found 5"),
        ("/rules/0/match/key", json!("team-*"), "rules[0].match.key: expected the name of one of the keys, or a pattern that matches one"),
        ("/rules/0/match/path", json!("api/*"), "rules[0].match.path: expected a path or pattern that starts with / or *"),
        ("/rules/0/match/tools", json!("yes"), "rules[0].match.tools: expected true or false, found a string"),
        ("/rules/0/match/prompt_tokens", json!({"min": 9, "max": 4}), "rules[0].match.prompt_tokens: expected min to be at most max"),
        (
            "/rules/0/match/prompt_tokens/max",
            json!(-1),
            "rules[0].match.prompt_tokens.max: expected a whole number from 0 to 1000000000, found -1",
        ),
    ]);
}
