//! `models`: the catalogue, with the endpoints that serve each model.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Provider, endpoint::EndpointEntry, error::ConfigError, value};
use crate::{
    endpoint::{Endpoint, Output, TierPrices},
    model::ModelId,
};

/// A model of the catalogue.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its id, without dynamic variants.
    pub id: ModelId,
    /// The name for people; the id if none was given.
    pub name: Box<str>,
    /// What it is, for people.
    pub description: Box<str>,
    /// When it came out, in seconds since the epoch; 0 if that is not known.
    pub created: u64,
    /// Where its weights are, if anybody may have them.
    pub hugging_face_id: Option<Box<str>>,
    /// The last day that it has learned of, `YYYY-MM-DD`.
    pub knowledge_cutoff: Option<Box<str>>,
    /// The most tokens of prompt and answer together.
    pub context_length: Option<u64>,
    /// The most tokens of an answer.
    pub max_completion_tokens: Option<u64>,
    /// The kinds of input that it takes.
    pub input_modalities: Modalities,
    /// The kinds of output that it gives.
    pub output_modalities: Vec<&'static str>,
    /// The family of its tokenizer, in OpenRouter's words.
    pub tokenizer: &'static str,
    /// What it can be asked for.
    pub output: Output,
    /// The request parameters that it heeds; `None` if that is not known.
    pub supported_parameters: Option<Rc<[Box<str>]>>,
    /// Whether its author allows its answers to be trained on.
    pub is_distillable: bool,
    /// Whether some of its endpoints are of a tier of their own.
    pub is_tiered: bool,
    /// Who serves it: at least one, in the order written.
    pub endpoints: Vec<Rc<Endpoint>>,
}

impl Model {
    /// Whether text is what it gives, and nothing else.
    pub fn answers_in_text(&self) -> bool {
        *self.output_modalities == ["text"]
    }
}

/// A kind of input, in OpenRouter's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modality {
    /// Text.
    Text,
    /// Pictures.
    Image,
    /// Documents.
    File,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
}

/// A set of kinds of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modalities(u8);

impl Modalities {
    /// Every kind: what is taken where the configuration does not say.
    pub const ALL: Self = Self(0x1f);

    /// Whether this kind is among them.
    pub const fn contains(self, modality: Modality) -> bool {
        self.0 & 1 << modality as u8 != 0
    }

    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        INPUTS.into_iter().filter(move |(_, modality)| self.contains(*modality)).map(|(name, _)| name)
    }
}

const INPUTS: [(&str, Modality); 5] = [
    ("text", Modality::Text),
    ("image", Modality::Image),
    ("file", Modality::File),
    ("audio", Modality::Audio),
    ("video", Modality::Video),
];

const OUTPUTS: [(&str, &str); 5] =
    [("text", "text"), ("image", "image"), ("audio", "audio"), ("video", "video"), ("embeddings", "embeddings")];

/// OpenRouter's families of tokenizers: `ModelGroup` of its [OpenAPI document](https://openrouter.ai/openapi.json).
const TOKENIZERS: [&str; 20] = [
    "Claude", "Cohere", "DeepSeek", "GPT", "Gemini", "Gemma", "Grok", "Llama2", "Llama3", "Llama4", "Media", "Mistral", "Nova", "Other",
    "PaLM", "Qwen", "Qwen3", "RWKV", "Router", "Yi",
];

/// An entry of `models` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelEntry<'a> {
    id: String,
    name: Option<String>,
    description: Option<String>,
    #[serde(borrow)]
    created: Option<&'a RawValue>,
    hugging_face_id: Option<String>,
    knowledge_cutoff: Option<String>,
    #[serde(borrow)]
    context_length: Option<&'a RawValue>,
    #[serde(borrow)]
    max_completion_tokens: Option<&'a RawValue>,
    input_modalities: Option<Vec<String>>,
    output_modalities: Option<Vec<String>>,
    tokenizer: Option<String>,
    supported_parameters: Option<Vec<String>>,
    distillable: Option<bool>,
    #[serde(borrow)]
    endpoints: Vec<EndpointEntry<'a>>,
}

/// The models in the order written, and by id: as it was written, and in lower case.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub(super) models: Vec<Rc<Model>>,
    pub(super) by_id: FxHashMap<Rc<str>, Rc<Model>>,
}

impl Catalogue {
    /// Checks `models` against `providers`.
    pub(super) fn resolve(entries: Vec<ModelEntry<'_>>, providers: &FxHashMap<String, Rc<Provider>>) -> Result<Self, ConfigError> {
        value::checked(!entries.is_empty(), "models", "expected at least one model")?;
        let mut catalogue = Self::default();
        let mut endpoints: u32 = 0;
        for (index, entry) in entries.into_iter().enumerate() {
            let model = Rc::new(entry.resolve(&format!("models[{index}]"), providers, &mut endpoints)?);
            // Clients write ids in any case.
            let lower: Rc<str> = model.id.as_str().to_ascii_lowercase().into();
            value::checked(
                catalogue.by_id.insert(lower, Rc::clone(&model)).is_none(),
                &format!("models[{index}].id"),
                &format!("expected an id of its own in any case, found {:?} again", model.id.as_str()),
            )?;
            catalogue.by_id.insert(model.id.as_str().into(), Rc::clone(&model));
            catalogue.models.push(model);
        }
        Ok(catalogue)
    }

