//! The input of embeddings: looked through for its size.
//!
//! See <https://openrouter.ai/docs/api-reference/embeddings>.

use super::wrong_type;
use crate::error::ClientError;
use crate::json::{Error, Kind, Scanner};

/// What is to be embedded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// How many vectors are wanted.
    pub count: usize,
    /// Bytes of text. A token by its number counts as four.
    pub bytes: usize,
    /// Whether there is something else than text: tokens by their numbers, images.
    pub has_others: bool,
}

/// Walks `input`, which is at `scanner`.
///
/// Errors: if it is neither a text nor an array of texts, tokens or contents with something in it.
pub(super) fn read(scanner: &mut Scanner<'_>) -> Result<Inputs, ClientError> {
    const EXPECTED: &str = "a string, or an array of strings, of token ids or of contents";
    let invalid = || ClientError::invalid("input", EXPECTED);
    let mut inputs = Inputs::default();
    match scanner.kind()? {
        Kind::String => inputs = Inputs { count: 1, bytes: scanner.string()?.raw.len(), has_others: false },
        Kind::Array => {
            let walked = scanner.elements(&mut |scanner| {
                // An array of tokens is one input.
                inputs.count = if scanner.kind()? == Kind::Number { 1 } else { inputs.count.saturating_add(1) };
                inputs.element(scanner)
            });
            walked.map_err(|error| wrong_type(error, "input", EXPECTED))?;
            if inputs.count == 0 {
                return Err(invalid());
            }
        }
        _ => return Err(invalid()),
    }
    Ok(inputs)
}

// === impl Inputs ===

impl Inputs {
    fn element(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        let size = match scanner.kind()? {
            Kind::String => scanner.string()?.raw.len(),
            Kind::Number => {
                self.has_others = true;
                scanner.skip().map(|_| 4)?
            }
            Kind::Array => return scanner.elements(&mut |scanner| self.element(scanner)),
            Kind::Object => {
                return scanner.members(&mut |scanner, key, _| match key.raw {
                    b"content" if scanner.kind()? == Kind::Array => scanner.elements(&mut |scanner| self.element(scanner)),
                    b"text" => self.element(scanner),
                    b"type" => {
                        self.has_others |= scanner.raw()? != b"\"text\"";
                        Ok(())
                    }
                    _ => scanner.skip().map(|_| ()),
                });
            }
            Kind::Bool | Kind::Null => return Err(scanner.error(crate::json::ErrorKind::Type)),
        };
        self.bytes = self.bytes.saturating_add(size);
        Ok(())
    }
}
