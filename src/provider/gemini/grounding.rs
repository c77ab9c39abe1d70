//! Where an answer is from: `groundingMetadata`.
//!
//! See <https://ai.google.dev/api/generate-content#GroundingMetadata>.

use crate::chat::chunks::Citation;
use crate::json::{Error, Kind, Scanner, Text};

/// The most text of which the places are told in characters.
const MAX_TEXT: usize = 1 << 20;

/// Bytes of the text whose characters are counted together: there may be any number of places in it to count to.
const BLOCK: usize = 64;

/// The text of an answer so far: Gemini counts its places in bytes, and from the beginning of a part.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    text: String,
    /// Where each part of the answer begins, if it was read whole.
    parts: Vec<usize>,
}

/// A page.
#[derive(Clone, Copy, Default)]
struct Page<'a> {
    url: Text<'a>,
    title: Text<'a>,
}

/// A piece of the answer that is from somewhere.
#[derive(Default)]
struct Support<'a> {
    part: usize,
    start: usize,
    end: usize,
    text: Text<'a>,
    pages: Vec<usize>,
}

// === impl Spoken ===

impl Spoken {
    /// The next part of a whole answer begins.
    pub(super) fn part(&mut self) {
        self.parts.push(self.text.len());
    }

    /// The answer goes on with a text, escapes as sent.
    pub(super) fn push(&mut self, text: Text<'_>) {
        if self.text.len() < MAX_TEXT {
            self.text.push_str(&text.value());
        }
    }

    /// How many characters of the answer are before the byte `at` of `part`; `before` are those before each block.
    fn characters(&self, before: &[usize], part: usize, at: usize) -> usize {
        let at = at.saturating_add(self.parts.get(part).copied().unwrap_or(0)).min(self.text.len());
        let block = at / BLOCK;
        let rest = self.text.as_bytes().get(block.saturating_mul(BLOCK)..at).unwrap_or_default();
        before.get(block).map_or(0, |before| before.saturating_add(begun(rest)))
    }

    /// How many characters are before each block of the text.
    fn before_blocks(&self) -> Vec<usize> {
        let mut before = vec![0];
        let mut sum = 0usize;
        for block in self.text.as_bytes().chunks(BLOCK) {
            sum = sum.saturating_add(begun(block));
            before.push(sum);
        }
        before
    }

    /// Calls `found` for each page that the answer is from, with the place of what is from there.
    pub(super) fn cite<'a>(&self, metadata: &'a [u8], mut found: impl FnMut(&Citation<'a>)) {
        let (mut pages, mut supports) = (Vec::new(), Vec::new());
        let walked = Scanner::new(metadata).members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
            (b"groundingChunks", Kind::Array) => scanner.elements(&mut |scanner| {
                pages.push(Page::read(scanner)?);
                Ok(())
            }),
            (b"groundingSupports", Kind::Array) => scanner.elements(&mut |scanner| {
                supports.push(Support::read(scanner)?);
                Ok(())
            }),
            _ => scanner.skip().map(|_| ()),
        });
        if walked.is_err() {
            return;
        }
        if supports.is_empty() {
            // It searched, and does not say for what.
            let all = pages.iter().filter(|page| !page.url.is_empty());
            all.for_each(|page| found(&Citation { url: page.url.raw, title: page.title.raw, ..Citation::default() }));
        }
        let before = if supports.is_empty() { Vec::new() } else { self.before_blocks() };
        for support in supports {
            let [start, end] = [support.start, support.end].map(|at| self.characters(&before, support.part, at));
            for page in support.pages.iter().filter_map(|page| pages.get(*page)).filter(|page| !page.url.is_empty()) {
                found(&Citation { url: page.url.raw, title: page.title.raw, content: support.text.raw, start, end });
            }
        }
    }
}

/// How many characters begin in `bytes`.
fn begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

// === impl Page ===

