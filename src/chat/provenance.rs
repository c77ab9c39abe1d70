//! What a provider says of its own answer, for the accounts.

use super::Word;
use crate::json::{Kind, Scanner};

/// What a provider says of its own answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The provider's own id of it. OpenAI's have 38 characters, vLLM's 41.
    pub upstream_id: Word<64>,
    /// The tier that it was served in.
    pub service_tier: Word,
}

// === impl Provenance ===

impl Provenance {
    /// Of an answer whose id is `id`.
    pub fn of_id(id: &[u8]) -> Self {
        Self { upstream_id: Word::of(id), ..Self::default() }
    }

    /// Takes note of the answer's `id`, which is at `scanner`; of a stream every chunk has it, and the first is enough.
    ///
    /// Errors: if it is no JSON value.
    pub fn read_id(&mut self, scanner: &mut Scanner<'_>) -> Result<(), crate::json::Error> {
        if self.upstream_id.is_empty() && scanner.kind()? == Kind::String {
            self.upstream_id = Word::of(scanner.string()?.raw);
            return Ok(());
        }
        scanner.skip().map(|_| ())
    }

    /// Takes note of the answer's `service_tier`, which is a JSON string or none.
    pub fn note_tier(&mut self, service_tier: &[u8]) {
        if let Some(tier) = service_tier.strip_prefix(b"\"").and_then(|tier| tier.strip_suffix(b"\"")) {
            self.service_tier = Word::of(tier);
        }
    }
}
