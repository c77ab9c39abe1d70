//! `generationConfig`: how the answer is to be made.
//!
//! See <https://ai.google.dev/api/generate-content#generationconfig>.

use super::answer::MAX_CANDIDATES;
use super::{image, member, schema};
use crate::chat::Request;
use crate::chat::conversation::{Conversation, Effort, Reasoning, ResponseFormat};
use crate::config::Dialect;
use crate::endpoint::Endpoint;
use crate::json;

/// The most rivals of a token that Gemini tells.
const MAX_LOGPROBS: u64 = 20;

/// The most stop sequences that Gemini takes.
const MAX_STOPS: usize = 5;

/// What a model can do, by the generation in its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Generation {
    /// 1.0 to 2.0: does not think.
    First,
    /// 2.5: thinks by a budget of tokens.
    Second,
    /// 3 and later: thinks by a level, and calls functions where its answer has to be JSON.
    Third,
}

/// Appends `,"generationConfig":{…}`, unless there is nothing to say in it.
pub(super) fn config_into(request: &Request, conversation: &Conversation<'_>, endpoint: &Endpoint, out: &mut Vec<u8>) {
    let parameters = &conversation.parameters;
    let generation = Generation::of(&endpoint.model);
    // Many models refuse a penalty: it goes to those that are said to heed it.
    let heeds = |parameter: &str| endpoint.supported_parameters.is_some() && endpoint.supports(parameter);
    let mut config = Vec::new();
    for (name, value) in [
        ("temperature", parameters.temperature.filter(|_| endpoint.supports("temperature"))),
        ("topP", parameters.top_p.filter(|_| endpoint.supports("top_p"))),
        ("topK", parameters.top_k.filter(|_| endpoint.supports("top_k"))),
        ("presencePenalty", parameters.presence_penalty.filter(|_| heeds("presence_penalty"))),
        ("frequencyPenalty", parameters.frequency_penalty.filter(|_| heeds("frequency_penalty"))),
    ] {
        if let Some(value) = value {
            member(name.as_bytes(), value, &mut config);
        }
    }
    if let Some(limit) = request.max_tokens {
        member(b"maxOutputTokens", itoa::Buffer::new().format(limit).as_bytes(), &mut config);
    }
    if let Some(seed) = parameters.seed.filter(|_| endpoint.supports("seed")).and_then(seed) {
        member(b"seed", itoa::Buffer::new().format(seed).as_bytes(), &mut config);
    }
    let stops = parameters.stop.iter().filter(|stop| !stop.is_empty() && endpoint.supports("stop"));
    list_into(b"stopSequences", stops.take(MAX_STOPS).map(|stop| stop.raw), &mut config);
    let modalities = image::modalities(parameters);
    list_into(b"responseModalities", modalities.iter().copied(), &mut config);
    image::config_into(parameters, &modalities, &endpoint.model, &mut config);
    let asked = |name: &str| parameters.others.iter().find(|(key, _)| key.is(name)).and_then(|(_, value)| whole_number(value));
    if let Some(count) = asked("n").filter(|count| *count > 1 && endpoint.supports("n")) {
        member(b"candidateCount", itoa::Buffer::new().format(count.min(MAX_CANDIDATES as u64)).as_bytes(), &mut config);
    }
    if parameters.logprobs == Some(true) && endpoint.supports("logprobs") {
        member(b"responseLogprobs", b"true", &mut config);
        if let Some(top) = parameters.top_logprobs.and_then(whole_number).filter(|_| endpoint.supports("top_logprobs")) {
            member(b"logprobs", itoa::Buffer::new().format(top.min(MAX_LOGPROBS)).as_bytes(), &mut config);
        }
    }
    // Before 3, "Function calling with a response mime type: 'application/json' is unsupported".
    let answers_to_schema = endpoint.supports("response_format") || endpoint.supports("structured_outputs");
    if answers_to_schema && (generation >= Generation::Third || conversation.tools.is_empty()) {
        format_into(parameters.response_format.as_ref(), &mut config);
    }
    if endpoint.supports("reasoning") || endpoint.supports("reasoning_effort") {
        thinking_into(&request.reasoning(), generation, &endpoint.model, &mut config);
    }
    if let Some(config) = config.strip_prefix(b",") {
        out.extend_from_slice(b",\"generationConfig\":{");
        out.extend_from_slice(config);
        out.push(b'}');
    }
}

