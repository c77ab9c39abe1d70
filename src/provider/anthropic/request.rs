//! The request, translated.

use std::borrow::Cow;

use super::block::{self, member};
use super::model::{Model, Thinking};
use super::schema;
use super::turns::{self, Turns};
use crate::api::Api;
use crate::chat::Request;
use crate::chat::conversation::{Conversation, Effort, Parameters, Reasoning, ResponseFormat, Tool, ToolChoice, called};
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::json::{self, Kind, Scanner, Text};
use crate::provider::Upstream;

/// Where Claude is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Platform {
    /// Anthropic's own API.
    Anthropic,
    /// Vertex AI: the path names the model and the body the version.
    Vertex,
}

/// The path below the provider's prefix.
const PATH: &str = "/messages";
/// The version of the API: <https://platform.claude.com/docs/en/api/versioning>.
const VERSION: &[u8] = b"2023-06-01";
/// What Vertex AI calls it.
const VERTEX_VERSION: &[u8] = b"vertex-2023-10-16";
/// The most tokens of an answer that is not streamed, where nobody says: more may take longer than the ten minutes after which
/// Anthropic's own SDK wants a stream (128000 in an hour).
const MOST_UNSTREAMED: u64 = 21_333;
/// The least budget for thinking.
const LEAST_BUDGET: u64 = 1024;
/// Members of Anthropic's that OpenAI's format has no word for: they go on as they came.
const OWN: [&str; 5] = ["container", "context_management", "inference_geo", "mcp_servers", "speed"];

/// What is made of a request.
struct Plan<'a> {
    endpoint: &'a Endpoint,
    api: Api,
    model: Model,
    max_tokens: u64,
    thinking: Option<Think<'a>>,
    effort: Option<&'static str>,
}

/// `thinking` of the request.
enum Think<'a> {
    Budgeted(u64),
    Adaptive {
        display: Option<&'static str>,
    },
    Disabled,
    /// As the client wrote it.
    Own(&'a [u8]),
}

/// The request to `endpoint`.
///
/// Errors: if it is malformed, or holds something that Anthropic has no block for.
pub fn request<'a>(request: &'a Request, endpoint: &'a Endpoint) -> Result<Upstream<'a>, ClientError> {
    Ok(Upstream {
        path: format!("{}{PATH}", endpoint.provider.path_prefix).into(),
        headers: vec![("anthropic-version", Cow::Borrowed(VERSION))],
        body: body(request, endpoint, Platform::Anthropic)?.into(),
    })
}

/// The body of the request to `endpoint`.
///
/// Errors: as those of [`request`]; at Vertex AI also if it has an image or a document by its URL, which only Anthropic itself fetches
/// (<https://platform.claude.com/docs/en/build-with-claude/vision>).
pub(in crate::provider) fn body(request: &Request, endpoint: &Endpoint, platform: Platform) -> Result<Vec<u8>, ClientError> {
    let conversation = request.conversation()?;
    let turns = Turns::of(&conversation.messages)?;
    let plan = Plan::of(request, &conversation, endpoint);
    let mut out = Vec::with_capacity(request.body().len().saturating_add(512));
    match platform {
        Platform::Anthropic => {
            out.extend_from_slice(b"{\"model\":");
            json::string_into(&mut out, &endpoint.model);
        }
        Platform::Vertex => {
            block::refuse_urls(&conversation.messages)?;
            out.extend_from_slice(b"{\"anthropic_version\":\"");
            out.extend_from_slice(VERTEX_VERSION);
            out.push(b'"');
        }
    }
    number("max_tokens", plan.max_tokens, &mut out);
    if request.stream {
        out.extend_from_slice(b",\"stream\":true");
    }
    if !turns.system.is_empty() {
        list("system", &turns.system, &mut out);
    }
    plan.tools(&conversation, &mut out);
    list("messages", &turns.messages, &mut out);
    plan.parameters(&conversation.parameters, &mut out);
    out.push(b'}');
    Ok(out)
}

