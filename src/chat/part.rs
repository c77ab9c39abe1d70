//! One part of a content: what it is, as far as it decides which format can carry it, and whether it has what its type says.

use super::{Attachment, Medium, Origin, inner};
use crate::json::{Error, Kind, Scanner, Text};

/// One part of a content.
pub(super) enum Part {
    /// Text.
    Text,
    /// Something else, by the kind of input that its type says.
    Attached(Medium, Attachment),
    /// Of a type that only the provider may know, or of none.
    Unknown,
    /// Without what belongs to its type, which is this.
    Malformed(&'static str),
}

/// The values of a part.
#[derive(Default)]
struct Values<'a> {
    has_text: bool,
    url: Option<Text<'a>>,
    has_audio: bool,
    /// `None` if there is no file, `Some(None)` if there is one somewhere at OpenAI.
    file: Option<Option<Text<'a>>>,
}

/// Reads the part at `scanner`; adds up the bytes of its text, and says whether something in it is for OpenRouter alone.
///
/// Errors: if it is no object, or its `type` is no string.
pub(super) fn read(scanner: &mut Scanner<'_>, text_bytes: &mut usize, has_inner: &mut bool) -> Result<Part, Error> {
    let mut kind: Option<Text<'_>> = None;
    let mut values = Values::default();
    scanner.object(|scanner, key, _| {
        match key.raw {
            b"text" if scanner.kind()? == Kind::String => {
                *text_bytes = text_bytes.saturating_add(scanner.string()?.raw.len());
                values.has_text = true;
            }
            b"refusal" => values.has_text |= string(scanner)?.is_some(),
            b"type" => kind = Some(scanner.string()?),
            b"image_url" | b"video_url" => values.url = read_url(scanner)?.or(values.url),
            b"file" => values.file = read_file(scanner)?,
            b"input_audio" => values.has_audio = read_audio(scanner)?,
            name => {
                *has_inner |= inner::is_openrouters(name);
                scanner.skip()?;
            }
        }
        Ok(())
    })?;
    Ok(kind.map_or(Part::Unknown, |kind| values.part(kind)))
}

// === impl Values ===

impl Values<'_> {
    fn part(&self, kind: Text<'_>) -> Part {
        match kind.raw {
            b"text" | b"input_text" | b"output_text" if self.has_text => Part::Text,
            b"text" | b"input_text" | b"output_text" => Part::Malformed("a `text` that is a string"),
            b"refusal" if self.has_text => Part::Text,
            b"refusal" => Part::Malformed("a `refusal` that is a string"),
            b"image_url" => self.at_url(Medium::Image, "an `image_url` with a `url`: a URL, or a data: URI"),
            b"video_url" | b"input_video" => self.at_url(Medium::Video, "a `video_url` with a `url`: a URL, or a data: URI"),
            b"input_audio" if self.has_audio => Part::Attached(Medium::Audio, Attachment { medium: Medium::Audio, origin: Origin::Inline }),
            b"input_audio" => Part::Malformed("an `input_audio` with `data` (base64) and `format`, both strings"),
            b"file" => match self.file {
                Some(place) => Part::Attached(Medium::Pdf, Attachment::file(place)),
                None => Part::Malformed("a `file` with `file_data`: a data: URI, or a URL"),
            },
            _ => Part::Unknown,
        }
    }

    fn at_url(&self, medium: Medium, expected: &'static str) -> Part {
        let attachment = self.url.map(|url| (Attachment::medium(medium, url), url));
        match attachment {
            Some((attachment, url)) if attachment.origin != Origin::Bare || is_base64(url) => Part::Attached(medium, attachment),
            _ => Part::Malformed(expected),
        }
    }
}

/// Whether a text may be bytes in base64, by its beginning: some send an image so, without `data:`.
fn is_base64(text: Text<'_>) -> bool {
    const ENOUGH: usize = 64;
    let is_in_alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_\\".contains(byte);
    !text.is_empty() && !text.raw.starts_with(b"/") && text.raw.iter().take(ENOUGH).all(is_in_alphabet)
}

/// The URL in `{"url":…}`, or the one that stands there itself.
fn read_url<'a>(scanner: &mut Scanner<'a>) -> Result<Option<Text<'a>>, Error> {
    match scanner.kind()? {
        Kind::Object => strings(scanner, [b"url"]).map(|[url]| url),
        _ => string(scanner),
    }
}

fn read_file<'a>(scanner: &mut Scanner<'a>) -> Result<Option<Option<Text<'a>>>, Error> {
    match scanner.kind()? {
        Kind::Object => strings(scanner, [b"file_data"]).map(|[data]| Some(data)),
        _ => scanner.skip().map(|_| None),
    }
}

fn read_audio(scanner: &mut Scanner<'_>) -> Result<bool, Error> {
    match scanner.kind()? {
        Kind::Object => strings(scanner, [b"data", b"format"]).map(|found| found.iter().all(Option::is_some)),
        _ => scanner.skip().map(|_| false),
    }
}

/// The members of an object that are strings.
fn strings<'a, const N: usize>(scanner: &mut Scanner<'a>, names: [&[u8]; N]) -> Result<[Option<Text<'a>>; N], Error> {
    let mut found = [None; N];
    scanner.object(|scanner, key, _| match names.iter().zip(&mut found).find(|(name, _)| **name == key.raw) {
        Some((_, place)) => {
            *place = string(scanner)?;
            Ok(())
        }
        None => scanner.skip().map(|_| ()),
    })?;
    Ok(found)
}

/// A string; `None` if it is something else.
fn string<'a>(scanner: &mut Scanner<'a>) -> Result<Option<Text<'a>>, Error> {
    if scanner.kind()? == Kind::String { scanner.string().map(Some) } else { scanner.skip().map(|_| None) }
}
