//! Tokens and money: exact, in disjoint buckets, in the answer as in the stats.

use serde_json::{Value, json};

use super::{
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    samples::Samples,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let price = json!({"prompt": 2, "completion": 8, "input_cache_read": 0.5});
    let setup = Setup::new()
        .providers(&["first", "second"])
        .priced("t/plain", "first", price.clone())
        .priced("t/streamed", "first", price.clone())
        .priced("t/fee", "first", json!({"prompt": 2, "completion": 8, "internal_reasoning": 20, "request": 0.001}))
        .priced("t/small", "first", json!({"prompt": 0.15, "completion": 0.6}))
        .priced("t/free", "first", json!({"prompt": 0, "completion": 0}))
        .priced("t/latency", "first", price.clone())
        .model(json!({"id": "t/failing", "endpoints": [
            {"provider": "first", "model": "failing", "price": {"prompt": 0.001, "completion": 0.001}},
            {"provider": "second", "model": "failing", "price": price}
        ]}));
    Gateway::start(setup)
});

/// 600 tokens read anew, 400 from the cache, 150 of text and 50 of reasoning.
fn usage() -> Value {
    let mut usage = wire::usage_of(1000, 200);
    usage["prompt_tokens_details"]["cached_tokens"] = 400.into();
    usage["completion_tokens_details"]["reasoning_tokens"] = 50.into();
    usage
}

/// 600 × 2 + 400 × 0.5 + 200 × 8 dollars per million tokens.
const COST_NANO: u64 = 3_000_000;

fn completion(usage: Value) -> Reply {
    let mut body = wire::completion_body("ok");
    body["usage"] = usage;
    Reply::json(200, &body)
}

fn stream(usage: Value) -> Reply {
    let mut events = wire::stream_events(&["ok"]);
    let at = events.len() - 2;
    events[at] = wire::event(wire::usage_chunk(usage));
    Reply::events(events)
}

fn tokens(samples: &Samples, model: &str) -> Vec<(String, u64)> {
    let of_model = samples.of("signalbox_tokens_total", &[("gen_ai_request_model", model)]);
    let counted = of_model.iter().filter(|sample| sample.value > 0.0);
    let mut counted: Vec<_> = counted.map(|sample| (sample.labels["gen_ai_token_type"].clone(), sample.value as u64)).collect();
    counted.sort();
    counted
}

fn assert_counted(gateway: &Gateway, model: &str, times: u64) {
    let labels =
        [("gen_ai_request_model", model), ("gen_ai_provider_name", "first"), ("gen_ai_response_model", model.split_once('/').unwrap().1)];
    gateway.assert_counts("signalbox_cost_nano_usd_total", &labels, times * COST_NANO);
    gateway.assert_counts("signalbox_attempts_total", &[labels[0], ("outcome", "accepted")], times);
    let samples = gateway.samples();
    let expected = [("cache_read", 400), ("input", 600), ("output", 150), ("reasoning", 50)];
    assert_eq!(tokens(&samples, model), expected.map(|(kind, n)| (kind.to_owned(), n * times)));
    assert_eq!(samples.sum("signalbox_estimated_usage_total", &[labels[0]]), 0);

    let usage = |kind: &'static str| [labels[0], ("gen_ai_token_type", kind)];
    let merged = gateway.samples_when(|samples| samples.sum("gen_ai_client_token_usage_count", &usage("input")) >= times);
    assert_eq!(merged.sum("gen_ai_client_token_usage_count", &usage("input")), times);
    for (kind, n) in [("input", 1000), ("output", 200)] {
        // Envoy's histograms interpolate within a bucket.
        let sum = merged.sum("gen_ai_client_token_usage_sum", &usage(kind)) / times;
        assert!((n * 9 / 10..=n * 11 / 10).contains(&sum), "{kind}: {sum} for {n}");
    }
    assert_eq!(merged.sum("gen_ai_server_request_duration_count", &[labels[0]]), times);
}

#[test]
fn a_completion_is_counted_to_the_token_and_the_nano_dollar() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("plain", completion(usage()));
    for _ in 0..3 {
        let response = gateway.ask("t/plain");
        let answer = response.json()["usage"].clone();
        assert_eq!(answer["cost"], 0.003);
        assert_eq!(response.header("x-openrouter-cost"), Some("0.003"));
        assert_eq!(answer["prompt_tokens"], 1000);
        assert_eq!(answer["completion_tokens"], 200);
        assert_eq!(answer["total_tokens"], 1200);
        assert_eq!(answer["prompt_tokens_details"]["cached_tokens"], 400);
        assert_eq!(answer["completion_tokens_details"]["reasoning_tokens"], 50);
        assert_eq!(answer["cost_details"]["upstream_inference_prompt_cost"], 0.0014);
        assert_eq!(answer["cost_details"]["upstream_inference_completions_cost"], 0.0016);
    }
    assert_counted(&gateway, "t/plain", 3);
}

