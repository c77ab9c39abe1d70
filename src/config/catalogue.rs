//! `models`: the catalogue, with the endpoints that serve each model.

use std::rc::Rc;

use crate::{endpoint::Endpoint, model::ModelId};

/// A model of the catalogue.
#[derive(Debug)]
pub struct Model {
    /// Its id, without dynamic variants.
    pub id: ModelId,
    /// The name for people; the id if none was given.
    pub name: Box<str>,
    /// The most tokens of prompt and answer together.
    pub context_length: Option<u64>,
    /// The most tokens of an answer.
    pub max_completion_tokens: Option<u64>,
    /// The kinds of input that it takes.
    pub input_modalities: Modalities,
    /// The request parameters that it heeds; `None` if that is not known.
    pub supported_parameters: Option<Rc<[Box<str>]>>,
    /// Who serves it: at least one, in the order written.
    pub endpoints: Vec<Rc<Endpoint>>,
}

/// A kind of input, in OpenRouter's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
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
}
