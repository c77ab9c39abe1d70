//! What may not leave: no provider sees the client's key, another provider's, or what the gateway uses itself; no client sees a
//! provider's.

use serde_json::{Value, json};

use super::{
    client::{KEY, Request, Response},
    gateway::{Gateway, Shared, Use},
    provider::{Provider, Received},
    reply::Reply,
    setup::Setup,
    wire,
};

const SECRETS: [(&str, &str); 3] = [("first", "sk-first-31aa"), ("second", "sk-second-72bb"), ("third", "sk-third-93cc")];

static GATEWAY: Shared = Shared::new(|| {
    let setup = Setup::new()
        .provider(Provider::start("first"), json!({"credential": {"env": "FIRST_KEY"}}))
        .provider(Provider::start("second"), json!({"credential": {"env": "SECOND_KEY"}, "auth_header": "x-api-key"}))
        .provider(Provider::start("third"), json!({"credential": {"env": "THIRD_KEY"}, "auth_header": "api-key"}))
        .provider(Provider::start("keyless"), json!({}))
        .models(&["t/chain", "t/echo", "t/response", "t/named", "t/digest", "t/grown"], &["first", "second", "third", "keyless"]);
    let gateway = Gateway::start(SECRETS.iter().fold(setup, |setup, (name, key)| setup.env(&format!("{}_KEY", name.to_uppercase()), key)));
    for (name, ..) in SECRETS {
        gateway.provider(name).answers("chain", Reply::error(500, "no"));
    }
    gateway.provider("keyless").answers("chain", wire::completion("ok"));
    gateway
});

/// A request with everything that clients and their networks put into headers.
fn laden(model: &str) -> Request {
    let order = json!({"provider": {"order": ["first", "second", "third", "keyless"]}});
    [
        ("cookie", "session=client-cookie"),
        ("x-api-key", "client-x-api-key"),
        ("api-key", "client-api-key"),
        ("x-goog-api-key", "client-goog-key"),
        ("proxy-authorization", "Basic client-proxy"),
        ("openai-organization", "org-of-client"),
        ("openai-project", "proj-of-client"),
        ("anthropic-version", "2023-06-01"),
        ("anthropic-beta", "client-beta"),
        ("x-amz-security-token", "client-amz"),
        ("x-signalbox-cluster", "second"),
        ("x-signalbox-exchange", "1"),
        ("x-signalbox-retry", "1"),
        ("x-envoy-max-retries", "9"),
        ("x-envoy-retry-on", "5xx"),
        ("x-envoy-upstream-rq-timeout-ms", "9000"),
        ("x-envoy-upstream-rq-per-try-timeout-ms", "1"),
        ("x-envoy-original-path", "/secret-path"),
        ("x-stainless-lang", "js"),
        ("x-stainless-retry-count", "0"),
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-client-cert", "Hash=client-cert"),
        ("forwarded", "for=203.0.113.9"),
        ("x-real-ip", "203.0.113.9"),
        ("http-referer", "https://client.example"),
        ("x-title", "Client App"),
        ("accept-encoding", "gzip, br"),
        ("user-agent", "client/1.0"),
    ]
    .iter()
    .fold(Request::ask(model, order), |request, (name, value)| request.header(name, value))
    .and_header("cookie", "second=client-cookie")
    .and_header("x-api-key", "client-second-x-api-key")
}

fn assert_clean(provider: &str, received: &Received) {
    let head = received.head.to_ascii_lowercase();
    let own = SECRETS.iter().find(|(name, ..)| *name == provider).map(|(_, key)| *key);
    for (name, key) in SECRETS {
        assert_eq!(head.contains(key), own == Some(key), "{provider} and the key of {name}:\n{head}");
    }
    for forbidden in [
        KEY,
        "client-",
        "org-of-client",
        "proj-of-client",
        "203.0.113.9",
        "secret-path",
        "cookie",
        "x-signalbox",
        "x-envoy",
        "x-stainless",
        "openai-",
        "anthropic-",
        "x-amz-",
        "x-goog-",
        "x-forwarded-for",
        "x-provider",
        "accept-encoding",
        "proxy-authorization",
    ] {
        assert!(!head.contains(forbidden), "{provider} sees {forbidden}:\n{head}");
    }
}

/// Each attempt starts from the headers that the attempt before it left.
#[test]
fn s17_no_provider_sees_a_key_that_is_not_its_own() {
    let gateway = Use::of(&GATEWAY);
    let response = gateway.send(&laden("t/chain"));
    assert_eq!(response.content(), "ok");
    let received = |name: &str| gateway.provider(name).received("chain").pop().unwrap();
    for name in ["first", "second", "third", "keyless"] {
        assert_clean(name, &received(name));
        assert_eq!(received(name).header("host"), Some(&*format!("{name}.test")));
    }
    assert_eq!(received("first").header("authorization"), Some("Bearer sk-first-31aa"));
    assert_eq!(received("second").header("x-api-key"), Some("sk-second-72bb"));
    assert_eq!(received("second").header("authorization"), None);
    assert_eq!(received("third").header("api-key"), Some("sk-third-93cc"));
    assert_eq!(received("keyless").header("authorization"), None);
}

