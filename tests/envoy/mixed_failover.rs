//! One request that goes from format to format: each provider gets what it can read and no more, and the client sees one answer.

mod answers;
mod received;

use std::time::Duration;

use serde_json::{Value, json};

use answers::{answer, failures};
use received::{assert_body, assert_headers};

use super::{
    anthropic, bedrock,
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    gemini,
    provider::Provider,
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
        let expected = [(&json!("anthropic"), &json!("temporarily_unavailable")), (&json!("bedrock"), &json!("capacity_exhausted"))];
        assert_eq!(before, expected, "{error:#}");
        assert_eq!(
            (response.header("retry-after"), &error["availability"]["retry_after"]),
            (Some("9"), &json!(9)),
            "the one that said something"
        );
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
