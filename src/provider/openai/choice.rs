//! One choice of an answer or a chunk, in OpenRouter's shape.

use super::content::Content;
use super::template::Slots;
use crate::chat::{Finish, Word};
use crate::json::{Error, Kind, Scanner, string_into};
use crate::provider::identifier;

/// Whether a choice holds a whole message or a piece of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `message`, in an answer that is not streamed.
    Message,
    /// `delta`, in a chunk.
    Delta,
}

/// What was found in the choices.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    /// Whether reasoning is left out.
    pub(super) exclude_reasoning: bool,
    /// How many there are.
    pub(super) choices: usize,
    /// How many of them hold a message or a delta.
    pub(super) told: usize,
    /// Bytes of text: content, reasoning, tool calls.
    pub(super) output_bytes: usize,
    /// Something that a client waits for: text, reasoning, a tool call, a refusal, an image, an end.
    pub(super) meaningful: bool,
    /// A finish reason.
    pub(super) finished: bool,
    /// Which, of the last choice that has one.
    pub(super) finish: Option<Finish>,
    /// The answer's own id, as far as it is known.
    pub(super) answer_id: Word<64>,
    /// The `error` that a choice ended for, as OpenRouter tells it of the one choice where others may have gone well.
    ///
    /// See <https://openrouter.ai/docs/api/reference/errors-and-debugging>.
    pub(super) error: Option<&'a [u8]>,
    /// A `usage` within a choice, as some imitators place it.
    pub(super) usage: Option<&'a [u8]>,
    /// The texts that were told as they came, where that matters: in chunks, which others like them follow.
    pub(super) slots: Option<Slots>,
}

// === impl Found ===

impl Found<'_> {
    fn note(&mut self, came_end: usize, told_end: usize, length: usize) {
        if let Some(slots) = &mut self.slots {
            slots.note(came_end, told_end, length, true);
        }
    }
}

// === impl Shape ===

impl Shape {
    fn key(self) -> &'static [u8] {
        match self {
            Self::Message => b",\"message\":",
            Self::Delta => b",\"delta\":",
        }
    }

    /// What stands for a message or piece that is missing: clients demand one in every choice.
    fn empty(self) -> &'static [u8] {
        match self {
            Self::Message => b"{\"role\":\"assistant\"}",
            Self::Delta => b"{}",
        }
    }
}

/// Appends the elements of `choices`, which is at `scanner`, without the brackets.
///
/// Errors: if it is not an array of objects.
pub(super) fn choices<'a>(scanner: &mut Scanner<'a>, shape: Shape, found: &mut Found<'a>, out: &mut Vec<u8>) -> Result<(), Error> {
    scanner.array(|scanner| {
        if found.choices > 0 {
            out.push(b',');
        }
        found.choices = found.choices.saturating_add(1);
        choice(scanner, shape, found, out)
    })
}

fn choice<'a>(scanner: &mut Scanner<'a>, shape: Shape, found: &mut Found<'a>, out: &mut Vec<u8>) -> Result<(), Error> {
    let mut finish: Option<&[u8]> = None;
    let mut native: Option<&[u8]> = None;
    let mut index: &[u8] = b"0";
    let mut told = false;
    // Almost always the index comes first; where it does not, it is put into its place at the end.
    out.extend_from_slice(b"{\"index\":");
    let index_at = out.len();
    scanner.object(|scanner, key, _| {
        match key.raw {
            b"index" if out.len() == index_at => {
                out.extend_from_slice(number(scanner.raw()?));
                index = b"";
            }
            b"index" if index.is_empty() => _ = scanner.skip()?,
            b"index" => index = number(scanner.raw()?),
            // Some imitators say "" until there is one.
            b"finish_reason" => finish = scanner.optional_string()?.map(|reason| reason.raw).filter(|reason| !reason.is_empty()),
            b"native_finish_reason" => native = Some(scanner.raw()?),
            b"usage" => found.usage = Some(scanner.raw()?).filter(|usage| *usage != b"null").or(found.usage),
            b"error" => found.error = Some(scanner.raw()?).filter(|error| *error != b"null").or(found.error),
            b"delta" | b"message" if told => _ = scanner.skip()?,
            b"delta" | b"message" => {
                told = true;
                out.extend_from_slice(shape.key());
                message(scanner, shape, found, out)?;
            }
            _ => {
                let value = scanner.raw()?;
                member(key.raw, value, out);
            }
        }
        Ok(())
    })?;
    found.told = found.told.saturating_add(usize::from(told));
    if !told {
        out.extend_from_slice(shape.key());
        out.extend_from_slice(shape.empty());
    }
    found.finished |= finish.is_some();
    if let Some(reason) = finish {
        let native = native.and_then(|native| native.strip_prefix(b"\"")?.strip_suffix(b"\"")).unwrap_or(reason);
        found.finish = Some(Finish::of(finish_reason(reason), native));
    }
    found.meaningful |= finish.is_some();
    out.extend_from_slice(b",\"finish_reason\":");
    match finish {
        None => out.extend_from_slice(b"null,\"native_finish_reason\":"),
        Some(reason) => {
            out.push(b'"');
            out.extend_from_slice(finish_reason(reason));
            out.extend_from_slice(b"\",\"native_finish_reason\":");
        }
    }
    match (native, finish) {
        (Some(native), _) => out.extend_from_slice(native),
        (None, None) => out.extend_from_slice(b"null"),
        (None, Some(reason)) => {
            out.push(b'"');
            out.extend_from_slice(reason);
            out.push(b'"');
        }
    }
    out.push(b'}');
    if !index.is_empty() {
        // What stands behind it moves.
        found.slots = None;
        out.splice(index_at..index_at, index.iter().copied());
    }
    Ok(())
}

