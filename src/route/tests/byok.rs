//! Credentials of the client's own.

use serde_json::json;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// Requests with these headers, where each provider has one for the client's own credential, and the second key one for beta.
fn bringing(model: &str, headers: &[(&'static str, &'static [u8])]) -> Asked {
    let mut asked = Asked { headers: headers.to_vec(), ..ask(model) };
    for provider in ["alpha", "beta", "gamma"] {
        asked.configuration["providers"][provider]["byok_header"] = json!(format!("x-{provider}-key"));
        asked.configuration["providers"][provider]["credential"] = json!({"env": "OPERATORS"});
    }
    asked.configuration["keys"][1]["byok"] = json!({"beta": {"env": "KEYS"}});
    asked
}

/// Each endpoint of the plan: who serves it, and with which credential.
fn credentials(asked: &Asked) -> Vec<(String, String)> {
    let gateway = match Config::parse(asked.configuration.to_string().as_bytes(), |name| Some(name.to_lowercase())) {
        Ok(Config::Gateway(gateway)) => gateway,
        other => panic!("{other:?}"),
    };
    let request = Request::parse(asked.body.to_string().into_bytes(), None, 3).unwrap();
    let header = |name: &str| asked.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| *value);
    let ask = Ask { request: &request, key: &gateway.keys()[asked.key], path: asked.path, header: &header };
    let routed = plan(&gateway, &ask, &Seen { asked, gateway: &gateway }, &NOW, &mut fastrand::Rng::with_seed(1)).unwrap();
    let sent = |endpoint: &Endpoint| endpoint.provider.credential.header_value().unwrap().expose().replace("Bearer ", "");
    routed.plan.iter().map(|endpoint| (endpoint.provider.slug.to_string(), sent(endpoint))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(slug, sent)| ((*slug).into(), (*sent).into())).collect()
}

#[test]
fn a_credential_of_the_clients_own_comes_first_and_goes_to_its_provider_alone() {
    let expected = pairs(&[("gamma", "sk-own"), ("alpha", "operators"), ("beta", "operators")]);
    let order = json!({"order": ["alpha", "beta"]});
    assert_eq!(credentials(&bringing("acme/all", &[("x-gamma-key", b"sk-own")]).preferring(order.clone())), expected);
    assert_eq!(credentials(&bringing("acme/all", &[("x-gamma-key", b"bearer  sk-own ")]).preferring(order)), expected);
    // In trouble or not, and wherever the conversation was.
    let mut asked = bringing("acme/all", &[("x-gamma-key", b"sk-own")]);
    asked.troubles = vec![("acme/all", "gamma")];
    asked.held = Some("alpha");
    assert_eq!(credentials(&asked)[0], expected[0]);
    let alone = bringing("acme/all", &[("x-gamma-key", b"sk-own")]).preferring(json!({"allow_fallbacks": false}));
    assert_eq!(credentials(&alone), expected[..1]);
}

#[test]
fn the_header_wins_over_the_keys_and_both_over_the_operators() {
    let of_key = Asked { key: 1, ..bringing("acme/all", &[]) };
    assert_eq!(credentials(&of_key)[0], ("beta".into(), "keys".into()));
    let both = Asked { key: 1, ..bringing("acme/all", &[("x-beta-key", b"sk-own")]) };
    assert_eq!(credentials(&both)[0], ("beta".into(), "sk-own".into()));
    let of_other = bringing("acme/all", &[("x-delta-key", b"sk-own")]);
    assert!(credentials(&of_other).iter().all(|(_, sent)| sent == "operators"));
}

#[test]
fn what_cannot_be_a_credential_is_refused_and_not_repeated() {
    for value in [&b"sk own"[..], b"sk\xffown", b"sk-\xc3\xa9", b"", b"  ", b"Bearer", b"bearer  "] {
        let mut asked = bringing("acme/all", &[]);
        asked.configuration["providers"]["alpha"]["credential"] = json!(null);
        asked.configuration["providers"]["beta"]["credential"] = json!(null);
        asked.configuration["providers"]["gamma"]["credential"] = json!(null);
        asked.configuration["keys"][1].as_object_mut().unwrap().remove("byok");
        asked.headers = vec![("x-beta-key", value)];
        assert_eq!(
            asked.refused(),
            (400, "The x-beta-key header is not valid: expected a credential without spaces, or no such header".into())
        );
    }
}
