//! One model at one provider, with its price.

mod embedding;
mod key;
mod tiers;

use std::rc::Rc;

pub use self::embedding::Embedding;
pub use self::key::{EndpointKey, public_id};
pub use self::tiers::{TierAsked, TierPrices};

use crate::{
    api::Api,
    chat::{Attachment, Origin},
    config::{Dialect, Format, Modalities, Provider},
    price::{Cost, Price},
    usage::Usage,
};

/// One model at one provider. Everything that its [`Model`](crate::config::Model) says and the
/// endpoint does not is filled in, so that a plan needs nothing but endpoints.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its number within the configuration.
    pub id: EndpointId,
    /// Who serves it.
    pub provider: Rc<Provider>,
    /// OpenRouter's full slug of it: the provider's slug, with `/flex` or `/priority` behind it where it is of such a tier.
    pub tag: Box<str>,
    /// What all workers know it by.
    pub key: EndpointKey,
    /// What clients know it by, in `/activity` and `/generation`.
    pub public_id: u64,
    /// The tier that it serves; `None` for the usual one.
    pub service_tier: Option<ServiceTier>,
    /// Whether its model has endpoints of tiers of their own, so that a request's `service_tier` chooses among endpoints.
    pub is_tiered: bool,
    /// What its provider asks for the model in each tier, if the model is tiered.
    pub tier_prices: TierPrices,
    /// The provider's own name for the model.
    pub model: Box<str>,
    /// What the provider speaks for this model.
    pub format: Format,
    /// The id of the model in the catalogue: what answers and stats say.
    pub catalogue_id: Rc<str>,
    /// What a token costs.
    pub price: Price,
    /// Whether it counts as free: it costs nothing, or its model's id says `:free`.
    pub is_free: bool,
    /// The most tokens of prompt and answer together.
    pub context_length: Option<u64>,
    /// The most tokens of an answer.
    pub max_completion_tokens: Option<u64>,
    /// What it is asked for.
    pub output: Output,
    /// The kinds of input that it takes.
    pub input_modalities: Modalities,
    /// The request parameters that it heeds; `None` if that is not known.
    pub supported_parameters: Option<Rc<[Box<str>]>>,
    /// How its weights are stored, in OpenRouter's words.
    pub quantization: Option<&'static str>,
    /// Whether the model's author allows its answers to be trained on.
    pub is_distillable: bool,
}

/// A tier with a price of its own: <https://openrouter.ai/docs/guides/features/service-tiers>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceTier {
    /// Cheaper, and slower.
    Flex,
    /// Faster, and dearer.
    Priority,
}

/// What an endpoint is asked for, by its model's `output_modalities`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Answers: text, images, audio.
    Answers,
    /// Vectors alone.
    Embeddings,
    /// The one and the other.
    Both,
}

// === impl Output ===

impl Output {
    /// Of a model with these `output_modalities`. One that does not say is asked for either.
    pub fn of(modalities: Option<&[String]>) -> Self {
        let Some(modalities) = modalities else { return Self::Both };
        let embeds = modalities.iter().any(|name| name == "embeddings");
        match (embeds, modalities.len()) {
            (false, _) => Self::Answers,
            (true, 1) => Self::Embeddings,
            (true, _) => Self::Both,
        }
    }

    /// Whether it can be asked for by this API.
    pub fn is_had_by(self, api: Api) -> bool {
        match self {
            Self::Answers => api != Api::Embeddings,
            Self::Embeddings => api == Api::Embeddings,
            Self::Both => true,
        }
    }
}

// === impl ServiceTier ===

impl ServiceTier {
    /// Its name in requests and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Priority => "priority",
        }
    }

    /// The tier of this name, which may be OpenAI's new one; `None` for the usual one.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "flex" => Some(Self::Flex),
            "priority" | "fast" => Some(Self::Priority),
            _ => None,
        }
    }
}

/// The number of an [`Endpoint`] within its configuration: dense, from 0, in the order written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub u32);

// === impl Endpoint ===

impl Endpoint {
    /// Whether `name` says which it is, in any case: its provider, and its tier behind that if it is of one: `Alpha AI/flex`.
    pub fn is_named(&self, name: &str) -> bool {
        let Some(tier) = self.service_tier else { return self.is_of(name) };
        name.rsplit_once('/').is_some_and(|(provider, last)| last.eq_ignore_ascii_case(tier.as_str()) && self.is_of(provider))
    }

    /// Whether `name` is that of its provider, in any case and whatever its own tier: the slug, the name for people or the base slug.
    pub fn is_of(&self, name: &str) -> bool {
        self.provider.is_named(name)
    }

    /// Whether it is asked with a credential of the client's own.
    pub fn is_byok(&self) -> bool {
        self.provider.is_byok()
    }

    /// Whether it heeds this request parameter, as far as is known.
    pub fn supports(&self, parameter: &str) -> bool {
        self.supported_parameters.as_ref().is_none_or(|known| known.iter().any(|name| **name == *parameter))
    }

    /// Whether a request to it can have such an attachment.
    pub fn carries(&self, attachment: Attachment) -> bool {
        // Claude on Vertex AI fetches nothing by itself.
        let fetches = (self.provider.dialect, self.format) != (Dialect::Vertex, Format::Anthropic);
        self.format.carries(attachment) && (fetches || attachment.origin != Origin::Url)
    }

    /// Whether it does what this request parameter asks for: as the configuration says, else whether its format has it. Of the names
    /// that the gateway turns into each other, either will do.
    pub fn heeds(&self, parameter: &str) -> bool {
        let heeds = |parameter: &str| match self.supported_parameters {
            Some(_) => self.supports(parameter),
            None => self.format.has(parameter),
        };
        heeds(parameter)
            || match parameter {
                "max_tokens" => heeds("max_completion_tokens"),
                "max_completion_tokens" => heeds("max_tokens"),
                "reasoning" => heeds("reasoning_effort"),
                "reasoning_effort" => heeds("reasoning"),
                // It goes as it came where no member is left out for its name; lists of parameters have no word for it.
                "n" => matches!(self.format, Format::OpenAi | Format::Mistral),
                _ => false,
            }
    }

    /// What a usage comes to here: the provider's own word for it if its dialect has one, else by price: that of the tier which the
    /// provider calls `served`, if it has one of its own, else the endpoint's.
    pub fn cost(&self, usage: &Usage, served: &str) -> Cost {
        let cost = self.tier_prices.of_tier(served).unwrap_or(&self.price).cost(usage);
        match usage.reported_cost {
            Some(total) if self.provider.quirks.reports_cost => cost.at(total),
            _ => cost,
        }
    }
}
