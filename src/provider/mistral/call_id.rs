//! Ids of tool calls: nine letters and digits, whoever made them up.

use sha2::{Digest, Sha256};

use crate::json::Text;

/// What Mistral takes: «Tool call id was … but must be a-z, A-Z, 0-9, with a length of 9.»
const LENGTH: usize = 9;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Appends `"id"`: as it is if it fits, else always the same nine characters for the same id, so that call and answer still find
/// each other.
pub(super) fn write(id: Text<'_>, out: &mut Vec<u8>) {
    let id = id.value();
    out.push(b'"');
    if id.len() == LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        out.extend_from_slice(id.as_bytes());
    } else {
        let hash = Sha256::digest(id.as_bytes());
        let mut number = hash.iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        for _ in 0..LENGTH {
            out.extend(usize::try_from(number % 62).ok().and_then(|digit| DIGITS.get(digit)));
            number /= 62;
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Scanner;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn written(id: &str) -> String {
        let mut out = Vec::new();
        write(Scanner::new(id.as_bytes()).string().unwrap(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn t76_an_id_is_nine_letters_and_digits() {
        assert_eq!(written(r#""D681PevKs""#), r#""D681PevKs""#, "one that fits stays");
        for id in [r#""call_1""#, r#""toolu_01VpEm654HvfMoRcrE3Hgdc6""#, r#""""#, r#""123456\u00e9""#, r#""12345678-""#] {
            let id = written(id);
            assert!(id.len() == 11 && id.trim_matches('"').bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        }
        assert_eq!(written(r#""call_1""#), written(r#""call\u005f1""#), "the same id, written otherwise");
        assert_ne!(written(r#""call_1""#), written(r#""call_2""#));
    }
}
