//! `keys`: how they are found, and what is refused in them.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const OTHER_SHA256: &str = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A09";

#[test]
fn keys_are_found_by_hash() {
    let gateway = gateway(&full());
    let key = gateway.key(&KeyHash::of(b"test")).unwrap();
    assert_eq!(&*key.name, "demo");
    assert!(key.allows("openai/gpt-4o") && !key.allows("anthropic/claude-sonnet-4.5"));
    assert!(gateway.key(&KeyHash::of(b"other")).is_none());
    assert!(gateway.anonymous.is_none());

    let mut open = with("/anonymous", json!(true));
    open["keys"] = json!([]);
    open["rules"] = json!([{"match": {"key": "anonymous"}, "rename": "openai/gpt-4o"}]);
    let gateway = super::tests::gateway(&open);
    let anonymous = gateway.anonymous.as_ref().unwrap();
    assert!(&*anonymous.name == "anonymous" && anonymous.allows("openai/gpt-4o"));
    assert_eq!(gateway.keys().len(), 1);
}

#[test]
fn a_key_has_what_its_requests_are_held_to() {
    let mut json = full();
    json["keys"][0] = json!({
        "name": "demo", "sha256": DEMO_KEY_SHA256, "providers": ["own"], "zdr": true, "data_collection": "deny", "disabled": true,
        "expires_at": "2026-12-31 23:59:59Z",
    });
    let bound = gateway(&json);
    let key = bound.key(&KeyHash::of(b"test")).unwrap();
    assert!(key.allows("any/model") && key.allows_provider("own") && !key.allows_provider("openai"));
    assert!(key.zdr && key.denies_data_collection && key.disabled);
    assert_eq!(key.expires_at, Some(Millis(1_798_761_599_000)));
    assert!(key.is_expired(&Millis(1_798_761_599_000)) && !key.is_expired(&Millis(1_798_761_598_999)));
    json["keys"][0] = json!({"name": "demo", "sha256": DEMO_KEY_SHA256, "zdr": false, "data_collection": "allow", "disabled": false});
    let free = gateway(&json);
    let key = free.key(&KeyHash::of(b"test")).unwrap();
    assert!(
        key.allows_provider("openai") && !key.zdr && !key.denies_data_collection && !key.disabled && !key.is_expired(&Millis(u64::MAX))
    );
}

