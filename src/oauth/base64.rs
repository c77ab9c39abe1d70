//! Base64, in the alphabet for URLs that JSON Web Tokens have and in that of PEM files (RFC 4648).

const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Appends `bytes` in the alphabet for URLs, without padding.
pub(super) fn url_into(bytes: &[u8], out: &mut Vec<u8>) {
    for chunk in bytes.chunks(3) {
        let byte = |index| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digits = [18, 12, 6, 0].map(|shift| URL.get((bits >> shift & 63) as usize).copied().unwrap_or_default());
        out.extend(digits.into_iter().take(chunk.len().saturating_add(1)));
    }
}

/// The bytes that `text` stands for, in either alphabet, whatever space is in it; `None` if it has any other character.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0u32, 0u32);
    for character in text.trim_end().trim_end_matches('=').bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let digit = match character {
            b'+' => 62,
            b'/' => 63,
            _ => URL.iter().position(|digit| *digit == character).and_then(|place| u32::try_from(place).ok())?,
        };
        bits = bits << 6 | digit;
        held = held.saturating_add(6);
        if held >= 8 {
            held = held.saturating_sub(8);
            bytes.push((bits >> held) as u8);
            bits &= !(u32::MAX << held);
        }
    }
    (held < 6 && bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn bytes_make_the_round() {
        // https://www.rfc-editor.org/rfc/rfc4648#section-10, and the two digits that differ.
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg"),
            (b"fo", "Zm8"),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg"),
            (b"fooba", "Zm9vYmE"),
            (b"foobar", "Zm9vYmFy"),
            (b"\xfb\xff\xfe", "-__-"),
        ] {
            let mut out = Vec::new();
            url_into(bytes, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
        assert_eq!(decode("Zm9v\nYg==\n").as_deref(), Some(&b"foob"[..]));
        assert_eq!(decode("+//+").as_deref(), Some(&b"\xfb\xff\xfe"[..]));
        for wrong in ["Z", "Zm9v*", "Zm9vY", "Zé", "Zh"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
