//! Images, documents, audio and video as Converse has them: bytes in the request, or an object in S3.
//!
//! See <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html>. It fetches no other URL.

use super::names::Documents;
use crate::chat::conversation::{Content, Source};
use crate::error::ClientError;
use crate::json::{self, Text};

/// Writes an attachment as a content block; `at` is its place in the request.
///
/// Errors: if it is of a type, or at a place, that Converse does not take.
pub(super) fn write(content: &Content<'_>, at: &str, documents: &mut Documents, out: &mut Vec<u8>) -> Result<(), ClientError> {
    match content {
        Content::Text(_) => Ok(()),
        Content::Image(source) => block("image", source, image_format, at, "a PNG, JPEG, GIF or WebP image", |_| {}, out),
        Content::Video(source) => block("video", source, video_format, at, "a video", |_| {}, out),
        Content::File { source: Some(source), name } => {
            let named = |out: &mut Vec<u8>| {
                out.extend_from_slice(b"\"name\":");
                documents.write(*name, out);
                out.push(b',');
            };
            block("document", source, document_format, at, "a PDF, Office, HTML, CSV, Markdown or text document", named, out)
        }
        Content::File { source: None, .. } => Err(ClientError::invalid(at, "a document in a data: URI")),
        Content::Audio { data, format } => {
            audio(*data, *format, out);
            Ok(())
        }
    }
}

/// Writes `{"image":{"format":"png","source":{"bytes":"…"}}}` and its kin.
fn block(
    name: &str,
    source: &Source<'_>,
    format: fn(&str) -> Option<&'static str>,
    at: &str,
    expected: &str,
    write_members: impl FnOnce(&mut Vec<u8>),
    out: &mut Vec<u8>,
) -> Result<(), ClientError> {
    let (kind, place, close): (_, &str, &str) = match source {
        Source::Inline { media_type, data } => (format(media_type), data, "\"bytes\":"),
        // What is in S3 tells its type by its name alone.
        Source::Url(url) if url.starts_with("s3://") => {
            (url.rsplit_once('.').and_then(|(_, extension)| by_extension(name, extension)), url, "\"s3Location\":{\"uri\":")
        }
        Source::Url(_) => return Err(ClientError::invalid(at, format!("{expected} in a data: or s3: URI"))),
    };
    let kind = kind.ok_or_else(|| ClientError::invalid(at, expected))?;
    out.extend_from_slice(format!("{{\"{name}\":{{\"format\":\"{kind}\",").as_bytes());
    write_members(out);
    out.extend_from_slice(b"\"source\":{");
    out.extend_from_slice(close.as_bytes());
    json::string_into(out, place);
    out.extend_from_slice(if matches!(source, Source::Inline { .. }) { b"}}}" } else { b"}}}}" });
    Ok(())
}

fn image_format(media_type: &str) -> Option<&'static str> {
    Some(match media_type {
        "image/png" => "png",
        "image/jpeg" | "image/jpg" => "jpeg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        _ => return None,
    })
}

fn video_format(media_type: &str) -> Option<&'static str> {
    Some(match media_type {
        "video/mp4" => "mp4",
        "video/quicktime" => "mov",
        "video/x-matroska" => "mkv",
        "video/webm" => "webm",
        "video/x-flv" => "flv",
        "video/mpeg" => "mpeg",
        "video/x-ms-wmv" => "wmv",
        "video/3gpp" => "three_gp",
        _ => return None,
    })
}

fn document_format(media_type: &str) -> Option<&'static str> {
    Some(match media_type {
        "application/pdf" => "pdf",
        "text/csv" => "csv",
        "application/msword" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "text/html" => "html",
        "text/plain" => "txt",
        "text/markdown" => "md",
        _ => return None,
    })
}

fn by_extension(block: &str, extension: &str) -> Option<&'static str> {
    const FORMATS: [(&str, &[&str]); 3] = [
        ("image", &["png", "jpeg", "gif", "webp"]),
        ("video", &["mp4", "mov", "mkv", "webm", "flv", "mpeg", "mpg", "wmv"]),
        ("document", &["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"]),
    ];
    let extension = if extension == "jpg" { "jpeg" } else { extension };
    let (_, formats) = FORMATS.iter().find(|(name, _)| *name == block)?;
    formats.iter().find(|format| **format == extension).copied()
}

fn audio(data: Text<'_>, format: Text<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"audio\":{\"format\":");
    json::text_into(out, format);
    out.extend_from_slice(b",\"source\":{\"bytes\":");
    json::text_into(out, data);
    out.extend_from_slice(b"}}}");
}
