//! A deployment at Azure: both forms of its API, its keys, its content filter, and the way to other providers.

use serde_json::{Value, json};

use super::{
    client::{self, Request},
    clients::Simulator,
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let azure = |more: Value| {
        let mut members =
            json!({"dialect": "azure", "host": "acme.openai.azure.com", "path_prefix": null, "credential": {"env": "AZURE_API_KEY"}});
        members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        members
    };
    let setup = Setup::new()
        .env("AZURE_API_KEY", "azure-test")
        .provider(Provider::start("azure"), azure(json!({})))
        .provider(Provider::start("dated"), azure(json!({"api_version": "2024-10-21", "auth_header": "authorization"})))
        .provider(Provider::start("old"), azure(json!({"api_version": "2024-06-01"})))
        .providers(&["other"])
        .models(&["t/plain", "t/streamed", "t/tools"], &["azure"])
        .models(&["t/filtered", "t/busy"], &["azure", "other"])
        .models(&["t/next-model"], &["other"])
        .models(&["t/old"], &["old"]);
    let deployment = |id: &str, name: &str, provider: &str| json!({"id": id, "endpoints": [{"provider": provider, "model": name, "price": {"prompt": 1, "completion": 1}}]});
    Gateway::start(setup.model(deployment("t/dated", "gpt 4o/eu", "dated")))
});

/// What Azure adds to each choice.
fn filter_results() -> Value {
    json!({"hate": {"filtered": false, "severity": "safe"}, "violence": {"filtered": false, "severity": "safe"}})
}

fn filtered_prompt() -> Reply {
    Reply::json(
        400,
        &json!({"error": {
            "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
            "type": null, "param": "prompt", "code": "content_filter", "status": 400,
            "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"violence": {"filtered": true, "severity": "high"}}}
        }}),
    )
}

#[test]
fn t71_the_newer_api_has_the_deployment_in_the_body() {
    let gateway = Use::of(&GATEWAY);
    let mut body = wire::completion_body("Zürich");
    body["model"] = "gpt-4o-2024-11-20".into();
    body["choices"][0]["content_filter_results"] = filter_results();
    body["prompt_filter_results"] = json!([{"prompt_index": 0, "content_filter_results": filter_results()}]);
    gateway.provider("azure").answers("plain", Reply::json(200, &body));
    let answer = gateway.send(&Request::ask("t/plain", json!({"max_tokens": 9}))).json();
    assert_eq!(answer["choices"][0]["message"]["content"], "Zürich", "{answer:#}");
    assert_eq!((&answer["model"], &answer["provider"]), (&json!("t/plain"), &json!("azure")), "and not the base model");
    assert_eq!(answer["choices"][0]["content_filter_results"], filter_results(), "what Azure adds passes");

    let received = &gateway.provider("azure").received("plain")[0];
    assert_eq!(received.path, "/openai/v1/chat/completions");
    assert_eq!((received.header("host"), received.header("api-key")), (Some("acme.openai.azure.com"), Some("azure-test")));
    assert_eq!(received.header("authorization"), None);
    assert_eq!(received.json()["max_completion_tokens"], 9);
}

#[test]
fn t71_the_older_api_has_it_in_the_path() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("dated").answers("gpt 4o/eu", wire::completion("ok"));
    assert_eq!(gateway.ask("t/dated").content(), "ok");
    let received = &gateway.provider("dated").received("gpt 4o/eu")[0];
    assert_eq!(received.path, "/openai/deployments/gpt%204o%2Feu/chat/completions?api-version=2024-10-21");
    assert_eq!((received.header("authorization"), received.header("api-key")), (Some("Bearer azure-test"), None), "an Entra token");
}

