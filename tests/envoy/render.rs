//! `envoy/render.py`: the clusters that it makes for a gateway configuration.

use std::{fs, process::Command};

use serde_json::{Value, json};
use signalbox::config::Config;

use super::gateway::{needed, new_folder, root};

/// Renders a gateway configuration in YAML for real providers: what Envoy would start with, or what is wrong.
fn render(gateway: &str) -> Result<Value, String> {
    let folder = new_folder();
    let (from, to) = (folder.join("signalbox.yaml"), folder.join("envoy.json"));
    fs::write(&from, gateway).unwrap();
    let python = needed(root().join(".tools/venv/bin/python"), "make test-envoy");
    let output = Command::new(python).current_dir(root()).arg("envoy/render.py").args([&from, &to]).output().unwrap();
    if output.status.success() {
        return Ok(serde_json::from_slice(&fs::read(&to).unwrap()).unwrap());
    }
    Err(String::from_utf8(output.stderr).unwrap())
}

/// Where the cluster of this name is, as `host:port`, and that it is reached over TLS.
fn address(rendered: &Value, name: &str) -> String {
    let cluster = cluster(rendered, name);
    assert_eq!(cluster["transport_socket"]["name"], "envoy.transport_sockets.tls", "{name}");
    address_of(cluster)
}

fn cluster<'a>(rendered: &'a Value, name: &str) -> &'a Value {
    let clusters = rendered["static_resources"]["clusters"].as_array().unwrap();
    clusters.iter().find(|cluster| cluster["name"] == name).unwrap_or_else(|| panic!("no cluster {name}"))
}

fn address_of(cluster: &Value) -> String {
    let address = &cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"];
    format!("{}:{}", address["address"].as_str().unwrap(), address["port_value"])
}

fn gateway(providers: &Value) -> Value {
    let slug = providers.as_object().unwrap().keys().next();
    let endpoint = json!({"provider": slug, "model": "m", "price": {"prompt": 1, "completion": 1}});
    json!({"role": "gateway", "providers": providers, "models": [{"id": "t/m", "endpoints": [endpoint]}], "anonymous": true})
}

/// The dialects, as the module lists them to who writes another.
fn dialects() -> Vec<String> {
    let unknown = gateway(&json!({"p": {"dialect": "?"}})).to_string();
    let message = Config::parse(unknown.as_bytes(), |_| None).unwrap_err().to_string();
    let list = message.split_once("one of ").and_then(|(_, rest)| rest.split_once(", found")).unwrap().0;
    list.split(", ").map(str::to_owned).collect()
}

/// The hosts of the module's own table, which render.py has, too.
#[test]
fn a_provider_without_host_is_where_the_module_says() {
    let (mut providers, mut homeless) = (json!({}), Vec::new());
    for dialect in dialects() {
        let regions: &[&str] = match &*dialect {
            "vertex" => &["europe-west1", "global", "us", "eu"],
            "bedrock" => &["eu-central-1"],
            _ => &[""],
        };
        for region in regions {
            let mut provider = json!({"dialect": dialect});
            if !region.is_empty() {
                provider["region"] = (*region).into();
            }
            if dialect == "vertex" {
                provider["project"] = "p".into();
            }
            let slug = format!("my-{dialect}-{region}");
            match Config::parse(gateway(&json!({&slug: provider})).to_string().as_bytes(), |_| None) {
                Ok(_) => providers[slug] = provider,
                Err(error) => {
                    assert!(error.to_string().starts_with(&format!("providers.{slug}.host: missing")), "{error}");
                    homeless.push((slug, provider));
                }
            }
        }
    }
    let all = gateway(&providers).to_string();
    let rendered = render(&all).unwrap();
    let Ok(Config::Gateway(known)) = Config::parse(all.as_bytes(), |_| None) else { panic!("{all}") };
    assert!(known.providers.len() > 10 && !homeless.is_empty(), "{all}");
    for provider in &known.providers {
        assert_eq!(address(&rendered, &provider.cluster), format!("{}:443", provider.host));
    }
    for (slug, provider) in homeless {
        let refused = render(&gateway(&json!({&slug: provider})).to_string()).unwrap_err();
        assert!(refused.contains(&format!("providers.{slug}.host: missing")), "{refused}");
    }
}

