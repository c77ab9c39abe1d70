//! Signalbox: a self-hosted OpenRouter as one proxy-wasm module for stock Envoy.

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
pub mod glob;
pub mod headers;
pub mod health;
pub mod json;
pub mod metrics;
pub mod model;
pub mod preferences;
pub mod price;
pub mod provider;
pub mod retry_after;
pub mod route;
pub mod secret;
pub mod sigv4;
pub mod splice;
pub mod sse;
pub mod usage;

#[cfg(target_os = "wasi")]
mod host;
