//! Patterns of the configuration in which `*` stands for any run of characters.

use std::fmt;

/// A pattern such as `openai/*` or `*-mini`; `*` matches any characters, `/` included, and none.
///
/// There is no other special character. Matching is linear in pattern and text: each piece
/// between two stars is taken at its first occurrence, and none is ever given back.
#[derive(Clone, PartialEq, Eq)]
pub struct Glob(Box<str>);

impl Glob {
    /// Takes a pattern; every text is one.
    pub fn new(pattern: impl Into<Box<str>>) -> Self {
        Self(pattern.into())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole text fits the pattern.
    pub fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else {
            return *self.0 == *text;
        };
        let (between, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(mut text) = text.strip_prefix(first).and_then(|text| text.strip_suffix(last)) else {
            return false;
        };
        for piece in between.split('*') {
            match text.find(piece).and_then(|at| text.get(at.checked_add(piece.len())?..)) {
                Some(after) => text = after,
                None => return false,
            }
        }
        true
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Glob({:?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// The oracle: every star tried at every length.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', pattern)), _) => (0..=text.len()).any(|skip| naive(pattern, &text[skip..])),
            (Some((p, pattern)), Some((t, text))) => p == t && naive(pattern, text),
            _ => false,
        }
    }

    #[test]
    fn stars_stand_for_any_run() {
        for (pattern, text, fits) in [
            ("openai/gpt-4o", "openai/gpt-4o", true),
            ("openai/gpt-4o", "openai/gpt-4o-mini", false),
            ("gpt-4*", "gpt-4.1", true),
            ("*/*", "openai/gpt-4o", true),
            ("*/*", "gpt-4o", false),
            ("*/claude-*", "anthropic/claude-sonnet-4.5", true),
            ("*:free", "openai/gpt-oss-20b:free", true),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*a", "a", false),
            ("né*", "néon", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), fits, "{pattern} on {text}");
        }
    }

    #[test]
    fn every_small_pattern_agrees_with_trying_everything() {
        fn words(letters: &str, length: usize) -> Vec<String> {
            let mut words = vec![String::new()];
            let mut longest = words.clone();
            for _ in 0..length {
                longest = longest.iter().flat_map(|word| letters.chars().map(move |c| format!("{word}{c}"))).collect();
                words.extend(longest.iter().cloned());
            }
            words
        }
        let texts = words("ab", 5);
        for pattern in words("ab*", 5) {
            let glob = Glob::new(pattern.as_str());
            for text in &texts {
                let expected = naive(pattern.as_bytes(), text.as_bytes());
                assert_eq!(glob.matches(text), expected, "{pattern} on {text}");
            }
        }
    }

    #[test]
    fn many_stars_stay_linear() {
        let glob = Glob::new("*a".repeat(2000) + "b");
        assert!(!glob.matches(&"a".repeat(200_000)));
    }
}
