//! Content blocks of a request.

use crate::chat::conversation::{Content, Message, Part, SignedReasoning, Source, ToolCall};
use crate::error::ClientError;
use crate::json::{self, Text};
use crate::provider::identifier;

/// Appends `,` if `out` holds anything since the bracket that opened its list.
pub(super) fn separate(out: &mut Vec<u8>) {
    if !out.is_empty() && !matches!(out.last(), Some(b'[' | b'{')) {
        out.push(b',');
    }
}

/// Appends `,"name":`.
pub(super) fn member(name: &str, out: &mut Vec<u8>) {
    separate(out);
    json::string_into(out, name);
    out.push(b':');
}

/// Whether a text is nothing that a block may hold.
pub(super) fn is_blank(text: Text<'_>) -> bool {
    text.is_empty() || text.value().trim().is_empty()
}

/// Appends the block of a part of the message at `place`. Text without words is left out: it is refused.
///
/// Errors: if it is a thing that has no block.
pub(super) fn part(part: &Part<'_>, place: usize, out: &mut Vec<u8>) -> Result<(), ClientError> {
    block(part, part.cache_control, place, out)
}

/// The same without its mark.
fn unmarked(part: &Part<'_>, place: usize, out: &mut Vec<u8>) -> Result<(), ClientError> {
    block(part, None, place, out)
}

fn block(part: &Part<'_>, cache_control: Option<&[u8]>, place: usize, out: &mut Vec<u8>) -> Result<(), ClientError> {
    if let Some(blocks) = part.anthropic_blocks {
        let blocks = blocks.strip_prefix(b"[").and_then(|blocks| blocks.strip_suffix(b"]")).unwrap_or_default();
        if !blocks.trim_ascii().is_empty() {
            separate(out);
            out.extend_from_slice(blocks);
        }
        return Ok(());
    }
    match &part.content {
        Content::Text(text) if is_blank(*text) => return Ok(()),
        Content::Text(text) => {
            separate(out);
            out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
            json::text_into(out, *text);
        }
        Content::Image(source) => media(source, None, out),
        Content::File { source: Some(source), name } if fits(source) => media(source, *name, out),
        Content::File { .. } => {
            return Err(refuse(place, "a PDF or an image, by its URL or as a data URI: this model takes no other files"));
        }
        Content::Audio { .. } | Content::Video(_) => return Err(refuse(place, "no audio and no video: this model takes none")),
    }
    mark(cache_control, out);
    out.push(b'}');
    Ok(())
}

fn refuse(place: usize, expected: &str) -> ClientError {
    ClientError::invalid(format!("messages[{place}].content"), expected)
}

/// Appends the mark that the prompt up to here is to be cached.
pub(super) fn mark(cache_control: Option<&[u8]>, out: &mut Vec<u8>) {
    if let Some(mark) = cache_control {
        member("cache_control", out);
        out.extend_from_slice(mark);
    }
}

/// Appends text, less the space at its end, as the beginning of an answer must not end in any.
pub(super) fn prefill(part: &Part<'_>, text: Text<'_>, out: &mut Vec<u8>) {
    separate(out);
    out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
    json::string_into(out, text.value().trim_end());
    mark(part.cache_control, out);
    out.push(b'}');
}

