//! The request, as a chat completion.

use super::super::body::Body;
use super::super::object::{each, expect, members, number, put_number, text};
use super::super::said::Detail;
use super::super::sealed::{FORMAT, unseal};
use super::super::{Shape, Translated};
use super::answer::Answer;
use super::block::{self, Block};
use super::stop::StopSequences;
use crate::api::Api;
use crate::chat::{ANTHROPIC_TOOL, Request};
use crate::error::ClientError;
use crate::json::{Kind, Scanner, Text, escape_into};
use crate::preset::Presets;

/// Members that a chat completion has, too.
const SAME: [&str; 17] = [
    "model",
    "models",
    "preset",
    "provider",
    "plugins",
    "route",
    "session_id",
    "trace",
    "user",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stream",
    "cache_control",
    "transforms",
    "speed",
];

/// The longest `user` that OpenAI takes, and its quotes. Claude Code sends more than that.
const LONGEST_USER: usize = 64 + 2;

/// The chat completion that `request` is.
///
/// Errors: if it is not of Messages' shape.
pub(in crate::inbound) fn translate(request: &[u8]) -> Result<Translated, ClientError> {
    if Scanner::new(request).kind() != Ok(Kind::Object) {
        return Err(ClientError::no_object(Api::Messages, request));
    }
    let mut body = Body { out: Vec::with_capacity(request.len().saturating_add(512)) };
    body.put(&[b"{"]);
    let same = members(request, SAME)?;
    SAME.iter().zip(same).for_each(|(name, value)| body.optional(name, value));
    let [fallbacks, models, system, messages, tools, choice, stops, thinking, output_config, metadata, tier, user, servers, context] =
        members(
            request,
            [
                "fallbacks",
                "models",
                "system",
                "messages",
                "tools",
                "tool_choice",
                "stop_sequences",
                "thinking",
                "output_config",
                "metadata",
                "service_tier",
                "user",
                "mcp_servers",
                "context_management",
            ],
        )?;
    if servers.is_some_and(|servers| servers != b"[]") {
        return Err(ClientError::invalid("mcp_servers", "none: the gateway calls no servers"));
    }
    if let Some(fallbacks) = fallbacks {
        if models.is_some() {
            return Err(ClientError::invalid("fallbacks", "either `fallbacks` or `models`"));
        }
        fallbacks_into(fallbacks, &mut body)?;
    }
    if let Some(context) = context.filter(|context| *context != b"null") {
        check_edits(context)?;
        body.member("context_management", context);
    }
    body.optional("stop", stops);
    if let Some(tier) = tier.filter(|tier| !matches!(*tier, b"\"auto\"" | b"\"standard_only\"")) {
        body.member("service_tier", tier);
    }
    let effort = reasoning_into(thinking, output_config, &mut body)?;
    if let Some(tools) = tools {
        tools_into(tools, &mut body)?;
    }
    if let Some(choice) = choice {
        choice_into(choice, &mut body)?;
    }
    let messages = messages.ok_or(ClientError::NoMessages)?;
    body.comma();
    body.put(&[b"\"messages\":["]);
    if let Some(system) = system {
        message_into("system", block::read_all(system, "system")?.iter(), &mut body)?;
    }
    let mut none = true;
    each(messages, "messages", |message, place| {
        none = false;
        let at = format!("messages[{place}]");
        let [role, content] = expect(message, &at, ["role", "content"])?;
        let at = format!("{at}.content");
        let blocks = block::read_all(content.ok_or_else(|| ClientError::invalid(&*at, "a string or an array of blocks"))?, &at)?;
        match text(role).map(|role| role.raw) {
            Some(b"user") => user_into(&blocks, &mut body),
            Some(b"assistant") => assistant_into(&blocks, &mut body),
            Some(b"system") => message_into("system", blocks.iter(), &mut body),
            _ => Err(ClientError::invalid(format!("messages[{place}].role"), "user or assistant")),
        }
    })?;
    if none {
        return Err(ClientError::NoMessages);
    }
    body.put(&[b"]"]);
    // What is marked at this level stands last: of its neighbours none is ever left out.
    let [user_id] = metadata.filter(|_| user.is_none()).map_or(Ok([None]), |metadata| expect(metadata, "metadata", ["user_id"]))?;
    match user_id {
        Some(user_id) if user_id.len() <= LONGEST_USER => body.member("user", user_id),
        user_id => body.optional("user", user_id),
    }
    body.optional("verbosity", effort);
    body.put(&[b"}"]);
    Ok(Translated { body: body.out, shape: Shape::Messages(Box::new(Answer::new(StopSequences::of(stops)))) })
}

