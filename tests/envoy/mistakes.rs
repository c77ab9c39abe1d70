//! Envoy refuses a wrong configuration, and its log says where the mistake is.

use std::thread;

use serde_json::{Value, json};

use super::{gateway::Gateway, setup::Setup};

fn good() -> Setup {
    Setup::new().providers(&["first"]).models(&["t/a", "t/b"], &["first"])
}

/// The path that the log must name, and a configuration with a mistake there.
fn mistakes() -> Vec<(&'static str, Setup)> {
    let at = |pointer: &str, value: Value| {
        let mut setup = good();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match setup.configuration.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}")) {
            Value::Array(items) => items.push(value),
            Value::Object(members) => drop(members.insert(name.into(), value)),
            other => panic!("{pointer} is in {other}"),
        }
        setup
    };
    let endpoint = |more: Value| {
        let mut endpoint = json!({"provider": "first", "model": "c", "price": {"prompt": 1, "completion": 1}});
        endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"id": "t/c", "endpoints": [endpoint]})
    };
    vec![
        ("modells", at("/modells", json!([]))),
        ("providers.first.hots", at("/providers/first/hots", json!("x"))),
        ("providers.first.dialect", at("/providers/first/dialect", json!("cobol"))),
        ("providers.first.credential", at("/providers/first/credential", json!({"env": "SIGNALBOX_NOT_SET"}))),
        ("SIGNALBOX_NOT_SET", at("/providers/first/credential", json!({"env": "SIGNALBOX_NOT_SET"}))),
        ("models[2].endpoints[0].price.prompt", at("/models/-", endpoint(json!({"price": {"prompt": 10_001, "completion": 1}})))),
        ("models[2].endpoints[0].price.completion", at("/models/-", endpoint(json!({"price": {"prompt": 1, "completion": -1}})))),
        ("models[2].endpoints[0].price", at("/models/-", endpoint(json!({"price": {"prompt": 1}})))),
        ("models[2].endpoints[0].provider", at("/models/-", endpoint(json!({"provider": "nobody"})))),
        (
            "models[2].id",
            at(
                "/models/-",
                json!({"id": "t/a", "endpoints": [{"provider": "first", "model": "a", "price": {"prompt": 1, "completion": 1}}]}),
            ),
        ),
        ("models[2].id", at("/models/-", json!({"id": "no-slash", "endpoints": []}))),
        ("models[2].endpoints", at("/models/-", json!({"id": "t/c", "endpoints": []}))),
        ("models", good().with("models", json!("t/a"))),
        ("keys[0].sha256", good().with("keys", json!([{"name": "k", "sha256": "abc"}]))),
        ("keys[1]", at("/keys/-", json!({"name": "test", "sha256": "0".repeat(64)}))),
        ("keys", good().with("keys", json!([]))),
        ("rules[0]", good().with("rules", json!([{"match": {"model": "x"}}]))),
        ("rules[0].rename", good().with("rules", json!([{"match": {"model": "x"}, "rename": "t/nobody"}]))),
        (
            "rules[0].split[1].model",
            good().with("rules", json!([{"match": {}, "split": [{"model": "t/a", "weight": 1}, {"model": "t/x", "weight": 1}]}])),
        ),
        ("defaults.first_token_timeout", good().with("defaults", json!({"first_token_timeout": "soon"}))),
        ("defaults.max_attempts", good().with("defaults", json!({"max_attempts": 0}))),
        ("role", good().with("role", json!("conductor"))),
    ]
}

#[test]
fn a_mistake_is_refused_with_its_path() {
    let mistakes = mistakes();
    thread::scope(|scope| {
        let parts: Vec<_> = (0..2)
            .map(|part| mistakes.iter().skip(part).step_by(2).map(|(path, setup)| (*path, setup.configuration.clone())).collect::<Vec<_>>())
            .collect();
        for part in parts {
            scope.spawn(move || {
                for (path, configuration) in part {
                    let Err(refused) = Gateway::try_start(good().configured(configuration.clone())) else {
                        panic!("{path}: Envoy took {configuration:#}");
                    };
                    assert!(refused.log.contains(path), "{path} is not named in\n{}", refused.log);
                    assert!(!refused.log.contains("panicked"), "{path}:\n{}", refused.log);
                }
            });
        }
    });
}

#[test]
fn the_same_configuration_without_a_mistake_is_taken() {
    drop(Gateway::start(good()));
}
