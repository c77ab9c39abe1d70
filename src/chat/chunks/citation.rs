//! Where something in an answer is from.

use super::string;

/// Where something in an answer is from: an `annotation` of the kind `url_citation`.
///
/// See <https://openrouter.ai/docs/features/web-search>.
#[derive(Clone, Copy, Debug, Default)]
pub struct Citation<'a> {
    /// The page.
    pub url: &'a [u8],
    /// What it is called.
    pub title: &'a [u8],
    /// What it says, or what of the answer is from there.
    pub content: &'a [u8],
    /// Where in the text of the answer that begins, in characters.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// A list that is longer gets no more of them: with one text and one page named again and again it would grow as the square of what came.
const MOST_BYTES: usize = 1 << 20;

// === impl Citation ===

impl Citation<'_> {
    /// Appends it to the elements of a list, unless that is too long.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if out.len() > MOST_BYTES {
            return;
        }
        let number = |name: &[u8], number: usize, out: &mut Vec<u8>| {
            out.extend_from_slice(name);
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        };
        out.extend_from_slice(if out.is_empty() { b"" } else { b"," });
        string(b"{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"", self.url, out);
        string(b",\"title\":\"", self.title, out);
        string(b",\"content\":\"", self.content, out);
        number(b",\"start_index\":", self.start, out);
        number(b",\"end_index\":", self.end, out);
        out.extend_from_slice(b"}}");
    }
}
