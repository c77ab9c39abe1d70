//! The messages of a conversation as Cohere has them.

use super::{FORMAT, PLAN_FORMAT, function};
use crate::chat::conversation::{Content, Message, Part, Role, SignedReasoning, Source, ToolCall};
use crate::error::ClientError;
use crate::json;

/// Appends the elements of `messages`. All system messages are one, at the beginning: «system turn must be the first in the list».
///
/// Errors: if something in them cannot be said to Cohere.
pub(super) fn messages_into(messages: &[Message<'_>], out: &mut Vec<u8>) -> Result<(), ClientError> {
    let mut list = Vec::new();
    let mut system = Vec::new();
    for (place, message) in messages.iter().enumerate().filter(|(_, message)| matches!(message.role, Role::System | Role::Developer)) {
        blocks_into(&parts(message), place, &mut system)?;
    }
    if !system.is_empty() {
        list.extend_from_slice(b",{\"role\":\"system\",\"content\":[");
        list.append(&mut system);
        list.extend_from_slice(b"]}");
    }
    // What a tool shows has no place in its answer; the user shows it behind the answers of the turn.
    let mut shown = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        if matches!(message.role, Role::User | Role::Assistant) {
            shown_into(&mut shown, &mut list);
        }
        match message.role {
            Role::System | Role::Developer => {}
            Role::User => {
                list.extend_from_slice(b",{\"role\":\"user\",");
                content_into(&parts(message), place, &mut list)?;
                list.push(b'}');
            }
            Role::Assistant => assistant_into(message, place, &mut list)?,
            Role::Tool => {
                list.extend_from_slice(b",{\"role\":\"tool\",\"tool_call_id\":");
                json::text_into(&mut list, message.tool_call_id.unwrap_or_default());
                list.push(b',');
                let (images, texts): (Vec<_>, Vec<_>) = message.content.iter().partition(|part| !matches!(part.content, Content::Text(_)));
                content_into(&texts, place, &mut list)?;
                blocks_into(&images, place, &mut shown)?;
                list.push(b'}');
            }
        }
    }
    shown_into(&mut shown, &mut list);
    out.extend_from_slice(list.strip_prefix(b",").unwrap_or_default());
    Ok(())
}

/// Appends what tools have shown, if they have, as a message of the user's.
fn shown_into(shown: &mut Vec<u8>, out: &mut Vec<u8>) {
    if !shown.is_empty() {
        out.extend_from_slice(b",{\"role\":\"user\",\"content\":[");
        out.append(shown);
        out.extend_from_slice(b"]}");
    }
}

/// Appends what an assistant said; nothing if it said nothing: «all elements in history must have a message».
fn assistant_into(message: &Message<'_>, place: usize, out: &mut Vec<u8>) -> Result<(), ClientError> {
    let mut content = Vec::new();
    for thought in message.signed_reasoning(FORMAT) {
        if let SignedReasoning::Text { text, .. } = thought {
            separate(&mut content);
            content.extend_from_slice(b"{\"type\":\"thinking\",\"thinking\":\"");
            content.extend_from_slice(&text);
            content.extend_from_slice(b"\"}");
        }
    }
    blocks_into(&parts(message), place, &mut content)?;
    if content.is_empty() && message.tool_calls.is_empty() {
        return Ok(());
    }
    out.extend_from_slice(b",{\"role\":\"assistant\"");
    // Without a call there is nothing to plan.
    let plan = message.signed_reasoning(PLAN_FORMAT).into_iter().filter(|_| !message.tool_calls.is_empty());
    let mut plan = plan.filter_map(|plan| if let SignedReasoning::Text { text, .. } = plan { Some(text) } else { None }).peekable();
    if plan.peek().is_some() {
        out.extend_from_slice(b",\"tool_plan\":\"");
        plan.for_each(|plan| out.extend_from_slice(&plan));
        out.push(b'"');
    }
    if !content.is_empty() {
        out.extend_from_slice(b",\"content\":[");
        out.append(&mut content);
        out.push(b']');
    }
    if !message.tool_calls.is_empty() {
        out.extend_from_slice(b",\"tool_calls\":[");
        for (index, call) in message.tool_calls.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"" } else { b"," });
            call_into(call, out)?;
        }
        out.push(b']');
    }
    out.push(b'}');
    Ok(())
}

fn call_into(call: &ToolCall<'_>, out: &mut Vec<u8>) -> Result<(), ClientError> {
    out.extend_from_slice(b"{\"id\":");
    json::text_into(out, call.id);
    out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
    json::string_into(out, &function(call.name));
    out.extend_from_slice(b",\"arguments\":");
    json::string_into(out, &String::from_utf8_lossy(call.input()?));
    out.extend_from_slice(b"}}");
    Ok(())
}

fn parts<'m, 'a>(message: &'m Message<'a>) -> Vec<&'m Part<'a>> {
    message.content.iter().collect()
}

/// Appends `"content":…`: text as it is, several parts as blocks.
fn content_into(content: &[&Part<'_>], place: usize, out: &mut Vec<u8>) -> Result<(), ClientError> {
    out.extend_from_slice(b"\"content\":");
    match content {
        [] => out.extend_from_slice(b"\"\""),
        [Part { content: Content::Text(text), .. }] => json::text_into(out, *text),
        parts => {
            let mut blocks = Vec::new();
            blocks_into(parts, place, &mut blocks)?;
            out.push(b'[');
            out.append(&mut blocks);
            out.push(b']');
        }
    }
    Ok(())
}

/// Appends the blocks of the message at `place`; empty text has none.
fn blocks_into(parts: &[&Part<'_>], place: usize, out: &mut Vec<u8>) -> Result<(), ClientError> {
    for part in parts {
        match &part.content {
            Content::Text(text) if text.is_empty() => {}
            Content::Text(text) => {
                separate(out);
                out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
                json::text_into(out, *text);
                out.push(b'}');
            }
            Content::Image(source) => image_into(source, out),
            Content::File { source: Some(source @ Source::Inline { media_type, .. }), .. } if media_type.starts_with("image/") => {
                image_into(source, out);
            }
            Content::File { .. } | Content::Audio { .. } | Content::Video(_) => {
                let path = format!("messages[{place}].content");
                return Err(ClientError::invalid(path, "text and images: this model takes no files, no audio and no video"));
            }
        }
    }
    Ok(())
}

fn image_into(source: &Source<'_>, out: &mut Vec<u8>) {
    separate(out);
    out.extend_from_slice(b"{\"type\":\"image_url\",\"image_url\":{\"url\":\"");
    match source {
        Source::Url(url) => json::escape_into(out, url),
        Source::Inline { media_type, data } => {
            out.extend_from_slice(b"data:");
            json::escape_into(out, media_type);
            out.extend_from_slice(b";base64,");
            json::escape_into(out, data);
        }
    }
    out.extend_from_slice(b"\"}}");
}

fn separate(out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.push(b',');
    }
}
