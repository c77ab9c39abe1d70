//! Vertex AI: the models of two publishers, and where the access tokens come from.

pub mod token_endpoint;
mod token_file;

use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    client::{self, Request},
    clients::Simulator,
    gateway::{Gateway, Shared, Use, needed, root},
    hangup::{CHAT, asked, leave_after},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};
use token_endpoint::{KEY_FILE, TokenEndpoint, vertex_with};

const GEMINI: &str = "/v1/projects/my-project/locations/europe-west1/publishers/google/models/";
const CLAUDE: &str = "/v1/projects/my-project/locations/europe-west1/publishers/anthropic/models/";

/// Models at a provider whose token is given by the environment.
static GATEWAY: Shared = Shared::new(|| {
    let setup = Setup::new()
        .env("GOOGLE_ACCESS_TOKEN", "ya29.from-outside")
        .provider(Provider::start("vertex"), vertex_with(&json!({"env": "GOOGLE_ACCESS_TOKEN"})))
        .providers(&["other"])
        .models(&["t/plain", "t/streamed", "t/tools", "t/claude-plain", "t/claude-streamed", "t/claude-picture"], &["vertex"])
        .models(&["t/busy", "t/claude-busy", "t/refused"], &["vertex", "other"]);
    Gateway::start(setup)
});

fn gemini(text: &str) -> Value {
    json!({
        "candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "finishReason": "STOP", "avgLogprobs": -0.1}],
        "usageMetadata": {
            "promptTokenCount": 20, "candidatesTokenCount": 7, "totalTokenCount": 57, "thoughtsTokenCount": 30, "trafficType": "ON_DEMAND"
        },
        "modelVersion": "gemini-2.5-flash", "createTime": "2026-01-01T00:00:00Z", "responseId": "mAitaLmkHPPlz7IPvtfUqQ4"
    })
}

fn claude(text: &str) -> Value {
    json!({
        "id": "msg_vrtx_01", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
        "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 12, "output_tokens": 6, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 8}
    })
}

fn claude_event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

fn claude_stream(text: &str) -> Reply {
    let message = json!({"id": "msg_vrtx_02", "type": "message", "role": "assistant", "content": [], "model": "claude-sonnet-4-5-20250929",
        "stop_reason": null, "usage": {"input_tokens": 12, "output_tokens": 1}});
    let events = [
        json!({"type": "message_start", "message": message}),
        json!({"type": "ping"}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 6}}),
        json!({"type": "message_stop"}),
    ];
    Reply::events(events.iter().map(claude_event))
}

#[test]
fn t58_gemini_is_asked_by_its_path() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("vertex");
    provider.answers("plain", Reply::json(200, &gemini("Zürich")));
    let answer = gateway.ask("t/plain").json();
    assert_eq!(answer["choices"][0]["message"]["content"], "Zürich", "{answer:#}");
    assert_eq!((&answer["usage"]["prompt_tokens"], &answer["usage"]["completion_tokens"]), (&json!(20), &json!(37)));
    let received = &provider.received("plain")[0];
    assert_eq!(received.path, format!("{GEMINI}plain:generateContent"));
    assert_eq!(received.header("host"), Some("europe-west1-aiplatform.googleapis.com"));
    assert_eq!(received.header("authorization"), Some("Bearer ya29.from-outside"));
    assert_eq!(received.json(), json!({"contents": [{"role": "user", "parts": [{"text": "Say something."}]}]}));

    let events = [&gemini("Zü"), &gemini("rich")].map(|data| format!("data: {data}\r\n\r\n"));
    provider.answers("streamed", Reply::events(events).in_pieces_of(11, Duration::ZERO));
    let chunks = client::chunks(&gateway.ask_streamed("t/streamed").events());
    assert_eq!(client::text(&chunks), "Zürich");
    assert_eq!(client::usage(&chunks)["completion_tokens"], 37);
    assert_eq!(provider.received("streamed")[0].path, format!("{GEMINI}streamed:streamGenerateContent?alt=sse"));
}

