//! Ids and names in the characters that a provider allows.

use sha2::{Digest, Sha256};

use crate::json::Text;

/// The text itself where it has none but letters, digits and `marks` and at most `most` characters, else something like it that does:
/// the same each time, as other conversations, caches and answers refer to it, and another for each text.
pub(super) fn allowed(text: Text<'_>, marks: &[u8], most: usize) -> String {
    // An underscore and eight digits are what tells two of them apart.
    let kept = most.saturating_sub(9);
    let text = text.value();
    let is_allowed = |c: char| u8::try_from(c).is_ok_and(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte));
    if !text.is_empty() && text.len() <= most && text.chars().all(is_allowed) {
        return text.into_owned();
    }
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let like: String = text.chars().take(kept).map(|c| if is_allowed(c) { c } else { '_' }).collect();
    format!("{like}_{a:02x}{b:02x}{c:02x}{d:02x}")
}

/// The id of a call that its provider gave none: from the answer's own id or else the function's name, and the call's place in the answer
/// and the answer's among several. It is no longer than OpenAI's may be, and of characters that every provider takes.
pub(super) fn invented(response_id: Option<&[u8]>, name: &[u8], candidate: usize, place: usize) -> Vec<u8> {
    let mut id = b"call_".to_vec();
    let seed = response_id.filter(|id| !id.is_empty()).unwrap_or(name);
    id.extend(seed.iter().filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).take(24));
    for number in [Some(candidate).filter(|candidate| *candidate > 0), Some(place)].into_iter().flatten() {
        id.push(b'_');
        id.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }
    id
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn t47_an_invented_id_is_stable_and_suits_every_provider() {
        assert_eq!(invented(Some(b"mAitaLmkHPPlz7IPvtfUqQ4"), b"get_weather", 0, 1), b"call_mAitaLmkHPPlz7IPvtfUqQ4_1");
        assert_eq!(invented(None, b"get.weather", 0, 0), b"call_getweather_0");
        assert_eq!(invented(None, b"f", 2, 1), b"call_f_2_1");
        assert!(invented(Some(&[b'x'; 100]), b"f", 7, 99).len() <= 40);
    }
}
