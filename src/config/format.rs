//! What a format can say: which attachments it carries, and which parameters it has.

use super::dialect::Format;
use crate::chat::{Attachment, Medium, Origin};

// === impl Format ===

impl Format {
    /// Whether a request in it can have such an attachment. Where its models do not take it is said by `input_modalities`.
    pub fn carries(self, attachment: Attachment) -> bool {
        use Medium::{Audio, Document, Image, ImageFile, Pdf, RareFile, Video};
        use Origin::{Bare, Inline, S3, Url};
        match (self, attachment.medium, attachment.origin) {
            // It goes as it came, and each provider of the format takes something else.
            (Self::OpenAi, ..) => true,
            (Self::Anthropic, Image | Pdf | ImageFile, Url | Inline) => true,
            (Self::Gemini, _, Url | Inline | Bare) => true,
            // It fetches nothing but from S3.
            (Self::Bedrock, Image | Pdf | Document | Video, Inline | S3) => true,
            (Self::Bedrock, Audio, Inline) => true,
            (Self::Mistral, Image | Pdf | Document | RareFile, Url | Inline) => true,
            (Self::Mistral, Audio, Inline) => true,
            (Self::Cohere, Image | ImageFile, Url | Inline) => true,
            (Self::Anthropic | Self::Bedrock | Self::Cohere | Self::Gemini | Self::Mistral, ..) => false,
        }
    }

    /// Whether the parts of a content go as they came if the gateway does not know them. Into another format they cannot be told.
    pub fn carries_unknown_parts(self) -> bool {
        matches!(self, Self::OpenAi | Self::Mistral)
    }

    /// Whether the arguments of a call are an object in it, and not a text with one: arguments that are no JSON cannot be told.
    pub fn parses_arguments(self) -> bool {
        !matches!(self, Self::OpenAi | Self::Mistral)
    }

    /// Whether it has this parameter, by OpenRouter's name, so that it is not dropped. Where only some of its models heed one,
    /// `supported_parameters` is the place to say so.
    ///
    /// `response_format` is JSON without a schema, `structured_outputs` is JSON with one.
    pub fn has(self, parameter: &str) -> bool {
        const ALL: [&str; 10] = [
            "max_tokens",
            "max_completion_tokens",
            "temperature",
            "top_p",
            "stop",
            "tools",
            "tool_choice",
            "structured_outputs",
            "reasoning",
            "reasoning_effort",
        ];
        let own: &[&str] = match self {
            Self::OpenAi => return true,
            Self::Anthropic => &["top_k", "parallel_tool_calls", "verbosity"],
            Self::Gemini => &["top_k", "seed", "response_format", "n", "logprobs", "top_logprobs"],
            Self::Bedrock => &["top_k"],
            Self::Cohere => &["top_k", "seed", "presence_penalty", "frequency_penalty", "logprobs", "response_format"],
            Self::Mistral => &["seed", "presence_penalty", "frequency_penalty", "parallel_tool_calls", "response_format"],
        };
        ALL.contains(&parameter) || own.contains(&parameter)
    }
}