#[test]
fn a_stream_is_counted_like_a_completion() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("streamed", stream(usage()));
    for _ in 0..2 {
        let chunks = client::chunks(&gateway.ask_streamed("t/streamed").events());
        assert_eq!(client::usage(&chunks)["cost"], 0.003);
    }
    assert_counted(&gateway, "t/streamed", 2);
}

#[test]
fn reasoning_and_requests_have_prices_of_their_own() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("fee", completion(usage()));
    // Without a price for cached tokens they cost what the others do: 1000 × 2 + 150 × 8 + 50 × 20 per million, and 0.001.
    let cost = gateway.ask("t/fee").json()["usage"]["cost"].as_f64().unwrap();
    assert!((cost - 0.0052).abs() < 1e-12, "{cost}");
    gateway.assert_counts("signalbox_cost_nano_usd_total", &[("gen_ai_request_model", "t/fee")], 5_200_000);
}

#[test]
fn small_costs_are_exact_and_free_is_zero() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("small", completion(wire::usage_of(7, 3)));
    gateway.provider("first").answers("free", completion(usage()));
    // 7 × 150 + 3 × 600 nano-dollars.
    assert_eq!(gateway.ask("t/small").json()["usage"]["cost"].as_f64(), Some(0.000_002_85));
    gateway.assert_counts("signalbox_cost_nano_usd_total", &[("gen_ai_request_model", "t/small")], 2850);
    let free = gateway.ask("t/free");
    assert_eq!(free.json()["usage"]["cost"].as_f64(), Some(0.0));
}

/// C10: pay for what was served.
#[test]
fn c10_a_failed_attempt_costs_nothing() {
    let gateway = Use::of(&GATEWAY);
    let mut error = wire::completion_body("half");
    error["error"] = json!({"message": "broke", "code": 500});
    error.as_object_mut().unwrap().remove("choices");
    gateway.provider("first").answers("failing", Reply::json(200, &error));
    gateway.provider("second").answers("failing", completion(usage()));
    assert_eq!(gateway.ask("t/failing").json()["usage"]["cost"], 0.003);
    let model = ("gen_ai_request_model", "t/failing");
    gateway.assert_counts("signalbox_cost_nano_usd_total", &[model, ("gen_ai_provider_name", "second")], COST_NANO);
    assert_eq!(gateway.samples().sum("signalbox_tokens_total", &[model, ("gen_ai_provider_name", "first")]), 0);
}

#[test]
fn a_key_is_charged_with_what_its_requests_cost() {
    let price = json!({"prompt": 2, "completion": 8, "input_cache_read": 0.5});
    let gateway = Gateway::start(Setup::new().providers(&["first"]).priced("t/m", "first", price));
    gateway.provider("first").answers("m", completion(usage()));
    for _ in 0..2 {
        gateway.ask("t/m");
    }
    gateway.send(&Request::ask("t/none", json!({}))).error(404);
    gateway.assert_counts("signalbox_key_cost_nano_usd_total", &[("signalbox_key", "test")], 2 * COST_NANO);
    gateway.send(&Request::ask("t/m", json!({})).header("authorization", "Bearer wrong")).error(401);
    gateway.assert_counts("signalbox_rejections_total", &[("error_type", "not_found")], 1);
    gateway.assert_counts("signalbox_rejections_total", &[("error_type", "authentication")], 1);
    let requests = gateway.samples().sum("signalbox_key_requests_total", &[("signalbox_key", "test")]);
    assert!((2..=3).contains(&requests), "{requests}");
}

#[test]
fn c6_the_time_to_the_first_token_is_measured() {
    let gateway = Use::of(&GATEWAY);
    let pause = std::time::Duration::from_millis(400);
    gateway.provider("first").answers("latency", wire::stream(&["a", "b", "c"]).pause_before(1, pause));
    client::chunks(&gateway.ask_streamed("t/latency").events());
    let model = [("gen_ai_request_model", "t/latency")];
    let name = "gen_ai_server_time_to_first_token";
    let samples = gateway.samples_when(|samples| samples.sum(&format!("{name}_count"), &model) >= 1);
    assert_eq!(samples.sum(&format!("{name}_count"), &model), 1);
    let sum = samples.sum(&format!("{name}_sum"), &model);
    assert!((300..700).contains(&sum), "{sum} ms");
    assert_eq!(samples.sum("gen_ai_server_time_per_output_token_count", &model), 1);
}
