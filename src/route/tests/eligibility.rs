//! What a format cannot carry, or does not have, keeps its endpoints out before they are asked.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// One model at a provider of each of these dialects, each of them called by its dialect.
fn at(dialects: &[&str]) -> Asked {
    let mut asked = ask("t/m");
    asked.configuration["defaults"]["max_attempts"] = 9.into();
    asked.configuration["keys"] = json!([{"name": "team-a", "sha256": "0".repeat(64)}]);
    let provider = |dialect: &&str| {
        let region = (*dialect == "bedrock").then_some("eu-west-3");
        let api = json!({"dialect": dialect, "host": "h.test", "region": region});
        ((*dialect).to_owned(), api)
    };
    let endpoint = |dialect: &&str| json!({"provider": dialect, "model": "m", "price": {"prompt": 1, "completion": 1}});
    asked.configuration["providers"] = dialects.iter().map(provider).collect::<serde_json::Map<_, _>>().into();
    asked.configuration["models"] = json!([{"id": "t/m", "endpoints": dialects.iter().map(endpoint).collect::<Vec<_>>()}]);
    asked
}

const ALL: [&str; 5] = ["anthropic", "bedrock", "gemini", "mistral", "openai"];

impl Asked {
    /// The providers of `t/m` that are left, sorted.
    fn at_providers(&self) -> Vec<String> {
        self.endpoints().into_iter().map(|endpoint| endpoint.replace("t/m@", "")).collect()
    }

    fn sending(self, part: Value) -> Self {
        self.with("messages", json!([{"role": "user", "content": [{"type": "text", "text": "Look:"}, part]}]))
    }
}

fn image(url: &str) -> Value {
    json!({"type": "image_url", "image_url": {"url": url}})
}

fn file(place: &str, value: &str) -> Value {
    json!({"file": {"filename": "x", place: value}, "type": "file"})
}

