//! The body of a request: a `ConverseRequest`, which names no model; that is in the path.

use super::family::{Family, Sampling, Thinking};
use super::names;
use super::turns::{self, Blocks, Turns};
use crate::api::Api;
use crate::chat::Request;
use crate::chat::conversation::{Parameters, ResponseFormat, Tool, ToolChoice};
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::json::{self, Text};

/// What a limit is taken to be where neither the client nor the configuration gives one: reasoning wants a share of it.
const MAX_TOKENS: u64 = 32_000;

/// Members of Converse that a client may send as they are.
const OWN: [&str; 5] = ["guardrailConfig", "performanceConfig", "requestMetadata", "promptVariables", "additionalModelResponseFieldPaths"];

/// Where Claude says at which sequence it ended: in an answer, and in a stream. What is not there is no error.
///
/// See <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.
const STOP_SEQUENCE: &[u8] = b"[\"/stop_sequence\",\"/delta/stop_sequence\"]";

/// Bytes that translating adds, roughly, beside those of the messages.
const MARGIN: usize = 1024;

/// The body for `endpoint`.
///
/// Errors: if the client's request is malformed, or has an attachment that Converse does not take.
pub(super) fn body(request: &Request, endpoint: &Endpoint) -> Result<Vec<u8>, ClientError> {
    let conversation = request.conversation()?;
    let parameters = &conversation.parameters;
    let family = Family::of(endpoint);
    let mut turns = Turns::of(&conversation.messages, family)?;
    if let Some(mark) = parameters.cache_control {
        turns.mark_end(mark, family);
    }
    let tool_config = tool_config(&conversation.tools, parameters, &turns.called, family);
    let is_forced = matches!(parameters.tool_choice, Some(ToolChoice::Required | ToolChoice::Function(_)));
    let is_heeded = endpoint.supports("reasoning") || endpoint.supports("reasoning_effort");
    let thinking = match request.reasoning() {
        // A model of Anthropic's that is made to call a function must not think before.
        _ if !is_heeded || is_forced && family.is_claude() => Thinking::default(),
        reasoning => {
            let limit = request.max_tokens.or(endpoint.max_completion_tokens).unwrap_or(MAX_TOKENS);
            family.thinking(&reasoning, limit, turns.lacks_thoughts)
        }
    };

    let mut out = Vec::with_capacity(request.body().len().saturating_add(MARGIN));
    out.push(b'{');
    if !turns.system.json.is_empty() {
        out.extend_from_slice(b"\"system\":[");
        out.append(&mut turns.system.json);
        out.extend_from_slice(b"],");
    }
    out.extend_from_slice(b"\"messages\":[");
    turns.write(&mut out);
    out.push(b']');
    let takes_sampling = family.takes_sampling(thinking.fields.is_some());
    inference_config(request.max_tokens, parameters, takes_sampling, endpoint, &mut out);
    if let Some(tools) = tool_config {
        out.extend_from_slice(b",\"toolConfig\":");
        out.extend_from_slice(&tools);
    }
    let top_k = parameters.top_k.filter(|top_k| takes_sampling.is_some() && *top_k != b"0" && endpoint.supports("top_k"));
    model_fields(parameters, thinking.fields, top_k.and_then(|top_k| family.top_k(top_k)), &mut out);
    let answers_to_schema = endpoint.supports("response_format") || endpoint.supports("structured_outputs");
    output_config(parameters.response_format.filter(|_| answers_to_schema), thinking.effort, &mut out);
    let asks_for_fields = parameters.others.iter().any(|(key, _)| key.is("additionalModelResponseFieldPaths"));
    // Of one sequence it is clear which it was, and only Messages has a word for it.
    if request.api == Api::Messages && parameters.stop.len() > 1 && family.is_claude() && !asks_for_fields {
        member("additionalModelResponseFieldPaths", STOP_SEQUENCE, &mut out);
    }
    for (key, value) in &parameters.others {
        if OWN.iter().any(|own| key.is(own)) {
            member(&key.value(), value, &mut out);
        } else if key.is("service_tier")
            && let Some(tier) = service_tier(value)
        {
            member("serviceTier", format!("{{\"type\":\"{tier}\"}}").as_bytes(), &mut out);
        }
    }
    out.push(b'}');
    Ok(out)
}

/// Appends `,"key":value`.
fn member(key: &str, value: &[u8], out: &mut Vec<u8>) {
    out.push(b',');
    json::string_into(out, key);
    out.push(b':');
    out.extend_from_slice(value);
}

/// Appends `inferenceConfig`, if there is anything to say.
fn inference_config(
    max_tokens: Option<u64>,
    parameters: &Parameters<'_>,
    takes_sampling: Option<Sampling>,
    endpoint: &Endpoint,
    out: &mut Vec<u8>,
) {
    let mut config = Vec::new();
    if let Some(limit) = max_tokens.filter(|limit| *limit > 0) {
        member("maxTokens", itoa::Buffer::new().format(limit).as_bytes(), &mut config);
    }
    let temperature = parameters.temperature.filter(|_| takes_sampling.is_some() && endpoint.supports("temperature"));
    if let Some(temperature) = temperature {
        member("temperature", at_most_one(temperature), &mut config);
    }
    let is_free = takes_sampling == Some(Sampling::Both) || takes_sampling == Some(Sampling::One) && temperature.is_none();
    if let Some(top_p) = parameters.top_p.filter(|_| is_free && endpoint.supports("top_p")) {
        member("topP", at_most_one(top_p), &mut config);
    }
    let stops: Vec<&[u8]> = parameters.stop.iter().map(|stop| stop.raw).filter(|stop| !turns::trim_end(stop).is_empty()).collect();
    if !stops.is_empty() && endpoint.supports("stop") {
        config.extend_from_slice(b",\"stopSequences\":[\"");
        config.extend_from_slice(&stops.join(&b"\",\""[..]));
        config.extend_from_slice(b"\"]");
    }
    object("inferenceConfig", &config, out);
}