#[test]
fn t60_claude_is_asked_without_a_model_in_the_body() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("vertex");
    provider.answers("claude-plain", Reply::json(200, &claude("Zürich")));
    let request = Request::ask("t/claude-plain", json!({"max_tokens": 9})).header("anthropic-beta", "context-1m-2025-08-07");
    let answer = gateway.send(&request).json();
    assert_eq!(answer["choices"][0]["message"]["content"], "Zürich", "{answer:#}");
    assert_eq!((&answer["usage"]["prompt_tokens"], &answer["usage"]["completion_tokens"]), (&json!(20), &json!(6)));
    let received = &provider.received("claude-plain")[0];
    assert_eq!(received.path, format!("{CLAUDE}claude-plain:rawPredict"));
    assert_eq!(received.header("authorization"), Some("Bearer ya29.from-outside"));
    assert_eq!((received.header("anthropic-version"), received.header("anthropic-beta")), (None, Some("context-1m-2025-08-07")));
    assert_eq!(
        received.json(),
        json!({
            "anthropic_version": "vertex-2023-10-16", "max_tokens": 9,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Say something."}]}]
        })
    );

    provider.answers("claude-streamed", claude_stream("Zürich").in_pieces_of(13, Duration::ZERO));
    let chunks = client::chunks(&gateway.ask_streamed("t/claude-streamed").events());
    assert_eq!(client::text(&chunks), "Zürich");
    assert_eq!(client::usage(&chunks)["completion_tokens"], 6);
    let received = &provider.received("claude-streamed")[0];
    assert_eq!(received.path, format!("{CLAUDE}claude-streamed:streamRawPredict"));
    assert_eq!(received.json()["stream"], true);
}

#[test]
fn t47_a_call_makes_the_round_without_an_id() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("vertex");
    let mut call = gemini("");
    call["candidates"][0]["content"]["parts"] = json!([{"functionCall": {"name": "get_weather", "args": {"city": "Zürich"}}}]);
    provider.answers_in_turn("tools", vec![Reply::json(200, &call), Reply::json(200, &gemini("12 degrees."))]);
    let tools = json!([{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}]);
    let first = gateway.send(&Request::ask("t/tools", json!({"tools": tools}))).json();
    let message = &first["choices"][0]["message"];
    let history = json!([{"role": "user", "content": "Weather?"}, message,
        {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "12"}]);
    let second = gateway.send(&Request::ask("t/tools", json!({"messages": history, "tools": tools})));
    assert_eq!(second.content(), "12 degrees.");
}

#[test]
fn failures_of_either_publisher_lead_to_another_provider() {
    let gateway = Use::of(&GATEWAY);
    let busy = json!({"error": {"code": 429, "message": "Resource exhausted.", "status": "RESOURCE_EXHAUSTED"}});
    let overloaded = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    let refused = json!({"error": {"code": 401, "message": "Invalid credentials: ya29.from-outside", "status": "UNAUTHENTICATED"}});
    for (model, failure) in
        [("busy", Reply::json(429, &busy)), ("claude-busy", Reply::json(529, &overloaded)), ("refused", Reply::json(401, &refused))]
    {
        gateway.provider("vertex").answers(model, failure);
        gateway.provider("other").answers(model, wire::completion("saved"));
        let answer = gateway.ask(&format!("t/{model}")).json();
        assert_eq!((&answer["provider"], &answer["choices"][0]["message"]["content"]), (&json!("other"), &json!("saved")), "{answer:#}");
    }
}

#[test]
fn t38_what_claude_would_have_to_fetch_makes_the_endpoint_ineligible() {
    let gateway = Use::of(&GATEWAY);
    let messages = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}]}]);
    let answer = gateway.send(&Request::ask("t/claude-picture", json!({"messages": messages})));
    assert!(answer.error(404).contains("an image by URL"), "{}", answer.text());
    assert!(gateway.provider("vertex").received("claude-picture").is_empty());
}

#[test]
fn t59_a_hundred_requests_at_once_fetch_one_token() {
    let endpoint = TokenEndpoint::start(3600);
    endpoint.delay(Duration::from_millis(300));
    let gateway = Gateway::start(endpoint.setup().models(&["t/model"], &["vertex"]).concurrency(1));
    gateway.provider("vertex").answers("model", Reply::json(200, &gemini("ok")));
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| assert_eq!(gateway.ask("t/model").content(), "ok"));
        }
    });
    assert_eq!(endpoint.fetches(), 1, "after {:?}", started.elapsed());
    let received = gateway.provider("vertex").received("model");
    assert_eq!(received.len(), 100);
    assert!(received.iter().all(|request| request.header("authorization") == Some("Bearer ya29.token-1")));
    gateway.assert_idle();
}

