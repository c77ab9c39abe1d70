//! An endpoint's object.

use serde_json::{Value, json};

use super::model;
use crate::config::Model;
use crate::endpoint::Endpoint;

/// What `GET /models/{author}/{slug}/endpoints` says of `model`.
pub(super) fn of_model(model: &Model) -> Value {
    json!({
        "id": model.id.as_str(),
        "name": model.name,
        "created": model.created,
        "description": model.description,
        "architecture": model::architecture(model),
        "endpoints": model.endpoints.iter().map(|endpoint| object(model, endpoint)).collect::<Vec<_>>(),
    })
}

/// The object of an endpoint of `model`.
pub(super) fn object(model: &Model, endpoint: &Endpoint) -> Value {
    let chooses = endpoint.heeds("tool_choice");
    json!({
        "name": format!("{} | {}", endpoint.provider.name, model.id),
        "model_id": model.id.as_str(),
        "model_name": model.name,
        // Clients demand a number. 0 is one that nobody takes for a length.
        "context_length": endpoint.context_length.or_else(|| model::context_length(model)).unwrap_or(0),
        "pricing": model::pricing(&endpoint.price),
        "provider_name": endpoint.provider.name,
        "tag": endpoint.provider.slug,
        "quantization": endpoint.quantization.unwrap_or("unknown"),
        "max_completion_tokens": endpoint.max_completion_tokens,
        "max_prompt_tokens": null,
        "supported_parameters": model::parameters(|name| endpoint.heeds(name)),
        "status": 0,
        "uptime_last_5m": null,
        "uptime_last_30m": null,
        "uptime_last_1d": null,
        "latency_last_30m": null,
        "throughput_last_30m": null,
        "supports_implicit_caching": endpoint.price.input_cache_read != endpoint.price.prompt,
        "supports_tool_choice": {"auto": chooses, "function": chooses, "none": chooses, "required": chooses},
        "native_tools": {},
        "supports_diarization": false,
        "service_tier": null,
    })
}
