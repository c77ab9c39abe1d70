//! Content blocks of a request, as parts of a chat completion's messages.

use std::fmt;

use super::super::body::Body;
use super::super::object::{each, expect, members, text};
use crate::error::ClientError;
use crate::json::{Scanner, Text};

/// A content block, as it was written.
#[derive(Debug, Default)]
pub(super) struct Block<'a> {
    pub(super) at: At<'a>,
    /// All of it.
    raw: &'a [u8],
    pub(super) kind: Text<'a>,
    pub(super) text: Option<&'a [u8]>,
    pub(super) cache_control: Option<&'a [u8]>,
    pub(super) source: Option<&'a [u8]>,
    pub(super) title: Option<&'a [u8]>,
    pub(super) content: Option<&'a [u8]>,
    pub(super) thinking: Option<Text<'a>>,
    pub(super) signature: Option<Text<'a>>,
    pub(super) data: Option<Text<'a>>,
    pub(super) id: Option<Text<'a>>,
    pub(super) name: Option<Text<'a>>,
    pub(super) input: Option<&'a [u8]>,
    pub(super) tool_use_id: Option<Text<'a>>,
    pub(super) is_error: bool,
    context: Option<&'a [u8]>,
    citations: Option<&'a [u8]>,
}

/// Where a block stands in the request: there may be a great many, so none keeps a text of its own for it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct At<'a> {
    content: &'a str,
    /// Which it is, unless it is all of the content.
    place: Option<usize>,
}

/// The blocks of the content `value`, which is called `content`; a plain string is one of text.
///
/// Errors: if it is neither.
pub(super) fn read_all<'a>(value: &'a [u8], content: &'a str) -> Result<Vec<Block<'a>>, ClientError> {
    if Scanner::new(value).string().is_ok() {
        let at = At { content, place: None };
        return Ok(vec![Block { at, raw: value, kind: Text::plain(b"text"), text: Some(value), ..Block::default() }]);
    }
    let mut blocks = Vec::new();
    each(value, content, |value, place| {
        let place = At { content, place: Some(place) };
        let at = place.to_string();
        let [is_error, context, citations] = expect(value, &at, ["is_error", "context", "citations"])?;
        let [kind, words, cache_control, source, title, content, thinking, signature, data, id, name, input, tool_use_id] = expect(
            value,
            &at,
            [
                "type",
                "text",
                "cache_control",
                "source",
                "title",
                "content",
                "thinking",
                "signature",
                "data",
                "id",
                "name",
                "input",
                "tool_use_id",
            ],
        )?;
        let full = |text: &Text<'_>| !text.is_empty();
        blocks.push(Block {
            kind: text(kind).ok_or_else(|| ClientError::invalid(format!("{at}.type"), "the type of the block"))?,
            text: words.filter(|words| text(Some(words)).is_some()),
            cache_control: cache_control.filter(|mark| mark.starts_with(b"{")),
            source,
            title: title.filter(|title| text(Some(title)).is_some()),
            content,
            thinking: text(thinking),
            signature: text(signature).filter(full),
            data: text(data).filter(full),
            id: text(id),
            name: text(name),
            input: input.filter(|input| input.starts_with(b"{")),
            tool_use_id: text(tool_use_id),
            is_error: is_error == Some(b"true"),
            context,
            citations: citations.filter(|citations| !is_empty(citations)),
            raw: value,
            at: place,
        });
        Ok(())
    })?;
    Ok(blocks)
}

/// Appends the content that `blocks` are: a string, if that says it all, else parts.
///
/// Errors: if one of them has no part.
pub(super) fn content_into(blocks: &[&Block<'_>], body: &mut Body) -> Result<(), ClientError> {
    match blocks {
        [] => body.put(&[b"\"\""]),
        [Block { kind, text: Some(text), cache_control: None, citations: None, .. }] if kind.is("text") => body.put(&[text]),
        blocks => {
            body.put(&[b"["]);
            blocks.iter().try_for_each(|block| block.part_into(body))?;
            body.put(&[b"]"]);
        }
    }
    Ok(())
}

/// Appends the content of an assistant's `blocks`, of which what stands beside text (what ran at Anthropic, and what came of it) goes with
/// the text behind it.
///
/// Errors: if a text is none.
pub(super) fn said_into(blocks: &[&Block<'_>], body: &mut Body) -> Result<(), ClientError> {
    if blocks.iter().all(|block| block.is("text") && block.citations.is_none()) {
        return content_into(blocks, body);
    }
    body.put(&[b"["]);
    let mut before: Vec<&[u8]> = Vec::new();
    for block in blocks {
        if !block.is("text") {
            before.push(block.raw);
        } else if before.is_empty() {
            block.part_into(body)?;
        } else {
            before.push(block.raw);
            block.text_into(block.words()?, Some(&std::mem::take(&mut before)), body);
        }
    }
    if !before.is_empty() {
        Block::default().text_into(b"\"\"", Some(&before), body);
    }
    body.put(&[b"]"]);
    Ok(())
}

/// Whether citations are none, or those of pages that no provider vouches for: Anthropic knows its own by what it sealed.
fn is_empty(citations: &[u8]) -> bool {
    citations == b"[]" || memchr::memmem::find(citations, b"\"encrypted_index\":\"\"").is_some()
}

// === impl At ===

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) => write!(f, "{}[{place}]", self.content),
            None => f.write_str(self.content),
        }
    }
}

