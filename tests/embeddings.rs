//! Embeddings: what goes to each provider, what comes back, and that damage does no harm.

// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

#[allow(dead_code)]
mod openai {
    pub(crate) mod chunks;
    pub(crate) mod golden;
    pub(crate) mod schema;
}
#[allow(dead_code)]
mod provider {
    pub(crate) mod damage;
    pub(crate) mod sample;
}

use std::rc::Rc;

use openai::golden::envelope;
use provider::damage::{assert_answers, assert_fault, assert_json, for_each_damaged};
use provider::sample::endpoint_with;
use serde_json::{Value, json};
use signalbox::chat::Request;
use signalbox::clock::Millis;
use signalbox::endpoint::Endpoint;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A shape of embeddings.
struct Shape {
    endpoint: Rc<Endpoint>,
    /// Where it is asked.
    path: &'static str,
    /// How many texts it takes.
    texts: usize,
    /// What an answer to as many looks like, with `[0.5, -1]` for each.
    answer: Value,
    /// The tokens that it counts.
    tokens: Option<u64>,
}

fn shapes() -> Vec<Shape> {
    let openai = endpoint_with(&json!({"dialect": "openai"}), "text-embedding-3-small", &json!({}));
    let gemini = endpoint_with(&json!({"dialect": "gemini", "credential": {"env": "KEY"}}), "gemini-embedding-001", &json!({}));
    let vertex = json!({"dialect": "vertex", "project": "p", "region": "us-central1", "credential": {"env": "KEY"}});
    let cohere = endpoint_with(&json!({"dialect": "cohere", "credential": {"env": "KEY"}}), "embed-v4.0", &json!({}));
    let bedrock = json!({"dialect": "bedrock", "region": "eu-west-3",
        "credential": {"aws": {"access_key_id": "ID", "secret_access_key": "SECRET"}}});
    let vector = json!([0.5, -1]);
    let listed = |index: u8| json!({"object": "embedding", "index": index, "embedding": vector});
    let predicted = json!({"embeddings": {"values": vector, "statistics": {"token_count": 4.0, "truncated": false}}});
    vec![
        Shape {
            endpoint: openai,
            path: "/v1/embeddings",
            texts: 2,
            answer: json!({"object": "list", "data": [listed(0), listed(1)], "model": "m", "usage": {"prompt_tokens": 8, "total_tokens": 8}}),
            tokens: Some(8),
        },
        Shape {
            endpoint: gemini,
            path: "/v1beta/models/gemini-embedding-001:batchEmbedContents",
            texts: 2,
            answer: json!({"embeddings": [{"values": vector}, {"values": vector}]}),
            tokens: None,
        },
        Shape {
            endpoint: endpoint_with(&vertex, "text-multilingual-embedding-002", &json!({})),
            path: "/v1/projects/p/locations/us-central1/publishers/google/models/text-multilingual-embedding-002:predict",
            texts: 2,
            answer: json!({"predictions": [predicted, predicted], "metadata": {"billableCharacterCount": 6}}),
            tokens: Some(8),
        },
        Shape {
            endpoint: endpoint_with(&vertex, "gemini-embedding-2", &json!({})),
            path: "/v1/projects/p/locations/us-central1/publishers/google/models/gemini-embedding-2:embedContent",
            texts: 1,
            answer: json!({"embedding": {"values": vector}, "truncated": false, "usageMetadata": {"promptTokenCount": 3}}),
            tokens: Some(3),
        },
        Shape {
            endpoint: cohere,
            path: "/v2/embed",
            texts: 2,
            answer: json!({"id": "e", "embeddings": {"float": [vector, vector]}, "meta": {"billed_units": {"input_tokens": 7}}}),
            tokens: Some(7),
        },
        Shape {
            endpoint: endpoint_with(&bedrock, "amazon.titan-embed-text-v2:0", &json!({})),
            path: "/model/amazon.titan-embed-text-v2%3A0/invoke",
            texts: 1,
            answer: json!({"embedding": vector, "embeddingsByType": {"float": vector}, "inputTextTokenCount": 5}),
            tokens: Some(5),
        },
        Shape {
            endpoint: endpoint_with(&bedrock, "eu.cohere.embed-v4:0", &json!({})),
            path: "/model/eu.cohere.embed-v4%3A0/invoke",
            texts: 2,
            answer: json!({"id": "e", "texts": ["a", "b"], "response_type": "embeddings_by_type", "embeddings": {"float": [vector, vector]}}),
            tokens: None,
        },
        Shape {
            endpoint: endpoint_with(&bedrock, "cohere.embed-multilingual-v3", &json!({})),
            path: "/model/cohere.embed-multilingual-v3/invoke",
            texts: 2,
            answer: json!({"id": "e", "response_type": "embeddings_floats", "embeddings": [vector, vector]}),
            tokens: None,
        },
        Shape {
            endpoint: endpoint_with(&bedrock, "amazon.nova-2-multimodal-embeddings-v1:0", &json!({})),
            path: "/model/amazon.nova-2-multimodal-embeddings-v1%3A0/invoke",
            texts: 1,
            answer: json!({"embeddings": [{"embeddingType": "TEXT", "embedding": vector}]}),
            tokens: None,
        },
    ]
}

