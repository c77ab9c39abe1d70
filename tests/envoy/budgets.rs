//! Limits of keys in USD: what they refuse, in which words, and that they hold whatever comes at once.

mod storm;

use std::{thread, time::Duration};

use serde_json::{Value, json};

use super::{
    client::{Request, Response},
    gateway::Gateway,
    provider::Provider,
    reply::{Ending, Reply},
    setup::Setup,
    wire,
};

const LIMITED: &str = "Bearer sk-or-v1-limited";
const OTHER: &str = "Bearer sk-or-v1-other";
/// An answer at the prices of [`PRICE`], in nano-USD.
const COST: u64 = wire::INPUT_TOKENS * 1000 + wire::OUTPUT_TOKENS * 100_000;
const PRICE: &str = r#"{"prompt": 1, "completion": 100}"#;
/// So long that its estimate is no less than what the stubs say they counted.
const PROMPT: &str = "Say something that is long enough for an estimate of its tokens to come to twenty.";

fn limited(limit: &Value) -> Value {
    json!({"name": "limited", "sha256": "38136dda9c1f861dd57a9a6d30e8138ba5c0c25b382e7bb0ec8f1576bd2cdf81", "limit": limit})
}

fn model(id: &str, providers: &[&str], more: Value) -> Value {
    let price: Value = serde_json::from_str(PRICE).unwrap();
    let name = id.split_once('/').unwrap().1;
    let endpoints: Vec<Value> = providers.iter().map(|provider| json!({"provider": provider, "model": name, "price": price})).collect();
    let mut model = json!({"id": id, "endpoints": endpoints});
    model.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    model
}

fn ask(model: &str, key: &str, more: Value) -> Request {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": PROMPT}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Request::chat(body.to_string()).header("authorization", key)
}

fn key(gateway: &Gateway, key: &str) -> Value {
    gateway.send(&Request::new("GET", "/api/v1/key").header("authorization", key)).json()["data"].clone()
}

fn nanos(usd: &Value) -> u64 {
    (usd.as_f64().unwrap_or_else(|| panic!("{usd}")) * 1e9).round() as u64
}

/// Waits until the key has no reservation, and says what it has spent.
fn settled(gateway: &Gateway, name: &str) -> u64 {
    let labels = [("signalbox_key", name)];
    let samples = gateway.samples_when(|samples| samples.sum("signalbox_key_reservations", &labels) == 0);
    assert_eq!(samples.sum("signalbox_key_reservations", &labels), 0, "reservations that are never settled");
    assert_eq!(samples.sum("signalbox_key_reserved_nano_usd", &labels), 0);
    samples.sum("signalbox_key_cost_nano_usd_total", &labels)
}