/// Errors: if an attachment is not there itself, but only its URL.
pub(super) fn refuse_urls(messages: &[Message<'_>]) -> Result<(), ClientError> {
    let is_url =
        |part: &Part<'_>| matches!(&part.content, Content::Image(Source::Url(_)) | Content::File { source: Some(Source::Url(_)), .. });
    match messages.iter().position(|message| message.content.iter().any(is_url)) {
        Some(place) => Err(refuse(place, "images and documents as data URIs: this provider fetches no URL")),
        None => Ok(()),
    }
}

/// Whether a file is of a kind that there is a block for.
fn fits(source: &Source<'_>) -> bool {
    match source {
        Source::Url(url) => !url.starts_with("data:"),
        Source::Inline { media_type, .. } => is_pdf(media_type) || media_type.starts_with("image/"),
    }
}

fn is_pdf(media_type: &str) -> bool {
    media_type.eq_ignore_ascii_case("application/pdf")
}

/// Appends an image or a document, without its end. A file by URL is a document.
fn media(source: &Source<'_>, name: Option<Text<'_>>, out: &mut Vec<u8>) {
    let is_document = match source {
        Source::Url(_) => name.is_some(),
        Source::Inline { media_type, .. } => is_pdf(media_type),
    };
    separate(out);
    out.extend_from_slice(if is_document { b"{\"type\":\"document\",\"source\":" } else { b"{\"type\":\"image\",\"source\":" });
    match source {
        Source::Url(url) => {
            out.extend_from_slice(b"{\"type\":\"url\",\"url\":");
            json::string_into(out, url);
        }
        Source::Inline { media_type, data } => {
            out.extend_from_slice(b"{\"type\":\"base64\",\"media_type\":");
            json::string_into(out, if media_type == "image/jpg" { "image/jpeg" } else { media_type });
            out.extend_from_slice(b",\"data\":");
            json::string_into(out, data);
        }
    }
    out.push(b'}');
    if let Some(name) = name.filter(|name| is_document && !name.is_empty()) {
        out.extend_from_slice(b",\"title\":");
        json::text_into(out, name);
    }
}

/// Appends reasoning that the provider wants back as it gave it.
pub(super) fn reasoning(reasoning: &SignedReasoning<'_>, out: &mut Vec<u8>) {
    match reasoning {
        // Without its signature it is refused.
        SignedReasoning::Text { signature: None, .. } => {}
        SignedReasoning::Text { text, signature: Some(signature) } => {
            separate(out);
            out.extend_from_slice(b"{\"type\":\"thinking\",\"thinking\":\"");
            out.extend_from_slice(text);
            out.extend_from_slice(b"\",\"signature\":");
            json::text_into(out, *signature);
            out.push(b'}');
        }
        SignedReasoning::Encrypted(data) => {
            separate(out);
            out.extend_from_slice(b"{\"type\":\"redacted_thinking\",\"data\":");
            json::text_into(out, *data);
            out.push(b'}');
        }
    }
}

/// Appends the call of a function.
///
/// Errors: if its arguments are no object.
pub(super) fn tool_use(call: &ToolCall<'_>, out: &mut Vec<u8>) -> Result<(), ClientError> {
    let input = call.input()?;
    separate(out);
    out.extend_from_slice(b"{\"type\":\"tool_use\",\"id\":");
    id(call.id, out);
    out.extend_from_slice(b",\"name\":");
    json::text_into(out, call.name);
    out.extend_from_slice(b",\"input\":");
    out.extend_from_slice(input);
    mark(call.cache_control, out);
    out.push(b'}');
    Ok(())
}

/// Appends what the function of `message`, which is at `place`, answered to the call `call_id`.
///
/// Errors: if something in it has no block.
pub(super) fn tool_result(call_id: Text<'_>, message: &Message<'_>, place: usize, out: &mut Vec<u8>) -> Result<(), ClientError> {
    separate(out);
    out.extend_from_slice(b"{\"type\":\"tool_result\",\"tool_use_id\":");
    id(call_id, out);
    if message.is_error {
        out.extend_from_slice(b",\"is_error\":true");
    }
    match &message.content[..] {
        [Part { content: Content::Text(text), cache_control, anthropic_blocks: None }] => {
            if !text.is_empty() {
                out.extend_from_slice(b",\"content\":");
                json::text_into(out, *text);
            }
            mark(*cache_control, out);
        }
        parts => {
            let mut blocks = Vec::new();
            parts.iter().try_for_each(|one| unmarked(one, place, &mut blocks))?;
            if !blocks.is_empty() {
                out.extend_from_slice(b",\"content\":[");
                out.extend_from_slice(&blocks);
                out.push(b']');
            }
            // «cache_control may not be specified within tool_result.content. Instead, place it directly on tool_result.»
            mark(parts.iter().rev().find_map(|part| part.cache_control), out);
        }
    }
    out.push(b'}');
    Ok(())
}

/// Appends the id of a call, of which other providers may have other characters: `^[a-zA-Z0-9_-]+$` is what is taken.
fn id(id: Text<'_>, out: &mut Vec<u8>) {
    const MOST: usize = 64;
    json::string_into(out, &identifier::allowed(id, b"_-", MOST));
}
