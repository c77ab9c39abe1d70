//! A model's object.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use crate::api::Api;
use crate::config::Model;
use crate::endpoint::Endpoint;
use crate::price::{FemtoUsd, Price};

/// The parameters that OpenRouter lists.
const PARAMETERS: [&str; 25] = [
    "frequency_penalty",
    "include_reasoning",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "min_p",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "reasoning",
    "reasoning_effort",
    "repetition_penalty",
    "response_format",
    "seed",
    "stop",
    "structured_outputs",
    "temperature",
    "tool_choice",
    "tools",
    "top_a",
    "top_k",
    "top_logprobs",
    "top_p",
    "verbosity",
];

/// The object of `model`, priced as the cheapest endpoint that a plain request may get.
pub(super) fn object(model: &Model) -> Value {
    let cheapest = cheapest(model);
    json!({
        "id": model.id.as_str(),
        "canonical_slug": model.id.as_str(),
        "hugging_face_id": model.hugging_face_id,
        "name": model.name,
        "created": model.created,
        "description": model.description,
        "context_length": context_length(model),
        "architecture": architecture(model),
        "pricing": cheapest.map_or_else(|| Value::Object(Map::new()), |endpoint| pricing(&endpoint.price)),
        "top_provider": {
            "context_length": cheapest.and_then(|endpoint| endpoint.context_length),
            "max_completion_tokens": cheapest.and_then(|endpoint| endpoint.max_completion_tokens),
            "is_moderated": false,
        },
        "per_request_limits": null,
        "supported_parameters": parameters(|name| model.endpoints.iter().any(|endpoint| supports(endpoint, name))),
        "default_parameters": null,
        "supported_voices": null,
        "knowledge_cutoff": model.knowledge_cutoff,
        "expiration_date": null,
        "links": {"details": format!("/api/v1/models/{}/endpoints", model.id)},
    })
}

/// The cheapest endpoint that a request may get which asks for nothing else: one of a tier of its own only where all are.
pub(super) fn cheapest(model: &Model) -> Option<&Endpoint> {
    let by_tier = |endpoint: &&Rc<Endpoint>| (endpoint.service_tier.is_some(), endpoint.price.ranking());
    model.endpoints.iter().min_by_key(by_tier).map(|endpoint| &**endpoint)
}

/// What the model says, or else the longest of its endpoints.
pub(super) fn context_length(model: &Model) -> Option<u64> {
    model.context_length.or_else(|| model.endpoints.iter().filter_map(|endpoint| endpoint.context_length).max())
}

/// What goes in and what comes out.
pub(super) fn architecture(model: &Model) -> Value {
    let inputs: Vec<&str> = model.input_modalities.names().collect();
    json!({
        "modality": format!("{}->{}", inputs.join("+"), model.output_modalities.join("+")),
        "input_modalities": inputs,
        "output_modalities": model.output_modalities,
        "tokenizer": model.tokenizer,
        "instruct_type": null,
    })
}

/// Those of the parameters that are supported.
pub(super) fn parameters(supports: impl Fn(&str) -> bool) -> Vec<&'static str> {
    PARAMETERS.into_iter().filter(|name| supports(name)).collect()
}

/// Whether `endpoint` does what this parameter asks for, and it is one that lists have. They are those of an answer: what only embeds has
/// none of them.
pub(super) fn supports(endpoint: &Endpoint, parameter: &str) -> bool {
    PARAMETERS.contains(&parameter) && endpoint.output.is_had_by(Api::Chat) && endpoint.heeds(parameter)
}

/// Prices in USD for each token or request, as texts. The two that every client wants come always, others where they differ from
/// what they are by themselves.
pub(super) fn pricing(price: &Price) -> Value {
    let usual = Price::new(price.prompt, price.completion);
    let mut pricing = Map::new();
    let mut add = |name: &str, amount: FemtoUsd| _ = pricing.insert(name.into(), Value::String(amount.to_string()));
    add("prompt", price.prompt);
    add("completion", price.completion);
    add("request", price.request);
    for (name, amount, usual) in [
        ("input_cache_read", price.input_cache_read, usual.input_cache_read),
        ("input_cache_write", price.input_cache_write, usual.input_cache_write),
        ("input_cache_write_1h", price.input_cache_write_1h, usual.input_cache_write_1h),
        ("internal_reasoning", price.internal_reasoning, usual.internal_reasoning),
        ("audio", price.audio, usual.audio),
        ("audio_output", price.audio_output, usual.audio_output),
        ("image_output", price.image_output, usual.image_output),
    ] {
        if amount != usual {
            add(name, amount);
        }
    }
    pricing.insert("discount".into(), 0.into());
    Value::Object(pricing)
}
