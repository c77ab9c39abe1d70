//! A provider that fails after the client has seen content: the failure is told within the stream, and nothing is spliced on.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    client::{self, Event},
    gateway::{Gateway, Shared, Use},
    reply::{Ending, Reply},
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let ids = ["t/reset", "t/closed", "t/cut", "t/error", "t/finish-error", "t/garbage", "t/no-done", "t/after-done"];
    Gateway::start(Setup::new().providers(&["first", "second"]).models(&ids, &["first", "second"]))
});

fn begun() -> Vec<String> {
    wire::stream_events(&["Once ", "upon "])[..3].to_vec()
}

/// Asserts that the stream tells of a failure in the client's format and then ends; returns the chunk that does.
fn assert_told(events: &[Event]) -> Value {
    let chunks = client::chunks(events);
    assert_eq!(client::text(&chunks), "Once upon ");
    let told: Vec<&Value> = chunks.iter().filter(|chunk| chunk.get("error").is_some()).collect();
    assert_eq!(told.len(), 1, "{chunks:#?}");
    let chunk = told[0];
    for member in ["id", "object", "created", "model", "provider"] {
        assert_eq!(chunk[member], chunks[0][member], "{member}");
    }
    assert!(chunk["error"]["code"].is_u64() && chunk["error"]["message"].is_string(), "{chunk:#}");
    assert!(chunk["error"]["metadata"]["error_type"].is_string(), "{chunk:#}");
    let choice = &chunk["choices"][0];
    assert_eq!((&choice["index"], &choice["finish_reason"]), (&json!(0), &json!("error")), "{chunk:#}");
    assert!(choice["delta"].is_object(), "{chunk:#}");
    chunk.clone()
}

/// What was there when the first content came is judged with it, so what fails has to come later.
const LATER: Duration = Duration::from_millis(100);

fn fail(gateway: &Gateway, model: &str, reply: Reply) -> Value {
    gateway.provider("first").answers(model, reply.paced(LATER));
    gateway.provider("second").answers(model, wire::stream(&["never"]));
    let answer = gateway.ask_streamed(&format!("t/{model}"));
    assert_eq!(answer.status, 200);
    let told = assert_told(&answer.events());
    assert!(gateway.provider("second").received(model).is_empty(), "two answers in one stream");
    let labels = [("gen_ai_request_model", &*format!("t/{model}")), ("gen_ai_provider_name", "first")];
    gateway.assert_counts("signalbox_attempts_total", &labels, 1);
    told
}

/// Envoy cuts the client's connection itself and asks no filter, so there is nobody who could tell. What counts is that no client
/// takes it for a whole answer.
#[test]
fn a_connection_that_breaks_does_not_end_like_a_whole_stream() {
    let gateway = Use::of(&GATEWAY);
    for (model, ending) in [("reset", Ending::Reset), ("closed", Ending::Close)] {
        let reply = Reply::events(begun()).paced(LATER).broken_off(ending);
        gateway.provider("first").answers(model, reply);
        gateway.provider("second").answers(model, wire::stream(&["never"]));
        let response = gateway.ask_streamed(&format!("t/{model}")).finish();
        let text = response.text();
        assert!(text.contains("Once "), "{text}");
        assert!(!response.complete || text.contains("\"error\""), "{model} looks whole: {text}");
        assert!(gateway.provider("second").received(model).is_empty(), "two answers in one stream");
        let id = format!("t/{model}");
        gateway.assert_counts("signalbox_attempts_total", &[("gen_ai_request_model", &id), ("outcome", "failed")], 1);
        gateway.assert_counts("signalbox_cost_nano_usd_total", &[("gen_ai_request_model", &id)], 0);
    }
}

#[test]
fn t19_an_error_event_is_told_in_openrouters_shape() {
    let gateway = Use::of(&GATEWAY);
    let error =
        wire::event(json!({"error": {"message": "The engine is overloaded.", "type": "server_error", "param": null, "code": null}}));
    let events = begun().into_iter().chain([error, wire::event("[DONE]")]);
    let told = fail(&gateway, "error", Reply::events(events));
    assert!(told["error"].to_string().contains("The engine is overloaded."), "{told:#}");

    let mut chunk = wire::chunk(json!({"content": ""}), json!("error"));
    chunk["error"] = json!({"code": 502, "message": "It broke.", "metadata": {"error_type": "provider_unavailable"}});
    let events = begun().into_iter().chain([wire::event(chunk), wire::event("[DONE]")]);
    let told = fail(&gateway, "finish-error", Reply::events(events));
    assert_eq!(told["error"]["code"], 502);
    assert!(told["error"].to_string().contains("It broke."), "{told:#}");
}

#[test]
fn an_event_that_is_no_json_is_passed_over_or_told() {
    let gateway = Use::of(&GATEWAY);
    let mut events = wire::stream_events(&["Once ", "upon "]);
    events.insert(2, "data: {\"choices\": [{\"delta\"\n\n".into());
    gateway.provider("first").answers("garbage", Reply::events(events).paced(LATER));
    let chunks = client::chunks(&gateway.ask_streamed("t/garbage").events());
    let told = chunks.iter().any(|chunk| chunk["error"]["code"].is_u64());
    assert_eq!(client::text(&chunks), if told { "Once " } else { "Once upon " });
}

/// T43: some providers end with the connection.
#[test]
fn t43_a_stream_without_done_is_given_one() {
    let gateway = Use::of(&GATEWAY);
    let mut events = wire::stream_events(&["Once ", "upon "]);
    events.pop();
    gateway.provider("first").answers("no-done", Reply::events(events));
    let chunks = client::chunks(&gateway.ask_streamed("t/no-done").events());
    assert_eq!(client::text(&chunks), "Once upon ");
    assert_eq!(client::usage(&chunks)["completion_tokens"], wire::OUTPUT_TOKENS);
    assert!(chunks.iter().all(|chunk| chunk.get("error").is_none()), "{chunks:#?}");
}

#[test]
fn t43_what_follows_done_is_dropped() {
    let gateway = Use::of(&GATEWAY);
    let events = wire::stream_events(&["Once "]).into_iter().chain([wire::event(wire::text_chunk("more")), wire::event("[DONE]")]);
    gateway.provider("first").answers("after-done", Reply::events(events));
    let chunks = client::chunks(&gateway.ask_streamed("t/after-done").events());
    assert_eq!(client::text(&chunks), "Once ");
}

/// A stream that stops with neither finish reason nor `[DONE]`, although its framing is in order, was cut off too.
#[test]
fn a_stream_that_stops_half_way_still_ends_in_order() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("cut", Reply::events(begun()));
    let chunks = client::chunks(&gateway.ask_streamed("t/cut").events());
    assert_eq!(client::text(&chunks), "Once upon ");
}