/// The request, and the body that answers how many tokens its prompt has: four bytes to a token, an estimate.
///
/// Errors: those of a request.
pub(in crate::inbound) fn count_tokens(request: &[u8], max_models: usize, presets: &Presets) -> Result<(Request, Vec<u8>), ClientError> {
    let [tools] = members(request, ["tools"]).unwrap_or_default();
    let translated = translate(request).map_err(|error| Api::Messages.tell(error))?;
    let parsed = Request::parse_as(Api::Messages, translated.body, None, max_models, presets)?;
    let bytes = parsed.prompt_bytes.saturating_add(tools.unwrap_or_default().len());
    let mut out = b"{\"input_tokens\":".to_vec();
    put_number(&mut out, (bytes as u64).div_ceil(4));
    out.push(b'}');
    Ok((parsed, out))
}

/// What Claude is to forget is its own affair; a summary that it makes of a conversation would have to come back as a block of its own.
///
/// See <https://platform.claude.com/docs/en/build-with-claude/context-editing>.
fn check_edits(context: &[u8]) -> Result<(), ClientError> {
    let [edits] = expect(context, "context_management", ["edits"])?;
    each(edits.unwrap_or(b"[]"), "context_management.edits", |edit, place| {
        let at = format!("context_management.edits[{place}]");
        let [kind] = expect(edit, &at, ["type"])?;
        match text(kind) {
            Some(kind) if !kind.raw.starts_with(b"compact") => Ok(()),
            _ => Err(ClientError::invalid(format!("{at}.type"), "clear_tool_uses_20250919 or clear_thinking_20251015")),
        }
    })
}

fn fallbacks_into(fallbacks: &[u8], body: &mut Body) -> Result<(), ClientError> {
    body.comma();
    body.put(&[b"\"models\":["]);
    each(fallbacks, "fallbacks", |fallback, place| {
        let at = format!("fallbacks[{place}]");
        let [model] = expect(fallback, &at, ["model"])?;
        body.comma();
        body.put(&[model.ok_or_else(|| ClientError::invalid(format!("{at}.model"), "a model"))?]);
        Ok(())
    })?;
    body.put(&[b"]"]);
    Ok(())
}

/// `thinking` and `output_config`, as `reasoning` and `response_format`; what is left is how much effort the rest of an answer is worth,
/// which OpenRouter calls `verbosity` and OpenAI means something else by.
fn reasoning_into<'a>(thinking: Option<&[u8]>, output_config: Option<&'a [u8]>, body: &mut Body) -> Result<Option<&'a [u8]>, ClientError> {
    let [effort, format] = output_config.map_or(Ok([None; 2]), |config| expect(config, "output_config", ["effort", "format"]))?;
    let [kind, budget] = thinking.map_or(Ok([None; 2]), |thinking| expect(thinking, "thinking", ["type", "budget_tokens"]))?;
    let mut effort = effort;
    match text(kind).map(|kind| kind.raw) {
        None => {}
        Some(b"disabled") => body.member("reasoning", b"{\"enabled\":false,\"exclude\":true}"),
        Some(b"enabled") => {
            let budget = budget.filter(|budget| number(Some(budget)).is_some());
            let budget = budget.ok_or_else(|| ClientError::invalid("thinking.budget_tokens", "a whole number of tokens"))?;
            body.comma();
            body.put(&[b"\"reasoning\":{\"max_tokens\":", budget, b"}"]);
        }
        Some(b"adaptive") => {
            body.comma();
            body.put(&[b"\"reasoning\":{\"enabled\":true"]);
            body.optional("effort", effort.take());
            body.put(&[b"}"]);
        }
        Some(_) => return Err(ClientError::invalid("thinking.type", "enabled, adaptive or disabled")),
    }
    if let Some([kind, schema]) = format.map(|format| expect(format, "output_config.format", ["type", "schema"])).transpose()? {
        let schema = schema.filter(|_| text(kind).is_some_and(|kind| kind.is("json_schema")));
        let schema = schema.ok_or_else(|| ClientError::invalid("output_config.format", "a json_schema with its schema"))?;
        body.comma();
        body.put(&[
            b"\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":true,\"schema\":",
            schema,
        ]);
        body.put(&[b"}}"]);
    }
    Ok(effort)
}

