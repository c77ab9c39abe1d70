//! A prompt that was looked at before the model saw it, and refused.

use crate::json;

/// What was found in a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moderation {
    /// In OpenRouter's words: `harassment`, `sexual` …
    pub reasons: Vec<String>,
    /// Where: a piece of the client's own prompt.
    pub flagged_input: String,
}

// === impl Moderation ===

impl Moderation {
    /// What the client is told, whose `model` is served by `provider`.
    pub(super) fn message(&self, model: &str, provider: &str) -> String {
        let reasons = self.reasons.join(", ");
        format!("{model} requires moderation on {provider}. Your input was flagged for \"{reasons}\". No credits were charged.")
    }

    /// Appends the members of it that the metadata of an error has, each with its comma before it.
    pub(super) fn metadata_into(&self, model: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"reasons\":[");
        for (index, reason) in self.reasons.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            json::string_into(out, reason);
        }
        out.extend_from_slice(b"],\"flagged_input\":");
        json::string_into(out, &self.flagged_input);
        out.extend_from_slice(b",\"model_slug\":");
        json::string_into(out, model);
    }
}
