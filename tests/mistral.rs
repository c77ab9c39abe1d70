//! Mistral's chat completions: requests become what it takes, answers and streams OpenRouter's, however their bytes are cut.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod mistral {
    pub(crate) mod sample;
}

use mistral::sample::{answer, assert_golden, assert_json, body, damaged, endpoint, endpoint_with, request, run, tail};
use serde_json::{Value, json};
use signalbox::chat::Request;
use signalbox::clock::Millis;
use signalbox::error::ErrorType;
use signalbox::fallback::{Verdict, verdict};
use signalbox::provider::{self, Account, Fault, Progress};
use signalbox::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The body that the request `$name` becomes for `$model`, which is in its golden.
macro_rules! body {
    ($name:literal, $model:literal) => {{
        let body = body(&request(include_str!(concat!("fixtures/mistral/", $name, ".request.json"))), &endpoint($model));
        let golden = include_str!(concat!("fixtures/mistral/", $name, ".body.json"));
        assert_golden(concat!($name, ".body.json"), golden, &format!("{body}\n"));
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(unknown(&body), [""; 0], "{body:#}");
        body
    }};
}

/// Runs the stream `$name` in every way and compares with its golden.
macro_rules! stream {
    ($name:literal) => {{
        let ran = run_in_every_way(include_str!(concat!("fixtures/mistral/", $name, ".sse")));
        let golden = include_str!(concat!("fixtures/mistral/", $name, ".chunks.sse"));
        assert_golden(concat!($name, ".chunks.sse"), golden, &format!("{}{}", ran.0, tail(&ran.1)));
        ran
    }};
}

/// Reads the whole answer `$name` and compares with its golden.
macro_rules! answer {
    ($name:literal) => {{
        let (answer, usage) = answer(include_bytes!(concat!("fixtures/mistral/", $name, ".json"))).unwrap();
        let golden = include_str!(concat!("fixtures/mistral/", $name, ".openrouter.json"));
        assert_golden(concat!($name, ".openrouter.json"), golden, &format!("{answer}\n"));
        (serde_json::from_str::<Value>(&answer).unwrap(), usage)
    }};
}

/// The members of a body that Mistral's schema does not have: each would be a 422.
fn unknown(body: &Value) -> Vec<String> {
    const TOP: &str = "model messages temperature top_p max_tokens stream stop random_seed metadata response_format tools tool_choice \
                       presence_penalty frequency_penalty n prediction parallel_tool_calls reasoning_effort prompt_mode guardrails \
                       prompt_cache_key safe_prompt";
    let mut found = Vec::new();
    let mut check = |object: &Value, known: &str| {
        for (name, value) in object.as_object().unwrap() {
            if !known.split_whitespace().any(|known| known == name) || value.is_null() {
                found.push(format!("{name} in {object}"));
            }
        }
    };
    check(body, TOP);
    for message in body["messages"].as_array().unwrap() {
        check(
            message,
            match message["role"].as_str().unwrap() {
                "system" | "user" => "role content",
                "assistant" => "role content tool_calls prefix",
                "tool" => "role content tool_call_id name",
                other => panic!("{other}"),
            },
        );
        for part in message["content"].as_array().into_iter().flatten() {
            check(
                part,
                match part["type"].as_str().unwrap() {
                    "text" => "type text",
                    "image_url" => "type image_url",
                    "input_audio" => "type input_audio",
                    "document_url" => "type document_url document_name",
                    "thinking" => "type thinking signature closed",
                    other => panic!("{other}"),
                },
            );
        }
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            check(call, "id type function index");
            check(&call["function"], "name arguments");
        }
    }
    for tool in body["tools"].as_array().into_iter().flatten() {
        check(tool, "type function");
        check(&tool["function"], "name description strict parameters");
        assert!(tool["function"]["parameters"].is_object());
    }
    found
}

fn asked(model: &str, more: Value) -> Value {
    let mut body = json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_str(&self::body(&request(&body.to_string()), &endpoint(model))).unwrap()
}

