//! What is measured: an Envoy with bare routing, with the C++ filter, with Signalbox, or with a configuration named on the command line.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::client::Client;
use crate::load;
use crate::process::{Envoy, Ports};

/// SHA-256 of [`load::KEY`], as the configuration wants it.
const KEY_SHA256: &str = "46d4ff7b682dd8dc81446ed132ae30b73d58c9f0b5ab379a977449da0906b56f";
/// The environment variable that holds the provider's credential.
const CREDENTIAL: &str = "OPENAI_API_KEY";

/// One Envoy under measurement.
pub(crate) struct Target {
    /// What the table calls it.
    pub(crate) name: String,
    /// The running process.
    pub(crate) envoy: Envoy,
    /// Open connections to it.
    pub(crate) client: Client,
    /// Requests sent to it so far.
    pub(crate) sent: usize,
    /// The counter that must have counted every request, if it has one.
    proof: Option<&'static str>,
}

/// Where things are that a run needs.
pub(crate) struct Places {
    /// The project.
    pub(crate) root: PathBuf,
    /// Rendered configurations and logs go here.
    pub(crate) scratch: PathBuf,
    /// Envoy's binary.
    pub(crate) envoy: PathBuf,
    /// The module under measurement.
    pub(crate) module: PathBuf,
}

// === impl Places ===

impl Places {
    /// As `make` lays them out, unless `ENVOY` and `SIGNALBOX_WASM` say otherwise.
    pub(crate) fn find() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let given = |name: &str, default: &str| env::var_os(name).map_or_else(|| root.join(default), PathBuf::from);
        let places = Self {
            envoy: given("ENVOY", ".tools/venv/bin/envoy"),
            module: given("SIGNALBOX_WASM", "target/wasm32-wasip1/release/signalbox.wasm"),
            scratch: root.join("target/bench"),
            root,
        };
        assert!(places.envoy.exists(), "{} is missing: `make bench` installs it", places.envoy.display());
        fs::create_dir_all(&places.scratch).unwrap_or_else(|error| panic!("{}: {error}", places.scratch.display()));
        places
    }

    fn python(&self) -> PathBuf {
        let beside_envoy = self.envoy.with_file_name("python");
        if beside_envoy.exists() { beside_envoy } else { PathBuf::from("python3") }
    }
}

// === impl Target ===

impl Target {
    /// Starts the target that `name` names, with the provider at `provider_port`, and opens `connections` to it: `bare`, `ai-filter`,
    /// `signalbox`, or `NAME=FILE` for an Envoy configuration of the reader's own with the placeholders of `bare.yaml`.
    pub(crate) fn start(name: &str, places: &Places, provider_port: u16, connections: usize) -> Self {
        let ports = Ports::free();
        let benches = places.root.join("benches/envoy");
        let (name, template, proof) = match name.split_once('=') {
            Some((name, file)) => (name, Some(PathBuf::from(file)), None),
            None if name == "bare" => (name, Some(benches.join("bare.yaml")), None),
            None if name == "ai-filter" => (name, Some(benches.join("ai_filter.yaml")), Some("ai_protocol_manager.token_usage_found")),
            None if name == "signalbox" => (name, None, Some("outcome=accepted")),
            None => panic!("{name} is none of bare, ai-filter, signalbox, NAME=FILE"),
        };
        let config = places.scratch.join(format!("{name}.yaml"));
        match template {
            Some(template) => fill_in(&template, &config, ports, provider_port),
            None => render(places, &config, ports, provider_port),
        }
        let log = places.scratch.join(format!("{name}.log"));
        let envoy = Envoy::start(&places.envoy, &config, ports, &[(CREDENTIAL, "sk-bench-provider")], &log);
        Self { name: name.to_owned(), client: Client::connect(name, envoy.port(), connections), envoy, sent: 0, proof }
    }

    /// Checks that the filter did its work for every request: a filter that has switched itself off is fast.
    pub(crate) fn check(&self) {
        let Some(proof) = self.proof else { return };
        let counted = self.envoy.counted(proof);
        assert!(
            usize::try_from(counted).is_ok_and(|counted| counted == self.sent),
            "{}: {} requests were sent, but the counters named *{proof}* say {counted}",
            self.name,
            self.sent
        );
    }
}

/// Writes `template` to `config` with its placeholders filled in.
fn fill_in(template: &Path, config: &Path, ports: Ports, provider_port: u16) {
    let text = fs::read_to_string(template).unwrap_or_else(|error| panic!("{}: {error}", template.display()));
    let text = text
        .replace("${PORT}", &ports.listener.to_string())
        .replace("${ADMIN_PORT}", &ports.admin.to_string())
        .replace("${PROVIDER_PORT}", &provider_port.to_string());
    fs::write(config, text).unwrap_or_else(|error| panic!("{}: {error}", config.display()));
}

/// Renders the shipped envoy.yaml to `config`: the stub as a provider of each format, with a model and its prices.
fn render(places: &Places, config: &Path, ports: Ports, provider_port: u16) {
    assert!(places.module.exists(), "{} is missing: `make bench` builds it", places.module.display());
    let gateway = json!({
        "role": "gateway",
        "providers": {
            "openai": {"cluster": "openai", "dialect": "openai", "credential": {"env": CREDENTIAL}},
            "anthropic": {"cluster": "anthropic", "dialect": "anthropic", "credential": {"env": CREDENTIAL}},
        },
        "models": [
            {
                "id": load::MODEL,
                "endpoints": [{"provider": "openai", "model": "gpt-4o-mini", "price": {"prompt": 0.15, "completion": 0.6, "input_cache_read": 0.075}}],
            },
            {
                "id": load::TRANSLATED_MODEL,
                "endpoints": [{"provider": "anthropic", "model": "claude-sonnet-4-5", "price": {"prompt": 3, "completion": 15, "input_cache_read": 0.3}}],
            },
        ],
        "keys": [{"name": "bench", "sha256": KEY_SHA256}],
    });
    let gateway_file = places.scratch.join("gateway.json");
    fs::write(&gateway_file, gateway.to_string()).unwrap_or_else(|error| panic!("{}: {error}", gateway_file.display()));
    let status = Command::new(places.python())
        .arg(places.root.join("envoy/render.py"))
        .arg(places.root.join("envoy/envoy.yaml"))
        .arg(config)
        .args(["--port", &ports.listener.to_string(), "--admin-port", &ports.admin.to_string()])
        .arg("--wasm")
        .arg(&places.module)
        .arg("--gateway-config")
        .arg(&gateway_file)
        .args(["--cluster", &format!("openai=127.0.0.1:{provider_port}"), "--cluster", &format!("anthropic=127.0.0.1:{provider_port}")])
        .status();
    assert!(status.is_ok_and(|status| status.success()), "envoy/render.py did not write {}", config.display());
    remove_access_log(config);
}

/// Takes the access log out of a rendered configuration: the other targets write none.
fn remove_access_log(config: &Path) {
    let text = fs::read_to_string(config).unwrap_or_else(|error| panic!("{}: {error}", config.display()));
    let mut rendered: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", config.display()));
    let manager = rendered.pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config");
    let manager = manager.and_then(Value::as_object_mut).expect("the rendered configuration has a connection manager");
    manager.remove("access_log");
    fs::write(config, rendered.to_string()).unwrap_or_else(|error| panic!("{}: {error}", config.display()));
}
