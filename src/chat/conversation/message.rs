//! One message of a conversation.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::part::{self, Part};
use super::{each, present, text};
use crate::chat::reasoning_format;
use crate::error::ClientError;
use crate::json::{Error, Kind, Scanner, Text};

/// One message of a conversation.
#[derive(Debug)]
pub struct Message<'a> {
    /// Who speaks.
    pub role: Role,
    /// The speaker's name, among several of one role.
    pub name: Option<Text<'a>>,
    /// What is said; a plain string is one text part, a refusal too. Empty parts are among them.
    pub content: Vec<Part<'a>>,
    /// What an assistant called.
    pub tool_calls: Vec<ToolCall<'a>>,
    /// Which call a tool answers.
    pub tool_call_id: Option<Text<'a>>,
    /// Whether the tool failed.
    pub is_error: bool,
    /// What an assistant thought, piece by piece.
    reasoning_details: Vec<ReasoningDetail<'a>>,
}

/// Who speaks in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `system`.
    System,
    /// `developer`: what OpenAI's newer models call `system`.
    Developer,
    /// `user`.
    User,
    /// `assistant`.
    Assistant,
    /// `tool`, and the older `function`.
    Tool,
}

/// A call of a function by an assistant.
#[derive(Debug)]
pub struct ToolCall<'a> {
    /// What the tool's answer refers to.
    pub id: Text<'a>,
    /// Which function.
    pub name: Text<'a>,
    /// The mark that the prompt up to here is to be cached, as it was written.
    pub cache_control: Option<&'a [u8]>,
    /// The arguments as JSON text; whether it is an object says [`ToolCall::input`].
    arguments: Cow<'a, [u8]>,
    /// Path of the arguments in the request.
    place: (usize, usize),
}

/// An element of `reasoning_details`.
#[derive(Debug, Default)]
struct ReasoningDetail<'a> {
    kind: Option<Text<'a>>,
    format: Option<Text<'a>>,
    text: Option<Text<'a>>,
    signature: Option<Text<'a>>,
    data: Option<Text<'a>>,
    id: Option<Text<'a>>,
    index: Option<&'a [u8]>,
}

/// Reasoning that a provider gave and wants back unchanged.
#[derive(Debug, PartialEq, Eq)]
pub enum SignedReasoning<'a> {
    /// Text with the provider's signature.
    Text {
        /// The text, JSON-escaped.
        text: Cow<'a, [u8]>,
        /// The signature.
        signature: Option<Text<'a>>,
    },
    /// Something that only the provider can read.
    Encrypted(Text<'a>),
}

// === impl Message ===

impl<'a> Message<'a> {
    /// The reasoning of a provider whose details say `format`, in order; that of others is left out. Pieces of one block, as a
    /// stream gave them, are put together.
    pub fn signed_reasoning(&self, format: &str) -> Vec<SignedReasoning<'a>> {
        let mut blocks: Vec<SignedReasoning<'a>> = Vec::new();
        let mut open: Option<&[u8]> = None;
        for detail in self.reasoning_details.iter().filter(|detail| detail.is_of(format)) {
            if let Some(data) = detail.data.filter(|_| detail.is("reasoning.encrypted")) {
                blocks.push(SignedReasoning::Encrypted(data));
                open = None;
                continue;
            }
            if !detail.is("reasoning.text") {
                continue;
            }
            match blocks.last_mut() {
                Some(SignedReasoning::Text { text, signature }) if open.is_some() && open == detail.index => {
                    if let Some(more) = detail.text.filter(|more| !more.is_empty()) {
                        text.to_mut().extend_from_slice(more.raw);
                    }
                    *signature = detail.signature.or(*signature);
                }
                _ => blocks.push(SignedReasoning::Text {
                    text: Cow::Borrowed(detail.text.map_or(&b""[..], |text| text.raw)),
                    signature: detail.signature,
                }),
            }
            // A signature ends its block.
            open = detail.index.filter(|_| detail.signature.is_none());
        }
        blocks
    }

    /// What a provider whose details say `format` signed its answer with, in order: each with the id of the tool call that it
    /// belongs to, if it belongs to one.
    pub fn signatures(&self, format: &str) -> impl Iterator<Item = (Text<'a>, Option<Text<'a>>)> {
        let own = self.reasoning_details.iter().filter(move |detail| detail.is_of(format));
        own.filter_map(|detail| Some((detail.data.or(detail.signature).filter(|signature| !signature.is_empty())?, detail.id)))
    }
}

