//! Of the client's body only what the gateway owns is changed; every other byte reaches the provider as it was sent, so that prompt
//! caches keep hitting and numbers keep their value.

use serde_json::{Value, json};

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let ids = ["t/exact", "t/escaped", "t/own", "t/stream", "t/twice", "t/long-name-of-a-model", "t/nested"];
    let setup = Setup::new()
        .providers(&["first"])
        .provider(Provider::start("new"), json!({"max_tokens": "max_completion_tokens"}))
        .provider(Provider::start("old"), json!({"max_tokens": "max_tokens"}))
        .provider(Provider::start("any"), json!({"max_tokens": "as_sent"}))
        .models(&ids, &["first"])
        .models(&["t/new"], &["new"])
        .models(&["t/old"], &["old"])
        .models(&["t/any"], &["any"]);
    let gateway = Gateway::start(setup);
    for name in ["first", "new", "old", "any"] {
        for id in ids.iter().chain(&["t/new", "t/old", "t/any"]) {
            gateway.provider(name).answers(super::setup::upstream_name(id), wire::completion("ok"));
        }
    }
    gateway
});

/// What the only provider of `model` was sent for this body.
fn sent(gateway: &Gateway, model: &str, body: &str) -> String {
    let response = gateway.send(&Request::chat(body));
    assert_eq!(response.status, 200, "{body}: {}", response.text());
    let provider = gateway.provider(if ["new", "old", "any"].contains(&model) { model } else { "first" });
    provider.received(model).pop().unwrap().text()
}

#[test]
fn t23_c25_every_other_byte_stays() {
    let gateway = Use::of(&GATEWAY);
    for body in [
        r#"{"model":"MODEL","messages":[{"role":"user","content":"hi"}]}"#,
        "\r\n {\t\"temperature\" : 1.0 ,\n  \"messages\" : [ { \"content\" : \"hi\" , \"role\" : \"user\" } ] ,\n\t\"model\" : \"MODEL\"\n}\n ",
        r#"{"seed":9223372036854775807,"model":"MODEL","top_p":1e-7,"logit_bias":{"50256":-100.0},"messages":[{"role":"user","content":"hi"}],"x":123456789012345678901234567890,"y":-0.0,"z":1E+2}"#,
        r#"{"messages":[{"role":"user","content":"\u00e9 é \ud83d\ude80 \/ \b\f\n\" \\ {\"model\":\"x\"}"}],"model":"MODEL","unknown":{"deep":[[[{"model":"inner"}]]]},"metadata":{}}"#,
        r#"{"messages":[{"role":"assistant","content":null,"reasoning_content":"a\u0020b","thought":{"data":"bW9kZWw=","signature":"c2ln"}}],"prompt_cache_key":"k","service_tier":"flex","verbosity":"low","store":true,"model":"MODEL"}"#,
        r#"{"tools":[{"function":{"parameters":{"type":"object","properties":{"model":{"type":"string"},"provider":{},"models":{}}},"name":"f"},"type":"function"}],"model":"MODEL","messages":[{"role":"user","content":[{"type":"text","text":"hi","prompt_cache":{"type":"ephemeral"}}]}],"stream":false}"#,
    ] {
        let received = sent(&gateway, "exact", &body.replace("MODEL", "t/exact"));
        assert_eq!(received, body.replace("MODEL", "exact"));
    }
}

/// The name of `model` itself may be written in another way.
#[test]
fn t24_an_escaped_member_name_is_the_same_member() {
    let gateway = Use::of(&GATEWAY);
    for body in [
        r#"{"\u006dodel":"t/escaped","messages":[{"role":"user","content":"hi"}]}"#,
        r#"{"model":"t\/escaped","messages":[{"role":"user","content":"hi"}]}"#,
        r#"{"model":"\u0074/escaped","messages":[{"role":"user","content":"hi"}]}"#,
    ] {
        let response = gateway.send(&Request::chat(body));
        assert_eq!(response.status, 200, "{body}: {}", response.text());
    }
    let provider = gateway.provider("first");
    assert!(provider.received("escaped").iter().all(|request| request.json()["model"] == "escaped"));
    assert!(provider.received("t\\").is_empty() && provider.received("t/escaped").is_empty());
}

