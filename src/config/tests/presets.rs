//! `presets`: what they come to, and what is refused in them.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// The full configuration with this preset, and no rule that serves every name.
fn preset(preset: Value) -> Value {
    let mut json = full();
    json["rules"].as_array_mut().unwrap().truncate(1);
    json["presets"] = json!([{"slug": "other"}, preset]);
    json
}

#[test]
fn a_preset_comes_with_its_prompt_and_its_members() {
    let gateway = gateway(&preset(json!({"slug": "email-copywriter", "system_prompt": "Be\nbrief.", "config": {
        "model": "openai/gpt-4o:nitro", "models": ["openrouter/auto", "cheap-and-good"], "provider": {"order": ["openai", "openai/flex"], "ignore": ["our servers"]},
        "temperature": 0.7, "plugins": [{"id": "response-healing"}],
        "tools": [{"type": "openrouter:web_search"}, {"type": "function", "function": {"name": "f"}}],
    }})));
    let preset = gateway.presets.named("email-copywriter").unwrap();
    assert_eq!(preset.system_message(), Some(&br#"{"role":"system","content":"Be\nbrief."}"#[..]));
    assert_eq!(serde_json::from_slice::<Value>(preset.config()).unwrap()["temperature"], 0.7);
    assert_eq!(gateway.presets.named("other").map(crate::preset::Preset::config), Some(&b"{}"[..]));
    assert!(gateway.presets.named("Other").is_none());
}

#[test]
fn mistakes_in_presets_are_refused() {
    let slug = "presets[1].slug: expected 1 to 100 letters, digits and - . _ ~, as requests have it behind @preset/";
    let model = |at: &str, name: &str| format!("presets[1].config.{at}: expected the id of a model of this configuration, found {name:?}");
    for (entry, message) in [
        (json!({"slug": "other"}), "presets[1].slug: expected a slug of its own, found \"other\" again"),
        (json!({"slug": "a b"}), slug),
        (json!({"slug": ""}), slug),
        (json!({"slug": "x", "system_prompt": ""}), "presets[1].system_prompt: expected a text, or no such member"),
        (json!({"slug": "x", "config": []}), "presets[1].config: expected an object of a chat completion's members"),
        (json!({"slug": "x", "config": {"stream": true}}), "presets[1].config.stream: expected no such member: each request has its own"),
        (json!({"slug": "x", "config": {"messages": []}}), "presets[1].config.messages: expected no such member: each request has its own"),
        (
            json!({"slug": "x", "config": {"preset": "other"}}),
            "presets[1].config.preset: expected no such member: each request has its own",
        ),
        (json!({"slug": "x", "config": {"model": "openai/o3"}}), &model("model", "openai/o3")),
        (json!({"slug": "x", "config": {"model": "@preset/other"}}), &model("model", "@preset/other")),
        (json!({"slug": "x", "config": {"model": "openai/gpt-4o:online"}}), &model("model", "openai/gpt-4o:online")),
        (json!({"slug": "x", "config": {"models": ["openai/gpt-4o", "t/zz"]}}), &model("models", "t/zz")),
        (
            json!({"slug": "x", "config": {"models": ["a/b", "a/b", "a/b", "a/b"]}}),
            "presets[1].config.models: expected at most 3 models (defaults.max_models)",
        ),
        (
            json!({"slug": "x", "config": {"provider": {"sort": "speed"}}}),
            "presets[1].config.provider: expected a preferences object (sort: expected price, throughput, latency or exacto, found \"speed\")",
        ),
        (
            json!({"slug": "x", "config": {"provider": {"order": ["OpenAI", "zz"]}}}),
            "presets[1].config.provider.order[1]: expected the slug of a provider of this configuration, found \"zz\"",
        ),
        (
            json!({"slug": "x", "config": {"provider": {"only": ["zz/flex"]}}}),
            "presets[1].config.provider.only[0]: expected the slug of a provider of this configuration, found \"zz/flex\"",
        ),
        (
            json!({"slug": "x", "config": {"provider": {"ignore": ["openai/eu"]}}}),
            "presets[1].config.provider.ignore[0]: expected the slug of a provider of this configuration, found \"openai/eu\"",
        ),
        (json!({"slug": "x", "config": {"tools": {}}}), "presets[1].config.tools: expected an array"),
        (json!({"slug": "x", "config": {"max_tokens": 0}}), "presets[1].config.max_tokens: expected a whole number of tokens, at least 1"),
    ] {
        let error = parse(&preset(entry.clone())).expect_err(message);
        assert_eq!(error.to_string(), message, "{entry}");
    }
    let unknown = parse(&preset(json!({"slug": "x", "system": ""}))).unwrap_err().to_string();
    assert_eq!(unknown, "presets[1].system: unknown field, expected one of `slug`, `system_prompt`, `config`");
    let mut without_openrouter = preset(json!({"slug": "x", "config": {"tools": [{"type": "openrouter:web_search"}]}}));
    without_openrouter["providers"].as_object_mut().unwrap().remove("unused");
    let message =
        "presets[1].config.tools[0].type: expected function: tools that run at OpenRouter are served only where that is the provider";
    assert_eq!(parse(&without_openrouter).unwrap_err().to_string(), message);
    let attempt = parse(&json!({"role": "attempt", "presets": []})).unwrap_err().to_string();
    assert!(attempt.starts_with("presets: expected nothing but role: attempt"), "{attempt}");
}

#[test]
fn texts_of_numbers_are_numbers_as_envoy_makes_texts_of_fractions() {
    let config = |config: &str| {
        let json = preset(json!({"slug": "x", "config": "here"})).to_string().replace("\"here\"", config);
        match Config::parse(json.as_bytes(), env) {
            Ok(Config::Gateway(gateway)) => Ok(String::from_utf8(gateway.presets.named("x").unwrap().config().to_vec()).unwrap()),
            Ok(Config::Attempt) => panic!("no gateway"),
            Err(error) => Err(error.to_string()),
        }
    };
    let written = r#"{ "temperature" : "0.70","top_p":"1e-1", "user":"0.5","stop":["7"],"seed":"9007199254740993","n":null,"top_k":40,"provider":
        {"preferred_min_throughput": "0.5","quantizations":["8"],"preferred_max_latency":{"p50":"1.5","p90":2}},"logit_bias":{"50256":"-0.5"}}"#;
    let meant = r#"{ "temperature" : 0.70,"top_p":1e-1, "user":"0.5","stop":["7"],"seed":9007199254740993,"n":null,"top_k":40,"provider":
        {"preferred_min_throughput": 0.5,"quantizations":["8"],"preferred_max_latency":{"p50":1.5,"p90":2}},"logit_bias":{"50256":-0.5}}"#;
    assert_eq!(config(written).as_deref(), Ok(meant));
    assert_eq!(config(r#"{"max_tokens":"50"}"#).as_deref(), Ok(r#"{"max_tokens":50}"#));
    for (written, at, found) in [
        (r#"{"temperature":"hot"}"#, "temperature", "\"hot\""),
        (r#"{"temperature":""}"#, "temperature", "\"\""),
        (r#"{"temperature":" 1"}"#, "temperature", "\" 1\""),
        (r#"{"temperature":"1 "}"#, "temperature", "\"1 \""),
        (r#"{"top_p":".5"}"#, "top_p", "\".5\""),
        (r#"{"min_p":"1,2"}"#, "min_p", "\"1,2\""),
        (r#"{"n":true}"#, "n", "true"),
        (r#"{"seed":[1]}"#, "seed", "a list"),
        (r#"{"provider":{"preferred_max_latency":"soon"}}"#, "provider.preferred_max_latency", "\"soon\""),
        (r#"{"provider":{"preferred_max_latency":{"p50":"soon"}}}"#, "provider.preferred_max_latency.p50", "\"soon\""),
    ] {
        assert_eq!(config(written), Err(format!("presets[1].config.{at}: expected a number, found {found}")));
    }
}

#[test]
fn a_misspelled_parameter_of_a_preset_is_warned_of() {
    let warnings =
        gateway(&preset(json!({"slug": "x", "config": {"temprature": 1, "user": "u", "top_p": 1, "thinking": {}}}))).warnings(Millis(0));
    let told: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["presets[1].config: neither OpenRouter nor a format has a parameter \"temprature\": is it spelled as clients send it?"]
    );
}

#[test]
fn a_rule_for_the_name_of_a_preset_is_warned_of() {
    let mut json = preset(json!({"slug": "x"}));
    json["rules"] = json!([
        {"match": {"model": "@preset/y"}, "rename": "openai/gpt-4o"},
        {"match": {"model": "@preset/x"}, "rename": "openai/gpt-4o"},
    ]);
    let told: Vec<String> = gateway(&json).warnings(Millis(0)).iter().map(ToString::to_string).collect();
    let message = "rules[1].match.model: it never matches, as rules see the model that preset \"x\" comes to: match that one";
    assert_eq!(told, [message]);
}
