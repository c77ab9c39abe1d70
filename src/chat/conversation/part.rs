//! One part of a message's content.

use std::borrow::Cow;

use super::{present, text};
use crate::chat::ANTHROPIC_BLOCKS;
use crate::json::{Error, Kind, Scanner, Text};

/// One part of a message's content.
#[derive(Debug)]
pub struct Part<'a> {
    /// What it is.
    pub content: Content<'a>,
    /// The object by which the client marks that the prompt up to here is to be cached, as it was written.
    pub cache_control: Option<&'a [u8]>,
    /// The blocks that it is to Anthropic, an array as it was written, if it is something else there.
    pub anthropic_blocks: Option<&'a [u8]>,
}

/// What a part is.
#[derive(Debug)]
pub enum Content<'a> {
    /// Text, maybe none.
    Text(Text<'a>),
    /// An image.
    Image(Source<'a>),
    /// A file, say a PDF.
    File {
        /// Where it is; `None` if it is somewhere at OpenAI, by its id.
        source: Option<Source<'a>>,
        /// What it is called.
        name: Option<Text<'a>>,
    },
    /// Audio.
    Audio {
        /// Base64.
        data: Text<'a>,
        /// `wav`, `mp3` …
        format: Text<'a>,
    },
    /// A video.
    Video(Source<'a>),
}

/// Where an image, a file or a video is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// Somewhere else.
    Url(Cow<'a, str>),
    /// In the request, in a data URI.
    Inline {
        /// `image/png` …
        media_type: Cow<'a, str>,
        /// Base64, as it was sent.
        data: Cow<'a, str>,
    },
}

// === impl Part ===

impl<'a> Part<'a> {
    /// Text without a mark.
    pub fn text(text: Text<'a>) -> Self {
        Self { content: Content::Text(text), cache_control: None, anthropic_blocks: None }
    }
}

// === impl Source ===

impl<'a> Source<'a> {
    /// What a URL says.
    pub fn of(url: Cow<'a, str>) -> Self {
        let Some((media_type, data)) = url.strip_prefix("data:").and_then(|rest| rest.split_once(',')) else { return Self::Url(url) };
        let Some(media_type) = media_type.strip_suffix(";base64") else { return Self::Url(url) };
        let media_type = media_type.split(';').next().unwrap_or_default();
        let media_type = "data:".len()..media_type.len().saturating_add("data:".len());
        let data = url.len().saturating_sub(data.len())..url.len();
        match url {
            Cow::Borrowed(url) => Self::Inline {
                media_type: Cow::Borrowed(url.get(media_type).unwrap_or_default()),
                data: Cow::Borrowed(url.get(data).unwrap_or_default()),
            },
            Cow::Owned(url) => Self::Inline {
                media_type: Cow::Owned(url.get(media_type).unwrap_or_default().to_owned()),
                data: Cow::Owned(url.get(data).unwrap_or_default().to_owned()),
            },
        }
    }
}

/// Reads a content: a string, parts, or nothing. `unread` becomes the place of a part that nobody knows, if there is one.
pub(super) fn read_all<'a>(scanner: &mut Scanner<'a>, unread: &mut Option<usize>) -> Result<Vec<Part<'a>>, Error> {
    let mut parts = Vec::new();
    match scanner.kind()? {
        Kind::String => parts.push(Part::text(scanner.string()?)),
        Kind::Array => scanner.elements(&mut |scanner| {
            // A list of plain strings is no OpenAI content, and yet some send one.
            if scanner.kind()? == Kind::String {
                parts.push(Part::text(scanner.string()?));
                return Ok(());
            }
            match read(scanner)? {
                Some(part) => parts.push(part),
                None => *unread = unread.or(Some(parts.len())),
            }
            Ok(())
        })?,
        _ => _ = scanner.skip()?,
    }
    Ok(parts)
}

fn read<'a>(scanner: &mut Scanner<'a>) -> Result<Option<Part<'a>>, Error> {
    let mut kind = None;
    let mut words = None;
    let mut value = None;
    let mut cache_control = None;
    let mut anthropic_blocks = None;
    scanner.members(&mut |scanner, key, _| {
        match key.raw {
            b"type" => kind = text(scanner)?,
            b"text" | b"refusal" => words = text(scanner)?.or(words),
            b"image_url" | b"input_audio" | b"file" | b"video_url" => value = present(scanner)?.or(value),
            b"cache_control" => cache_control = present(scanner)?.filter(|mark| mark.starts_with(b"{")),
            name if name == ANTHROPIC_BLOCKS.as_bytes() => anthropic_blocks = present(scanner)?.filter(|blocks| blocks.starts_with(b"[")),
            _ => _ = scanner.skip()?,
        }
        Ok(())
    })?;
    let content = kind.and_then(|kind| match kind.raw {
        b"text" | b"input_text" | b"output_text" | b"refusal" => words.map(Content::Text),
        b"image_url" => Some(Content::Image(Source::of(url(value?)?.value()))),
        b"video_url" | b"input_video" => Some(Content::Video(Source::of(url(value?)?.value()))),
        b"input_audio" => {
            let [data, format] = members(value?, ["data", "format"])?;
            Some(Content::Audio { data: data?, format: format? })
        }
        b"file" => {
            let [data, name] = members(value?, ["file_data", "filename"])?;
            Some(Content::File { source: data.map(|data| Source::of(data.value())), name })
        }
        _ => None,
    });
    Ok(content.map(|content| Part { content, cache_control, anthropic_blocks }))
}

/// The URL in `{"url":…}`, or the one that stands there itself.
fn url(value: &[u8]) -> Option<Text<'_>> {
    Scanner::new(value).string().ok().or_else(|| members(value, ["url"]).and_then(|[url]| url))
}

/// Members of an object that are strings.
fn members<'a, const N: usize>(object: &'a [u8], names: [&str; N]) -> Option<[Option<Text<'a>>; N]> {
    let mut found = [None; N];
    let walked = Scanner::new(object).members(&mut |scanner, key, _| {
        let value = text(scanner)?;
        for (name, place) in names.iter().zip(&mut found) {
            if key.is(name) {
                *place = value;
            }
        }
        Ok(())
    });
    walked.ok().map(|()| found)
}
