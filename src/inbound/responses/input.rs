//! The input, as messages: what the assistant thought, said and called between two others is one message.

use super::super::body::Body;
use super::super::object::{each, expect, text};
use super::super::said::Detail;
use super::super::sealed::{FORMAT, UNSIGNED, unseal};
use crate::error::ClientError;
use crate::json::Text;

/// What the assistant did since somebody else spoke.
#[derive(Debug, Default)]
struct Turn<'a> {
    details: Vec<Detail<'a>>,
    /// Contents of messages, and where they stand.
    said: Vec<(&'a [u8], String)>,
    /// Id, name and arguments.
    calls: Vec<[&'a [u8]; 3]>,
}

/// Appends the messages that `input` is.
///
/// Errors: if it is neither a text nor an array of items, or has an item of what runs at OpenAI.
pub(super) fn messages_into(input: &[u8], body: &mut Body) -> Result<(), ClientError> {
    if text(Some(input)).is_some() {
        body.message("user", input);
        return Ok(());
    }
    let mut turn = Turn::default();
    each(input, "input", |item, place| {
        let at = format!("input[{place}]");
        let [kind, role, content] = expect(item, &at, ["type", "role", "content"])?;
        match (text(kind).map(|kind| kind.raw), text(role).map(|role| role.raw)) {
            (None | Some(b"message"), Some(b"assistant")) => {
                let content = content.ok_or_else(|| ClientError::invalid(format!("{at}.content"), "a string or an array of parts"))?;
                if !turn.calls.is_empty() {
                    turn.take_into(body)?;
                }
                turn.said.push((content, format!("{at}.content")));
            }
            (None | Some(b"message"), Some(role @ (b"user" | b"system" | b"developer"))) => {
                turn.take_into(body)?;
                let content = content.ok_or_else(|| ClientError::invalid(format!("{at}.content"), "a string or an array of parts"))?;
                body.comma();
                body.put(&[b"{\"role\":\"", role, b"\",\"content\":"]);
                content_into(&[(content, format!("{at}.content"))], body)?;
                body.put(&[b"}"]);
            }
            (Some(b"function_call"), _) => {
                let [id, name, arguments] = expect(item, &at, ["call_id", "name", "arguments"])?;
                let is_text = |value: &&[u8]| text(Some(value)).is_some();
                let (Some(id), Some(name), Some(arguments)) = (id.filter(is_text), name.filter(is_text), arguments.filter(is_text)) else {
                    return Err(ClientError::invalid(at, "a function_call with `call_id`, `name` and `arguments`"));
                };
                turn.calls.push([id, name, arguments]);
            }
            (Some(b"function_call_output"), _) => {
                turn.take_into(body)?;
                let [id, output] = expect(item, &at, ["call_id", "output"])?;
                let (Some(id), Some(output)) = (id.filter(|id| text(Some(id)).is_some()), output) else {
                    return Err(ClientError::invalid(at, "a function_call_output with `call_id` and `output`"));
                };
                body.comma();
                body.put(&[b"{\"role\":\"tool\",\"tool_call_id\":", id, b",\"content\":"]);
                content_into(&[(output, format!("{at}.output"))], body)?;
                body.put(&[b"}"]);
            }
            (Some(b"reasoning"), _) => {
                // In a chat completion's message reasoning stands first.
                if turn.calls.is_empty() && !turn.said.is_empty() {
                    turn.take_into(body)?;
                }
                turn.details.extend(reasoning(item, &at)?);
            }
            _ => {
                let expected = "a message, function_call, function_call_output or reasoning: nothing is kept here and no tools run";
                return Err(ClientError::invalid(format!("{at}.type"), expected));
            }
        }
        Ok(())
    })?;
    turn.take_into(body)
}

// === impl Turn ===

impl Turn<'_> {
    /// Appends the message that it is, if it is one, and begins another.
    fn take_into(&mut self, body: &mut Body) -> Result<(), ClientError> {
        let turn = std::mem::take(self);
        if turn.said.is_empty() && turn.calls.is_empty() && turn.details.is_empty() {
            return Ok(());
        }
        body.comma();
        body.put(&[b"{\"role\":\"assistant\",\"content\":"]);
        if turn.said.is_empty() {
            body.put(&[if turn.calls.is_empty() { b"\"\"" } else { b"null" }])
        } else {
            content_into(&turn.said, body)?
        }
        body.reasoning_details(&turn.details);
        if !turn.calls.is_empty() {
            body.put(&[b",\"tool_calls\":["]);
            for [id, name, arguments] in &turn.calls {
                body.comma();
                body.put(&[b"{\"id\":", id, b",\"type\":\"function\",\"function\":{\"name\":", name, b",\"arguments\":", arguments, b"}}"]);
            }
            body.put(&[b"]"]);
        }
        body.put(&[b"}"]);
        Ok(())
    }
}