fn assert_clean_answer(response: &Response) {
    for (name, value) in &response.headers {
        for forbidden in ["x-signalbox", "x-envoy", "set-cookie", "openai-", "x-request-id", "cf-ray", "sk-"] {
            assert!(!name.contains(forbidden) && !value.contains(forbidden), "{name}: {value}");
        }
    }
}

#[test]
fn no_client_sees_what_the_provider_says_to_the_gateway() {
    let gateway = Use::of(&GATEWAY);
    for reply in [wire::completion("ok"), wire::stream(&["ok"]), Reply::error(400, "bad")] {
        let reply = reply
            .header("set-cookie", "__cf_bm=provider-cookie; path=/")
            .header("openai-organization", "org-of-operator")
            .header("openai-processing-ms", "12")
            .header("x-request-id", "req_123")
            .header("cf-ray", "8f")
            .header("x-signalbox-retry", "1")
            .header("x-envoy-upstream-service-time", "12");
        gateway.provider("first").answers("response", reply);
        let response = gateway.send(&Request::ask("t/response", json!({"provider": {"order": ["first"], "allow_fallbacks": false}})));
        assert_clean_answer(&response);
    }
    assert_clean_answer(&gateway.ask("t/unknown"));
    assert_clean_answer(&gateway.send(&laden("t/chain")));
}

/// What is computed over a body is of no use once the body is another.
#[test]
fn s12_an_answer_has_a_length_of_its_own_and_no_digest() {
    let gateway = Use::of(&GATEWAY);
    let reply = ["etag", "digest", "content-md5", "repr-digest", "last-modified", "accept-ranges"]
        .iter()
        .fold(wire::completion("ok"), |reply, name| reply.header(name, "\"of-the-providers-body\""));
    gateway.provider("first").answers("digest", reply);
    let response = gateway.send(&Request::ask("t/digest", json!({"provider": {"order": ["first"], "allow_fallbacks": false}})));
    assert_eq!(response.content(), "ok");
    assert_eq!(response.header("content-length"), Some(&*response.body.len().to_string()));
    assert_ne!(response.body.len(), wire::completion_body("ok").to_string().len(), "the body is another");
    assert!(response.headers.iter().all(|(_, value)| !value.contains("of-the-providers-body")), "{:?}", response.headers);
    let received = gateway.provider("first").received("digest").pop().unwrap();
    assert_eq!(received.header("content-length"), Some(&*received.body.len().to_string()));
}

/// Envoy ends a request whose headers come to more than 60 KiB.
#[test]
fn s20_no_header_grows_with_the_request() {
    let gateway = Use::of(&GATEWAY);
    for name in ["first", "second", "third", "keyless"] {
        gateway.provider(name).answers("grown", Reply::error(500, &"no ".repeat(50_000)));
    }
    let tools: Vec<Value> = (0..500).map(|n| json!({"type": "function", "function": {"name": format!("tool_{n}")}})).collect();
    let stops: Vec<String> = (0..500).map(|n| format!("stop {n}")).collect();
    let response = gateway.send(&Request::ask("t/grown", json!({"tools": tools, "stop": stops, "user": "u".repeat(100_000)})));
    assert_eq!(response.status, 502);
    let told: usize = response.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(told < 1000, "{:?}", response.headers);
    for name in ["first", "second", "third", "keyless"] {
        let received = gateway.provider(name).received("grown").pop().unwrap();
        assert!(received.head.len() < 1000, "{name} sees\n{}", received.head);
    }
}

/// Debug servers and careless providers repeat the headers they were sent.
#[test]
fn a_provider_that_repeats_its_key_does_not_tell_the_client() {
    let gateway = Use::of(&GATEWAY);
    let reply =
        Reply::json(400, &json!({"error": {"message": "Bad header: Bearer sk-first-31aa", "echo": {"authorization": "sk-first-31aa"}}}));
    gateway.provider("first").answers("echo", reply);
    let response = gateway.send(&Request::ask("t/echo", json!({"provider": {"order": ["first"], "allow_fallbacks": false}})));
    assert_eq!(response.status, 400);
    assert!(!response.text().contains("sk-first-31aa"), "{}", response.text());
}

/// Forged control headers change neither where a request goes nor how often it is tried.
#[test]
fn a_client_cannot_steer_the_machinery() {
    let gateway = Use::of(&GATEWAY);
    for name in ["first", "second", "third", "keyless"] {
        gateway.provider(name).answers("named", wire::completion(name));
    }
    let response = gateway.send(&laden("t/named"));
    assert_eq!(response.content(), "first");
    assert_eq!(response.json()["model"], "t/named");
    assert_ne!(response.json()["usage"], Value::Null);
}
