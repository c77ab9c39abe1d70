//! Signalbox: a self-hosted OpenRouter as one proxy-wasm module for stock Envoy.
//!
//! The journey of a request:
//!
//! ```text
//! host::gateway   body ─▶ (inbound ─▶) chat::Request ─▶ route::plan ─▶ Exchange, put where its attempts find it
//!     router      ─▶ the cluster of the next endpoint, read anew for each retry
//! host::attempt   Exchange::begin_attempt ─▶ provider::request, headers::for_provider ─▶ the provider
//!                 its answer ─▶ Exchange::handle_* ─▶ Step (─▶ inbound): hold, retry, release, go on
//! host::gateway   the end ─▶ Exchange::settle ─▶ metrics::settlement (─▶ filter_state, for Envoy's own filters and logs)
//! ```
//!
//! Everything but `host` is pure: bytes in, values out; time and luck are arguments.

pub mod accounting;
pub mod api;
pub mod auto_router;
pub mod calendar;
pub mod catalogue;
pub mod chat;
pub mod clock;
pub mod config;
pub mod decimal;
pub mod duration;
pub mod endpoint;
pub mod error;
pub mod eventstream;
pub mod exchange;
pub mod fallback;
pub mod filter_state;
pub mod glob;
pub mod headers;
pub mod healing;
pub mod health;
pub mod inbound;
pub mod json;
pub mod metrics;
pub mod middle_out;
pub mod model;
pub mod oauth;
pub mod performance;
pub mod plugins;
pub mod preferences;
pub mod preset;
pub mod price;
pub mod protobuf;
pub mod provider;
pub mod retry_after;
pub mod route;
pub mod router;
pub mod secret;
pub mod sigv4;
pub mod splice;
pub mod sse;
pub mod sticky;
pub mod usage;

#[cfg(target_os = "wasi")]
mod host;

#[cfg(test)]
#[path = "../tests/fixtures/contract/required.rs"]
mod required;
