//! What of a long request an endpoint gets.

use super::*;
use crate::exchange::compression::compressed;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// An endpoint of `model` at a provider of `dialect`, with a context of so many tokens.
fn endpoint(dialect: &str, model: &str, context: Option<u64>) -> Rc<Endpoint> {
    let endpoint = json!({"provider": "p", "model": "m", "context_length": context, "price": {"prompt": 1, "completion": 1}});
    let config = json!({"role": "gateway", "anonymous": true, "providers": {"p": {"dialect": dialect}},
        "models": [{"id": model, "endpoints": [endpoint]}]});
    let Ok(Config::Gateway(gateway)) = Config::parse(config.to_string().as_bytes(), |_| None) else { panic!("{config}") };
    gateway.endpoints().next().unwrap().clone()
}

/// A conversation of so many messages of 100 tokens each.
fn conversation(messages: usize, more: &Value) -> Request {
    conversation_by(Api::Chat, messages, more)
}

fn conversation_by(api: Api, messages: usize, more: &Value) -> Request {
    let message = |place: usize| json!({"role": if place.is_multiple_of(2) { "user" } else { "assistant" }, "content": "word".repeat(100)});
    let mut body = json!({"model": "m/one", "messages": (0..messages).map(message).collect::<Vec<_>>()});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Request::parse_as(api, body.to_string().into_bytes(), None, 3, &crate::preset::Presets::default()).unwrap()
}

fn messages(request: &Request) -> usize {
    serde_json::from_slice::<Value>(request.body()).unwrap()["messages"].as_array().unwrap().len()
}

#[test]
fn what_fits_goes_out_as_it_is() {
    let ten = conversation(10, &json!({}));
    assert!(compressed(&ten, &endpoint("openai", "m/one", Some(1000))).is_none(), "to the last token");
    assert!(compressed(&ten, &endpoint("openai", "m/one", None)).is_none(), "as far as anybody knows");
    assert!(compressed(&conversation(100, &json!({})), &endpoint("openai", "m/one", Some(9000))).is_none(), "large ones only if asked to");
}

#[test]
fn what_does_not_fit_leaves_room_for_the_answer() {
    let context = endpoint("openai", "m/one", Some(1000));
    let unsaid = compressed(&conversation(12, &json!({})), &context).unwrap();
    assert!(unsaid.length().total() <= 875, "an eighth is kept free: {}", unsaid.length().total());
    let said = compressed(&conversation(12, &json!({"max_tokens": 500})), &context).unwrap();
    assert!(said.length().text <= 500 && said.length().total() <= 1000, "{:?}", said.length());
    let tools = json!({"tools": [{"type": "function", "function": {"name": "f", "description": "word".repeat(400)}}]});
    let with_tools = compressed(&conversation(12, &tools), &context).unwrap();
    assert!(with_tools.length().total() <= 1000, "{:?}", with_tools.length());
    assert!(compressed(&conversation(12, &json!({"transforms": []})), &context).is_none(), "it was switched off");
}

#[test]
fn models_of_anthropics_get_a_thousand_messages_where_compression_is_asked_for() {
    let wanted = json!({"transforms": ["middle-out"]});
    let many = conversation(1003, &wanted);
    assert_eq!(compressed(&many, &endpoint("anthropic", "m/one", None)).map(|request| messages(&request)), Some(1000));
    assert_eq!(compressed(&many, &endpoint("openai", "anthropic/claude", None)).map(|request| messages(&request)), Some(1000));
    assert!(compressed(&many, &endpoint("openai", "m/one", None)).is_none());
    assert!(compressed(&conversation(1003, &json!({})), &endpoint("anthropic", "m/one", None)).is_none());
}

#[test]
fn a_compressed_request_is_still_of_the_api_that_it_came_by() {
    let long = conversation_by(Api::Messages, 12, &json!({"max_tokens": 0}));
    let compressed = compressed(&long, &endpoint("openai", "m/one", Some(1000))).unwrap();
    assert_eq!((compressed.api, compressed.max_tokens), (Api::Messages, Some(0)));
}
