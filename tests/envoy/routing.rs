//! Routing by how endpoints have done, by conversation, by tier, and what the client is told of it.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

const MODELS: [&str; 9] = ["fast", "prefer", "live", "sticky", "named", "cleared", "options", "told", "told-404"];

/// At each model, slow and quick cost the same, and claude speaks Anthropic's format.
static GATEWAY: Shared = Shared::new(|| {
    let anthropic = json!({"dialect": "anthropic", "path_prefix": null, "credential": {"env": "ANTHROPIC_API_KEY"}});
    let at = |provider: &str, model: &str, price: f64, more: Value| {
        let mut endpoint = json!({"provider": provider, "model": model, "price": {"prompt": price, "completion": price, "input_cache_read": price / 10.0}});
        endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        endpoint
    };
    let setup = Setup::new()
        .env("ANTHROPIC_API_KEY", "sk-ant-test")
        .providers(&["slow", "quick", "tiered"])
        .provider(Provider::start("claude"), anthropic);
    let setup = MODELS.iter().fold(setup, |setup, name| {
        let endpoints = json!([at("slow", name, 1.0, json!({})), at("quick", name, 1.0, json!({}))]);
        setup.model(json!({"id": format!("t/{name}"), "endpoints": endpoints}))
    });
    let setup = setup
        .model(json!({"id": "t/mixed", "endpoints": [at("quick", "mixed", 1.0, json!({})), at("claude", "mixed", 1.0, json!({}))]}))
        .model(json!({"id": "t/claude", "endpoints": [at("claude", "claude", 9.0, json!({}))]}))
        .model(json!({"id": "t/sees", "input_modalities": ["text", "image"], "endpoints": [at("quick", "sees", 0.0, json!({}))]}))
        .model(json!({"id": "t/tiers", "endpoints": [
            at("tiered", "tiers", 2.0, json!({})), at("tiered", "tiers", 1.0, json!({"service_tier": "flex"})),
            at("tiered", "tiers", 4.0, json!({"service_tier": "priority"})),
        ]}))
        .model(json!({"id": "t/flex", "endpoints": [at("tiered", "tiers", 1.0, json!({"service_tier": "flex"}))]}))
        .with("auto_router", json!({"models": ["t/sees", "t/claude"]}));
    let gateway = Gateway::start(setup);
    for name in MODELS {
        gateway.provider("slow").answers(name, wire::stream(&["Late", "r"]).pause_before(0, Duration::from_millis(300)));
        gateway.provider("quick").answers(name, wire::stream(&["Now", "."]));
    }
    let answer = json!({"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "Claude."}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 2}});
    gateway.provider("claude").answers("claude", Reply::json(200, &answer));
    gateway.provider("tiered").answers_by("tiers", |request| {
        let mut answer = wire::completion_body("Tiered.");
        // It has no room for what is as urgent as that.
        let is_late = request.text().contains("Be quick.");
        answer["service_tier"] = match &request.json()["service_tier"] {
            Value::String(tier) if !is_late => json!(tier),
            Value::String(_) => json!("default"),
            _ => Value::Null,
        };
        Reply::json(200, &answer)
    });
    gateway.provider("quick").answers("sees", wire::completion("I see."));
    gateway
});

fn stream(model: &str, more: Value) -> Request {
    let mut body = json!({"stream": true});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Request::ask(model, body)
}

/// Which provider a stream came from.
fn streamed_by(gateway: &Gateway, request: &Request) -> String {
    let answer = gateway.send(request);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let first: Value = serde_json::from_str(answer.text().lines().next().unwrap().trim_start_matches("data: ")).unwrap();
    first["provider"].as_str().unwrap().to_owned()
}

/// Both endpoints of `model` have answered streams, and all workers know.
fn seen(gateway: &Gateway, model: &str) {
    for provider in ["slow", "quick"] {
        for _ in 0..3 {
            streamed_by(gateway, &stream(model, json!({"provider": {"only": [provider]}})));
        }
    }
    // A quarter of a second until it is shared, and another until what was read before is read anew.
    thread::sleep(Duration::from_millis(800));
}

fn tried(gateway: &Gateway, request: impl Fn() -> Request) -> Vec<String> {
    (0..12).map(|_| streamed_by(gateway, &request())).collect()
}

#[test]
fn the_faster_endpoint_comes_first_for_those_who_ask() {
    let gateway = Use::of(&GATEWAY);
    seen(&gateway, "t/fast");
    for request in [
        || stream("t/fast:nitro", json!({})),
        || stream("t/fast", json!({"provider": {"sort": "throughput"}})),
        || stream("t/fast", json!({"provider": {"sort": {"by": "latency", "partition": "none"}}})),
        || stream("t/fast", json!({"provider": {"sort": "exacto"}})),
    ] {
        assert_eq!(tried(&gateway, request), ["quick"; 12]);
    }
    let listed = gateway.send(&Request::new("GET", "/api/v1/models?sort=throughput-high-to-low")).json();
    let place = |id: &str| listed["data"].as_array().unwrap().iter().position(|model| model["id"] == id).unwrap();
    assert!(place("t/fast") < place("t/tiers"), "what was never streamed is last: {listed:#}");
}

#[test]
fn what_misses_the_preferred_latency_comes_last() {
    let gateway = Use::of(&GATEWAY);
    seen(&gateway, "t/prefer");
    let prefer = |preferences: Value| move || stream("t/prefer", json!({"provider": preferences.clone()}));
    assert_eq!(tried(&gateway, prefer(json!({"preferred_max_latency": 0.2}))), ["quick"; 12]);
    assert_eq!(tried(&gateway, prefer(json!({"preferred_min_throughput": {"p50": 60, "p90": 60}}))), ["quick"; 12]);
    let both = tried(&gateway, prefer(json!({"preferred_max_latency": 5})));
    assert!(both.contains(&"slow".to_owned()) && both.contains(&"quick".to_owned()), "met by both: {both:?}");
    assert_eq!(streamed_by(&gateway, &prefer(json!({"preferred_max_latency": 0.2, "only": ["slow"]}))()), "slow", "never left out");
}

#[test]
fn the_catalogue_shows_how_endpoints_do_and_how_fast_to_those_with_a_key() {
    let gateway = Use::of(&GATEWAY);
    for _ in 0..3 {
        streamed_by(&gateway, &stream("t/live", json!({"provider": {"only": ["slow"]}})));
    }
    gateway.provider("quick").answers("live", Reply::error(500, "broken"));
    gateway.send(&stream("t/live", json!({"provider": {"only": ["quick"]}}))).error(502);
    let listed = |request: &Request| gateway.send(request).json()["data"]["endpoints"].clone();
    let with_key = Request::new("GET", "/api/v1/models/t/live/endpoints");
    let started = Instant::now();
    let endpoints = loop {
        let endpoints = listed(&with_key);
        if endpoints[1]["uptime_last_5m"] == 0.0 && endpoints[0]["uptime_last_1d"] == 100.0 || started.elapsed() > Duration::from_secs(8) {
            break endpoints;
        }
        thread::sleep(Duration::from_millis(100));
    };
    assert_eq!((&endpoints[0]["uptime_last_30m"], &endpoints[1]["uptime_last_1d"]), (&json!(100.0), &json!(0.0)), "{endpoints:#}");
    let latency = endpoints[0]["latency_last_30m"]["p50"].as_f64().unwrap();
    assert!((270.0..2000.0).contains(&latency), "milliseconds: {latency}");
    let throughput = endpoints[0]["throughput_last_30m"]["p90"].as_f64().unwrap();
    assert!((1.0..40.0).contains(&throughput), "ten tokens in 0.3 seconds: {throughput}");
    assert_eq!(endpoints[1]["latency_last_30m"], Value::Null, "it has answered nothing");
    let public = listed(&with_key.without_header("authorization"));
    assert_eq!((&public[0]["latency_last_30m"], &public[0]["throughput_last_30m"]), (&Value::Null, &Value::Null));
    assert_eq!(public[0]["uptime_last_30m"], 100.0);
}

/// A stream whose prompt was read from the provider's cache.
fn cached(text: &str) -> Reply {
    let mut usage = wire::usage();
    usage["prompt_tokens_details"]["cached_tokens"] = 10.into();
    let mut events = wire::stream_events(&[text]);
    let at = events.len() - 2;
    events[at] = wire::event(wire::usage_chunk(usage));
    Reply::events(events)
}

fn conversation(words: &str, more: Value) -> Request {
    let mut body = json!({"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": words}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    stream("t/sticky", body)
}

#[test]
fn a_conversation_stays_where_its_prompt_is_cached() {
    let gateway = Use::of(&GATEWAY);
    for provider in ["slow", "quick"] {
        gateway.provider(provider).answers("sticky", cached("Cached."));
    }
    for words in ["one", "two", "three"] {
        let first = streamed_by(&gateway, &conversation(words, json!({})));
        let again: Vec<_> = (0..8).map(|_| streamed_by(&gateway, &conversation(words, json!({})))).collect();
        assert_eq!(again, vec![first.clone(); 8]);
        let other = if first == "slow" { "quick" } else { "slow" };
        let ordered = conversation(words, json!({"provider": {"order": [other]}}));
        assert_eq!(streamed_by(&gateway, &ordered), other, "but for an order");
    }
    let mut firsts: Vec<_> = (0..16).map(|n| streamed_by(&gateway, &conversation(&format!("other {n}"), json!({})))).collect();
    firsts.sort();
    firsts.dedup();
    assert_eq!(firsts, ["quick", "slow"], "another conversation goes where it likes");
}

#[test]
fn a_named_conversation_stays_without_a_cache_and_moves_after_an_error() {
    let gateway = Use::of(&GATEWAY);
    for (session, header) in [("body", false), ("header", true)] {
        let ask = |n: usize| {
            let messages = json!([{"role": "user", "content": format!("{session} {n}")}]);
            match header {
                true => stream("t/named", json!({"messages": messages})).header("x-session-id", session),
                false => stream("t/named", json!({"messages": messages, "session_id": session})).header("x-session-id", &n.to_string()),
            }
        };
        let first = streamed_by(&gateway, &ask(0));
        assert_eq!((1..9).map(|n| streamed_by(&gateway, &ask(n))).collect::<Vec<_>>(), vec![first; 8]);
    }
    let ask = || stream("t/cleared", json!({"session_id": "s"}));
    let first = streamed_by(&gateway, &ask());
    let other = if first == "slow" { "quick" } else { "slow" };
    gateway.provider(&first).answers("cleared", Reply::error(500, "broken"));
    assert_eq!(streamed_by(&gateway, &ask()), other);
    gateway.provider(&first).answers("cleared", wire::stream(&["Well again."]));
    assert_eq!((0..8).map(|_| streamed_by(&gateway, &ask())).collect::<Vec<_>>(), vec![other; 8]);
    for request in gateway.provider(other).received("cleared") {
        assert_eq!(request.json().get("session_id"), None);
    }
}

/// A call of a function in Anthropic's format, whole or as a stream.
fn claudes_call(streamed: bool) -> Reply {
    if !streamed {
        let call = json!({"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "it"}});
        let usage = json!({"input_tokens": 3, "output_tokens": 2});
        return Reply::json(
            200,
            &json!({"id": "msg_1", "type": "message", "role": "assistant", "content": [call], "stop_reason": "tool_use", "usage": usage}),
        );
    }
    let start = json!({"type": "message_start", "message": {"id": "msg_1", "role": "assistant", "content": [], "usage": {"input_tokens": 3, "output_tokens": 1}}});
    let events = [
        start,
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{\"at\":\"it\"}"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}}),
        json!({"type": "message_stop"}),
    ];
    let events = events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()));
    Reply::events(events).paced(Duration::from_millis(20))
}

#[test]
fn a_conversation_stays_across_formats_with_tools_and_when_the_client_hangs_up() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("claude").answers_by("mixed", |asked| claudes_call(asked.json()["stream"] == true));
    let call = json!({"index": 0, "id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{\"at\":\"it\"}"}});
    gateway.provider("quick").answers_by("mixed", move |asked| {
        if asked.json()["stream"] != true {
            let mut whole = wire::completion_body("");
            whole["choices"][0]["message"]["tool_calls"] = json!([call]);
            whole["choices"][0]["finish_reason"] = "tool_calls".into();
            return Reply::json(200, &whole);
        }
        let chunks =
            [wire::chunk(json!({"role": "assistant", "tool_calls": [call]}), Value::Null), wire::chunk(json!({}), json!("tool_calls"))];
        let done = [wire::event(wire::usage_chunk(wire::usage())), wire::event("[DONE]")];
        Reply::events(chunks.iter().map(wire::event).chain(done)).paced(Duration::from_millis(20))
    });
    let tools = json!([{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]);
    let ask = |session: usize, streamed: bool| {
        let more = json!({"tools": tools, "session_id": format!("mixed {session}"), "stream": streamed});
        Request::ask("t/mixed", more).header("x-openrouter-metadata", "enabled")
    };
    let mut firsts = Vec::new();
    for session in 0..10 {
        let events = gateway.send(&ask(session, true)).text();
        let last: Value = serde_json::from_str(
            events.lines().rev().find_map(|line| line.strip_prefix("data: {")).map(|rest| format!("{{{rest}")).unwrap().as_str(),
        )
        .unwrap();
        let first = last["provider"].as_str().unwrap().to_owned();
        assert!(events.contains("\"look\""), "{events}");
        assert_eq!(last["openrouter_metadata"]["summary"], format!("available=2, selected={first}"), "{last:#}");
        let whole = gateway.send(&ask(session, false)).json();
        assert_eq!(whole["choices"][0]["message"]["tool_calls"][0]["function"]["name"], "look", "{whole:#}");
        assert_eq!((&whole["provider"], &whole["openrouter_metadata"]["attempt"]), (&json!(first), &json!(1)));
        let mut hung_up = gateway.open(&ask(session, true));
        hung_up.event().unwrap();
        drop(hung_up);
        assert_eq!(streamed_by(&gateway, &ask(session, true)), first);
        firsts.push(first);
    }
    firsts.sort();
    firsts.dedup();
    assert_eq!(firsts, ["claude", "quick"]);
    thread::sleep(Duration::from_millis(800));
    let endpoints = gateway.send(&Request::new("GET", "/api/v1/models/t/mixed/endpoints")).json()["data"]["endpoints"].clone();
    for endpoint in endpoints.as_array().unwrap() {
        assert_eq!(endpoint["uptime_last_5m"], 100.0, "who goes away says nothing against the endpoint: {endpoint:#}");
        assert!(endpoint["latency_last_30m"]["p50"].is_number() && endpoint["throughput_last_30m"]["p50"].is_number());
    }
}