/// An index, which has to be a whole number: 0 where it is null or nonsense.
fn number(index: &[u8]) -> &[u8] {
    if index.iter().all(u8::is_ascii_digit) { index } else { b"0" }
}

/// OpenRouter's word for a provider's finish reason: stop, length, tool_calls, content_filter or error. Others stay.
fn finish_reason(native: &[u8]) -> &[u8] {
    match native {
        b"eos" | b"eos_token" | b"end_turn" | b"stop_sequence" | b"completed" | b"STOP" => b"stop",
        b"max_tokens" | b"MAX_TOKENS" | b"max_output_tokens" | b"model_length" => b"length",
        b"function_call" | b"tool_use" | b"tool_call" => b"tool_calls",
        b"SAFETY" | b"RECITATION" | b"refusal" => b"content_filter",
        b"insufficient_system_resource" | b"abort" => b"error",
        other => other,
    }
}

fn message<'a>(scanner: &mut Scanner<'a>, shape: Shape, found: &mut Found<'a>, out: &mut Vec<u8>) -> Result<(), Error> {
    if scanner.kind()? == Kind::Null {
        scanner.skip()?;
        out.extend_from_slice(shape.empty());
        return Ok(());
    }
    out.push(b'{');
    let start = out.len();
    let mut role = false;
    let mut reasoning = false;
    let mut reasoning_content: Option<(&[u8], usize)> = None;
    scanner.object(|scanner, key, _| {
        let kind = scanner.kind()?;
        match key.raw {
            // Clients refuse these as null, and take them absent.
            b"role" | b"tool_calls" | b"audio" | b"images" | b"annotations" | b"reasoning" | b"reasoning_details" | b"function_call"
                if kind == Kind::Null =>
            {
                scanner.skip()?;
            }
            // Whatever a provider calls it, "" included.
            b"role" => {
                scanner.skip()?;
                role = true;
                separate(start, out);
                out.extend_from_slice(b"\"role\":\"assistant\"");
            }
            b"content" | b"refusal" | b"reasoning" if kind == Kind::String => {
                let text = scanner.string()?.raw;
                found.output_bytes = found.output_bytes.saturating_add(text.len());
                found.meaningful |= !text.is_empty();
                reasoning |= key.raw == b"reasoning";
                if found.exclude_reasoning && key.raw == b"reasoning" {
                    return Ok(());
                }
                separate(start, out);
                out.push(b'"');
                out.extend_from_slice(key.raw);
                out.extend_from_slice(b"\":\"");
                out.extend_from_slice(text);
                out.push(b'"');
                found.note(scanner.position(), out.len(), text.len());
            }
            b"content" if kind == Kind::Array => {
                let content = Content::read(scanner)?;
                found.output_bytes = found.output_bytes.saturating_add(content.text.len()).saturating_add(content.thinking.len());
                found.meaningful |= !content.text.is_empty() || !content.thinking.is_empty();
                reasoning |= !content.thinking.is_empty();
                separate(start, out);
                content.write(shape, found.exclude_reasoning, out);
            }
            b"reasoning_content" => reasoning_content = Some((scanner.raw()?, scanner.position())),
            b"tool_calls" if kind == Kind::Array => {
                separate(start, out);
                out.extend_from_slice(b"\"tool_calls\":[");
                tool_calls(scanner, shape, found, out)?;
                out.push(b']');
            }
            _ => {
                let value = scanner.raw()?;
                found.meaningful |=
                    matches!(key.raw, b"audio" | b"images" | b"reasoning_details" | b"content" | b"annotations" | b"function_call")
                        && !matches!(value, b"null" | b"[]");
                if found.exclude_reasoning && key.raw == b"reasoning_details" {
                    return Ok(());
                }
                separate(start, out);
                out.push(b'"');
                out.extend_from_slice(key.raw);
                out.extend_from_slice(b"\":");
                out.extend_from_slice(value);
            }
        }
        Ok(())
    })?;
    // DeepSeek's and vLLM's name for it.
    if let Some((value, end)) = reasoning_content.filter(|(value, _)| !reasoning && value.starts_with(b"\"")) {
        found.output_bytes = found.output_bytes.saturating_add(value.len());
        found.meaningful |= value != b"\"\"";
        if !found.exclude_reasoning {
            separate(start, out);
            out.extend_from_slice(b"\"reasoning\":");
            out.extend_from_slice(value);
            found.note(end, out.len(), value.len().saturating_sub(2));
        }
    }
    if !role && shape == Shape::Message {
        separate(start, out);
        out.extend_from_slice(b"\"role\":\"assistant\"");
    }
    out.push(b'}');
    Ok(())
}

