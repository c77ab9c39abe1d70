//! How an answer ended, for the accounts.

use super::chunks::FinishReason;

/// Why an answer ended, in OpenRouter's word and in the provider's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finish {
    /// OpenRouter's word.
    pub reason: Word,
    /// The provider's own.
    pub native: Word,
}

/// A short text, such as a word of a provider's: its first 31 bytes, or as many as `MAX`, kept without an allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<const MAX: usize = 31> {
    len: u8,
    bytes: [u8; MAX],
}

// === impl Finish ===

impl Finish {
    /// An end for `reason`, which the provider calls `native`.
    pub fn new(reason: FinishReason, native: &[u8]) -> Self {
        Self::of(reason.as_str().as_bytes(), native)
    }

    /// The same, in words.
    pub fn of(reason: &[u8], native: &[u8]) -> Self {
        Self { reason: Word::of(reason), native: Word::of(native) }
    }

    /// Whether it went wrong.
    pub fn is_error(&self) -> bool {
        self.reason.as_bytes() == FinishReason::Error.as_str().as_bytes()
    }
}

// === impl Word ===

impl<const MAX: usize> Default for Word<MAX> {
    fn default() -> Self {
        Self { len: 0, bytes: [0; MAX] }
    }
}

impl<const MAX: usize> Word<MAX> {
    /// The word `text`.
    pub fn of(text: &[u8]) -> Self {
        let mut word = Self::default();
        let text = if text.len() > MAX { cut(text, MAX) } else { text };
        if let (Some(place), Ok(len)) = (word.bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            place.copy_from_slice(text);
            word.len = len;
        }
        word
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Its text, as far as it is text.
    pub fn as_str(&self) -> &str {
        let bytes = self.as_bytes();
        match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => bytes.get(..error.valid_up_to()).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default(),
        }
    }
}

/// The first bytes of `text`, at most so many, without a part of a character at their end.
fn cut(text: &[u8], most: usize) -> &[u8] {
    let is_boundary = |at: &usize| text.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
    text.get(..(0..=most).rev().find(is_boundary).unwrap_or(most)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_word_is_kept_short_and_whole_characters_only() {
        assert_eq!(<Word>::of(b"stop").as_str(), "stop");
        assert_eq!(<Word>::of(b"").as_str(), "");
        assert_eq!(<Word>::of(&[b'a'; 100]).as_str().len(), 31);
        assert_eq!(Word::<64>::of(&[b'a'; 100]).as_str().len(), 64);
        assert_eq!(<Word>::of("a\u{20ac}".repeat(12).as_bytes()).as_str(), "a\u{20ac}".repeat(7) + "a");
    }
}