/// A request for vectors of the first `texts` of two.
fn body(texts: usize) -> Value {
    let input: Value = ["one", "\"two\"\n"].into_iter().take(texts).collect();
    json!({"model": "a/b", "input": input, "dimensions": 256, "input_type": "search_query", "encoding_format": "float"})
}

fn request(body: &Value) -> Request {
    Request::parse_embeddings(body.to_string().into_bytes(), None, 3).unwrap()
}

/// Path and body of `request` at `endpoint`.
fn sent(request: &Request, endpoint: &Endpoint) -> (String, Value) {
    let upstream = signalbox::provider::request(request, endpoint, &Millis(0)).unwrap();
    (upstream.path.to_string(), serde_json::from_slice(&upstream.body.to_vec()).unwrap())
}

fn vectors(request: &Request, shape: &Shape) -> Vec<Value> {
    let completion = signalbox::provider::completion(&shape.endpoint, request, shape.answer.to_string().as_bytes(), &envelope()).unwrap();
    assert_eq!(completion.usage.map(|usage| usage.input_tokens()), shape.tokens, "{}", shape.path);
    let answer: Value = serde_json::from_slice(&[&*completion.head, b"}"].concat()).unwrap();
    assert_eq!((&answer["object"], &answer["model"]), (&json!("list"), &json!("acme/model")));
    answer["data"].as_array().unwrap().iter().map(|one| one["embedding"].clone()).collect()
}

#[test]
fn each_provider_is_asked_in_its_own_words() {
    let bodies: Vec<Value> = shapes()
        .iter()
        .map(|shape| {
            let (path, sent) = sent(&request(&body(shape.texts)), &shape.endpoint);
            assert_eq!(path, shape.path);
            sent
        })
        .collect();
    let two = "\"two\"\n";
    let instance = |text: &str| json!({"content": text, "task_type": "RETRIEVAL_QUERY"});
    let part = |text: &str| {
        json!({"model": "models/gemini-embedding-001", "content": {"parts": [{"text": text}]}, "taskType": "RETRIEVAL_QUERY",
        "outputDimensionality": 256})
    };
    let cohere = json!({"texts": ["one", two], "input_type": "search_query", "embedding_types": ["float"], "output_dimension": 256});
    let mut at_cohere = cohere.clone();
    at_cohere["model"] = "embed-v4.0".into();
    let mut at_openai = body(2);
    at_openai["model"] = "text-embedding-3-small".into();
    assert_eq!(bodies[0], at_openai);
    assert_eq!(bodies[1], json!({"requests": [part("one"), part(two)]}));
    assert_eq!(bodies[2], json!({"instances": [instance("one"), instance(two)], "parameters": {"outputDimensionality": 256}}));
    let config = json!({"taskType": "RETRIEVAL_QUERY", "outputDimensionality": 256});
    assert_eq!(bodies[3], json!({"content": {"role": "user", "parts": [{"text": "one"}]}, "embedContentConfig": config}));
    assert_eq!(bodies[4], at_cohere);
    assert_eq!(bodies[5], json!({"inputText": "one", "dimensions": 256}));
    assert_eq!(bodies[6..8], [cohere.clone(), cohere]);
    let nova =
        json!({"embeddingPurpose": "GENERIC_RETRIEVAL", "embeddingDimension": 256, "text": {"truncationMode": "END", "value": "one"}});
    assert_eq!(bodies[8], json!({"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": nova}));
}

