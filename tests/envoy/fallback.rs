//! A provider that fails, in whatever way, is replaced by the next before the client sees anything of it.

use std::{thread, time::Duration};

use serde_json::json;

use super::{
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::{Ending, Reply},
    setup::Setup,
    wire,
};

/// Each way to fail: its name, what the first provider does.
fn failures() -> Vec<(&'static str, Reply)> {
    let in_stream = wire::event(json!({"error": {"message": "overloaded", "type": "server_error", "code": "overloaded"}}));
    let after_comment = format!(": keep-alive\n\n{in_stream}");
    let role_then_error = wire::stream_events(&[])[0].clone() + &in_stream;
    vec![
        ("status-401", Reply::error(401, "Incorrect API key provided.")),
        ("status-402", Reply::error(402, "Insufficient balance.")),
        ("status-403", Reply::error(403, "Not for you.")),
        ("status-404", Reply::error(404, "The model does not exist.")),
        ("status-408", Reply::error(408, "Too slow.")),
        ("status-429", Reply::error(429, "Rate limit reached.").header("retry-after", "1")),
        ("status-500", Reply::error(500, "The server had an error.")),
        ("status-502", Reply::new(502, "text/html", "<html><h1>502 Bad Gateway</h1></html>")),
        ("status-503", Reply::new(503, "text/plain", "upstream connect error")),
        ("status-529", Reply::json(529, &json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}))),
        ("empty-500", Reply::new(500, "text/plain", "")),
        ("no-type-500", Reply::new(500, "", "no type").without_header("content-type")),
        ("reset", Reply::reset()),
        ("closed", Reply::raw("")),
        ("silent", Reply::silence()),
        ("silent-after-headers", Reply::events([""]).broken_off(Ending::Silence)),
        ("garbage", Reply::raw("\u{1}\u{2}this is not HTTP\r\n\r\n")),
        ("error-in-200", Reply::json(200, &json!({"error": {"message": "no capacity", "type": "server_error", "code": 503}}))),
        ("error-in-stream", Reply::events([in_stream.clone()])),
        ("error-after-comment", Reply::events([after_comment])),
        ("error-after-role", Reply::events([role_then_error])),
        ("html-200", Reply::new(200, "text/html", "<html>Please log in to this network.</html>")),
        ("html-as-json", Reply::new(200, "application/json", "<html>Please log in to this network.</html>")),
        ("no-choices-200", Reply::json(200, &json!({"object": "error", "message": "The engine is dead.", "code": 500}))),
        ("named-error-event", Reply::events([format!("event: error\n{in_stream}")])),
        ("redirect", Reply::new(302, "text/html", "moved").header("location", "https://elsewhere.test/")),
        ("no-content", Reply::raw("HTTP/1.1 204 No Content\r\n\r\n").ending(Ending::KeepAlive)),
        ("empty-200", Reply::new(200, "application/json", "")),
        ("empty-stream", Reply::events([""])),
        ("only-done", Reply::events([wire::event("[DONE]")])),
        ("cut-json", wire::completion("never whole").broken_off(Ending::Reset)),
        ("reset-after-headers", Reply::events([""]).broken_off(Ending::Reset)),
    ]
}

static GATEWAY: Shared = Shared::new(|| {
    let ids: Vec<String> = failures().iter().flat_map(|(name, _)| [format!("t/{name}"), format!("t/{name}-streamed")]).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let setup = Setup::new()
        .with("defaults", json!({"first_token_timeout": "1s", "response_timeout": "1s"}))
        .providers(&["first", "second"])
        .provider(Provider::refusing("refusing"), json!({}))
        .models(&ids, &["first", "second"])
        .models(&["t/refused", "t/refused-streamed"], &["refusing", "second"])
        .models(&["t/far"], &["refusing", "first", "second"])
        .models(&["t/time"], &["first", "second"]);
    let gateway = Gateway::start(setup);
    for (name, failure) in failures() {
        for (model, answer) in [(name.to_owned(), wire::completion("saved")), (format!("{name}-streamed"), wire::stream(&["sa", "ved"]))] {
            gateway.provider("first").answers(&model, failure.clone());
            gateway.provider("second").answers(&model, answer);
        }
    }
    gateway
});

