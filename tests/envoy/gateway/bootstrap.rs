//! The file that Envoy starts with: the shipped one, rendered for a test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use super::frail;
use crate::envoy::setup::Setup;

/// The shipped configuration with the test's ports, clusters and gateway configuration.
pub fn render(setup: &Setup, folder: &Path) -> PathBuf {
    let bootstrap = folder.join("envoy.json");
    let mut rendered = rendered(setup.bootstrap, &setup.configuration, &setup.clusters, folder);
    let clusters = rendered["static_resources"]["clusters"].as_array_mut().unwrap().iter_mut();
    for cluster in clusters.filter(|cluster| setup.http2.iter().any(|name| cluster["name"] == **name)) {
        cluster["typed_extension_protocol_options"] = json!({"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}}
        }});
    }
    if setup.frail {
        make_frail(&mut rendered, folder);
    }
    if let Some(patch) = setup.patch {
        patch(&mut rendered);
    }
    if setup.reloadable {
        let file = place_listener(&mut rendered, folder);
        rendered["node"] = json!({"id": "test", "cluster": "test"});
        rendered["dynamic_resources"] = json!({"lds_config": {"path_config_source": {"path": file}, "resource_api_version": "V3"}});
    }
    fs::write(&bootstrap, rendered.to_string()).unwrap();
    bootstrap
}

/// Gives both roles the module that a request with trailers takes down, and lets these through to it.
fn make_frail(rendered: &mut Value, folder: &Path) {
    let copy = folder.join("frail.wasm");
    frail::copy(&module(), &copy);
    let text = rendered.to_string().replace(&json!(module()).to_string(), &json!(copy).to_string());
    *rendered = serde_json::from_str(&text).unwrap();
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    rendered.pointer_mut(manager).unwrap()["http_protocol_options"] = json!({"enable_trailers": true});
}

pub fn rendered(shipped: &str, configuration: &Value, clusters: &[(String, u16)], folder: &Path) -> Value {
    let (from, to) = (folder.join("gateway.json"), folder.join("rendered.json"));
    fs::write(&from, serde_json::to_vec_pretty(configuration).unwrap()).unwrap();
    let mut command = Command::new(needed(root().join(".tools/venv/bin/python"), "make test-envoy"));
    command.current_dir(root()).args(["envoy/render.py", shipped]).arg(&to);
    command.args(["--port", "0", "--admin-port", "0"]).arg("--wasm").arg(module()).arg("--gateway-config").arg(&from);
    for (name, port) in clusters {
        command.args(["--cluster", &format!("{name}=127.0.0.1:{port}")]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "envoy/render.py: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&fs::read(&to).unwrap()).unwrap()
}

/// Moves the listener out of a bootstrap into the file that Envoy watches, in one step, as Envoy wants it.
pub fn place_listener(rendered: &mut Value, folder: &Path) -> PathBuf {
    let mut listener = rendered["static_resources"]["listeners"].take()[0].take();
    listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
    rendered["static_resources"].as_object_mut().unwrap().remove("listeners");
    let (new, file) = (folder.join("new-listeners.json"), folder.join("listeners.json"));
    fs::write(&new, json!({"resources": [listener]}).to_string()).unwrap();
    fs::rename(&new, &file).unwrap();
    file
}

pub fn new_folder() -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("envoy-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The folder of the package.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn envoy() -> PathBuf {
    needed(root().join(".tools/venv/bin/envoy"), "make test-envoy")
}

pub fn module() -> PathBuf {
    let built = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("../wasm32-wasip1/release/signalbox.wasm");
    needed(env::var_os("SIGNALBOX_WASM").map_or_else(built, Into::into), "make build")
}

/// A file that the tests cannot do without.
pub fn needed(path: PathBuf, target: &str) -> PathBuf {
    assert!(path.exists(), "{} is missing: run `{target}`", path.display());
    path
}