impl<'a> Page<'a> {
    /// Reads `{"web":{"uri":…,"title":…}}`, or the same of a place on a map or a document.
    fn read(scanner: &mut Scanner<'a>) -> Result<Self, Error> {
        let mut page = Self::default();
        scanner.members(&mut |scanner, _, _| match scanner.kind()? {
            Kind::Object => scanner.members(&mut |scanner, key, _| {
                match (key.raw, scanner.kind()?) {
                    (b"uri", Kind::String) => page.url = scanner.string()?,
                    (b"title", Kind::String) => page.title = scanner.string()?,
                    _ => _ = scanner.skip()?,
                }
                Ok(())
            }),
            _ => scanner.skip().map(|_| ()),
        })?;
        Ok(page)
    }
}

// === impl Support ===

impl<'a> Support<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Result<Self, Error> {
        let mut support = Self::default();
        scanner.members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
            (b"segment", Kind::Object) => scanner.members(&mut |scanner, key, _| {
                match (key.raw, scanner.kind()?) {
                    (b"partIndex", _) => support.part = number(scanner.raw()?),
                    (b"startIndex", _) => support.start = number(scanner.raw()?),
                    (b"endIndex", _) => support.end = number(scanner.raw()?),
                    (b"text", Kind::String) => support.text = scanner.string()?,
                    _ => _ = scanner.skip()?,
                }
                Ok(())
            }),
            (b"groundingChunkIndices", Kind::Array) => scanner.elements(&mut |scanner| {
                support.pages.push(number(scanner.raw()?));
                Ok(())
            }),
            _ => scanner.skip().map(|_| ()),
        })?;
        Ok(support)
    }
}

/// A number; what is none is 0, as what is left out.
fn number(raw: &[u8]) -> usize {
    std::str::from_utf8(raw).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn cited(spoken: &Spoken, metadata: &str) -> Vec<(String, usize, usize)> {
        let mut found = Vec::new();
        spoken.cite(metadata.as_bytes(), |citation| {
            found.push((String::from_utf8_lossy(citation.url).into_owned(), citation.start, citation.end));
        });
        found
    }

    fn spoken(texts: &[&'static str]) -> Spoken {
        let mut spoken = Spoken::default();
        for text in texts {
            spoken.part();
            spoken.push(Scanner::new(text.as_bytes()).string().unwrap());
        }
        spoken
    }

    #[test]
    fn places_are_told_in_characters() {
        let spoken = spoken(&[r#""Zürich\n""#, r#""is 大 big.""#]);
        let metadata = r#"{"webSearchQueries":["x"],"groundingChunks":[{"web":{"uri":"https://a.test","title":"A"}},{"maps":{"uri":"https://b.test"}},{"web":{}}],
            "groundingSupports":[{"segment":{"endIndex":7,"text":"Zürich"},"groundingChunkIndices":[0,1,2,9]},
            {"segment":{"partIndex":1,"startIndex":3,"endIndex":6,"text":"大"},"groundingChunkIndices":[0]}]}"#;
        let place = |url: &str, start, end| (url.to_owned(), start, end);
        let expected = [place("https://a.test", 0, 6), place("https://b.test", 0, 6), place("https://a.test", 10, 11)];
        assert_eq!(cited(&spoken, metadata), expected);
    }

    #[test]
    fn without_supports_there_are_only_the_pages() {
        let metadata = r#"{"groundingChunks":[{"web":{"uri":"https://a.test"}},{"web":null}]}"#;
        assert_eq!(cited(&Spoken::default(), metadata), [("https://a.test".to_owned(), 0, 0)]);
    }

    #[test]
    fn places_beyond_the_text_are_its_end() {
        let metadata = r#"{"groundingChunks":[{"web":{"uri":"u"}}],"groundingSupports":[{"segment":{"startIndex":99999999999999999999,"endIndex":50},
            "groundingChunkIndices":[0]}]}"#;
        assert_eq!(cited(&spoken(&[r#""éé""#]), metadata), [("u".to_owned(), 0, 2)]);
        for odd in ["{}", "[]", r#"{"groundingChunks":[7]}"#, r#"{"groundingSupports":[{"groundingChunkIndices":[0]}]}"#] {
            assert!(cited(&Spoken::default(), odd).is_empty(), "{odd}");
        }
    }
}