fn tools_into(tools: &[u8], body: &mut Body) -> Result<(), ClientError> {
    body.comma();
    body.put(&[b"\"tools\":["]);
    each(tools, "tools", |tool, place| {
        let at = format!("tools[{place}]");
        let [kind, name, description, schema, strict, cache_control] =
            expect(tool, &at, ["type", "name", "description", "input_schema", "strict", "cache_control"])?;
        body.comma();
        // Those that Anthropic defines say so by their type.
        if text(kind).is_some_and(|kind| !kind.is("custom")) {
            body.put(&[tool]);
            return Ok(());
        }
        let [deferred, callers, examples, eager] =
            expect(tool, &at, ["defer_loading", "allowed_callers", "input_examples", "eager_input_streaming"])?;
        let says_more = deferred.or(callers).or(examples).or(eager).is_some();
        body.put(&[b"{\"type\":\"function\",\"function\":{\"name\":"]);
        body.put(&[name.ok_or_else(|| ClientError::invalid(format!("{at}.name"), "the tool's name"))?]);
        body.optional("description", description);
        body.optional("parameters", schema);
        body.optional("strict", strict);
        body.put(&[b"}"]);
        body.optional("cache_control", cache_control);
        body.optional(ANTHROPIC_TOOL, Some(tool).filter(|_| says_more));
        body.put(&[b"}"]);
        Ok(())
    })?;
    body.put(&[b"]"]);
    Ok(())
}

fn choice_into(choice: &[u8], body: &mut Body) -> Result<(), ClientError> {
    let [kind, name, one_at_a_time] = expect(choice, "tool_choice", ["type", "name", "disable_parallel_tool_use"])?;
    match (text(kind).unwrap_or_default().raw, name) {
        (b"auto", _) => body.member("tool_choice", b"\"auto\""),
        (b"any", _) => body.member("tool_choice", b"\"required\""),
        (b"none", _) => body.member("tool_choice", b"\"none\""),
        (b"tool", Some(name)) => {
            body.comma();
            body.put(&[b"\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":", name, b"}}"]);
        }
        _ => return Err(ClientError::invalid("tool_choice", "auto, any, none, or a tool by its name")),
    }
    if one_at_a_time == Some(b"true") {
        body.member("parallel_tool_calls", b"false");
    }
    Ok(())
}

/// Appends a message of `blocks`.
fn message_into<'b>(role: &str, blocks: impl Iterator<Item = &'b Block<'b>>, body: &mut Body) -> Result<(), ClientError> {
    body.comma();
    body.put(&[b"{\"role\":\"", role.as_bytes(), b"\",\"content\":"]);
    block::content_into(&blocks.collect::<Vec<_>>(), body)?;
    body.put(&[b"}"]);
    Ok(())
}

