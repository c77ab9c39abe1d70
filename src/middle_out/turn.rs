//! The messages of a conversation by what has to stay together.

use std::ops::Range;

use crate::json::{Error, Kind, Scanner};

/// One message.
#[derive(Debug, Default)]
pub(super) struct Message {
    /// Where it stands in the body.
    pub(super) place: Range<usize>,
    /// The insides of its strings of text.
    pub(super) texts: Vec<Range<usize>>,
    /// Bytes of prompt.
    pub(super) bytes: usize,
    pub(super) is_system: bool,
    is_result: bool,
    calls: bool,
}

/// Messages that stay or go together: one, or a call of tools with its results.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub(super) messages: &'a [Message],
    pub(super) bytes: usize,
    pub(super) is_system: bool,
}

/// The messages of the array that begins at `at` of `body`.
pub(super) fn messages(body: &[u8], at: usize) -> Option<Vec<Message>> {
    let mut messages = Vec::new();
    let mut scanner = Scanner::at(body, at);
    let walked = scanner.elements(&mut |scanner| {
        let mut message = Message::default();
        scanner.kind()?;
        let start = scanner.position();
        scanner.members(&mut |scanner, key, _| {
            match key.raw {
                b"role" => {
                    let role = scanner.string()?;
                    message.is_system = role.is("system") || role.is("developer");
                    message.is_result = role.is("tool") || role.is("function");
                }
                b"content" => message.read_content(scanner)?,
                name => {
                    let value = scanner.raw()?;
                    message.calls |= matches!(name, b"tool_calls" | b"function_call") && !matches!(value, b"null" | b"[]");
                    // As the request counts.
                    message.count(if matches!(name, b"tool_calls" | b"reasoning") { value.len() } else { 0 });
                }
            }
            Ok(())
        })?;
        message.place = start..scanner.position();
        messages.push(message);
        Ok(())
    });
    walked.is_ok().then_some(messages)
}

/// The turns of a conversation.
pub(super) fn turns(messages: &[Message]) -> Vec<Turn<'_>> {
    let mut turns = Vec::new();
    let mut rest = messages;
    while let Some((first, after)) = rest.split_first() {
        let results = if first.calls || first.is_result { after.iter().take_while(|message| message.is_result).count() } else { 0 };
        let Some((turn, after)) = rest.split_at_checked(results.saturating_add(1)) else { break };
        turns.push(Turn {
            messages: turn,
            bytes: turn.iter().fold(0, |sum, message| sum.saturating_add(message.bytes)),
            is_system: first.is_system,
        });
        rest = after;
    }
    turns
}

// === impl Message ===

impl Message {
    fn count(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn read_content(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        match scanner.kind()? {
            Kind::String => self.read_text(scanner),
            Kind::Array => scanner.elements(&mut |scanner| {
                scanner.members(&mut |scanner, key, _| {
                    if key.raw == b"text" && scanner.kind()? == Kind::String {
                        return self.read_text(scanner);
                    }
                    scanner.skip().map(|_| ())
                })
            }),
            _ => scanner.skip().map(|_| ()),
        }
    }

    fn read_text(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        let start = scanner.position().saturating_add(1);
        let text = scanner.string()?;
        self.texts.push(start..start.saturating_add(text.raw.len()));
        self.count(text.raw.len());
        Ok(())
    }
}
