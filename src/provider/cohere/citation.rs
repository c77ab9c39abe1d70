//! Where Cohere's answers say that they are from.

use crate::chat::chunks::Citation;
use crate::json::{Error, Kind, Scanner, Text};

/// Consumes a citation, or a list of them, and calls `found` with each source that is a page: other documents and the results of
/// tools are the client's own, and OpenRouter has no shape for them.
///
/// See <https://docs.cohere.com/docs/documents-and-citations>. The places are those of the client's text only if it is the first
/// block of the answer's, as it is without `PLAN` and `THINKING_CONTENT`, which are passed over.
pub(super) fn each<'a>(scanner: &mut Scanner<'a>, found: &mut dyn FnMut(&Citation<'a>)) -> Result<(), Error> {
    match scanner.kind()? {
        Kind::Array => scanner.elements(&mut |scanner| each(scanner, found)),
        Kind::Object => one(scanner, found),
        _ => scanner.skip().map(|_| ()),
    }
}

fn one<'a>(scanner: &mut Scanner<'a>, found: &mut dyn FnMut(&Citation<'a>)) -> Result<(), Error> {
    let (mut start, mut end, mut text, mut kind, mut sources) = (0, 0, Text::default(), Text::default(), None);
    scanner.members(&mut |scanner, key, _| {
        match (key.raw, scanner.kind()?) {
            (b"start", Kind::Number) => start = place(scanner.raw()?),
            (b"end", Kind::Number) => end = place(scanner.raw()?),
            (b"text", Kind::String) => text = scanner.string()?,
            (b"type", Kind::String) => kind = scanner.string()?,
            (b"sources", Kind::Array) => sources = Some(scanner.raw()?),
            _ => _ = scanner.skip()?,
        }
        Ok(())
    })?;
    if !kind.is_empty() && !kind.is("TEXT_CONTENT") {
        return Ok(());
    }
    let Some(sources) = sources else { return Ok(()) };
    Scanner::new(sources).elements(&mut |scanner| {
        let (mut url, mut title) = (Text::default(), Text::default());
        if scanner.kind()? != Kind::Object {
            return scanner.skip().map(|_| ());
        }
        scanner.members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
            (b"document", Kind::Object) => scanner.members(&mut |scanner, key, _| {
                match (key.raw, scanner.kind()?) {
                    (b"url", Kind::String) => url = scanner.string()?,
                    (b"title", Kind::String) => title = scanner.string()?,
                    _ => _ = scanner.skip()?,
                }
                Ok(())
            }),
            _ => scanner.skip().map(|_| ()),
        })?;
        if !url.is_empty() {
            found(&Citation { url: url.raw, title: title.raw, content: text.raw, start, end });
        }
        Ok(())
    })
}

fn place(number: &[u8]) -> usize {
    std::str::from_utf8(number).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
