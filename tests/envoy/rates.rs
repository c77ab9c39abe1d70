//! Rates of keys, and the share of free models: counted by all workers together, refused with when to come again.

use std::{
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::json;

use super::{
    client::{Request, Response},
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    setup::Setup,
    wire,
};

/// `printf %s sk-or-v1-<name> | sha256sum`
const MINUTELY: &str = "1f14aac3c4b75cda5d2b343a772ea47d6f02f890c7e2cdf8fea7b1ddcbe60a23";
const DAILY: &str = "248ac28f90699f9ba8f1a37352af80254a7486f67d8dea42413caa757efd3559";
const TOKENS: &str = "87ca08a9590e12f421ea62b94c0a8c8dd62976c5c8c17425a3af107a8b985135";
const FREE: &str = "ff8a6c0f29135f7a63550cce88965535237a154babee78c5f06922c72deef615";
const ZERO: [u64; 2] = [0, 0];

static GATEWAY: Shared = Shared::new(|| {
    let endpoint = |provider: &str, model: &str, [prompt, completion]: [u64; 2]| json!({"provider": provider, "model": model, "price": {"prompt": prompt, "completion": completion}});
    let gateway = Gateway::start(
        Setup::new()
            .providers(&["first", "second"])
            .models(&["t/plain", "t/broken"], &["first"])
            .model(json!({"id": "t/zero", "endpoints": [endpoint("first", "zero", ZERO)]}))
            .model(json!({"id": "t/mixed", "endpoints": [endpoint("first", "mixed", ZERO), endpoint("second", "mixed", [1, 1])]}))
            .model(json!({"id": "t/named:free", "endpoints": [endpoint("second", "named", [1, 1])]}))
            .with("free_models", json!({"requests_per_minute": 3, "requests_per_day": "unlimited"}))
            .key(json!({"name": "minutely", "sha256": MINUTELY, "requests_per_minute": 5}))
            .key(json!({"name": "daily", "sha256": DAILY, "requests_per_day": 2}))
            .key(json!({"name": "tokens", "sha256": TOKENS, "tokens_per_minute": 40}))
            .key(json!({"name": "free", "sha256": FREE})),
    );
    for name in ["plain", "zero", "mixed"] {
        gateway.provider("first").answers(name, wire::completion("first"));
    }
    gateway.provider("first").answers("broken", Reply::error(500, "down"));
    for name in ["mixed", "named"] {
        gateway.provider("second").answers(name, wire::completion("second"));
    }
    gateway
});

fn ask(gateway: &Gateway, model: &str, key: &str) -> Response {
    gateway.send(&request(model, key))
}

fn request(model: &str, key: &str) -> Request {
    Request::ask(model, json!({})).header("authorization", &format!("Bearer sk-or-v1-{key}"))
}

fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Waits for the next minute if this one is nearly over, so that no window ends in the midst of a test.
fn with_time_left_in_the_minute() {
    let left = 60_000 - now() % 60_000;
    if left < 20_000 {
        thread::sleep(Duration::from_millis(left + 20));
    }
}

/// A 429 for this window, whose headers say the same as its body.
fn assert_limited(response: &Response, name: &str, limit: &str, span: u64) {
    let message = response.error(429);
    assert!(message.starts_with(&format!("Rate limit exceeded: {name}. ")), "{message}");
    let end = (now() / span + 1) * span;
    let reset = response.header("x-ratelimit-reset").unwrap().to_owned();
    assert_eq!(reset.parse(), Ok(end));
    assert_eq!((response.header("x-ratelimit-limit"), response.header("x-ratelimit-remaining")), (Some(limit), Some("0")));
    let wait: u64 = response.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=(end - now()) / 1000 + 3).contains(&wait), "{wait}");
    let metadata = &response.json()["error"]["metadata"];
    assert_eq!(metadata["headers"], json!({"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}));
    assert_eq!(metadata["error_type"], "rate_limit_exceeded");
    assert!(metadata["limit_source"].is_string() && metadata["remedy_hint"].is_string(), "{metadata}");
}

#[test]
fn requests_of_a_minute_are_counted_by_all_workers_together() {
    with_time_left_in_the_minute();
    let gateway = Use::of(&GATEWAY);
    gateway.send(&Request::ask("t/nobody", json!({})).header("authorization", "Bearer sk-or-v1-minutely")).error(404);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let requests: Vec<_> = (0..20).map(|_| scope.spawn(|| ask(&gateway, "t/plain", "minutely").status)).collect();
        requests.into_iter().map(|request| request.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 5, "what was refused before is not counted: {statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429)), "{statuses:?}");
    assert_limited(&ask(&gateway, "t/plain", "minutely"), "limit_rpm/minutely", "5", 60_000);
    let page = gateway.send(&request("t/plain", "minutely").header("origin", "https://app.test"));
    assert_eq!(page.status, 429);
    let exposed = page.header("access-control-expose-headers").unwrap();
    assert!(["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].iter().all(|name| exposed.contains(name)));

    let messages = gateway.send(
        &Request::chat(json!({"model": "t/plain", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}).to_string())
            .path("/api/v1/messages")
            .header("authorization", "Bearer sk-or-v1-minutely"),
    );
    let body = messages.json();
    assert_eq!((messages.status, &body["error"]["type"]), (429, &json!("rate_limit_error")), "{body}");
    assert!(messages.header("retry-after").is_some());
    let responses = Request::chat(json!({"model": "t/plain", "input": "hi"}).to_string()).path("/api/v1/responses");
    let responses = gateway.send(&responses.header("authorization", "Bearer sk-or-v1-minutely"));
    assert_limited(&responses, "limit_rpm/minutely", "5", 60_000);
    assert!(
        gateway.samples().sum("signalbox_key_rejections_total", &[("signalbox_key", "minutely"), ("reason", "requests_per_minute")]) >= 18
    );
    assert_eq!(ask(&gateway, "t/plain", "test").status, 200, "another key");
}

#[test]
fn requests_of_a_day_and_tokens_of_a_minute_are_counted() {
    with_time_left_in_the_minute();
    let gateway = Use::of(&GATEWAY);
    assert_eq!(ask(&gateway, "t/plain", "daily").status, 200);
    assert_eq!(ask(&gateway, "t/broken", "daily").status, 502, "a failure is a request, too");
    assert_limited(&ask(&gateway, "t/plain", "daily"), "limit_rpd/daily", "2", 86_400_000);

    // 19 and 10 tokens each.
    assert_eq!(ask(&gateway, "t/plain", "tokens").status, 200);
    assert_eq!(ask(&gateway, "t/plain", "tokens").status, 200);
    let refused = (0..50).any(|_| {
        thread::sleep(Duration::from_millis(20));
        ask(&gateway, "t/plain", "tokens").status == 429
    });
    assert!(refused);
    assert_limited(&ask(&gateway, "t/plain", "tokens"), "limit_tpm/tokens", "40", 60_000);
}

#[test]
fn free_models_have_a_share_and_leave_the_plan_when_it_is_used_up() {
    with_time_left_in_the_minute();
    let gateway = Use::of(&GATEWAY);
    let data = || gateway.send(&Request::new("GET", "/api/v1/key").header("authorization", "Bearer sk-or-v1-free")).json()["data"].clone();
    for model in ["t/zero", "t/mixed", "t/named:free"] {
        assert_eq!(ask(&gateway, model, "free").status, 200, "{model}");
    }
    assert_limited(&ask(&gateway, "t/zero", "free"), "free-models-per-min", "3", 60_000);
    assert_limited(&ask(&gateway, "t/named:free", "free"), "free-models-per-min", "3", 60_000);
    assert_eq!(ask(&gateway, "t/mixed", "free").content(), "second", "who is paid may serve it");
    assert_eq!(ask(&gateway, "t/plain", "free").content(), "first");
    let used = &data()["free_model_daily_requests"];
    assert_eq!((&used["used"], &used["limit"]), (&json!(3), &json!(9_007_199_254_740_991_u64)), "{used}");
    gateway.assert_counts("signalbox_key_rejections_total", &[("signalbox_key", "free"), ("reason", "free_requests_per_minute")], 2);
}