// === impl Plan ===

impl<'a> Plan<'a> {
    fn of(request: &Request, conversation: &Conversation<'a>, endpoint: &'a Endpoint) -> Self {
        let model = Model::of(&endpoint.model);
        let max_tokens = request.max_tokens.filter(|tokens| *tokens > 0 || request.api == Api::Messages).unwrap_or_else(|| {
            let most = endpoint.max_completion_tokens.unwrap_or_else(|| model.default_max_tokens());
            if request.stream { most } else { most.min(MOST_UNSTREAMED) }
        });
        let reasoning = request.reasoning();
        let parameters = &conversation.parameters;
        let forced = matches!(parameters.tool_choice, Some(ToolChoice::Required | ToolChoice::Function(_))) && request.needs.tools;
        let heeded = endpoint.supports("reasoning") || endpoint.supports("reasoning_effort");
        let own = parameters.others.iter().find(|(name, value)| name.is("thinking") && value.starts_with(b"{"));
        let thinking = match own {
            Some((_, own)) => Some(Think::Own(own)),
            None if !heeded => None,
            // A model that is made to call a tool must not think before.
            None if forced || reasoning.is_wanted() == Some(false) => model.thinks_by_default().then_some(Think::Disabled),
            None => think(model, &reasoning, max_tokens, conversation),
        };
        let verbosity = parameters.verbosity.and_then(|word| effort(word)).filter(|_| endpoint.supports("verbosity"));
        let effort = match (&thinking, verbosity) {
            // More effort than that is refused without thinking.
            (Some(Think::Disabled), Some(effort)) => Some(effort.min(Effort::High)),
            (_, Some(effort)) => Some(effort),
            // A budget says nothing here:
            // https://openrouter.ai/docs/cookbook/evaluate-and-optimize/model-migrations/claude-4-7.
            (Some(Think::Adaptive { .. }), None) => reasoning.effort,
            _ => None,
        };
        Self { endpoint, api: request.api, model, max_tokens, thinking, effort: effort.and_then(|effort| model.effort(effort)) }
    }

    fn tools(&self, conversation: &Conversation<'_>, out: &mut Vec<u8>) {
        let parameters = &conversation.parameters;
        if conversation.tools.is_empty() && self.own_tools(conversation).is_empty() {
            // Calls in the past want their tools declared, though the model may not call any more of them.
            let called = called(&conversation.messages);
            if called.is_empty() {
                return;
            }
            out.extend_from_slice(b",\"tools\":[");
            called.into_iter().for_each(|name| self.tool(&Tool { name, ..Tool::default() }, out));
            out.extend_from_slice(b"],\"tool_choice\":{\"type\":\"none\"}");
            return;
        }
        out.extend_from_slice(b",\"tools\":[");
        let mut own = self.own_tools(conversation).iter().peekable();
        for (place, tool) in conversation.tools.iter().enumerate() {
            while let Some((_, tool)) = own.next_if(|(before, _)| *before <= place) {
                block::separate(out);
                out.extend_from_slice(tool);
            }
            self.tool(tool, out);
        }
        for (_, tool) in own {
            block::separate(out);
            out.extend_from_slice(tool);
        }
        out.push(b']');
        let one_at_a_time = parameters.parallel_tool_calls == Some(false);
        let choice = match parameters.tool_choice {
            None if !one_at_a_time => return,
            None | Some(ToolChoice::Auto) => &b"{\"type\":\"auto\""[..],
            Some(ToolChoice::None) => b"{\"type\":\"none\"",
            Some(ToolChoice::Required) => b"{\"type\":\"any\"",
            Some(ToolChoice::Function(_)) => b"{\"type\":\"tool\",\"name\":",
        };
        member("tool_choice", out);
        out.extend_from_slice(choice);
        if let Some(ToolChoice::Function(name)) = parameters.tool_choice {
            json::text_into(out, name);
        }
        if one_at_a_time && parameters.tool_choice != Some(ToolChoice::None) {
            out.extend_from_slice(b",\"disable_parallel_tool_use\":true");
        }
        out.push(b'}');
    }