#[test]
fn t59_a_token_is_renewed_before_it_expires() {
    let endpoint = TokenEndpoint::start(4);
    let gateway = Gateway::start(endpoint.setup().models(&["t/model"], &["vertex"]).concurrency(1));
    let vertex = gateway.provider("vertex");
    vertex.answers("model", Reply::json(200, &gemini("ok")));
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(9) {
        assert_eq!(gateway.ask("t/model").content(), "ok");
        thread::sleep(Duration::from_millis(100));
    }
    let fetches = endpoint.fetches();
    assert!((3..=5).contains(&fetches), "{fetches} fetches of tokens that are good for 4 s, within 9 s");
    let mut tokens: Vec<String> =
        vertex.received("model").iter().map(|request| request.header("authorization").unwrap().to_owned()).collect();
    assert!(tokens.is_sorted(), "no older token after a newer one");
    tokens.dedup();
    assert!((fetches - 1..=fetches).contains(&tokens.len()), "{tokens:?} of {fetches}");
}

#[test]
fn while_no_token_can_be_had_other_providers_serve_and_nothing_hangs() {
    let endpoint = TokenEndpoint::start(3600);
    endpoint.fail_with(Reply::json(400, &json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."})));
    let setup = endpoint.setup().providers(&["other"]).models(&["t/both"], &["vertex", "other"]).models(&["t/alone"], &["vertex"]);
    let gateway = Gateway::start(setup.concurrency(1));
    gateway.provider("other").answers("both", wire::completion("saved"));
    gateway.provider("vertex").answers("both", Reply::json(200, &gemini("ok")));
    gateway.provider("vertex").answers("alone", Reply::json(200, &gemini("ok")));
    let started = Instant::now();
    for _ in 0..3 {
        assert_eq!(gateway.ask("t/both").content(), "saved");
        let refused = gateway.ask("t/alone");
        assert!(refused.error(503).contains("No access token for vertex"), "{}", refused.text());
        assert_eq!(refused.json()["error"]["metadata"]["error_type"], "provider_unavailable");
    }
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert_eq!(gateway.provider("vertex").received_in_all(), 0, "no prompt goes out without a token");
    gateway.assert_logged("no access token for vertex from cluster google-oauth: HTTP 400, invalid_grant: Invalid JWT Signature.");

    endpoint.recover();
    let recovered = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(100));
        gateway.ask("t/alone").status == 200
    });
    assert!(recovered, "{}", gateway.log());
    assert_eq!(gateway.ask("t/both").json()["provider"], "vertex");
    let failed = endpoint.fetches() as u64 - 1;
    gateway.assert_counts("signalbox_token_fetches_total", &[("gen_ai_provider_name", "vertex"), ("outcome", "failed")], failed);
    gateway.assert_counts("signalbox_token_fetches_total", &[("gen_ai_provider_name", "vertex"), ("outcome", "accepted")], 1);
    // 1, 2, 4 … seconds apart.
    assert!(endpoint.fetches() <= 6, "{} fetches", endpoint.fetches());
}

#[test]
fn a_silent_token_endpoint_holds_a_request_no_longer_than_its_time() {
    let endpoint = TokenEndpoint::start(3600);
    endpoint.fail_with(Reply::silence());
    let gateway = Gateway::start(endpoint.setup().models(&["t/alone"], &["vertex"]).concurrency(1));
    let started = Instant::now();
    let refused = gateway.ask("t/alone");
    assert!(refused.error(503).contains("No access token"), "{}", refused.text());
    assert!(started.elapsed() < Duration::from_secs(7), "{:?}", started.elapsed());
    gateway.assert_logged("no access token for vertex from cluster google-oauth: HTTP 504");
    gateway.assert_idle();
}

#[test]
fn a_client_that_hangs_up_while_it_waits_does_no_harm() {
    let endpoint = TokenEndpoint::start(3600);
    endpoint.delay(Duration::from_millis(700));
    let gateway = Gateway::start(endpoint.setup().models(&["t/model"], &["vertex"]).concurrency(1));
    gateway.provider("vertex").answers("model", Reply::json(200, &gemini("ok")));
    for _ in 0..3 {
        leave_after(&gateway, CHAT, &asked("t/model", json!({})), Duration::from_millis(50));
    }
    gateway.assert_counts("signalbox_cancelled_total", &[], 3);
    assert_eq!(gateway.ask("t/model").content(), "ok");
    gateway.assert_idle();
    assert_eq!(endpoint.fetches(), 1);
}