fn tool_calls<'a>(scanner: &mut Scanner<'a>, shape: Shape, found: &mut Found<'a>, out: &mut Vec<u8>) -> Result<(), Error> {
    let mut position = 0usize;
    scanner.array(|scanner| {
        if position > 0 {
            out.push(b',');
        }
        found.meaningful = true;
        out.push(b'{');
        let start = out.len();
        let mut indexed = false;
        let mut typed = false;
        let mut begins = shape == Shape::Message;
        let mut identified = false;
        let mut name: &[u8] = b"";
        let before = scanner.position();
        scanner.object(|scanner, key, _| {
            let there = scanner.kind()? != Kind::Null;
            indexed |= there && key.raw == b"index";
            typed |= there && key.raw == b"type";
            if key.raw == b"id" && there {
                let id = scanner.raw()?;
                // An empty one is none; in a stream it stands where a call goes on.
                if id != b"\"\"" || shape == Shape::Delta {
                    identified = true;
                    begins = true;
                    separate(start, out);
                    out.extend_from_slice(b"\"id\":");
                    out.extend_from_slice(id);
                }
                return Ok(());
            }
            if key.raw == b"function" && scanner.kind()? == Kind::Object {
                separate(start, out);
                out.extend_from_slice(b"\"function\":{");
                let start = out.len();
                let mut argued = false;
                scanner.object(|scanner, key, _| {
                    let kind = scanner.kind()?;
                    match (key.raw, kind) {
                        // Some imitators send what OpenAI sends as a text.
                        (b"arguments", Kind::Object | Kind::Array) => {
                            separate(start, out);
                            out.extend_from_slice(b"\"arguments\":");
                            string_into(out, &String::from_utf8_lossy(scanner.raw()?));
                        }
                        _ => {
                            let value = member_unless_null(scanner, key.raw, start, out)?;
                            match key.raw {
                                b"arguments" if kind == Kind::String => {
                                    found.note(scanner.position(), out.len(), value.len().saturating_sub(2));
                                }
                                b"name" => name = value,
                                _ => {}
                            }
                        }
                    }
                    argued |= key.raw == b"arguments" && kind != Kind::Null;
                    Ok(())
                })?;
                if !argued && shape == Shape::Message {
                    separate(start, out);
                    out.extend_from_slice(b"\"arguments\":\"{}\"");
                }
                out.push(b'}');
                return Ok(());
            }
            member_unless_null(scanner, key.raw, start, out).map(|_| ())
        })?;
        found.output_bytes = found.output_bytes.saturating_add(scanner.position().saturating_sub(before));
        if !indexed && shape == Shape::Delta {
            separate(start, out);
            out.extend_from_slice(b"\"index\":");
            out.extend_from_slice(itoa::Buffer::new().format(position).as_bytes());
        }
        // Clients demand one, by which they tell what a function answered.
        if !identified && shape == Shape::Message {
            separate(start, out);
            out.extend_from_slice(b"\"id\":\"");
            out.extend_from_slice(&identifier::invented(Some(found.answer_id.as_bytes()), name, found.choices.saturating_sub(1), position));
            out.push(b'"');
        }
        // Some clients want it where a call begins.
        if !typed && begins {
            separate(start, out);
            out.extend_from_slice(b"\"type\":\"function\"");
        }
        out.push(b'}');
        position = position.saturating_add(1);
        Ok(())
    })
}

/// Appends the member `key`, whose value is at `scanner`, unless that is null. Gives the value.
fn member_unless_null<'a>(scanner: &mut Scanner<'a>, key: &[u8], start: usize, out: &mut Vec<u8>) -> Result<&'a [u8], Error> {
    let value = scanner.raw()?;
    if value == b"null" {
        return Ok(value);
    }
    separate(start, out);
    out.push(b'"');
    out.extend_from_slice(key);
    out.extend_from_slice(b"\":");
    out.extend_from_slice(value);
    Ok(value)
}

/// Appends `,"key":value`.
pub(super) fn member(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key);
    out.extend_from_slice(b"\":");
    out.extend_from_slice(value);
}

/// Appends a comma if something stands since `start`.
fn separate(start: usize, out: &mut Vec<u8>) {
    if out.len() > start {
        out.push(b',');
    }
}
