//! When every endpoint fails, the client gets the last failure in OpenRouter's shape and is not charged.

use serde_json::{Value, json};

use super::{
    client::{Request, Response},
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::{Ending, Reply},
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let ids = [
        "t/busy",
        "t/broken",
        "t/locked",
        "t/silent",
        "t/html",
        "t/mixed",
        "t/stream",
        "t/large",
        "t/in-stream",
        "t/later",
        "t/bare",
        "t/zipped",
        "t/gone",
        "t/poor",
        "t/waits",
    ];
    let setup = Setup::new()
        .with("defaults", json!({"first_token_timeout": "500ms", "response_timeout": "500ms", "max_attempts": 3}))
        .providers(&["first", "second"])
        .providers(&["a", "b", "c", "d"])
        .provider(Provider::refusing("refusing"), json!({}))
        .provider(Provider::refusing("refusing-too"), json!({}))
        .models(&ids, &["first", "second"])
        .models(&["t/refused"], &["refusing", "refusing-too"])
        .models(&["t/many"], &["a", "b", "c", "d"]);
    Gateway::start(setup)
});

/// Both providers give their replies; the answer must be an error with this status.
fn fail(gateway: &Gateway, model: &str, first: Reply, second: Reply, stream: bool, status: u16) -> Value {
    gateway.provider("first").answers(model, first);
    gateway.provider("second").answers(model, second);
    let id = format!("t/{model}");
    let response = gateway.send(&Request::ask(&id, json!({"stream": stream})));
    assert_failed(gateway, &id, &response, status)
}

fn assert_failed(gateway: &Gateway, id: &str, response: &Response, status: u16) -> Value {
    response.error(status);
    let error = response.json()["error"].clone();
    assert!(error["metadata"]["error_type"].is_string(), "{error:#}");
    assert_eq!(response.header("x-signalbox-retry"), None);
    gateway.assert_counts("signalbox_attempts_total", &[("gen_ai_request_model", id), ("outcome", "accepted")], 0);
    gateway.assert_counts("signalbox_cost_nano_usd_total", &[("gen_ai_request_model", id)], 0);
    error
}

#[test]
fn a_rate_limit_everywhere_is_a_429() {
    let gateway = Use::of(&GATEWAY);
    let limited = Reply::error(429, "Rate limit reached for gpt-x.").header("retry-after", "7");
    let error = fail(&gateway, "busy", Reply::error(500, "no"), limited.clone(), false, 429);
    assert_eq!(error["message"], "Provider returned error");
    assert_eq!(error["metadata"]["error_type"], "rate_limit_exceeded");
    assert_eq!(error["metadata"]["provider_name"], "second");
    assert!(error["metadata"]["raw"].as_str().unwrap().contains("Rate limit reached for gpt-x."), "{error:#}");
    let previous = json!([{"provider": "first", "code": "temporarily_unavailable", "status": 500}]);
    assert_eq!(error["metadata"]["previous_errors"], previous, "{error:#}");
    let failed = [("gen_ai_request_model", "t/busy"), ("gen_ai_provider_name", "second"), ("outcome", "failed")];
    gateway.assert_counts("signalbox_attempts_total", &failed, 1);

    gateway.provider("second").answers("later", limited.clone());
    gateway.provider("first").answers("later", limited);
    assert_eq!(gateway.ask("t/later").header("retry-after"), Some("7"), "the client is told when to come back");
}

#[test]
fn a_failure_of_the_last_provider_is_a_502() {
    let gateway = Use::of(&GATEWAY);
    let error = fail(&gateway, "broken", Reply::error(429, "busy"), Reply::error(500, "It broke."), false, 502);
    assert!(error["metadata"]["raw"].as_str().unwrap().contains("It broke."), "{error:#}");
    let html = Reply::new(200, "text/html", "<html>login</html>");
    let error = fail(&gateway, "html", html.clone(), html, false, 502);
    assert_eq!(error["metadata"]["provider_name"], "second");
}

