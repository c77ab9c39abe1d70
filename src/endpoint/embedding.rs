//! In which shape an endpoint is asked for embeddings.

use super::Endpoint;
use crate::config::{Dialect, Format};

/// The shape in which an endpoint is asked for embeddings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embedding {
    /// OpenAI's, which Mistral has, too.
    OpenAi,
    /// Gemini's `batchEmbedContents`.
    Gemini,
    /// Vertex AI's `predict`, of its older models.
    VertexPredict,
    /// Vertex AI's `embedContent`, of those after `gemini-embedding-001`.
    VertexEmbedContent,
    /// Cohere's Embed.
    Cohere,
    /// Amazon's Titan, by Bedrock's InvokeModel.
    Titan,
    /// Amazon's Nova, by Bedrock's InvokeModel.
    Nova,
    /// Cohere's Embed, by Bedrock's InvokeModel.
    CohereAtBedrock,
}

// === impl Embedding ===

impl Embedding {
    /// The most inputs of a request.
    pub fn most_inputs(self) -> usize {
        match self {
            Self::VertexEmbedContent | Self::Titan | Self::Nova => 1,
            _ => usize::MAX,
        }
    }
}

// === impl Endpoint ===

impl Endpoint {
    /// The shape in which it is asked for embeddings; `None` if it cannot be asked for any.
    pub fn embedding(&self) -> Option<Embedding> {
        let dialect = self.provider.dialect;
        match self.format {
            Format::OpenAi | Format::Mistral => Some(Embedding::OpenAi),
            // https://github.com/googleapis/js-genai/blob/main/src/models.ts, `embedContent`.
            Format::Gemini if dialect == Dialect::Vertex => {
                let is_newer = self.model.contains("gemini") && &*self.model != "gemini-embedding-001" || self.model.contains("maas");
                Some(if is_newer { Embedding::VertexEmbedContent } else { Embedding::VertexPredict })
            }
            Format::Gemini => Some(Embedding::Gemini),
            Format::Cohere => Some(Embedding::Cohere),
            // The ARN of an inference profile may not tell what it is of, and then its name in the catalogue does.
            Format::Bedrock => at_bedrock(&self.model).or_else(|| at_bedrock(&self.catalogue_id)),
            Format::Anthropic => None,
        }
    }
}

/// Bedrock has one operation for all of them, InvokeModel, and a body for each maker.
fn at_bedrock(model: &str) -> Option<Embedding> {
    match () {
        () if model.contains("titan-embed-text") => Some(Embedding::Titan),
        () if model.contains("nova") && model.contains("embed") => Some(Embedding::Nova),
        () if model.contains("cohere.embed") || model.contains("cohere/embed") => Some(Embedding::CohereAtBedrock),
        () => None,
    }
}
