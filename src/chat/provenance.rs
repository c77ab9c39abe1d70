//! What a provider says of its own answer, for the accounts.

use super::Word;
use crate::json::{Kind, Scanner, string_into};

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

    /// The same where it is `member` of `object`, in a provider's word for it: what is the usual one is OpenRouter's `default`, and what
    /// Anthropic calls a `speed` of `fast` is `priority`.
    pub fn read_tier(&mut self, object: &[u8], member: &str) {
        let mut is_fast = false;
        _ = Scanner::new(object).members(&mut |scanner, key, _| {
            let value = scanner.raw()?;
            if key.is(member) {
                self.note_tier(if value == b"\"standard\"" { b"\"default\"" } else { value });
            }
            is_fast |= key.is("speed") && value == b"\"fast\"";
            Ok(())
        });
        if is_fast {
            self.note_tier(b"\"priority\"");
        }
    }

    /// The same; where the provider names no tier, it is `own`.
    #[must_use]
    pub fn or_tier(self, own: Option<&str>) -> Self {
        match own {
            Some(own) if self.service_tier.is_empty() => Self { service_tier: Word::of(own.as_bytes()), ..self },
            _ => self,
        }
    }

    /// Appends `,"service_tier":…`, if it is known.
    pub fn tier_into(&self, out: &mut Vec<u8>) {
        if !self.service_tier.is_empty() {
            out.extend_from_slice(b",\"service_tier\":");
            string_into(out, self.service_tier.as_str());
        }
    }
}
