//! `messages`: roles, members and their order as Mistral checks them.

use super::object::{Member, Object};
use super::{call_id, parts};
use crate::chat::reasoning_format;
use crate::json::{Kind, Scanner, Text};
use crate::provider::openai;
use crate::splice::Splice;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    System,
    User,
    Assistant,
    Tool,
}

/// Changes the array of messages at this offset of `body`. `reasons` if the model wants to see what it thought before.
pub(super) fn edit<'a>(body: &'a [u8], offset: usize, reasons: bool, splice: &mut Splice<'a>) {
    let mut messages = Vec::new();
    _ = Scanner::at(body, offset).elements(&mut |scanner| {
        messages.extend(Object::read(scanner)?);
        Ok(())
    });
    let mut before = None;
    let mut rest = messages.iter().peekable();
    while let Some(message) = rest.next() {
        let role = match (Role::of(message), before) {
            // «Unexpected role 'system' after role 'assistant'»
            (Role::System, Some(Role::Assistant | Role::Tool)) => Role::User,
            (role, _) => role,
        };
        before = Some(role);
        Rewrite { body, message, role, is_last: rest.peek().is_none(), others: Vec::new() }.write(reasons, splice);
    }
}

/// The changes to one message.
struct Rewrite<'a, 'm> {
    body: &'a [u8],
    message: &'m Object<'a>,
    /// Whose it is said to be.
    role: Role,
    is_last: bool,
    /// Members to append.
    others: Vec<u8>,
}

// === impl Role ===

impl Role {
    /// Whose `message` is in the client's words.
    fn of(message: &Object<'_>) -> Self {
        let is = |word: &str| message.says("role", word);
        match () {
            () if is("system") || is("developer") => Self::System,
            () if is("assistant") => Self::Assistant,
            () if is("tool") || is("function") => Self::Tool,
            () => Self::User,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }

    /// What a message of it may have. What else is in one is a 422.
    fn members(self) -> &'static [&'static str] {
        match self {
            Self::System | Self::User => &["role", "content"],
            Self::Assistant => &["role", "content", "tool_calls", "prefix"],
            Self::Tool => &["role", "content", "tool_call_id", "name"],
        }
    }
}

// === impl Rewrite ===

impl<'a> Rewrite<'a, '_> {
    fn write(mut self, reasons: bool, splice: &mut Splice<'a>) {
        if let Some(role) = self.message.get("role").filter(|role| role.text().is_some_and(|role| !role.is(self.role.as_str()))) {
            splice.replace(role.value.clone(), format!("\"{}\"", self.role.as_str()).into_bytes());
        }
        let mut renamed = None;
        match self.role {
            Role::Assistant => renamed = self.assistant(reasons, splice),
            Role::Tool => self.answered_call(splice),
            Role::System | Role::User => {}
        }
        match self.message.get("content") {
            Some(content) => parts::edit(self.body, content.value.start, splice),
            None if self.role != Role::Assistant => self.others.extend_from_slice(b",\"content\":\"\""),
            None => {}
        }
        let known = self.role.members();
        let stays = |member: &Member<'a>| {
            member.is_one_of(known) && !(member.is_one_of(&["tool_calls"]) && is_empty_list(member))
                || renamed.is_some_and(|renamed| member.start == renamed)
        };
        self.message.rewrite(&stays, self.others, splice);
    }

    /// What only an assistant's message has. The offset of a member that stays under another name.
    fn assistant(&mut self, reasons: bool, splice: &mut Splice<'a>) -> Option<usize> {
        let mut renamed = None;
        let content = self.message.get("content");
        let calls = self.message.get("tool_calls").filter(|calls| calls.raw.starts_with(b"[") && !is_empty_list(calls));
        let call = self.message.get("function_call").filter(|_| calls.is_none());
        if let Some(calls) = calls {
            edit_calls(self.body, calls.value.start, splice);
        } else if let Some(function) = call.and_then(|call| Object::at(self.body, call.value.start)) {
            // The older way: one call, and its name is what the answer refers to.
            renamed = call.map(|call| call.start);
            let mut key = b"\"tool_calls\":[{\"id\":".to_vec();
            call_id::write(function.get("name").and_then(Member::text).unwrap_or_default(), &mut key);
            key.extend_from_slice(b",\"type\":\"function\",\"function\":");
            splice.replace(call.map_or(0, |call| call.start)..function.place.start, key);
            splice.replace(function.place.end..function.place.end, &b"}]"[..]);
        }
        let refusal = self.message.get("refusal").filter(|_| content.is_none() && calls.is_none() && renamed.is_none());
        if let Some(refusal) = refusal {
            renamed = Some(refusal.start);
            splice.replace(refusal.start..refusal.value.start, &b"\"content\":"[..]);
        } else if let Some(thinking) = Some(self.message).filter(|_| reasons).and_then(thinking) {
            self.think(content, thinking, splice);
        }
        if self.is_last && calls.is_none() && call.is_none() && self.message.get("prefix").is_none() {
            self.others.extend_from_slice(b",\"prefix\":true");
        }
        renamed
    }

    /// Puts what was thought before what was said.
    fn think(&mut self, content: Option<&Member<'a>>, thinking: Vec<u8>, splice: &mut Splice<'a>) {
        let list = |before: &[u8], after: &[u8]| [before, &thinking, after].concat();
        let Some(content) = content else {
            return self.others.extend(list(b",\"content\":[", b"]"));
        };
        let value = content.value.clone();
        match content.raw {
            b"\"\"" => splice.replace(value, list(b"[", b"]")),
            [b'[', ..] => {
                let first = value.start.saturating_add(1);
                splice.replace(first..first, list(b"", if is_empty_list(content) { b"" } else { b"," }));
            }
            _ => {
                splice.replace(value.start..value.start, list(b"[", b",{\"type\":\"text\",\"text\":"));
                splice.replace(value.end..value.end, &b"}]"[..]);
            }
        }
    }

    /// Which call a tool answers; of an older one its name says so.
    fn answered_call(&mut self, splice: &mut Splice<'a>) {
        let mut id = Vec::new();
        match self.message.get("tool_call_id") {
            Some(call) => {
                if let Some(text) = call.text() {
                    call_id::write(text, &mut id);
                    splice.replace(call.value.clone(), id);
                }
            }
            None => {
                if let Some(name) = self.message.get("name").and_then(Member::text) {
                    call_id::write(name, &mut id);
                    self.others.extend_from_slice(b",\"tool_call_id\":");
                    self.others.extend(id);
                }
            }
        }
    }
}