fn assert_message(response: &Response, status: u16, parts: &[&str]) {
    let message = response.error(status);
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

#[test]
fn a_key_that_has_spent_its_limit_is_refused_in_the_words_of_each_api() {
    let limit = json!({"usd": 0.0025, "reset": "monthly"});
    let gateway = Gateway::start(
        Setup::new()
            .providers(&["first"])
            .model(model("t/plain", &["first"], json!({"max_completion_tokens": 4000})))
            .model(model("t/broken", &["first"], json!({})))
            .key(limited(&limit)),
    );
    gateway.provider("first").answers("plain", wire::completion("ok"));
    gateway.provider("first").answers("broken", Reply::error(500, "down"));
    let data = key(&gateway, LIMITED);
    assert_eq!((&data["limit"], &data["limit_remaining"], &data["limit_reset"]), (&json!(0.0025), &json!(0.0025), &json!("monthly")));

    // What was asked for explicitly has to fit; what was not is let in while anything is left.
    let too_long = gateway.send(&ask("t/plain", LIMITED, json!({"max_tokens": 1000})));
    assert_message(
        &too_long,
        402,
        &["This request requires more credits, or fewer max_tokens. You requested up to 1000 tokens, but can only afford 24."],
    );
    assert_eq!(gateway.send(&ask("t/plain", LIMITED, json!({"max_tokens": 20}))).status, 200);
    gateway.send(&ask("t/broken", LIMITED, json!({}))).error(502);
    assert_eq!(nanos(&key(&gateway, LIMITED)["usage"]), COST, "a failure costs nothing, and nothing is waited for");
    assert_eq!(gateway.send(&ask("t/plain", LIMITED, json!({}))).status, 200);
    assert_eq!(gateway.send(&ask("t/plain", LIMITED, json!({}))).status, 200, "the last one may overspend");

    let data = key(&gateway, LIMITED);
    assert_eq!((nanos(&data["usage"]), &data["limit_remaining"]), (3 * COST, &json!(0)), "{data:#}");
    let budget = &data["effective_budget"];
    assert_eq!((&budget["scope"], nanos(&budget["spend_usd"]), &budget["remaining_usd"]), (&json!("key_limit"), 3 * COST, &json!(0)));

    let refused = gateway.send(&ask("t/plain", LIMITED, json!({})).header("origin", "https://app.test"));
    assert_message(
        &refused,
        402,
        &["Key limit exceeded (monthly limit): 0.003057 of 0.0025 USD are spent", "resets at 20", "T00:00:00Z", "limited"],
    );
    let metadata = refused.json()["error"]["metadata"].clone();
    assert_eq!((&metadata["error_type"], &metadata["limit_source"]), (&json!("payment_required"), &json!("key_limit")));
    assert_eq!(refused.header("retry-after"), None);
    let streamed = gateway.send(&ask("t/plain", LIMITED, json!({"stream": true})));
    assert_message(&streamed, 402, &["Key limit exceeded"]);
    let messages = gateway.send(&ask("t/plain", LIMITED, json!({"max_tokens": 9})).path("/api/v1/messages"));
    let body = messages.json();
    assert_eq!((messages.status, &body["type"], &body["error"]["type"]), (402, &json!("error"), &json!("billing_error")), "{body}");
    let responses = Request::chat(json!({"model": "t/plain", "input": PROMPT}).to_string()).path("/api/v1/responses");
    assert_message(&gateway.send(&responses.header("authorization", LIMITED)), 402, &["Key limit exceeded"]);
    assert_eq!(gateway.provider("first").received("plain").len(), 3, "no provider hears of it");
    assert_eq!(gateway.send(&ask("t/plain", OTHER, json!({})).header("authorization", "Bearer sk-or-v1-test")).status, 200, "another key");

    let labels = ("signalbox_key", "limited");
    gateway.assert_counts("signalbox_key_rejections_total", &[labels, ("reason", "limit")], 5);
    gateway.assert_counts("signalbox_rejections_total", &[("error_type", "payment_required")], 5);
    assert_eq!(settled(&gateway, "limited"), 3 * COST);
    let samples = gateway.samples_when(|samples| samples.sum("signalbox_key_remaining_nano_usd", &[labels]) == 0);
    assert_eq!(samples.sum("signalbox_key_remaining_nano_usd", &[labels]), 0);
    assert_eq!(samples.sum("signalbox_key_limit_nano_usd", &[labels]), 2_500_000);
}

#[test]
fn what_is_left_is_reserved_until_the_request_is_over() {
    let gateway =
        Gateway::start(Setup::new().providers(&["first"]).model(model("t/slow", &["first"], json!({}))).key(limited(&json!({"usd": 0.5}))));
    let slow = wire::stream(&["one", "two"]).pause_before(2, Duration::from_secs(1)).ending(Ending::KeepAlive);
    gateway.provider("first").answers("slow", slow);
    let labels = [("signalbox_key", "limited")];
    let mut answer = gateway.open(&ask("t/slow", LIMITED, json!({"stream": true})));
    answer.event().unwrap();
    let refused = gateway.send(&ask("t/slow", LIMITED, json!({"stream": true})));
    assert_message(&refused, 402, &["Key limit exceeded (total limit) for the moment", "1.638421 USD are reserved"]);
    assert_eq!(refused.header("retry-after"), Some("1"));
    let samples = gateway.samples_when(|samples| samples.sum("signalbox_key_reservations", &labels) == 1);
    assert_eq!(samples.sum("signalbox_key_reserved_nano_usd", &labels), 1_638_421_000, "the prompt and 16384 tokens");
    assert_eq!(answer.events().last().unwrap().data(), Some("[DONE]"), "a stream that has begun is never cut");
    assert_eq!(settled(&gateway, "limited"), COST);

    // A client that leaves before its answer gives everything back.
    gateway.provider("first").answers("slow", Reply::silence());
    let early = ask("t/slow", LIMITED, json!({"stream": true}));
    let address = gateway.address;
    // A question about the accounts, which takes a moment to answer, is none of the requests that were cancelled.
    drop(Request::new("GET", "/api/v1/key").send(address));
    leave(address, &early);
    gateway.samples_when(|samples| samples.sum("signalbox_cancelled_total", &[]) >= 1);
    gateway.assert_counts("signalbox_cancelled_total", &[], 1);
    assert_eq!(settled(&gateway, "limited"), COST);
    assert_eq!(key(&gateway, LIMITED)["usage"], json!(0.001019));
}

/// Refuses what has the header `x-refuse`, behind the gateway role: another filter's answer to a request that is admitted.
fn refusing_filter(rendered: &mut Value) {
    let filter = json!({
        "name": "envoy.filters.http.fault",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
            "headers": [{"name": "x-refuse", "present_match": true}],
            "abort": {"http_status": 418, "percentage": {"numerator": 100}}
        }
    });
    let listener = &mut rendered["static_resources"]["listeners"][0];
    let filters = listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"].as_array_mut().unwrap();
    filters.insert(filters.len() - 1, filter);
}

