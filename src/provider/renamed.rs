//! Functions whose names a provider does not allow: what the client calls what the provider called.

use crate::chat::Request;
use crate::json::Text;

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