#[test]
fn a_new_configuration_fetches_anew_and_leaves_nobody_waiting() {
    let endpoint = TokenEndpoint::start(3600);
    let setup = || endpoint.setup().reloadable().concurrency(1);
    let gateway = Gateway::start(setup().models(&["t/old"], &["vertex"]));
    for model in ["old", "new"] {
        gateway.provider("vertex").answers(model, Reply::json(200, &gemini("ok")));
    }
    endpoint.delay(Duration::from_millis(1500));
    let waiting = gateway.open(&Request::ask("t/old", json!({})));
    thread::sleep(Duration::from_millis(300));
    gateway.reload(&setup().models(&["t/old", "t/new"], &["vertex"]).configuration);
    assert_eq!(waiting.finish().content(), "ok", "{}", gateway.log());
    let taken = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        gateway.ask("t/new").status == 200
    });
    assert!(taken, "the new configuration never came:\n{}", gateway.log());
    assert_eq!(gateway.ask("t/old").content(), "ok");
    assert_eq!(endpoint.fetches(), 2);
    gateway.assert_idle();
}

#[test]
fn a_missing_cluster_is_told() {
    let endpoint = TokenEndpoint::start(3600);
    let setup = endpoint.setup().models(&["t/alone"], &["vertex"]).concurrency(1).patched(|bootstrap| {
        let clusters = bootstrap["static_resources"]["clusters"].as_array_mut().unwrap();
        clusters.retain(|cluster| cluster["name"] != "google-oauth");
    });
    let gateway = Gateway::start(setup);
    gateway.ask("t/alone").error(503);
    gateway.assert_logged("no access token for vertex from cluster google-oauth: Envoy has no cluster of this name");
}

#[test]
fn an_unreachable_token_endpoint_is_told() {
    let endpoint = TokenEndpoint::start(3600);
    let mut setup = endpoint.setup().models(&["t/alone"], &["vertex"]).concurrency(1);
    let refusing = Provider::refusing("google-oauth").port;
    setup.clusters.iter_mut().filter(|(name, _)| name == "google-oauth").for_each(|(_, port)| *port = refusing);
    let gateway = Gateway::start(setup);
    gateway.ask("t/alone").error(503);
    gateway.assert_logged("no access token for vertex from cluster google-oauth: HTTP 503");
}

#[test]
fn a_token_that_the_provider_quotes_is_not_told() {
    let endpoint = TokenEndpoint::start(3600);
    let gateway = Gateway::start(endpoint.setup().models(&["t/quoting"], &["vertex"]).concurrency(1));
    gateway.provider("vertex").answers("quoting", Reply::json(400, &json!({"error": {"code": 400, "message": "bad token ya29.token-1"}})));
    let answer = gateway.ask("t/quoting");
    answer.error(400);
    assert!(!answer.text().contains("ya29"), "{}", answer.text());
}

#[test]
fn neither_the_key_nor_a_token_is_printed() {
    let endpoint = TokenEndpoint::start(3600);
    let gateway = Gateway::start(endpoint.setup().models(&["t/model"], &["vertex"]).concurrency(1).log_level("trace"));
    gateway.provider("vertex").answers("model", Reply::json(200, &gemini("ok")));
    assert_eq!(gateway.ask("t/model").content(), "ok");
    let key: Value = serde_json::from_str(&KEY_FILE).unwrap();
    let line = key["private_key"].as_str().unwrap().lines().nth(1).unwrap().to_owned();
    let places = ["/config_dump", "/stats", "/clusters", "/server_info"].map(|path| gateway.admin(path).text());
    for text in places.iter().chain([&gateway.log()]) {
        for secret in [line.as_str(), "ya29.token-1", "assertion="] {
            assert!(!text.contains(secret), "{secret} is printed");
        }
    }
}

