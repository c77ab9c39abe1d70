//! The series that Prometheus finds.

use serde_json::json;

use super::{gateway::Gateway, setup::Setup};

#[test]
fn c6_every_series_exists_before_its_first_request() {
    let setup = Setup::new().providers(&["first", "second"]).models(&["t/other"], &["first"]);
    let gateway = Gateway::start(setup.priced("t/idle", "second", json!({"prompt": 2, "completion": 8})));
    let samples = gateway.samples();
    let labels = [("gen_ai_provider_name", "second"), ("gen_ai_request_model", "t/idle"), ("gen_ai_response_model", "idle")];
    for name in
        ["signalbox_cost_nano_usd_total", "signalbox_attempts_total", "signalbox_fallbacks_total", "signalbox_estimated_usage_total"]
    {
        assert!(samples.has(name, &labels), "{name}");
        assert_eq!(samples.sum(name, &labels), 0, "{name}");
    }
    for kind in ["input", "cache_read", "cache_write", "output", "reasoning"] {
        assert!(samples.has("signalbox_tokens_total", &[labels[1], ("gen_ai_token_type", kind)]), "{kind}");
    }
    for name in ["signalbox_key_cost_nano_usd_total", "signalbox_key_requests_total"] {
        assert!(samples.has(name, &[("signalbox_key", "test")]), "{name}");
    }
    for name in ["signalbox_rejections_total", "signalbox_failures_total", "signalbox_cancelled_total"] {
        assert!(samples.has(name, &[]), "{name}");
    }
    let stray: Vec<_> = samples.of_the_module().into_iter().filter(|sample| sample.name.contains([';', '='])).collect();
    assert!(stray.is_empty(), "labels left in names: {stray:#?}");
}
