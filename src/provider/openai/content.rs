//! A content that comes as a list of pieces: Mistral's, whose models think in one of them.
//!
//! See <https://docs.mistral.ai/studio/conversations/reasoning>.

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
        scanner.array(|scanner| {
            if scanner.kind()? != Kind::Object {
                return scanner.skip().map(|_| ());
            }
            scanner.object(|scanner, key, _| match (key.raw, scanner.kind()?) {
                (b"text", Kind::String) => content.text_from(scanner),
                (b"thinking", Kind::String) => content.thinking_from(scanner),
                (b"thinking", Kind::Array) => scanner.array(|scanner| {
                    if scanner.kind()? != Kind::Object {
                        return scanner.skip().map(|_| ());
                    }
                    scanner.object(|scanner, key, _| match (key.raw, scanner.kind()?) {
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

    fn text_from(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Error> {
        self.text.extend_from_slice(scanner.string()?.raw);
        Ok(())
    }

    fn thinking_from(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Error> {
        self.thinking.extend_from_slice(scanner.string()?.raw);
        Ok(())
    }
}