    /// The model that a rule names.
    pub(super) fn named(&self, path: &str, id: &str) -> Result<Rc<Model>, ConfigError> {
        let unknown = || format!("expected the id of a model of this configuration, found {id:?}");
        self.by_id.get(id).cloned().ok_or_else(|| ConfigError::new(path, unknown()))
    }
}

impl ModelEntry<'_> {
    fn resolve(self, path: &str, providers: &FxHashMap<String, Rc<Provider>>, count: &mut u32) -> Result<Model, ConfigError> {
        let at = |member| format!("{path}.{member}");
        let id: ModelId = self.id.parse().map_err(|error| ConfigError::new(at("id"), format!("{error}, found {:?}", self.id)))?;
        value::checked(
            id.catalogued() == id.as_str(),
            &at("id"),
            "expected an id without :nitro, :floor, :exacto and :online, which every model understands",
        )?;
        let name = self.name.unwrap_or_else(|| id.to_string());
        value::name(&at("name"), &name)?;
        for (member, text) in [("hugging_face_id", &self.hugging_face_id), ("knowledge_cutoff", &self.knowledge_cutoff)] {
            text.as_ref().map_or(Ok(()), |text| value::name(&at(member), text))?;
        }
        let mut model = Model {
            name: name.into(),
            description: self.description.unwrap_or_default().into(),
            created: self.created.map_or(Ok(0), |raw| seconds(&at("created"), raw))?,
            hugging_face_id: self.hugging_face_id.map(Box::from),
            knowledge_cutoff: self.knowledge_cutoff.map(Box::from),
            context_length: tokens(&at("context_length"), self.context_length)?,
            max_completion_tokens: tokens(&at("max_completion_tokens"), self.max_completion_tokens)?,
            input_modalities: modalities(&at("input_modalities"), self.input_modalities)?,
            output: Output::of(self.output_modalities.as_deref()),
            output_modalities: outputs(&at("output_modalities"), self.output_modalities)?,
            tokenizer: self
                .tokenizer
                .map_or(Ok("Other"), |name| value::one_of(&at("tokenizer"), &name, &TOKENIZERS.map(|name| (name, name))))?,
            supported_parameters: parameters(&at("supported_parameters"), self.supported_parameters)?,
            is_distillable: self.distillable.unwrap_or(false),
            is_tiered: self.endpoints.iter().any(|endpoint| endpoint.service_tier.is_some()),
            endpoints: Vec::new(),
            id,
        };
        value::checked(!self.endpoints.is_empty(), &at("endpoints"), "expected at least one endpoint")?;
        let catalogue_id: Rc<str> = model.id.as_str().into();
        let mut endpoints: Vec<Endpoint> = Vec::with_capacity(self.endpoints.len());
        for (index, entry) in self.endpoints.into_iter().enumerate() {
            let path = format!("{path}.endpoints[{index}]");
            let endpoint = entry.resolve(&path, *count, &catalogue_id, &model, providers)?;
            *count = count.saturating_add(1);
            let is_new = |other: &Endpoint| other.tag != endpoint.tag || other.model != endpoint.model;
            value::checked(endpoints.iter().all(is_new), &path, "expected another provider or model, found those of an earlier endpoint")?;
            endpoints.push(endpoint);
        }
        let tier_prices: Vec<TierPrices> = endpoints.iter().map(|endpoint| TierPrices::of(endpoint, &endpoints)).collect();
        let endpoints = endpoints.into_iter().zip(tier_prices);
        model.endpoints = endpoints.map(|(endpoint, tier_prices)| Rc::new(Endpoint { tier_prices, ..endpoint })).collect();
        Ok(model)
    }
}

/// The kinds of input; all if none are named.
fn modalities(path: &str, names: Option<Vec<String>>) -> Result<Modalities, ConfigError> {
    let Some(names) = names else { return Ok(Modalities::ALL) };
    value::checked(!names.is_empty(), path, "expected at least one kind, or no such member for all")?;
    let mut kinds = Modalities(0);
    for (index, name) in names.iter().enumerate() {
        kinds.0 |= 1 << value::one_of(&format!("{path}[{index}]"), name, &INPUTS)? as u8;
    }
    Ok(kinds)
}

/// The kinds of output; text if none are named.
fn outputs(path: &str, names: Option<Vec<String>>) -> Result<Vec<&'static str>, ConfigError> {
    let Some(names) = names else { return Ok(vec!["text"]) };
    value::checked(!names.is_empty(), path, "expected at least one kind, or no such member for text")?;
    names.iter().enumerate().map(|(index, name)| value::one_of(&format!("{path}[{index}]"), name, &OUTPUTS)).collect()
}

/// A time in seconds since the epoch, of no year after 9999.
fn seconds(path: &str, raw: &RawValue) -> Result<u64, ConfigError> {
    let expected = "seconds since the epoch, such as 1735689600 (2025-01-01)";
    value::whole(path, raw, 0..=253_402_300_799).map_err(|_| ConfigError::unexpected(path, expected, raw))
}

/// A limit on tokens.
pub(super) fn tokens(path: &str, raw: Option<&RawValue>) -> Result<Option<u64>, ConfigError> {
    raw.map(|raw| value::whole(path, raw, 1..=1_000_000_000)).transpose()
}

/// Names of request parameters.
pub(super) fn parameters(path: &str, names: Option<Vec<String>>) -> Result<Option<Rc<[Box<str>]>>, ConfigError> {
    for (index, name) in names.iter().flatten().enumerate() {
        value::label(&format!("{path}[{index}]"), name)?;
    }
    Ok(names.map(|names| names.into_iter().map(Box::from).collect()))
}
