//! How much of a model's context a request takes.

use super::{Name, Request};
use crate::decimal::Decimal;

/// What a request takes of a context, in tokens. Estimates: four bytes are a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// The text of the messages.
    pub text: u64,
    /// The definitions of tools.
    pub tools: u64,
    /// The most that is to be answered; 0 if the client does not say.
    pub output: u64,
}

// === impl Request ===

impl Request {
    /// How many answers are asked for: `n`, at least one. Where it stands twice, the larger counts: a provider may read either.
    pub fn answers(&self) -> u64 {
        let asked = self.fields().filter(|field| field.name == Name::Other && field.key.is("n"));
        asked.filter_map(|field| Decimal::parse(field.raw)?.truncated(0)).max().unwrap_or(1).max(1)
    }

    /// How much of a context it takes.
    pub fn length(&self) -> Length {
        let tools = if self.needs.tools { self.member(Name::Tools).map_or(0, |tools| tools.value.len()) } else { 0 };
        Length { text: self.prompt_tokens(), tools: (tools as u64).div_ceil(4), output: self.max_tokens.unwrap_or(0) }
    }
}

// === impl Length ===

impl Length {
    /// Tokens in all.
    pub fn total(&self) -> u64 {
        self.text.saturating_add(self.tools).saturating_add(self.output)
    }
}
