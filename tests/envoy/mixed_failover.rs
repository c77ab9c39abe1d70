//! One request that goes from format to format: each provider gets what it can read and no more, and the client sees one answer.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use signalbox::{clock::Millis, secret::Secret, sigv4};

use super::{
    anthropic, bedrock,
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    gemini,
    provider::{Provider, Received},
    reply::Reply,
    setup::Setup,
    wire,
};

const AWS_ID: &str = "AKIDEXAMPLE";
const AWS_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const AWS_SESSION: &str = "session-token-of-aws";
const KEYS: [(&str, &str); 3] = [("ANTHROPIC_API_KEY", "sk-ant-1"), ("OPENAI_API_KEY", "sk-openai-2"), ("GEMINI_API_KEY", "AIza-3")];

/// In the order in which they are tried.
const CHAIN: [&str; 3] = ["anthropic", "bedrock", "openai"];
const LONG_CHAIN: [&str; 4] = ["gemini", "anthropic", "bedrock", "openai"];

const CASES: [&str; 9] = ["won-0", "won-1", "won-2", "long", "down", "left-gemini", "left-anthropic", "left-bedrock", "left-openai"];

static GATEWAY: Shared = Shared::new(|| Gateway::start(setup(&CASES)));

/// All four formats; Claude at each, as Bedrock asks a model of another maker in other words.
pub fn setup(cases: &[&str]) -> Setup {
    let own = |dialect: &str, credential: Value| json!({"dialect": dialect, "host": null, "path_prefix": null, "credential": credential});
    let signed = json!({"aws": {"access_key_id": "AWS_ID", "secret_access_key": "AWS_SECRET", "session_token": "AWS_SESSION"}});
    let mut of_bedrock = own("bedrock", signed);
    of_bedrock["region"] = "eu-west-3".into();
    let setup = [("AWS_ID", AWS_ID), ("AWS_SECRET", AWS_SECRET), ("AWS_SESSION", AWS_SESSION)]
        .iter()
        .chain(&KEYS)
        .fold(Setup::new(), |setup, (name, value)| setup.env(name, value))
        .provider(Provider::start("gemini"), own("gemini", json!({"env": "GEMINI_API_KEY"})))
        .provider(Provider::start("anthropic"), own("anthropic", json!({"env": "ANTHROPIC_API_KEY"})))
        .provider(Provider::start("bedrock"), of_bedrock)
        .provider(Provider::start("openai"), own("openai", json!({"env": "OPENAI_API_KEY"})));
    let ids: Vec<String> = cases.iter().map(|case| format!("t/{}", model(case))).collect();
    setup.models(&ids.iter().map(String::as_str).collect::<Vec<_>>(), &LONG_CHAIN)
}

pub fn model(case: &str) -> String {
    format!("claude-sonnet-4-5-{case}")
}

/// What a client may send: everything that some format has no word for, or another one.
fn laden(case: &str, order: &[&str], stream: bool) -> Request {
    let body = BODY.replace("MODEL", &format!("t/{}", model(case))).replace("STREAM", if stream { "true" } else { "false" });
    let body = body.replace("ORDER", &json!(order).to_string());
    [
        ("anthropic-beta", "a-beta-of-anthropics"),
        ("x-api-key", "client-x-api-key"),
        ("x-goog-api-key", "client-goog-key"),
        ("x-amz-security-token", "client-amz-token"),
        ("openai-organization", "client-organization"),
        ("cookie", "client-cookie"),
    ]
    .iter()
    .fold(Request::chat(body), |request, (name, value)| request.header(name, value))
}

/// The text of the thought as it stands in JSON: to be sent back byte for byte.
const THOUGHT: &str = r#"Let me see\n\t— \"caf\u00e9\" \/ é."#;