/// Whether calls and their answers may say their ids. Vertex AI refuses that of the models before 3, and those after it need them
/// (<https://github.com/BerriAI/litellm/pull/34603>); the Gemini API has always taken them.
pub(super) fn takes_call_ids(endpoint: &Endpoint) -> bool {
    endpoint.provider.dialect != Dialect::Vertex || Generation::of(&endpoint.model) >= Generation::Third
}

fn whole_number(raw: &[u8]) -> Option<u64> {
    std::str::from_utf8(raw).ok()?.parse().ok()
}

/// A seed of 64 bits in the 32 that Gemini has: the same for the same.
fn seed(raw: &[u8]) -> Option<i32> {
    let digits = std::str::from_utf8(raw).ok()?;
    let seed: i64 = digits.parse().or_else(|_| digits.parse::<u64>().map(u64::cast_signed)).ok()?;
    Some(seed as i32)
}

/// Appends `,"name":["…","…"]`, unless there are none.
fn list_into<'a>(name: &[u8], mut texts: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    let Some(first) = texts.next() else { return };
    member(name, b"[\"", out);
    out.extend_from_slice(first);
    for text in texts {
        out.extend_from_slice(b"\",\"");
        out.extend_from_slice(text);
    }
    out.extend_from_slice(b"\"]");
}

fn format_into(format: Option<&ResponseFormat<'_>>, out: &mut Vec<u8>) {
    let Some(format) = format else { return };
    member(b"responseMimeType", b"\"application/json\"", out);
    if let ResponseFormat::JsonSchema { schema, .. } = format {
        member(b"responseJsonSchema", b"", out);
        schema::schema_into(schema, out);
    }
}

/// See <https://ai.google.dev/gemini-api/docs/thinking>, and for the levels of effort what Gemini itself makes of them:
/// <https://ai.google.dev/gemini-api/docs/openai#thinking>.
fn thinking_into(reasoning: &Reasoning, generation: Generation, model: &str, out: &mut Vec<u8>) {
    let Some(wanted) = reasoning.is_wanted().filter(|_| generation > Generation::First) else { return };
    let is_pro = model.contains("-pro");
    let mut config = Vec::new();
    let effort = if wanted { reasoning.effort } else { Some(Effort::None) };
    match (generation, reasoning.max_tokens.filter(|_| wanted), effort) {
        (Generation::Third, Some(budget), _) => budget_into(budget, &mut config),
        (_, Some(budget), _) => budget_into(budget.clamp(least(model), most(is_pro)), &mut config),
        (_, None, None) => {}
        (Generation::Third, None, Some(effort)) => json::string_into(named(b"thinkingLevel", &mut config), level(effort, is_pro)),
        // The larger model cannot but think.
        (_, None, Some(Effort::None)) => budget_into(if is_pro { least(model) } else { 0 }, &mut config),
        (_, None, Some(Effort::Minimal | Effort::Low)) => budget_into(1024, &mut config),
        (_, None, Some(Effort::Medium)) => budget_into(8192, &mut config),
        (_, None, Some(Effort::High)) => budget_into(24_576, &mut config),
        (_, None, Some(Effort::XHigh | Effort::Max)) => budget_into(most(is_pro), &mut config),
    }
    if wanted && !reasoning.exclude {
        member(b"includeThoughts", b"true", &mut config);
    }
    if let Some(config) = config.strip_prefix(b",") {
        member(b"thinkingConfig", b"{", out);
        out.extend_from_slice(config);
        out.push(b'}');
    }
}

fn named<'o>(name: &[u8], out: &'o mut Vec<u8>) -> &'o mut Vec<u8> {
    member(name, b"", out);
    out
}

fn budget_into(budget: u64, out: &mut Vec<u8>) {
    member(b"thinkingBudget", itoa::Buffer::new().format(budget).as_bytes(), out);
}

/// The smallest budget of a 2.5 model that is not none.
fn least(model: &str) -> u64 {
    match model {
        lite if lite.contains("-flash-lite") => 512,
        pro if pro.contains("-pro") => 128,
        _ => 1,
    }
}

/// The largest budget of a 2.5 model.
fn most(is_pro: bool) -> u64 {
    if is_pro { 32_768 } else { 24_576 }
}

/// The level of a model from 3 on, none of which can be kept from thinking altogether.
fn level(effort: Effort, is_pro: bool) -> &'static str {
    match effort {
        Effort::None | Effort::Minimal if is_pro => "low",
        Effort::None | Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High | Effort::XHigh | Effort::Max => "high",
    }
}

