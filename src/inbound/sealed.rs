//! Reasoning on its way through a client that knows only Claude's.
//!
//! Claude's comes and goes as it is. What others seal (Gemini's thought signatures, say) rides where Claude's sealed thinking does,
//! which a client gives back unread: `signalbox:<format>:<id>:<data>`.

use super::said::Detail;
use crate::json::Text;

/// What `reasoning_details` call reasoning of Claude's.
pub(super) const FORMAT: &str = "anthropic-claude-v1";

/// What they call reasoning of models that sign none, and want it back all the same: OpenRouter's word for that.
pub(super) const UNSIGNED: &str = "unknown";

const SEAL: &[u8] = b"signalbox:";

/// What carries sealed reasoning.
pub(super) fn seal(detail: &Detail<'_>) -> Vec<u8> {
    let data = detail.data.unwrap_or_default().raw;
    if detail.is_of(FORMAT) {
        return data.to_vec();
    }
    let (format, id) = (detail.format.unwrap_or_default().raw, detail.id.unwrap_or_default().raw);
    [SEAL, format, b":", id, b":", data].concat()
}

/// The detail that was sealed into `data`; `None` if that is Claude's own.
pub(super) fn unseal(data: Text<'_>) -> Option<Detail<'_>> {
    let rest = data.raw.strip_prefix(SEAL)?;
    let first = rest.iter().position(|byte| *byte == b':')?;
    let last = rest.iter().rposition(|byte| *byte == b':').filter(|last| *last > first)?;
    let text = |range| rest.get(range).map(Text::plain).filter(|text| !text.is_empty());
    Some(Detail {
        kind: Text::plain(b"reasoning.encrypted"),
        format: text(0..first),
        text: None,
        signature: None,
        data: text(last.saturating_add(1)..rest.len()),
        id: text(first.saturating_add(1)..last),
        index: None,
    })
}
