//! Single values of the configuration, checked: numbers, times, and texts by where they will stand.

use std::{ops::RangeInclusive, time::Duration};

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::error::ConfigError;
use crate::{decimal::Decimal, duration};

/// The value of a member that is there: `null` is none, where serde would take it for a member that is not there.
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A whole number within a range. Envoy hands every number over as a double, so `200000.0` is one.
pub(super) fn whole(path: &str, raw: &RawValue, range: RangeInclusive<u64>) -> Result<u64, ConfigError> {
    Decimal::parse(raw.get().as_bytes()).and_then(|number| number.scaled(0).ok()).filter(|number| range.contains(number)).ok_or_else(|| {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        ConfigError::unexpected(path, &expected, raw)
    })
}

/// A span of time within a range.
pub(super) fn time(path: &str, raw: &RawValue, range: RangeInclusive<Duration>) -> Result<Duration, ConfigError> {
    raw.get()
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .and_then(duration::parse)
        .filter(|time| range.contains(time))
        .ok_or_else(|| {
            let expected = format!("a duration from {:?} to {}h, such as 30s, 500ms or 10m", range.start(), range.end().as_secs() / 3600);
            // Nobody keeps a secret in a duration, and to see it helps.
            match raw.get() {
                text if text.starts_with('"') => ConfigError::new(path, format!("expected {expected}, found {text}")),
                _ => ConfigError::unexpected(path, &expected, raw),
            }
        })
}

/// A text that becomes a label of stats: printable ASCII, no `;`.
#[inline(never)]
pub(super) fn label(path: &str, text: &str) -> Result<(), ConfigError> {
    let fits = (1..=200).contains(&text.len()) && text.bytes().all(|b| matches!(b, b' '..=b'~') && b != b';') && text.trim_ascii() == text;
    checked(fits, path, "expected 1 to 200 printable ASCII characters without ;")
}

/// A text for people.
#[inline(never)]
pub(super) fn name(path: &str, text: &str) -> Result<(), ConfigError> {
    let fits = !text.is_empty() && !text.chars().any(char::is_control);
    checked(fits, path, "expected a name without control characters")
}

/// The name of a header, returned in lower case.
pub(super) fn header_name(path: &str, text: &str) -> Result<Box<str>, ConfigError> {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let fits = !text.is_empty() && text.bytes().all(is_token);
    checked(fits, path, "expected the name of a header")?;
    Ok(text.to_ascii_lowercase().into())
}

/// A host with or without a port, and nothing else of a URL.
pub(super) fn host(path: &str, text: &str) -> Result<(), ConfigError> {
    if let Some((scheme, rest)) = text.split_once("://") {
        let host = rest.split('/').next().unwrap_or_default();
        if is_host(host) && header_name(path, scheme).is_ok() {
            return Err(ConfigError::new(path, format!("expected a host: write {host}, without {scheme}://")));
        }
    }
    checked(is_host(text), path, "expected a host such as api.openai.com, without scheme and path")
}

/// What stands before the path of an operation; slashes at its end are dropped.
pub(super) fn path_prefix(path: &str, text: &str) -> Result<Box<str>, ConfigError> {
    let fits = (text.is_empty() || text.starts_with('/')) && text.bytes().all(|b| b.is_ascii_graphic() && !b"?#".contains(&b));
    checked(fits, path, "expected a path that starts with /, such as /v1, without query and spaces")?;
    let text = text.trim_end_matches('/');
    match text.strip_suffix("/chat/completions") {
        Some(before) => Err(ConfigError::new(path, format!("expected what stands before /chat/completions: write {before:?}"))),
        None => Ok(text.into()),
    }
}

/// One of a few words, and what it stands for.
pub(super) fn one_of<T: Copy>(path: &str, text: &str, words: &[(&str, T)]) -> Result<T, ConfigError> {
    match words.iter().find(|(word, _)| *word == text) {
        Some((_, meaning)) => Ok(*meaning),
        None => Err(none_of(path, text, &words.iter().map(|(word, _)| *word).collect::<Vec<_>>())),
    }
}

#[inline(never)]
fn none_of(path: &str, text: &str, words: &[&str]) -> ConfigError {
    let expected = match words {
        [word] => (*word).to_owned(),
        words => format!("one of {}", words.join(", ")),
    };
    ConfigError::new(path, format!("expected {expected}, found {text:?}"))
}

/// An error unless the condition holds.
#[inline(never)]
pub(super) fn checked(holds: bool, path: &str, message: &str) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(ConfigError::new(path, message)) }
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
}
