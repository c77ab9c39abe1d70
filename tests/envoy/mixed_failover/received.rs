//! What each provider has to have got: a request of its format, its own credential, and nothing that is for another.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use signalbox::{clock::Millis, secret::Secret, sigv4};

use super::{AWS_ID, AWS_SECRET, AWS_SESSION, BODY, KEYS, THOUGHT};
use crate::envoy::{client, provider::Received};

/// No provider sees another's credential, nor what the client has for others.
pub fn assert_headers(provider: &str, received: &Received) {
    let head = received.head.to_ascii_lowercase();
    let is_own = |name: &str| name.to_ascii_lowercase().starts_with(provider);
    for (name, key) in KEYS {
        assert_eq!(head.contains(&key.to_ascii_lowercase()), is_own(name), "{provider} and {name}:\n{head}");
    }
    for (word, owner) in
        [("aws4-hmac", "bedrock"), ("x-amz-", "bedrock"), ("anthropic-", "anthropic"), ("x-api-key", "anthropic"), ("x-goog-", "gemini")]
    {
        assert_eq!(head.contains(word), provider == owner, "{provider} and {word}:\n{head}");
    }
    for forbidden in ["client-", client::KEY, AWS_SECRET, "x-signalbox", "x-envoy", "openai-organization"] {
        assert!(!head.contains(&forbidden.to_ascii_lowercase()), "{provider} sees {forbidden}:\n{head}");
    }
    match provider {
        "anthropic" => {
            assert_eq!((received.header("x-api-key"), received.header("anthropic-version")), (Some("sk-ant-1"), Some("2023-06-01")));
            assert_eq!((received.header("anthropic-beta"), received.header("authorization")), (Some("a-beta-of-anthropics"), None));
        }
        "bedrock" => assert_signed(received),
        "gemini" => assert_eq!((received.header("x-goog-api-key"), received.header("authorization")), (Some("AIza-3"), None)),
        _ => assert_eq!(received.header("authorization"), Some("Bearer sk-openai-2")),
    }
}

/// The signature is over the bytes that arrived.
fn assert_signed(received: &Received) {
    let date = received.header("x-amz-date").unwrap();
    let number = |range: std::ops::Range<usize>| date[range].parse::<u64>().unwrap();
    let (year, month, day) = (number(0..4), number(4..6), number(6..8));
    // Days from civil, by Howard Hinnant.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let seconds = days * 86_400 + number(9..11) * 3600 + number(11..13) * 60 + number(13..15);
    let credentials = sigv4::Credentials {
        access_key_id: AWS_ID.into(),
        secret_access_key: Secret::new(AWS_SECRET.to_owned()),
        session_token: Some(Secret::new(AWS_SESSION.to_owned())),
    };
    let request = sigv4::Request {
        method: "POST",
        host: received.header("host").unwrap(),
        path: &received.path,
        headers: &[("content-type", "application/json")],
        body_hash: Sha256::digest(&received.body).into(),
    };
    let signature = credentials.sign(&request, "eu-west-3", "bedrock", Millis(seconds * 1000));
    assert_eq!((signature.date.as_str(), Some(signature.authorization.as_str())), (date, received.header("authorization")));
    assert_eq!(received.header("x-amz-security-token"), Some(AWS_SESSION));
}

