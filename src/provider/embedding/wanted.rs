//! What is to be embedded, and how.

use crate::chat::{Name, Request};
use crate::error::ClientError;
use crate::json::{Error, Kind, Scanner, Text};

/// What is to be embedded, and how.
#[derive(Debug, Default)]
pub(in crate::provider) struct Wanted<'a> {
    /// The texts, one for each vector.
    pub(in crate::provider) texts: Vec<Text<'a>>,
    /// How long the vectors are to be, as it was written.
    pub(in crate::provider) dimensions: Option<&'a [u8]>,
    /// What for: `search_query`, `search_document` and the like.
    pub(in crate::provider) input_type: Option<Text<'a>>,
    /// Whether a vector is wanted as its bytes, which is what OpenAI's SDKs ask for.
    pub(in crate::provider) base64: bool,
}

// === impl Wanted ===

impl<'a> Wanted<'a> {
    /// What `request` asks for.
    ///
    /// Errors: if something in its input is no text.
    pub(in crate::provider) fn of(request: &'a Request) -> Result<Self, ClientError> {
        let mut wanted = Self::default();
        let invalid = || ClientError::invalid("input", "texts: this provider embeds nothing else here");
        for field in request.fields() {
            match field.name {
                Name::Input => wanted.texts = texts(field.raw).map_err(|_| invalid())?,
                Name::Other if field.key.is("dimensions") => wanted.dimensions = Some(field.raw).filter(|raw| is_number(raw)),
                Name::Other if field.key.is("input_type") => wanted.input_type = Scanner::new(field.raw).string().ok(),
                Name::Other if field.key.is("encoding_format") => {
                    wanted.base64 = Scanner::new(field.raw).string().is_ok_and(|format| format.is("base64"));
                }
                _ => {}
            }
        }
        if wanted.texts.is_empty() { Err(invalid()) } else { Ok(wanted) }
    }

    /// The text, if there is one and no other.
    ///
    /// Errors: if there are several.
    pub(in crate::provider) fn only_text(&self) -> Result<Text<'a>, ClientError> {
        match self.texts.as_slice() {
            [text] => Ok(*text),
            _ => Err(ClientError::invalid("input", "one text: this model embeds one for each request")),
        }
    }
}

fn is_number(raw: &[u8]) -> bool {
    !raw.is_empty() && raw.iter().all(u8::is_ascii_digit)
}

/// The texts of an `input`.
///
/// Errors: if there is anything else in it.
fn texts(input: &[u8]) -> Result<Vec<Text<'_>>, Error> {
    let mut texts = Vec::new();
    let mut scanner = Scanner::new(input);
    if scanner.kind()? == Kind::String {
        return Ok(vec![scanner.string()?]);
    }
    scanner.elements(&mut |scanner| {
        if scanner.kind()? == Kind::String {
            texts.push(scanner.string()?);
            return Ok(());
        }
        texts.push(content(scanner)?);
        Ok(())
    })?;
    Ok(texts)
}

/// The text of `{"content":[{"type":"text","text":…}]}`.
fn content<'a>(scanner: &mut Scanner<'a>) -> Result<Text<'a>, Error> {
    let mut parts: Vec<Option<Text<'a>>> = Vec::new();
    scanner.members(&mut |scanner, key, _| {
        if !key.is("content") {
            return scanner.skip().map(|_| ());
        }
        scanner.elements(&mut |scanner| {
            let mut text = None;
            scanner.members(&mut |scanner, key, _| {
                if key.is("text") && scanner.kind()? == Kind::String {
                    text = Some(scanner.string()?);
                    return Ok(());
                }
                scanner.skip().map(|_| ())
            })?;
            parts.push(text);
            Ok(())
        })
    })?;
    match parts.as_slice() {
        [Some(text)] => Ok(*text),
        _ => Err(scanner.error(crate::json::ErrorKind::Type)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn texts_come_in_three_forms_and_nothing_else_is_one() {
        let read =
            |input: &str| texts(input.as_bytes()).map(|texts| texts.iter().map(|text| text.value().into_owned()).collect::<Vec<_>>());
        assert_eq!(read(r#""a""#).unwrap(), ["a"]);
        assert_eq!(read(r#"["a", "\n", {"content": [{"type": "text", "text": "c"}]}]"#).unwrap(), ["a", "\n", "c"]);
        for other in ["[1,2]", "[[1]]", r#"[{"content":[{"type":"image_url","image_url":{"url":"x"}}]}]"#, r#"[{"content":[]}]"#, "7"] {
            assert!(read(other).is_err(), "{other}");
        }
    }
}
