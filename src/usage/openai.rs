//! The `usage` object of the OpenAI format, with what its imitators add to it.

use super::Usage;

/// A `usage` object as a provider sent it: overlapping counts, each of which may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenAiUsage {
    prompt: Option<u64>,
}

impl OpenAiUsage {
    /// Reads a `usage` object.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let _ = json;
        None
    }

    /// Takes over what a later object of the same stream says: the latest count that is not null wins.
    pub fn merge(&mut self, later: &Self) {
        self.prompt = later.prompt.or(self.prompt);
    }

    /// The same in buckets.
    pub fn usage(&self) -> Option<Usage> {
        None
    }
}
