//! The request, translated.

use super::{function, schema, turns};
use crate::chat::Request;
use crate::chat::conversation::{Conversation, Effort, Parameters, Reasoning, ResponseFormat, Tool, ToolChoice};
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::json;
use crate::provider::Upstream;

/// The path below the provider's prefix.
const PATH: &str = "/chat";
/// Members of Cohere's that a client may send as they are. Any other that it does not know, Cohere refuses.
const OWN: [&str; 6] = ["documents", "citation_options", "safety_mode", "strict_tools", "priority", "thinking"];
/// The most stop sequences that Cohere takes.
const MAX_STOPS: usize = 5;
/// What a limit is taken to be where neither the client nor the configuration gives one: reasoning wants a share of it.
const MAX_TOKENS: u64 = 32_000;
/// What thinking has to leave of the limit: «make sure to leave at least 1K tokens for the response».
const LEFT_FOR_ANSWER: u64 = 1024;

/// The request to `endpoint`.
///
/// Errors: if it is malformed, or holds something that cannot be said to Cohere.
pub fn request<'a>(request: &'a Request, endpoint: &'a Endpoint) -> Result<Upstream<'a>, ClientError> {
    let conversation = request.conversation()?;
    let parameters = &conversation.parameters;
    let mut out = Vec::with_capacity(request.body().len().saturating_add(512));
    out.extend_from_slice(b"{\"model\":");
    json::string_into(&mut out, &endpoint.model);
    if request.stream {
        out.extend_from_slice(b",\"stream\":true");
    }
    out.extend_from_slice(b",\"messages\":[");
    turns::messages_into(&conversation.messages, &mut out)?;
    out.push(b']');
    tools_into(&conversation, endpoint, &mut out);
    if let Some(limit) = request.max_tokens.filter(|limit| *limit > 0) {
        number("max_tokens", limit, &mut out);
    }
    sampling_into(parameters, endpoint, &mut out);
    let is_grounded = parameters.others.iter().any(|(key, _)| key.is("documents"));
    let answers_to_schema = endpoint.supports("response_format") || endpoint.supports("structured_outputs");
    // «The parameter is not supported when used in combinations with the `documents` or `tools` parameters.»
    if let Some(format) = parameters.response_format.filter(|_| answers_to_schema && conversation.tools.is_empty() && !is_grounded) {
        member("response_format", b"{\"type\":\"json_object\"", &mut out);
        if let ResponseFormat::JsonSchema { schema, .. } = format {
            member("json_schema", b"", &mut out);
            schema::schema_into(schema, &mut out);
        }
        out.push(b'}');
    }
    if !parameters.others.iter().any(|(key, _)| key.is("thinking")) {
        thinking_into(request, endpoint, &mut out);
    }
    for (key, value) in parameters.others.iter().filter(|(key, _)| OWN.iter().any(|own| key.is(own))) {
        member(&key.value(), value, &mut out);
    }
    out.push(b'}');
    Ok(Upstream { path: format!("{}{PATH}", endpoint.provider.path_prefix).into(), headers: Vec::new(), body: out.into() })
}

fn sampling_into(parameters: &Parameters<'_>, endpoint: &Endpoint, out: &mut Vec<u8>) {
    // Nothing is the default of either penalty, and some models refuse both at once.
    let is_penalty = |raw: &&[u8]| clamped(raw, "0", "1") != b"0";
    let frequency = parameters.frequency_penalty.filter(is_penalty);
    let presence = parameters.presence_penalty.filter(is_penalty).filter(|_| frequency.is_none());
    for (parameter, name, value, least, most) in [
        ("temperature", "temperature", parameters.temperature, "0", "1"),
        ("top_p", "p", parameters.top_p, "0.01", "0.99"),
        ("top_k", "k", parameters.top_k, "0", "500"),
        ("frequency_penalty", "frequency_penalty", frequency, "0", "1"),
        ("presence_penalty", "presence_penalty", presence, "0", "1"),
    ] {
        if let Some(value) = value.filter(|_| endpoint.supports(parameter)) {
            member(name, clamped(value, least, most), out);
        }
    }
    if let Some(seed) = parameters.seed.filter(|_| endpoint.supports("seed")).and_then(seed) {
        number("seed", seed, out);
    }
    let mut stops = parameters.stop.iter().filter(|stop| !stop.is_empty() && endpoint.supports("stop")).take(MAX_STOPS);
    if let Some(first) = stops.next() {
        member("stop_sequences", b"[", out);
        json::text_into(out, *first);
        for stop in stops {
            out.push(b',');
            json::text_into(out, *stop);
        }
        out.push(b']');
    }
    if parameters.logprobs == Some(true) && endpoint.supports("logprobs") {
        member("logprobs", b"true", out);
    }
}