/// Runs a case for every failure, some at a time, for those that are silent take a second each.
fn for_each_failure(case: impl Fn(&str) + Sync) {
    let names: Vec<&str> = failures().into_iter().map(|(name, _)| name).collect();
    thread::scope(|scope| {
        for part in names.chunks(7) {
            scope.spawn(|| part.iter().for_each(|name| case(name)));
        }
    });
}

fn assert_counted(gateway: &Gateway, model: &str) {
    let first = [("gen_ai_provider_name", "first"), ("gen_ai_request_model", model)];
    gateway.assert_counts("signalbox_attempts_total", &[first[0], first[1], ("outcome", "fallback")], 1);
    gateway.assert_counts("signalbox_attempts_total", &[("gen_ai_provider_name", "second"), first[1], ("outcome", "accepted")], 1);
    gateway.assert_counts("signalbox_fallbacks_total", &first, 1);
    gateway.assert_counts("signalbox_cost_nano_usd_total", &first, 0);
}

#[test]
fn every_failure_falls_back_to_the_next_provider() {
    let gateway = Use::of(&GATEWAY);
    for_each_failure(|name| {
        let response = gateway.ask(&format!("t/{name}"));
        assert_eq!(response.status, 200, "{name}: {}", response.text());
        assert_eq!(response.content(), "saved", "{name}");
        assert_eq!(response.json()["provider"], "second", "{name}");
        assert_eq!(gateway.provider("first").received(name).len(), 1, "{name}");
        assert_counted(&gateway, &format!("t/{name}"));
    });
}

#[test]
fn c16_every_failure_of_a_stream_falls_back_to_the_next_provider() {
    let gateway = Use::of(&GATEWAY);
    for_each_failure(|name| {
        let name = format!("{name}-streamed");
        let answer = gateway.ask_streamed(&format!("t/{name}"));
        assert_eq!(answer.status, 200, "{name}");
        let chunks = client::chunks(&answer.events());
        assert_eq!(client::text(&chunks), "saved", "{name}");
        assert!(chunks.iter().all(|chunk| chunk["provider"] == "second"), "{name}: {chunks:#?}");
        assert_eq!(client::usage(&chunks)["completion_tokens"], wire::OUTPUT_TOKENS, "{name}");
        assert_eq!(gateway.provider("first").received(&name).len(), 1, "{name}");
        assert_counted(&gateway, &format!("t/{name}"));
    });
}

#[test]
fn a_refused_connection_falls_back_to_the_next_provider() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("second").answers("refused", wire::completion("saved"));
    gateway.provider("second").answers("refused-streamed", wire::stream(&["saved"]));
    assert_eq!(gateway.ask("t/refused").content(), "saved");
    assert_eq!(client::text(&client::chunks(&gateway.ask_streamed("t/refused-streamed").events())), "saved");
}

#[test]
fn a_plan_is_followed_to_its_end() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("far", Reply::error(500, "no"));
    gateway.provider("second").answers("far", wire::completion("saved"));
    let order = json!({"provider": {"order": ["refusing", "first", "second"]}});
    assert_eq!(gateway.send(&Request::ask("t/far", order)).content(), "saved");
    assert_eq!(gateway.provider("first").received("far").len(), 1);
}

/// A failover adds little to the provider's own failing: 5 ms are promised, measured alone and not beside other tests.
#[test]
fn a_failover_takes_no_time_of_its_own() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("time", Reply::error(500, "no"));
    gateway.provider("second").answers("time", wire::completion("saved"));
    let request = |order: &[&str]| Request::ask("t/time", json!({"provider": {"order": order}}));
    let median = |request: &Request| {
        let mut took: Vec<Duration> = (0..31).map(|_| gateway.send(request).took).collect();
        took.sort();
        took[15]
    };
    let (direct, failing_over) = (median(&request(&["second"])), median(&request(&["first", "second"])));
    assert!(failing_over < direct + Duration::from_millis(25), "{failing_over:?} against {direct:?}");
}