#[test]
fn t72_filter_results_are_no_first_token() {
    let gateway = Use::of(&GATEWAY);
    let mut events = wire::stream_events(&["Zü", "rich"]);
    let prompt = json!({"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": filter_results()}]});
    events.insert(0, wire::event(prompt));
    let last = events.len() - 1;
    let offsets = json!({"choices": [{"index": 0, "content_filter_offsets": {"check_offset": 44, "start_offset": 44, "end_offset": 48},
        "content_filter_results": filter_results(), "finish_reason": null}]});
    events.insert(last, wire::event(offsets));
    gateway.provider("azure").answers("streamed", Reply::events(events).in_pieces_of(13, std::time::Duration::ZERO));
    let chunks = client::chunks(&gateway.ask_streamed("t/streamed").events());
    assert_eq!(client::text(&chunks), "Zürich");
    assert!(client::usage(&chunks)["total_tokens"].as_u64() > Some(0));
    assert_eq!(gateway.provider("azure").received("streamed")[0].json()["stream_options"], json!({"include_usage": true}));
    // An error after them, and before anything else, still leads on.
    let results = wire::event(json!({"choices": [], "prompt_filter_results": [{}]}));
    let error = wire::event(json!({"error": {"message": "busy", "code": "429"}}));
    gateway.provider("azure").answers("busy", Reply::events([results, error]));
    gateway.provider("other").answers("busy", wire::stream(&["saved"]));
    assert_eq!(client::text(&client::chunks(&gateway.ask_streamed("t/busy").events())), "saved");
}

#[test]
fn t73_a_filtered_prompt_leads_to_the_next_model_and_not_to_the_next_endpoint() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("azure").answers("filtered", filtered_prompt());
    let refused = gateway.ask("t/filtered");
    refused.error(400);
    let error = refused.json()["error"].clone();
    assert_eq!(
        (&error["metadata"]["error_type"], &error["metadata"]["provider_name"]),
        (&json!("content_policy_violation"), &json!("azure"))
    );
    gateway.provider("other").answers("next-model", wire::completion("saved"));
    let answer = gateway.send(&Request::ask("t/filtered", json!({"models": ["t/next-model"]})));
    assert_eq!(answer.content(), "saved");
    assert!(gateway.provider("other").received("filtered").is_empty());
}

#[test]
fn t74_an_old_version_is_not_asked_for_the_usage_of_a_stream() {
    let gateway = Use::of(&GATEWAY);
    let events = wire::stream_events(&["A long ", "answer."]).into_iter().filter(|event| !event.contains("\"usage\":{"));
    gateway.provider("old").answers("old", Reply::events(events));
    let request = Request::ask("t/old", json!({"stream": true, "stream_options": {"include_usage": true}, "max_completion_tokens": 9}));
    let chunks = client::chunks(&gateway.open(&request).events());
    assert_eq!(client::text(&chunks), "A long answer.");
    assert_eq!(client::usage(&chunks)["estimated"], true);
    let received = &gateway.provider("old").received("old")[0];
    assert_eq!(received.path, "/openai/deployments/old/chat/completions?api-version=2024-06-01");
    assert_eq!((received.json().get("stream_options"), &received.json()["max_tokens"]), (None, &json!(9)));
}

#[test]
fn aimocks_deployments_are_understood() {
    let simulator = Simulator::start();
    let azure = |version: Value| json!({"dialect": "azure", "path_prefix": null, "api_version": version});
    let setup = Setup::new()
        .provider(Provider::at("dated", simulator.port), azure(json!("2024-10-21")))
        .provider(Provider::at("v1", simulator.port), azure(Value::Null))
        .models(&["dated/plain", "dated/limited"], &["dated"])
        .models(&["v1/plain"], &["v1"]);
    let gateway = Gateway::start(setup);
    for model in ["dated/plain", "v1/plain"] {
        let plain = gateway.ask(model).json();
        let text = plain["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned();
        assert!(text.starts_with("Once upon a time"), "{plain:#}");
        assert_eq!(plain["usage"]["total_tokens"], 30);
        let chunks = client::chunks(&gateway.ask_streamed(model).events());
        assert_eq!(client::text(&chunks), text);
        let tools = json!([{"type": "function", "function": {"name": "get_weather"}}]);
        for stream in [false, true] {
            let text = gateway.send(&Request::ask(model, json!({"tools": tools, "stream": stream}))).text();
            assert!(text.contains("get_weather") && text.contains(r#""finish_reason":"tool_calls""#), "{text}");
        }
    }
    gateway.ask("dated/limited").error(429);
}
