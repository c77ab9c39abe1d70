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