#[test]
fn options_reach_the_provider_that_they_are_for() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("slow").answers("options", Reply::error(500, "broken"));
    let options = json!({"Slow": {"temperature": 0.5, "safe_prompt": true}, "quick": {"user": "me", "model": "dearer"}, "none": {"x": 1}});
    let body = json!({"temperature": 1, "fallback_models": ["t/claude"], "routing_preference": "cost",
        "provider": {"order": ["slow", "quick"], "options": options}});
    assert_eq!(streamed_by(&gateway, &stream("t/options", body)), "quick");
    let sent = |provider: &str| gateway.provider(provider).received("options")[0].json();
    assert_eq!((&sent("slow")["temperature"], &sent("slow")["safe_prompt"]), (&json!(0.5), &json!(true)));
    assert_eq!((&sent("quick")["temperature"], &sent("quick")["user"]), (&json!(1), &json!("me")));
    for provider in ["slow", "quick"] {
        for member in ["x", "fallback_models", "routing_preference", "provider"] {
            assert_eq!(sent(provider).get(member), None, "{provider}: {member}");
        }
    }
    let claude = json!({"provider": {"options": {"claude": {"top_k": 7}}}, "routing_preference": "cost"});
    assert_eq!(gateway.send(&Request::ask("t/claude", claude)).content(), "Claude.");
    let sent = gateway.provider("claude").received("claude").into_iter().find_map(|sent| sent.json().get("top_k").cloned());
    assert_eq!(sent, Some(json!(7)), "in the provider's own format");
}

