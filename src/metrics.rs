//! Metric names, labels and what an exchange adds to them: the only place where a metric's name is written.
//!
//! Names and attributes are OpenTelemetry's GenAI conventions where it has them
//! (<https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/>) and `signalbox_…` where it has not. Envoy stats have no
//! labels: they stand in the name as `;label=value`, and `stats_tags` of the bootstrap take them out again. All metrics are
//! defined with the configuration, so none is absent before its first use and no client can add one.

use crate::accounting::Balance;
use crate::config::{Gateway, Key};
use crate::endpoint::Endpoint;
use crate::error::{ErrorType, KeyRejection};
use crate::exchange::{Outcome, Settlement};

/// What Envoy does with the values of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Adds them up.
    Counter,
    /// Keeps the last.
    Gauge,
    /// Sorts them into buckets.
    Histogram,
}

/// A metric to define. Its place in the [`definitions`] is what records name it by.
#[derive(Debug)]
pub struct Definition {
    /// What to do with the values.
    pub kind: Kind,
    /// The name, with the labels in it.
    pub name: String,
}

/// A value for a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The metric's place in the [`definitions`].
    pub metric: usize,
    /// What Envoy does with the value.
    pub kind: Kind,
    /// The value: tokens, milliseconds, nano-USD …
    pub value: u64,
}

const CANCELLED: usize = 0;
const REJECTIONS: usize = 1;
const FAILURES: usize = REJECTIONS + ErrorType::ALL.len();

const OF_KEY: [(Kind, &str); 2] = [(Kind::Counter, "signalbox_key_cost_nano_usd_total"), (Kind::Counter, "signalbox_key_requests_total")];

const TOKENS: &str = "signalbox_tokens_total";
const ATTEMPTS: &str = "signalbox_attempts_total";

/// Kind, name and label of each metric of an endpoint; the fallbacks by error type follow.
const OF_ENDPOINT: [(Kind, &str, &str); 17] = [
    (Kind::Histogram, "gen_ai_client_token_usage", ";gen_ai_token_type=input"),
    (Kind::Histogram, "gen_ai_client_token_usage", ";gen_ai_token_type=output"),
    (Kind::Histogram, "gen_ai_server_request_duration", ""),
    (Kind::Histogram, "gen_ai_server_time_to_first_token", ""),
    (Kind::Histogram, "gen_ai_server_time_per_output_token", ""),
    (Kind::Counter, "signalbox_cost_nano_usd_total", ""),
    (Kind::Counter, "signalbox_estimated_usage_total", ""),
    (Kind::Counter, ATTEMPTS, ";outcome=accepted"),
    (Kind::Counter, ATTEMPTS, ";outcome=fallback"),
    (Kind::Counter, ATTEMPTS, ";outcome=failed"),
    (Kind::Counter, TOKENS, ";gen_ai_token_type=input"),
    (Kind::Counter, TOKENS, ";gen_ai_token_type=cache_read"),
    (Kind::Counter, TOKENS, ";gen_ai_token_type=cache_write"),
    (Kind::Counter, TOKENS, ";gen_ai_token_type=audio_input"),
    (Kind::Counter, TOKENS, ";gen_ai_token_type=output"),
    (Kind::Counter, TOKENS, ";gen_ai_token_type=reasoning"),
    (Kind::Counter, TOKENS, ";gen_ai_token_type=audio_output"),
];
/// Of a key with a limit.
const OF_LIMIT: [&str; 4] =
    ["signalbox_key_limit_nano_usd", "signalbox_key_remaining_nano_usd", "signalbox_key_reserved_nano_usd", "signalbox_key_reservations"];
/// Of a provider that wants access tokens: fetches that brought one, and that did not.
const OF_TOKENS: [&str; 2] = ["accepted", "failed"];
const FIRST_OUTCOME: usize = 7;
const FIRST_TOKENS: usize = 10;
const ENDPOINT_BLOCK: usize = OF_ENDPOINT.len() + ErrorType::ALL.len();
const KEY_BLOCK: usize = OF_KEY.len() + KeyRejection::ALL.len();
const FIRST_KEY: usize = FAILURES + ErrorType::ALL.len();