/// The functions that were called, each once, in the order of their first calls.
pub fn called<'a>(messages: &[Message<'a>]) -> Vec<Text<'a>> {
    let mut names: Vec<Text<'a>> = Vec::new();
    let mut places: BTreeMap<&[u8], usize> = BTreeMap::new();
    for call in messages.iter().flat_map(|message| &message.tool_calls) {
        if *places.entry(call.name.raw).or_insert(names.len()) == names.len() {
            names.push(call.name);
        }
    }
    names
}

impl ReasoningDetail<'_> {
    fn is_of(&self, format: &str) -> bool {
        reasoning_format::of(self.format).is(format)
    }

    fn is(&self, kind: &str) -> bool {
        self.kind.is_some_and(|own| own.is(kind))
    }
}

// === impl ToolCall ===

impl ToolCall<'_> {
    /// The arguments as a JSON object: an empty text is an empty one.
    ///
    /// Errors: if they are not an object.
    pub fn input(&self) -> Result<&[u8], ClientError> {
        let arguments = self.arguments.trim_ascii();
        if arguments.is_empty() {
            return Ok(b"{}");
        }
        let mut scanner = Scanner::new(arguments);
        if scanner.kind() == Ok(Kind::Object) && scanner.skip().and_then(|_| scanner.end()).is_ok() {
            return Ok(arguments);
        }
        let (message, call) = self.place;
        Err(ClientError::invalid(format!("messages[{message}].tool_calls[{call}].function.arguments"), "a JSON object, as a string"))
    }
}

/// Reads `messages`.
pub(super) fn read_all(value: &[u8]) -> Result<Vec<Message<'_>>, ClientError> {
    let mut messages = Vec::new();
    each(value, "messages", "an array of messages", |scanner, place| {
        messages.push(read(scanner, place)?);
        Ok(())
    })?;
    Ok(messages)
}

fn read<'a>(scanner: &mut Scanner<'a>, place: usize) -> Result<Message<'a>, ClientError> {
    let mut message = Message {
        role: Role::User,
        name: None,
        content: Vec::new(),
        tool_calls: Vec::new(),
        tool_call_id: None,
        is_error: false,
        reasoning_details: Vec::new(),
    };
    let mut refusal = None;
    let mut tool_calls = None;
    let mut function_call = None;
    let mut details = None;
    let mut unread = None;
    scanner.members(&mut |scanner, key, _| {
        match key.raw {
            b"role" => message.role = role(scanner.string()?),
            b"name" => message.name = text(scanner)?,
            b"content" => message.content = part::read_all(scanner, &mut unread)?,
            b"refusal" => refusal = text(scanner)?,
            b"tool_call_id" => message.tool_call_id = text(scanner)?,
            b"is_error" => message.is_error = scanner.raw()? == b"true",
            b"tool_calls" => tool_calls = present(scanner)?,
            b"function_call" => function_call = present(scanner)?,
            b"reasoning_details" => details = present(scanner)?,
            _ => _ = scanner.skip()?,
        }
        Ok(())
    })?;
    // To leave it out would be to answer, and to charge, for something else than was asked.
    if let Some(part) = unread {
        let expected = "text, image_url, file, input_audio or video_url, with what belongs to it";
        return Err(ClientError::invalid(format!("messages[{place}].content[{part}]"), expected));
    }
    if let Some(refusal) = refusal.filter(|_| message.content.is_empty()) {
        message.content.push(Part::text(refusal));
    }
    if let Some(calls) = tool_calls {
        let member = format!("messages[{place}].tool_calls");
        each(calls, &member, "an array of tool calls", |scanner, call| {
            let expected =
                || ClientError::invalid(format!("{member}[{call}]"), "a function call with `id`, `function.name` and `function.arguments`");
            message.tool_calls.push(tool_call(scanner.raw()?, (place, call)).ok_or_else(expected)?);
            Ok(())
        })?;
    }
    // The older way: one call, and its name is what the answer refers to.
    if let Some(call) = function_call.and_then(|call| function(&mut Scanner::new(call)).ok()) {
        let (Some(name), arguments) = call else {
            return Err(ClientError::invalid(format!("messages[{place}].function_call"), "a function call with `name` and `arguments`"));
        };
        message.tool_calls.push(ToolCall { id: name, name, cache_control: None, arguments, place: (place, 0) });
    }
    if message.role == Role::Tool && message.tool_call_id.is_none() {
        message.tool_call_id = message.name;
    }
    if let Some(details) = details {
        each(details, &format!("messages[{place}].reasoning_details"), "an array of reasoning details", |scanner, _| {
            if scanner.kind()? == Kind::Object {
                message.reasoning_details.push(reasoning_detail(scanner)?);
            } else {
                scanner.skip()?;
            }
            Ok(())
        })?;
    }
    Ok(message)
}

