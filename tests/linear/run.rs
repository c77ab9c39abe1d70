//! What is done with a construct on its way.

use std::rc::Rc;
use std::sync::OnceLock;

use serde_json::{Value, json};
use signalbox::api::Api;
use signalbox::chat::{DONE, Envelope, Request};
use signalbox::clock::Millis;
use signalbox::config::Config;
use signalbox::endpoint::Endpoint;
use signalbox::exchange::{AnswerHead, Step};
use signalbox::healing::{self, Schema};
use signalbox::inbound;
use signalbox::middle_out::{self, Limits};
use signalbox::preset::Presets;
use signalbox::provider;

use super::{Construct, Of, Steps};

const DIALECTS: [&str; 7] = ["openai", "deepseek", "anthropic", "gemini", "bedrock", "mistral", "cohere"];

fn endpoint(dialect: &str) -> Rc<Endpoint> {
    let model = match dialect {
        "anthropic" => "claude-sonnet-4-5",
        "gemini" => "gemini-3-pro",
        "bedrock" => "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "mistral" => "mistral-small-latest",
        _ => "m",
    };
    let region = (dialect == "bedrock").then_some("us-east-1");
    let config = json!({
        "role": "gateway", "anonymous": true, "providers": {"p": {"dialect": dialect, "region": region}},
        "models": [{"id": "a/b", "endpoints": [{"provider": "p", "model": model, "price": {"prompt": 1, "completion": 1}}]}],
    });
    let Ok(Config::Gateway(gateway)) = Config::parse(config.to_string().as_bytes(), |_| None) else { panic!("{config}") };
    gateway.endpoints().next().unwrap().clone()
}

fn envelope() -> Envelope {
    Envelope::new("gen-1779474931-w20BCAngQY7SOa9Zs5L4", "Acme", "acme/model", 1_779_474_931)
}

/// Presets, one of them with tools.
fn presets() -> &'static Presets {
    static PRESETS: OnceLock<Presets> = OnceLock::new();
    PRESETS.get_or_init(|| {
        let mut presets = Presets::default();
        let tools = br#"{"temperature":1,"tools":[{"type":"function","function":{"name":"mine","parameters":{}}}]}"#;
        presets.add(signalbox::preset::Preset::new("p", None, tools));
        presets
    })
}

fn head(stream: bool) -> AnswerHead {
    AnswerHead { status: 200, stream, whole: !stream, cost: None, retry_after: None }
}

pub(crate) fn run(construct: &Construct, size: usize, steps: &mut Steps) {
    let name = construct.name;
    let event = || format!("data: {}\n\n", construct.text(size)).into_bytes();
    match construct.of {
        Of::Request(api) => asked(name, api, construct.text(size), steps),
        Of::Refused(api) => {
            let body = construct.text(size).into_bytes();
            let read = steps.first("read", || inbound::parse(api, body, None, 3, presets()));
            assert!(read.is_err(), "{name}");
        }
        Of::Answer(dialect) => answered(name, dialect, construct.text(size).as_bytes(), steps),
        Of::Events(dialect) => streamed(name, dialect, LARGEST, &[construct.events(size).as_bytes()], steps),
        Of::Event(dialect) => streamed(name, dialect, LARGEST, &[&event()], steps),
        Of::Large(dialect) => streamed(name, dialect, size / 4 * 3, &[&event()], steps),
        Of::Bytes(dialect) => streamed(name, dialect, LARGEST, &event().chunks(1).collect::<Vec<_>>(), steps),
    }
}

fn asked(name: &str, api: Api, body: String, steps: &mut Steps) {
    let read = steps.first("read", || inbound::parse(api, body.into_bytes(), None, 3, presets()));
    let (request, _) = read.unwrap_or_else(|error| panic!("{name}: {error}"));
    let dialects = if api == Api::Embeddings { &DIALECTS[..1] } else { &DIALECTS };
    let mut sent = 0;
    for dialect in dialects {
        let endpoint = endpoint(dialect);
        steps.more(dialect, || match provider::request(&request, &endpoint, &Millis(0)) {
            Ok(upstream) => sent += upstream.body.to_vec().len(),
            Err(error) => assert!(error.to_string().contains("expected"), "{name}: {error}"),
        });
    }
    steps.more("compressed", || _ = middle_out::compress(&request, Limits { bytes: request.body().len() / 3, messages: 100 }));
    steps.more("known by", || _ = (request.opening().count(), request.length(), request.unknown_parameters().count()));
}