/// Every metric of a configuration: those of the gateway, of each key, of each endpoint, of each provider that wants access tokens, of each
/// key with a limit.
pub fn definitions(gateway: &Gateway) -> Vec<Definition> {
    let mut all = vec![Definition { kind: Kind::Counter, name: "signalbox_cancelled_total".into() }];
    for name in ["signalbox_rejections_total", "signalbox_failures_total"] {
        for error_type in ErrorType::ALL {
            all.push(Definition { kind: Kind::Counter, name: format!("{name};error_type={}", error_type.as_str()) });
        }
    }
    for key in gateway.keys() {
        for (kind, name) in OF_KEY {
            all.push(Definition { kind, name: format!("{name};signalbox_key={}", key.name) });
        }
        for reason in KeyRejection::ALL {
            let name = format!("signalbox_key_rejections_total;signalbox_key={};reason={}", key.name, reason.as_str());
            all.push(Definition { kind: Kind::Counter, name });
        }
    }
    for endpoint in gateway.endpoints() {
        let labels = format!(
            ";gen_ai_provider_name={};gen_ai_request_model={};gen_ai_response_model={}",
            endpoint.tag, endpoint.catalogue_id, endpoint.model
        );
        for (kind, name, label) in OF_ENDPOINT {
            all.push(Definition { kind, name: format!("{name}{labels}{label}") });
        }
        for error_type in ErrorType::ALL {
            all.push(Definition {
                kind: Kind::Counter,
                name: format!("signalbox_fallbacks_total{labels};error_type={}", error_type.as_str()),
            });
        }
    }
    for provider in gateway.token_providers() {
        for outcome in OF_TOKENS {
            let name = format!("signalbox_token_fetches_total;gen_ai_provider_name={};outcome={outcome}", provider.slug);
            all.push(Definition { kind: Kind::Counter, name });
        }
    }
    for key in gateway.keys().iter().filter(|key| key.limit.is_some()) {
        for name in OF_LIMIT {
            all.push(Definition { kind: Kind::Gauge, name: format!("{name};signalbox_key={}", key.name) });
        }
    }
    all
}

/// The record of a fetch of an access token for the provider at this place among those that want some.
pub fn token_fetch(gateway: &Gateway, place: usize, has_failed: bool) -> Record {
    let block = block_at(gateway, gateway.endpoints().count()).saturating_add(place.saturating_mul(OF_TOKENS.len()));
    Record { metric: block.saturating_add(usize::from(has_failed)), kind: Kind::Counter, value: 1 }
}

/// The record of a request of `key` that was turned away.
pub fn key_rejection(key: &Key, reason: KeyRejection) -> Record {
    let metric = key_block(key).saturating_add(OF_KEY.len()).saturating_add(reason.index());
    Record { metric, kind: Kind::Counter, value: 1 }
}

/// What the gauges of `key` show, which has a limit.
pub fn balance(gateway: &Gateway, key: &Key, balance: &Balance) -> [Record; OF_LIMIT.len()] {
    let before = gateway.keys().iter().filter(|other| other.limit.is_some() && other.id < key.id).count();
    let tokens = gateway.token_providers().len().saturating_mul(OF_TOKENS.len());
    let block = block_at(gateway, gateway.endpoints().count()).saturating_add(tokens).saturating_add(before.saturating_mul(OF_LIMIT.len()));
    let Balance { limit, reserved, reservations, .. } = *balance;
    let mut metric = block;
    [limit.get(), balance.remaining().get(), reserved.get(), reservations].map(|value| {
        let record = Record { metric, kind: Kind::Gauge, value };
        metric = metric.saturating_add(1);
        record
    })
}

/// The record of a request that the gateway answered by itself.
pub fn rejection(error_type: ErrorType) -> Record {
    Record { metric: REJECTIONS.saturating_add(error_type.index()), kind: Kind::Counter, value: 1 }
}