/// The operator's key is wrong, not the client's: a 401 would make an SDK say that the client's is.
#[test]
fn a_providers_401_is_neither_the_clients_nor_worth_a_retry() {
    let gateway = Use::of(&GATEWAY);
    let locked = Reply::error(401, "Incorrect API key provided.").header("retry-after", "7");
    let error = fail(&gateway, "locked", locked.clone(), locked, false, 502);
    assert_eq!(
        (&error["metadata"]["error_type"], &error["availability"]["code"]),
        (&json!("provider_unavailable"), &json!("no_endpoints"))
    );
    assert_eq!((&error["availability"]["retryable"], error["metadata"].get("raw")), (&json!(false), None), "{error:#}");
    assert!(error["message"].as_str().unwrap().contains("refuses this gateway"), "{error:#}");
    gateway.samples_when(|samples| samples.sum("signalbox_failures_total", &[("error_type", "authentication")]) == 1);
    // The operator's to mend, so he is told, without what the provider said.
    for provider in ["first", "second"] {
        gateway.assert_logged(&format!("signalbox: {provider} refused \"locked\" with 401: the credential is wrong"));
    }
    assert!(!gateway.log().contains("Incorrect API key"));
}

#[test]
fn a_model_that_no_provider_has_any_more_is_not_found_in_either_shape() {
    let gateway = Use::of(&GATEWAY);
    let gone = Reply::json(404, &json!({"error": {"message": "The model is gone.", "code": "model_not_found"}}));
    for stream in [false, true] {
        let error = fail(&gateway, "gone", gone.clone(), gone.clone(), stream, 404);
        let availability = json!({"code": "model_unavailable_upstream", "retryable": false, "requested_models": ["t/gone"],
            "docs_url": "https://openrouter.ai/docs/errors#model_unavailable_upstream",
            "affected_providers": error["availability"]["affected_providers"]});
        assert_eq!(error["availability"], availability);
        assert_eq!(availability["affected_providers"].as_array().map(Vec::len), Some(2));
        assert_eq!(error["metadata"]["provider_code"], "model_not_found");

        let request = Request::ask("t/gone", json!({"stream": stream, "max_tokens": 9})).path("/api/v1/messages");
        let told = gateway.send(&request.header("x-openrouter-metadata", "enabled"));
        let body = told.json();
        assert_eq!((told.status, &body["type"], &body["error"]["type"]), (404, &json!("error"), &json!("not_found_error")), "{body:#}");
        assert_eq!(body["error"]["availability"]["code"], "model_unavailable_upstream");
        assert_eq!(body["openrouter_metadata"]["attempts"][0]["status"], 404, "{body:#}");
    }
    // One of them may have it again.
    let error = fail(&gateway, "poor", Reply::error(503, "busy"), gone, false, 503);
    assert_eq!((&error["availability"]["code"], &error["metadata"]["provider_name"]), (&json!("temporarily_unavailable"), &json!("first")));
}

#[test]
fn the_shortest_wait_is_told_in_the_header_too() {
    let gateway = Use::of(&GATEWAY);
    let busy = |wait: &str| Reply::error(429, "slow down").header("retry-after", wait);
    for (first, header) in [(busy("9"), "9"), (Reply::error(503, "busy"), "20")] {
        gateway.provider("first").answers("waits", first);
        gateway.provider("second").answers("waits", busy("20"));
        let told = gateway.send(&Request::ask("t/waits", json!({"provider": {"order": ["first", "second"]}})));
        let wait = &told.json()["error"]["availability"]["retry_after"];
        assert_eq!((told.header("retry-after"), wait.to_string()), (Some(header), header.to_owned()));
    }
}

#[test]
fn nobody_reachable_is_a_502() {
    let gateway = Use::of(&GATEWAY);
    let error = assert_failed(&gateway, "t/refused", &gateway.ask("t/refused"), 502);
    assert_eq!(error["metadata"]["error_type"], "provider_unavailable");
}

