//! The parts of a content: text, images, audio and documents as Mistral has them.
//!
//! See the `ContentChunk` of <https://docs.mistral.ai/api/endpoint/chat>.

use std::ops::Range;

use super::object::{Member, Object};
use crate::json::{Kind, Scanner};
use crate::splice::Splice;

/// Changes the parts of the content at this offset of `body`, if it has parts. Those of kinds that OpenAI does not have stay.
pub(super) fn edit<'a>(body: &'a [u8], offset: usize, splice: &mut Splice<'a>) {
    let mut scanner = Scanner::at(body, offset);
    if scanner.kind() != Ok(Kind::Array) {
        return;
    }
    _ = scanner.elements(&mut |scanner| {
        if let Some(part) = Object::read(scanner)? {
            edit_part(body, &part, splice);
        }
        Ok(())
    });
}

fn edit_part<'a>(body: &'a [u8], part: &Object<'a>, splice: &mut Splice<'a>) {
    let Some(kind) = part.get("type").and_then(Member::text) else { return };
    let within = |name: &str| part.get(name).and_then(|member| Object::at(body, member.value.start));
    match kind.raw {
        b"text" => part.rewrite(&|member| member.is_one_of(&["type", "text"]), Vec::new(), splice),
        b"image_url" => {
            if let Some(image) = within("image_url") {
                image.rewrite(&|member| member.is_one_of(&["url", "detail"]), Vec::new(), splice);
            }
            part.rewrite(&|member| member.is_one_of(&["type", "image_url"]), Vec::new(), splice);
        }
        b"input_text" | b"output_text" | b"refusal" => {
            if let Some(text) = part.get("text").or_else(|| part.get("refusal")) {
                enclose(part.place.clone(), b"{\"type\":\"text\",\"text\":", text.value.clone(), b"}", splice);
            }
        }
        // The bytes alone: it hears by itself which format they are of.
        b"input_audio" => {
            if let Some(data) = within("input_audio").as_ref().and_then(|audio| audio.get("data")) {
                enclose(part.place.clone(), b"{\"type\":\"input_audio\",\"input_audio\":", data.value.clone(), b"}", splice);
            }
        }
        b"file" => {
            let Some(file) = within("file") else { return };
            let name = file.get("filename").map_or(&b""[..], |name| name.raw);
            let end = if name.is_empty() { b"}".to_vec() } else { [b",\"document_name\":", name, b"}"].concat() };
            if let Some(data) = file.get("file_data") {
                enclose(part.place.clone(), b"{\"type\":\"document_url\",\"document_url\":", data.value.clone(), &end, splice);
            }
        }
        _ => {}
    }
}

/// Leaves of `place` only `kept`, between `before` and `after`.
fn enclose(place: Range<usize>, before: &[u8], kept: Range<usize>, after: &[u8], splice: &mut Splice<'_>) {
    splice.replace(place.start..kept.start, before.to_vec());
    splice.replace(kept.end..place.end, after.to_vec());
}
