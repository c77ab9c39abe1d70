//! The same requests in every format: what each provider gets of a client's request, byte for byte.
//!
//! `tests/fixtures/requests/` has each request, and beside it what becomes of it: path, headers and body, or why it is refused. A
//! format more is a line more in [`formats`], with empty files for its goldens, which `UPDATE_GOLDEN=1 cargo test --test requests`
//! fills; read them.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::rc::Rc;

use serde_json::{Value, json};
use signalbox::chat::Request;
use signalbox::clock::Millis;
use signalbox::config::Config;
use signalbox::endpoint::Endpoint;
use signalbox::provider;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// When each request is signed.
const NOW: Millis = Millis(1_440_938_160_000);

/// Every format: its name, a provider's configuration, its name for the model, and the golden of the request `$name`.
macro_rules! formats {
    ($name:literal) => {
        [
            one!($name, "openai", r#"{"dialect":"openai"}"#, "gpt-4o"),
            one!($name, "openrouter", r#"{"dialect":"openrouter"}"#, "acme/model"),
            one!($name, "anthropic", r#"{"dialect":"anthropic"}"#, "claude-sonnet-4-5"),
            one!($name, "gemini", r#"{"dialect":"gemini"}"#, "gemini-2.5-flash"),
            one!($name, "bedrock", BEDROCK, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            one!($name, "nova", BEDROCK, "us.amazon.nova-pro-v1:0"),
            one!($name, "azure", r#"{"dialect":"azure","host":"acme.openai.azure.com","api_version":"2024-10-21"}"#, "our-gpt-4o"),
            one!($name, "mistral", r#"{"dialect":"mistral"}"#, "mistral-large-latest"),
            one!($name, "cohere", r#"{"dialect":"cohere"}"#, "command-a-03-2025"),
            one!($name, "vertex", VERTEX, "gemini-2.5-pro"),
            one!($name, "vertex-claude", VERTEX, "claude-sonnet-4-5@20250929"),
        ]
    };
}

macro_rules! one {
    ($name:literal, $format:literal, $provider:expr, $model:literal) => {
        Format {
            name: $format,
            endpoint: endpoint($provider, $model),
            file: concat!($name, ".", $format, ".http"),
            golden: include_str!(concat!("fixtures/requests/", $name, ".", $format, ".http")),
        }
    };
}

const BEDROCK: &str = r#"{"dialect":"bedrock","region":"us-east-1","credential":{"aws":{"access_key_id":"ID","secret_access_key":"KEY"}}}"#;

const VERTEX: &str = r#"{"dialect":"vertex","project":"acme","region":"europe-west1","credential":{"env":"TOKEN"}}"#;

struct Format {
    name: &'static str,
    endpoint: Rc<Endpoint>,
    file: &'static str,
    golden: &'static str,
}

/// Compares what every format makes of the request `$name` with its golden; the value finds the bodies by the format's name.
macro_rules! golden {
    ($name:literal) => {{
        let formats = formats!($name);
        let request = include_str!(concat!("fixtures/requests/", $name, ".json"));
        for format in &formats {
            assert_golden(format.file, format.golden, &translated(request, &format.endpoint));
        }
        move |name: &str| {
            let format = formats.iter().find(|format| format.name == name).unwrap();
            let text = translated(request, &format.endpoint);
            let (_, body) = text.split_once("\n\n").unwrap_or_else(|| panic!("{name}: {text}"));
            serde_json::from_str::<Value>(body).unwrap_or_else(|error| panic!("{name}: {error}: {body}"))
        }
    }};
}

fn endpoint(provider: &str, model: &str) -> Rc<Endpoint> {
    endpoint_with(provider, model, json!({}))
}

/// An endpoint with `more` members.
fn endpoint_with(provider: &str, model: &str, more: Value) -> Rc<Endpoint> {
    let provider: Value = serde_json::from_str(provider).unwrap();
    let mut endpoint = json!({"provider": "one", "model": model, "price": {"prompt": 1, "completion": 1}});
    endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let config = json!({
        "role": "gateway", "anonymous": true, "providers": {"one": provider}, "models": [{"id": "acme/model", "endpoints": [endpoint]}],
    });
    let Config::Gateway(gateway) = Config::parse(config.to_string().as_bytes(), |name| Some(name.to_owned())).unwrap() else { panic!() };
    gateway.endpoints().next().unwrap().clone()
}

/// What goes out, as it would look in HTTP/1.1, or why nothing does.
fn translated(body: &str, endpoint: &Endpoint) -> String {
    let request = Request::parse(body.trim_end().as_bytes().to_vec(), None, 3).unwrap();
    let upstream = match provider::request(&request, endpoint, &NOW) {
        Ok(upstream) => upstream,
        Err(error) => return format!("{error}\n"),
    };
    let mut text = format!("POST {}\n", upstream.path);
    for (name, value) in &upstream.headers {
        text += &format!("{name}: {}\n", String::from_utf8_lossy(value));
    }
    text + "\n" + &String::from_utf8(upstream.body.to_vec()).unwrap() + "\n"
}

/// `actual` is what is in the golden `file`.
fn assert_golden(file: &str, golden: &str, actual: &str) {
    #[cfg(not(target_family = "wasm"))]
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = format!("{}/tests/fixtures/requests/{file}", env!("CARGO_MANIFEST_DIR"));
        return std::fs::write(path, actual).unwrap();
    }
    assert!(golden == actual, "{file} differs (UPDATE_GOLDEN=1 rewrites it)\n--- expected\n{golden}\n--- actual\n{actual}");
}

#[test]
fn t23_t36_t42_a_text_and_its_parameters() {
    let body = golden!("text");
    let said = "Héllo \"you\"\n\\ é 😀";
    assert_eq!(body("openai")["messages"][0]["content"], said);
    assert_eq!(body("anthropic")["messages"][0]["content"][0]["text"], said);
    assert_eq!(body("gemini")["contents"][0]["parts"][0]["text"], said);
    assert_eq!(body("bedrock")["messages"][0]["content"][0]["text"], said);
    assert_eq!((&body("openai")["max_completion_tokens"], &body("nova")["inferenceConfig"]["topP"]), (&json!(100), &json!(0.9)));
}

#[test]
fn t27_t29_t46_what_system_and_developer_say_and_turns_by_turns() {
    let body = golden!("system");
    assert_eq!(body("anthropic")["system"].as_array().map(Vec::len), Some(3));
    assert_eq!(body("bedrock")["system"].as_array().map(Vec::len), Some(3));
    assert_eq!(body("gemini")["systemInstruction"]["parts"].as_array().map(Vec::len), Some(3));
    let roles = |body: Value, turns: &str| {
        body[turns].as_array().unwrap().iter().map(|turn| turn["role"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(roles(body("anthropic"), "messages"), ["user", "assistant", "user"]);
    assert_eq!(roles(body("gemini"), "contents"), ["user", "model", "user"]);
    assert_eq!(roles(body("bedrock"), "messages"), ["user", "assistant", "user"]);
}

#[test]
fn t02_t30_a_conversation_with_tools() {
    let body = golden!("tools");
    assert_eq!(body("anthropic")["messages"][1]["content"][0]["input"]["precision"], json!(1e-7));
    assert_eq!(body("anthropic")["tool_choice"]["disable_parallel_tool_use"], true);
    assert_eq!(body("gemini")["contents"][2]["parts"][0]["functionResponse"]["response"], json!({"degrees": 18.0}));
    assert_eq!(body("bedrock")["toolConfig"]["tools"].as_array().map(Vec::len), Some(2));
}

#[test]
fn t28_t49_t67_parallel_results_are_one_turn() {
    let body = golden!("parallel_tools");
    let ids = |blocks: &Value, id: fn(&Value) -> &Value| {
        blocks.as_array().unwrap().iter().map(|block| id(block).as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&body("anthropic")["messages"][2]["content"], |block| &block["tool_use_id"]), ["call_2", "call_1", "call_3", "-"]);
    assert_eq!(
        ids(&body("bedrock")["messages"][2]["content"], |block| &block["toolResult"]["toolUseId"]),
        ["call_2", "call_1", "call_3", "-"]
    );
    // Gemini goes by their order.
    assert_eq!(ids(&body("gemini")["contents"][2]["parts"], |part| &part["functionResponse"]["id"]), ["call_1", "call_2", "call_3", "-"]);
}

#[test]
fn t38_images_in_the_request() {
    let body = golden!("images");
    assert_eq!(body("anthropic")["messages"][0]["content"][1]["source"]["media_type"], "image/png");
    assert_eq!(body("gemini")["contents"][0]["parts"][2]["inlineData"]["mimeType"], "image/jpeg");
    assert_eq!(body("nova")["messages"][0]["content"][1]["image"]["format"], "png");
}

#[test]
fn t38_images_by_their_address() {
    let body = golden!("image_url");
    assert_eq!(body("anthropic")["messages"][0]["content"][0]["source"]["type"], "url");
    assert_eq!(body("gemini")["contents"][0]["parts"][0]["fileData"]["fileUri"], "https://cat.test/1.png");
}

#[test]
fn t38_t69_documents() {
    let body = golden!("pdf");
    assert_eq!(body("anthropic")["messages"][0]["content"][0]["type"], "document");
    assert_eq!(body("gemini")["contents"][0]["parts"][0]["inlineData"]["mimeType"], "application/pdf");
    assert_eq!(body("bedrock")["messages"][0]["content"][0]["document"]["name"], "Q3 report v1 2");
    assert_eq!(body("openai").get("plugins"), None);
}

#[test]
fn audio_where_a_format_has_it() {
    let body = golden!("audio");
    assert_eq!(body("gemini")["contents"][0]["parts"][1]["inlineData"]["mimeType"], "audio/wav");
}

#[test]
fn t37_t50_reasoning_goes_back_to_whom_it_came_from() {
    let body = golden!("reasoning");
    let (anthropic, bedrock) = (body("anthropic"), body("bedrock"));
    let thinking = json!({"type": "thinking", "thinking": "Let me see.\n", "signature": "EqQBsig=="});
    assert_eq!(anthropic["messages"][1]["content"][0], thinking);
    let text = json!({"reasoningText": {"text": "Let me see.\n", "signature": "EqQBsig=="}});
    assert_eq!(bedrock["messages"][1]["content"][0]["reasoningContent"], text);
    assert_eq!(body("gemini")["contents"][1]["parts"][1]["thoughtSignature"], "AmgemiNi==");
    for (format, foreign) in [
        ("anthropic", &["AmgemiNi", "gAAAopenai"][..]),
        ("bedrock", &["AmgemiNi", "gAAAopenai"]),
        ("nova", &["AmgemiNi", "gAAAopenai", "EqQBsig", "EroBred"]),
        ("gemini", &["EqQBsig", "EroBred", "gAAAopenai"]),
        ("openai", &["AmgemiNi", "EqQBsig", "EroBred", "reasoning_details"]),
    ] {
        let sent = body(format).to_string();
        assert!(foreign.iter().all(|word| !sent.contains(word)), "{format}: {sent}");
    }
    assert_eq!(body("openrouter")["messages"][1]["reasoning_details"].as_array().map(Vec::len), Some(5));
}

#[test]
fn t57_an_answer_to_a_schema() {
    let body = golden!("json_schema");
    assert_eq!(body("anthropic")["output_config"]["format"]["type"], "json_schema");
    assert_eq!(body("gemini")["generationConfig"]["responseMimeType"], "application/json");
    let schema = body("bedrock")["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"].clone();
    assert!(schema.as_str().is_some_and(|schema| serde_json::from_str::<Value>(schema).is_ok()), "{schema}");
}

#[test]
fn c25_marks_for_a_cache_stay_where_a_provider_has_them() {
    let body = golden!("cache_control");
    let count = |format: &str, word: &str| body(format).to_string().matches(word).count();
    assert_eq!((count("anthropic", "cache_control"), count("anthropic", "1h")), (4, 1));
    assert_eq!((count("bedrock", "cachePoint"), count("bedrock", "1h")), (4, 1));
    // Nova takes none among tools, and has no hour.
    assert_eq!((count("nova", "cachePoint"), count("nova", "1h")), (3, 0));
    assert_eq!(count("openrouter", "cache_control"), 4);
    assert_eq!((count("openai", "cache_control"), count("gemini", "cache_control")), (0, 0));
}

#[test]
fn t22_t23_t24_everything_at_once() {
    let body = golden!("everything");
    for format in ["openai", "openrouter", "anthropic", "gemini", "bedrock", "nova"] {
        let sent = body(format).to_string();
        assert!(["\"models\"", "\"route\"", "\"order\""].iter().all(|word| !sent.contains(word)), "{format}: {sent}");
    }
    assert_eq!(body("openai")["unknown_member"], true);
    for format in ["anthropic", "bedrock"] {
        let calls = body(format)["messages"][1].to_string();
        assert!(calls.contains("12345678901234567890"), "{format}: {calls}");
    }
}

/// What each format but OpenAI's, whose members stay as they are, makes of a question with these members.
fn asked(members: &Value) -> [Value; 3] {
    let endpoints = [
        endpoint(r#"{"dialect":"anthropic"}"#, "claude-sonnet-4-5"),
        endpoint(r#"{"dialect":"gemini"}"#, "gemini-2.5-flash"),
        endpoint(BEDROCK, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ];
    let mut body = json!({"model": "acme/model", "messages": [{"role": "user", "content": "x"}]});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    endpoints.map(|endpoint| {
        let text = translated(&body.to_string(), &endpoint);
        let (_, body) = text.split_once("\n\n").unwrap_or_else(|| panic!("{text}"));
        serde_json::from_str(body).unwrap()
    })
}

#[test]
fn t01_stop_may_be_a_text_a_list_or_null() {
    for (stop, expected) in [
        (json!("END"), json!(["END"])),
        (json!(["A", "B\n"]), json!(["A", "B\n"])),
        (json!(null), Value::Null),
        (json!([]), Value::Null),
        (json!(""), Value::Null),
    ] {
        let [anthropic, gemini, bedrock] = asked(&json!({"stop": stop}));
        assert_eq!(anthropic["stop_sequences"], expected, "{stop}");
        assert_eq!(gemini["generationConfig"]["stopSequences"], expected, "{stop}");
        assert_eq!(bedrock["inferenceConfig"]["stopSequences"], expected, "{stop}");
    }
}

#[test]
fn t41_every_choice_of_tools_has_its_word() {
    let one = json!({"type": "function", "function": {"name": "f"}});
    let words = |choice: Value| {
        let [anthropic, gemini, bedrock] = asked(&json!({"tools": [one], "tool_choice": choice}));
        (
            anthropic["tool_choice"].clone(),
            gemini["toolConfig"]["functionCallingConfig"].clone(),
            bedrock["toolConfig"]["toolChoice"].clone(),
        )
    };
    assert_eq!(words(json!("auto")), (json!({"type": "auto"}), json!({"mode": "AUTO"}), json!({"auto": {}})));
    assert_eq!(words(json!("required")), (json!({"type": "any"}), json!({"mode": "ANY"}), json!({"any": {}})));
    let forced =
        (json!({"type": "tool", "name": "f"}), json!({"mode": "ANY", "allowedFunctionNames": ["f"]}), json!({"tool": {"name": "f"}}));
    assert_eq!(words(one.clone()), forced);
    assert_eq!(words(json!(null)), (Value::Null, Value::Null, Value::Null));
    // Bedrock has no word for it: it gets no tools.
    assert_eq!(words(json!("none")), (json!({"type": "none"}), json!({"mode": "NONE"}), Value::Null));
    let [anthropic, ..] = asked(&json!({"tools": [one], "tool_choice": "required", "parallel_tool_calls": false}));
    assert_eq!(anthropic["tool_choice"], json!({"type": "any", "disable_parallel_tool_use": true}));
    let [anthropic, ..] = asked(&json!({"tools": [one], "parallel_tool_calls": true}));
    assert_eq!(anthropic.get("tool_choice"), None);
}

#[test]
fn t05_parameters_that_an_endpoint_does_not_list_are_left_out() {
    let body = json!({
        "model": "acme/model", "messages": [{"role": "user", "content": "x"}], "max_tokens": 4000, "temperature": 0.5, "top_p": 0.5, "top_k": 5,
        "seed": 7, "stop": "X", "frequency_penalty": 1, "presence_penalty": 1, "logprobs": true, "verbosity": "low",
        "reasoning": {"max_tokens": 2000}, "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
    });
    for (provider, model, expected) in [
        (r#"{"dialect":"openai"}"#, "gpt-5", json!({"model": "gpt-5", "messages": body["messages"], "max_completion_tokens": 4000})),
        (
            r#"{"dialect":"anthropic"}"#,
            "claude-sonnet-4-5",
            json!({
                "model": "claude-sonnet-4-5", "max_tokens": 4000,
                "messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]
            }),
        ),
        (
            r#"{"dialect":"gemini"}"#,
            "gemini-2.5-flash",
            json!({"contents": [{"role": "user", "parts": [{"text": "x"}]}], "generationConfig": {"maxOutputTokens": 4000}}),
        ),
        (
            BEDROCK,
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            json!({"messages": [{"role": "user", "content": [{"text": "x"}]}], "inferenceConfig": {"maxTokens": 4000}}),
        ),
    ] {
        let heeds_nothing = endpoint_with(provider, model, json!({"supported_parameters": ["max_tokens"]}));
        let text = translated(&body.to_string(), &heeds_nothing);
        let (_, sent) = text.split_once("\n\n").unwrap();
        assert_eq!(serde_json::from_str::<Value>(sent).unwrap(), expected, "{model}");
    }
}