/// Appends `,"key":{…}` of members that begin with a comma; nothing of none.
fn object(key: &str, members: &[u8], out: &mut Vec<u8>) {
    if let Some((_, members)) = members.split_first() {
        member(key, b"{", out);
        out.extend_from_slice(members);
        out.push(b'}');
    }
}

/// A number as it was written, or the nearest to it from 0 to 1: Converse refuses others.
fn at_most_one(number: &[u8]) -> &[u8] {
    match std::str::from_utf8(number).ok().and_then(|number| number.parse::<f64>().ok()) {
        Some(value) if value > 1.0 => b"1",
        Some(value) if value < 0.0 => b"0",
        _ => number,
    }
}

/// Appends `additionalModelRequestFields`: the client's own, else what makes the model reason and choose.
fn model_fields(parameters: &Parameters<'_>, thinking: Option<String>, top_k: Option<String>, out: &mut Vec<u8>) {
    const KEY: &str = "additionalModelRequestFields";
    if let Some((_, own)) = parameters.others.iter().find(|(key, value)| key.is(KEY) && value.starts_with(b"{")) {
        return member(KEY, own, out);
    }
    let mut fields = Vec::new();
    for field in [thinking, top_k].into_iter().flatten() {
        fields.push(b',');
        fields.extend_from_slice(field.as_bytes());
    }
    object(KEY, &fields, out);
}

/// Appends `outputConfig`: a schema for the answer, which goes as a text, and how much to think about it.
fn output_config(format: Option<ResponseFormat<'_>>, effort: Option<&str>, out: &mut Vec<u8>) {
    let mut config = Vec::new();
    // There is no word for "some JSON object".
    if let Some(ResponseFormat::JsonSchema { name, description, schema, .. }) = format {
        config.extend_from_slice(b",\"textFormat\":{\"type\":\"json_schema\",\"structure\":{\"jsonSchema\":{\"schema\":");
        json::string_into(&mut config, &String::from_utf8_lossy(schema));
        for (key, text) in [("name", name), ("description", description)] {
            if let Some(text) = text {
                config.extend_from_slice(format!(",\"{key}\":").as_bytes());
                json::text_into(&mut config, text);
            }
        }
        config.extend_from_slice(b"}}}");
    }
    if let Some(effort) = effort {
        member("effort", format!("\"{effort}\"").as_bytes(), &mut config);
    }
    object("outputConfig", &config, out);
}

/// A `service_tier` that Bedrock has, too.
fn service_tier(value: &[u8]) -> Option<&'static str> {
    match value {
        b"\"priority\"" => Some("priority"),
        b"\"flex\"" => Some("flex"),
        b"\"default\"" => Some("default"),
        _ => None,
    }
}

/// The `toolConfig`. A conversation with calls in it needs one even if nothing is to be called any more, and there is no word for
/// "none": without calls the tools are left out, with them they stay.
fn tool_config(tools: &[Tool<'_>], parameters: &Parameters<'_>, called: &[Text<'_>], family: Family) -> Option<Vec<u8>> {
    let is_none = parameters.tool_choice == Some(ToolChoice::None);
    if called.is_empty() && (tools.is_empty() || is_none) {
        return None;
    }
    let mut blocks = Blocks::default();
    for tool in tools {
        blocks.add(|out| tool_spec(tool, family, out));
        // Nova takes marks in messages and system texts alone.
        if let Some(mark) = tool.cache_control.filter(|_| family.is_claude()) {
            blocks.add(|out| turns::cache_point(mark, family, out));
        }
    }
    if tools.is_empty() {
        for name in called {
            blocks.add(|out| tool_spec(&Tool { name: *name, ..Tool::default() }, family, out));
        }
    }
    let mut config = b"{\"tools\":[".to_vec();
    config.append(&mut blocks.json);
    config.push(b']');
    match parameters.tool_choice.filter(|_| !tools.is_empty()) {
        Some(ToolChoice::Auto) => config.extend_from_slice(b",\"toolChoice\":{\"auto\":{}}"),
        Some(ToolChoice::Required) => config.extend_from_slice(b",\"toolChoice\":{\"any\":{}}"),
        Some(ToolChoice::Function(name)) => {
            config.extend_from_slice(b",\"toolChoice\":{\"tool\":{\"name\":");
            json::string_into(&mut config, &names::function(name));
            config.extend_from_slice(b"}}");
        }
        Some(ToolChoice::None) | None => {}
    }
    config.push(b'}');
    Some(config)
}

fn tool_spec(tool: &Tool<'_>, family: Family, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"toolSpec\":{\"name\":");
    json::string_into(out, &names::function(tool.name));
    if let Some(description) = tool.description.filter(|description| !description.is_empty()) {
        out.extend_from_slice(b",\"description\":");
        json::text_into(out, description);
    }
    out.extend_from_slice(b",\"inputSchema\":{\"json\":");
    out.extend_from_slice(tool.parameters.unwrap_or(b"{\"type\":\"object\",\"properties\":{}}"));
    out.extend_from_slice(if tool.strict == Some(true) && family.follows_schemas() { &b"},\"strict\":true}}"[..] } else { b"}}}" });
}