fn run_in_every_way(stream: &str) -> (String, Account) {
    let bytes = stream.as_bytes();
    let whole = run([bytes]);
    assert_eq!(run(bytes.chunks(1)), whole, "byte by byte");
    for cut in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(cut);
        assert_eq!(run([head, tail]), whole, "cut at {cut}");
    }
    assert_eq!(run([stream.replace('\n', "\r\n").as_bytes()]), whole, "CRLF");
    assert_eq!(run([stream.trim_end().as_bytes()]), whole, "no blank line at the end");
    whole
}

fn chunks(answer: &str) -> Vec<Value> {
    answer.lines().filter_map(|line| line.strip_prefix("data: ")).map(|data| serde_json::from_str(data).unwrap()).collect()
}

fn all(chunks: &[Value], member: &str) -> String {
    chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"][member].as_str()).collect()
}

#[test]
fn t76_what_mistral_refuses_to_see_is_removed_or_has_its_name() {
    let body = body!("text", "mistral-large-latest");
    assert_eq!((&body["random_seed"], &body["max_tokens"]), (&json!(9_007_199_254_740_993u64), &json!(50)));
    assert_eq!((&body["temperature"], &body["safe_prompt"], &body["stream"]), (&json!(1.5), &json!(true), &json!(true)));
    assert_eq!(body["messages"], json!([{"role": "user", "content": "Say hi."}]));
}

#[test]
fn t76_calls_and_answers_find_each_other_by_ids_of_nine_characters() {
    let body = body!("tools", "mistral-large-latest");
    let messages = body["messages"].as_array().unwrap();
    let id = |call: &Value| call.as_str().unwrap().to_owned();
    let fits = |id: &str| id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let calls: Vec<String> = messages[2]["tool_calls"].as_array().unwrap().iter().map(|call| id(&call["id"])).collect();
    assert!(calls.iter().all(|id| fits(id)) && calls[1] == "D681PevKs", "{calls:?}");
    assert_eq!(calls, [id(&messages[3]["tool_call_id"]), id(&messages[4]["tool_call_id"])]);
    // The older way has no ids.
    assert_eq!(messages[8]["tool_calls"][0]["id"], messages[9]["tool_call_id"]);
    assert_eq!(messages[8]["tool_calls"][0]["function"], json!({"name": "now", "arguments": "{}"}));
    let roles: Vec<&str> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
    let expected = ["system", "user", "assistant", "tool", "tool", "user", "assistant", "user", "assistant", "tool", "user"];
    assert_eq!(roles, expected, "after an assistant or a tool, no system may speak");
    assert_eq!((&body["tool_choice"], &body["parallel_tool_calls"]), (&json!("required"), &json!(true)));
}

#[test]
fn t03_images_audio_and_documents_are_mistrals() {
    let body = body!("media", "voxtral-small-latest");
    let parts = &body["messages"][1]["content"];
    assert_eq!(parts[3], json!({"type": "input_audio", "input_audio": "SUQzBA=="}));
    let document = json!({"type": "document_url", "document_url": "data:application/pdf;base64,JVBERi0=", "document_name": "a \"b\".pdf"});
    assert_eq!(parts[4], document);
    assert_eq!(body["messages"][2]["content"], json!([{"type": "text", "text": "No."}]));
    assert_eq!(body["messages"][4]["content"], "Because.");
    assert_eq!(body["messages"][6], json!({"role": "assistant", "content": "It is a", "prefix": true}), "T29: the beginning of the answer");
}

#[test]
fn what_was_thought_goes_back_as_it_came() {
    let body = body!("reasoning", "mistral-medium-3-5");
    assert_eq!(body["reasoning_effort"], "high");
    let thought = |text: &str| json!({"type": "thinking", "thinking": [{"type": "text", "text": text}]});
    let mut signed = thought("17 * 20 = 340\n17 * 3 = 51");
    signed["signature"] = "c2ln".into();
    assert_eq!(body["messages"][1]["content"], json!([signed, {"type": "text", "text": "391."}]));
    assert_eq!(body["messages"][3]["content"], json!([thought("f knows.")]));
    assert_eq!(body["messages"][5]["content"], json!([thought("Again.")]));
    assert_eq!(body["messages"][7]["content"], json!([thought("So."), {"type": "text", "text": "It is 391."}]));
    // A model that does not think refuses to see thoughts, and the knob.
    let plain = self::body(&request(include_str!("fixtures/mistral/reasoning.request.json")), &endpoint("mistral-large-latest"));
    assert!(!plain.contains("thinking") && !plain.contains("reasoning"), "{plain}");
}

