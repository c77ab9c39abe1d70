//! Embeddings: routed as a chat is, to providers that have them.

use serde_json::{Value, json};

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    provider::Provider,
    reply::Reply,
    setup::Setup,
    vertex::token_endpoint::vertex_with,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let claude = json!({"dialect": "anthropic", "credential": {"env": "ANTHROPIC_API_KEY"}});
    let setup = Setup::new()
        .env("ANTHROPIC_API_KEY", "sk-ant-1")
        .provider(Provider::start("claude"), claude)
        .provider(Provider::start("mistral"), json!({"dialect": "mistral"}))
        .provider(Provider::start("gemini"), json!({"dialect": "gemini"}))
        .provider(Provider::start("cohere"), json!({"dialect": "cohere"}))
        .env("GOOGLE_ACCESS_TOKEN", "ya29.from-outside")
        .provider(Provider::start("vertex"), vertex_with(&json!({"env": "GOOGLE_ACCESS_TOKEN"})))
        .env("AWS_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET", "secret")
        .provider(
            Provider::start("bedrock"),
            json!({"dialect": "bedrock", "region": "eu-west-3", "host": null, "path_prefix": null,
            "credential": {"aws": {"access_key_id": "AWS_ID", "secret_access_key": "AWS_SECRET"}}}),
        )
        .embedding(&["t/text-embedding-005", "t/gemini-embedding-2"], &["vertex"])
        .embedding(&["t/amazon.titan-embed-text-v2", "t/cohere.embed-v4", "t/amazon.nova-pro-v1"], &["bedrock"])
        .embedding(&["t/gemini"], &["gemini"])
        .embedding(&["t/cohere", "t/cohere-odd"], &["cohere"])
        .providers(&["first", "second"])
        .embedding(&["t/plain", "t/falls-back", "t/broken", "t/strange", "t/uncounted", "t/streamed"], &["first", "second"])
        .embedding(&["t/mixed"], &["claude", "second"])
        .embedding(&["t/gemini-embedding-3"], &["vertex", "second"])
        .embedding(&["t/mistral"], &["mistral"])
        .embedding(&["t/claude"], &["claude"])
        .models(&["t/unsaid"], &["first"])
        .model(json!({"id": "t/talks", "output_modalities": ["text"], "endpoints": [
            {"provider": "first", "model": "talks", "price": {"prompt": 1, "completion": 1}}]}));
    Gateway::start(setup)
});

fn vectors() -> Value {
    let vector = json!({"object": "embedding", "index": 0, "embedding": [0.1, -0.2]});
    json!({"object": "list", "data": [vector], "model": "own", "usage": {"prompt_tokens": 3, "total_tokens": 3}})
}

fn ask(body: &str) -> Request {
    Request::chat(body).path("/api/v1/embeddings")
}

#[test]
fn a_request_goes_on_as_it_came_and_the_answer_has_id_model_and_cost() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("plain", Reply::json(200, &vectors()));
    let body =
        r#"{ "input" : [[1,2 ], [3]], "model":"t/plain","dimensions": 256, "encoding_format":"base64" , "provider": {"only": ["first"]}}"#;
    let response = gateway.send(&ask(body));
    let answer = response.json();
    assert_eq!((&answer["object"], &answer["model"], &answer["provider"]), (&json!("list"), &json!("t/plain"), &json!("first")));
    assert_eq!((&answer["data"], &answer["usage"]["prompt_tokens"]), (&vectors()["data"], &json!(3)));
    assert_eq!(answer["usage"]["cost"], json!(3e-9));
    assert_eq!((answer["id"].as_str(), response.header("x-openrouter-cost")), (response.header("x-generation-id"), Some("0.000000003")));
    let received = &gateway.provider("first").received("plain")[0];
    assert_eq!(received.path, "/v1/embeddings");
    assert_eq!(received.text(), r#"{ "input" : [[1,2 ], [3]], "model":"plain","dimensions": 256, "encoding_format":"base64"}"#);
}

#[test]
fn a_stream_of_embeddings_is_asked_of_nobody() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers("streamed", Reply::json(200, &vectors()));
    let body = r#"{"model":"t/streamed","stream":true,"stream_options":{"include_usage":true},"input":"x","provider":{"only":["first"]}}"#;
    assert_eq!(gateway.send(&ask(body)).json()["data"], vectors()["data"]);
    assert_eq!(gateway.provider("first").received("streamed")[0].text(), r#"{"model":"streamed","input":"x"}"#);
}

