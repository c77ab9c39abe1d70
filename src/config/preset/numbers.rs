//! Numbers of a preset that come as texts, which Envoy makes of fractions and of whole numbers beyond 32 bits where a `Struct` is YAML.
//!
//! See `parseYamlNode` of <https://github.com/envoyproxy/envoy/blob/main/source/common/protobuf/yaml_utility.cc>.

use super::super::error::{ConfigError, found};
use super::unmet;
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

/// Appends `object`, in which each text that has to be a number is one: its quotes are gone. What is no object stays as it is. `all`:
/// whether every member is a number.
///
/// Errors: if what has to be a number is none; `null` is none and may be.
pub(super) fn restored_into(path: &str, object: &[u8], all: bool, out: &mut Vec<u8>) -> Result<(), ConfigError> {
    let (mut at, mut wrong) = (0, None);
    // What is broken is told by those who read the whole.
    _ = Scanner::new(object).members(&mut |scanner, key, _| {
        let kind = scanner.kind()?;
        let place = scanner.skip()?;
        let raw = scanner.slice(place.clone());
        let within = match (kind, key.raw) {
            (Kind::Object, b"provider") => Some(false),
            (Kind::Object, b"preferred_min_throughput" | b"preferred_max_latency" | b"logit_bias") => Some(true),
            _ => None,
        };
        let is_done = matches!(kind, Kind::Number | Kind::Null) || !all && !NUMBERS.contains(&key.raw);
        if wrong.is_some() || within.is_none() && is_done {
            return Ok(());
        }
        put(object.get(at..place.start), out);
        at = place.end;
        match (within, number(raw)) {
            (Some(all), _) => wrong = restored_into(&[path, &key.value()].join("."), raw, all, out).err(),
            (None, Some(number)) => put(Some(number), out),
            (None, None) => {
                let raw = std::str::from_utf8(raw).unwrap_or_default();
                // As with durations: nobody keeps a secret here, and to see it helps.
                let found = if kind == Kind::String { raw } else { found(raw) };
                wrong = Some(unmet(path, &key.value(), &["a number, found ", found].concat()));
            }
        }
        Ok(())
    });
    put(object.get(at..), out);
    wrong.map_or(Ok(()), Err)
}

#[inline(never)]
fn put(piece: Option<&[u8]>, out: &mut Vec<u8>) {
    out.extend_from_slice(piece.unwrap_or_default());
}

/// What stands between the quotes of a text, if that is a number of JSON's and nothing else, not even space.
fn number(text: &[u8]) -> Option<&[u8]> {
    let inner = text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut scanner = Scanner::new(inner);
    (scanner.kind() == Ok(Kind::Number) && scanner.skip() == Ok(0..inner.len())).then_some(inner)
}
