//! Providers: what a dialect fills in, and what is refused.

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_provider_takes_from_its_dialect_what_it_does_not_say() {
    let gateway = gateway(&full());
    let model = gateway.model("openai/gpt-4o").unwrap();
    let openai = &*model.endpoints[0].provider;
    assert_eq!((&*openai.slug, &*openai.name, &*openai.cluster), ("openai", "OpenAI", "openai"));
    assert_eq!((&*openai.host, &*openai.path_prefix), ("api.openai.com", "/v1"));
    assert_eq!(&*openai.auth_header, "authorization");
    assert_eq!(sent(&openai.credential), "Bearer sk-upstream");
    assert!(!openai.collects_data && !openai.zdr);
    assert_eq!(openai.quirks, Dialect::OpenAi.row().quirks);

    let own = &*model.endpoints[1].provider;
    assert_eq!((&*own.slug, &*own.name, &*own.cluster), ("own", "Our servers", "vllm-a"));
    assert_eq!((&*own.host, &*own.path_prefix), ("vllm.internal:8000", "/v1"));
    assert_eq!(&*own.auth_header, "x-api-key");
    assert_eq!(sent(&own.credential), "own-secret");
    assert!(own.collects_data && own.zdr);
    assert!(!own.quirks.stream_options);
    assert_eq!(own.quirks.max_tokens, OutputLimitName::MaxTokens);
}

#[test]
fn every_row_of_the_dialects_would_be_accepted_if_written() {
    for (word, dialect) in dialect::DIALECTS {
        let row = dialect.row();
        assert!(value::host("host", &row.host.unwrap_or("localhost").replace("{region}", "eu-west-3")).is_ok(), "{word}");
        assert_eq!(&*value::path_prefix("path_prefix", row.path_prefix).unwrap(), row.path_prefix);
        assert_eq!(&*value::header_name("auth_header", row.auth_header).unwrap(), row.auth_header);
        assert_eq!(row.quirks.openrouter_members, dialect == Dialect::OpenRouter);
    }
}

#[test]
fn t71_t74_azure_has_a_newer_api_and_dated_versions_of_an_older() {
    let azure = |more: Value| {
        let mut provider = json!({"dialect": "azure", "host": "acme.openai.azure.com"});
        provider.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        with("/providers/openai", provider)
    };
    let provider = |more: Value| gateway(&azure(more)).model("openai/gpt-4o").unwrap().endpoints[0].provider.clone();
    let v1 = provider(json!({"credential": {"env": "OPENAI_API_KEY"}}));
    assert_eq!((&*v1.name, &*v1.path_prefix, &*v1.auth_header, &v1.api_version), ("Azure", "/openai/v1", "api-key", &None));
    assert_eq!(sent(&v1.credential), "sk-upstream");
    assert_eq!(v1.quirks, Dialect::OpenAi.row().quirks);
    let entra = provider(json!({"credential": {"env": "OPENAI_API_KEY"}, "auth_header": "authorization"}));
    assert_eq!(sent(&entra.credential), "Bearer sk-upstream");
    for (version, counts_streams) in [
        ("2024-10-21", true),
        ("2024-09-01-preview", true),
        ("2025-04-01-preview", true),
        ("2024-08-01-preview", false),
        ("2024-06-01", false),
        ("2023-05-15", false),
    ] {
        let dated = provider(json!({"api_version": version}));
        assert_eq!((&*dated.path_prefix, dated.api_version.as_deref()), ("/openai", Some(version)));
        assert_eq!(dated.quirks.stream_options, counts_streams, "{version}");
        let limit = if counts_streams { OutputLimitName::MaxCompletionTokens } else { OutputLimitName::MaxTokens };
        assert_eq!(dated.quirks.max_tokens, limit, "{version}");
        assert!(provider(json!({"api_version": version, "stream_options": true})).quirks.stream_options);
    }
    let refused = |more: Value| parse(&azure(more)).unwrap_err().to_string();
    for version in ["preview", "2024-10-21?x", "2024-10-2", "20241021xx", "2024-13-45", "2024-00-10", "2024-10-32", ""] {
        let expected =
            "providers.openai.api_version: expected a version such as 2024-10-21, or no such member for /openai/v1, which has no versions";
        assert_eq!(refused(json!({"api_version": version})), expected);
    }
    let elsewhere = parse(&with("/providers/openai/api_version", json!("2024-10-21"))).unwrap_err().to_string();
    assert_eq!(elsewhere, "providers.openai.api_version: expected only with dialect azure");
    let host = "providers.openai.host: missing: write the host of the resource, such as RESOURCE.openai.azure.com or RESOURCE.services.ai.azure.com";
    assert_eq!(refused(json!({"host": null})), host);
}

