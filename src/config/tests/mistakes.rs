//! What is said of a mistake beyond its path: the model that it is in, and what is taken and yet hardly meant.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn a_mistake_in_a_model_says_which_model_it_is() {
    let message = |json: &Value| parse(json).unwrap_err().to_string();
    let unknown = message(&with("/models/1/endpoints/0/prise", json!(1)));
    assert!(unknown.starts_with("models[1].endpoints[0].prise: unknown field, expected one of"), "{unknown}");
    assert!(unknown.ends_with(" (model openai/gpt-oss-20b:free)"), "{unknown}");
    let price = message(&with("/models/0/endpoints/0/price/prompt", json!(20_000)));
    assert!(price.ends_with("(USD per million tokens), found 20000 (model openai/gpt-4o)"), "{price}");
    assert_eq!(
        message(&with("/models/1/id", json!("openai/gpt-4o"))),
        "models[1].id: expected an id of its own in any case, found \"openai/gpt-4o\" again"
    );
    // What cannot be read as an id is not repeated.
    let mut nameless = with("/models/1/endpoints/0/price", json!({}));
    nameless["models"][1]["id"] = json!("sk-live");
    assert_eq!(message(&nameless), "models[1].endpoints[0].price.prompt: missing, and required");
}

#[test]
fn a_date_is_no_time_that_a_model_came_out() {
    let expected = "models[0].created: expected seconds since the epoch, such as 1735689600 (2025-01-01), found";
    refused(&[
        ("/models/0/created", json!("2025-01-01"), &format!("{expected} a string")),
        ("/models/0/created", json!(-1), &format!("{expected} -1")),
    ]);
}

#[test]
fn a_name_stands_for_one_provider_or_for_one_company() {
    let named = |first: (&str, Value), second: (&str, Value)| {
        let mut json = full();
        for (slug, mut provider) in [first, second] {
            provider["host"] = "a.test".into();
            json["providers"][slug] = provider;
        }
        parse(&json).map(drop).map_err(|error| error.to_string())
    };
    let vllm = |name: Option<&str>| json!({"dialect": "vllm", "name": name});
    let taken = |slug: &str, by: &str| {
        Err(format!("providers.{slug}.name: expected a name of its own, found that of {by}: requests name providers by it"))
    };
    assert_eq!(named(("x", vllm(Some("Ours"))), ("y", vllm(Some("OURS")))), taken("y", "x"));
    assert_eq!(named(("x", vllm(Some("y"))), ("y", vllm(None))), taken("x", "y"));
    assert_eq!(named(("x", vllm(Some("OpenAI"))), ("y", vllm(None))), taken("x", "openai"));
    assert_eq!(named(("X", vllm(None)), ("x", vllm(None))), taken("X", "x"));
    // A company's accounts and regions.
    assert_eq!(named(("x", json!({"dialect": "azure"})), ("y", json!({"dialect": "azure", "name": "Azure"}))), Ok(()));
    assert_eq!(named(("openai-eu", json!({"dialect": "openai"})), ("y", vllm(Some("Ours")))), Ok(()));
    assert_eq!(named(("ours/eu", vllm(Some("Ours"))), ("ours/us", vllm(Some("Ours")))), Ok(()));
}

fn warnings(json: &Value) -> Vec<String> {
    // 2026-11-21
    gateway(json).warnings(Millis(1_795_219_200_000)).iter().map(ToString::to_string).collect()
}

#[test]
fn a_parameter_that_nobody_knows_is_warned_of_where_it_is_written() {
    assert!(warnings(&full()).is_empty());
    let mut json = with("/models/0/supported_parameters", json!(["tools", "temprature", "structured_outputs"]));
    json["models"][0]["endpoints"][1]["supported_parameters"] = json!(["Seed"]);
    let odd = |name| format!("neither OpenRouter nor a format has a parameter {name:?}: is it spelled as clients send it?");
    assert_eq!(
        warnings(&json),
        [
            format!("models[0].supported_parameters[1]: {}", odd("temprature")),
            format!("models[0].endpoints[1].supported_parameters[0]: {}", odd("Seed")),
        ]
    );
}