/// The record of a request whose client hung up before there was an exchange.
pub fn cancellation() -> Record {
    Record { metric: CANCELLED, kind: Kind::Counter, value: 1 }
}

/// What a settled exchange adds.
pub fn settlement(gateway: &Gateway, settled: &Settlement, mut record: impl FnMut(Record)) {
    let mut count = |metric: usize, kind: Kind, value: u64| {
        if value > 0 || kind == Kind::Histogram {
            record(Record { metric, kind, value });
        }
    };
    let last = settled.attempts.len().saturating_sub(1);
    for (index, attempt) in settled.attempts.iter().enumerate() {
        let block = endpoint_block(gateway, &attempt.endpoint);
        let fell_back = index < last;
        let outcome = match attempt.outcome {
            Outcome::Accepted => Some(0),
            Outcome::Failed(_) | Outcome::Unanswered(_) if fell_back => Some(1),
            Outcome::Failed(_) | Outcome::Unanswered(_) => Some(2),
            Outcome::Open => None,
        };
        if let Some(outcome) = outcome {
            count(block.saturating_add(FIRST_OUTCOME).saturating_add(outcome), Kind::Counter, 1);
        }
        if let Some(fault) = attempt.outcome.fault().filter(|_| fell_back) {
            count(block.saturating_add(OF_ENDPOINT.len()).saturating_add(fault.error_type.index()), Kind::Counter, 1);
        }
    }
    if let Some(failure) = settled.failure {
        count(FAILURES.saturating_add(failure.index()), Kind::Counter, 1);
    }
    let key_block = key_block(&settled.key);
    count(key_block.saturating_add(1), Kind::Counter, 1);
    if settled.cancelled {
        count(CANCELLED, Kind::Counter, 1);
    }
    let (Some(spent), Some(attempt)) = (&settled.spent, settled.attempts.last()) else { return };
    let block = endpoint_block(gateway, &attempt.endpoint);
    let mut of_endpoint = |metric: usize, value: u64| {
        if let Some((kind, ..)) = OF_ENDPOINT.get(metric) {
            count(block.saturating_add(metric), *kind, value);
        }
    };
    let usage = &spent.usage;
    let output = usage.output_tokens();
    of_endpoint(0, usage.input_tokens());
    of_endpoint(1, output);
    of_endpoint(2, settled.duration);
    if let (true, Some(first)) = (settled.stream, settled.time_to_first_token) {
        of_endpoint(3, first);
        let streaming = settled.duration.saturating_sub(first).saturating_mul(1000);
        if let Some(per_token) = streaming.checked_div(output.saturating_sub(1)) {
            of_endpoint(4, per_token);
        }
    }
    of_endpoint(5, spent.cost.total.get());
    of_endpoint(6, u64::from(usage.is_estimated()));
    let cache_write = usage.cache_write_5m.saturating_add(usage.cache_write_1h);
    let text = usage.output.saturating_add(usage.image_output);
    for (index, tokens) in
        [usage.input, usage.cache_read, cache_write, usage.audio_input, text, usage.reasoning, usage.audio_output].into_iter().enumerate()
    {
        of_endpoint(FIRST_TOKENS.saturating_add(index), tokens);
    }
    count(key_block, Kind::Counter, spent.cost.total.get());
}

fn key_block(key: &Key) -> usize {
    FIRST_KEY.saturating_add(key.id.saturating_mul(KEY_BLOCK))
}

fn endpoint_block(gateway: &Gateway, endpoint: &Endpoint) -> usize {
    block_at(gateway, endpoint.id.0 as usize)
}

/// Where the block of the endpoint of this number begins, or what follows the last.
fn block_at(gateway: &Gateway, endpoint: usize) -> usize {
    let keys = gateway.keys().len().saturating_mul(KEY_BLOCK);
    FIRST_KEY.saturating_add(keys).saturating_add(endpoint.saturating_mul(ENDPOINT_BLOCK))
}

#[cfg(test)]
mod tests;