#[test]
fn mistakes_in_keys_are_refused_and_never_repeat_one() {
    let second = |name: &str, sha256: &str| json!([{"name": "demo", "sha256": DEMO_KEY_SHA256}, {"name": name, "sha256": sha256}]);
    let hash = "keys[0].sha256: expected the SHA-256 of the key as 64 hexadecimal digits";
    let fields = "expected one of `name`, `sha256`, `models`, `providers`, `zdr`, `data_collection`, `byok`, `disabled`, `expires_at`, \
                  `management`, `limit`, `include_byok_in_limit`, `requests_per_minute`, `requests_per_day`, `tokens_per_minute`";
    let time = "keys[0].expires_at: expected a time with its offset from UTC, such as 2026-12-31T23:59:59Z or 2026-12-31T23:59:59+01:00";
    let chief = |member: &str, value: Value| json!({"name": "demo", "sha256": DEMO_KEY_SHA256, "management": true, member: value});
    let not_for_management = |member: &str| format!("keys[0].{member}: expected no such member: a management key is not for completions");
    refused(&[
        ("/keys", json!(null), "keys: expected at least one key, or anonymous: true"),
        ("/keys", json!([]), "keys: expected at least one key, or anonymous: true"),
        ("/keys", json!({"demo": "sk-or-v1-live"}), "keys: expected a list, found an object"),
        ("/keys", json!(["sk-or-v1-live"]), "keys[0]: expected an object, found a string"),
        ("/keys/0", json!({"sha256": OTHER_SHA256}), "keys[0].name: missing, and required"),
        ("/keys/0", json!({"name": "demo"}), "keys[0].sha256: missing, and required"),
        ("/keys/0", json!({"sk-or-v1-live": "demo"}), &format!("keys[0]: unknown field, {fields}")),
        ("/keys/0/key", json!("sk-or-v1-live"), &format!("keys[0].key: unknown field, {fields}")),
        ("/keys/0", json!({"name": "demo", "sk_live1234": 1}), &format!("keys[0]: unknown field, {fields}")),
        ("/keys/0", json!({"name": "demo", "correcthorsebatterystaples": 1}), &format!("keys[0]: unknown field, {fields}")),
        // printf %s "" | sha256sum
        (
            "/keys/0/sha256",
            json!("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"),
            "keys[0].sha256: expected the SHA-256 of a key, found that of an empty text",
        ),
        ("/keys/0/name", json!("sk-live\n"), "keys[0].name: expected 1 to 200 printable ASCII characters without ;"),
        ("/keys/0/sha256", json!("sk-or-v1-live"), hash),
        ("/keys/0/sha256", json!(&DEMO_KEY_SHA256[1..]), hash),
        ("/keys/0/sha256", json!(1234), "keys[0].sha256: expected a string, found 1234"),
        ("/keys/0/management", json!("yes"), "keys[0].management: expected true or false, found a string"),
        ("/keys/0", chief("models", json!(["openai/*"])), &not_for_management("models")),
        ("/keys/0", chief("providers", json!(["openai"])), &not_for_management("providers")),
        ("/keys/0", chief("byok", json!({"openai": {"env": "own_key"}})), &not_for_management("byok")),
        ("/keys/0", chief("zdr", json!(true)), &not_for_management("zdr")),
        ("/keys/0", chief("data_collection", json!("deny")), &not_for_management("data_collection")),
        ("/keys/0/providers", json!([]), "keys[0].providers: expected at least one provider, or no such member for all"),
        (
            "/keys/0/providers",
            json!(["own", "sk-live"]),
            "keys[0].providers[1]: expected the slug of a provider of this configuration, or a pattern that matches one",
        ),
        // What was meant to restrict must not end up as no restriction.
        ("/keys/0/limit", Value::Null, "keys[0].limit: expected an object, found null"),
        ("/keys/0/models", Value::Null, "keys[0].models: expected a list, found null"),
        ("/keys/0/providers", Value::Null, "keys[0].providers: expected a list, found null"),
        ("/keys/0/expires_at", Value::Null, "keys[0].expires_at: expected a string, found null"),
        ("/keys/0/zdr", Value::Null, "keys[0].zdr: expected true or false, found null"),
        (
            "/keys/0/requests_per_minute",
            Value::Null,
            "keys[0].requests_per_minute: expected a whole number from 1 to 1000000000000, found null",
        ),
        ("/keys/0/zdr", json!("yes"), "keys[0].zdr: expected true or false, found a string"),
        ("/keys/0/data_collection", json!("sk-live"), "keys[0].data_collection: expected allow or deny"),
        ("/keys/0/disabled", json!(1), "keys[0].disabled: expected true or false, found 1"),
        ("/keys/0/expires_at", json!("2026-12-31"), time),
        ("/keys/0/expires_at", json!("2026-12-31T23:59:59"), time),
        ("/keys/0/expires_at", json!(1_800_000_000), "keys[0].expires_at: expected a string, found 1800000000"),
        ("/keys/0/models", json!([]), "keys[0].models: expected at least one model, or no such member for all"),
        (
            "/keys/0/models",
            json!(["openai/*", "sk-live/*"]),
            "keys[0].models[1]: expected the id of a model of this configuration, or a pattern that matches one",
        ),
        ("/keys", second("demo", OTHER_SHA256), "keys[1].name: expected a name of its own, found that of an earlier key"),
        (
            "/keys",
            second("other", &DEMO_KEY_SHA256.to_uppercase()),
            "keys[1].sha256: expected a key of its own, found that of an earlier entry",
        ),
        ("/anonymous", json!("yes"), "anonymous: expected true or false, found a string"),
    ]);
    let mut json = with("/anonymous", json!(true));
    json["keys"][0]["name"] = json!("anonymous");
    let message = "keys[0].name: expected another name: with anonymous: true, this one is for requests without a key";
    assert_eq!(parse(&json).unwrap_err().to_string(), message);
}