// === impl Block ===

impl Block<'_> {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind.is(kind)
    }

    fn refuse(&self, member: &str, expected: &str) -> ClientError {
        ClientError::invalid(format!("{}{member}", self.at), expected)
    }

    fn part_into(&self, body: &mut Body) -> Result<(), ClientError> {
        let raw = [self.raw];
        let is_more = self.citations.is_some() || self.context.is_some();
        self.part_as(is_more.then_some(&raw), body)
    }

    /// Appends the part that it is, which to Anthropic is `own`, if that is something else.
    fn part_as(&self, own: Option<&[&[u8]]>, body: &mut Body) -> Result<(), ClientError> {
        match self.kind.raw {
            b"text" => self.text_into(self.words()?, own, body),
            b"image" => {
                body.comma();
                body.put(&[b"{\"type\":\"image_url\",\"image_url\":{\"url\":"]);
                self.url_into(body)?;
                self.end_into(own, body);
            }
            b"document" => self.document_into(own, body)?,
            // Text that was found; what it was found in is said by the client where that matters.
            b"search_result" => self.blocks_into(self.content, body)?,
            _ => return Err(self.refuse(".type", "text, image, document, search_result, or what the role of the message has besides")),
        }
        Ok(())
    }

    fn words(&self) -> Result<&[u8], ClientError> {
        self.text.ok_or_else(|| self.refuse(".text", "a string"))
    }

    fn text_into(&self, text: &[u8], own: Option<&[&[u8]]>, body: &mut Body) {
        body.comma();
        body.put(&[b"{\"type\":\"text\",\"text\":", text]);
        body.anthropic_blocks(own);
        body.optional("cache_control", self.cache_control);
        body.put(&[b"}"]);
    }

    /// The end of a part that is an object within an object.
    fn end_into(&self, own: Option<&[&[u8]]>, body: &mut Body) {
        body.put(&[b"}"]);
        body.anthropic_blocks(own);
        body.optional("cache_control", self.cache_control);
        body.put(&[b"}"]);
    }

    /// Appends the URL of the source, as a data URI where it is in the request.
    fn url_into(&self, body: &mut Body) -> Result<(), ClientError> {
        let [kind, media_type, data, url] = expect(
            self.source.ok_or_else(|| self.refuse(".source", "an object"))?,
            &format!("{}.source", self.at),
            ["type", "media_type", "data", "url"],
        )?;
        match (text(kind).unwrap_or_default().raw, text(media_type), text(data), text(url)) {
            (b"base64", Some(media_type), Some(data), _) => {
                body.put(&[b"\"data:", media_type.raw, b";base64,", data.raw, b"\""]);
                Ok(())
            }
            (b"url", _, _, Some(url)) => {
                body.put(&[b"\"", url.raw, b"\""]);
                Ok(())
            }
            _ => Err(self.refuse(".source", "base64 or url: there are no files by id here")),
        }
    }

    fn document_into(&self, own: Option<&[&[u8]]>, body: &mut Body) -> Result<(), ClientError> {
        let source = self.source.ok_or_else(|| self.refuse(".source", "an object"))?;
        let [kind, data, content] = members(source, ["type", "data", "content"]).map_err(|_| self.refuse(".source", "an object"))?;
        match text(kind).unwrap_or_default().raw {
            b"text" => {
                let data = data.filter(|data| text(Some(data)).is_some());
                self.text_into(data.ok_or_else(|| self.refuse(".source.data", "a string"))?, Some(&[self.raw]), body);
            }
            b"content" => self.blocks_into(content, body)?,
            _ => {
                body.comma();
                body.put(&[b"{\"type\":\"file\",\"file\":{\"filename\":", self.title.unwrap_or(b"\"document.pdf\""), b",\"file_data\":"]);
                self.url_into(body)?;
                self.end_into(own, body);
            }
        }
        Ok(())
    }

    /// Appends the blocks that it holds, of which the first stands for all of it; its mark goes to the last.
    fn blocks_into(&self, content: Option<&[u8]>, body: &mut Body) -> Result<(), ClientError> {
        let content = content.ok_or_else(|| self.refuse(".content", "a string or an array of blocks"))?;
        let at = format!("{}.content", self.at);
        let mut blocks = read_all(content, &at)?;
        if let Some(last) = blocks.last_mut() {
            last.cache_control = last.cache_control.or(self.cache_control);
        }
        // One level is all that the API knows.
        if let Some(block) = blocks.iter().find(|block| !matches!(block.kind.raw, b"text" | b"image")) {
            return Err(block.refuse(".type", "text or image"));
        }
        let mut own = &[self.raw][..];
        for block in &blocks {
            block.part_as(Some(own), body)?;
            own = &[];
        }
        Ok(())
    }
}