#[test]
fn members_that_are_not_there_are_not_made_up() {
    let bodies: Vec<Value> =
        shapes().iter().map(|shape| sent(&request(&json!({"model": "a/b", "input": "x"})), &shape.endpoint).1).collect();
    assert_eq!(bodies[2], json!({"instances": [{"content": "x"}]}));
    assert_eq!(bodies[3], json!({"content": {"role": "user", "parts": [{"text": "x"}]}}));
    assert_eq!(bodies[5], json!({"inputText": "x"}));
    // It is required by Cohere.
    assert_eq!(bodies[6]["input_type"], "search_document");
}

#[test]
fn answers_come_out_as_openais_list_in_numbers_or_bytes() {
    for shape in shapes() {
        assert_eq!(vectors(&request(&body(shape.texts)), &shape), vec![json!([0.5, -1]); shape.texts]);
        let is_openai = shape.path == "/v1/embeddings";
        let is_cohere = shape.path == "/v2/embed";
        if !is_openai && !is_cohere {
            let mut base64 = body(shape.texts);
            base64["encoding_format"] = "base64".into();
            assert_eq!(vectors(&request(&base64), &shape), vec![json!("AAAAPwAAgL8="); shape.texts], "{}", shape.path);
        }
    }
}

#[test]
fn several_texts_are_not_put_to_who_takes_one() {
    for shape in shapes().iter().filter(|shape| shape.texts == 1) {
        let error = signalbox::provider::request(&request(&body(2)), &shape.endpoint, &Millis(0)).unwrap_err();
        assert!(error.to_string().contains("`input`: expected one text"), "{error}");
    }
}

#[test]
fn an_answer_that_is_cut_anywhere_or_of_another_length_is_refused() {
    for shape in shapes() {
        let request = request(&body(shape.texts));
        let whole = shape.answer.to_string();
        let read = |bytes: &[u8]| signalbox::provider::completion(&shape.endpoint, &request, bytes, &envelope());
        for end in 0..whole.len() {
            assert_fault(&read(&whole.as_bytes()[..end]).unwrap_err());
        }
        for (at, bit) in (0..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut flipped = whole.clone().into_bytes();
            flipped[at] ^= 1 << bit;
            match read(&flipped) {
                Ok(completion) => assert_json(&[&*completion.head, b"}"].concat()),
                Err(fault) => assert_fault(&fault),
            }
        }
        for none in ["{}", "[]", "null", r#"{"embeddings":[]}"#, r#"{"predictions":[{}]}"#, r#"{"embedding":[[]]}"#, r#"{"data":[]}"#] {
            if let Ok(completion) = read(none.as_bytes()) {
                panic!("{}: {none} is read as {}", shape.path, String::from_utf8_lossy(&completion.head));
            }
        }
    }
}

#[test]
fn damaged_answers_are_refused_or_come_out_well_formed() {
    const WORDS: [&[u8]; 4] = [b"\"embedding\":[],", b"[0.1],", b"\"values\":7,", b"\"embeddings\":[{}],"];
    for shape in shapes() {
        // Room for damage that does not matter.
        let mut answer = shape.answer.clone();
        answer["more"] = json!(vec!["something else that nobody reads"; 20]);
        assert_answers(&[&answer.to_string()], &WORDS, &shape.endpoint, &request(&body(shape.texts)));
    }
}

#[test]
fn damaged_requests_are_refused_or_go_out_well_formed() {
    const WORDS: [&[u8]; 4] = [b"\"input\":[1,2],", b"[\"x\"],", b"{\"content\":[{\"text\":\"x\"}]},", b"\"dimensions\":-1,"];
    for shape in shapes() {
        let mut sent = 0;
        let mut check = |bytes: &[u8]| {
            let Ok(request) = Request::parse_embeddings(bytes.to_vec(), None, 3) else { return };
            if let Ok(upstream) = signalbox::provider::request(&request, &shape.endpoint, &Millis(0)) {
                assert_json(&upstream.body.to_vec());
                sent += 1;
            }
        };
        let whole = body(shape.texts).to_string();
        (0..whole.len()).for_each(|end| check(&whole.as_bytes()[..end]));
        for (at, bit) in (0..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut flipped = whole.clone().into_bytes();
            flipped[at] ^= 1 << bit;
            check(&flipped);
        }
        for_each_damaged(&[&whole], &WORDS, |bytes, _| check(bytes));
        assert!(sent > 100, "only {sent} were sent");
    }
}
