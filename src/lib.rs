//! Signalbox: a self-hosted OpenRouter as one proxy-wasm module for stock Envoy.

pub mod chat;
pub mod error;
pub mod json;
pub mod preferences;
pub mod splice;
pub mod sse;