/// Whether a call in `messages` has arguments that are no JSON object, so that only a format which leaves them a text can carry it.
pub(super) fn has_broken_arguments(messages: &[u8]) -> bool {
    let mut is_broken = false;
    let mut check = |call: Option<ToolCall<'_>>| is_broken |= call.is_some_and(|call| call.input().is_err());
    _ = Scanner::new(messages).elements(&mut |scanner| {
        scanner.members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
            (b"tool_calls", Kind::Array) => scanner.elements(&mut |scanner| {
                check(tool_call(scanner.raw()?, (0, 0)));
                Ok(())
            }),
            (b"function_call", Kind::Object) => {
                let (name, arguments) = function(scanner)?;
                check(name.map(|name| ToolCall { id: name, name, cache_control: None, arguments, place: (0, 0) }));
                Ok(())
            }
            _ => scanner.skip().map(|_| ()),
        })
    });
    is_broken
}

fn role(role: Text<'_>) -> Role {
    match () {
        () if role.is("system") => Role::System,
        () if role.is("developer") => Role::Developer,
        () if role.is("assistant") => Role::Assistant,
        () if role.is("tool") || role.is("function") => Role::Tool,
        () => Role::User,
    }
}

fn tool_call(call: &[u8], place: (usize, usize)) -> Option<ToolCall<'_>> {
    let mut id = None;
    let mut name = None;
    let mut cache_control = None;
    let mut arguments = Cow::Borrowed(&b""[..]);
    let walked = Scanner::new(call).members(&mut |scanner, key, _| {
        match key.raw {
            b"id" => id = text(scanner)?,
            b"cache_control" => cache_control = present(scanner)?.filter(|mark| mark.starts_with(b"{")),
            b"function" if scanner.kind()? == Kind::Object => (name, arguments) = function(scanner)?,
            _ => _ = scanner.skip()?,
        }
        Ok(())
    });
    walked.ok()?;
    Some(ToolCall { id: id?, name: name?, cache_control, arguments, place })
}

/// Name and arguments of a function call.
fn function<'a>(scanner: &mut Scanner<'a>) -> Result<(Option<Text<'a>>, Cow<'a, [u8]>), Error> {
    let mut name = None;
    let mut arguments = Cow::Borrowed(&b""[..]);
    scanner.members(&mut |scanner, key, _| {
        match key.raw {
            b"name" => name = text(scanner)?,
            b"arguments" if scanner.kind()? == Kind::String => {
                arguments = match scanner.string()?.value() {
                    Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                    Cow::Owned(text) => Cow::Owned(text.into_bytes()),
                };
            }
            // Some send the object itself.
            b"arguments" => arguments = Cow::Borrowed(present(scanner)?.unwrap_or_default()),
            _ => _ = scanner.skip()?,
        }
        Ok(())
    })?;
    Ok((name, arguments))
}

fn reasoning_detail<'a>(scanner: &mut Scanner<'a>) -> Result<ReasoningDetail<'a>, Error> {
    let mut detail = ReasoningDetail::default();
    scanner.members(&mut |scanner, key, _| {
        match key.raw {
            b"type" => detail.kind = text(scanner)?,
            b"format" => detail.format = text(scanner)?,
            b"text" => detail.text = text(scanner)?,
            b"signature" => detail.signature = text(scanner)?.filter(|signature| !signature.is_empty()),
            b"data" => detail.data = text(scanner)?,
            b"id" => detail.id = text(scanner)?,
            b"index" => detail.index = present(scanner)?,
            _ => _ = scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(detail)
}