#[test]
fn fallback_models_are_models() {
    let gateway = Use::of(&GATEWAY);
    let body = json!({"provider": {"only": ["claude", "slow"]}, "fallback_models": ["t/claude"]});
    gateway.provider("slow").answers("told-404", Reply::error(404, "no such model"));
    let answer = gateway.send(&Request::ask("t/told-404", body)).json();
    assert_eq!(answer["model"], "t/claude", "{answer:#}");
    let many = json!({"models": ["t/a", "t/b"], "fallback_models": ["t/c", "t/d"]});
    assert!(gateway.send(&Request::ask("t/told", many)).error(400).contains("3 items"));
    assert!(gateway.send(&Request::ask("t/told", json!({"routing_preference": "luck"}))).error(400).contains("routing_preference"));
}

#[test]
fn the_auto_router_answers_as_the_model_that_it_chose() {
    let gateway = Use::of(&GATEWAY);
    let auto = |more: Value| gateway.send(&Request::ask("openrouter/auto", more)).json();
    assert_eq!(auto(json!({}))["model"], "t/sees");
    let settings = json!({"plugins": [{"id": "auto-router", "cost_tier": "max"}]});
    let answer = auto(settings);
    assert_eq!((&answer["model"], &answer["provider"]), (&json!("t/claude"), &json!("claude")), "{answer:#}");
    assert_eq!(gateway.provider("claude").received("claude")[0].json().get("plugins"), None);
    let nothing = json!({"plugins": [{"id": "auto-router", "allowed_models": ["other/*"]}]});
    let refused = gateway.send(&Request::ask("openrouter/auto", nothing));
    assert_eq!(refused.error(404), "No models match your request and model restrictions");
}

