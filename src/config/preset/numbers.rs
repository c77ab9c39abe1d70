//! Numbers of a preset that come as texts, which Envoy makes of fractions and of whole numbers beyond 32 bits where a `Struct` is YAML.
//!
//! See `parseYamlNode` of <https://github.com/envoyproxy/envoy/blob/main/source/common/protobuf/yaml_utility.cc>.

use std::ops::Range;

use super::super::error::{ConfigError, found};
use crate::json::{Kind, Scanner};

/// Members that are numbers, of a chat completion and of its `provider`.
const NUMBERS: [&[u8]; 15] = [
    b"temperature",
    b"top_p",
    b"top_k",
    b"top_a",
    b"min_p",
    b"frequency_penalty",
    b"presence_penalty",
    b"repetition_penalty",
    b"seed",
    b"max_tokens",
    b"max_completion_tokens",
    b"n",
    b"top_logprobs",
    b"preferred_min_throughput",
    b"preferred_max_latency",
];

/// `object`, in which each text that has to be a number is one: its quotes are gone. What is no object stays as it is.
///
/// Errors: if what has to be a number is none; `null` is none and may be.
pub(super) fn restored(path: &str, object: &[u8]) -> Result<Vec<u8>, ConfigError> {
    let mut texts = Vec::new();
    find(path, object, false, 0, &mut texts)?;
    let mut out = Vec::with_capacity(object.len());
    let mut at = 0;
    for text in texts {
        out.extend_from_slice(object.get(at..text.start).unwrap_or_default());
        out.extend_from_slice(object.get(text.start.saturating_add(1)..text.end.saturating_sub(1)).unwrap_or_default());
        at = text.end;
    }
    out.extend_from_slice(object.get(at..).unwrap_or_default());
    Ok(out)
}

/// Appends where texts of numbers stand, `before` bytes added. `all`: whether every member is a number.
fn find(path: &str, object: &[u8], all: bool, before: usize, texts: &mut Vec<Range<usize>>) -> Result<(), ConfigError> {
    let mut wrong = None;
    // What is broken is told by those who read the whole.
    _ = Scanner::new(object).members(&mut |scanner, key, _| {
        let kind = scanner.kind()?;
        let place = scanner.skip()?;
        let raw = scanner.slice(place.clone());
        let of_all = match key.raw {
            b"provider" => Some(false),
            b"preferred_min_throughput" | b"preferred_max_latency" | b"logit_bias" => Some(true),
            _ => None,
        };
        let (start, end) = (place.start.saturating_add(before), place.end.saturating_add(before));
        let error = match (kind, of_all) {
            (Kind::Object, Some(all)) => find(&format!("{path}.{}", key.value()), raw, all, start, texts).err(),
            _ if !all && !NUMBERS.contains(&key.raw) => None,
            (Kind::Number | Kind::Null, _) => None,
            (Kind::String, _) if is_number(raw) => {
                texts.push(start..end);
                None
            }
            _ => {
                let raw = std::str::from_utf8(raw).unwrap_or_default();
                // As with durations: nobody keeps a secret here, and to see it helps.
                let found = if kind == Kind::String { raw } else { found(raw) };
                Some(ConfigError::new(format!("{path}.{}", key.value()), format!("expected a number, found {found}")))
            }
        };
        wrong = wrong.take().or(error);
        Ok(())
    });
    wrong.map_or(Ok(()), Err)
}

/// Whether a text is a number of JSON's.
fn is_number(text: &[u8]) -> bool {
    let inner = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or_default();
    let mut scanner = Scanner::new(inner);
    // No space around it, which the scanner lets through.
    scanner.kind() == Ok(Kind::Number) && scanner.skip() == Ok(0..inner.len())
}
