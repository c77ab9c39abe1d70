//! `dialect`: which format a provider speaks, and how it departs from that.

/// A provider's way of speaking: its format, and what it does in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Anthropic.
    Anthropic,
    /// Google's Gemini API.
    Gemini,
    /// Amazon Bedrock.
    Bedrock,
    /// Azure OpenAI, in Microsoft Foundry.
    Azure,
    /// Mistral.
    Mistral,
    /// Google's Vertex AI.
    Vertex,
    /// Cohere.
    Cohere,
}

/// The wire format of a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenAI's chat completions.
    OpenAi,
    /// Anthropic's Messages.
    Anthropic,
    /// Gemini's `generateContent`.
    Gemini,
    /// Bedrock's Converse.
    Bedrock,
    /// OpenAI's, as Mistral has it: answers alike, requests checked to the letter.
    Mistral,
    /// Cohere's Chat, version 2.
    Cohere,
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
    /// Whether it refuses conversations with tools in which a message of an assistant lacks its `reasoning_content`.
    pub reasoning_content: bool,
    /// Whether the `cost` in its usage is in USD, and so to be believed.
    pub reports_cost: bool,
}

/// What a provider calls the limit on the answer's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputLimitName {
    /// `max_completion_tokens`, also where the client wrote `max_tokens`.
    MaxCompletionTokens,
    /// `max_tokens`, also where the client wrote `max_completion_tokens`.
    MaxTokens,
    /// Either: the client's own stays.
    AsSent,
}

/// The dialects as configurations write them.
pub(super) const DIALECTS: [(&str, Dialect); 15] = [
    ("openai", Dialect::OpenAi),
    ("groq", Dialect::Groq),
    ("deepseek", Dialect::DeepSeek),
    ("together", Dialect::Together),
    ("fireworks", Dialect::Fireworks),
    ("vllm", Dialect::Vllm),
    ("ollama", Dialect::Ollama),
    ("openrouter", Dialect::OpenRouter),
    ("anthropic", Dialect::Anthropic),
    ("gemini", Dialect::Gemini),
    ("bedrock", Dialect::Bedrock),
    ("azure", Dialect::Azure),
    ("mistral", Dialect::Mistral),
    ("vertex", Dialect::Vertex),
    ("cohere", Dialect::Cohere),
];

/// The names of the limit as configurations write them.
pub(super) const OUTPUT_LIMIT_NAMES: [(&str, OutputLimitName); 3] = [
    ("max_completion_tokens", OutputLimitName::MaxCompletionTokens),
    ("max_tokens", OutputLimitName::MaxTokens),
    ("as_sent", OutputLimitName::AsSent),
];

/// What holds for a provider of a dialect where its configuration does not say otherwise.
pub(super) struct Row {
    /// What answers call it; `None` for software that anybody runs.
    pub(super) name: Option<&'static str>,
    /// Where it is, with `{region}` for its region; `None` for software that anybody runs.
    pub(super) host: Option<&'static str>,
    /// What stands before `/chat/completions`, or what its format has in the place of that.
    pub(super) path_prefix: &'static str,
    /// The header that carries the credential.
    pub(super) auth_header: &'static str,
    /// What it does in its own way.
    pub(super) quirks: Quirks,
}

impl Dialect {
    /// What it speaks for a model. Vertex AI takes each model's requests in its maker's format.
    pub(super) fn format(self, model: &str) -> Format {
        match self {
            Self::Anthropic => Format::Anthropic,
            Self::Vertex if model.starts_with("claude-") => Format::Anthropic,
            Self::Gemini | Self::Vertex => Format::Gemini,
            Self::Bedrock => Format::Bedrock,
            Self::Mistral => Format::Mistral,
            Self::Cohere => Format::Cohere,
            _ => Format::OpenAi,
        }
    }

