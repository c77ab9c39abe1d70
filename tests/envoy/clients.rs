//! OpenRouter's SDK and the `openai` SDKs, as an application uses them, with aimock as the provider.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    client::{self, Request},
    gateway::{Gateway, needed, root},
    provider::{Provider, Received},
    reply::Reply,
    setup::Setup,
    wire,
};

pub struct Simulator {
    process: Child,
    pub port: u16,
}

impl Simulator {
    pub fn start() -> Self {
        let program = root().join(".tools/node/node_modules/@copilotkit/aimock/dist/cli.js");
        let mut process = Command::new("node")
            .arg(needed(program, "make test-envoy"))
            .args(["--port", "0", "--fixtures"])
            .arg(root().join("tests/clients/fixtures.json"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node is on the path");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| line.split_once("listening on http://127.0.0.1:")?.1.trim().parse().ok());
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, port: port.expect("aimock says its port") }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// What aimock says in the format of `dialect` is understood: text, whole and streamed, calls, and that there is a limit.
pub fn assert_simulated(dialect: &str) {
    let simulator = Simulator::start();
    let provider = json!({"dialect": dialect, "host": null, "path_prefix": null});
    let gateway = Gateway::start(
        Setup::new().provider(Provider::at("simulator", simulator.port), provider).models(&["t/plain", "t/limited"], &["simulator"]),
    );
    let plain = gateway.ask("t/plain").json();
    let text = plain["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    assert!(text.starts_with("Once upon a time"), "{plain:#}");
    assert_eq!(plain["usage"]["total_tokens"], 30);
    let chunks = client::chunks(&gateway.ask_streamed("t/plain").events());
    assert_eq!(client::text(&chunks), text);
    assert_eq!(client::usage(&chunks)["total_tokens"], 30);

    const ARGUMENTS: &str = r#"{"city":"Zürich"}{"city":"Paris"}"#;
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tools = json!([{"type": "function", "function": {"name": "get_weather", "parameters": parameters}}]);
    let arguments = |call: &Value| call["function"]["arguments"].as_str().unwrap_or_default().to_owned();
    let called = gateway.send(&Request::ask("t/plain", json!({"tools": tools}))).json();
    let choice = &called["choices"][0];
    assert_eq!(choice["message"]["tool_calls"].as_array().unwrap().iter().map(arguments).collect::<String>(), ARGUMENTS);
    assert_eq!(choice["finish_reason"], "tool_calls");
    let streamed = client::chunks(&gateway.open(&Request::ask("t/plain", json!({"tools": tools, "stream": true}))).events());
    let calls = streamed.iter().map(|chunk| &chunk["choices"][0]["delta"]["tool_calls"][0]);
    assert_eq!(calls.map(arguments).collect::<String>(), ARGUMENTS);
    assert!(streamed.iter().any(|chunk| chunk["choices"][0]["finish_reason"] == "tool_calls"));
    gateway.ask("t/limited").error(429);
}

fn start() -> (Simulator, Gateway) {
    let simulator = Simulator::start();
    let endpoint = |provider: &str, model: &str, price: f64| {
        let price = json!({"prompt": price, "completion": price * 2.0});
        json!({"provider": provider, "model": model, "price": price})
    };
    let names = ["plain", "tools", "limited", "broken", "choosy", "strict"];
    let model =
        |name: &str, endpoints: Value| json!({"id": format!("t/{name}"), "endpoints": endpoints, "output_modalities": outputs(name)});
    let setup = Setup::new()
        .provider(Provider::at("simulator", simulator.port), json!({"name": "Simulator"}))
        .providers(&["stub"])
        // printf %s test | sha256sum
        .key(json!({"name": "chief", "management": true, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}))
        // The same of sk-or-v1-limited and sk-or-v1-minutely.
        .key(json!({"name": "limited", "sha256": "38136dda9c1f861dd57a9a6d30e8138ba5c0c25b382e7bb0ec8f1576bd2cdf81", "limit": {"usd": 0.01, "reset": "weekly"}}))
        .key(json!({"name": "minutely", "sha256": "1f14aac3c4b75cda5d2b343a772ea47d6f02f890c7e2cdf8fea7b1ddcbe60a23", "requests_per_minute": 1}))
        .model(model("falls-back", json!([endpoint("stub", "falls-back", 0.001), endpoint("simulator", "plain", 1000.0)])))
        .model(model("breaks", json!([endpoint("stub", "breaks", 1.0)])))
        .model(model("embeds", json!([endpoint("stub", "embeds", 1.0)])));
    let setup = names.iter().fold(setup, |setup, name| setup.model(model(name, json!([endpoint("simulator", name, 1.0)]))));
    let gateway = Gateway::start(setup);
    let stub = gateway.provider("stub");
    stub.answers("falls-back", Reply::error(503, "busy"));
    let mut events = wire::stream_events(&["Once "]);
    events.truncate(2);
    events.push(wire::event(json!({"error": {"message": "The engine is gone.", "type": "server_error"}})));
    stub.answers("breaks", Reply::events(events).paced(Duration::from_millis(100)));
    stub.answers_by("embeds", embeddings);
    (simulator, gateway)
}

/// All talk, and two embed.
fn outputs(name: &str) -> &'static [&'static str] {
    if matches!(name, "embeds" | "limited") { &["text", "embeddings"] } else { &["text"] }
}

/// A vector for each input, in the form that is asked for.
fn embeddings(request: &Received) -> Reply {
    let asked = request.json();
    let base64 = asked["encoding_format"] == "base64";
    // The floats in little endian.
    let vector = if base64 { json!("AAAAPwAAgL8AAABA") } else { json!([0.5, -1.0, 2.0]) };
    let inputs = asked["input"].as_array().map_or(1, Vec::len);
    let data: Vec<Value> = (0..inputs).map(|index| json!({"object": "embedding", "index": index, "embedding": vector})).collect();
    assert_eq!(request.path, "/v1/embeddings");
    Reply::json(200, &json!({"object": "list", "data": data, "model": "own", "usage": {"prompt_tokens": 8, "total_tokens": 8}}))
}

/// Runs the script's checks; each prints a line that begins with `ok` or `FAILED`.
fn run(interpreter: &Path, script: &str, checks: usize) {
    let (_simulator, gateway) = start();
    run_against(&format!("http://{}/api/v1", gateway.address), interpreter, script, checks);
}

/// The same against the gateway at `url`.
pub fn run_against(url: &str, interpreter: &Path, script: &str, checks: usize) {
    let output = Command::new(interpreter)
        .arg(root().join("tests/clients").join(script))
        .env("GATEWAY", url)
        .env("SDKS", root().join(".tools/node"))
        .output()
        .unwrap_or_else(|e| panic!("{}: {e}", interpreter.display()));
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), checks, "{said}");
}

#[test]
fn the_openrouter_sdk_for_javascript_is_served() {
    needed(root().join(".tools/node/node_modules/@openrouter/sdk/package.json"), "make test-envoy");
    run(Path::new("node"), "openrouter.mjs", 18);
}

#[test]
fn the_openai_sdk_for_javascript_is_served() {
    needed(root().join(".tools/node/node_modules/openai/package.json"), "make test-envoy");
    run(Path::new("node"), "openai.mjs", 13);
}

#[test]
fn the_openai_sdk_for_python_is_served() {
    let python = needed(root().join(".tools/venv/bin/python"), "make test-envoy");
    let installed = Command::new(&python).args(["-c", "import openai"]).status().unwrap().success();
    assert!(installed, "the openai SDK is missing in .tools/venv: run `make test-envoy`");
    run(&python, "openai_client.py", 14);
}
