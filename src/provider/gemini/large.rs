//! An event that is too large to be kept, because of the image in it: the image goes on as it comes, and the rest is kept.

/// What an event larger than the limit is read with: everything outside of the string that is named `data` is kept, and that string,
/// which holds an image in base64, is handed on.
#[derive(Debug)]
pub(super) struct Large {
    /// The most bytes that are kept.
    limit: usize,
    /// The event without its images; it is given up where it is too large even so.
    kept: Vec<u8>,
    is_given_up: bool,
    /// Whether it has an `inlineData`, and where in `kept` the `mimeType` of the last of them ends.
    is_inline: bool,
    media_type: Option<usize>,
    place: Place,
    /// How many objects and lists are open.
    depth: u32,
    /// Bytes of the event so far, without the images.
    seen: usize,
    /// What has come of an escape in an image.
    escape: Vec<u8>,
}

/// Where in the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the first bracket, or behind the last.
    Before,
    /// Between strings.
    Outside,
    /// In a string, behind a backslash if `escaped`.
    String { escaped: bool },
    /// In the string of an image.
    Image,
}

/// What came of the next bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// An image of this media type begins.
    ImageStart(&'a [u8]),
    /// More of it, in base64.
    Image(&'a [u8]),
    /// It is over.
    ImageEnd,
    /// The event is whole: JSON, without the images.
    Whole(&'a [u8]),
    /// The event is whole, and was too large to be kept: so many bytes.
    TooLarge(usize),
}

// === impl Large ===

impl Large {
    /// At the beginning of an event, of which `limit` bytes are kept.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            kept: Vec::new(),
            is_given_up: false,
            is_inline: false,
            media_type: None,
            place: Place::Before,
            depth: 0,
            seen: 0,
            escape: Vec::new(),
        }
    }

    /// Nothing more comes: ends what is open.
    pub(super) fn finish(self, sink: &mut impl FnMut(Piece<'_>)) {
        if self.place == Place::Image {
            sink(Piece::ImageEnd);
        }
        if self.depth > 0 {
            sink(Piece::TooLarge(self.seen));
        }
    }

    /// Takes the next bytes, which may be of several events, and calls `sink` with what they complete.
    pub(super) fn feed(&mut self, bytes: &[u8], sink: &mut impl FnMut(Piece<'_>)) {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            if self.place == Place::Image {
                let plain = rest.iter().position(|byte| !is_base64(*byte)).unwrap_or(rest.len());
                if !self.escape.is_empty() || plain == 0 {
                    if self.image_escape(byte, sink) {
                        rest = after;
                    }
                    continue;
                }
                let (image, after) = rest.split_at(plain);
                sink(Piece::Image(image));
                rest = after;
                continue;
            }
            rest = after;
            self.step(byte, sink);
        }
    }

    /// A byte of an image that is no base64: of an escape, as Google writes `=`, or the end. The value is whether it is done with.
    fn image_escape(&mut self, byte: u8, sink: &mut impl FnMut(Piece<'_>)) -> bool {
        if !self.escape.is_empty() || byte == b'\\' {
            self.escape.push(byte);
            match self.escape.as_slice() {
                b"\\" | b"\\u" | b"\\u0" | b"\\u00" | b"\\u002" | b"\\u003" => return true,
                escape => {
                    let meant: &[u8] = match escape {
                        b"\\/" | b"\\u002f" | b"\\u002F" => b"/",
                        b"\\u002b" | b"\\u002B" => b"+",
                        b"\\u003d" | b"\\u003D" => b"=",
                        _ => b"",
                    };
                    self.escape.clear();
                    if !meant.is_empty() {
                        sink(Piece::Image(meant));
                        return true;
                    }
                }
            }
        }
        // The quote, or what has no place in an image: then the event is none that could be read.
        sink(Piece::ImageEnd);
        self.place = Place::String { escaped: false };
        byte != b'"' && byte != b'\\'
    }

    fn step(&mut self, byte: u8, sink: &mut impl FnMut(Piece<'_>)) {
        match (self.place, byte) {
            (Place::Before, b'{' | b'[') => {
                self.place = Place::Outside;
                self.depth = 1;
            }
            (Place::Before, _) => return,
            (Place::Outside, b'{' | b'[') => self.depth = self.depth.saturating_add(1),
            (Place::Outside, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
            (Place::Outside, b'"') => self.place = Place::String { escaped: false },
            (Place::Outside, _) => {}
            (Place::String { escaped: true }, _) => self.place = Place::String { escaped: false },
            (Place::String { .. }, b'\\') => self.place = Place::String { escaped: true },
            (Place::String { .. }, b'"') => self.place = Place::Outside,
            (Place::String { .. } | Place::Image, _) => {}
        }
        self.seen = self.seen.saturating_add(1);
        if self.kept.len() < self.limit {
            self.kept.push(byte);
        } else {
            self.is_given_up = true;
        }
        if byte == b'"' && !self.is_given_up {
            self.note_name();
        }
        if byte == b'"'
            && self.place == (Place::String { escaped: false })
            && !self.is_given_up
            && is_data(&self.kept)
            && let Some(media_type) = self.media_type.and_then(|name| media_type(self.kept.get(name..)?))
        {
            sink(Piece::ImageStart(media_type));
            self.place = Place::Image;
        }
        if self.depth == 0 {
            let done = std::mem::replace(self, Self::new(self.limit));
            sink(if done.is_given_up { Piece::TooLarge(done.seen) } else { Piece::Whole(&done.kept) });
        }
    }

    /// Notes the name that `kept` ends with, if it bears on an image: to search for them whenever there are data would be to read all of it
    /// each time.
    fn note_name(&mut self) {
        if self.kept.ends_with(b"\"inlineData\"") {
            (self.is_inline, self.media_type) = (true, None);
        } else if self.is_inline && self.media_type.is_none() && self.kept.ends_with(b"\"mimeType\"") {
            self.media_type = Some(self.kept.len());
        }
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
}

/// Whether what was just opened is the value of `data`.
fn is_data(kept: &[u8]) -> bool {
    let before = kept.strip_suffix(b"\"").unwrap_or(kept).trim_ascii_end();
    before.strip_suffix(b":").is_some_and(|key| key.trim_ascii_end().ends_with(b"\"data\""))
}

/// The media type of the image that is about to come: Gemini tells it first. `None` if it is no image.
fn media_type(behind: &[u8]) -> Option<&[u8]> {
    /// Longer than any, with the space before it.
    const LONGEST: usize = 256;
    let behind = behind.get(..LONGEST).unwrap_or(behind);
    let value = behind.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    let media_type = value.get(..memchr::memchr(b'"', value)?)?;
    let is_plain = media_type.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+' | b'-' | b'.'));
    (is_plain && media_type.starts_with(b"image/")).then_some(media_type)
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// What comes of an event: a line for each thing, pieces of an image put together.
    fn told<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> String {
        let mut large = Large::new(limit);
        let mut told = String::new();
        for piece in pieces {
            large.feed(piece, &mut |piece| match piece {
                Piece::ImageStart(media_type) => told.push_str(&format!("<{}>", String::from_utf8_lossy(media_type))),
                Piece::Image(data) => told.push_str(&String::from_utf8_lossy(data)),
                Piece::ImageEnd => told.push_str("</>\n"),
                Piece::Whole(kept) => told.push_str(&String::from_utf8_lossy(kept)),
                Piece::TooLarge(bytes) => told.push_str(&format!("{bytes} bytes")),
            });
        }
        told
    }

    #[test]
    fn s10_an_image_goes_on_and_the_rest_is_kept_however_it_is_cut() {
        let event = br#"data: {"candidates":[{"content":{"parts":[{"text":"a \"data\":\"x\" }"},{"inlineData" : {"mimeType": "image/png", "data" :"iVBO\/+Rw0\u003d\u003D"}}]},"finishReason":"STOP"}],"usageMetadata":{}}

"#;
        let expected = concat!(
            "<image/png>iVBO/+Rw0==</>\n",
            r#"{"candidates":[{"content":{"parts":[{"text":"a \"data\":\"x\" }"},{"inlineData" : {"mimeType": "image/png", "data" :""}}]},"finishReason":"STOP"}],"usageMetadata":{}}"#
        );
        assert_eq!(told([&event[..]], 1000), expected);
        assert_eq!(told(event.chunks(1), 1000), expected);
        for cut in 0..=event.len() {
            let (head, tail) = event.split_at(cut);
            assert_eq!(told([head, tail], 1000), expected, "cut at {cut}");
        }
    }

    #[test]
    fn s10_what_is_too_large_even_so_is_given_up() {
        assert_eq!(told([&br#"data: {"text":"xxxxxxxxxxxxxxxxxxxxxxxx"}"#[..]], 20), "35 bytes");
        let sound = br#"data: {"inlineData":{"mimeType":"audio/wav","data":"AAAA"}}"#;
        assert_eq!(told([&sound[..]], 1000), r#"{"inlineData":{"mimeType":"audio/wav","data":"AAAA"}}"#);
    }

    #[test]
    fn what_is_no_base64_ends_the_image() {
        for (odd, rest) in [("AA\\nBB", "BB"), ("AA BB", "BB"), ("AA\\u0041BB", "1BB")] {
            let event = format!(r#"{{"inlineData":{{"mimeType":"image/png","data":"{odd}"}}}}"#);
            let expected = format!("<image/png>AA</>\n{{\"inlineData\":{{\"mimeType\":\"image/png\",\"data\":\"{rest}\"}}}}");
            assert_eq!(told([event.as_bytes()], 1000), expected);
        }
    }
}
