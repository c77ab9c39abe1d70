//! A content that comes as a list of pieces: Mistral's, whose models think in one of them.
//!
//! See <https://docs.mistral.ai/studio/conversations/reasoning>.

use super::REASONING_FORMAT;
use super::choice::Shape;
use crate::chat::chunks::{Detail, Piece};
use crate::json::{Error, Kind, Scanner, Text};

/// What the pieces hold, JSON-escaped as they came.
#[derive(Debug, Default)]
pub(super) struct Content<'a> {
    pub(super) text: Vec<u8>,
    pub(super) thinking: Vec<u8>,
    /// What vouches for the thinking.
    pub(super) signature: Option<Text<'a>>,
}

// === impl Content ===

impl<'a> Content<'a> {
    /// Reads the list at `scanner`. Pieces that are neither text nor thinking (references) are left out.
    ///
    /// Errors: if it is not an array.
    pub(super) fn read(scanner: &mut Scanner<'a>) -> Result<Self, Error> {
        let mut content = Self::default();
        scanner.elements(&mut |scanner| {
            if scanner.kind()? != Kind::Object {
                return scanner.skip().map(|_| ());
            }
            scanner.members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
                (b"text", Kind::String) => content.text_from(scanner),
                (b"thinking", Kind::String) => content.thinking_from(scanner),
                (b"thinking", Kind::Array) => scanner.elements(&mut |scanner| {
                    if scanner.kind()? != Kind::Object {
                        return scanner.skip().map(|_| ());
                    }
                    scanner.members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
                        (b"text", Kind::String) => content.thinking_from(scanner),
                        _ => scanner.skip().map(|_| ()),
                    })
                }),
                (b"signature", Kind::String) => {
                    content.signature = Some(scanner.string()?).filter(|signature| !signature.is_empty());
                    Ok(())
                }
                _ => scanner.skip().map(|_| ()),
            })
        })?;
        Ok(content)
    }

    /// Appends `"content":…` and, unless it is left out, the reasoning.
    pub(super) fn write(&self, shape: Shape, exclude_reasoning: bool, out: &mut Vec<u8>) {
        if self.text.is_empty() && shape == Shape::Message {
            out.extend_from_slice(b"\"content\":null");
        } else {
            out.extend_from_slice(b"\"content\":\"");
            out.extend_from_slice(&self.text);
            out.push(b'"');
        }
        if exclude_reasoning || self.thinking.is_empty() && self.signature.is_none() {
            return;
        }
        if !self.thinking.is_empty() {
            out.extend_from_slice(b",\"reasoning\":\"");
            out.extend_from_slice(&self.thinking);
            out.push(b'"');
        }
        let piece = match self.signature {
            Some(signature) => Piece::Signed(&self.thinking, signature.raw),
            None => Piece::Text(&self.thinking),
        };
        out.extend_from_slice(b",\"reasoning_details\":[");
        Detail { index: 0, format: REASONING_FORMAT, piece }.write(out);
        out.push(b']');
    }

    fn text_from(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Error> {
        self.text.extend_from_slice(scanner.string()?.raw);
        Ok(())
    }

    fn thinking_from(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Error> {
        self.thinking.extend_from_slice(scanner.string()?.raw);
        Ok(())
    }
}