#[test]
fn an_attachment_goes_only_where_it_can_be_carried() {
    for (part, expected) in [
        (image("data:image/png;base64,iVBO"), &["anthropic", "bedrock", "gemini", "mistral", "openai"][..]),
        (json!({"type": "image_url", "image_url": "data:image/png;base64,iVBO"}), &["anthropic", "bedrock", "gemini", "mistral", "openai"]),
        (image("https://a.test/x.png"), &["anthropic", "gemini", "mistral", "openai"]),
        (image("s3://bucket/x.png"), &["bedrock", "openai"]),
        (image("data:image/heic;base64,AAAA"), &["gemini", "openai"]),
        (file("file_data", "data:application/pdf;base64,JVBE"), &["anthropic", "bedrock", "gemini", "mistral", "openai"]),
        (file("file_data", "https://a.test/x.pdf"), &["anthropic", "gemini", "mistral", "openai"]),
        (file("file_data", "data:text/csv;base64,YSxi"), &["bedrock", "gemini", "mistral", "openai"]),
        (file("file_data", "data:image/png;base64,iVBO"), &["anthropic", "gemini", "openai"]),
        (file("file_data", "data:application/zip;base64,UEsD"), &["gemini", "mistral", "openai"]),
        (file("file_id", "file-abc"), &["openai"]),
        (json!({"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}), &["bedrock", "gemini", "mistral", "openai"]),
        (json!({"type": "video_url", "video_url": {"url": "https://a.test/x.mp4"}}), &["gemini", "openai"]),
        (json!({"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}}), &["bedrock", "gemini", "openai"]),
        (json!({"type": "text", "text": "data:"}), &["anthropic", "bedrock", "gemini", "mistral", "openai"]),
        (json!({"type": "image", "source": {"type": "base64", "data": "iVBO"}}), &["mistral", "openai"]),
        (json!({"type": "input_image", "image_url": "https://a.test/x.png"}), &["mistral", "openai"]),
        (json!({"type": "document", "source": {}}), &["mistral", "openai"]),
        (json!({"text": "What is this?"}), &["mistral", "openai"]),
    ] {
        let expected = expected.iter().map(|dialect| (*dialect).to_owned()).collect::<Vec<_>>();
        assert_eq!(at(&ALL).sending(part.clone()).at_providers(), expected, "{part}");
    }
}

#[test]
fn the_attachment_that_nobody_can_carry_is_named() {
    for (dialect, part, expected) in [
        ("bedrock", image("https://a.test/x.png"), "the messages have an image by URL (a data: URI would do)"),
        ("anthropic", json!({"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}), "the messages have audio"),
        ("anthropic", file("file_id", "file-abc"), "the messages have a file without `file_data` (a data: URI would do)"),
        ("gemini", file("file_url", "https://a.test/x"), "the messages have a file without `file_data` (a data: URI would do)"),
        ("mistral", json!({"type": "video_url", "video_url": {"url": "https://a.test/x"}}), "the messages have a video by URL"),
    ] {
        let (status, message) = at(&[dialect]).sending(part).refused();
        assert_eq!((status, message), (404, format!("No endpoints found for t/m: {expected}, it is served by {dialect}")));
    }
}

#[test]
fn a_part_that_nobody_can_translate_is_named() {
    for dialect in ["anthropic", "bedrock", "cohere", "gemini"] {
        let (status, message) = at(&[dialect]).sending(json!({"type": "image", "source": {}})).refused();
        let expected = "messages[0].content[1].type is none of text, image_url, file, input_audio and video_url";
        assert_eq!((status, message), (404, format!("No endpoints found for t/m: {expected}, it is served by {dialect}")));
    }
}

#[test]
fn a_tool_that_runs_at_openrouter_goes_to_openrouter_alone() {
    let function = json!({"type": "function", "function": {"name": "f", "parameters": {"type": "openrouter:x"}}});
    let search = json!({"parameters": {}, "type": "openrouter:web_search"});
    let asking = |dialects: &[&str], tools: Value| at(dialects).with("tools", tools);
    assert_eq!(asking(&["openai", "openrouter"], json!([function, search])).at_providers(), ["openrouter"]);
    assert_eq!(asking(&["openai", "openrouter"], json!([function])).at_providers(), ["openai", "openrouter"]);
    let expected = "Invalid `tools[1].type`: expected function: tools that run at OpenRouter are served only where that is the provider";
    assert_eq!(asking(&["anthropic", "openai"], json!([function, search])).refused(), (400, expected.into()));
}

#[test]
fn a_parameter_that_a_format_lacks_keeps_it_out_if_all_are_required() {
    let schema = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}});
    for (member, value, expected) in [
        ("temperature", json!(1), &["anthropic", "bedrock", "gemini", "mistral", "openai"][..]),
        ("logprobs", json!(true), &["gemini", "openai"]),
        ("logit_bias", json!({}), &["openai"]),
        ("logprobs", json!(null), &["anthropic", "bedrock", "gemini", "mistral", "openai"]),
        ("seed", json!(7), &["gemini", "mistral", "openai"]),
        ("top_k", json!(7), &["anthropic", "bedrock", "gemini", "openai"]),
        ("frequency_penalty", json!(1), &["mistral", "openai"]),
        ("response_format", json!({"type": "json_object"}), &["gemini", "mistral", "openai"]),
        ("response_format", schema, &["anthropic", "bedrock", "gemini", "mistral", "openai"]),
        ("parallel_tool_calls", json!(false), &["anthropic", "mistral", "openai"]),
    ] {
        let asked = || at(&ALL).with(member, value.clone());
        assert_eq!(asked().preferring(json!({"require_parameters": true})).at_providers(), expected, "{member}");
        if member != "response_format" {
            assert_eq!(asked().at_providers(), ALL, "{member}: without require_parameters it is dropped");
        }
    }
    let (status, message) = at(&["anthropic"]).with("seed", json!(7)).preferring(json!({"require_parameters": true})).refused();
    assert_eq!(status, 404);
    assert!(message.contains("provider.require_parameters is true and the request has seed, it is served by anthropic"), "{message}");
}

#[test]
fn what_the_configuration_says_is_supported_counts_and_not_the_format() {
    let required = |parameters: Value, member: &str| {
        let mut asked = at(&["anthropic", "openai"]).with(member, json!(7)).preferring(json!({"require_parameters": true}));
        asked.configuration["models"][0]["endpoints"][0]["supported_parameters"] = parameters;
        asked.at_providers()
    };
    assert_eq!(required(json!(["seed"]), "seed"), ["anthropic", "openai"]);
    assert_eq!(required(json!([]), "temperature"), ["openai"]);
    assert_eq!(required(json!(["max_tokens"]), "max_completion_tokens"), ["anthropic", "openai"], "it is told under either name");
}

#[test]
fn json_without_a_schema_is_best_asked_of_those_that_have_it() {
    let object = json!({"type": "json_object"});
    assert_eq!(at(&["anthropic", "mistral"]).with("response_format", object.clone()).at_providers(), ["mistral"]);
    assert_eq!(at(&["anthropic"]).with("response_format", object).at_providers(), ["anthropic"]);
}

#[test]
fn several_answers_are_required_of_those_alone_that_give_them() {
    let requiring = |n: Value| at(&ALL).with("n", n).preferring(json!({"require_parameters": true}));
    assert_eq!(requiring(json!(2)).at_providers(), ["gemini", "mistral", "openai"]);
    assert_eq!(requiring(json!(1)).at_providers(), ALL, "one is what everybody gives");
    assert_eq!(requiring(Value::Null).at_providers(), ALL);
    let mut listed = at(&["openai", "anthropic"]).with("n", json!(2)).preferring(json!({"require_parameters": true}));
    listed.configuration["models"][0]["supported_parameters"] = json!(["temperature"]);
    assert_eq!(listed.at_providers(), ["openai"], "no list has a word for it");
    let mut unreasoning = at(&["openai", "anthropic"]).with("reasoning", json!({"effort": "low"}));
    unreasoning.configuration["models"][0]["endpoints"][1]["supported_parameters"] = json!(["temperature"]);
    assert_eq!(unreasoning.preferring(json!({"require_parameters": true})).at_providers(), ["openai"]);
}

#[test]
fn t30_arguments_that_are_no_json_keep_out_the_formats_that_have_to_read_them() {
    let called = |arguments: &str| {
        let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}});
        json!([{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c", "content": "y"}])
    };
    for broken in [r#"{"a":"#, "[1]", "x", "\"{}\""] {
        assert_eq!(at(&ALL).with("messages", called(broken)).at_providers(), ["mistral", "openai"], "{broken}");
    }
    for whole in ["{}", "", r#" {"a": 1} "#] {
        assert_eq!(at(&ALL).with("messages", called(whole)).at_providers(), ALL, "{whole}");
    }
    let older = json!([{"role": "user", "content": "x"}, {"role": "assistant", "function_call": {"name": "f", "arguments": "{"}}]);
    assert_eq!(at(&["openai", "bedrock"]).with("messages", older).at_providers(), ["openai"]);
    assert_eq!(at(&["anthropic", "gemini"]).with("messages", called("{")).at_providers().len(), 2, "the attempt says what is wrong");
}