    /// The table.
    pub(super) const fn row(self) -> Row {
        use OutputLimitName::{AsSent, MaxCompletionTokens, MaxTokens};
        let openai = Row {
            // https://platform.openai.com/docs/api-reference/chat/create: `max_tokens` is deprecated and
            // refused by reasoning models, `max_completion_tokens` is understood by all.
            name: Some("OpenAI"),
            host: Some("api.openai.com"),
            path_prefix: "/v1",
            auth_header: "authorization",
            quirks: Quirks {
                stream_options: true,
                max_tokens: MaxCompletionTokens,
                openrouter_members: false,
                reasoning_content: false,
                reports_cost: false,
            },
        };
        match self {
            Self::OpenAi => openai,
            // https://console.groq.com/docs/openai: base URL; its API reference and SDK deprecate
            // `max_tokens` in favour of `max_completion_tokens`.
            Self::Groq => Row { name: Some("Groq"), host: Some("api.groq.com"), path_prefix: "/openai/v1", ..openai },
            // https://api-docs.deepseek.com: base URL without /v1 (which older pages call an alias);
            // https://api-docs.deepseek.com/api/create-chat-completion knows `max_tokens` alone;
            // https://api-docs.deepseek.com/guides/thinking_mode: `reasoning_content` with tools.
            Self::DeepSeek => Row {
                name: Some("DeepSeek"),
                host: Some("api.deepseek.com"),
                path_prefix: "",
                quirks: Quirks { max_tokens: MaxTokens, reasoning_content: true, ..openai.quirks },
                ..openai
            },
            // https://docs.together.ai/docs/inference/openai-compatibility: base URL;
            // its API reference and SDK know `max_tokens` alone.
            Self::Together => Row {
                name: Some("Together"),
                host: Some("api.together.ai"),
                quirks: Quirks { max_tokens: MaxTokens, ..openai.quirks },
                ..openai
            },
            // https://docs.fireworks.ai/tools-sdks/openai-compatibility: `max_tokens`, and usage in the last
            // chunk unasked; newer models want `stream_options` (github.com/langchain-ai/langchain/pull/36977).
            Self::Fireworks => Row {
                name: Some("Fireworks"),
                host: Some("api.fireworks.ai"),
                path_prefix: "/inference/v1",
                quirks: Quirks { max_tokens: MaxTokens, ..openai.quirks },
                ..openai
            },
            // https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html: both names of the limit.
            Self::Vllm => Row { name: None, host: None, quirks: Quirks { max_tokens: AsSent, ..openai.quirks }, ..openai },
            // https://docs.ollama.com/api/openai-compatibility lists `stream_options.include_usage` and
            // `max_tokens`, and passes `max_completion_tokens` over.
            Self::Ollama => Row { name: None, host: None, quirks: Quirks { max_tokens: MaxTokens, ..openai.quirks }, ..openai },
            // https://openrouter.ai/docs/api-reference/chat-completion: both names of the limit; usage with
            // cost comes always, and `stream_options` has no effect.
            Self::OpenRouter => Row {
                name: Some("OpenRouter"),
                host: Some("openrouter.ai"),
                path_prefix: "/api/v1",
                quirks: Quirks { max_tokens: AsSent, openrouter_members: true, reports_cost: true, ..openai.quirks },
                ..openai
            },
            // https://platform.claude.com/docs/en/api/overview: base URL and header. What OpenAI's format is asked for means nothing.
            Self::Anthropic => Row { name: Some("Anthropic"), host: Some("api.anthropic.com"), auth_header: "x-api-key", ..openai },
            // https://ai.google.dev/api: host, version and header of the key.
            Self::Gemini => Row {
                name: Some("Google AI Studio"),
                host: Some("generativelanguage.googleapis.com"),
                path_prefix: "/v1beta",
                auth_header: "x-goog-api-key",
                ..openai
            },
            // https://docs.aws.amazon.com/general/latest/gr/bedrock.html: runtime endpoints; the path begins with the operation's own.
            Self::Bedrock => {
                Row { name: Some("Amazon Bedrock"), host: Some("bedrock-runtime.{region}.amazonaws.com"), path_prefix: "", ..openai }
            }
            // https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle: the v1 API and its header; each resource has a
            // host of its own.
            Self::Azure => Row { name: Some("Azure"), host: None, path_prefix: "/openai/v1", auth_header: "api-key", ..openai },
            // https://docs.mistral.ai/api/endpoint/chat: `max_tokens`, no `stream_options`; the last chunk has the usage unasked.
            Self::Mistral => Row {
                name: Some("Mistral"),
                host: Some("api.mistral.ai"),
                quirks: Quirks { stream_options: false, max_tokens: MaxTokens, ..openai.quirks },
                ..openai
            },
            // https://cloud.google.com/vertex-ai/docs/reference/rest: regional endpoints, and the version of the API.
            Self::Vertex => Row { name: Some("Google Vertex"), host: Some("{region}-aiplatform.googleapis.com"), ..openai },
            // https://docs.cohere.com/reference/chat: host, version and a bearer token.
            Self::Cohere => Row { name: Some("Cohere"), host: Some("api.cohere.com"), path_prefix: "/v2", ..openai },
        }
    }
}
