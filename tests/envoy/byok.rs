//! Credentials of the client's own: at their provider, and nowhere else.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use super::{
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    key_policy::key,
    provider::{Provider, Received},
    reply::Reply,
    setup::Setup,
    wire,
};

const OWN: &str = "sk-clients-own-31c8";
const OF_KEY: &str = "sk-keys-own-9d02";
const FIRSTS: &str = "sk-operators-first";
const SECONDS: &str = "sk-operators-second";

static GATEWAY: Shared = Shared::new(|| {
    let vertex = json!({
        "dialect": "vertex", "host": "vertex.test", "path_prefix": null, "region": "europe-west1", "project": "p",
        "credential": {"metadata": true, "token_cluster": "deaf"}, "byok_header": "x-vertex-token",
    });
    let bedrock = json!({
        "dialect": "bedrock", "region": "eu-west-3", "host": null, "path_prefix": null, "byok_header": "x-bedrock-key",
        "credential": {"aws": {"access_key_id": "AWS_ID", "secret_access_key": "AWS_SECRET", "session_token": "AWS_SESSION"}},
    });
    let setup = Setup::new()
        .env("FIRST", FIRSTS)
        .env("SECOND", SECONDS)
        .env("OF_KEY", OF_KEY)
        .env("AWS_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET", "aws-secret")
        .env("AWS_SESSION", "aws-session")
        .provider(Provider::start("first"), json!({"credential": {"env": "FIRST"}, "byok_header": "X-First-Key"}))
        .provider(
            Provider::start("second"),
            json!({"credential": {"env": "SECOND"}, "auth_header": "api-key", "byok_header": "x-second-key"}),
        )
        .provider(Provider::start("vertex"), vertex)
        .provider(Provider::start("bedrock"), bedrock)
        .provider(Provider::deaf("deaf"), json!({}))
        .models(
            &["t/whole", "t/streamed", "t/refused", "t/busy", "t/down", "t/quoted", "t/midway", "t/keyed", "t/poor"],
            &["first", "second"],
        )
        .models(&["t/gemini"], &["vertex"])
        .models(&["t/converse"], &["bedrock"])
        .key(key("keyed", json!({"byok": {"first": {"env": "OF_KEY"}}})))
        .key(key("poor", json!({"limit": {"usd": 0}})))
        .key(key("bound", json!({"limit": {"usd": 0}, "include_byok_in_limit": true})))
        .log_level("trace");
    let gateway = Gateway::start(setup);
    for name in ["first", "second"] {
        let provider = gateway.provider(name);
        for model in ["whole", "keyed", "refused", "busy", "down", "quoted"] {
            provider.answers(model, wire::completion(name));
        }
        provider.answers("streamed", wire::stream(&["from ", name]));
    }
    gateway
});

fn ask(model: &str, more: Value) -> Request {
    Request::ask(model, more).header("x-first-key", OWN)
}

/// What a provider got for a model, the last time.
fn last(gateway: &Gateway, provider: &str, model: &str) -> Received {
    gateway.provider(provider).received(model).pop().unwrap_or_else(|| panic!("{provider} was not asked for {model}"))
}

/// The credentials, each a whole header value, that a request has anything of.
fn assert_sent(received: &Received, header: &str, credential: &str) {
    assert_eq!(received.header(header), Some(credential), "{received:#?}");
    let other = [OWN, OF_KEY, FIRSTS, SECONDS].into_iter().filter(|other| !credential.contains(other));
    for other in other {
        assert!(!received.head.contains(other) && !received.text().contains(other), "{other} in {}", received.head);
    }
    for name in ["x-first-key", "x-second-key", "x-vertex-token", "x-bedrock-key"] {
        assert_eq!(received.header(name), None, "{}", received.head);
    }
}

