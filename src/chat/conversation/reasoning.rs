//! What the client wants of the model's reasoning.

use super::{present, text};
use crate::chat::Name;
use crate::json::Scanner;

/// What the client wants of the model's reasoning.
///
/// See <https://openrouter.ai/docs/use-cases/reasoning-tokens>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// How much of it: `reasoning.effort`, else `reasoning_effort`.
    pub effort: Option<Effort>,
    /// At most so many tokens of it.
    pub max_tokens: Option<u64>,
    /// `reasoning.enabled`.
    pub enabled: Option<bool>,
    /// Whether the client does not want to see it.
    pub exclude: bool,
}

/// How much a model is to reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// Not at all.
    None,
    /// `minimal`
    Minimal,
    /// `low`
    Low,
    /// `medium`
    Medium,
    /// `high`
    High,
    /// `xhigh`
    XHigh,
    /// `max`
    Max,
}

// === impl Reasoning ===

impl Reasoning {
    /// Whether the model is to reason; `None` if the client does not say.
    pub fn is_wanted(&self) -> Option<bool> {
        match (self.enabled, self.effort, self.max_tokens) {
            (Some(false), ..) | (_, Some(Effort::None), _) | (_, None, Some(0)) => Some(false),
            (None, None, None) => None,
            _ => Some(true),
        }
    }

    /// The effort that the client says, or that the tokens which it says come to in an answer of at most `limit`, or medium where it only
    /// says that it wants some; `None` where it says nothing, or no reasoning is wanted.
    ///
    /// OpenRouter: "For models that only support `reasoning.effort`, the `max_tokens` value will be used to determine the effort level",
    /// and `enabled` "enables reasoning at the "medium" effort level",
    /// <https://openrouter.ai/docs/guides/best-practices/reasoning-tokens>.
    pub fn effort_within(&self, limit: Option<u64>) -> Option<Effort> {
        let said = self.effort.or_else(|| self.max_tokens.map(|tokens| Effort::of_budget(tokens, limit)));
        let said = said.or_else(|| self.enabled.filter(|enabled| *enabled).map(|_| Effort::Medium));
        said.filter(|_| self.is_wanted() == Some(true))
    }

    /// The tokens to reason with in an answer of `max_tokens`: as many as the client says, or the effort's share of the answer as
    /// OpenRouter reckons it, 1024 to 128000. `None` where reasoning is not wanted.
    pub fn budget(&self, max_tokens: u64) -> Option<u64> {
        const LEAST: u64 = 1024;
        if self.is_wanted() != Some(true) {
            return None;
        }
        let share = |percent: u64| (max_tokens.saturating_mul(percent) / 100).clamp(LEAST, 128_000);
        Some(self.max_tokens.map_or_else(|| share(self.effort.unwrap_or(Effort::Medium).percent()), |tokens| tokens.max(LEAST)))
    }

    pub(super) fn read(&mut self, name: Name, value: &[u8]) {
        match name {
            Name::ReasoningEffort => self.effort = self.effort.or_else(|| effort(value)),
            Name::IncludeReasoning if value == b"false" => self.exclude = true,
            Name::Reasoning => {
                _ = Scanner::new(value).members(&mut |scanner, key, _| {
                    match key.raw {
                        b"effort" => self.effort = text(scanner)?.and_then(|effort| Effort::of(effort.raw)).or(self.effort),
                        b"max_tokens" => {
                            let tokens = present(scanner)?.and_then(|tokens| std::str::from_utf8(tokens).ok());
                            self.max_tokens = tokens.and_then(|tokens| tokens.parse().ok());
                        }
                        b"enabled" => self.enabled = present(scanner)?.map(|enabled| enabled == b"true"),
                        b"exclude" => self.exclude |= scanner.raw()? == b"true",
                        _ => _ = scanner.skip()?,
                    }
                    Ok(())
                });
            }
            _ => {}
        }
    }
}

// === impl Effort ===

impl Effort {
    /// The effort of this word.
    pub fn of(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"none" => Self::None,
            b"minimal" => Self::Minimal,
            b"low" => Self::Low,
            b"medium" => Self::Medium,
            b"high" => Self::High,
            b"xhigh" => Self::XHigh,
            b"max" => Self::Max,
            _ => return None,
        })
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// The effort that `tokens` come nearest to in an answer of at most `limit`: one of the three that every model with efforts knows.
    /// Where there is no limit, it is the least that Gemini gives as many: <https://ai.google.dev/gemini-api/docs/openai#thinking>.
    fn of_budget(tokens: u64, limit: Option<u64>) -> Self {
        let (low, medium) = match limit {
            Some(limit) => {
                let between = |a: Self, b: Self| limit.saturating_mul(a.percent().saturating_add(b.percent())) / 200;
                (between(Self::Low, Self::Medium), between(Self::Medium, Self::High))
            }
            None => (1024, 8192),
        };
        match tokens {
            tokens if tokens <= low => Self::Low,
            tokens if tokens <= medium => Self::Medium,
            _ => Self::High,
        }
    }

    /// Its share of the answer's tokens.
    fn percent(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Minimal => 10,
            Self::Low => 20,
            Self::Medium => 50,
            Self::High => 80,
            Self::XHigh | Self::Max => 95,
        }
    }
}

fn effort(value: &[u8]) -> Option<Effort> {
    Effort::of(Scanner::new(value).string().ok()?.raw)
}