const BODY: &str = r#"{"model":"MODEL","stream":STREAM,"max_tokens":4000,"reasoning":{"max_tokens":2000},
"provider":{"order":ORDER,"allow_fallbacks":false},
"messages":[
 {"role":"system","content":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral","ttl":"1h"}}]},
 {"role":"developer","content":"Be kind."},
 {"role":"user","content":[{"type":"text","text":"Weather?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0="}}]},
 {"role":"assistant","content":"Looking.","reasoning":"Let me see.","reasoning_details":[
  {"type":"reasoning.text","text":"Let me see\n\t— \"caf\u00e9\" \/ é.","signature":"EqQBanthropic==","format":"anthropic-claude-v1","index":0},
  {"type":"reasoning.encrypted","data":"AmgemiNi==","id":"functions.weather:1","format":"google-gemini-v1","index":1},
  {"type":"reasoning.encrypted","data":"gAAAAopenai","format":"openai-responses-v1","index":2}],
  "tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Paris\",\"at\":1e-7}"}},
   {"id":"functions.weather:1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]},
 {"role":"tool","tool_call_id":"toolu_1","content":"18"},
 {"role":"tool","tool_call_id":"functions.weather:1","content":[{"type":"text","text":"24","cache_control":{"type":"ephemeral"}}]},
 {"role":"user","content":[{"type":"text","text":"And now?","cache_control":{"type":"ephemeral"}}]}],
"tools":[{"type":"function","function":{"name":"weather","description":"The weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}},"cache_control":{"type":"ephemeral"}}],
"response_format":{"type":"json_schema","json_schema":{"name":"said","strict":true,"schema":{"type":"object","properties":{"said":{"type":"string"}},"required":["said"],"additionalProperties":false}}}}"#;

// === What each provider answers: text and two calls at once, with the same meaning and the same counts ===

fn answer(provider: &str, stream: bool) -> Reply {
    let cities = ["Paris", "Rome"];
    match (provider, stream) {
        ("anthropic", false) => {
            let call = |n: usize| json!({"type": "tool_use", "id": format!("toolu_a{n}"), "name": "weather", "input": {"city": cities[n]}});
            anthropic::message(json!([{"type": "text", "text": "Sure."}, call(0), call(1)]), "tool_use")
        }
        ("anthropic", true) => {
            let mut all = anthropic::begun("Sure.");
            for (n, city) in cities.iter().enumerate() {
                let piece = |json: &str| json!({"type": "content_block_delta", "index": n + 1, "delta": {"type": "input_json_delta", "partial_json": json}});
                let block = json!({"type": "tool_use", "id": format!("toolu_a{n}"), "name": "weather", "input": {}});
                all.push(json!({"type": "content_block_stop", "index": n}));
                all.push(json!({"type": "content_block_start", "index": n + 1, "content_block": block}));
                all.extend([piece(""), piece("{\"city\":"), piece(&format!("\"{city}\"}}"))]);
            }
            all.push(json!({"type": "content_block_stop", "index": 2}));
            all.push(json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 7, "cache_read_input_tokens": 5}}));
            all.push(json!({"type": "message_stop"}));
            Reply::events(all.iter().map(|event| anthropic::events(std::slice::from_ref(event))))
        }
        ("bedrock", false) => {
            let call =
                |n: usize| json!({"toolUse": {"toolUseId": format!("tooluse_b{n}"), "name": "weather", "input": {"city": cities[n]}}});
            bedrock::converse(json!([{"text": "Sure."}, call(0), call(1)]), "tool_use")
        }
        ("bedrock", true) => {
            let mut all = vec![bedrock::beginning(), bedrock::text("Sure.")];
            for (n, city) in cities.iter().enumerate() {
                let start = json!({"toolUse": {"toolUseId": format!("tooluse_b{n}"), "name": "weather"}});
                all.push(("contentBlockStart", json!({"contentBlockIndex": n + 1, "start": start})));
                for piece in ["{\"city\":", &format!("\"{city}\"}}")] {
                    all.push(("contentBlockDelta", json!({"contentBlockIndex": n + 1, "delta": {"toolUse": {"input": piece}}})));
                }
                all.push(("contentBlockStop", json!({"contentBlockIndex": n + 1})));
            }
            all.extend(bedrock::ending("tool_use"));
            bedrock::events(&all)
        }
        (_, false) => {
            let call = |n: usize| json!({"id": format!("call_o{n}"), "type": "function", "function": {"name": "weather", "arguments": json!({"city": cities[n]}).to_string()}});
            let mut body = wire::completion_body("Sure.");
            body["choices"][0]["message"]["tool_calls"] = json!([call(0), call(1)]);
            body["choices"][0]["finish_reason"] = "tool_calls".into();
            Reply::json(200, &body)
        }
        (_, true) => {
            let mut all = vec![wire::chunk(json!({"role": "assistant", "content": ""}), Value::Null), wire::text_chunk("Sure.")];
            for (n, city) in cities.iter().enumerate() {
                let first =
                    json!({"index": n, "id": format!("call_o{n}"), "type": "function", "function": {"name": "weather", "arguments": ""}});
                all.push(wire::chunk(json!({"tool_calls": [first]}), Value::Null));
                let arguments = json!({"city": city}).to_string();
                all.push(wire::chunk(json!({"tool_calls": [{"index": n, "function": {"arguments": arguments}}]}), Value::Null));
            }
            all.extend([wire::chunk(json!({}), json!("tool_calls")), wire::usage_chunk(wire::usage())]);
            Reply::events(all.iter().map(wire::event).chain([wire::event("[DONE]")]))
        }
    }
}

