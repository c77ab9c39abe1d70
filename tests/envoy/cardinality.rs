//! What clients invent adds no series.

use serde_json::json;

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| Gateway::start(Setup::new().providers(&["first"]).models(&["t/m"], &["first"])));

#[test]
fn a_thousand_invented_names_add_no_series() {
    let gateway = Use::of(&GATEWAY);
    let provider = gateway.provider("first");
    provider.answers("m", wire::completion("ok"));
    let series = || {
        let samples = gateway.samples();
        let mut series: Vec<String> = samples.of_the_module().iter().map(|sample| format!("{} {:?}", sample.name, sample.labels)).collect();
        series.sort();
        series
    };
    // One of each kind first, so that only the number of names differs.
    let invent = |n: usize| {
        let request = match n % 8 {
            0 => Request::ask(&format!("acme/invented-{n}"), json!({})),
            1 => Request::ask(&format!("invented-{n}"), json!({})),
            2 => Request::ask(&format!("t/m:variant-{n}"), json!({})),
            3 => Request::ask("t/m", json!({})).header("authorization", &format!("Bearer sk-invented-{n}")),
            4 => Request::ask("t/m", json!({"provider": {"only": [format!("invented-{n}")]}})),
            5 => Request::ask("t/m", json!({})).path(&format!("/invented/{n}")),
            6 => Request::ask("t/m", json!({"models": [format!("acme/other-{n}")], "user": format!("user-{n}")})),
            _ => Request::ask("t/m;gen_ai_request_model=x", json!({})),
        };
        gateway.send(&request);
    };
    (0..8).for_each(invent);
    let before = series();
    assert!(before.iter().any(|series| series.contains("t/m")), "{before:#?}");
    (8..1008).for_each(invent);
    let after = series();
    let added: Vec<_> = after.iter().filter(|series| !before.contains(series)).collect();
    assert!(added.is_empty(), "{added:#?}");
}

/// A provider's invention is no better.
#[test]
fn what_a_provider_invents_adds_no_series() {
    let gateway = Use::of(&GATEWAY);
    for n in 0..40 {
        let mut body = wire::completion_body("ok");
        body["model"] = format!("served-{n}").into();
        body["service_tier"] = format!("tier-{n}").into();
        body["choices"][0]["finish_reason"] = format!("reason-{n}").into();
        gateway.provider("first").answers("m", Reply::json(200, &body));
        assert_eq!(gateway.ask("t/m").status, 200);
        let error = json!({"error": {"message": "no", "type": format!("type-{n}"), "code": format!("code-{n}")}});
        gateway.provider("first").answers("m", Reply::json(500 + n % 40, &error));
        gateway.ask("t/m");
    }
    gateway.provider("first").answers("m", wire::completion("ok"));
    let samples = gateway.samples();
    let invented = samples.0.iter().filter(|sample| sample.labels.values().any(|value| value.contains("-3")));
    assert_eq!(invented.count(), 0);
}