#[test]
fn money_that_is_reserved_for_less_than_an_answer_may_take_is_warned_of() {
    let mut json = with("/defaults", json!({"reservation_timeout": "1m"}));
    assert!(warnings(&json).is_empty(), "nobody has a limit");
    json["keys"][0]["limit"] = json!({"usd": 5});
    let odd = |longer: &str| {
        format!(
            "defaults.reservation_timeout: 60s is less than {longer}: while an answer takes longer, what is reserved for it can be spent by \
             others"
        )
    };
    assert_eq!(warnings(&json), [odd("response_timeout (600s)")]);
    json["defaults"]["response_timeout"] = json!("60s");
    assert!(warnings(&json).is_empty());
    json["defaults"]["first_token_timeout"] = json!("2m");
    assert_eq!(warnings(&json), [odd("first_token_timeout (120s)")]);
}

#[test]
fn a_key_that_nothing_is_left_for_is_warned_of_by_its_name() {
    let odd = "keys[0]: no endpoint fits the models, the providers and the data policy of the key \"demo\" together: all its requests will be \
               refused";
    let mut json = full();
    for provider in json["providers"].as_object_mut().unwrap().values_mut() {
        provider["zdr"] = json!(false);
    }
    assert!(warnings(&json).is_empty());
    json["keys"][0]["zdr"] = json!(true);
    assert_eq!(warnings(&json), [odd]);
    json["keys"][0]["disabled"] = json!(true);
    assert!(warnings(&json).is_empty(), "nobody expects it to be of use");
    json["keys"][0] = json!({"name": "demo", "sha256": DEMO_KEY_SHA256, "management": true});
    let nobody = "keys: all are management keys, which ask for no completions: all completions will be refused until there is another key";
    assert_eq!(warnings(&json), [nobody], "it is not for completions");
    json["anonymous"] = json!(true);
    assert!(warnings(&json).is_empty());
}

#[test]
fn a_key_whose_time_is_over_is_warned_of() {
    let mut json = full();
    json["keys"][0]["expires_at"] = json!("2026-11-22T00:00:00Z");
    assert!(warnings(&json).is_empty());
    json["keys"][0]["expires_at"] = json!("2026-11-20T00:00:00Z");
    let odd = "keys[0].expires_at: the time of the key \"demo\" is over: all its requests will be refused, so write a later one or remove the key";
    assert_eq!(warnings(&json), [odd]);
    json["keys"][0]["disabled"] = json!(true);
    assert!(warnings(&json).is_empty(), "somebody has thought of it");
}

#[test]
fn a_cache_that_costs_more_than_it_saves_is_warned_of() {
    let price = |read: f64| with("/models/0/endpoints/0/price", json!({"prompt": 2.5, "completion": 10, "input_cache_read": read}));
    let odd = "models[0].endpoints[0].price.input_cache_read: what comes from the provider's cache costs more than `prompt`: is it the price of \
               a write, input_cache_write?";
    assert_eq!(warnings(&price(3.125)), [odd]);
    assert!(warnings(&price(2.5)).is_empty());
}

#[test]
fn a_rule_that_no_request_comes_to_is_warned_of() {
    let odd = |rules: Value| {
        let rule = |matches: &Value| json!({"name": matches.to_string().replace('"', ""), "match": matches, "rename": "openai/gpt-4o"});
        let rules: Vec<Value> = rules.as_array().unwrap().iter().map(rule).collect();
        warnings(&with("/rules", json!(rules)))
    };
    let never = |before: &str| {
        vec![format!(
            "rules[1]: it never matches, as {before} matches all that it does and comes first: put it before that one, or remove it"
        )]
    };
    assert_eq!(odd(json!([{}, {"tools": true}])), never("{}"));
    assert_eq!(odd(json!([{"model": "gpt-*"}, {"model": "gpt-4*-mini", "key": "demo"}])), never("{model:gpt-*}"));
    let narrow =
        json!({"header": {"x-team": "search-*", "x-b": "1"}, "prompt_tokens": {"min": 7, "max": 8}, "images": true, "path": "/v1/*"});
    for wide in [json!({"header": {"X-Team": "*"}}), json!({"prompt_tokens": {"min": 7}}), json!({"images": true, "path": "/*"})] {
        assert_eq!(odd(json!([wide, narrow])).len(), 1, "{wide}");
        assert!(odd(json!([narrow, wide])).is_empty(), "{wide}");
    }
    for other in [
        json!({"header": {"x-team": "search"}}),
        json!({"header": {"x-c": "*"}}),
        json!({"prompt_tokens": {"min": 8}}),
        json!({"images": false}),
        json!({"model": "*"}),
    ] {
        assert!(odd(json!([other, narrow])).is_empty(), "{other}");
    }
}