#[test]
fn a_tier_is_asked_for_by_its_name_and_no_other_is_paid() {
    let gateway = Use::of(&GATEWAY);
    let cost = |answer: &Value| answer["usage"]["cost"].as_f64().unwrap() * 1e6;
    let tokens = (wire::INPUT_TOKENS + wire::OUTPUT_TOKENS) as f64;
    for (model, more, price, served) in [
        ("t/tiers", json!({}), 2.0, Value::Null),
        ("t/tiers", json!({"service_tier": "flex"}), 1.0, json!("flex")),
        ("t/tiers", json!({"service_tier": "fast"}), 4.0, json!("priority")),
        ("t/tiers:floor", json!({}), 1.0, json!("flex")),
        ("t/tiers", json!({"service_tier": "priority", "provider": {"only": ["tiered"]}}), 4.0, json!("priority")),
        ("t/tiers", json!({"service_tier": "flex", "provider": {"order": ["tiered"], "allow_fallbacks": false}}), 1.0, json!("flex")),
        ("t/tiers:floor", json!({"service_tier": "default"}), 2.0, json!("default")),
        ("t/tiers", json!({"speed": "fast"}), 4.0, json!("priority")),
    ] {
        let answer = gateway.send(&Request::ask(model, more.clone())).json();
        let paid = cost(&answer);
        assert!((paid - tokens * price).abs() < 0.01, "{model} {more}: {paid}");
        assert_eq!(answer["service_tier"], served, "{model} {more}");
    }
    // As Claude Code asks for it.
    let message = gateway.send(&Request::ask("t/tiers", json!({"speed": "fast", "max_tokens": 9})).path("/api/v1/messages")).json();
    assert!((cost(&message) - tokens * 4.0).abs() < 0.01, "{message:#}");
    assert_eq!(message["usage"]["service_tier"], "priority");
    // Other wishes leave nobody who was not asked for.
    for (model, more, expected) in [
        (
            "t/tiers",
            json!({"provider": {"max_price": {"prompt": 1.5}}}),
            "provider.max_price is lower than any price, it is served by tiered",
        ),
        ("t/tiers", json!({"provider": {"ignore": ["tiered"]}}), "provider.ignore excludes tiered, it is served by tiered"),
        (
            "t/flex",
            json!({}),
            "service_tier asks for none of its tiers (what would: service_tier \"flex\", the variant :floor, or \"tiered/flex\"",
        ),
    ] {
        let refused = gateway.send(&Request::ask(model, more.clone())).error(404);
        assert!(refused.contains(expected), "{model} {more}: {refused}");
    }
    let sent = gateway.provider("tiered").received("tiers");
    let tiers: Vec<_> = sent.iter().map(|sent| sent.json()["service_tier"].clone()).collect();
    let (flex, priority) = (|| json!("flex"), || json!("priority"));
    assert_eq!(tiers, [Value::Null, flex(), priority(), flex(), priority(), flex(), json!("default"), priority(), priority()]);
    assert!(sent.iter().all(|sent| sent.json().get("speed").is_none()));

    // What is paid is the tier that served.
    let quick = json!({"service_tier": "priority", "messages": [{"role": "user", "content": "Be quick."}]});
    let answer = gateway.send(&Request::ask("t/tiers", quick)).json();
    assert_eq!(answer["service_tier"], "default");
    assert!((cost(&answer) - tokens * 2.0).abs() < 0.01, "{answer:#}");
}