#[test]
fn mistakes_in_providers_are_refused() {
    refused(&[
        ("/providers", json!([]), "providers: expected an object, found a list"),
        ("/providers/openai", json!("sk-1"), "providers.openai: expected an object, found a string"),
        ("/providers/a;b", json!({"dialect": "openai"}), "providers: expected slugs of letters, digits and - . _ / as names"),
        ("/providers/openai", json!({}), "providers.openai.dialect: missing, and required"),
        (
            "/providers/openai/dialect",
            json!("pigeon"),
            "providers.openai.dialect: expected one of openai, groq, deepseek, together, fireworks, vllm, ollama, openrouter, anthropic, gemini, bedrock, azure, mistral, vertex, cohere, found \"pigeon\"",
        ),
        (
            "/providers/openai/api_key",
            json!("sk-1"),
            "providers.openai.api_key: unknown field, expected one of `name`, `cluster`, `dialect`, `host`, `path_prefix`, `credential`, `region`, `api_version`, `project`, `auth_header`, `byok_header`, `stream_options`, `max_tokens`, `data_collection`, `zdr`, `about`",
        ),
        ("/providers/openai/name", json!("Open\u{7}AI"), "providers.openai.name: expected a name without control characters"),
        ("/providers/openai/name", json!(7), "providers.openai.name: expected a string, found 7"),
        ("/providers/openai/cluster", json!("a\nb"), "providers.openai.cluster: expected 1 to 200 printable ASCII characters without ;"),
        ("/providers/openai/cluster", json!(""), "providers.openai.cluster: expected 1 to 200 printable ASCII characters without ;"),
        ("/providers/own/host", json!(null), "providers.own.host: missing, and this dialect has no host of its own"),
        ("/providers/own/host", json!(""), "providers.own.host: expected a host such as api.openai.com, without scheme and path"),
        (
            "/providers/own/host",
            json!("https://api.openai.com/v1"),
            "providers.own.host: expected a host: write api.openai.com, without https://",
        ),
        (
            "/providers/own/host",
            json!("api.openai.com/v1"),
            "providers.own.host: expected a host such as api.openai.com, without scheme and path",
        ),
        ("/providers/own/host", json!("a\r\nb"), "providers.own.host: expected a host such as api.openai.com, without scheme and path"),
        (
            "/providers/own/path_prefix",
            json!("v1"),
            "providers.own.path_prefix: expected a path that starts with /, such as /v1, without query and spaces",
        ),
        (
            "/providers/own/path_prefix",
            json!("/v1?key=1"),
            "providers.own.path_prefix: expected a path that starts with /, such as /v1, without query and spaces",
        ),
        (
            "/providers/own/path_prefix",
            json!("/v1/chat/completions/"),
            "providers.own.path_prefix: expected what stands before /chat/completions: write \"/v1\"",
        ),
        ("/providers/own/auth_header", json!("x api key"), "providers.own.auth_header: expected the name of a header"),
        ("/providers/own/auth_header", json!(""), "providers.own.auth_header: expected the name of a header"),
        ("/providers/own/auth_header", json!("Host"), "providers.own.auth_header: expected a header that can carry a credential"),
        ("/providers/own/auth_header", json!("x-envoy-key"), "providers.own.auth_header: expected a header that can carry a credential"),
        ("/providers/own/stream_options", json!("no"), "providers.own.stream_options: expected true or false, found a string"),
        (
            "/providers/own/max_tokens",
            json!("max_output_tokens"),
            "providers.own.max_tokens: expected one of max_completion_tokens, max_tokens, as_sent, found \"max_output_tokens\"",
        ),
        ("/providers/own/data_collection", json!("maybe"), "providers.own.data_collection: expected one of allow, deny, found \"maybe\""),
    ]);
}

#[test]
fn mistakes_about_credentials_are_refused_and_never_repeat_one() {
    let variable = "expected the name of an environment variable (letters, digits, _) and not the credential itself";
    let holder = "expected {env: NAME}, the name of the environment variable that holds it and not the credential itself";
    let source = "expected {env: NAME}, the name of an environment variable and nothing else";
    let unset = "is not set (or not listed in vm_config.environment_variables.host_env_keys)";
    let unprintable = "is empty, or has spaces, line ends or other unprintable characters";
    let at = "/providers/openai/credential";
    refused(&[
        (at, json!("sk-live"), &format!("providers.openai.credential: {holder}, found a string")),
        (at, json!(["sk-live"]), &format!("providers.openai.credential: {holder}, found a list")),
        (at, json!({}), &format!("providers.openai.credential: {source}")),
        (at, json!({"value": "sk-live"}), &format!("providers.openai.credential: {source}")),
        (at, json!({"env": "OPENAI_API_KEY", "sk-live": ""}), &format!("providers.openai.credential: {source}")),
        (at, json!({"env": 5}), "providers.openai.credential.env: expected a string, found 5"),
        (at, json!({"env": "sk-live"}), &format!("providers.openai.credential.env: {variable}")),
        (at, json!({"env": ""}), &format!("providers.openai.credential.env: {variable}")),
        (at, json!({"env": "gsk_live1234"}), &format!("providers.openai.credential.env: the environment variable of this name {unset}")),
        (at, json!({"env": "MISSING_KEY"}), &format!("providers.openai.credential.env: environment variable MISSING_KEY {unset}")),
        (at, json!({"env": "EMPTY"}), &format!("providers.openai.credential.env: environment variable EMPTY {unprintable}")),
        (at, json!({"env": "LINE_END"}), &format!("providers.openai.credential.env: environment variable LINE_END {unprintable}")),
    ]);
}