/// A number as it was written, or the nearest to it of those that Cohere takes.
fn clamped<'a>(number: &'a [u8], least: &'static str, most: &'static str) -> &'a [u8] {
    let value = |text: &str| text.parse::<f64>().unwrap_or_default();
    match std::str::from_utf8(number).map(value) {
        Ok(number) if number <= value(least) => least.as_bytes(),
        Ok(number) if number >= value(most) => most.as_bytes(),
        _ => number,
    }
}

/// A seed, which must not be negative.
fn seed(raw: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(raw).ok()?;
    digits.parse().ok().or_else(|| digits.parse().ok().map(i64::cast_unsigned))
}

fn tools_into(conversation: &Conversation<'_>, endpoint: &Endpoint, out: &mut Vec<u8>) {
    let choice = conversation.parameters.tool_choice;
    // There is no word for a certain function: the model has to call one, and knows of no other.
    let only = if let Some(ToolChoice::Function(name)) = choice { Some(name.value()) } else { None };
    let is_offered = |tool: &&Tool<'_>| only.as_ref().is_none_or(|only| tool.name.is(only));
    let tools: Vec<&Tool<'_>> = conversation.tools.iter().filter(is_offered).collect();
    let Some((first, rest)) = tools.split_first() else { return };
    member("tools", b"[", out);
    tool_into(first, out);
    for tool in rest {
        out.push(b',');
        tool_into(tool, out);
    }
    out.push(b']');
    // It holds for all of them, and wants each to require something.
    let is_strict = |tool: &&Tool<'_>| tool.strict == Some(true) && tool.parameters.is_some_and(schema::has_required);
    if tools.iter().all(is_strict) && !conversation.parameters.others.iter().any(|(key, _)| key.is("strict_tools")) {
        member("strict_tools", b"true", out);
    }
    match choice.filter(|_| endpoint.supports("tool_choice")) {
        Some(ToolChoice::Required | ToolChoice::Function(_)) => member("tool_choice", b"\"REQUIRED\"", out),
        Some(ToolChoice::None) => member("tool_choice", b"\"NONE\"", out),
        Some(ToolChoice::Auto) | None => {}
    }
}

fn tool_into(tool: &Tool<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"function\",\"function\":{\"name\":");
    json::string_into(out, &function(tool.name));
    if let Some(description) = tool.description.filter(|description| !description.is_empty()) {
        out.extend_from_slice(b",\"description\":");
        json::text_into(out, description);
    }
    member("parameters", tool.parameters.unwrap_or(b"{\"type\":\"object\",\"properties\":{}}"), out);
    out.extend_from_slice(b"}}");
}

/// Appends `thinking`, if the client says anything about it. See <https://docs.cohere.com/docs/reasoning>: models that think do so
/// unless told otherwise, best without a budget.
fn thinking_into(request: &Request, endpoint: &Endpoint, out: &mut Vec<u8>) {
    if !endpoint.supports("reasoning") && !endpoint.supports("reasoning_effort") {
        return;
    }
    let reasoning = request.reasoning();
    match reasoning.is_wanted() {
        None => {}
        Some(false) => member("thinking", b"{\"type\":\"disabled\"}", out),
        Some(true) => {
            member("thinking", b"{\"type\":\"enabled\"", out);
            if let Some(budget) = budget(&reasoning, request.max_tokens.or(endpoint.max_completion_tokens)) {
                number("token_budget", budget, out);
            }
            out.push(b'}');
        }
    }
}

/// The most tokens to think with; `None` for as many as it takes.
fn budget(reasoning: &Reasoning, limit: Option<u64>) -> Option<u64> {
    let wanted = match (reasoning.max_tokens, reasoning.effort) {
        (None, None | Some(Effort::High | Effort::XHigh | Effort::Max)) => return None,
        (Some(tokens), _) => Some(tokens),
        (None, Some(_)) => reasoning.budget(limit.unwrap_or(MAX_TOKENS)),
    };
    let most = limit.map_or(u64::MAX, |limit| limit.saturating_sub(LEFT_FOR_ANSWER));
    wanted.map(|tokens| tokens.min(most).max(1))
}

fn number(name: &str, value: u64, out: &mut Vec<u8>) {
    member(name, itoa::Buffer::new().format(value).as_bytes(), out);
}

/// Appends `,"name":value`.
fn member(name: &str, value: &[u8], out: &mut Vec<u8>) {
    out.push(b',');
    json::string_into(out, name);
    out.push(b':');
    out.extend_from_slice(value);
}
