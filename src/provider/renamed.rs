//! Names of functions in the characters that a provider allows, and back again.

use sha2::{Digest, Sha256};

use crate::chat::Request;
use crate::json::Text;

/// The most characters of a name.
pub(super) const MOST: usize = 64;

/// Functions whose names had to be changed: as the provider knows them, and as the client does (JSON-escaped).
#[derive(Debug, Default)]
pub(super) struct Renamed(Vec<(String, Vec<u8>)>);

// === impl Renamed ===

impl Renamed {
    /// Those of a request to a provider that knows a function by the name that `rename` gives it.
    pub(super) fn of(request: &Request, rename: impl Fn(Text<'_>) -> String) -> Self {
        let tools = request.tools().unwrap_or_default();
        let changed = tools.iter().map(|tool| (rename(tool.name), tool.name.raw)).filter(|(name, raw)| name.as_bytes() != *raw);
        Self(changed.map(|(name, raw)| (name, raw.to_vec())).collect())
    }

    /// The client's name for what the provider calls `name`.
    pub(super) fn restore<'a>(&'a self, name: &'a [u8]) -> &'a [u8] {
        self.0.iter().find(|(changed, _)| changed.as_bytes() == name).map_or(name, |(_, raw)| raw)
    }
}

/// The text itself where it is of ASCII letters, digits and `marks` and not too long, else something like it, and the same each
/// time: other conversations, caches and answers refer to it.
pub(super) fn allowed(text: Text<'_>, marks: &[u8]) -> String {
    const KEPT: usize = MOST - 9;
    let text = text.value();
    let is_allowed = |c: char| u8::try_from(c).is_ok_and(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte));
    if !text.is_empty() && text.len() <= MOST && text.chars().all(is_allowed) {
        return text.into_owned();
    }
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let like: String = text.chars().take(KEPT).map(|c| if is_allowed(c) { c } else { '_' }).collect();
    format!("{like}_{a:02x}{b:02x}{c:02x}{d:02x}")
}