/// T24: the gateway and the provider may not each pick another.
#[test]
fn t24_a_body_that_names_two_models_is_refused() {
    let gateway = Use::of(&GATEWAY);
    for body in [
        r#"{"model":"t/twice","model":"t/twice","messages":[{"role":"user","content":"hi"}]}"#,
        r#"{"model":"t/twice","messages":[{"role":"user","content":"hi"}],"model":"gpt-5-pro"}"#,
        r#"{"model":"t/twice","messages":[{"role":"user","content":"hi"}],"mode\u006c":"gpt-5-pro"}"#,
        r#"{"\u006Dodel":null,"messages":[{"role":"user","content":"hi"}],"model":"t/twice"}"#,
    ] {
        let message = gateway.send(&Request::chat(body)).error(400);
        assert!(message.contains("model"), "{message}");
    }
    assert!(gateway.provider("first").received("twice").is_empty());
    let nested = r#"{"model":"t/nested","metadata":{"model":"x"},"messages":[{"role":"user","content":"hi","model":"y"}]}"#;
    assert_eq!(sent(&gateway, "nested", nested), nested.replace("t/nested", "nested"));
}

#[test]
fn openrouters_own_members_stay_here() {
    let gateway = Use::of(&GATEWAY);
    let own = [
        r#""models":["t/own"]"#,
        r#""provider":{"order":["first"],"allow_fallbacks":true}"#,
        r#""route":"fallback""#,
        r#""transforms":["middle-out"]"#,
        r#""plugins":[{"id":"web","enabled":false}]"#,
        r#""usage":{"include":true}"#,
    ];
    let kept = [r#""messages" : [{"role":"user","content":"models, provider"}]"#, r#""temperature":1.0"#, r#""seed":9223372036854775807"#];
    let orders: [&[&str]; 4] = [
        &[own[0], kept[0], own[1], own[2], kept[1], own[3], kept[2], own[4], own[5], r#""model":"t/own""#],
        &[r#""model":"t/own""#, own[5], own[4], own[3], kept[0], kept[1], kept[2], own[2], own[1], own[0]],
        &[own[0], r#""model":"t/own""#, kept[0], kept[1], kept[2], own[5]],
        &[kept[0], own[1], kept[1], own[3], kept[2], own[4], r#""model":"t/own""#],
    ];
    for (n, members) in orders.iter().enumerate() {
        for separator in [",", " , ", "\n,\n"] {
            let text = sent(&gateway, "own", &format!("{{{}}}", members.join(separator)));
            let body: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text}"));
            let mut names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, ["messages", "model", "seed", "temperature"], "order {n}: {text}");
            assert!(kept.iter().all(|member| text.contains(member)), "{text}");
        }
    }
}

#[test]
fn a_stream_gets_one_member_more() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("first");
    provider.answers("stream", wire::stream(&["ok"]));
    let kept = [r#""messages" : [ {"role":"user","content":"hi"} ]"#, r#""temperature":1.0"#, r#""stream" : true"#];
    for body in [kept.join(", "), [kept[2], kept[0], kept[1]].join(",\n")] {
        let body = format!("{{ \"model\": \"t/stream\", {body} }}");
        gateway.send(&Request::chat(body.clone()));
        let received = provider.received("stream").pop().unwrap();
        let mut expected: Value = serde_json::from_str(&body).unwrap();
        expected["model"] = "stream".into();
        expected["stream_options"] = json!({"include_usage": true});
        assert_eq!(received.json(), expected);
        assert!(kept.iter().all(|member| received.text().contains(member)), "{}", received.text());
    }
}

/// T5: the same limit has two names.
#[test]
fn the_output_limit_is_named_as_the_provider_wants_it() {
    let gateway = Use::of(&GATEWAY);
    for (model, given, expected) in [
        ("new", "max_tokens", "max_completion_tokens"),
        ("new", "max_completion_tokens", "max_completion_tokens"),
        ("old", "max_completion_tokens", "max_tokens"),
        ("old", "max_tokens", "max_tokens"),
        ("any", "max_tokens", "max_tokens"),
        ("any", "max_completion_tokens", "max_completion_tokens"),
    ] {
        let body = format!(r#"{{"model":"t/{model}", "{given}" : 77 ,"messages":[{{"role":"user","content":"hi"}}]}}"#);
        let text = sent(&gateway, model, &body);
        let value: Value = serde_json::from_str(&text).unwrap();
        let limits: Vec<&String> = value.as_object().unwrap().keys().filter(|name| name.starts_with("max_")).collect();
        assert_eq!(limits, [expected], "{model}: {text}");
        assert_eq!(value[expected], 77, "{text}");
    }
}