#[test]
fn t23_what_stays_stays_to_the_byte() {
    let body = body!("json_schema", "mistral-large-latest");
    assert_eq!(body["metadata"], json!({"a": "b"}));
    assert!(include_str!("fixtures/mistral/json_schema.body.json").contains(r#"{"x":{"type":"number","default":1.0}}"#));
}

#[test]
fn effort_is_all_or_nothing_and_for_models_that_can() {
    for (model, reasoning, effort) in [
        ("mistral-small-latest", json!({"effort": "low"}), json!("high")),
        ("mistral-small-2603", json!({"max_tokens": 2000}), json!("high")),
        ("mistral-medium-latest", json!({"enabled": true}), json!("high")),
        ("mistral-medium-3", json!({"effort": "minimal"}), json!("none")),
        ("mistral-medium-3.5", json!({"effort": "none"}), json!("none")),
        ("mistral-medium-3-5", json!({"enabled": false}), json!("none")),
        ("mistral-medium-3-5", json!({"exclude": true}), Value::Null),
        ("mistral-small-2506", json!({"effort": "high"}), Value::Null),
        ("mistral-medium-2508", json!({"effort": "high"}), Value::Null),
        ("magistral-medium-latest", json!({"effort": "high"}), Value::Null),
        ("codestral-latest", json!({"effort": "high"}), Value::Null),
    ] {
        assert_eq!(asked(model, json!({"reasoning": reasoning}))["reasoning_effort"], effort, "{model} {reasoning}");
    }
    assert_eq!(asked("mistral-small-latest", json!({"reasoning_effort": "medium"}))["reasoning_effort"], "high");
    // The configuration knows better.
    let ask = request(r#"{"model":"a/b","reasoning_effort":"high","messages":[{"role":"user","content":"x"}]}"#);
    assert!(body(&ask, &endpoint_with("zai-glm-5-2", Some(&["reasoning"]))).contains(r#""reasoning_effort":"high""#));
    assert!(!body(&ask, &endpoint_with("mistral-small-latest", Some(&["tools"]))).contains("reasoning_effort"));
}

#[test]
fn parameters_of_the_same_meaning_do_not_meet() {
    let both = asked("m", json!({"max_tokens": 7, "max_completion_tokens": 9, "seed": 1, "random_seed": 2}));
    assert_eq!((&both["max_tokens"], &both["random_seed"]), (&json!(7), &json!(2)));
    assert_eq!(unknown(&both), [""; 0]);
    assert_eq!(asked("m", json!({"max_tokens": null, "max_completion_tokens": 9}))["max_tokens"], 9);
    assert_eq!(asked("m", json!({"max_completion_tokens": 9.0}))["max_tokens"].to_string(), "9");
    assert_eq!(asked("m", json!({"max_tokens": 9.0}))["max_tokens"].to_string(), "9");
    assert_eq!(asked("m", json!({"seed": -1})).get("random_seed"), None, "a seed has no sign there");
    assert_eq!(
        asked("m", json!({"tool_choice": {"type": "allowed_tools"}, "tools": [{"type": "function", "function": {"name": "f"}}]}))
            .get("tool_choice"),
        None
    );
}

#[test]
fn t13_a_streams_usage_comes_unasked() {
    let ran = stream!("text");
    assert_eq!(ran.1.usage, Some(Usage { input: 4, cache_read: 16, output: 8, ..Usage::default() }));
    let chunks = chunks(&ran.0);
    assert_eq!(all(&chunks, "content"), "Grüezi, \"Zürich\"!");
    let last = &chunks.last().unwrap()["choices"][0];
    assert_eq!((&last["finish_reason"], &last["native_finish_reason"]), (&json!("length"), &json!("model_length")));
}

#[test]
fn t15_tool_calls_come_whole_in_a_stream() {
    let ran = stream!("tools");
    let calls = &chunks(&ran.0)[1]["choices"][0]["delta"]["tool_calls"];
    assert_eq!((&calls[0]["id"], &calls[1]["index"]), (&json!("D681PevKs"), &json!(1)));
    assert_eq!(ran.1.usage, Some(Usage { input: 92, output: 32, ..Usage::default() }));
}

#[test]
fn t18_thinking_in_pieces_is_reasoning() {
    let ran = stream!("thinking");
    let chunks = chunks(&ran.0);
    assert_eq!(all(&chunks, "reasoning"), "17 times 20 is \"340\".\nSo 391.");
    assert_eq!(all(&chunks, "content"), "17 * 23 = 391.");
    let thinking = include_str!("fixtures/mistral/thinking.sse").split_inclusive("\n\n").take(2).collect::<String>();
    let mut stream = provider::stream(
        &endpoint("m"),
        &request(r#"{"model":"a/b","messages":[{"role":"user","content":"x"}]}"#),
        mistral::sample::envelope(),
        1 << 20,
    );
    stream.feed(thinking.as_bytes(), &mut Vec::new());
    assert_eq!(stream.account().progress, Progress::Begun, "T17: it is what a client waits for");
}

#[test]
fn t19_an_error_in_a_stream_has_mistrals_shape() {
    let ran = stream!("error_midway");
    let Progress::Failed(fault) = ran.1.progress else { panic!("{:?}", ran.1) };
    assert_eq!((fault.status, fault.error_type), (429, ErrorType::RateLimitExceeded));
}

#[test]
fn whole_answers_are_openrouters() {
    let (whole, usage) = answer!("thinking");
    let message = &whole["choices"][0]["message"];
    assert_eq!(message["content"], "John is \\(\\boxed{22}\\) years old.");
    assert_eq!(message["reasoning"], "Okay, let's \"see\".\nJohn is 22.");
    assert_eq!(usage, Some(Usage { input: 13, cache_read: 64, output: 1114, ..Usage::default() }));
    let (called, _) = answer!("tools");
    assert_eq!(called["choices"][0]["message"]["tool_calls"][0]["type"], "function");
    // And back: what was answered can be sent again.
    let again = json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}, message, {"role": "user", "content": "y"}]});
    let body: Value = serde_json::from_str(&self::body(&request(&again.to_string()), &endpoint("mistral-small-latest"))).unwrap();
    assert_eq!(body["messages"][1]["content"][0]["thinking"][0]["text"], message["reasoning"]);
    assert_eq!(unknown(&body), [""; 0]);
}

#[test]
fn reasoning_that_nobody_wants_to_see_stays_out() {
    let asked = request(r#"{"model":"a/b","reasoning":{"exclude":true},"messages":[{"role":"user","content":"x"}]}"#);
    for member in [
        r#""content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm."}]},{"type":"text","text":"Yes."}]"#,
        r#""content":"Yes.","reasoning":"Hm.","reasoning_details":[{"type":"reasoning.text","text":"Hm."}]"#,
        r#""reasoning_content":"Hm.","content":"Yes.""#,
    ] {
        let body = format!(r#"{{"choices":[{{"index":0,"message":{{{member}}},"finish_reason":"stop"}}]}}"#);
        let endpoint = endpoint("mistral-small-latest");
        let whole = provider::completion(&endpoint, &asked, body.as_bytes(), &mistral::sample::envelope()).unwrap();
        assert!(whole.output_bytes >= "Yes.Hm.".len(), "it is paid for");
        let whole = String::from_utf8(whole.head).unwrap();
        assert!(whole.contains(r#""content":"Yes.""#) && !whole.contains("reasoning") && !whole.contains("Hm."), "{whole}");
        let event = format!("data: {}\n\ndata: [DONE]\n\n", body.replace("message", "delta"));
        let mut chunks = Vec::new();
        let mut stream = provider::stream(&endpoint, &asked, mistral::sample::envelope(), 1 << 20);
        stream.feed(event.as_bytes(), &mut chunks);
        assert!(!String::from_utf8(chunks).unwrap().contains("reasoning"));
        assert_eq!(stream.account().progress, Progress::Done);
    }
}

#[test]
fn errors_lead_where_they_should() {
    const REST: std::time::Duration = std::time::Duration::from_secs(30);
    let next = Verdict::NextEndpoint(Some(REST));
    for (status, body, expected) in [
        (
            400,
            r#"{"object":"error","message":"Tool call id was x but must be …","type":"invalid_function_call","param":null,"code":"3280"}"#,
            Verdict::Answer,
        ),
        (
            400,
            r#"{"object":"error","message":"Prompt contains 65673 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_error","param":null,"code":"3051"}"#,
            Verdict::NextModel,
        ),
        (
            422,
            r#"{"detail":[{"type":"extra_forbidden","loc":["body","user"],"msg":"Extra inputs are not permitted","input":"u"}]}"#,
            Verdict::Answer,
        ),
        (
            422,
            r#"{"object":"error","message":{"detail":[{"type":"missing"}]},"type":"invalid_request_error","param":null,"code":null}"#,
            Verdict::Answer,
        ),
        (401, r#"{"detail":"Unauthorized"}"#, next),
        (
            429,
            r#"{"object":"error","message":"Rate limit exceeded","type":"rate_limited","param":null,"code":"1300","raw_status_code":429}"#,
            next,
        ),
        (500, r#"{"object":"error","message":"Service unavailable.","type":"internal_server_error","param":null,"code":"1000"}"#, next),
    ] {
        assert_eq!(verdict(&Fault::of_status(status, body.as_bytes()), None, REST), expected, "{body}");
    }
    let fault = answer(br#"{"object":"error","message":"Service unavailable.","type":"internal_server_error","code":"1000"}"#).unwrap_err();
    assert_eq!((fault.status, fault.error_type), (500, ErrorType::Server));
}

const REQUESTS: [&str; 5] = [
    include_str!("fixtures/mistral/text.request.json"),
    include_str!("fixtures/mistral/tools.request.json"),
    include_str!("fixtures/mistral/media.request.json"),
    include_str!("fixtures/mistral/reasoning.request.json"),
    include_str!("fixtures/mistral/json_schema.request.json"),
];

#[test]
fn requests_are_refused_or_json_whatever_is_done_to_them() {
    const ROUNDS: u64 = 600;
    let endpoint = endpoint("mistral-medium-3-5");
    let mut translated = 0;
    for (seed, sample) in REQUESTS.iter().enumerate() {
        let mut random = fastrand::Rng::with_seed(seed as u64);
        for _ in 0..ROUNDS {
            let Ok(request) = Request::parse(damaged(sample.as_bytes(), &mut random), None, 3) else { continue };
            translated += 1;
            assert_json(&provider::request(&request, &endpoint, &Millis(0)).unwrap().body.to_vec());
        }
    }
    assert!(translated > ROUNDS / 2, "only {translated} were translated");
}

#[test]
fn answers_are_faults_or_json_whatever_is_done_to_them() {
    let samples = [&include_bytes!("fixtures/mistral/thinking.json")[..], include_bytes!("fixtures/mistral/tools.json")];
    let mut read = 0;
    for (seed, sample) in samples.iter().enumerate() {
        let mut random = fastrand::Rng::with_seed(seed as u64);
        for _ in 0..600 {
            match answer(&damaged(sample, &mut random)) {
                Ok(_) => read += 1,
                Err(fault) => assert!((400..600).contains(&fault.status), "{fault:?}"),
            }
        }
    }
    assert!(read > 100, "only {read} were read");
}

#[test]
fn streams_come_out_as_chunks_however_they_are_damaged_and_cut() {
    for (seed, sample) in [include_str!("fixtures/mistral/thinking.sse"), include_str!("fixtures/mistral/tools.sse")].iter().enumerate() {
        let mut random = fastrand::Rng::with_seed(seed as u64);
        for _ in 0..300 {
            let bytes = damaged(sample.as_bytes(), &mut random);
            let whole = run([&bytes[..]]);
            let (head, tail) = bytes.split_at(random.usize(..=bytes.len()));
            assert_eq!(run([head, tail]), whole);
            if let Progress::Failed(fault) = whole.1.progress {
                assert!((400..600).contains(&fault.status), "{fault:?}");
            }
        }
    }
}