#[test]
fn who_only_embeds_is_not_talked_to_and_who_only_talks_does_not_embed() {
    let gateway = Use::of(&GATEWAY);
    let chat = gateway.ask("t/plain");
    assert!(chat.error(400).contains("/api/v1/embeddings"), "{}", chat.text());
    assert_eq!(chat.json()["error"]["availability"]["code"], "wrong_endpoint");
    let embedding = gateway.send(&ask(r#"{"model":"t/talks","input":"x"}"#));
    assert_eq!(embedding.status, 400);
    let availability = embedding.json()["error"]["availability"].take();
    assert_eq!(availability["constraint"], json!({"field": "endpoint", "detail": "/api/v1/chat/completions"}));
    assert!(gateway.provider("first").received("talks").is_empty());
    // The configuration need not say what a model is for.
    gateway.provider("first").answers("unsaid", Reply::json(200, &vectors()));
    assert_eq!(gateway.send(&ask(r#"{"model":"t/unsaid","input":"x"}"#)).json()["data"], vectors()["data"]);
    // Of the models of a list, those count that can do it.
    gateway.provider("first").answers("talks", wire::completion("Hi."));
    let listed = gateway.send(&Request::ask("t/plain", json!({"models": ["t/talks"]})));
    assert_eq!(listed.json()["model"], "t/talks");
}

#[test]
fn another_provider_is_asked_where_one_fails_and_one_without_embeddings_never() {
    let gateway = Use::of(&GATEWAY);
    let (first, second) = (gateway.provider("first"), gateway.provider("second"));
    first.answers("falls-back", Reply::error(429, "slow down"));
    first.answers("broken", Reply::error(500, "boom"));
    first.answers("strange", Reply::json(200, &json!({"object": "list", "data": []})));
    ["falls-back", "strange", "mixed"].iter().for_each(|model| second.answers(model, Reply::json(200, &vectors())));
    second.answers("broken", Reply::error(500, "boom"));
    for model in ["t/falls-back", "t/strange", "t/mixed"] {
        let answer = gateway.send(&ask(&json!({"model": model, "input": "x"}).to_string())).json();
        assert_eq!(answer["provider"], "second", "{model}: {answer}");
    }
    gateway.send(&ask(r#"{"model":"t/broken","input":"x"}"#)).error(502);
    let refused = gateway.send(&ask(r#"{"model":"t/claude","input":"x"}"#)).error(404);
    assert!(refused.contains("embeddings"), "{refused}");
    assert_eq!(gateway.provider("claude").received_in_all(), 0);
    gateway.send(&ask(r#"{"model":"t/plain"}"#)).error(400);
    gateway.send(&ask(r#"{"model":"t/plain","input":"x"}"#).header("authorization", "Bearer no")).error(401);
}

#[test]
fn mistral_is_asked_in_the_same_way_and_what_is_not_counted_is_estimated() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("mistral").answers("mistral", Reply::json(200, &vectors()));
    assert_eq!(gateway.send(&ask(r#"{"model":"t/mistral","input":["x"]}"#)).json()["usage"]["total_tokens"], 3);
    assert_eq!(gateway.provider("mistral").received("mistral")[0].text(), r#"{"model":"mistral","input":["x"]}"#);
    let mut uncounted = vectors();
    uncounted.as_object_mut().unwrap().remove("usage");
    gateway.provider("first").answers("uncounted", Reply::json(200, &uncounted));
    let usage = &gateway.send(&ask(r#"{"model":"t/uncounted","input":"12345678"}"#)).json()["usage"];
    assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"], &usage["estimated"]), (&json!(2), &json!(0), &json!(true)));
}

/// `[0.5, -1]` and `[2, 0.25]`: numbers, and the bytes that OpenAI's SDKs ask for.
const BYTES: [&str; 2] = ["AAAAPwAAgL8=", "AAAAQAAAgD4="];

fn data(answer: &Value) -> Vec<Value> {
    answer["data"].as_array().unwrap_or_else(|| panic!("{answer:#}")).iter().map(|one| one["embedding"].clone()).collect()
}

#[test]
fn gemini_embeds_in_a_batch_and_what_it_does_not_count_is_estimated() {
    let gateway = Use::of(&GATEWAY);
    let gemini = gateway.provider("gemini");
    gemini.answers("gemini", Reply::json(200, &json!({"embeddings": [{"values": [0.5, -1]}, {"values": [2, 0.25]}]})));
    let body = json!({"model": "t/gemini", "input": ["one", "\"two\""], "dimensions": 2, "input_type": "search_query"});
    let answer = gateway.send(&ask(&body.to_string())).json();
    assert_eq!(data(&answer), [json!([0.5, -1]), json!([2, 0.25])]);
    assert_eq!((&answer["object"], &answer["model"], &answer["data"][1]["index"]), (&json!("list"), &json!("t/gemini"), &json!(1)));
    assert_eq!((&answer["usage"]["prompt_tokens"], &answer["usage"]["estimated"]), (&json!(3), &json!(true)));
    let mut bytes = body;
    bytes["encoding_format"] = json!("base64");
    assert_eq!(data(&gateway.send(&ask(&bytes.to_string())).json()), BYTES);
    let received = &gemini.received("gemini")[0];
    assert!(received.path.ends_with("/models/gemini:batchEmbedContents"), "{}", received.path);
    let one = |text: &str| json!({"model": "models/gemini", "content": {"parts": [{"text": text}]}, "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 2});
    assert_eq!(received.json(), json!({"requests": [one("one"), one("\"two\"")]}));
    let tokens = gateway.send(&ask(r#"{"model":"t/gemini","input":[1,2]}"#));
    assert!(tokens.error(404).contains("the input has token ids"), "{}", tokens.text());
}

#[test]
fn cohere_embeds_and_bills_what_it_says() {
    let gateway = Use::of(&GATEWAY);
    let cohere = gateway.provider("cohere");
    cohere.answers_by("cohere", |request| {
        let kind = request.json()["embedding_types"][0].as_str().unwrap().to_owned();
        let vectors = if kind == "base64" { json!(BYTES) } else { json!([[0.5, -1], [2, 0.25]]) };
        let meta = json!({"api_version": {"version": "2"}, "billed_units": {"input_tokens": 7}});
        Reply::json(200, &json!({"id": "emb-1", "texts": ["one", "two"], "embeddings": {kind: vectors}, "meta": meta}))
    });
    let body = json!({"model": "t/cohere", "input": ["one", "two"], "dimensions": 256});
    let answer = gateway.send(&ask(&body.to_string())).json();
    assert_eq!(data(&answer), [json!([0.5, -1]), json!([2, 0.25])]);
    assert_eq!((&answer["usage"]["prompt_tokens"], &answer["usage"]["cost"]), (&json!(7), &json!(7e-9)));
    let received = &cohere.received("cohere")[0];
    assert!(received.path.ends_with("/embed"), "{}", received.path);
    assert_eq!(
        received.json(),
        json!({"model": "cohere", "texts": ["one", "two"], "input_type": "search_document", "embedding_types": ["float"], "output_dimension": 256})
    );
    let mut bytes = body;
    bytes["encoding_format"] = json!("base64");
    assert_eq!(data(&gateway.send(&ask(&bytes.to_string())).json()), BYTES);
    // Fewer vectors than texts are no answer.
    cohere.answers("cohere-odd", Reply::json(200, &json!({"id": "e", "embeddings": {"float": [[1]]}})));
    gateway.send(&ask(r#"{"model":"t/cohere-odd","input":["one","two"]}"#)).error(502);
}

#[test]
fn vertex_embeds_by_predict_or_by_embed_content_as_the_model_has_it() {
    let gateway = Use::of(&GATEWAY);
    let vertex = gateway.provider("vertex");
    let predicted =
        |values: Value, tokens: u8| json!({"embeddings": {"values": values, "statistics": {"token_count": tokens, "truncated": false}}});
    let predictions = json!([predicted(json!([0.5, -1]), 3), predicted(json!([2, 0.25]), 4)]);
    vertex.answers("text-embedding-005", Reply::json(200, &json!({"predictions": predictions, "metadata": {"billableCharacterCount": 6}})));
    let answer = gateway.send(&ask(r#"{"model":"t/text-embedding-005","input":["one","two"],"encoding_format":"base64"}"#)).json();
    assert_eq!((data(&answer), &answer["usage"]["prompt_tokens"]), (BYTES.map(Value::from).to_vec(), &json!(7)), "{answer:#}");
    assert_eq!(answer["usage"]["cost"], json!(7e-9));
    let received = &vertex.received("text-embedding-005")[0];
    assert!(received.path.ends_with("/locations/europe-west1/publishers/google/models/text-embedding-005:predict"), "{}", received.path);
    assert_eq!(received.header("authorization"), Some("Bearer ya29.from-outside"));

    let embedded = json!({"embedding": {"values": [0.5, -1]}, "usageMetadata": {"promptTokenCount": 3, "totalTokenCount": 3}});
    for model in ["gemini-embedding-2", "gemini-embedding-3"] {
        vertex.answers(model, Reply::json(200, &embedded));
        let answer = gateway.send(&ask(&json!({"model": format!("t/{model}"), "input": "one"}).to_string())).json();
        assert_eq!((data(&answer), &answer["usage"]["prompt_tokens"]), (vec![json!([0.5, -1])], &json!(3)), "{answer:#}");
        assert!(vertex.received(model)[0].path.ends_with(":embedContent"));
    }
    // Several texts go to who takes them, and to nobody else, and so do tokens.
    gateway.provider("second").answers("gemini-embedding-3", Reply::json(200, &vectors()));
    let several = gateway.send(&ask(r#"{"model":"t/gemini-embedding-3","input":["one","two"]}"#)).json();
    assert_eq!(several["provider"], "second", "{several:#}");
    let tokens = gateway.send(&ask(r#"{"model":"t/gemini-embedding-3","input":[1,2,3]}"#)).json();
    assert_eq!(tokens["provider"], "second", "{tokens:#}");
    let refused = gateway.send(&ask(r#"{"model":"t/gemini-embedding-2","input":["one","two"]}"#)).error(404);
    assert!(refused.contains("the input has 2 texts, where one is embedded at a time"), "{refused}");
    assert_eq!(vertex.received("gemini-embedding-2").len() + vertex.received("gemini-embedding-3").len(), 2);
}

#[test]
fn bedrock_embeds_in_the_words_of_a_models_maker_and_is_not_asked_for_what_nobody_knows() {
    let gateway = Use::of(&GATEWAY);
    let bedrock = gateway.provider("bedrock");
    let titan = json!({"embedding": [0.5, -1], "inputTextTokenCount": 5, "embeddingsByType": {"float": [0.5, -1]}});
    bedrock.answers("amazon.titan-embed-text-v2", Reply::json(200, &titan));
    let answer = gateway.send(&ask(r#"{"model":"t/amazon.titan-embed-text-v2","input":"one","dimensions":256}"#)).json();
    assert_eq!((data(&answer), &answer["usage"]["prompt_tokens"]), (vec![json!([0.5, -1])], &json!(5)), "{answer:#}");
    let received = &bedrock.received("amazon.titan-embed-text-v2")[0];
    assert_eq!(received.path, "/model/amazon.titan-embed-text-v2/invoke");
    assert!(received.header("authorization").unwrap().starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    assert_eq!(received.json(), json!({"inputText": "one", "dimensions": 256}));

    bedrock.answers("cohere.embed-v4", Reply::json(200, &json!({"id": "e", "embeddings": {"float": [[0.5, -1], [2, 0.25]]}})));
    let answer = gateway.send(&ask(r#"{"model":"t/cohere.embed-v4","input":["one","two"]}"#)).json();
    assert_eq!((data(&answer).len(), &answer["usage"]["estimated"]), (2, &json!(true)), "{answer:#}");
    let expected = json!({"texts": ["one", "two"], "input_type": "search_document", "embedding_types": ["float"]});
    assert_eq!(bedrock.received("cohere.embed-v4")[0].json(), expected);

    let refused = gateway.send(&ask(r#"{"model":"t/amazon.nova-pro-v1","input":"one"}"#)).error(404);
    assert!(refused.contains("this gateway knows no way to ask for them there, it is served by bedrock"), "{refused}");
    assert!(bedrock.received("amazon.nova-pro-v1").is_empty());
    gateway.assert_logged("knows no way to ask bedrock for embeddings of \"amazon.nova-pro-v1\"");
}