#[test]
fn silence_everywhere_is_a_504() {
    let gateway = Use::of(&GATEWAY);
    for stream in [false, true] {
        let error = fail(&gateway, "silent", Reply::silence(), Reply::silence(), stream, 504);
        assert_eq!(error["metadata"]["error_type"], "timeout");
    }
    let headers = Reply::events([""]).broken_off(Ending::Silence);
    fail(&gateway, "silent", headers.clone(), headers, true, 504);
}

#[test]
fn a_stream_that_never_began_fails_with_a_status() {
    let gateway = Use::of(&GATEWAY);
    fail(&gateway, "stream", Reply::error(503, "busy"), Reply::error(529, "overloaded"), true, 529);
    let error = Reply::events([wire::event(json!({"error": {"message": "The engine is gone.", "code": 500}}))]);
    let error = fail(&gateway, "in-stream", error.clone(), error, true, 502);
    assert!(error["metadata"]["raw"].as_str().unwrap().contains("The engine is gone."), "{error:#}");
}

#[test]
fn a_providers_error_page_of_any_size_is_cut_and_not_kept() {
    let gateway = Use::of(&GATEWAY);
    let page = Reply::new(500, "text/html", "x".repeat(3_000_000));
    let error = fail(&gateway, "large", page.clone(), page, false, 502);
    assert!(error.to_string().len() < 100_000, "{} bytes", error.to_string().len());
}

#[test]
fn no_more_attempts_are_made_than_allowed() {
    let gateway = Use::of(&GATEWAY);
    for name in ["a", "b", "c", "d"] {
        gateway.provider(name).answers("many", Reply::error(500, "no"));
    }
    let response = gateway.send(&Request::ask("t/many", json!({"provider": {"order": ["a", "b", "c", "d"]}})));
    assert_failed(&gateway, "t/many", &response, 502);
    let asked: Vec<usize> = ["a", "b", "c", "d"].iter().map(|name| gateway.provider(name).received("many").len()).collect();
    assert_eq!(asked, [1, 1, 1, 0]);
}

#[test]
fn a_mixed_failure_names_every_attempt() {
    let gateway = Use::of(&GATEWAY);
    let error = fail(&gateway, "mixed", Reply::reset(), Reply::error(404, "no such model"), false, 502);
    assert_eq!(error["metadata"]["previous_errors"].as_array().map(Vec::len), Some(1), "{error:#}");
}

#[test]
fn a_failure_without_a_body_is_answered_all_the_same() {
    let gateway = Use::of(&GATEWAY);
    let bare = |status: &str| {
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nretry-after: 7\r\nset-cookie: a=b\r\n\r\n");
        Reply::raw(head).ending(Ending::KeepAlive)
    };
    for (status, told, wait) in [
        ("503 Busy", 503, Some("7")),
        ("429 Slow", 429, Some("7")),
        ("405 No", 400, None),
        ("200 OK", 502, Some("7")),
        ("304 Same", 502, Some("7")),
    ] {
        for stream in [false, true] {
            gateway.provider("first").answers("bare", Reply::error(500, "no").header("retry-after", "8"));
            gateway.provider("second").answers("bare", bare(status));
            let response = gateway.send(&Request::ask("t/bare", json!({"stream": stream, "provider": {"order": ["first", "second"]}})));
            assert_failed(&gateway, "t/bare", &response, told);
            assert_eq!((response.header("retry-after"), response.header("set-cookie")), (wait, None), "{status}");
        }
    }
}

#[test]
fn a_compressed_failure_is_answered_without_its_body() {
    let gateway = Use::of(&GATEWAY);
    for (status, told) in [(503, 503), (400, 400), (418, 400)] {
        let page = Reply::new(status, "text/html", b"\x1f\x8b\x08nonsense".to_vec()).header("content-encoding", "gzip");
        let error = fail(&gateway, "zipped", Reply::error(500, "no"), page, false, told);
        assert_eq!(error["metadata"]["raw"], Value::Null);
    }
}
