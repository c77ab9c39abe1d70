//! What is asked of a token endpoint, and what its answers come to.

use std::time::Duration;

use serde_json::{Value, json};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const NOW: Millis = Millis(1_767_225_600_999);

/// Three bytes for a key: what is in it is Envoy's business.
fn key_file() -> Value {
    json!({
        "type": "service_account", "project_id": "p", "private_key_id": "0f1e", "client_id": "1", "universe_domain": "googleapis.com",
        "private_key": "-----BEGIN PRIVATE KEY-----\nc2\nVj\n-----END PRIVATE KEY-----\n",
        "client_email": "bot@p.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token"
    })
}

fn source() -> TokenSource {
    TokenSource::new("google-oauth", Grant::ServiceAccount(ServiceAccount::parse(&key_file().to_string()).unwrap()))
}

fn json_of(part: &str) -> Value {
    serde_json::from_slice(&base64::decode(part).unwrap()).unwrap()
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
}

#[test]
fn t59_the_assertion_is_what_google_wants() {
    let source = source();
    let (input, account) = source.to_sign(NOW).unwrap();
    assert_eq!(account.private_key().unwrap(), b"sec");
    let text = String::from_utf8(input.clone()).unwrap();
    let (head, claims) = text.split_once('.').unwrap();
    assert_eq!(json_of(head), json!({"alg": "RS256", "typ": "JWT", "kid": "0f1e"}));
    assert_eq!(
        json_of(claims),
        json!({
            "iss": "bot@p.iam.gserviceaccount.com", "scope": "https://www.googleapis.com/auth/cloud-platform",
            "aud": "https://oauth2.googleapis.com/token", "iat": 1_767_225_600, "exp": 1_767_229_200
        })
    );
    let request = source.request(Some(&Assertion { input, signature: b"signature".to_vec() }));
    assert_eq!(header(&request, ":authority"), Some("oauth2.googleapis.com"));
    assert_eq!((header(&request, ":method"), header(&request, ":path")), (Some("POST"), Some("/token")));
    assert_eq!(header(&request, "content-type"), Some("application/x-www-form-urlencoded"));
    let body = String::from_utf8(request.body.unwrap()).unwrap();
    let assertion = body.strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=").unwrap();
    assert_eq!(assertion, format!("{text}.c2lnbmF0dXJl"));
}

#[test]
fn the_metadata_server_is_asked_as_google_says() {
    let source = TokenSource::new("metadata", Grant::Metadata);
    assert!(source.to_sign(NOW).is_none());
    let request = source.request(None);
    assert_eq!((header(&request, ":method"), header(&request, "metadata-flavor")), (Some("GET"), Some("Google")));
    assert_eq!(header(&request, ":path"), Some("/computeMetadata/v1/instance/service-accounts/default/token"));
    assert!(request.body.is_none());
}

#[test]
fn a_key_file_may_leave_out_what_has_a_default() {
    let mut file = key_file();
    file.as_object_mut().unwrap().retain(|name, _| ["type", "client_email", "private_key"].contains(&name.as_str()));
    let account = ServiceAccount::parse(&file.to_string()).unwrap();
    assert_eq!((account.token_host(), account.token_path()), ("oauth2.googleapis.com", "/token"));
    let text = String::from_utf8(account.signing_input(NOW)).unwrap();
    assert_eq!(json_of(text.split_once('.').unwrap().0), json!({"alg": "RS256", "typ": "JWT"}));
}

#[test]
fn what_is_no_key_file_is_refused_and_not_repeated() {
    let with = |name: &str, value: Value| {
        let mut file = key_file();
        file[name] = value;
        ServiceAccount::parse(&file.to_string()).unwrap_err()
    };
    for text in ["", "/etc/keys/bot.json", "{\"type\":", "[]", "{} {}"] {
        assert_eq!(ServiceAccount::parse(text).unwrap_err(), InvalidServiceAccount::NotJson, "{text}");
    }
    assert_eq!(ServiceAccount::parse("{}").unwrap_err(), InvalidServiceAccount::OtherType);
    assert_eq!(with("type", json!("authorized_user")), InvalidServiceAccount::OtherType);
    assert_eq!(with("client_email", json!(null)), InvalidServiceAccount::Member("client_email"));
    for key in ["", "sec", "-----BEGIN PRIVATE KEY-----\n*\n-----END PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----\nc2Vj"] {
        let error = with("private_key", json!(key));
        assert_eq!(error, InvalidServiceAccount::Member("private_key"));
        assert!(!error.to_string().contains("c2Vj"));
    }
    // The beginnings of an EC key (P-256), an Ed25519 key and a key of openssl's `ecparam`.
    for key in [
        "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n",
        "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA==\n-----END EC PRIVATE KEY-----\n",
    ] {
        assert_eq!(with("private_key", json!(key)), InvalidServiceAccount::NotRsa, "{key}");
    }
    let rsa = "-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQ==\n-----END PRIVATE KEY-----\n";
    let mut file = key_file();
    file["private_key"] = json!(rsa);
    assert!(ServiceAccount::parse(&file.to_string()).is_ok());
    for uri in ["http://oauth2.googleapis.com/token", "oauth2.googleapis.com", "https://", "https://a b/", "https://a/\n", "https://a@b/"] {
        assert_eq!(with("token_uri", json!(uri)), InvalidServiceAccount::Member("token_uri"), "{uri}");
    }
}

