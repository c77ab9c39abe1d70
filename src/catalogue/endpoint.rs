//! An endpoint's object.

use serde_json::{Value, json};

use super::model;
use crate::config::Model;
use crate::endpoint::{Endpoint, ServiceTier};
use crate::performance::{Percentiles, Report};

/// What `GET /models/{author}/{slug}/endpoints` says of `model`.
pub(super) fn of_model(model: &Model, report: &dyn Fn(&Endpoint) -> Value) -> Value {
    json!({
        "id": model.id.as_str(),
        "name": model.name,
        "created": model.created,
        "description": model.description,
        "architecture": model::architecture(model),
        "endpoints": model.endpoints.iter().map(|endpoint| object(model, endpoint, &report(endpoint))).collect::<Vec<_>>(),
    })
}

/// How an endpoint has done; how fast, if `shows_speed`.
pub(super) fn report(report: &Report, shows_speed: bool) -> Value {
    let percentiles = |percentiles: &Option<Percentiles<f64>>| {
        let shown = percentiles.filter(|_| shows_speed);
        shown.map_or(Value::Null, |Percentiles { p50, p75, p90, p99 }| json!({"p50": p50, "p75": p75, "p90": p90, "p99": p99}))
    };
    json!({
        "uptime_last_5m": report.uptime_last_5m,
        "uptime_last_30m": report.uptime_last_30m,
        "uptime_last_1d": report.uptime_last_1d,
        "latency_last_30m": percentiles(&report.latency_last_30m),
        "throughput_last_30m": percentiles(&report.throughput_last_30m),
    })
}

/// The object of an endpoint of `model`, which has done as `report` says.
pub(super) fn object(model: &Model, endpoint: &Endpoint, report: &Value) -> Value {
    let chooses = model::supports(endpoint, "tool_choice");
    json!({
        "name": format!("{} | {}", endpoint.provider.name, model.id),
        "model_id": model.id.as_str(),
        "model_name": model.name,
        // Clients demand a number. 0 is one that nobody takes for a length.
        "context_length": endpoint.context_length.or_else(|| model::context_length(model)).unwrap_or(0),
        "pricing": model::pricing(&endpoint.price),
        "provider_name": endpoint.provider.name,
        "tag": endpoint.tag,
        "quantization": endpoint.quantization.unwrap_or("unknown"),
        "max_completion_tokens": endpoint.max_completion_tokens,
        "max_prompt_tokens": null,
        "supported_parameters": model::parameters(|name| model::supports(endpoint, name)),
        "status": 0,
        "uptime_last_5m": report["uptime_last_5m"],
        "uptime_last_30m": report["uptime_last_30m"],
        "uptime_last_1d": report["uptime_last_1d"],
        "latency_last_30m": report["latency_last_30m"],
        "throughput_last_30m": report["throughput_last_30m"],
        "supports_implicit_caching": endpoint.price.input_cache_read != endpoint.price.prompt,
        "supports_tool_choice": {"auto": chooses, "function": chooses, "none": chooses, "required": chooses},
        "native_tools": {},
        "supports_diarization": false,
        "service_tier": endpoint.service_tier.map(ServiceTier::as_str),
    })
}
