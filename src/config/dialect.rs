//! `dialect`: how each provider departs from the OpenAI format.

/// A provider's way of speaking the OpenAI format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// OpenAI itself.
    OpenAi,
    /// Groq.
    Groq,
    /// DeepSeek.
    DeepSeek,
    /// Together AI.
    Together,
    /// Fireworks AI.
    Fireworks,
    /// A vLLM server.
    Vllm,
    /// An Ollama server.
    Ollama,
    /// OpenRouter as an upstream.
    OpenRouter,
}

/// What a provider does in its own way, the configuration's word over its dialect's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirks {
    /// Whether it takes `stream_options.include_usage`.
    pub stream_options: bool,
    /// What it calls the limit on the answer's tokens.
    pub max_tokens: OutputLimitName,
    /// Whether it understands OpenRouter's own members (`models`, `provider`, `transforms` …).
    pub openrouter_members: bool,
    /// Whether the `cost` in its usage is in USD, and so to be believed.
    pub reports_cost: bool,
}

/// What a provider calls the limit on the answer's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputLimitName {
    /// `max_completion_tokens`, also where the client wrote `max_tokens`.
    MaxCompletionTokens,
    /// `max_tokens`, also where the client wrote `max_completion_tokens`.
    MaxTokens,
    /// Either: the client's own stays.
    AsSent,
}
