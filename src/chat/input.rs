//! The input of embeddings: looked through for its size.
//!
//! See <https://openrouter.ai/docs/api-reference/embeddings>.

use super::wrong_type;
use crate::error::ClientError;
use crate::json::{Error, Kind, Scanner};

/// Walks `input`, which is at `scanner`, and returns how many inputs it has, and the bytes of their text. A token by its number counts
/// as four, and an array of them is one input.
///
/// Errors: if it is neither a text nor an array of texts, tokens or contents with something in it.
pub(super) fn read(scanner: &mut Scanner<'_>) -> Result<(usize, usize), ClientError> {
    const EXPECTED: &str = "a string, or an array of strings, of token ids or of contents";
    let invalid = || ClientError::invalid("input", EXPECTED);
    let (mut inputs, mut bytes) = (0usize, 0usize);
    match scanner.kind()? {
        Kind::String => (inputs, bytes) = (1, scanner.string()?.raw.len()),
        Kind::Array => {
            let walked = scanner.elements(&mut |scanner| {
                inputs = if scanner.kind()? == Kind::Number { 1 } else { inputs.saturating_add(1) };
                element(scanner, &mut bytes)
            });
            walked.map_err(|error| wrong_type(error, "input", EXPECTED))?;
            if inputs == 0 {
                return Err(invalid());
            }
        }
        _ => return Err(invalid()),
    }
    Ok((inputs, bytes))
}

fn element(scanner: &mut Scanner<'_>, bytes: &mut usize) -> Result<(), Error> {
    let size = match scanner.kind()? {
        Kind::String => scanner.string()?.raw.len(),
        Kind::Number => scanner.skip().map(|_| 4)?,
        Kind::Array => return scanner.elements(&mut |scanner| element(scanner, bytes)),
        Kind::Object => {
            return scanner.members(&mut |scanner, key, _| match key.raw {
                b"content" if scanner.kind()? == Kind::Array => scanner.elements(&mut |scanner| element(scanner, bytes)),
                b"text" => element(scanner, bytes),
                _ => scanner.skip().map(|_| ()),
            });
        }
        Kind::Bool | Kind::Null => return Err(scanner.error(crate::json::ErrorKind::Type)),
    };
    *bytes = bytes.saturating_add(size);
    Ok(())
}
