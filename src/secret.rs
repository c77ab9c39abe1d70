//! What must never be printed: a provider's credential, and the hash that stands for a client's key.

use std::fmt;

use sha2::{Digest, Sha256};

/// A provider's credential.
///
/// `Debug` and `Display` print a placeholder, so that no log line, error or panic can carry it;
/// [`Secret::expose`] is the one way to the text, and easy to search for.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

/// The SHA-256 of a client's key: what the configuration stores in its place.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

/// A text that is no SHA-256 in hexadecimal. It does not repeat the text: that may be the key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the SHA-256 of the key as 64 hexadecimal digits")]
pub struct InvalidKeyHash;

// === impl Secret ===

impl Secret {
    /// Takes a credential in.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The credential itself, to be put into a request header and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Secret {
    /// Whether `text` quotes the credential: plainly, with JSON escapes, or cut off at the end of `text`.
    pub fn is_quoted_in(&self, text: &str) -> bool {
        let bare = self.0.strip_prefix("Bearer ").unwrap_or(&self.0);
        let begins = |text: &str| (SHORTEST_QUOTE..bare.len()).any(|len| bare.get(..len).is_some_and(|start| text.ends_with(start)));
        let quotes = |text: &str| text.contains(bare) || begins(text);
        quotes(text) || quotes(&unescaped(text))
    }
}

/// Fewer characters of a credential at the end of a text are no quote.
const SHORTEST_QUOTE: usize = 4;

/// `text` with `\uXXXX` and one-character escapes resolved, wherever they stand.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let code = after.strip_prefix('u').and_then(|digits| digits.get(..4)).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match code.and_then(char::from_u32) {
            Some(character) => {
                plain.push(character);
                rest = after.get(5..).unwrap_or_default();
            }
            None => rest = after,
        }
    }
    plain.push_str(rest);
    plain
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

// === impl KeyHash ===

impl KeyHash {
    /// The hash of a key as a client presents it.
    pub fn of(presented_key: &[u8]) -> Self {
        Self(Sha256::digest(presented_key).into())
    }

    /// Reads 64 hexadecimal digits of either case.
    ///
    /// Errors: if the text has another length or another character.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyHash> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(InvalidKeyHash);
        }
        let mut hash = [0; 32];
        for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Ok(Self(hash))
    }
}

impl KeyHash {
    /// All 64 digits, in lower case: what a management key knows a key by.
    pub fn to_hex(self) -> String {
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
    }
}

impl fmt::Debug for KeyHash {
    /// The first four digits, enough to tell two keys of one configuration apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.0;
        write!(f, "KeyHash({first:02x}{second:02x}…)")
    }
}

fn nibble(digit: u8) -> Result<u8, InvalidKeyHash> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).ok_or(InvalidKeyHash)
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const DEMO: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    #[test]
    fn a_quote_is_seen_in_any_disguise() {
        let secret = Secret::new("Bearer sk-upstream-1234");
        for text in [
            "key sk-upstream-1234 is wrong",
            r"sk\u002dupstream\u002D1234",
            r"sk-upstream\-1234",
            "cut off at sk-upstream-123",
            "cut off at sk-u",
        ] {
            assert!(secret.is_quoted_in(text), "{text}");
        }
        for text in ["", "sk", "sk-other-1234", "sk-upstream is a prefix", r"\u00", r"\", "é\\u12"] {
            assert!(!secret.is_quoted_in(text), "{text}");
        }
    }

    #[test]
    fn a_secret_prints_nothing_of_itself() {
        let secret = Secret::new("sk-live-1234");
        for text in [format!("{secret:?}"), format!("{secret}"), format!("{:#?}", Some(&secret))] {
            assert!(text.contains("[redacted]") && !text.contains("live"), "{text}");
        }
        assert_eq!(secret.expose(), "sk-live-1234");
    }

    #[test]
    fn a_key_is_found_by_its_hash_in_either_case() {
        assert_eq!(KeyHash::parse(DEMO), Ok(KeyHash::of(b"test")));
        assert_eq!(KeyHash::parse(&DEMO.to_uppercase()), Ok(KeyHash::of(b"test")));
        assert_ne!(KeyHash::parse(DEMO), Ok(KeyHash::of(b"Test")));
    }

    #[test]
    fn a_hash_is_told_in_full_where_it_is_asked_for() {
        assert_eq!(KeyHash::of(b"test").to_hex(), DEMO);
    }

    #[test]
    fn only_64_hexadecimal_digits_are_a_hash() {
        let not_hex = DEMO.replace('9', "g");
        let multibyte = "é".repeat(32);
        for text in ["", "9f86", &DEMO[1..], &format!("{DEMO}0"), &format!("{DEMO}00"), &not_hex, &multibyte] {
            assert_eq!(KeyHash::parse(text), Err(InvalidKeyHash), "{text}");
        }
    }

    #[test]
    fn a_hash_shows_its_first_four_digits_only() {
        assert_eq!(format!("{:?}", KeyHash::of(b"test")), "KeyHash(9f86…)");
    }
}