/// A request of the provider's format with all of the client's meaning in it, and nothing else.
pub fn assert_body(provider: &str, received: &Received, stream: bool) {
    let (body, text) = (received.json(), received.text());
    let only = |value: &Value, allowed: &[&str]| {
        let members: Vec<_> = value.as_object().unwrap().keys().filter(|key| !allowed.contains(&key.as_str())).collect();
        assert!(members.is_empty(), "{provider} gets {members:?}: {value:#}");
    };
    let foreign = ["AmgemiNi", "gAAAAopenai", "google-gemini-v1", "openai-responses-v1", "\"order\""];
    for word in foreign.iter().filter(|_| provider != "gemini") {
        assert!(!text.contains(word), "{provider} gets {word}: {text}");
    }
    let is_claude = matches!(provider, "anthropic" | "bedrock");
    assert_eq!(text.contains(THOUGHT) && text.contains("EqQBanthropic=="), is_claude, "{provider}: {text}");
    match provider {
        "anthropic" => {
            only(&body, &["model", "max_tokens", "stream", "system", "tools", "messages", "thinking", "output_config"]);
            assert_eq!((&body["model"].as_str().unwrap()[..17], body["stream"] == true), ("claude-sonnet-4-5", stream));
            assert_eq!(
                body["system"][0],
                json!({"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}})
            );
            assert_eq!(body["system"][1], json!({"type": "text", "text": "Be kind."}));
            let turns = body["messages"].as_array().unwrap();
            assert_eq!(turns.iter().map(|turn| turn["role"].as_str().unwrap()).collect::<Vec<_>>(), ["user", "assistant", "user"]);
            let kinds = |turn: usize| {
                turns[turn]["content"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect::<Vec<_>>()
            };
            assert_eq!(kinds(0), ["text", "image"]);
            assert_eq!(kinds(1), ["thinking", "text", "tool_use", "tool_use"]);
            assert_eq!(kinds(2), ["tool_result", "tool_result", "text"]);
            for n in 0..2 {
                let id = turns[1]["content"][n + 2]["id"].as_str().unwrap();
                assert_eq!(turns[2]["content"][n]["tool_use_id"], id);
                assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')), "{id}");
            }
            assert!(text.contains(r#""input":{"city":"Paris","at":1e-7}"#), "{text}");
            assert_eq!(turns[2]["content"][1]["cache_control"], json!({"type": "ephemeral"}));
            assert_eq!(turns[2]["content"][2]["cache_control"], json!({"type": "ephemeral"}));
            assert_eq!(body["tools"][0]["cache_control"], json!({"type": "ephemeral"}));
            assert_eq!(body["thinking"], json!({"type": "enabled", "budget_tokens": 2000}));
            assert_eq!(body["output_config"]["format"]["schema"]["required"], json!(["said"]));
        }
        "bedrock" => {
            only(&body, &["system", "messages", "inferenceConfig", "toolConfig", "additionalModelRequestFields", "outputConfig"]);
            let operation = if stream { "converse-stream" } else { "converse" };
            assert!(received.path.starts_with("/model/claude-sonnet-4-5-") && received.path.ends_with(&format!("/{operation}")));
            let point = json!({"cachePoint": {"type": "default"}});
            let system = json!([{"text": "Be brief."}, {"cachePoint": {"type": "default", "ttl": "1h"}}, {"text": "Be kind."}]);
            assert_eq!(body["system"], system);
            let blocks = |turn: usize| body["messages"][turn]["content"].as_array().unwrap().clone();
            assert_eq!(body["messages"].as_array().unwrap().len(), 3);
            assert!(blocks(1)[0].get("reasoningContent").is_some());
            let answers = blocks(2);
            assert_eq!(answers[0]["toolResult"]["toolUseId"], blocks(1)[2]["toolUse"]["toolUseId"]);
            assert_eq!(answers[1]["toolResult"]["toolUseId"], blocks(1)[3]["toolUse"]["toolUseId"]);
            assert_eq!((&answers[2], &answers[3], &answers[4]), (&point, &json!({"text": "And now?"}), &point));
            assert!(text.contains(r#""input":{"city":"Paris","at":1e-7}"#), "{text}");
            assert_eq!(body["toolConfig"]["tools"][1], point);
            assert_eq!(body["additionalModelRequestFields"]["thinking"]["budget_tokens"], 2000);
            let schema = body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"].as_str().unwrap();
            assert_eq!(serde_json::from_str::<Value>(schema).unwrap()["required"], json!(["said"]));
        }
        "gemini" => {
            only(&body, &["contents", "systemInstruction", "tools", "toolConfig", "generationConfig"]);
            for word in ["cache_control", "EqQBanthropic", "gAAAAopenai"] {
                assert!(!text.contains(word), "{word}: {text}");
            }
            let parts = &body["contents"][1]["parts"];
            assert_eq!((&parts[2]["functionCall"]["args"]["city"], &parts[2]["thoughtSignature"]), (&json!("Rome"), &json!("AmgemiNi==")));
            assert_eq!(body["contents"][2]["parts"][1]["functionResponse"]["id"], parts[2]["functionCall"]["id"]);
            assert_eq!(body["generationConfig"]["responseJsonSchema"]["required"], json!(["said"]));
        }
        _ => {
            let own = ["model", "stream", "stream_options", "max_completion_tokens", "reasoning_effort"];
            only(&body, &[&own[..], &["messages", "tools", "response_format"]].concat());
            assert_eq!(body["reasoning_effort"], "medium", "half of the answer's tokens");
            assert!(!text.contains("cache_control"), "{text}");
            for message in body["messages"].as_array().unwrap() {
                only(message, &["role", "content", "tool_calls", "tool_call_id"]);
            }
            // All else stays as the client wrote it.
            let (from, to) = (BODY.find(r#""tool_calls":"#).unwrap(), BODY.find(r#"{"type":"text","text":"24""#).unwrap());
            assert!(text.contains(&BODY[from..to]), "{text}");
            assert!(text.contains(&BODY[BODY.find(r#""response_format":"#).unwrap()..BODY.len() - 1]), "{text}");
            assert_eq!(body["stream_options"], if stream { json!({"include_usage": true}) } else { Value::Null });
        }
    }
}