pub fn generation(gateway: &Gateway, id: &str) -> Value {
    for _ in 0..100 {
        let answer = gateway.send(&Request::new("GET", &format!("/api/v1/generation?id={id}")));
        if answer.status == 200 {
            return answer.json()["data"].clone();
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("{id} is not known");
}

#[test]
fn the_clients_own_credential_takes_the_place_of_the_operators() {
    let gateway = Use::of(&GATEWAY);
    let answer = gateway.send(&ask("t/whole", json!({})).header("x-openrouter-metadata", "enabled"));
    assert_eq!(answer.content(), "first");
    assert_sent(&last(&gateway, "first", "whole"), "authorization", &format!("Bearer {OWN}"));
    let body = answer.json();
    assert_eq!((&body["usage"]["is_byok"], &body["openrouter_metadata"]["is_byok"]), (&json!(true), &json!(true)));
    let cost = &body["usage"]["cost"];
    assert!(cost.as_f64().unwrap() > 0.0 && body["usage"]["cost_details"]["upstream_inference_cost"] == *cost);
    let told = generation(&gateway, body["id"].as_str().unwrap());
    assert_eq!((&told["is_byok"], &told["upstream_inference_cost"]), (&json!(true), cost));
    assert_eq!(told["provider_responses"][0]["is_byok"], true);

    let chunks = client::chunks(&gateway.open(&ask("t/streamed", json!({"stream": true}))).events());
    assert_eq!((client::text(&chunks), &client::usage(&chunks)["is_byok"]), ("from first".into(), &json!(true)));
    assert_sent(&last(&gateway, "first", "streamed"), "authorization", &format!("Bearer {OWN}"));

    let anthropic = json!({"model": "t/whole", "max_tokens": 50, "messages": [{"role": "user", "content": "x"}]}).to_string();
    let anthropic = Request::chat(anthropic).path("/api/v1/messages").header("x-first-key", OWN);
    assert_eq!(gateway.send(&anthropic).json()["usage"]["is_byok"], true);
    let responses =
        Request::chat(json!({"model": "t/whole", "input": "x"}).to_string()).path("/api/v1/responses").header("x-first-key", OWN);
    assert_eq!(gateway.send(&responses).json()["usage"]["is_byok"], true);

    let others = gateway.ask("t/whole");
    assert_eq!(others.json()["usage"]["is_byok"], false);
    assert_sent(&last(&gateway, "first", "whole"), "authorization", &format!("Bearer {FIRSTS}"));
    assert_eq!(gateway.send(&ask("t/whole", json!({})).header("x-first-key", "two words")).status, 400);
}

#[test]
fn it_comes_first_whatever_the_price_and_the_order() {
    let gateway = Use::of(&GATEWAY);
    let request = Request::ask("t/whole", json!({"provider": {"order": ["first"]}})).header("x-second-key", OWN);
    assert_eq!(gateway.send(&request).content(), "second");
    assert_sent(&last(&gateway, "second", "whole"), "api-key", OWN);
    assert_eq!(last(&gateway, "second", "whole").header("authorization"), None);
}

#[test]
fn no_other_provider_ever_sees_it() {
    let gateway = Use::of(&GATEWAY);
    for (model, reply) in [("refused", Reply::error(401, OWN)), ("busy", Reply::error(429, "slow down")), ("down", Reply::raw("?"))] {
        let first = gateway.provider("first");
        first.answers_by(model, move |received| {
            if received.header("authorization").is_some_and(|value| value.contains(OWN)) {
                reply.clone()
            } else {
                wire::completion("first")
            }
        });
        let before = gateway.provider("second").received(model).len();
        let answer = gateway.send(&ask(&format!("t/{model}"), json!({})));
        assert_eq!((answer.content().as_str(), &answer.json()["usage"]["is_byok"]), ("second", &json!(false)), "{model}");
        let received = gateway.provider("second").received(model);
        assert_eq!(received.len(), before + 1);
        assert_sent(&received[before], "api-key", SECONDS);
        let told = generation(&gateway, answer.json()["id"].as_str().unwrap());
        assert_eq!(told["is_byok"], false);
        assert_eq!([&told["provider_responses"][0]["is_byok"], &told["provider_responses"][1]["is_byok"]], [true, false]);
    }
    // What a client's own credential is refused for is nobody else's trouble.
    for model in ["t/refused", "t/busy"] {
        assert_eq!(gateway.ask(model).content(), "first", "{model}");
    }
}

#[test]
fn it_is_in_no_error_and_no_log() {
    let gateway = Use::of(&GATEWAY);
    let only = json!({"provider": {"only": ["first"]}});
    for reply in [
        Reply::error(400, &format!("bad key {OWN}")),
        Reply::error(500, &format!("bad key {}", OWN.replace('-', "\\u002d"))),
        Reply::error(401, OWN),
    ] {
        gateway.provider("first").answers("quoted", reply);
        let refused = gateway.send(&ask("t/quoted", only.clone()).header("x-openrouter-metadata", "enabled"));
        assert_eq!(refused.json()["error"]["metadata"]["is_byok"], true, "{}", refused.text());
        assert_eq!(refused.json()["openrouter_metadata"]["is_byok"], true);
        assert!(!refused.text().contains("clients-own"), "{}", refused.text());
    }
    let mut events = wire::stream_events(&["some"]);
    events.truncate(2);
    events.push(wire::event(json!({"error": {"message": format!("key {OWN} is over"), "code": 429}})));
    gateway.provider("first").answers("midway", Reply::events(events).paced(Duration::from_millis(100)));
    let answer = gateway.open(&ask("t/midway", json!({"stream": true}))).finish();
    assert!(answer.text().contains("\"is_byok\":true") && answer.text().contains("\"finish_reason\":\"error\""), "{}", answer.text());
    assert!(!answer.text().contains("clients-own"), "{}", answer.text());
    let places = ["/config_dump", "/stats", "/stats/prometheus", "/clusters"];
    for (place, text) in places.map(|path| (path, gateway.admin(path).text())).into_iter().chain([("the log", gateway.log())]) {
        for secret in [OWN, OF_KEY] {
            assert!(!text.contains(secret), "{secret} stands in {place}");
        }
    }
}

#[test]
fn a_key_may_have_one_and_the_header_wins_over_it() {
    let gateway = Use::of(&GATEWAY);
    let keyed = Request::ask("t/keyed", json!({})).header("authorization", "Bearer sk-keyed");
    assert_eq!(gateway.send(&keyed).json()["usage"]["is_byok"], true);
    assert_sent(&last(&gateway, "first", "keyed"), "authorization", &format!("Bearer {OF_KEY}"));
    assert_eq!(gateway.send(&keyed.clone().header("x-first-key", &format!("Bearer {OWN}"))).json()["usage"]["is_byok"], true);
    assert_sent(&last(&gateway, "first", "keyed"), "authorization", &format!("Bearer {OWN}"));
    gateway.provider("first").answers("keyed", Reply::error(503, "down"));
    assert_eq!(gateway.send(&keyed).content(), "second");
    assert_sent(&last(&gateway, "second", "keyed"), "api-key", SECONDS);
}

#[test]
fn it_is_no_money_of_the_keys_unless_the_key_says_so() {
    let gateway = Use::of(&GATEWAY);
    let by = |key: &str, request: Request| gateway.send(&request.header("authorization", &format!("Bearer sk-{key}")));
    by("poor", Request::ask("t/whole", json!({}))).error(402);
    let answer = by("poor", ask("t/whole", json!({})));
    assert_eq!((answer.content().as_str(), &answer.json()["usage"]["is_byok"]), ("first", &json!(true)));
    let told = (0..100).find_map(|_| {
        thread::sleep(Duration::from_millis(20));
        let told = by("poor", Request::new("GET", "/api/v1/key")).json()["data"].clone();
        (told["byok_usage"] != 0).then_some(told)
    });
    let told = told.unwrap_or_else(|| panic!("nothing is entered"));
    assert_eq!((&told["usage"], &told["byok_usage"]), (&json!(0), &answer.json()["usage"]["cost"]));
    // The operator's money is no fallback.
    gateway.provider("first").answers("poor", Reply::error(503, "down"));
    by("poor", ask("t/poor", json!({}))).error(503);
    assert!(gateway.provider("second").received("poor").is_empty());
    by("bound", ask("t/whole", json!({}))).error(402);
}

/// The token endpoint never answers: only a request that needs no token is not held up.
#[test]
fn it_needs_no_access_token_and_no_signature() {
    let gateway = Use::of(&GATEWAY);
    let gemini = json!({
        "candidates": [{"content": {"parts": [{"text": "from Google"}], "role": "model"}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 20, "candidatesTokenCount": 7, "totalTokenCount": 27},
    });
    gateway.provider("vertex").answers("gemini", Reply::json(200, &gemini));
    let answer = gateway.send(&Request::ask("t/gemini", json!({})).header("x-vertex-token", OWN));
    assert_eq!(answer.content(), "from Google");
    assert!(answer.took < Duration::from_secs(4), "{:?}", answer.took);
    assert_sent(&last(&gateway, "vertex", "gemini"), "authorization", &format!("Bearer {OWN}"));

    let converse = json!({
        "output": {"message": {"role": "assistant", "content": [{"text": "from AWS"}]}}, "stopReason": "end_turn",
        "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}, "metrics": {"latencyMs": 5},
    });
    gateway.provider("bedrock").answers("converse", Reply::json(200, &converse));
    let answer = gateway.send(&Request::ask("t/converse", json!({})).header("x-bedrock-key", OWN));
    assert_eq!((answer.content().as_str(), &answer.json()["usage"]["is_byok"]), ("from AWS", &json!(true)));
    let received = last(&gateway, "bedrock", "converse");
    assert_sent(&received, "authorization", &format!("Bearer {OWN}"));
    assert!(!received.head.contains("x-amz-") && !received.head.contains("AKIDEXAMPLE"), "{}", received.head);
}