#[test]
fn the_client_is_told_how_it_was_routed() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("slow").answers("told", Reply::error(503, "busy"));
    let tell = |request: Request| request.header("x-openrouter-metadata", "Enabled");
    let ask = |more: Value| {
        stream("t/told", json!({"provider": {"order": ["slow"]}, "models": ["t/claude"]})).header("x-more", &more.to_string())
    };
    let events = gateway.send(&tell(ask(json!({})))).text();
    let chunks: Vec<Value> = events.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
    let (last, before) = chunks.split_last().unwrap();
    let expected = json!({
        "requested": "t/told", "strategy": "fallback", "region": null, "summary": "available=3, selected=quick", "attempt": 2,
        "is_byok": false,
        "endpoints": {"total": 3, "available": [
            {"provider": "slow", "model": "t/told", "selected": false}, {"provider": "quick", "model": "t/told", "selected": true},
            {"provider": "claude", "model": "t/claude", "selected": false}]},
        "attempts": [{"provider": "slow", "model": "t/told", "status": 503}, {"provider": "quick", "model": "t/told", "status": 200}],
    });
    assert_eq!(last["openrouter_metadata"], expected, "{last:#}");
    assert!(last["usage"].is_object() && before.iter().all(|chunk| chunk.get("openrouter_metadata").is_none()));
    assert!(!gateway.send(&ask(json!({}))).text().contains("openrouter_metadata"), "only where it is asked for");
    let whole = gateway.send(&tell(Request::ask("t/claude", json!({})))).json();
    assert_eq!((&whole["openrouter_metadata"]["strategy"], &whole["openrouter_metadata"]["attempt"]), (&json!("direct"), &json!(1)));
    let auto = gateway.send(&tell(Request::ask("openrouter/auto", json!({})))).json();
    assert_eq!(auto["openrouter_metadata"]["strategy"], "auto");
    assert_eq!(auto["openrouter_metadata"]["requested"], "openrouter/auto");

    let failed = gateway.send(&tell(Request::ask("t/told", json!({"provider": {"only": ["slow"]}})))).json();
    assert_eq!(failed["openrouter_metadata"]["attempts"], json!([{"provider": "slow", "model": "t/told", "status": 503}]), "{failed:#}");
    assert_eq!(failed["openrouter_metadata"]["endpoints"]["available"][0]["selected"], false);
    let nobody = gateway.send(&tell(Request::ask("t/told", json!({"provider": {"only": ["nobody"]}})))).json();
    assert_eq!((&nobody["error"]["code"], &nobody["openrouter_metadata"]["attempt"]), (&json!(404), &json!(0)), "{nobody:#}");
    assert_eq!(nobody["openrouter_metadata"]["endpoints"]["total"], 2);
}
