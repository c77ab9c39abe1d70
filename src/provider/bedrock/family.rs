//! What the makers of models differ in, though Converse is one format for all of them.

use crate::chat::conversation::{Effort, Reasoning};
use crate::endpoint::Endpoint;
use crate::provider::anthropic;
use crate::provider::anthropic::model::{self, Model};

/// Whose model it is, as far as that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Anthropic's.
    Claude(Model),
    /// Amazon's.
    Nova {
        /// Whether it can think.
        thinks: bool,
    },
    /// OpenAI's open weights.
    GptOss,
    /// Another's.
    Other,
}

/// What makes a model think.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Thinking {
    /// Members of `additionalModelRequestFields`, without the braces.
    pub(super) fields: Option<String>,
    /// `effort` of `outputConfig`.
    pub(super) effort: Option<&'static str>,
}

/// How a model takes `temperature` and `top_p`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sampling {
    /// One of them.
    One,
    /// Both.
    Both,
}

// === impl Family ===

impl Family {
    /// The family of the model at an endpoint. The ARN of an inference profile may not tell, and then its name in the catalogue does.
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        Self::of_name(&endpoint.model).or_else(|| Self::of_name(&endpoint.catalogue_id)).unwrap_or(Self::Other)
    }

    fn of_name(name: &str) -> Option<Self> {
        match () {
            () if name.contains("claude") => Some(Self::Claude(Model::of(name))),
            () if name.contains("nova") => Some(Self::Nova { thinks: name.contains("nova-2") }),
            () if name.contains("gpt-oss") => Some(Self::GptOss),
            () => None,
        }
    }

    /// Whether it is Anthropic's.
    pub(super) fn is_claude(self) -> bool {
        matches!(self, Self::Claude(_))
    }

    /// Whether it takes marks up to where the prompt is to be cached:
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>.
    pub(super) fn caches(self) -> bool {
        matches!(self, Self::Claude(_) | Self::Nova { .. })
    }

    /// Whether it follows the schema of a function to the letter.
    pub(super) fn follows_schemas(self) -> bool {
        matches!(self, Self::Claude(model) if model.follows_schemas())
    }

    /// How it takes `temperature` and `top_p`; `None` if it takes neither, nor `top_k`.
    pub(super) fn takes_sampling(self, is_thinking: bool) -> Option<Sampling> {
        match self {
            Self::Claude(model) if is_thinking || !model.takes_sampling() => None,
            Self::Claude(model) if !model.takes_temperature_with_top_p() => Some(Sampling::One),
            _ => Some(Sampling::Both),
        }
    }

    /// Where `top_k` goes: a member of `additionalModelRequestFields`.
    pub(super) fn top_k(self, top_k: &[u8]) -> Option<String> {
        let number = String::from_utf8_lossy(top_k);
        match self {
            Self::Claude(_) => Some(format!("\"top_k\":{number}")),
            // https://docs.aws.amazon.com/nova/latest/userguide/using-converse-api.html
            Self::Nova { .. } => Some(format!("\"inferenceConfig\":{{\"topK\":{number}}}")),
            Self::GptOss | Self::Other => None,
        }
    }

    /// Whose reasoning it is in `reasoning_details`. Anthropic's signatures hold wherever its models are:
    /// <https://platform.claude.com/docs/en/build-with-claude/extended-thinking>.
    pub(super) fn reasoning_format(self) -> &'static str {
        if self.is_claude() { anthropic::FORMAT } else { "unknown" }
    }

    /// What makes it think as the client wants it, in an answer of at most `max_tokens`. `lacks_thoughts`: it has called functions,
    /// and what it thought before is not there; with a budget it would refuse to go on.
    pub(super) fn thinking(self, reasoning: &Reasoning, max_tokens: u64, lacks_thoughts: bool) -> Thinking {
        let is_wanted = reasoning.is_wanted() == Some(true);
        let effort = reasoning.effort.unwrap_or(Effort::Medium);
        let budgeted = || reasoning.effort_within(Some(max_tokens)).unwrap_or(Effort::Medium);
        let with_fields = |fields: String| Thinking { fields: Some(fields), effort: None };
        match self {
            _ if !is_wanted => Thinking::default(),
            Self::Claude(model) => {
                // It has to leave room for an answer.
                let budget = reasoning.budget(max_tokens).map(|budget| budget.min(max_tokens.saturating_sub(1)));
                let budget = budget.filter(|budget| *budget >= 1024 && !lacks_thoughts);
                match model.thinking() {
                    model::Thinking::Never => Thinking::default(),
                    model::Thinking::Either if reasoning.max_tokens.is_none() => {
                        Thinking { fields: Some("\"thinking\":{\"type\":\"adaptive\"}".to_owned()), effort: model.effort(effort) }
                    }
                    model::Thinking::Budgeted | model::Thinking::Either => budget.map_or_else(Thinking::default, |budget| {
                        with_fields(format!("\"thinking\":{{\"type\":\"enabled\",\"budget_tokens\":{budget}}}"))
                    }),
                    // Without a word these show nothing of it.
                    model::Thinking::Adaptive => {
                        let display = if reasoning.exclude { "omitted" } else { "summarized" };
                        let fields = format!("\"thinking\":{{\"type\":\"adaptive\",\"display\":\"{display}\"}}");
                        Thinking { fields: Some(fields), effort: model.effort(effort) }
                    }
                }
            }
            // https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html. A high effort rules out a limit on the
            // answer, and the client may have set one.
            Self::Nova { thinks: true } => {
                let effort = of_three(budgeted().min(Effort::Medium));
                with_fields(format!("\"reasoningConfig\":{{\"type\":\"enabled\",\"maxReasoningEffort\":\"{effort}\"}}"))
            }
            Self::GptOss => with_fields(format!("\"reasoning_effort\":\"{}\"", of_three(budgeted()))),
            Self::Nova { thinks: false } | Self::Other => Thinking::default(),
        }
    }
}

fn of_three(effort: Effort) -> &'static str {
    match effort {
        Effort::None | Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High | Effort::XHigh | Effort::Max => "high",
    }
}
