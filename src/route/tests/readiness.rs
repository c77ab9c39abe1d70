//! Plans while access tokens are missing.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::oauth::{Answer, TokenSource};

/// `acme/two` at Vertex AI, which is far cheaper, and at another provider; `acme/one` at Vertex AI alone.
fn two_providers() -> Asked {
    let mut asked = ask("acme/two");
    let endpoint =
        |provider: &str, price: f64| json!({"provider": provider, "model": "m", "price": {"prompt": price, "completion": price}});
    asked.configuration["providers"]["vertex"] = json!({
        "dialect": "vertex", "project": "p", "region": "global", "credential": {"metadata": true, "token_cluster": "metadata"}
    });
    asked.configuration["models"] = json!([
        {"id": "acme/two", "endpoints": [endpoint("vertex", 0.001), endpoint("beta", 1000.0)]},
        {"id": "acme/one", "endpoints": [endpoint("vertex", 0.001)]},
    ]);
    asked
}

/// What becomes of a plan of these providers' endpoints: the providers that are left, `None` if it has to wait.
fn left(gateway: &Gateway, plan: &[String]) -> Result<Option<Vec<String>>, Error> {
    let named = |endpoint: &Rc<Endpoint>| format!("{}@{}", endpoint.catalogue_id, endpoint.provider.slug);
    let plan = plan.iter().map(|name| gateway.endpoints().find(|endpoint| named(endpoint) == *name).unwrap().clone()).collect();
    Ok(match readiness(plan, NOW)? {
        Readiness::Ready(plan) => Some(plan.iter().map(|endpoint| endpoint.provider.slug.to_string()).collect()),
        Readiness::Awaited => None,
    })
}

fn tokens(gateway: &Gateway) -> &TokenSource {
    gateway.endpoints().find_map(|endpoint| endpoint.provider.credential.tokens()).unwrap()
}

#[test]
fn a_first_token_is_waited_for() {
    let asked = two_providers();
    let gateway = asked.gateway();
    let plan = asked.plan_with(&gateway).unwrap();
    assert_eq!(plan, ["acme/two@vertex", "acme/two@beta"], "the cheaper is not passed over for the sake of a moment");
    assert_eq!(left(&gateway, &plan).unwrap(), None);
    tokens(&gateway).begin(NOW);
    assert_eq!(left(&gateway, &plan).unwrap(), None, "its fetch is under way");
    tokens(&gateway).succeed(Answer::parse(200, br#"{"access_token":"a","expires_in":60}"#).unwrap(), NOW);
    assert_eq!(left(&gateway, &plan).unwrap().unwrap(), ["vertex", "beta"]);
}

#[test]
fn whoever_cannot_get_a_token_is_asked_last_and_then_not_at_all() {
    let asked = two_providers();
    let gateway = asked.gateway();
    tokens(&gateway).begin(NOW);
    tokens(&gateway).fail(NOW);
    let plan = asked.plan_with(&gateway).unwrap();
    assert_eq!(plan, ["acme/two@beta", "acme/two@vertex"]);
    assert_eq!(left(&gateway, &plan).unwrap().unwrap(), ["beta"]);
    let error = left(&gateway, &["acme/one@vertex".into()]).unwrap_err();
    assert_eq!((error.status(), error.error_type().as_str()), (503, "provider_unavailable"));
    assert_eq!(error.to_string(), "No access token for Google Vertex is there yet: please try again later.");

    // While it is tried again, others serve; what has nobody else waits.
    tokens(&gateway).begin(Millis(NOW.0 + 1000));
    let plan = asked.plan_with(&gateway).unwrap();
    assert_eq!(left(&gateway, &plan).unwrap().unwrap(), ["beta"]);
    assert_eq!(left(&gateway, &["acme/one@vertex".into()]).unwrap(), None);
}

#[test]
fn a_token_that_is_being_renewed_serves_meanwhile() {
    let asked = two_providers();
    let gateway = asked.gateway();
    tokens(&gateway).succeed(Answer::parse(200, br#"{"access_token":"a","expires_in":60}"#).unwrap(), NOW);
    assert!(tokens(&gateway).begin(Millis(NOW.0 + 50_000)));
    tokens(&gateway).fail(Millis(NOW.0 + 50_000));
    let plan = asked.plan_with(&gateway).unwrap();
    assert_eq!(left(&gateway, &plan).unwrap().unwrap(), ["vertex", "beta"]);
}

#[test]
fn the_clients_own_order_holds_as_far_as_there_are_tokens() {
    let asked = two_providers().preferring(json!({"order": ["vertex"]}));
    let gateway = asked.gateway();
    tokens(&gateway).begin(NOW);
    tokens(&gateway).fail(NOW);
    let plan = asked.plan_with(&gateway).unwrap();
    assert_eq!(plan, ["acme/two@vertex", "acme/two@beta"]);
    assert_eq!(left(&gateway, &plan).unwrap().unwrap(), ["beta"]);
}