#[test]
fn every_ending_gives_the_reservation_back() {
    let endings = ["closed", "reset", "silent", "wrong", "early", "cut", "large"];
    let setup = Setup::new()
        .providers(&["first"])
        .provider(Provider::refusing("gone"), json!({}))
        .patched(refusing_filter)
        .with("defaults", json!({"first_token_timeout": "400ms", "max_response_bytes": 1000}))
        .model(model("t/gone", &["gone"], json!({})))
        .key(limited(&json!({"usd": 1000})));
    let setup = endings.iter().fold(setup, |setup, name| setup.model(model(&format!("t/{name}"), &["first"], json!({}))));
    let gateway = Gateway::start(setup);
    let first = gateway.provider("first");
    first.answers("closed", Reply::raw(""));
    first.answers("reset", Reply::reset());
    first.answers("silent", Reply::silence());
    first.answers("wrong", Reply::error(400, "wrong"));
    // Before the first word, and after it.
    let events = wire::stream_events(&["one"]);
    first.answers("early", Reply::events(events[..1].to_vec()).broken_off(Ending::Close));
    first.answers("cut", Reply::events(events[..2].to_vec()).broken_off(Ending::Reset));
    first.answers("large", wire::completion(&"x".repeat(2000)));
    for name in endings.iter().chain(&["gone"]) {
        // However it ends: what is read of it does not matter here.
        gateway.send(&ask(&format!("t/{name}"), LIMITED, json!({"stream": *name != "large"})));
    }
    let refused = gateway.send(&ask("t/large", LIMITED, json!({})).header("x-refuse", "1"));
    assert!(refused.status >= 400, "{}", refused.text());
    gateway.assert_counts("signalbox_key_requests_total", &[("signalbox_key", "limited")], 9);
    assert_eq!(settled(&gateway, "limited"), 0, "none of them costs anything");
    let data = key(&gateway, LIMITED);
    assert_eq!((&data["usage"], &data["limit_remaining"]), (&json!(0), &json!(1000)));
}

/// Sends a request, and is gone after a moment.
fn leave(address: std::net::SocketAddr, request: &Request) {
    let connection = request.send(address);
    thread::sleep(Duration::from_millis(200));
    drop(connection);
}

