//! The middle of a text as it stands in JSON: never half an escape, never half a character.

use std::ops::Range;

/// The range of `text`, the inside of a JSON string, that goes if at most `len` bytes of it are to stay.
pub(super) fn middle(text: &[u8], len: usize) -> Range<usize> {
    let head = len.div_ceil(2);
    let tail = text.len().saturating_sub(len.saturating_sub(head));
    let (mut start, mut at) = (0, 0usize);
    while at < tail {
        if at <= head {
            start = at;
        }
        at = at.saturating_add(width(text.get(at..).unwrap_or_default()));
    }
    if at <= head {
        start = at;
    }
    start..at.min(text.len())
}

/// Bytes of the first character of `rest`; both halves of an escaped surrogate pair are one.
fn width(rest: &[u8]) -> usize {
    match rest {
        [b'\\', b'u', b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', _, _, b'\\', b'u', ..] => 12,
        [b'\\', b'u', ..] => 6,
        [b'\\', ..] => 2,
        [first, ..] if *first >= 0xf0 => 4,
        [first, ..] if *first >= 0xe0 => 3,
        [first, ..] if *first >= 0xc0 => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn whatever_is_cut_out_leaves_text() {
        let text = r#"aé\n€\ud83d\ude00😀\\\"b\u00e9zz"#;
        for len in 0..=text.len() {
            let range = middle(text.as_bytes(), len);
            let left = [&text[..range.start], &text[range.end..]].concat();
            assert!(left.len() <= len, "{len}: {left}");
            assert!(serde_json::from_str::<String>(&format!("\"{left}\"")).is_ok(), "{len}: {left}");
            assert!(left.len() + 22 > len, "{len}: {left}");
        }
        assert_eq!(middle(b"abcdefgh", 4), 2..6);
        assert_eq!(middle(b"abcdefgh", 8), 4..4);
    }
}
