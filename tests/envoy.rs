//! The module in stock Envoy, end to end: the shipped configuration, stub providers on loopback, raw bytes and real client SDKs.
//!
//! `make test-envoy` builds and installs what this needs. A missing Envoy, module or SDK fails the run.
#![cfg(not(target_family = "wasm"))]
#![allow(unreachable_pub)] // nothing here is reached from outside
// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod envoy {
    // What the tests are made of.
    mod client;
    mod gateway;
    mod ledger;
    mod provider;
    mod reply;
    #[path = "../fixtures/contract/required.rs"]
    mod required;
    mod rush;
    mod samples;
    mod setup;
    mod wire;

    // One behaviour for each file.
    mod anthropic;
    mod auth;
    mod azure;
    mod bad_bodies;
    mod bad_input;
    mod bedrock;
    mod budgets;
    mod byok;
    mod bytes;
    mod cardinality;
    mod catalogue;
    mod chaos;
    mod clients;
    mod clients_fault;
    mod cohere;
    mod completion;
    mod compression;
    mod compression_of_context;
    mod contract;
    mod cooldown;
    mod counting;
    mod dialects;
    mod eligibility;
    mod embeddings;
    mod ended_in_error;
    mod exhausted;
    mod fallback;
    mod first_token;
    mod fleet;
    mod gemini;
    mod generation;
    mod hangup;
    mod healing;
    mod http2;
    mod hygiene;
    mod key;
    mod key_policy;
    mod keys;
    mod large_bodies;
    mod load;
    mod memory;
    mod messages;
    mod midstream;
    mod mistakes;
    mod mistral;
    mod mixed_failover;
    mod mixed_tools;
    mod models;
    mod preferences;
    mod presets;
    mod rates;
    mod reload;
    mod render;
    mod responses;
    mod routers;
    mod routing;
    mod rules;
    mod secrets;
    mod series;
    mod serve;
    mod shape;
    mod sse;
    mod streaming;
    mod stubs;
    mod tools;
    mod unreached;
    mod unusual_streams;
    mod usage;
    mod vertex;
    mod vocabulary;
    mod wrong_routes;
}