    /// The tools that Anthropic defines: a request of its own has no others that are no functions.
    fn own_tools<'b>(&self, conversation: &'b Conversation<'_>) -> &'b [(usize, &'b [u8])] {
        if self.api == Api::Messages { &conversation.other_tools } else { &[] }
    }

    fn tool(&self, tool: &Tool<'_>, out: &mut Vec<u8>) {
        block::separate(out);
        if let Some(own) = tool.anthropic_tool {
            return out.extend_from_slice(own);
        }
        out.extend_from_slice(b"{\"name\":");
        json::text_into(out, tool.name);
        if let Some(description) = tool.description.filter(|description| !description.is_empty()) {
            out.extend_from_slice(b",\"description\":");
            json::text_into(out, description);
        }
        out.extend_from_slice(b",\"input_schema\":");
        match tool.parameters {
            None => out.extend_from_slice(b"{\"type\":\"object\",\"properties\":{}}"),
            Some(schema) if has_type(schema) => out.extend_from_slice(schema),
            // It has to say that it is an object.
            Some(schema) => {
                out.extend_from_slice(b"{\"type\":\"object\"");
                let rest = schema.get(1..).unwrap_or_default();
                if !rest.trim_ascii_start().starts_with(b"}") {
                    out.push(b',');
                }
                out.extend_from_slice(rest);
            }
        }
        if tool.strict == Some(true) && self.model.follows_schemas() {
            out.extend_from_slice(b",\"strict\":true");
        }
        block::mark(tool.cache_control, out);
        out.push(b'}');
    }

    fn parameters(&self, parameters: &Parameters<'_>, out: &mut Vec<u8>) {
        self.sampling(parameters, out);
        let stops: Vec<_> = parameters.stop.iter().filter(|stop| !block::is_blank(**stop)).collect();
        if !stops.is_empty() && self.endpoint.supports("stop") {
            out.extend_from_slice(b",\"stop_sequences\":[");
            for stop in stops {
                block::separate(out);
                json::text_into(out, *stop);
            }
            out.push(b']');
        }
        match self.thinking {
            None => {}
            Some(Think::Own(own)) => raw("thinking", own, out),
            Some(Think::Disabled) => out.extend_from_slice(b",\"thinking\":{\"type\":\"disabled\"}"),
            Some(Think::Budgeted(tokens)) => {
                out.extend_from_slice(b",\"thinking\":{\"type\":\"enabled\"");
                number("budget_tokens", tokens, out);
                out.push(b'}');
            }
            Some(Think::Adaptive { display }) => {
                out.extend_from_slice(b",\"thinking\":{\"type\":\"adaptive\"");
                if let Some(display) = display {
                    member("display", out);
                    json::string_into(out, display);
                }
                out.push(b'}');
            }
        }
        self.output_config(parameters, out);
        if let Some(user) = parameters.user.filter(|user| !user.is_empty()) {
            out.extend_from_slice(b",\"metadata\":{\"user_id\":");
            json::text_into(out, user);
            out.push(b'}');
        }
        if let Some(mark) = parameters.cache_control {
            raw("cache_control", mark, out);
        }
        for (name, value) in &parameters.others {
            match name.raw {
                b"service_tier" if *value == br#""auto""# => raw("service_tier", value, out),
                b"service_tier" if *value == br#""default""# => raw("service_tier", br#""standard_only""#, out),
                _ => {
                    if let Some(own) = OWN.into_iter().find(|own| name.is(own)) {
                        raw(own, value, out);
                    }
                }
            }
        }
    }

    /// `temperature`, `top_p` and `top_k`, as far as the model takes them; thinking rules them out.
    fn sampling(&self, parameters: &Parameters<'_>, out: &mut Vec<u8>) {
        let thinks = !matches!(self.thinking, None | Some(Think::Disabled));
        if thinks || !self.model.takes_sampling() {
            return;
        }
        let temperature = parameters.temperature.filter(|_| self.endpoint.supports("temperature"));
        if let Some(temperature) = temperature {
            raw("temperature", at_most_one(temperature), out);
        }
        let beside = temperature.is_none() || self.model.takes_temperature_with_top_p();
        if let Some(top_p) = parameters.top_p.filter(|_| beside && self.endpoint.supports("top_p")) {
            raw("top_p", at_most_one(top_p), out);
        }
        // 0 is OpenRouter's word for «no limit».
        if let Some(top_k) = parameters.top_k.filter(|top_k| *top_k != b"0" && self.endpoint.supports("top_k")) {
            raw("top_k", top_k, out);
        }
    }

    fn output_config(&self, parameters: &Parameters<'_>, out: &mut Vec<u8>) {
        // There is no word for «some JSON object».
        let schema = match parameters.response_format {
            Some(ResponseFormat::JsonSchema { schema, .. })
                if self.endpoint.supports("response_format") || self.endpoint.supports("structured_outputs") =>
            {
                Some(schema)
            }
            _ => None,
        };
        if schema.is_none() && self.effort.is_none() {
            return;
        }
        out.extend_from_slice(b",\"output_config\":{");
        if let Some(effort) = self.effort {
            member("effort", out);
            json::string_into(out, effort);
        }
        if let Some(schema) = schema {
            member("format", out);
            out.extend_from_slice(b"{\"type\":\"json_schema\",\"schema\":");
            schema::closed_into(schema, out);
            out.push(b'}');
        }
        out.push(b'}');
    }
}

/// How a model is told to think as the client wants it.
fn think<'a>(model: Model, reasoning: &Reasoning, max_tokens: u64, conversation: &Conversation<'_>) -> Option<Think<'a>> {
    if reasoning.is_wanted() != Some(true) {
        return None;
    }
    let budgeted = || {
        // It has to leave room for an answer.
        let tokens = reasoning.budget(max_tokens)?.min(max_tokens.saturating_sub(1));
        (tokens >= LEAST_BUDGET && !turns::lacks_thoughts(&conversation.messages)).then_some(Think::Budgeted(tokens))
    };
    match model.thinking() {
        Thinking::Never => None,
        Thinking::Budgeted => budgeted(),
        Thinking::Either if reasoning.max_tokens.is_some() => budgeted(),
        Thinking::Either => Some(Think::Adaptive { display: None }),
        // Without a word these show nothing of it.
        Thinking::Adaptive => Some(Think::Adaptive { display: Some(if reasoning.exclude { "omitted" } else { "summarized" }) }),
    }
}

