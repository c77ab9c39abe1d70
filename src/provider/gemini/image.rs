//! What images are asked for: `responseModalities` and `imageConfig`.
//!
//! See <https://ai.google.dev/gemini-api/docs/image-generation>, and for the members of a request
//! <https://openrouter.ai/docs/guides/overview/multimodal/image-generation>.

use super::member;
use crate::chat::conversation::Parameters;
use crate::json::Scanner;

/// `modalities`, as far as Gemini has them.
pub(super) fn modalities(parameters: &Parameters<'_>) -> Vec<&'static [u8]> {
    let mut found: Vec<&'static [u8]> = Vec::new();
    for (_, value) in parameters.others.iter().filter(|(key, _)| key.is("modalities")) {
        _ = Scanner::new(value).elements(&mut |scanner| {
            match scanner.raw()? {
                b"\"text\"" => found.push(b"TEXT"),
                b"\"image\"" => found.push(IMAGE),
                _ => {}
            }
            Ok(())
        });
    }
    // Text alone is what it answers anyway.
    if found == [b"TEXT"] { Vec::new() } else { found }
}

/// Appends `,"imageConfig":{…}`, as far as `image_config` says what Gemini has a word for. A model that answers in text would refuse it: it
/// goes where images are asked for, and to models that are for them.
pub(super) fn config_into(parameters: &Parameters<'_>, modalities: &[&[u8]], model: &str, out: &mut Vec<u8>) {
    let is_for_images = model.contains("-image") || modalities.contains(&IMAGE);
    let Some(wanted) = parameters.image_config.filter(|_| is_for_images) else { return };
    let mut config = Vec::new();
    let read = Scanner::new(wanted).members(&mut |scanner, key, _| {
        match (key.raw, scanner.raw()?) {
            (b"aspect_ratio", ratio) if ratio.starts_with(b"\"") => member(b"aspectRatio", ratio, &mut config),
            // What others call so has its pixels for a name here.
            (b"image_size", b"\"0.5K\"") => member(b"imageSize", b"\"512\"", &mut config),
            (b"image_size", size) if size.starts_with(b"\"") => member(b"imageSize", size, &mut config),
            _ => {}
        }
        Ok(())
    });
    if let (Ok(()), Some(config)) = (read, config.strip_prefix(b",")) {
        member(b"imageConfig", b"{", out);
        out.extend_from_slice(config);
        out.push(b'}');
    }
}

const IMAGE: &[u8] = b"IMAGE";