/// envoy.yaml has clusters of these names, which are elsewhere.
#[test]
fn a_cluster_is_where_its_provider_is_whatever_its_name() {
    let providers = json!({
        "openai": {"dialect": "openai", "host": "proxy.test:8443"},
        "bedrock": {"dialect": "bedrock", "region": "eu-central-1"},
        "groq": {"dialect": "mistral"},
        "other": {"dialect": "together", "cluster": "fireworks"},
        "gemini": {"dialect": "gemini"},
    });
    let rendered = render(&gateway(&providers).to_string()).unwrap();
    for (cluster, expected) in [
        ("openai", "proxy.test:8443"),
        ("bedrock", "bedrock-runtime.eu-central-1.amazonaws.com:443"),
        ("groq", "api.mistral.ai:443"),
        ("fireworks", "api.together.ai:443"),
        ("gemini", "generativelanguage.googleapis.com:443"),
    ] {
        assert_eq!(address(&rendered, cluster), expected);
    }
    assert_eq!(rendered["static_resources"]["clusters"].as_array().unwrap().len(), 5);
}

/// And the cluster of its service, which is no provider's.
#[test]
fn a_gateway_that_sets_filter_state_gets_the_filter_that_reads_it() {
    let mut gateway = gateway(&json!({"openai": {"dialect": "openai"}}));
    let clusters = |rendered: &Value| {
        let clusters = rendered["static_resources"]["clusters"].as_array().unwrap();
        clusters.iter().map(|cluster| cluster["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let rendered = render(&gateway.to_string()).unwrap();
    assert_eq!(clusters(&rendered), ["openai"]);
    assert!(!rendered.to_string().contains("envoy.filters.http.ratelimit"));
    gateway["filter_state"] = true.into();
    let rendered = render(&gateway.to_string()).unwrap();
    assert_eq!(clusters(&rendered), ["openai", "ratelimit"]);
    assert!(rendered.to_string().contains("envoy.filters.http.ratelimit"));
}

#[test]
fn two_providers_share_a_cluster_only_if_they_share_a_host() {
    let share = |host: &str| {
        let one = json!({"dialect": "openai", "host": "a.test", "cluster": "openai"});
        render(&gateway(&json!({"one": one, "two": {"dialect": "openai", "host": host, "cluster": "openai"}})).to_string())
    };
    assert_eq!(address(&share("a.test").unwrap(), "openai"), "a.test:443");
    assert!(share("b.test").unwrap_err().contains("providers.two.cluster: \"openai\" leads to the host of another provider"));
}

/// No certificate is for these; what listens there (Ollama, vLLM) speaks plain HTTP.
#[test]
fn this_machine_and_bare_addresses_are_asked_over_plain_http() {
    for (host, plain, expected) in [
        ("127.0.0.1:11434", true, "127.0.0.1:11434"),
        ("10.0.0.5", true, "10.0.0.5:80"),
        ("[::1]:8000", true, "::1:8000"),
        ("::1", true, "::1:80"),
        ("localhost:8000", true, "localhost:8000"),
        ("vllm.localhost", true, "vllm.localhost:80"),
        ("10.0.0.5:443", false, "10.0.0.5:443"),
        ("localhost:443", false, "localhost:443"),
        ("localhost.test:8000", false, "localhost.test:8000"),
        ("vllm.internal:8000", false, "vllm.internal:8000"),
        ("vllm.internal", false, "vllm.internal:443"),
    ] {
        let rendered = render(&gateway(&json!({"own": {"dialect": "vllm", "host": host}})).to_string()).unwrap();
        let cluster = cluster(&rendered, "own");
        assert_eq!((address_of(cluster).as_str(), cluster["transport_socket"].is_null()), (expected, plain), "{host}");
        assert_eq!(cluster["typed_extension_protocol_options"].to_string().contains("auto_config"), !plain, "{host}");
    }
}

#[test]
fn a_key_that_is_written_twice_is_refused_with_its_lines() {
    for (gateway, expected) in [
        ("providers:\n  a: {dialect: vllm}\n  b: {dialect: vllm}\n  a: {}", "'a' is given twice, first in line 2 (line 4, column 3)"),
        (
            "providers: {}\nmodels: [{id: t/a, price: {prompt: 3, prompt: 30}}]",
            "'prompt' is given twice, first in line 2 (line 2, column 39)",
        ),
        ("providers: {1: {}, \"1\": {}}", "'1' is given twice, first in line 1 (line 1, column 20)"),
    ] {
        let refused = render(gateway).unwrap_err();
        assert!(refused.contains(&format!("is not YAML: {expected}")), "{refused}");
    }
    // What is merged in is there to be overruled.
    let merged = "role: gateway\nx: &x {dialect: vllm, host: a.test}\nproviders: {a: *x, b: {<<: *x, host: b.test}}";
    assert_eq!(address(&render(merged).unwrap(), "b"), "b.test:443");
}

#[test]
fn broken_yaml_is_refused_with_the_reason_first() {
    for (gateway, expected) in [
        ("providers:\n a: b: c", "is not YAML: mapping values are not allowed here (line 2, column 6)"),
        (
            "providers: {a: 1\nb",
            "is not YAML: expected ',' or '}', but got '<stream end>' (line 2, column 2; while parsing a flow mapping that begins in line 1, column 12)",
        ),
    ] {
        let refused = render(gateway).unwrap_err();
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn a_date_for_created_is_refused_with_the_number_that_it_is() {
    for (date, expected) in
        [("2024-10-21", "1729468800"), ("2024-10-21T02:00:00+02:00", "1729468800"), ("2024-10-21 00:00:01", "1729468801")]
    {
        let refused = render(&format!("providers: {{}}\nmodels: [{{id: t/a, created: {date}}}]")).unwrap_err();
        assert_eq!(refused, format!("render.py: models[0].created: expected a whole number, seconds since the epoch: write {expected}\n"));
    }
}

#[test]
fn a_value_that_json_does_not_have_is_refused_with_its_path() {
    let provider = "providers: {z: {dialect: azure, host: a.test, api_version: 2024-10-21}}";
    let refused = "render.py: providers.z.api_version: expected a text: put it in quotes\n";
    for (gateway, expected) in [
        (provider, refused),
        ("providers: {}\nmodels: [{id: t/a}, {id: 2024-10-21 10:00:00}]", "render.py: models[1].id: expected a text: put it in quotes\n"),
        ("providers: {}\nkeys: !!set {a}", "render.py: keys: expected a text: put it in quotes\n"),
        ("providers: {2024-10-21: {}}", "render.py: providers.2024-10-21: expected a text: put it in quotes\n"),
    ] {
        assert_eq!(render(gateway).unwrap_err(), expected, "{gateway}");
    }
    let no_such_day = render(&provider.replace("10-21", "13-21")).unwrap_err();
    assert!(no_such_day.contains("is not YAML: month must be in 1..12"), "{no_such_day}");
}

/// Lists would show it among the models that chat.
#[test]
fn the_shipped_embedding_model_says_that_it_answers_in_embeddings() {
    let script = "import json, yaml; print(json.dumps(yaml.safe_load(open('envoy/envoy.yaml'))))";
    let python = needed(root().join(".tools/venv/bin/python"), "make test-envoy");
    let output = Command::new(python).current_dir(root()).args(["-c", script]).output().unwrap();
    let shipped: Value = serde_json::from_slice(&output.stdout).unwrap();
    let manager = &shipped["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    let models = &manager["http_filters"][0]["typed_config"]["config"]["configuration"]["value"]["models"];
    let embedding = models.as_array().unwrap().iter().find(|model| model["id"] == "openai/text-embedding-3-small").unwrap();
    assert_eq!(embedding["output_modalities"], json!(["embeddings"]));
}