fn effort(verbosity: Text<'_>) -> Option<Effort> {
    Effort::of(verbosity.raw).filter(|effort| *effort != Effort::None)
}

/// A number as it was written, or `1` if it is more: OpenAI's `temperature` goes up to 2.
fn at_most_one(number: &[u8]) -> &[u8] {
    let value: Option<f64> = std::str::from_utf8(number).ok().and_then(|text| text.parse().ok());
    match value {
        Some(value) if value > 1.0 => b"1",
        Some(value) if value < 0.0 => b"0",
        _ => number,
    }
}

/// Whether a schema says what it is the schema of.
fn has_type(schema: &[u8]) -> bool {
    let mut found = false;
    let walked = Scanner::new(schema).object(|scanner, key, _| {
        found |= key.is("type") && scanner.kind()? == Kind::String;
        scanner.skip().map(|_| ())
    });
    walked.is_ok() && found
}

fn number(name: &str, value: u64, out: &mut Vec<u8>) {
    raw(name, itoa::Buffer::new().format(value).as_bytes(), out);
}

fn raw(name: &str, value: &[u8], out: &mut Vec<u8>) {
    member(name, out);
    out.extend_from_slice(value);
}

fn list(name: &str, elements: &[u8], out: &mut Vec<u8>) {
    member(name, out);
    out.push(b'[');
    out.extend_from_slice(elements);
    out.push(b']');
}