/// Requests whose answers go back in each API.
fn small(api: Api) -> Vec<u8> {
    let stops: Vec<String> = (0..5000).map(|number| format!("s{number}")).collect();
    let body = match api {
        Api::Messages => json!({"model": "a/b", "max_tokens": 9, "stop_sequences": stops, "messages": [{"role": "user", "content": "x"}]}),
        Api::Responses => json!({"model": "a/b", "input": "x"}),
        Api::Completions => json!({"model": "a/b", "prompt": "x"}),
        _ => {
            let tool = |number: usize| json!({"type": "function", "function": {"name": format!("a.{number}")}});
            let tools: Vec<Value> = (0..2000).map(tool).collect();
            json!({"model": "a/b", "messages": [{"role": "user", "content": "x"}], "tools": tools})
        }
    };
    body.to_string().into_bytes()
}

const APIS: [(Api, &str); 3] = [(Api::Completions, "completions"), (Api::Messages, "messages"), (Api::Responses, "responses")];

/// What an answer is to conform to, in the end with much that has to be looked up for each value.
fn formats() -> [String; 3] {
    let types: Vec<String> = (0..100).map(|number| format!("t{number}")).collect();
    let empty: Vec<Value> = (0..100).map(|_| json!({"properties": {}, "type": types[..9]})).collect();
    let schemas = [
        json!({"type": "object", "additionalProperties": {"pattern": "(a|b){2,30}c"}}),
        json!({"items": {"type": types}, "additionalProperties": {"type": types}, "allOf": empty}),
    ];
    let [pattern, lists] = schemas.map(|schema| json!({"type": "json_schema", "json_schema": {"schema": schema}}).to_string());
    [json!({"type": "json_object"}).to_string(), pattern, lists]
}

fn answered(name: &str, dialect: &str, body: &[u8], steps: &mut Steps) {
    let endpoint = endpoint(dialect);
    let request = Request::parse(small(Api::Chat), None, 3).unwrap();
    let read = steps.first("read", || provider::completion(&endpoint, &request, body, &envelope()));
    let Ok(mut completion) = read else {
        assert!(name.contains("error"), "{name}: {read:?}");
        return;
    };
    completion.head.push(b'}');
    for format in formats() {
        let schema = Schema::of_response_format(format.as_bytes()).unwrap();
        steps.more("healed", || _ = healing::heal_completion(&completion.head, &schema));
    }
    for (api, step) in APIS {
        steps.more(step, || {
            let (_, mut translator) = inbound::parse(api, small(api), None, 3, presets()).unwrap();
            let answer = completion.head.clone();
            let told = translator.step(Step::Release(head(false), answer), "gen-1", &Millis(0));
            assert!(matches!(told, Step::Release(AnswerHead { status: 200, .. }, _)), "{name} {step}");
        });
    }
}

/// More than any event that is to be read.
const LARGEST: usize = 4 << 20;

fn streamed(name: &str, dialect: &str, largest: usize, pieces: &[&[u8]], steps: &mut Steps) {
    let endpoint = endpoint(dialect);
    let request = Request::parse(small(Api::Chat), None, 3).unwrap();
    let mut stream = provider::stream(&endpoint, &request, envelope(), largest);
    let mut out = Vec::new();
    steps.first("read", || {
        pieces.iter().for_each(|piece| stream.feed(piece, &mut out));
        stream.finish(&mut out);
    });
    if out.is_empty() {
        return assert!(stream.account().unread, "{name}: {:?}", stream.account().progress);
    }
    out.extend_from_slice(DONE);
    for (api, step) in APIS {
        steps.more(step, || {
            let (_, mut translator) = inbound::parse(api, small(api), None, 3, presets()).unwrap();
            let answer = out.clone();
            let told = translator.step(Step::Release(head(true), answer), "gen-1", &Millis(0));
            assert!(matches!(told, Step::Release(_, body) if !body.is_empty()), "{name} {step}");
        });
    }
}
