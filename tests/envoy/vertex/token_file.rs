//! A token in a file, put in by Envoy's own filter, as `examples/vertex-token-file` has it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use super::{gemini, token_endpoint::vertex_with};
use crate::envoy::{
    gateway::{Gateway, needed, root},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

const IN_THE_EXAMPLE: &str = "/etc/signalbox/vertex";

/// Where the test has the token and the secret that names it.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("vertex-token-file")
}

fn example(file: &str) -> String {
    let text = fs::read_to_string(root().join("examples/vertex-token-file").join(file)).unwrap();
    text.replace(IN_THE_EXAMPLE, folder().to_str().unwrap())
}

fn write_token(token: &str) {
    fs::write(folder().join(".new"), format!("{token}\n")).unwrap();
    fs::rename(folder().join(".new"), folder().join("token")).unwrap();
}

/// Gives the cluster of the rendered bootstrap the filters that the example's cluster has.
fn with_the_examples_filters(bootstrap: &mut Value) {
    let shipped = fs::read_to_string(root().join("envoy/envoy.yaml")).unwrap();
    let file = folder().join("envoy.yaml");
    fs::write(&file, shipped + &example("cluster.yaml")).unwrap();
    let python = needed(root().join(".tools/venv/bin/python"), "make test-envoy");
    let script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))['static_resources']['clusters'][-1]))";
    let output = Command::new(python).args(["-c", script]).arg(&file).output().unwrap();
    let cluster: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut options = cluster["typed_extension_protocol_options"].clone();
    let http = &mut options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"];
    http.as_object_mut().unwrap().remove("auto_config");
    http["explicit_http_config"] = json!({"http_protocol_options": {}});
    // The module's file is another one in tests.
    let vm = bootstrap
        .pointer("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0/typed_config/config/vm_config");
    http["http_filters"][0]["typed_config"]["config"]["vm_config"] = vm.unwrap().clone();
    let clusters = bootstrap["static_resources"]["clusters"].as_array_mut().unwrap();
    clusters.iter_mut().find(|cluster| cluster["name"] == "vertex").unwrap()["typed_extension_protocol_options"] = options;
    bootstrap["node"] = json!({"id": "gateway", "cluster": "gateway"});
}

#[test]
fn t59_a_token_in_a_file_is_read_anew_when_it_is_replaced() {
    fs::remove_dir_all(folder()).ok();
    fs::create_dir_all(folder()).unwrap();
    fs::write(folder().join("secret.yaml"), example("secret.yaml")).unwrap();
    let mut vertex = vertex_with(&Value::Null);
    vertex.as_object_mut().unwrap().remove("credential");
    let setup = Setup::new()
        .provider(Provider::start("vertex"), vertex)
        .providers(&["other"])
        .models(&["t/model"], &["vertex", "other"])
        .with("defaults", json!({"cooldown": "0s"}))
        .patched(with_the_examples_filters);
    let gateway = Gateway::start(setup);
    gateway.provider("other").answers("model", wire::completion("saved"));
    gateway.provider("vertex").answers_by("model", |request| match request.header("authorization") {
        Some(_) => Reply::json(200, &gemini("ok")),
        None => Reply::json(401, &json!({"error": {"code": 401, "status": "UNAUTHENTICATED"}})),
    });
    assert_eq!(gateway.ask("t/model").content(), "saved", "there is no token yet");
    for token in ["ya29.first", "ya29.second"] {
        write_token(token);
        let is_used = || {
            thread::sleep(Duration::from_millis(100));
            let answer = gateway.ask("t/model");
            let received = gateway.provider("vertex").received("model");
            answer.content() == "ok" && received.last().unwrap().header("authorization") == Some(&format!("Bearer {token}"))
        };
        assert!((0..50).any(|_| is_used()), "{token}: {}", gateway.log());
    }
    for text in [gateway.admin("/config_dump").text(), gateway.log()] {
        assert!(!text.contains("ya29"), "the token is printed");
    }
}