/// Appends the content that `contents` are together: a string, if there is one that is, else parts.
fn content_into(contents: &[(&[u8], String)], body: &mut Body) -> Result<(), ClientError> {
    if let [(content, _)] = contents
        && text(Some(content)).is_some()
    {
        body.put(&[content]);
        return Ok(());
    }
    body.put(&[b"["]);
    for (content, at) in contents {
        if text(Some(content)).is_some() {
            body.comma();
            body.put(&[b"{\"type\":\"text\",\"text\":", content, b"}"]);
            continue;
        }
        each(content, at, |part, place| part_into(part, &format!("{at}[{place}]"), body))?;
    }
    body.put(&[b"]"]);
    Ok(())
}

fn part_into(part: &[u8], at: &str, body: &mut Body) -> Result<(), ClientError> {
    let [kind, words, refusal, image, detail, data, name, url, audio, video] = expect(
        part,
        at,
        ["type", "text", "refusal", "image_url", "detail", "file_data", "filename", "file_url", "input_audio", "video_url"],
    )?;
    let is_text = |value: &&[u8]| text(Some(value)).is_some();
    let refuse = |expected: &str| ClientError::invalid(at, expected);
    body.comma();
    match text(kind).unwrap_or_default().raw {
        b"input_text" | b"output_text" | b"text" | b"refusal" => {
            let words = words.or(refusal).filter(is_text).ok_or_else(|| refuse("text"))?;
            body.put(&[b"{\"type\":\"text\",\"text\":", words, b"}"]);
        }
        b"input_image" => {
            let image = image.filter(is_text).ok_or_else(|| refuse("an image by its `image_url`: there are no files by id here"))?;
            body.put(&[b"{\"type\":\"image_url\",\"image_url\":{\"url\":", image]);
            body.optional("detail", detail);
            body.put(&[b"}}"]);
        }
        b"input_file" => {
            let data = data.or(url).filter(is_text).ok_or_else(|| refuse("`file_data` or `file_url`: there are no files by id here"))?;
            let name = name.filter(is_text).unwrap_or(b"\"document.pdf\"");
            body.put(&[b"{\"type\":\"file\",\"file\":{\"filename\":", name, b",\"file_data\":", data, b"}}"]);
        }
        b"input_audio" => {
            body.put(&[b"{\"type\":\"input_audio\",\"input_audio\":", audio.ok_or_else(|| refuse("`input_audio`"))?, b"}"]);
        }
        b"input_video" => {
            let video = video.filter(is_text).ok_or_else(|| refuse("`video_url`"))?;
            body.put(&[b"{\"type\":\"video_url\",\"video_url\":{\"url\":", video, b"}}"]);
        }
        _ => return Err(refuse("input_text, input_image, input_file, input_audio, input_video, output_text or refusal")),
    }
    Ok(())
}

/// The reasoning of an item: a detail for each of its texts, the last of which has the signature, and one for what is sealed.
fn reasoning<'a>(item: &'a [u8], at: &str) -> Result<Vec<Detail<'a>>, ClientError> {
    let [summary, content, sealed, format, signature] =
        expect(item, at, ["summary", "content", "encrypted_content", "format", "signature"])?;
    let format = text(format).unwrap_or(Text::plain(FORMAT.as_bytes()));
    let mut details = Vec::new();
    let detail = |kind: &'static [u8]| Detail {
        kind: Text::plain(kind),
        format: Some(format),
        text: None,
        signature: None,
        data: None,
        id: None,
        index: None,
    };
    for (name, list) in [("summary", summary), ("content", content)] {
        let Some(list) = list else { continue };
        let at = format!("{at}.{name}");
        each(list, &at, |part, place| {
            let [words] = expect(part, &format!("{at}[{place}]"), ["text"])?;
            details.extend(text(words).map(|words| Detail { text: Some(words), ..detail(b"reasoning.text") }));
            Ok(())
        })?;
    }
    if let Some(signature) = text(signature).filter(|signature| !signature.is_empty()) {
        if details.is_empty() {
            details.push(detail(b"reasoning.text"));
        }
        details.iter_mut().next_back().into_iter().for_each(|last| last.signature = Some(signature));
    }
    if let Some(sealed) = text(sealed).filter(|sealed| !sealed.is_empty()) {
        details.push(unseal(sealed).unwrap_or(Detail { data: Some(sealed), ..detail(b"reasoning.encrypted") }));
    }
    // What nobody vouches for is of no use to whoever gave it, but where nobody ever does.
    let vouched = format.is(UNSIGNED) || details.iter().any(|detail| detail.signature.is_some() || detail.data.is_some());
    Ok(if vouched { details } else { Vec::new() })
}
