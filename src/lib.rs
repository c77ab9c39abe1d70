//! Signalbox: a self-hosted OpenRouter as one proxy-wasm module for stock Envoy.