// === impl Generation ===

impl Generation {
    /// By the number in `gemini-2.5-flash`; a name without one (`gemini-flash-latest`) is of the latest.
    fn of(model: &str) -> Self {
        let Some((_, number)) = model.split_once("gemini-") else { return Self::Third };
        match number.as_bytes() {
            [b'2', b'.', b'5', ..] => Self::Second,
            [b'1' | b'2', b'.' | b'-', ..] => Self::First,
            _ => Self::Third,
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn thinking(model: &str, reasoning: Reasoning) -> String {
        let mut out = Vec::new();
        thinking_into(&reasoning, Generation::of(model), model, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_models_name_tells_its_generation() {
        for (model, generation) in [
            ("gemini-1.5-pro", Generation::First),
            ("gemini-2.0-flash-001", Generation::First),
            ("gemini-2.5-flash-lite", Generation::Second),
            ("gemini-3-pro-preview", Generation::Third),
            ("gemini-3.1-flash", Generation::Third),
            ("gemini-flash-latest", Generation::Third),
            ("gemini-20-pro", Generation::Third),
            ("gemma-4-31b-it", Generation::Third),
        ] {
            assert_eq!(Generation::of(model), generation, "{model}");
        }
    }

    #[test]
    fn effort_is_a_budget_or_a_level() {
        let effort = |effort| Reasoning { effort: Some(effort), ..Reasoning::default() };
        for (model, wanted, expected) in [
            ("gemini-2.5-flash", effort(Effort::Low), r#","thinkingConfig":{"thinkingBudget":1024,"includeThoughts":true}"#),
            ("gemini-2.5-flash", effort(Effort::Max), r#","thinkingConfig":{"thinkingBudget":24576,"includeThoughts":true}"#),
            ("gemini-2.5-pro", effort(Effort::XHigh), r#","thinkingConfig":{"thinkingBudget":32768,"includeThoughts":true}"#),
            ("gemini-2.5-flash", effort(Effort::None), r#","thinkingConfig":{"thinkingBudget":0}"#),
            ("gemini-2.5-pro", effort(Effort::None), r#","thinkingConfig":{"thinkingBudget":128}"#),
            ("gemini-3-pro", effort(Effort::Minimal), r#","thinkingConfig":{"thinkingLevel":"low","includeThoughts":true}"#),
            ("gemini-3-flash", effort(Effort::None), r#","thinkingConfig":{"thinkingLevel":"minimal"}"#),
            ("gemini-3-flash", effort(Effort::Max), r#","thinkingConfig":{"thinkingLevel":"high","includeThoughts":true}"#),
            ("gemini-2.0-flash", effort(Effort::High), ""),
            ("gemini-3-flash", Reasoning::default(), ""),
            ("gemini-3-flash", Reasoning { exclude: true, ..effort(Effort::Medium) }, r#","thinkingConfig":{"thinkingLevel":"medium"}"#),
            ("gemini-3-flash", Reasoning { enabled: Some(true), ..Reasoning::default() }, r#","thinkingConfig":{"includeThoughts":true}"#),
            ("gemini-3-flash", Reasoning { enabled: Some(true), exclude: true, ..Reasoning::default() }, ""),
        ] {
            assert_eq!(thinking(model, wanted), expected, "{model} {wanted:?}");
        }
    }

    #[test]
    fn tokens_are_a_budget_within_the_models_bounds() {
        for (model, tokens, expected) in [
            ("gemini-2.5-flash", 2000, 2000),
            ("gemini-2.5-flash", 99_999, 24_576),
            ("gemini-2.5-flash-lite", 100, 512),
            ("gemini-2.5-pro", 10, 128),
            ("gemini-3-pro", 64_000, 64_000),
        ] {
            let wanted = Reasoning { max_tokens: Some(tokens), effort: Some(Effort::Low), ..Reasoning::default() };
            let config = format!(r#","thinkingConfig":{{"thinkingBudget":{expected},"includeThoughts":true}}"#);
            assert_eq!(thinking(model, wanted), config);
        }
    }

    #[test]
    fn t06_a_large_seed_is_always_the_same_smaller_one() {
        for (sent, expected) in [
            ("7", Some(7)),
            ("-1", Some(-1)),
            ("9007199254740993", Some(1)),
            ("18446744073709551615", Some(-1)),
            ("1.5", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(seed(sent.as_bytes()), expected, "{sent}");
        }
    }
}