/// The ways in which a provider fails before its answer has begun; those within a stream where one is asked for.
fn failures(provider: &str, stream: bool) -> Vec<Reply> {
    let said = json!({"message": "Too many requests"});
    let no_credit = json!({"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low to access the Anthropic API."}});
    let no_model = json!({"message": "The provided model identifier is invalid."});
    match (provider, stream) {
        ("gemini", _) => {
            let error = json!([{"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}]);
            vec![Reply::json(503, &error), Reply::json(200, &error)]
        }
        ("anthropic", false) => vec![Reply::json(529, &anthropic::error("overloaded_error")), Reply::reset(), Reply::json(400, &no_credit)],
        ("anthropic", true) => {
            let begun = anthropic::events(&[anthropic::begun("")[0].clone(), anthropic::error("overloaded_error")]);
            vec![
                Reply::json(529, &anthropic::error("overloaded_error")),
                Reply::events([begun]),
                Reply::reset(),
                Reply::json(400, &no_credit),
            ]
        }
        ("bedrock", false) => vec![Reply::json(424, &said), Reply::reset(), Reply::json(400, &no_model)],
        ("bedrock", true) => vec![
            bedrock::events(&[("!throttlingException", said.clone())]),
            bedrock::events(&[bedrock::beginning(), ("!modelStreamErrorException", said.clone())]),
            Reply::reset(),
            Reply::json(503, &said),
            Reply::json(400, &no_model),
        ],
        _ => vec![Reply::error(500, "no"), Reply::reset()],
    }
}

// === What each provider has to have got ===

/// No provider sees another's credential, nor what the client has for others.
fn assert_headers(provider: &str, received: &Received) {
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
fn assert_body(provider: &str, received: &Received, stream: bool) {
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
            let known = ["model", "stream", "stream_options", "max_completion_tokens", "messages", "tools", "response_format"];
            only(&body, &known);
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

// === What the client sees ===

/// An answer without what is another in each: ids and times, and the winner's own words and counts.
#[derive(Debug, PartialEq)]
struct Told {
    model: Value,
    content: String,
    calls: Vec<(String, String)>,
    finish_reason: String,
    usage: Vec<String>,
}

struct Seen {
    told: Told,
    provider: Value,
    usage: Value,
    ids: Vec<String>,
}

fn ask(gateway: &Gateway, case: &str, order: &[&str], stream: bool) -> Seen {
    let request = laden(case, order, stream);
    let (messages, usage) = if stream {
        let chunks = client::chunks(&gateway.open(&request).events());
        let usage = client::usage(&chunks);
        (chunks, usage)
    } else {
        let answer = gateway.send(&request).json();
        let usage = answer["usage"].clone();
        (vec![answer], usage)
    };
    let (first, word) = (&messages[0], if stream { "delta" } else { "message" });
    let object = if stream { "chat.completion.chunk" } else { "chat.completion" };
    let mut seen = Seen {
        told: Told {
            model: first["model"].clone(),
            content: String::new(),
            calls: Vec::new(),
            finish_reason: String::new(),
            usage: usage.as_object().unwrap().keys().cloned().collect(),
        },
        provider: first["provider"].clone(),
        usage,
        ids: Vec::new(),
    };
    for message in &messages {
        let of_one = |name: &str| assert_eq!(message[name], first[name], "{messages:#?}");
        ["id", "provider", "model", "created"].into_iter().for_each(of_one);
        assert_eq!(message["object"], object);
        let choice = &message["choices"][0];
        seen.told.content += choice[word]["content"].as_str().unwrap_or_default();
        seen.told.finish_reason += choice["finish_reason"].as_str().unwrap_or_default();
        for call in choice[word]["tool_calls"].as_array().into_iter().flatten() {
            let index = usize::try_from(call["index"].as_u64().unwrap_or(seen.told.calls.len() as u64)).unwrap();
            if index == seen.told.calls.len() {
                seen.told.calls.push((call["function"]["name"].as_str().unwrap().to_owned(), String::new()));
                seen.ids.push(call["id"].as_str().unwrap().to_owned());
            }
            seen.told.calls[index].1 += call["function"]["arguments"].as_str().unwrap_or_default();
        }
    }
    seen
}

fn tokens(gateway: &Gateway, case: &str, provider: &str) -> u64 {
    let labels = [("gen_ai_request_model", &*format!("t/{}", model(case))), ("gen_ai_provider_name", provider)];
    gateway.samples().sum("signalbox_tokens_total", &labels)
}

/// Asks once for each way in which those before `winner` fail, and checks what everybody got.
fn assert_failover(gateway: &Gateway, case: &str, chain: &[&str], stream: bool) -> Vec<Seen> {
    let (winner, losers) = chain.split_last().unwrap();
    gateway.provider(winner).answers(&model(case), answer(winner, stream));
    let ways = losers.iter().map(|loser| failures(loser, stream).len()).max().unwrap_or(1);
    let mut all = Vec::new();
    for way in 0..ways {
        let had: Vec<usize> = chain.iter().map(|name| gateway.provider(name).received(&model(case)).len()).collect();
        for loser in losers {
            let of_loser = failures(loser, stream);
            gateway.provider(loser).answers(&model(case), of_loser[way % of_loser.len()].clone());
        }
        let seen = ask(gateway, case, chain, stream);
        assert_eq!(seen.provider, *winner, "way {way} of {chain:?}");
        for (name, had) in chain.iter().zip(had) {
            let received = gateway.provider(name).received(&model(case));
            assert_eq!(received.len(), had + 1, "{name} is asked once, way {way} of {chain:?}");
            assert_headers(name, &received[had]);
            assert_body(name, &received[had], stream);
        }
        all.push(seen);
    }
    all
}

#[test]
fn c15_t40_t64_the_client_sees_another_provider_and_nothing_else() {
    let gateway = Use::of(&GATEWAY);
    for stream in [false, true] {
        let mut told = Vec::new();
        for winner in 0..CHAIN.len() {
            let case = format!("won-{winner}");
            let spent = |provider: &str| tokens(&gateway, &case, provider);
            let before: Vec<u64> = CHAIN.iter().map(|name| spent(name)).collect();
            let all = assert_failover(&gateway, &case, &CHAIN[..=winner], stream);
            let sum: u64 = all.iter().map(|seen| seen.usage["total_tokens"].as_u64().unwrap()).sum();
            gateway.samples_when(|_| spent(CHAIN[winner]) >= before[winner] + sum);
            for (place, name) in CHAIN.iter().enumerate() {
                assert_eq!(spent(name) - before[place], if place == winner { sum } else { 0 }, "{name} when {} wins", CHAIN[winner]);
            }
            for seen in &all {
                assert!(seen.ids.len() == 2 && seen.ids[0] != seen.ids[1] && seen.usage["cost"].as_f64().unwrap() > 0.0);
            }
            told.extend(all.into_iter().map(|seen| seen.told));
        }
        assert_eq!(told[0].content, "Sure.");
        assert_eq!(told[0].calls, [("weather".into(), r#"{"city":"Paris"}"#.into()), ("weather".into(), r#"{"city":"Rome"}"#.into())]);
        assert_eq!(told[0].finish_reason, "tool_calls");
        let shape = |told: &Told| (told.content.clone(), told.calls.clone(), told.finish_reason.clone(), told.usage.clone());
        assert!(told.iter().all(|other| shape(other) == shape(&told[0])), "{told:#?}");
    }
}

#[test]
fn t61_geminis_list_of_errors_is_a_failure_like_the_others() {
    let gateway = Use::of(&GATEWAY);
    for stream in [false, true] {
        assert_failover(&gateway, "long", &LONG_CHAIN, stream);
    }
}

#[test]
fn one_error_names_every_attempt() {
    let gateway = Use::of(&GATEWAY);
    let name = model("down");
    for stream in [false, true] {
        gateway.provider("anthropic").answers(&name, Reply::json(529, &anthropic::error("overloaded_error")));
        gateway.provider("bedrock").answers(
            &name,
            if stream {
                bedrock::events(&[("!throttlingException", json!({"message": "slow"}))])
            } else {
                Reply::json(429, &json!({"message": "slow"}))
            },
        );
        gateway.provider("openai").answers(&name, Reply::error(503, "The engine is gone.").header("retry-after", "9"));
        let response = gateway.send(&laden("down", &CHAIN, stream));
        response.error(503);
        let error = response.json()["error"].clone();
        let metadata = &error["metadata"];
        assert_eq!((&metadata["provider_name"], &metadata["error_type"]), (&json!("openai"), &json!("provider_overloaded")), "{error:#}");
        assert!(metadata["raw"].as_str().unwrap().contains("The engine is gone."));
        let before: Vec<_> = metadata["previous_errors"].as_array().unwrap().iter().map(|one| (&one["provider"], &one["code"])).collect();
        assert_eq!(before, [(&json!("anthropic"), &json!(529)), (&json!("bedrock"), &json!(429))], "{error:#}");
        assert_eq!(response.header("retry-after"), Some("9"));
        for secret in ["sk-ant-1", "sk-openai-2", AWS_SECRET, "AKIDEXAMPLE"] {
            assert!(!response.text().contains(secret));
        }
    }
    assert_eq!(CHAIN.iter().map(|provider| tokens(&gateway, "down", provider)).sum::<u64>(), 0, "a failed attempt costs nothing");
}

/// A client that hangs up in the middle of a stream has seen something, whoever said it.
#[test]
fn c4_s15_what_was_seen_of_each_format_is_charged() {
    let gateway = Use::of(&GATEWAY);
    let words: Vec<String> = (0..200).map(|n| format!("word number {n} ")).collect();
    for provider in LONG_CHAIN {
        let case = format!("left-{provider}");
        let stream = match provider {
            "anthropic" => {
                let text =
                    |word: &String| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}});
                let events = anthropic::begun("").into_iter().take(2).chain(words.iter().map(text));
                Reply::events(events.map(|event| anthropic::events(&[event])))
            }
            "bedrock" => {
                let texts = words.iter().map(|word| bedrock::text(word));
                bedrock::events(&[bedrock::beginning()].into_iter().chain(texts).collect::<Vec<_>>())
            }
            "gemini" => Reply::events(words.iter().map(|word| gemini::piece(json!([{"text": word}])))),
            _ => wire::stream(&words.iter().map(String::as_str).collect::<Vec<_>>()),
        };
        gateway.provider(provider).answers(&model(&case), stream.paced(Duration::from_millis(30)));
        let id = format!("t/{}", model(&case));
        let mut answer = gateway.open(&Request::ask(&id, json!({"stream": true, "provider": {"order": [provider]}})));
        for _ in 0..8 {
            answer.event().unwrap();
        }
        drop(answer);
        let labels = [("gen_ai_request_model", &*id), ("gen_ai_provider_name", provider)];
        gateway.assert_counts("signalbox_estimated_usage_total", &labels, 1);
        let samples = gateway.samples();
        let output = samples.sum("signalbox_tokens_total", &[&labels[..], &[("gen_ai_token_type", "output")]].concat());
        assert!((5..=150).contains(&output), "about 7 times 4 tokens of {provider} were seen, {output} are charged");
        assert!(samples.sum("signalbox_tokens_total", &[&labels[..], &[("gen_ai_token_type", "input")]].concat()) > 0, "{provider}");
        assert!(samples.sum("signalbox_cost_nano_usd_total", &labels) > 0 || provider == "gemini", "{provider}");
        assert_eq!(samples.sum("signalbox_attempts_total", &[("gen_ai_request_model", &*id)]), 1, "{provider}");
    }
}
