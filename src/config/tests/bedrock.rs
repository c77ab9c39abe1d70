//! Bedrock: region, signing, API keys.

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn bedrock_is_signed_for_in_its_region_or_has_an_api_key() {
    let variables =
        json!({"access_key_id": "AWS_ACCESS_KEY_ID", "secret_access_key": "AWS_SECRET_ACCESS_KEY", "session_token": "AWS_SESSION_TOKEN"});
    let signing = gateway(&bedrock(&json!({"credential": {"aws": variables}})));
    let provider = &signing.models[0].endpoints[1].provider;
    assert_eq!(signing.models[0].endpoints[1].format, Format::Bedrock);
    assert_eq!((&*provider.name, &*provider.path_prefix), ("Amazon Bedrock", ""));
    assert_eq!(&*provider.host, "bedrock-runtime.eu-west-3.amazonaws.com");
    let Credential::Signed(signer) = &provider.credential else { panic!("{:?}", provider.credential) };
    assert_eq!((&*signer.region, &*signer.credentials.access_key_id), ("eu-west-3", "AKIDEXAMPLE"));
    assert_eq!(signer.credentials.secret_access_key.expose(), "aws-secret");
    assert_eq!(signer.credentials.session_token.as_ref().unwrap().expose(), "aws-session");
    for secret in ["aws-secret", "aws-session"] {
        assert!(provider.credential.is_quoted_in(&format!("…{secret}…")) && !format!("{signing:?}").contains(secret));
    }
    assert!(!provider.credential.is_quoted_in("The security token included in the request is invalid."));

    let with_key = gateway(&bedrock(&json!({"credential": {"env": "own_key"}, "host": "vpce-1.bedrock-runtime.test"})));
    let provider = &with_key.models[0].endpoints[1].provider;
    assert_eq!(sent(&provider.credential), "Bearer own-secret");
    assert_eq!(&*provider.host, "vpce-1.bedrock-runtime.test");
}

#[test]
fn mistakes_about_bedrock_are_refused() {
    let at = "providers.own";
    let aws = "{aws: {access_key_id: NAME, secret_access_key: NAME}}, and session_token: NAME for a temporary one";
    let variable = "expected the name of an environment variable (letters, digits, _) and not the credential itself";
    for (members, message) in [
        (json!({"region": null}), format!("{at}.region: missing: this dialect wants a region such as us-east-1")),
        (json!({"region": "eu west"}), format!("{at}.region: expected a region such as us-east-1")),
        (json!({"credential": {}}), format!("{at}.credential: expected {{env: NAME}}, an API key, or {aws}")),
        (json!({"credential": {"aws": "sk-live"}}), format!("{at}.credential.aws: expected {aws}")),
        (json!({"credential": {"aws": {"sk-live": "x"}}}), format!("{at}.credential.aws: expected {aws}")),
        (
            json!({"credential": {"aws": {"access_key_id": "own_key"}}}),
            format!("{at}.credential.aws.secret_access_key: missing, and required"),
        ),
        (json!({"credential": {"aws": {"access_key_id": "AKID/live"}}}), format!("{at}.credential.aws.access_key_id: {variable}")),
    ] {
        assert_eq!(parse(&bedrock(&members)).unwrap_err().to_string(), message);
    }
    let elsewhere = with("/providers/openai/region", json!("us-east-1"));
    assert_eq!(parse(&elsewhere).unwrap_err().to_string(), "providers.openai.region: expected only with dialect bedrock or vertex");
}

#[test]
fn a_model_that_only_embeds_where_nobody_can_ask_it_is_warned_of() {
    let warned = |model: &str| {
        let mut json = bedrock(&json!({}));
        json["models"][0]["output_modalities"] = json!(["embeddings"]);
        json["models"][0]["endpoints"][1]["model"] = model.into();
        gateway(&json).warnings(Millis(0)).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(warned("amazon.titan-embed-text-v2:0"), [""; 0]);
    assert_eq!(warned("cohere.embed-v4:0"), [""; 0]);
    let expected = "models[0].endpoints[1].model: the model only embeds, and this gateway knows no way to ask own for embeddings of \"amazon.nova-pro-v1:0\": it is never asked";
    assert_eq!(warned("amazon.nova-pro-v1:0"), [expected]);
}
