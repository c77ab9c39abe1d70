//! Content blocks of a request, as parts of a chat completion's messages.

use super::super::body::Body;
use super::super::object::{each, expect, members, text};
use crate::error::ClientError;
use crate::json::{Scanner, Text};

/// A content block, as it was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Block<'a> {
    /// Where it stands in the request.
    pub(super) at: String,
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
}

/// The blocks of the content `value`, which is called `at`; a plain string is one of text.
///
/// Errors: if it is neither.
pub(super) fn read_all<'a>(value: &'a [u8], at: &str) -> Result<Vec<Block<'a>>, ClientError> {
    if Scanner::new(value).string().is_ok() {
        return Ok(vec![Block { at: at.to_owned(), kind: Text::plain(b"text"), text: Some(value), ..Block::default() }]);
    }
    let mut blocks = Vec::new();
    each(value, at, |value, place| {
        let at = format!("{at}[{place}]");
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
            at,
        });
        Ok(())
    })?;
    Ok(blocks)
}

/// Appends the content that `blocks` are: a string, if that says it all, else parts.
///
/// Errors: if one of them has no part.
pub(super) fn content_into(blocks: &[Block<'_>], body: &mut Body) -> Result<(), ClientError> {
    match blocks {
        [] => body.put(&[b"\"\""]),
        [Block { kind, text: Some(text), cache_control: None, .. }] if kind.is("text") => body.put(&[text]),
        blocks => {
            body.put(&[b"["]);
            blocks.iter().try_for_each(|block| block.part_into(body))?;
            body.put(&[b"]"]);
        }
    }
    Ok(())
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
        match self.kind.raw {
            b"text" => self.text_into(self.text.ok_or_else(|| self.refuse(".text", "a string"))?, body),
            b"image" => {
                body.comma();
                body.put(&[b"{\"type\":\"image_url\",\"image_url\":{\"url\":"]);
                self.url_into(body)?;
                self.end_into(body);
            }
            b"document" => self.document_into(body)?,
            // Text that was found; what it was found in is said by the client where that matters.
            b"search_result" => self.blocks_into(self.content, body)?,
            _ => return Err(self.refuse(".type", "text, image, document, search_result, or what the role of the message has besides")),
        }
        Ok(())
    }

    fn text_into(&self, text: &[u8], body: &mut Body) {
        body.comma();
        body.put(&[b"{\"type\":\"text\",\"text\":", text]);
        body.optional("cache_control", self.cache_control);
        body.put(&[b"}"]);
    }

    /// The end of a part that is an object within an object.
    fn end_into(&self, body: &mut Body) {
        body.put(&[b"}"]);
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

    fn document_into(&self, body: &mut Body) -> Result<(), ClientError> {
        let source = self.source.ok_or_else(|| self.refuse(".source", "an object"))?;
        let [kind, data, content] = members(source, ["type", "data", "content"]).map_err(|_| self.refuse(".source", "an object"))?;
        match text(kind).unwrap_or_default().raw {
            b"text" => {
                let data = data.filter(|data| text(Some(data)).is_some());
                self.text_into(data.ok_or_else(|| self.refuse(".source.data", "a string"))?, body);
            }
            b"content" => self.blocks_into(content, body)?,
            _ => {
                body.comma();
                body.put(&[b"{\"type\":\"file\",\"file\":{\"filename\":", self.title.unwrap_or(b"\"document.pdf\""), b",\"file_data\":"]);
                self.url_into(body)?;
                self.end_into(body);
            }
        }
        Ok(())
    }

    /// Appends the blocks that it holds; its mark goes to the last.
    fn blocks_into(&self, content: Option<&[u8]>, body: &mut Body) -> Result<(), ClientError> {
        let content = content.ok_or_else(|| self.refuse(".content", "a string or an array of blocks"))?;
        let mut blocks = read_all(content, &format!("{}.content", self.at))?;
        if let Some(last) = blocks.last_mut() {
            last.cache_control = last.cache_control.or(self.cache_control);
        }
        // One level is all that the API knows.
        match blocks.iter().find(|block| !matches!(block.kind.raw, b"text" | b"image")) {
            Some(block) => Err(block.refuse(".type", "text or image")),
            None => blocks.iter().try_for_each(|block| block.part_into(body)),
        }
    }
}
