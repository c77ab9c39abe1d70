//! The messages: checked for their shape, and looked through for what they need of a model.

use std::ops::Range;

use super::{Attachment, Medium, Needs, Origin, inner, wrong_type};
use crate::error::ClientError;
use crate::json::{Error, ErrorKind, Kind, Scanner, Text};

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
/// Errors: if it is not an array of one or more messages with a known role, or if a content is neither text, parts nor null.
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
                b"content" => read_content(scanner, needs, text_bytes, &mut has_inner)
                    .map_err(|error| note(&mut fault, error, "content", "a string or an array of parts")),
                _ => {
                    let value = scanner.skip()?;
                    has_inner |= inner::is_openrouters(key.raw);
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
        (Err(_), Some(("", expected))) => Err(ClientError::invalid(format!("messages[{index}]"), expected)),
        (Err(_), Some((member, expected))) => Err(ClientError::invalid(format!("messages[{index}].{member}"), expected)),
        (Err(error), None) => Err(wrong_type(error, "messages", "an array of messages")),
    }
}

type Fault = Option<(&'static str, &'static str)>;

/// Remembers which member had the wrong type, the innermost first.
fn note(fault: &mut Fault, error: Error, member: &'static str, expected: &'static str) -> Error {
    if error.kind == ErrorKind::Type && fault.is_none() {
        *fault = Some((member, expected));
    }
    error
}

fn refuse(scanner: &Scanner<'_>, fault: &mut Fault, member: &'static str, expected: &'static str) -> Error {
    note(fault, scanner.error(ErrorKind::Type), member, expected)
}

fn read_content(scanner: &mut Scanner<'_>, needs: &mut Needs, text_bytes: &mut usize, has_inner: &mut bool) -> Result<(), Error> {
    match scanner.kind()? {
        Kind::String => *text_bytes = text_bytes.saturating_add(scanner.string()?.raw.len()),
        Kind::Null => _ = scanner.skip()?,
        Kind::Array => scanner.array(|scanner| read_part(scanner, needs, text_bytes, has_inner))?,
        _ => return Err(scanner.error(ErrorKind::Type)),
    }
    Ok(())
}

fn read_part(scanner: &mut Scanner<'_>, needs: &mut Needs, text_bytes: &mut usize, has_inner: &mut bool) -> Result<(), Error> {
    let mut medium = None;
    let mut place = None;
    scanner.object(|scanner, key, _| {
        match key.raw {
            b"text" if scanner.kind()? == Kind::String => *text_bytes = text_bytes.saturating_add(scanner.string()?.raw.len()),
            b"type" => medium = needs.add(scanner.string()?),
            b"image_url" | b"file" | b"input_audio" | b"video_url" => place = read_place(scanner)?.or(place),
            name => {
                *has_inner |= inner::is_openrouters(name);
                scanner.skip()?;
            }
        }
        Ok(())
    })?;
    match (medium, place) {
        (Some(Medium::Audio), _) => needs.attachments.insert(Attachment { medium: Medium::Audio, origin: Origin::Inline }),
        (Some(Medium::Pdf), Some(place)) => needs.attachments.insert(Attachment::file(place)),
        (Some(medium), Some(Some(place))) => needs.attachments.insert(Attachment::medium(medium, place)),
        _ => {}
    }
    Ok(())
}

/// The URL or the data in the value of a part, `Some(None)` if it has neither.
fn read_place<'a>(scanner: &mut Scanner<'a>) -> Result<Option<Option<Text<'a>>>, Error> {
    match scanner.kind()? {
        Kind::String => scanner.string().map(|place| Some(Some(place))),
        Kind::Object => {
            let mut place = None;
            scanner.object(|scanner, key, _| {
                if matches!(key.raw, b"url" | b"file_data") && scanner.kind()? == Kind::String {
                    place = Some(scanner.string()?);
                    return Ok(());
                }
                scanner.skip().map(|_| ())
            })?;
            Ok(Some(place))
        }
        _ => scanner.skip().map(|_| None),
    }
}

impl Needs {
    /// Notes the type of a part; the medium that it is, if it is one.
    fn add(&mut self, kind: Text<'_>) -> Option<Medium> {
        let (need, medium) = match kind.raw {
            b"image_url" => (&mut self.images, Medium::Image),
            b"file" => (&mut self.files, Medium::Pdf),
            b"input_audio" => (&mut self.audio, Medium::Audio),
            b"video_url" | b"input_video" => (&mut self.video, Medium::Video),
            _ => return None,
        };
        *need = true;
        Some(medium)
    }
}
