//! Requests as Converse wants them, and the signature under them.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

// Each of the tests of Bedrock needs a part of it.
#[allow(dead_code)]
mod bedrock {
    pub(crate) mod converse;
}
#[allow(dead_code)]
mod openai {
    pub(crate) mod golden;
}

use std::rc::Rc;

use bedrock::converse::{CLAUDE, endpoint, endpoint_of, request};
use openai::golden::assert_golden;
use serde_json::{Value, json};
use signalbox::clock::Millis;
use signalbox::config::Credential;
use signalbox::endpoint::Endpoint;
use signalbox::error::ClientError;
use signalbox::{headers, provider};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NOW: Millis = Millis(1_440_938_160_000);

/// What `body` becomes for `model`.
fn translated(body: &str, model: &str) -> Result<String, ClientError> {
    let (request, endpoint) = (request(body), endpoint(model));
    Ok(String::from_utf8(provider::request(&request, &endpoint, &NOW)?.body.to_vec()).unwrap())
}

/// The same, of a request with one message of the user's and these members.
fn asked(members: &str, model: &str) -> Value {
    let body = format!(r#"{{"model":"acme/model","messages":[{{"role":"user","content":"Hi"}}],{members}}}"#);
    serde_json::from_str(&translated(&body, model).unwrap()).unwrap()
}

fn refused(content: &str) -> String {
    let body = format!(r#"{{"model":"acme/model","messages":[{{"role":"user","content":"Hi"}},{content}]}}"#);
    translated(&body, CLAUDE).unwrap_err().to_string()
}

/// Translates the request `$name` for `$model` and compares with its golden; the value is the JSON.
macro_rules! golden {
    ($name:literal, $model:expr) => {{
        let body = translated(include_str!(concat!("fixtures/bedrock/", $name, ".request.json")), $model).unwrap();
        let json: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
        let golden = include_str!(concat!("fixtures/bedrock/", $name, ".converse.json"));
        assert_golden(concat!("../bedrock/", $name, ".converse.json"), golden, &format!("{body}\n"));
        json
    }};
}

#[test]
fn t36_t42_parameters_keep_to_what_is_allowed() {
    let json = golden!("text", CLAUDE);
    // Claude 4.5 takes one of the two, and at most 1; a stop that is only space is refused.
    assert_eq!(json["inferenceConfig"], json!({"maxTokens": 100, "temperature": 1, "stopSequences": ["END"]}));
    let nova = asked(r#""temperature":0.2,"top_p":0.5,"top_k":3"#, "us.amazon.nova-pro-v1:0");
    assert_eq!(nova["inferenceConfig"], json!({"temperature": 0.2, "topP": 0.5}));
    assert_eq!(nova["additionalModelRequestFields"], json!({"inferenceConfig": {"topK": 3}}));
}

#[test]
fn t27_t29_system_texts_stand_apart_and_sides_alternate() {
    let json = golden!("system", CLAUDE);
    assert_eq!(json["system"][0], json!({"text": "You are terse."}));
    assert_eq!(json["system"][2], json!({"cachePoint": {"type": "default", "ttl": "1h"}}));
    assert_eq!(json["system"][3], json!({"text": "Be quick."}));
    let roles: Vec<&str> = json["messages"].as_array().unwrap().iter().map(|turn| turn["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant"]);
    assert_eq!(json["messages"][1]["content"], json!([{"text": "Well,"}]), "what is to be gone on with ends without space");
    let opened = translated(r#"{"model":"a/b","messages":[{"role":"assistant","content":"Hi"},{"role":"user","content":"Ho"}]}"#, CLAUDE);
    assert!(opened.unwrap().starts_with(r#"{"messages":[{"role":"user","content":[{"text":"."}]},{"role":"assistant""#));
}

#[test]
fn there_is_something_to_answer_where_nobody_said_anything() {
    for message in [
        r#"{"role":"user","content":""}"#,
        r#"{"role":"user","content":" "}"#,
        r#"{"role":"user","content":[]}"#,
        r#"{"role":"system","content":"x"}"#,
        r#"{"role":"assistant","content":""}"#,
    ] {
        let body = translated(&format!(r#"{{"model":"a/b","messages":[{message}]}}"#), CLAUDE).unwrap();
        let json: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(json["messages"], json!([{"role": "user", "content": [{"text": "."}]}]), "{message}");
    }
}

#[test]
fn t28_t67_t69_tool_results_come_first_in_one_turn() {
    let json = golden!("tools", CLAUDE);
    let [_, call, answer] = &json["messages"].as_array().unwrap()[..] else { panic!("{json:#}") };
    assert_eq!(call["content"][0]["toolUse"]["input"], json!({"city": "Paris"}));
    assert_eq!(call["content"][1]["toolUse"]["input"], json!({}));
    assert_eq!(call["content"][1]["toolUse"]["name"], "mcp_server_now_d82533c1");
    assert_eq!(answer["role"], "user");
    assert_eq!(answer["content"][0]["toolResult"]["toolUseId"], "toolu_1");
    assert_eq!(answer["content"][1]["toolResult"]["toolUseId"], call["content"][1]["toolUse"]["toolUseId"]);
    assert_eq!(answer["content"][2], json!({"cachePoint": {"type": "default"}}));
    assert_eq!(answer["content"][3], json!({"text": "Hurry."}));
    assert_eq!(json["toolConfig"]["toolChoice"], json!({"any": {}}));
}

#[test]
fn t67_a_past_with_calls_needs_tools() {
    let json = golden!("tools_past", "meta.llama3-3-70b-instruct-v1:0");
    assert_eq!(json["toolConfig"]["tools"][0]["toolSpec"]["name"], "get_weather");
    assert_eq!(json["toolConfig"].get("toolChoice"), None);
    let tools = r#""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice""#;
    assert_eq!(asked(&format!("{tools}:\"none\""), CLAUDE).get("toolConfig"), None);
    assert_eq!(asked(&format!("{tools}:\"auto\""), CLAUDE)["toolConfig"]["toolChoice"], json!({"auto": {}}));
}

#[test]
fn t38_t69_attachments_go_as_bytes() {
    let json = golden!("media", CLAUDE);
    let content = &json["messages"][0]["content"];
    assert_eq!(content[0], json!({"image": {"format": "jpeg", "source": {"bytes": "/9j/4AAQ"}}}));
    assert_eq!(content[2]["document"]["name"], "Q3 report");
    assert_eq!(content[6], json!({"text": "."}), "a document does not come without text");
}

#[test]
fn what_cannot_be_said_is_refused() {
    for (content, expected) in [
        (r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://cat.test/1.png"}}]}"#, "data: or s3:"),
        (r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/tiff;base64,AA"}}]}"#, "PNG, JPEG"),
        (r#"{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}"#, "data: URI"),
    ] {
        let message = refused(content);
        assert!(message.contains("messages[1].content[0]") && message.contains(expected), "{message}");
    }
    let call = r#"{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\""}}]}"#;
    assert!(refused(call).contains("messages[1].tool_calls[0].function.arguments"));
}

#[test]
fn t37_reasoning_goes_back_to_whom_it_came_from() {
    let json = golden!("reasoning", CLAUDE);
    let content = &json["messages"][1]["content"];
    let text = json!({"reasoningContent": {"reasoningText": {"text": "I should look.\n", "signature": "EqQBCkYI"}}});
    assert_eq!(content[0], text);
    assert_eq!(content[1], json!({"reasoningContent": {"redactedContent": "EmwKAhgB"}}));
    assert!(content[2].get("toolUse").is_some());
    assert_eq!(json["additionalModelRequestFields"], json!({"thinking": {"type": "enabled", "budget_tokens": 2000}}));
    assert_eq!(json["inferenceConfig"], json!({"maxTokens": 8000}), "thinking rules out temperature and top_k");
    let other = translated(include_str!("fixtures/bedrock/reasoning.request.json"), "deepseek.v3-v1:0").unwrap();
    assert!(!other.contains("reasoningContent") && !other.contains("thinking"), "{other}");
}

#[test]
fn every_family_has_its_own_way_to_think() {
    let effort = |model: &str| {
        let json = asked(r#""reasoning":{"effort":"low"},"max_tokens":10000"#, model);
        (json["additionalModelRequestFields"].clone(), json["outputConfig"].clone())
    };
    let budget = json!({"thinking": {"type": "enabled", "budget_tokens": 2000}});
    let adaptive = json!({"thinking": {"type": "adaptive", "display": "summarized"}});
    for (model, fields, output) in [
        (CLAUDE, budget, json!(null)),
        ("anthropic.claude-3-5-haiku-20241022-v1:0", json!(null), json!(null)),
        ("global.anthropic.claude-opus-4-6-v1", json!({"thinking": {"type": "adaptive"}}), json!({"effort": "low"})),
        ("anthropic.claude-opus-5", adaptive, json!({"effort": "low"})),
        ("us.amazon.nova-2-lite-v1:0", json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}), json!(null)),
        ("amazon.nova-pro-v1:0", json!(null), json!(null)),
        ("openai.gpt-oss-120b-1:0", json!({"reasoning_effort": "low"}), json!(null)),
        ("mistral.mistral-large-2407-v1:0", json!(null), json!(null)),
    ] {
        assert_eq!(effort(model), (fields, output), "{model}");
    }
    let budgeted =
        |model: &str| asked(r#""reasoning":{"max_tokens":9000},"max_tokens":10000"#, model)["additionalModelRequestFields"].clone();
    assert_eq!(budgeted("openai.gpt-oss-120b-1:0"), json!({"reasoning_effort": "high"}), "it knows no budgets");
    // A model that is made to call must not think before, and one that called without its thoughts cannot go on with a budget.
    let forced = r#""reasoning":{"effort":"low"},"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required""#;
    assert_eq!(asked(forced, CLAUDE).get("additionalModelRequestFields"), None);
    let past =
        include_str!("fixtures/bedrock/tools_past.request.json").replace(r#","tool_choice":"none""#, r#","reasoning":{"effort":"high"}"#);
    assert!(translated(&past, CLAUDE).unwrap().contains("budget_tokens"), "the user has spoken since");
    let midway = past.replace(
        r#",
{"role":"user","content":"Thanks."}"#,
        "",
    );
    assert!(midway != past && !translated(&midway, CLAUDE).unwrap().contains("budget_tokens"));
}

#[test]
fn a_schema_for_the_answer_goes_as_a_text() {
    let json = golden!("json_schema", CLAUDE);
    let schema = json["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(schema).unwrap()["required"], json!(["name"]));
}

#[test]
fn t22_t23_numbers_and_keys_stay_and_strangers_do_not() {
    let json = golden!("everything", CLAUDE);
    assert_eq!(json["guardrailConfig"]["guardrailIdentifier"], "gr-1");
    assert_eq!(json["serviceTier"], json!({"type": "flex"}));
    assert_eq!(json["toolConfig"]["toolChoice"], json!({"tool": {"name": "f"}}));
    for stranger in ["unknown_member", "seed", "n", "stream", "model", "provider", "outputConfig"] {
        assert_eq!(json.get(stranger), None, "{stranger}");
    }
}

#[test]
fn marks_for_the_cache_are_dropped_where_nothing_is_cached() {
    let body = include_str!("fixtures/bedrock/system.request.json");
    assert!(!translated(body, "meta.llama3-3-70b-instruct-v1:0").unwrap().contains("cachePoint"));
    let nova = translated(body, "amazon.nova-lite-v1:0").unwrap();
    assert!(nova.contains("cachePoint") && !nova.contains("ttl"), "{nova}");
}

#[test]
fn t62_t68_the_model_is_one_segment_of_the_path_and_signed_as_encoded() {
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2";
    for (model, stream, path) in [
        (CLAUDE, false, "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"),
        (CLAUDE, true, "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream"),
        (arn, false, "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fa1b2/converse"),
        ("../x?y#z", false, "/model/..%2Fx%3Fy%23z/converse"),
    ] {
        let request = request(&format!(r#"{{"model":"a/b","stream":{stream},"messages":[{{"role":"user","content":"Hi"}}]}}"#));
        let endpoint = endpoint(model);
        assert_eq!(provider::request(&request, &endpoint, &NOW).unwrap().path, path);
    }
}

/// The signature is AWS's own: made by botocore 1.43 for this request (`SigV4Auth(credentials, "bedrock", "us-east-1")`).
#[test]
fn t62_the_final_bytes_are_signed() {
    let request = request(r#"{"model":"a/b","messages":[{"role":"user","content":"Hi"}]}"#);
    let endpoint = endpoint(CLAUDE);
    let upstream = provider::request(&request, &endpoint, &NOW).unwrap();
    assert_eq!(upstream.body.to_vec(), br#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#);
    let header = |name| {
        let (_, value) = upstream.headers.iter().find(|(own, _)| *own == name).unwrap();
        std::str::from_utf8(value).unwrap()
    };
    assert_eq!(header("accept"), "application/json");
    assert_eq!(header("x-amz-date"), "20150830T123600Z");
    assert_eq!(header("x-amz-security-token"), "session");
    assert_eq!(
        header("authorization"),
        concat!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request, ",
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, ",
            "Signature=3fdbf8ae0b8eed3c4f017e51a1ffd709b4596f0f946deebe7605587a16439311",
        )
    );
}

#[test]
fn an_api_key_goes_as_it_is() {
    let endpoint = endpoint_of(CLAUDE, r#"{"env":"ID"}"#);
    assert!(matches!(&endpoint.provider.credential, Credential::Sent(secret) if secret.expose() == "Bearer AKIDEXAMPLE"));
    assert_eq!(&*endpoint.provider.host, "bedrock-runtime.us-east-1.amazonaws.com");
    let request = request(r#"{"model":"a/b","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#);
    let upstream = provider::request(&request, &endpoint, &NOW).unwrap();
    let headers: Vec<_> = upstream.headers.iter().map(|(name, value)| (*name, &**value)).collect();
    assert_eq!(headers, [("accept", &b"application/vnd.amazon.eventstream"[..])]);
}

#[test]
fn a_credential_of_the_clients_own_takes_the_place_of_the_signature() {
    let signing = endpoint(CLAUDE);
    assert!(matches!(&signing.provider.credential, Credential::Signed(_)), "else this shows nothing");
    let own = Endpoint { provider: Rc::new(signing.provider.with_own("bedrock-api-key".into())), ..Endpoint::clone(&signing) };
    let request = request(r#"{"model":"a/b","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#);
    let upstream = provider::request(&request, &own, &NOW).unwrap();
    let headers: Vec<_> = upstream.headers.iter().map(|(name, value)| (*name, &**value)).collect();
    assert_eq!(headers, [("accept", &b"application/vnd.amazon.eventstream"[..])], "nothing is signed, and no session is told");
    let sent = headers::for_provider(std::iter::empty(), &own, &upstream, b"0");
    let credentials: Vec<_> = sent.iter().filter(|(name, _)| *name == b"authorization").map(|(_, value)| *value).collect();
    assert_eq!(credentials, [b"Bearer bedrock-api-key"]);
}