/// Changes the array of calls at this offset: ids of nine characters, and nothing that Mistral does not know.
fn edit_calls<'a>(body: &'a [u8], offset: usize, splice: &mut Splice<'a>) {
    _ = Scanner::at(body, offset).elements(&mut |scanner| {
        let Some(call) = Object::read(scanner)? else { return Ok(()) };
        if let Some((id, text)) = call.get("id").and_then(|id| Some((id, id.text()?))) {
            let mut nine = Vec::new();
            call_id::write(text, &mut nine);
            splice.replace(id.value.clone(), nine);
        }
        if let Some(function) = call.get("function").and_then(|function| Object::at(body, function.value.start)) {
            function.rewrite(&|member| member.is_one_of(&["name", "arguments"]), Vec::new(), splice);
        }
        call.rewrite(&|member| member.is_one_of(&["id", "type", "function", "index"]), Vec::new(), splice);
        Ok(())
    });
}

fn is_empty_list(member: &Member<'_>) -> bool {
    let mut is_empty = true;
    let walked = Scanner::new(member.raw).elements(&mut |scanner| {
        is_empty = false;
        scanner.skip().map(|_| ())
    });
    walked.is_ok() && is_empty
}

/// What an assistant's `reasoning_details` hold of Mistral's own reasoning, as the piece of content that it was.
fn thinking(message: &Object<'_>) -> Option<Vec<u8>> {
    let details = message.get("reasoning_details")?;
    let mut text = Vec::new();
    let mut signature: Option<Text<'_>> = None;
    let is_own = |detail: &Object<'_>| reasoning_format::of(detail.get("format").and_then(Member::text)).is(openai::REASONING_FORMAT);
    let mut scanner = Scanner::new(details.raw);
    if scanner.kind() != Ok(Kind::Array) {
        return None;
    }
    _ = scanner.elements(&mut |scanner| {
        let Some(detail) = Object::read(scanner)? else { return Ok(()) };
        if detail.says("type", "reasoning.text") && is_own(&detail) {
            text.extend_from_slice(detail.get("text").and_then(Member::text).unwrap_or_default().raw);
            signature = detail.get("signature").and_then(Member::text).or(signature);
        }
        Ok(())
    });
    if text.is_empty() {
        return None;
    }
    let mut piece = b"{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"".to_vec();
    piece.extend(text);
    piece.extend_from_slice(b"\"}]");
    if let Some(signature) = signature {
        piece.extend_from_slice(b",\"signature\":\"");
        piece.extend_from_slice(signature.raw);
        piece.push(b'"');
    }
    piece.push(b'}');
    Some(piece)
}
