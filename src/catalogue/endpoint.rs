//! An endpoint's object.

use serde::Serialize;
use serde_json::{Value, json};

use super::model;
use crate::config::Model;
use crate::endpoint::{Endpoint, ServiceTier};
use crate::performance::{Percentiles, Report};

/// How an endpoint has done, in OpenRouter's words.
#[derive(Serialize)]
struct Shown {
    uptime_last_5m: Option<f64>,
    uptime_last_30m: Option<f64>,
    uptime_last_1d: Option<f64>,
    latency_last_30m: Option<Speed>,
    throughput_last_30m: Option<Speed>,
}

#[derive(Serialize)]
struct Speed {
    p50: f64,
    p75: f64,
    p90: f64,
    p99: f64,
}

/// What `GET /models/{author}/{slug}/endpoints` says of `model`, but for its endpoints.
pub(super) fn head(model: &Model) -> Value {
    json!({
        "id": model.id.as_str(),
        "name": model.name,
        "created": model.created,
        "description": model.description,
        "architecture": model::architecture(model),
    })
}

/// Appends `,` and the members that say how an endpoint has done; how fast, if `shows_speed`.
pub(super) fn report_into(report: &Report, shows_speed: bool, out: &mut String) {
    let speed = |speed: Option<Percentiles<f64>>| {
        speed.filter(|_| shows_speed).map(|Percentiles { p50, p75, p90, p99 }| Speed { p50, p75, p90, p99 })
    };
    let shown = Shown {
        uptime_last_5m: report.uptime_last_5m,
        uptime_last_30m: report.uptime_last_30m,
        uptime_last_1d: report.uptime_last_1d,
        latency_last_30m: speed(report.latency_last_30m),
        throughput_last_30m: speed(report.throughput_last_30m),
    };
    if let Ok(object) = serde_json::to_string(&shown)
        && let Some(members) = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
    {
        out.push(',');
        out.push_str(members);
    }
}

/// The object of an endpoint of `model`, but for how it has done.
pub(super) fn object(model: &Model, endpoint: &Endpoint) -> Value {
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
        "supports_implicit_caching": endpoint.price.input_cache_read != endpoint.price.prompt,
        "supports_tool_choice": {"auto": chooses, "function": chooses, "none": chooses, "required": chooses},
        "native_tools": {},
        "supports_diarization": false,
        "service_tier": endpoint.service_tier.map(ServiceTier::as_str),
    })
}
