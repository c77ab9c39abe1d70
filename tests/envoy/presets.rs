//! Presets of the configuration: what a request names instead of saying it reaches the provider as if it had said it.

use serde_json::{Value, json};

use super::{
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    gemini, key_policy,
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

const PROMPT: &str = "You write e-mails.\nBe \"brief\".";

static GATEWAY: Shared = Shared::new(|| {
    let google = json!({"dialect": "gemini", "host": null, "path_prefix": null, "credential": {"env": "GEMINI_API_KEY"}});
    let setup = Setup::new()
        .env("GEMINI_API_KEY", "AIza-test")
        .providers(&["first", "second"])
        .provider(Provider::start("google"), google)
        .provider(Provider::start("router"), json!({"dialect": "openrouter", "path_prefix": "/api/v1"}))
        .models(&["t/letters", "t/falls", "t/streams", "t/tools", "t/other", "t/spare", "t/apis"], &["first", "second"])
        .models(&["t/pixel-image"], &["google"])
        .models(&["t/routed"], &["router"])
        .key(key_policy::key("letters", json!({"models": ["t/letters"]})))
        .with(
            "presets",
            json!([
                {"slug": "email-copywriter", "system_prompt": PROMPT, "config": {
                    "model": "t/letters", "temperature": "0.7", "max_tokens": 50.0, "provider": {"order": ["second"], "allow_fallbacks": false}}},
                {"slug": "patient", "config": {"models": ["t/falls", "t/spare"], "provider": {"order": ["first", "second"]}, "top_p": 0.5}},
                {"slug": "armed", "system_prompt": PROMPT, "config": {"model": "t/tools", "tools": [
                    {"type": "function", "function": {"name": "look", "description": "the preset's"}},
                    {"type": "function", "function": {"name": "send"}}]}},
                {"slug": "twice", "config": {"n": 2, "provider": {"order": ["second"]}, "response_format": {"type": "json_object"}}},
                {"slug": "painter", "config": {"modalities": ["image", "text"], "image_config": {"aspect_ratio": "16:9", "image_size": "2K"}}},
            ]),
        );
    let gateway = Gateway::start(setup);
    for name in ["first", "second"] {
        for model in ["letters", "tools", "other", "spare", "apis"] {
            gateway.provider(name).answers(model, wire::completion(name));
        }
    }
    gateway.provider("second").answers("streams", wire::stream(&["Dear ", "all"]));
    gateway
});

fn chat(body: Value) -> Request {
    Request::chat(body.to_string())
}

fn said() -> Value {
    json!([{"role": "user", "content": "Invite them."}])
}

fn heard() -> Value {
    json!([{"role": "system", "content": PROMPT}, {"role": "user", "content": "Invite them."}])
}

/// What the provider was sent last for `model`.
fn sent(gateway: &Gateway, provider: &str, model: &str) -> Value {
    gateway.provider(provider).received(model).last().unwrap_or_else(|| panic!("{provider} was not asked for {model}")).json()
}

#[test]
fn a_preset_is_named_in_three_ways_and_the_request_wins() {
    let gateway = Use::of(&GATEWAY);
    let full = |model: &str| json!({"model": model, "messages": heard(), "temperature": 0.7, "max_completion_tokens": 50});
    let answer = gateway.send(&chat(json!({"model": "@preset/email-copywriter", "messages": said()})));
    assert_eq!((answer.content(), &answer.json()["model"]), ("second".into(), &json!("t/letters")), "its provider, too");
    assert_eq!(sent(&gateway, "second", "letters"), full("letters"));
    for body in [
        json!({"model": "t/other@preset/email-copywriter", "messages": said()}),
        json!({"model": "t/other", "preset": "email-copywriter", "messages": said()}),
    ] {
        assert_eq!(gateway.send(&chat(body)).content(), "second");
        assert_eq!(sent(&gateway, "second", "other"), full("other"));
    }
    let messages = json!([{"role": "system", "content": "Be long."}, {"role": "user", "content": "Invite them."}]);
    let over = json!({"preset": "email-copywriter", "messages": messages, "max_completion_tokens": 9, "temperature": 0, "provider": {}});
    assert_eq!(gateway.send(&chat(over)).content(), "first", "the order of the configuration");
    let expected = json!({"model": "letters", "messages": messages, "max_completion_tokens": 9, "temperature": 0});
    assert_eq!(sent(&gateway, "first", "letters"), expected);
}

#[test]
fn every_byte_of_the_client_is_as_it_came() {
    let gateway = Use::of(&GATEWAY);
    let body = r#"{ "messages" :[ {"content":"\u00e9","role":"user"}],"seed":1e0 , "model":"t/other@preset/patient","stop":null}"#;
    assert_eq!(gateway.send(&Request::chat(body)).content(), "first");
    let expected = r#"{ "messages" :[ {"content":"\u00e9","role":"user"}],"seed":1e0 , "model":"other","stop":null,"top_p":0.5}"#;
    assert_eq!(gateway.provider("first").received("other").last().unwrap().text(), expected);
}

#[test]
fn the_next_provider_and_the_next_model_get_the_same() {
    let gateway = Use::of(&GATEWAY);
    for name in ["first", "second"] {
        gateway.provider(name).answers("falls", Reply::error(500, "down"));
    }
    let answer = gateway.send(&chat(json!({"preset": "patient", "messages": said()})));
    assert_eq!((answer.content(), &answer.json()["model"]), ("first".into(), &json!("t/spare")));
    for (provider, model) in [("first", "falls"), ("second", "falls"), ("first", "spare")] {
        assert_eq!(sent(&gateway, provider, model), json!({"model": model, "messages": said(), "top_p": 0.5}));
    }
    gateway.provider("first").answers("streams", Reply::error(429, "busy"));
    let request = chat(json!({"model": "t/streams@preset/patient", "messages": said(), "stream": true}));
    let events = request.open(gateway.address).events();
    assert_eq!(client::text(&client::chunks(&events)), "Dear all");
    assert_eq!(sent(&gateway, "second", "streams")["top_p"], 0.5);
}

#[test]
fn tools_are_united() {
    let gateway = Use::of(&GATEWAY);
    let tool = |name: &str| json!({"type": "function", "function": {"name": name}});
    let body = json!({"model": "@preset/armed", "messages": said(), "tools": [tool("own"), tool("look")]});
    assert_eq!(gateway.send(&chat(body)).content(), "first");
    assert_eq!(sent(&gateway, "first", "tools")["tools"], json!([tool("look"), tool("send"), tool("own")]));
}

#[test]
fn a_key_may_not_use_by_a_preset_what_it_may_not_use() {
    let gateway = Use::of(&GATEWAY);
    let ask = |model: &str| gateway.send(&chat(json!({"model": model, "messages": said()})).header("authorization", "Bearer sk-letters"));
    assert_eq!(ask("@preset/email-copywriter").content(), "second");
    assert!(ask("@preset/armed").error(403).starts_with("This key may not use t/tools"));
    assert!(ask("t/other@preset/email-copywriter").error(403).starts_with("This key may not use t/other"));
}

#[test]
fn an_unknown_preset_is_not_found() {
    let gateway = Use::of(&GATEWAY);
    let message = |slug: &str| format!("There is no preset {slug:?} here: presets stand in the gateway's configuration, under `presets`");
    for body in [
        json!({"model": "@preset/copywriter", "messages": said()}),
        json!({"model": "t/other@preset/copywriter", "messages": said()}),
        json!({"model": "t/other", "preset": "copywriter", "messages": said()}),
    ] {
        let refused = gateway.send(&chat(body));
        assert_eq!(refused.error(404), message("copywriter"));
        assert_eq!(refused.json()["error"]["metadata"]["error_type"], "not_found");
    }
    let anthropics = gateway.send(&chat(json!({"model": "@preset/nobody's", "max_tokens": 9, "messages": said()})).path("/v1/messages"));
    assert_eq!((anthropics.status, anthropics.json()["error"]["message"].clone()), (404, json!(message("nobody's"))));
    let listed = gateway.send(&chat(json!({"models": ["@preset/armed"], "messages": said()})));
    assert_eq!(listed.error(400), "Invalid `models`: expected ids of models: ask for preset \"armed\" by `preset`, or by `model`");
    let none = gateway.send(&chat(json!({"model": "@preset/painter", "messages": said()})));
    let message = "Invalid `model`: expected a model, as preset \"painter\" names none: add `model` to the preset, or ask for \
        author/slug@preset/painter";
    assert_eq!(none.error(400), message);
    let among = gateway.send(&chat(json!({"model": "@preset/armed,t/other", "messages": said()})));
    assert_eq!(among.error(400), "Invalid `model`: expected one model, or ids of models: ask for preset \"armed\" by `preset`");
    let variant = gateway.send(&chat(json!({"model": "t/other@preset/armed:floor", "messages": said()})));
    assert_eq!(variant.error(400), "Invalid `model`: expected a variant before the preset: ask for t/other:floor@preset/armed");
    let embeddings = gateway.send(&chat(json!({"model": "t/other", "preset": "armed", "input": "x"})).path("/api/v1/embeddings"));
    assert_eq!(embeddings.error(400), "Invalid `preset`: expected none: presets are for completions");
}

#[test]
fn every_api_knows_presets() {
    let gateway = Use::of(&GATEWAY);
    let asked = |path: &str, body: Value| {
        let answer = gateway.send(&chat(body).path(path));
        assert_eq!(answer.status, 200, "{}", answer.text());
        (answer.json(), sent(&gateway, "second", "apis"))
    };
    let by = "t/apis@preset/email-copywriter";
    let (answer, body) = asked("/api/v1/completions", json!({"model": by, "prompt": "Invite them."}));
    assert_eq!((&answer["choices"][0]["text"], &body["messages"]), (&json!("second"), &heard()));
    let (answer, body) = asked("/api/v1/messages", json!({"model": by, "max_tokens": 77, "messages": said()}));
    assert_eq!(answer["content"][0]["text"], "second");
    assert_eq!(body, json!({"model": "apis", "messages": heard(), "max_completion_tokens": 77, "temperature": 0.7}));
    let own = json!({"model": "t/apis", "preset": "email-copywriter", "max_tokens": 7, "system": "Be long.", "messages": said()});
    assert_eq!(asked("/api/v1/messages", own).1["messages"][0], json!({"role": "system", "content": "Be long."}));
    let (answer, body) = asked("/api/v1/responses", json!({"model": by, "input": "Invite them."}));
    assert_eq!(answer["output"][0]["content"][0]["text"], "second", "{answer:#}");
    assert_eq!((&body["messages"], &body["max_completion_tokens"]), (&heard(), &json!(50)));
    let twice = json!({"model": "t/apis@preset/twice", "input": "Invite them.", "text": {"format": {"type": "text"}}});
    let body = asked("/api/v1/responses", twice).1;
    assert_eq!(
        body,
        json!({"model": "apis", "messages": said(), "response_format": {"type": "text"}}),
        "one answer, in the format asked for"
    );
    let count = |model: &str| {
        let counted = gateway.send(&chat(json!({"model": model, "messages": said()})).path("/v1/messages/count_tokens"));
        counted.json()["input_tokens"].as_u64().unwrap_or_else(|| panic!("{}", counted.text()))
    };
    assert!(count("@preset/email-copywriter") >= count("t/letters") + PROMPT.len() as u64 / 4, "its prompt counts");
}

#[test]
fn images_are_asked_for_where_they_are_made() {
    let gateway = Use::of(&GATEWAY);
    let image = |url: &str| json!([{"type": "image_url", "image_url": {"url": url}}]);
    let url = |images: &Value| images[0]["image_url"]["url"].clone();
    let (whole, streamed) =
        (json!({"preset": "painter", "messages": said()}), json!({"preset": "painter", "messages": said(), "stream": true}));
    let ask = |model: &str, mut body: Value| {
        body["model"] = model.into();
        chat(body)
    };

    let google = gateway.provider("google");
    let parts = json!([{"text": "Here."}, {"inlineData": {"mimeType": "image/png", "data": "iVBORw0="}}]);
    google.answers("pixel-image", Reply::json(200, &gemini::answer(parts.clone(), "STOP")));
    let answer = gateway.send(&ask("t/pixel-image", whole.clone())).json();
    assert_eq!(url(&answer["choices"][0]["message"]["images"]), "data:image/png;base64,iVBORw0=", "{answer:#}");
    let config = &google.received("pixel-image").last().unwrap().json()["generationConfig"];
    let expected = json!({"responseModalities": ["IMAGE", "TEXT"], "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"}});
    assert_eq!(config, &expected);
    google.answers("pixel-image", Reply::events([gemini::piece(parts), gemini::event(&gemini::answer(json!([]), "STOP"))]));
    let chunks = client::chunks(&ask("t/pixel-image", streamed.clone()).open(gateway.address).events());
    let images: Vec<Value> = chunks.iter().map(|chunk| url(&chunk["choices"][0]["delta"]["images"])).filter(|url| !url.is_null()).collect();
    assert_eq!(images, ["data:image/png;base64,iVBORw0="], "{chunks:?}");

    let router = gateway.provider("router");
    let mut body = wire::completion_body("Here.");
    body["choices"][0]["message"]["images"] = image("data:image/webp;base64,UklGRg==");
    router.answers("routed", Reply::json(200, &body));
    let answer = gateway.send(&ask("t/routed", whole)).json();
    assert_eq!(answer["choices"][0]["message"]["images"], image("data:image/webp;base64,UklGRg=="));
    let expected = json!({"model": "routed", "messages": said(), "modalities": ["image", "text"],
        "image_config": {"aspect_ratio": "16:9", "image_size": "2K"}});
    assert_eq!(router.received("routed").last().unwrap().json(), expected);
    let mut events = wire::stream_events(&["Here."]);
    events.insert(2, wire::event(wire::chunk(json!({"images": image("data:image/webp;base64,UklGRg==")}), Value::Null)));
    router.answers("routed", Reply::events(events));
    let chunks = client::chunks(&ask("t/routed", streamed).open(gateway.address).events());
    assert!(chunks.iter().any(|chunk| chunk["choices"][0]["delta"]["images"] == image("data:image/webp;base64,UklGRg==")), "{chunks:?}");

    gateway.provider("first").answers("other", wire::completion("first"));
    let answer = gateway.send(&ask("t/other", json!({"preset": "painter", "messages": said()})));
    assert_eq!(answer.content(), "first");
    assert_eq!(sent(&gateway, "first", "other").get("image_config"), None, "only OpenRouter knows it by that name");
}