/// The plan is made a second time when the token is there, and it is then that the request is admitted.
#[test]
fn a_request_that_waits_for_an_access_token_is_admitted_once() {
    let server = Provider::start("metadata");
    let token = json!({"access_token": "ya29.of-the-machine", "expires_in": 3599, "token_type": "Bearer"});
    server.answers("", Reply::json(200, &token).pause_before(0, Duration::from_millis(500)));
    let mut key = limited(&json!({"usd": 1}));
    key["requests_per_day"] = json!(4);
    let mut setup = Setup::new()
        .provider(
            Provider::start("vertex"),
            json!({"dialect": "vertex", "project": "p", "region": "europe-west1", "host": null, "path_prefix": null,
                "credential": {"metadata": true, "token_cluster": "metadata"}}),
        )
        .model(model("t/model", &["vertex"], json!({"max_completion_tokens": 10})))
        .key(key);
    setup.clusters.push(("metadata".into(), server.port));
    let gateway = Gateway::start(setup);
    let answer = json!({"candidates": [{"content": {"parts": [{"text": "ok"}], "role": "model"}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 19, "candidatesTokenCount": 10, "totalTokenCount": 29}});
    gateway.provider("vertex").answers("model", Reply::json(200, &answer));
    leave(gateway.address, &ask("t/model", LIMITED, json!({})));
    let statuses: Vec<u16> = thread::scope(|scope| {
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| gateway.send(&ask("t/model", LIMITED, json!({}))).status)).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    assert_eq!(statuses, [200; 4], "who left while it waited was never admitted");
    assert_eq!(gateway.send(&ask("t/model", LIMITED, json!({}))).status, 429);
    assert_eq!(settled(&gateway, "limited"), 4 * COST);
}

/// What a VM had under way is lost with it; what was spent is not, and what was reserved is given back by time alone.
#[test]
fn a_lost_vms_reservations_expire() {
    let setup = Setup::new()
        .frail()
        .concurrency(1)
        .providers(&["first"])
        .with("defaults", json!({"reservation_timeout": "8s"}))
        .model(model("t/slow", &["first"], json!({})))
        .model(model("t/plain", &["first"], json!({"max_completion_tokens": wire::OUTPUT_TOKENS})))
        .key(limited(&json!({"usd": 0.5})));
    let gateway = Gateway::start(setup);
    gateway.provider("first").answers("plain", wire::completion("ok"));
    gateway.provider("first").answers("slow", wire::stream(&["word "; 100]).paced(Duration::from_millis(100)));
    assert_eq!(gateway.send(&ask("t/plain", LIMITED, json!({}))).status, 200);
    assert_eq!(settled(&gateway, "limited"), COST);

    let mut lost = gateway.open(&ask("t/slow", LIMITED, json!({"stream": true})));
    lost.event().unwrap();
    // By a request of another key.
    let fatal = ask("t/plain", "Bearer sk-or-v1-test", json!({})).with_a_trailer();
    assert_eq!(gateway.send(&fatal).status, 503);
    assert!(!lost.finish().text().contains("[DONE]"), "what was under way is cut");
    gateway.assert_logged("proxy_on_request_trailers failed");
    let odd = "the configuration is odd: defaults.reservation_timeout: 8s is less than response_timeout (600s)";
    gateway.assert_logged(odd);
    assert_eq!(gateway.log().matches(odd).count(), 1, "all workers load it, and one tells");

    // Envoy loads it anew after a second; until then the worker answers 503.
    let answers = (0..200).map(|_| {
        thread::sleep(Duration::from_millis(100));
        gateway.send(&ask("t/plain", LIMITED, json!({})))
    });
    let mut answers = answers.skip_while(|answer| answer.status == 503);
    let refused = answers.next().expect("the VM is back");
    assert_message(&refused, 402, &["for the moment: 0.001019 of 0.5 USD are spent, and 1.638421 USD are reserved"]);
    assert_eq!(answers.find(|answer| answer.status != 402).expect("the reservation expires").status, 200);
    assert_eq!(settled(&gateway, "limited"), 2 * COST, "what the lost request cost nobody knows");
    assert_eq!(nanos(&key(&gateway, LIMITED)["usage"]), 2 * COST);
}

/// The gauges of a key with a limit are those of the latest configuration, even while a stream of the one before is still under way.
#[test]
fn gauges_show_the_limit_of_the_latest_configuration() {
    let setup = |usd: f64| {
        let short = json!({"max_completion_tokens": wire::OUTPUT_TOKENS});
        Setup::new()
            .reloadable()
            .concurrency(1)
            .providers(&["first"])
            .model(model("t/slow", &["first"], short))
            .key(limited(&json!({"usd": usd})))
    };
    let gateway = Gateway::start(setup(0.1));
    let words: Vec<String> = (0..30).map(|n| format!("{n} ")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    gateway.provider("first").answers("slow", wire::stream(&words).paced(Duration::from_millis(100)));
    let shows = |limit: u64| gateway.assert_counts("signalbox_key_limit_nano_usd", &[("signalbox_key", "limited")], limit);
    let answer = gateway.open(&ask("t/slow", LIMITED, json!({"stream": true})));
    gateway.reload(&setup(0.2).configuration);
    shows(200_000_000);
    assert!(answer.events().last().unwrap().is_done());
    gateway.assert_idle();
    thread::sleep(Duration::from_millis(400));
    shows(200_000_000);
    let spent = nanos(&key(&gateway, LIMITED)["usage"]);
    assert!(spent > 0);
    gateway.assert_counts("signalbox_key_remaining_nano_usd", &[("signalbox_key", "limited")], 200_000_000 - spent);
}
