//! Vertex AI: region, publishers, access tokens.

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn t59_vertex_has_its_region_in_host_and_path() {
    for (region, host) in [
        ("europe-west1", "europe-west1-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ] {
        let gateway = gateway(&vertex(&json!({"region": region, "credential": {"env": "own_key"}})));
        let provider = &gateway.models[0].endpoints[1].provider;
        assert_eq!((&*provider.name, &*provider.host), ("Google Vertex", host));
        assert_eq!(*provider.path_prefix, format!("/v1/projects/my-project/locations/{region}"));
        assert_eq!(sent(&provider.credential), "Bearer own-secret");
        assert!(provider.is_ready(Millis(0)));
    }
    let elsewhere = gateway(&vertex(&json!({"host": "gateway.test:8443", "path_prefix": "/google/v1beta1"})));
    let provider = &elsewhere.models[0].endpoints[1].provider;
    assert_eq!(&*provider.host, "gateway.test:8443");
    assert_eq!(&*provider.path_prefix, "/google/v1beta1/projects/my-project/locations/europe-west1");
    assert!(matches!(provider.credential, Credential::None), "somebody else puts it in");
}

#[test]
fn t58_t60_a_vertex_models_publisher_is_told_by_its_name() {
    for (written, name, format) in [
        ("gemini-2.5-pro", "gemini-2.5-pro", Format::Gemini),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5@20250929", Format::Anthropic),
        ("publishers/anthropic/models/claude-opus-4-6", "claude-opus-4-6", Format::Anthropic),
        ("publishers/google/models/gemma-4", "gemma-4", Format::Gemini),
    ] {
        let mut json = vertex(&json!({}));
        json["models"][0]["endpoints"][1]["model"] = json!(written);
        let gateway = gateway(&json);
        let endpoint = &gateway.models[0].endpoints[1];
        assert_eq!((&*endpoint.model, endpoint.format), (name, format));
    }
    for written in ["publishers/meta/models/llama", "publishers/google/models/", "publishers/google/models/a/b", "google/gemini-2.5-pro"] {
        let mut json = vertex(&json!({}));
        json["models"][0]["endpoints"][1]["model"] = json!(written);
        assert_eq!(
            parse(&json).unwrap_err().to_string(),
            "models[0].endpoints[1].model: expected a model of Google's or Anthropic's: its name, or publishers/google/models/NAME or publishers/anthropic/models/NAME (model openai/gpt-4o)"
        );
    }
}

#[test]
fn vertex_tokens_come_from_a_key_or_from_the_machine() {
    for (source, is_key) in [
        (json!({"service_account": {"env": "GOOGLE_KEY"}, "token_cluster": "google-oauth"}), true),
        (json!({"metadata": true, "token_cluster": "google-oauth"}), false),
    ] {
        let gateway = gateway(&vertex(&json!({"credential": source})));
        let provider = &gateway.models[0].endpoints[1].provider;
        let tokens = provider.credential.tokens().unwrap();
        assert_eq!(&*tokens.cluster, "google-oauth");
        assert_eq!(tokens.to_sign(Millis(0)).is_some(), is_key);
        assert!(!provider.is_ready(Millis(0)));
        assert!(!format!("{gateway:?}").contains("c2Vj"));
    }
}

#[test]
fn mistakes_about_vertex_are_refused() {
    let at = "providers.own";
    let google = "{env: NAME}, an access token, {service_account: {env: NAME}, token_cluster: CLUSTER}, the key of a service account, or {metadata: true, token_cluster: CLUSTER}, the service account of the machine";
    let account = |variable: &str| json!({"credential": {"service_account": {"env": variable}, "token_cluster": "google-oauth"}});
    for (members, message) in [
        (json!({"region": null}), format!("{at}.region: missing: this dialect wants a region such as europe-west1, or global")),
        (json!({"region": "Europe/1"}), format!("{at}.region: expected a region such as europe-west1, or global")),
        (json!({"project": null}), format!("{at}.project: missing: this dialect wants the id of a Google Cloud project")),
        (json!({"project": "../other"}), format!("{at}.project: expected the id of a Google Cloud project")),
        (json!({"credential": {}}), format!("{at}.credential: expected {google}")),
        (json!({"credential": {"token_cluster": "a"}}), format!("{at}.credential: expected {google}")),
        (json!({"credential": {"service_account": {"env": "GOOGLE_KEY"}}}), format!("{at}.credential: expected {google}")),
        (json!({"credential": {"service_account": "sk-live", "token_cluster": "a"}}), format!("{at}.credential: expected {google}")),
        (json!({"credential": {"metadata": false, "token_cluster": "a"}}), format!("{at}.credential: expected {google}")),
        (
            json!({"credential": {"metadata": true, "token_cluster": 7}}),
            format!("{at}.credential.token_cluster: expected a string, found 7"),
        ),
        (
            json!({"credential": {"metadata": true, "token_cluster": "a;b"}}),
            format!("{at}.credential.token_cluster: expected 1 to 200 printable ASCII characters without ;"),
        ),
        (
            json!({"credential": {"metadata": true, "token_cluster": "a"}, "auth_header": "x-token"}),
            format!("{at}.auth_header: expected authorization, which carries access tokens"),
        ),
        (
            account("OPENAI_API_KEY"),
            format!(
                "{at}.credential.service_account.env: environment variable OPENAI_API_KEY: expected the key of a service account: the JSON file that Google hands out, and not its path"
            ),
        ),
        (
            account("NO_KEY"),
            format!(
                "{at}.credential.service_account.env: environment variable NO_KEY is not set (or not listed in vm_config.environment_variables.host_env_keys)"
            ),
        ),
    ] {
        assert_eq!(parse(&vertex(&members)).unwrap_err().to_string(), message);
    }
    let elsewhere = with("/providers/openai/project", json!("p"));
    assert_eq!(parse(&elsewhere).unwrap_err().to_string(), "providers.openai.project: expected only with dialect vertex");
    let elsewhere = with("/providers/openai/credential", json!({"metadata": true, "token_cluster": "a"}));
    let expected = "providers.openai.credential: expected {env: NAME}, the name of an environment variable and nothing else";
    assert_eq!(parse(&elsewhere).unwrap_err().to_string(), expected);
}
