//! The messages: checked for their shape, and looked through for what they need of a model.

use std::ops::Range;

use super::part::{self, Part};
use super::{Attachment, Medium, Needs, inner, wrong_type};
use crate::error::ClientError;
use crate::json::{Error, ErrorKind, Kind, Scanner};

const ROLES: [&str; 6] = ["user", "assistant", "system", "tool", "developer", "function"];

/// Where a conversation begins: what stays the same as it goes on.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// The first system message; empty if there is none.
    pub(super) system: Range<usize>,
    /// The first message that is none; empty if there is none.
    pub(super) other: Range<usize>,
}

/// Walks `messages`, which are at `scanner`; adds up the bytes of their text and what they need, and marks where the conversation
/// begins. Says whether something in them is for OpenRouter alone.
///
/// Errors: if it is not an array of one or more messages with a known role, if a content is neither text, parts nor null, or if a
/// part has a type that is known and not what belongs to it.
pub(super) fn read(
    scanner: &mut Scanner<'_>,
    needs: &mut Needs,
    text_bytes: &mut usize,
    opening: &mut Opening,
) -> Result<bool, ClientError> {
    let mut index = 0usize;
    let mut has_inner = false;
    let mut fault = None;
    let walked = scanner.array(|scanner| {
        let mut role = false;
        let mut is_system = false;
        let start = scanner.position();
        let mut message = |scanner: &mut Scanner<'_>| {
            scanner.object(|scanner, key, _| match key.raw {
                b"role" => {
                    let text = scanner.string().map_err(|error| note(&mut fault, error, "role", "a string"))?;
                    role = ROLES.iter().any(|role| text.is(role));
                    is_system = text.is("system") || text.is("developer");
                    if role { Ok(()) } else { Err(refuse(scanner, &mut fault, "role", "one of system, developer, user, assistant, tool")) }
                }
                b"content" => read_content(scanner, index, needs, text_bytes, &mut has_inner, &mut fault)
                    .map_err(|error| note(&mut fault, error, "content", "a string or an array of parts")),
                _ => {
                    let value = scanner.skip()?;
                    has_inner |= inner::is_openrouters(key.raw);
                    needs.calls |= matches!(key.raw, b"tool_calls" | b"function_call");
                    // Tool calls and reasoning are prompt, too.
                    *text_bytes = text_bytes.saturating_add(if matches!(key.raw, b"tool_calls" | b"reasoning") { value.len() } else { 0 });
                    Ok(())
                }
            })
        };
        message(scanner).map_err(|error| note(&mut fault, error, "", "a message object"))?;
        if !role {
            return Err(refuse(scanner, &mut fault, "role", "one of system, developer, user, assistant, tool"));
        }
        let first = if is_system { &mut opening.system } else { &mut opening.other };
        if first.start == first.end {
            *first = start..scanner.position();
        }
        index = index.saturating_add(1);
        Ok(())
    });
    match (walked, fault) {
        (Ok(()), _) if index == 0 => Err(ClientError::NoMessages),
        (Ok(()), _) => Ok(has_inner),
        (Err(_), Some(Fault { member: "", expected, .. })) => Err(ClientError::invalid(format!("messages[{index}]"), expected)),
        (Err(_), Some(Fault { part: Some(part), expected, .. })) => {
            Err(ClientError::invalid(format!("messages[{index}].content[{part}]"), expected))
        }
        (Err(_), Some(Fault { member, expected, .. })) => Err(ClientError::invalid(format!("messages[{index}].{member}"), expected)),
        (Err(error), None) => Err(wrong_type(error, "messages", "an array of messages")),
    }
}

/// What is wrong within a message.
struct Fault {
    member: &'static str,
    /// The place of the part that it is about, within `content`.
    part: Option<usize>,
    expected: &'static str,
}

/// Remembers which member had the wrong type, the innermost first.
fn note(fault: &mut Option<Fault>, error: Error, member: &'static str, expected: &'static str) -> Error {
    if error.kind == ErrorKind::Type && fault.is_none() {
        *fault = Some(Fault { member, part: None, expected });
    }
    error
}

fn refuse(scanner: &Scanner<'_>, fault: &mut Option<Fault>, member: &'static str, expected: &'static str) -> Error {
    note(fault, scanner.error(ErrorKind::Type), member, expected)
}

fn read_content(
    scanner: &mut Scanner<'_>,
    message: usize,
    needs: &mut Needs,
    text_bytes: &mut usize,
    has_inner: &mut bool,
    fault: &mut Option<Fault>,
) -> Result<(), Error> {
    match scanner.kind()? {
        Kind::String => *text_bytes = text_bytes.saturating_add(scanner.string()?.raw.len()),
        Kind::Null => _ = scanner.skip()?,
        Kind::Array => {
            let mut place = 0usize;
            scanner.array(|scanner| {
                match part::read(scanner, text_bytes, has_inner)? {
                    Part::Text => {}
                    Part::Attached(medium, attachment) => needs.attach(medium, attachment),
                    Part::Unknown => needs.unknown_part = needs.unknown_part.or(Some((message, place))),
                    Part::Malformed(expected) => {
                        *fault = Some(Fault { member: "content", part: Some(place), expected });
                        return Err(scanner.error(ErrorKind::Type));
                    }
                }
                place = place.saturating_add(1);
                Ok(())
            })?;
        }
        _ => return Err(scanner.error(ErrorKind::Type)),
    }
    Ok(())
}

impl Needs {
    /// Notes what is attached, and the kind of input that it is.
    fn attach(&mut self, medium: Medium, attachment: Attachment) {
        *match medium {
            Medium::Audio => &mut self.audio,
            Medium::Video => &mut self.video,
            Medium::Pdf => &mut self.files,
            _ => &mut self.images,
        } = true;
        self.attachments.insert(attachment);
    }
}