/// What tools answered comes first, each a message; then what the user says.
fn user_into(blocks: &[Block<'_>], body: &mut Body) -> Result<(), ClientError> {
    for result in blocks.iter().filter(|block| block.is("tool_result")) {
        let id = result.tool_use_id.ok_or_else(|| ClientError::invalid(format!("{}.tool_use_id", result.at), "the id of the call"))?;
        body.comma();
        body.put(&[b"{\"role\":\"tool\",\"tool_call_id\":\"", id.raw]);
        body.put(&[if result.is_error { b"\",\"is_error\":true,\"content\":" } else { b"\",\"content\":" }]);
        let at = format!("{}.content", result.at);
        let mut blocks = match result.content {
            Some(content) => block::read_all(content, &at)?,
            None => Vec::new(),
        };
        if let Some(last) = blocks.last_mut() {
            last.cache_control = last.cache_control.or(result.cache_control);
        }
        block::content_into(&blocks.iter().collect::<Vec<_>>(), body)?;
        body.put(&[b"}"]);
    }
    let mut said = blocks.iter().filter(|block| !block.is("tool_result")).peekable();
    if said.peek().is_some() || blocks.is_empty() {
        message_into("user", said, body)?;
    }
    Ok(())
}

/// Thinking stands before text and calls in a chat completion's message: where it stands behind text, another message begins.
fn assistant_into(blocks: &[Block<'_>], body: &mut Body) -> Result<(), ClientError> {
    let (mut start, mut is_spoken, mut is_called) = (0usize, false, false);
    for (place, block) in blocks.iter().enumerate() {
        if is_thinking(block) && is_spoken && !is_called {
            turn_into(blocks.get(start..place).unwrap_or_default(), body)?;
            (start, is_spoken) = (place, false);
        }
        is_spoken |= is_said(block);
        is_called |= block.is("tool_use");
    }
    turn_into(blocks.get(start..).unwrap_or_default(), body)
}

fn is_thinking(block: &Block<'_>) -> bool {
    block.is("thinking") || block.is("redacted_thinking")
}

/// What is neither thought nor called: text, and what ran at Anthropic.
fn is_said(block: &Block<'_>) -> bool {
    !is_thinking(block) && !block.is("tool_use")
}

fn turn_into(blocks: &[Block<'_>], body: &mut Body) -> Result<(), ClientError> {
    let said: Vec<_> = blocks.iter().filter(|block| is_said(block)).collect();
    let calls: Vec<_> = blocks.iter().filter(|block| block.is("tool_use")).collect();
    body.comma();
    body.put(&[b"{\"role\":\"assistant\",\"content\":"]);
    if said.is_empty() && !calls.is_empty() {
        body.put(&[b"null"]);
    } else {
        block::said_into(&said, body)?;
    }
    let details: Vec<_> = blocks.iter().filter(|block| is_thinking(block)).filter_map(detail).collect();
    body.reasoning_details(&details);
    if !calls.is_empty() {
        body.put(&[b",\"tool_calls\":["]);
        for call in calls {
            let (Some(id), Some(name)) = (call.id, call.name) else {
                return Err(ClientError::invalid(call.at.to_string(), "a tool_use with `id`, `name` and `input`"));
            };
            body.comma();
            body.put(&[b"{\"id\":\"", id.raw, b"\",\"type\":\"function\",\"function\":{\"name\":\"", name.raw, b"\",\"arguments\":\""]);
            escape_into(&mut body.out, &String::from_utf8_lossy(call.input.unwrap_or(b"{}")));
            body.put(&[b"\"}"]);
            body.optional("cache_control", call.cache_control);
            body.put(&[b"}"]);
        }
        body.put(&[b"]"]);
    }
    body.put(&[b"}"]);
    Ok(())
}

/// The reasoning that a block is. Thinking that nobody signed is of no use to whoever gave it.
fn detail<'a>(block: &Block<'a>) -> Option<Detail<'a>> {
    if let Some(sealed) = block.data.and_then(unseal) {
        return Some(sealed);
    }
    let is_text = block.is("thinking");
    if if is_text { block.signature.is_none() } else { block.data.is_none() } {
        return None;
    }
    Some(Detail {
        kind: Text::plain(if is_text { b"reasoning.text" } else { b"reasoning.encrypted" }),
        format: Some(Text::plain(FORMAT.as_bytes())),
        text: block.thinking.filter(|_| is_text),
        signature: block.signature.filter(|_| is_text),
        data: block.data.filter(|_| !is_text),
        id: None,
        index: None,
    })
}
