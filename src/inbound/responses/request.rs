//! The request, as a chat completion.

use super::super::body::Body;
use super::super::object::{each, expect, members, text};
use super::super::{Shape, Translated};
use super::answer::Answer;
use super::input;
use super::object::Echo;
use crate::api::Api;
use crate::error::ClientError;
use crate::json::{Kind, Scanner};

/// Members that a chat completion has, too.
const SAME: [&str; 19] = [
    "model",
    "models",
    "preset",
    "provider",
    "plugins",
    "route",
    "session_id",
    "trace",
    "user",
    "temperature",
    "top_p",
    "top_k",
    "presence_penalty",
    "frequency_penalty",
    "reasoning",
    "stream",
    "transforms",
    "cache_control",
    "speed",
];

/// The chat completion that `request` is.
///
/// Errors: if it is not of Responses' shape, or asks for what runs or is kept at OpenAI.
pub(in crate::inbound) fn translate(request: &[u8]) -> Result<Translated, ClientError> {
    if Scanner::new(request).kind() != Ok(Kind::Object) {
        return Err(ClientError::no_object(Api::Responses, request));
    }
    refuse_what_is_kept(request)?;
    let mut body = Body { out: Vec::with_capacity(request.len().saturating_add(512)) };
    body.put(&[b"{"]);
    let same = members(request, SAME)?;
    SAME.iter().zip(same).for_each(|(name, value)| body.optional(name, value));
    let [instructions, input, tools, choice, format, most, top_logprobs, tier, cache_key, parallel] = members(
        request,
        [
            "instructions",
            "input",
            "tools",
            "tool_choice",
            "text",
            "max_output_tokens",
            "top_logprobs",
            "service_tier",
            "prompt_cache_key",
            "parallel_tool_calls",
        ],
    )?;
    body.optional("max_tokens", most);
    let [include] = members(request, ["include"])?;
    let most = top_logprobs.filter(|most| *most != b"0");
    if most.is_some() || include.is_some_and(includes_logprobs) {
        body.member("logprobs", b"true");
        body.optional("top_logprobs", most);
    }
    // The SDKs always say `auto`.
    body.optional("service_tier", tier.filter(|tier| *tier != b"\"auto\""));
    body.optional("prompt_cache_key", cache_key);
    if let Some(format) = format {
        let [model, _, preset, ..] = same;
        format_into(format, preset.is_some() || model.is_some_and(|model| model.contains(&b'@')), &mut body)?;
    }
    // How tools are called is refused by some where there are none.
    if let Some(tools) = tools.filter(|tools| *tools != b"[]") {
        tools_into(tools, &mut body)?;
        body.optional("parallel_tool_calls", parallel);
        choice.map_or(Ok(()), |choice| choice_into(choice, &mut body))?;
    }
    body.comma();
    body.put(&[b"\"messages\":["]);
    if let Some(instructions) = instructions {
        if text(Some(instructions)).is_none() {
            return Err(ClientError::invalid("instructions", "a string"));
        }
        body.message("system", instructions);
    }
    input::messages_into(input.ok_or(ClientError::NoInput)?, &mut body)?;
    body.put(&[b"]}"]);
    let shape = Shape::Responses(Box::new(Answer::new(Echo::of(request)?)));
    Ok(Translated { body: body.out, shape })
}

fn includes_logprobs(include: &[u8]) -> bool {
    let mut found = false;
    let walked = Scanner::new(include).array(|scanner| {
        found |= scanner.string()?.is("message.output_text.logprobs");
        Ok(())
    });
    walked.is_ok() && found
}

/// The API has no memory here.
fn refuse_what_is_kept(request: &[u8]) -> Result<(), ClientError> {
    let [store, previous, conversation, background, prompt] =
        members(request, ["store", "previous_response_id", "conversation", "background", "prompt"])?;
    for (member, value, harmless, expected) in [
        ("store", store, &b"false"[..], "false: responses are not kept"),
        ("previous_response_id", previous, b"", "null: responses are not kept, so send the whole conversation as `input`"),
        ("conversation", conversation, b"", "null: conversations are not kept, so send the whole of it as `input`"),
        ("background", background, b"false", "false: nothing runs in the background"),
        ("prompt", prompt, b"", "null: there are no stored prompts"),
    ] {
        if value.is_some_and(|value| value != harmless) {
            return Err(ClientError::invalid(member, expected));
        }
    }
    Ok(())
}

/// `text`: the format of the answer, and how much it says. Plain text is what is answered anyway, unless a preset may say otherwise.
fn format_into(format: &[u8], may_have_preset: bool, body: &mut Body) -> Result<(), ClientError> {
    let [format, verbosity] = expect(format, "text", ["format", "verbosity"])?;
    body.optional("verbosity", verbosity);
    let Some(format) = format else { return Ok(()) };
    let [kind, name, description, schema, strict] = expect(format, "text.format", ["type", "name", "description", "schema", "strict"])?;
    match (text(kind).unwrap_or_default().raw, schema) {
        (b"text", _) if may_have_preset => body.member("response_format", b"{\"type\":\"text\"}"),
        (b"text", _) => {}
        (b"json_object", _) => body.member("response_format", b"{\"type\":\"json_object\"}"),
        (b"json_schema", Some(schema)) => {
            body.comma();
            body.put(&[b"\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":", name.unwrap_or(b"\"answer\"")]);
            body.optional("description", description);
            body.optional("strict", strict);
            body.member("schema", schema);
            body.put(&[b"}}"]);
        }
        _ => return Err(ClientError::invalid("text.format", "text, json_object, or json_schema with its schema")),
    }
    Ok(())
}

fn tools_into(tools: &[u8], body: &mut Body) -> Result<(), ClientError> {
    body.comma();
    body.put(&[b"\"tools\":["]);
    each(tools, "tools", |tool, place| {
        let at = format!("tools[{place}]");
        let [kind, name, description, parameters, strict] = expect(tool, &at, ["type", "name", "description", "parameters", "strict"])?;
        if !text(kind).is_some_and(|kind| kind.is("function")) {
            return Err(ClientError::invalid(
                format!("{at}.type"),
                "function: others (those that run at OpenAI or OpenRouter, and custom ones) have no word in a chat completion",
            ));
        }
        body.comma();
        body.put(&[b"{\"type\":\"function\",\"function\":{\"name\":"]);
        body.put(&[name.ok_or_else(|| ClientError::invalid(format!("{at}.name"), "the function's name"))?]);
        body.optional("description", description);
        body.optional("parameters", parameters);
        body.optional("strict", strict);
        body.put(&[b"}}"]);
        Ok(())
    })?;
    body.put(&[b"]"]);
    Ok(())
}

fn choice_into(choice: &[u8], body: &mut Body) -> Result<(), ClientError> {
    if text(Some(choice)).is_some() {
        body.member("tool_choice", choice);
        return Ok(());
    }
    let [kind, name] = expect(choice, "tool_choice", ["type", "name"])?;
    match name.filter(|_| text(kind).is_some_and(|kind| kind.is("function"))) {
        Some(name) => {
            body.comma();
            body.put(&[b"\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":", name, b"}}"]);
            Ok(())
        }
        None => Err(ClientError::invalid("tool_choice", "auto, none, required, or a function by its name")),
    }
}