#[test]
fn neither_key_nor_token_is_printed() {
    let source = source();
    assert!(source.begin(NOW));
    source.succeed(Answer::parse(200, br#"{"access_token":"ya29.abc","expires_in":3599,"token_type":"Bearer"}"#).unwrap(), NOW);
    let printed = format!("{source:#?}");
    assert!(!printed.contains("ya29") && !printed.contains("c2") && printed.contains("[redacted]"), "{printed}");
    // The one before is good for a while longer.
    source.succeed(Answer::parse(200, br#"{"access_token":"ya30.def","expires_in":3599}"#).unwrap(), NOW);
    assert!(source.is_quoted_in("token ya29.abc is wrong") && source.is_quoted_in("ya30.def") && !source.is_quoted_in("token"));
    assert_eq!(source.token(NOW).unwrap().expose(), "Bearer ya30.def");
}

#[test]
fn answers_are_tokens_or_say_why_not() {
    let token =
        |body: &str| Answer::parse(200, body.as_bytes()).map(|answer| (answer.token.expose().to_owned(), answer.lifetime.as_secs()));
    assert_eq!(token(r#"{"access_token":"ya29.a..","expires_in":3599,"token_type":"Bearer"}"#), Ok(("ya29.a..".into(), 3599)));
    assert_eq!(token(r#"{"token_type":"bearer","expires_in":"60","access_token":"a","scope":["x"]}"#), Ok(("a".into(), 60)));
    assert_eq!(token(r#"{"access_token":"a","expires_in":18446744073709551615}"#).unwrap().1, 31_536_000);
    for body in [
        "",
        "<html>",
        "{}",
        r#"{"access_token":"a"}"#,
        r#"{"access_token":"","expires_in":1}"#,
        r#"{"access_token":"a\r\nx: y","expires_in":1}"#,
        r#"{"access_token":"a","expires_in":-1}"#,
        r#"{"access_token":"a","expires_in":1,"token_type":"mac"}"#,
        r#"{"access_token":7,"expires_in":1}"#,
    ] {
        assert_eq!(token(body), Err(Refusal::NoToken), "{body}");
    }
    let refusal = |status: u16, body: &str| Answer::parse(status, body.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        refusal(400, r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#),
        "HTTP 400, invalid_grant: Invalid JWT Signature."
    );
    assert_eq!(refusal(503, "<html>"), "HTTP 503");
    // Nothing that might be the assertion, or more than one line.
    let quoted = format!(r#"{{"error":"invalid_grant","error_description":"Bad assertion {}"}}"#, "a".repeat(41));
    assert_eq!(refusal(400, &quoted), "HTTP 400, invalid_grant");
    assert_eq!(refusal(400, r#"{"error":"a\nb"}"#), "HTTP 400");
}

#[test]
fn damaged_answers_and_keys_are_no_more_than_refused() {
    let answer = br#"{"access_token":"ya29.a","expires_in":3599,"token_type":"Bearer","error":"x","error_description":"y"}"#;
    let key = key_file().to_string();
    let mut random = fastrand::Rng::with_seed(59);
    for round in 0..4000 {
        let mut bytes = if round % 2 == 0 { answer.to_vec() } else { key.clone().into_bytes() };
        for _ in 0..random.usize(1..4) {
            let place = random.usize(..bytes.len().max(1));
            match random.u8(..3) {
                0 => bytes.insert(place.min(bytes.len()), random.u8(..)),
                1 if place < bytes.len() => _ = bytes.remove(place),
                _ => bytes.truncate(place),
            }
        }
        _ = Answer::parse(random.u16(..), &bytes);
        if let Ok(answer) = Answer::parse(200, &bytes) {
            assert!(
                answer.token.expose().bytes().all(|byte| byte.is_ascii_graphic()) && answer.lifetime <= Duration::from_secs(31_536_000)
            );
        }
        if let Ok(account) = ServiceAccount::parse(&String::from_utf8_lossy(&bytes)) {
            account.signing_input(NOW);
            assert!(account.token_path().starts_with('/'));
        }
        _ = signature(&bytes);
    }
}
