//! `models`: what is refused in them.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn mistakes_in_models_are_refused() {
    let label = "expected 1 to 200 printable ASCII characters without ;";
    let tokens = "expected a whole number from 1 to 1000000000";
    refused(&[
        ("/models", json!(null), "models: expected at least one model"),
        ("/models", json!([]), "models: expected at least one model"),
        ("/models", json!({}), "models: expected a list, found an object"),
        ("/models/1", json!("openai/gpt-4o"), "models[1]: expected an object, found a string"),
        ("/models/1", json!({"endpoints": []}), "models[1].id: missing, and required"),
        ("/models/1", json!({"id": "a/b"}), "models[1].endpoints: missing, and required"),
        ("/models/1/endpoints", json!([]), "models[1].endpoints: expected at least one endpoint"),
        (
            "/models/1/price",
            json!({}),
            "models[1].price: unknown field, expected one of `id`, `name`, `description`, `created`, `hugging_face_id`, `knowledge_cutoff`, `context_length`, `max_completion_tokens`, `input_modalities`, `output_modalities`, `tokenizer`, `supported_parameters`, `distillable`, `endpoints`",
        ),
        ("/models/1/id", json!("gpt-4o"), "models[1].id: expected author/slug, with :variant after it if there is one, found \"gpt-4o\""),
        (
            "/models/1/id",
            json!("openai/o3:nitro"),
            "models[1].id: expected an id without :nitro, :floor, :exacto and :online, which every model understands",
        ),
        ("/models/1/id", json!("openai/gpt-4o"), "models[1].id: expected an id of its own in any case, found \"openai/gpt-4o\" again"),
        ("/models/1/id", json!("OpenAI/GPT-4o"), "models[1].id: expected an id of its own in any case, found \"OpenAI/GPT-4o\" again"),
        ("/models/1/name", json!(""), "models[1].name: expected a name without control characters"),
        ("/models/0/context_length", json!(0), &format!("models[0].context_length: {tokens}, found 0")),
        ("/models/0/context_length", json!(128000.5), &format!("models[0].context_length: {tokens}, found 128000.5")),
        ("/models/0/max_completion_tokens", json!("16k"), &format!("models[0].max_completion_tokens: {tokens}, found a string")),
        ("/models/0/input_modalities", json!([]), "models[0].input_modalities: expected at least one kind, or no such member for all"),
        (
            "/models/0/input_modalities",
            json!(["picture"]),
            "models[0].input_modalities[0]: expected one of text, image, file, audio, video, found \"picture\"",
        ),
        (
            "/models/0/tokenizer",
            json!("gpt"),
            "models[0].tokenizer: expected one of Claude, Cohere, DeepSeek, GPT, Gemini, Gemma, Grok, Llama2, Llama3, Llama4, Media, Mistral, Nova, Other, PaLM, Qwen, Qwen3, RWKV, Router, Yi, found \"gpt\"",
        ),
        ("/models/0/supported_parameters", json!(["tools", ""]), &format!("models[0].supported_parameters[1]: {label}")),
        ("/models/0/supported_parameters", json!("tools"), "models[0].supported_parameters: expected a list, found a string"),
        (
            "/models/0/endpoints/1/provider",
            json!("bedrock"),
            "models[0].endpoints[1].provider: expected the slug of one of the providers, found \"bedrock\"",
        ),
        ("/models/0/endpoints/1/model", json!("a\nb"), &format!("models[0].endpoints[1].model: {label}")),
        ("/models/0/endpoints/1/model", json!("a;x=y"), &format!("models[0].endpoints[1].model: {label}")),
        (
            "/models/0/endpoints/1",
            json!({"provider": "openai", "model": "gpt-4o", "price": {"prompt": 1, "completion": 1}}),
            "models[0].endpoints[1]: expected another provider or model, found those of an earlier endpoint",
        ),
        (
            "/models/0/endpoints/1/quantization",
            json!("q4"),
            "models[0].endpoints[1].quantization: expected one of int4, int8, fp4, mxfp4, nvfp4, fp6, fp8, mxfp8, fp16, bf16, fp32, unknown, found \"q4\"",
        ),
        ("/models/0/endpoints/1/context_length", json!(-5), &format!("models[0].endpoints[1].context_length: {tokens}, found -5")),
        (
            "/models/0/endpoints/1/weight",
            json!(5),
            "models[0].endpoints[1].weight: unknown field, expected one of `provider`, `model`, `price`, `context_length`, `max_completion_tokens`, `supported_parameters`, `quantization`, `service_tier`",
        ),
    ]);
}