#[test]
fn a_key_that_does_not_sign_is_refused_at_load() {
    let mut key: Value = serde_json::from_str(&KEY_FILE).unwrap();
    key["private_key"] = json!("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    let endpoint = TokenEndpoint::start(3600);
    let setup = endpoint.setup().models(&["t/model"], &["vertex"]).env("GOOGLE_SERVICE_ACCOUNT_KEY", &key.to_string());
    let Err(refused) = Gateway::try_start(setup) else { panic!("a broken key was taken") };
    let expected = "providers.vertex.credential.service_account.env: Envoy cannot sign with this private key: expected an RSA key in PEM";
    assert!(refused.log.contains(expected) && !refused.log.contains("AAAA"), "{}", refused.log);
}

#[test]
fn the_metadata_servers_token_is_used() {
    let server = Provider::start("metadata");
    // The real one refuses what is forwarded, and what does not say that it means it.
    server.answers_by("", |request| {
        if request.header("x-forwarded-for").is_some() || request.header("metadata-flavor") != Some("Google") {
            return Reply::new(403, "text/html", "Forbidden");
        }
        Reply::json(200, &json!({"access_token": "ya29.of-the-machine", "expires_in": 3599, "token_type": "Bearer"}))
    });
    let mut setup = Setup::new()
        .provider(Provider::start("vertex"), vertex_with(&json!({"metadata": true, "token_cluster": "metadata"})))
        .models(&["t/model"], &["vertex"])
        .concurrency(1);
    setup.clusters.push(("metadata".into(), server.port));
    let gateway = Gateway::start(setup);
    gateway.provider("vertex").answers("model", Reply::json(200, &gemini("ok")));
    assert_eq!(gateway.ask("t/model").content(), "ok");
    let received = &gateway.provider("vertex").received("model")[0];
    assert_eq!(received.header("authorization"), Some("Bearer ya29.of-the-machine"));
    let asked = &server.received("")[0];
    assert_eq!(asked.path, "/computeMetadata/v1/instance/service-accounts/default/token");
    assert_eq!(asked.header("host"), Some("metadata.google.internal"));
}

#[test]
fn the_example_serves_as_it_stands() {
    let script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let python = needed(root().join(".tools/venv/bin/python"), "make test-envoy");
    let output = Command::new(python).args(["-c", script]).arg(root().join("examples/vertex/signalbox.yaml")).output().unwrap();
    let mut configuration: Value = serde_json::from_slice(&output.stdout).unwrap();
    let endpoint = TokenEndpoint::start(3600);
    let setup = endpoint.setup();
    configuration["keys"] = setup.configuration["keys"].clone();
    let gateway = Gateway::start(setup.configured(configuration));
    let vertex = gateway.provider("vertex");
    vertex.answers("gemini-2.5-flash", Reply::json(200, &gemini("from Gemini")));
    vertex.answers("claude-sonnet-4-5@20250929", Reply::json(200, &claude("from Claude")));
    assert_eq!(gateway.ask("google/gemini-2.5-flash").content(), "from Gemini");
    assert_eq!(gateway.ask("anthropic/claude-sonnet-4.5").content(), "from Claude");
    assert_eq!(vertex.received("gemini-2.5-flash")[0].header("host"), Some("aiplatform.googleapis.com"));
}

#[test]
fn aimock_is_understood() {
    let simulator = Simulator::start();
    let gateway = Gateway::start(
        Setup::new()
            .env("GOOGLE_ACCESS_TOKEN", "ya29.simulated")
            .provider(Provider::at("simulator", simulator.port), vertex_with(&json!({"env": "GOOGLE_ACCESS_TOKEN"})))
            .models(&["t/plain", "t/limited"], &["simulator"]),
    );
    let plain = gateway.ask("t/plain").json();
    let text = plain["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    assert!(text.starts_with("Once upon a time"), "{plain:#}");
    assert_eq!(plain["usage"]["total_tokens"], 30);
    let chunks = client::chunks(&gateway.ask_streamed("t/plain").events());
    assert_eq!(client::text(&chunks), text);
    assert_eq!(client::usage(&chunks)["total_tokens"], 30);
    let tools = json!([{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]);
    for stream in [false, true] {
        let answer = gateway.send(&Request::ask("t/plain", json!({"tools": tools, "stream": stream})));
        let text = answer.text();
        assert!(text.contains(r#""arguments":"{\"city\":\"Zürich\"}""#) && text.contains(r#""finish_reason":"tool_calls""#), "{text}");
    }
    gateway.ask("t/limited").error(429);
}
