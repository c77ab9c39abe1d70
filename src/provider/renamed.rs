//! Functions whose names a provider does not allow: what the client calls what the provider called.

use std::collections::BTreeMap;

use crate::chat::Request;
use crate::json::Text;

/// Functions whose names had to be changed: as the provider knows them, and as the client does (JSON-escaped).
#[derive(Debug, Default)]
pub(super) struct Renamed(BTreeMap<String, String>);

// === impl Renamed ===

impl Renamed {
    /// Those of a request to a provider that knows a function by the name that `rename` gives it.
    pub(super) fn of(request: &Request, rename: impl Fn(Text<'_>) -> String) -> Self {
        let tools = request.tools().unwrap_or_default();
        let mut renamed = BTreeMap::new();
        // Of several that become the same the first is meant, and so it comes last.
        for tool in tools.iter().rev() {
            let name = rename(tool.name);
            if name.as_bytes() != tool.name.raw {
                renamed.insert(name, String::from_utf8_lossy(tool.name.raw).into_owned());
            }
        }
        Self(renamed)
    }

    /// The client's name for what the provider calls `name`.
    pub(super) fn restore<'a>(&'a self, name: &'a [u8]) -> &'a [u8] {
        std::str::from_utf8(name).ok().and_then(|name| self.0.get(name)).map_or(name, String::as_bytes)
    }
}
