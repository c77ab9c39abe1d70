//! Presets: what requests name instead of saying it each time: models, preferences, parameters, tools, a system prompt.
//!
//! See <https://openrouter.ai/docs/guides/features/presets>. At OpenRouter an account keeps them, here the configuration.

use crate::json::Text;

/// What stands before a preset's slug in a request's `model`, behind an `@`.
const BEFORE_SLUG: &str = "preset/";

/// The presets of a configuration, each with a slug of its own.
#[derive(Debug, Default)]
pub struct Presets(Vec<Preset>);

/// A preset.
#[derive(Debug)]
pub struct Preset {
    slug: Box<str>,
    /// A system message, as it stands in `messages`.
    system_message: Option<Box<[u8]>>,
    config: Box<[u8]>,
}

// === impl Presets ===

impl Presets {
    /// The preset of this slug.
    pub fn named(&self, slug: &str) -> Option<&Preset> {
        self.iter().find(|preset| *preset.slug == *slug)
    }

    /// Appends one, of a slug that none has.
    pub fn add(&mut self, preset: Preset) {
        self.0.push(preset);
    }

    /// Each, in the order written.
    pub fn iter(&self) -> impl Iterator<Item = &Preset> {
        self.0.iter()
    }
}

// === impl Preset ===

impl Preset {
    /// A preset. `config` is a JSON object of a chat completion's members, of which `preset` is none and `model` names none.
    pub fn new(slug: &str, system_prompt: Option<Text<'_>>, config: &[u8]) -> Self {
        let message = |prompt: Text<'_>| [b"{\"role\":\"system\",\"content\":\"", prompt.raw, b"\"}"].concat().into();
        Self { slug: slug.into(), system_message: system_prompt.map(message), config: config.into() }
    }

    /// Its slug.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// Its members, a JSON object.
    pub fn config(&self) -> &[u8] {
        &self.config
    }

    /// Its system prompt as a message.
    pub fn system_message(&self) -> Option<&[u8]> {
        self.system_message.as_deref()
    }
}

/// What a `model` says that names a preset: the model, which may be empty, and the preset's slug.
pub fn in_model(model: &str) -> Option<(&str, &str)> {
    let (model, preset) = model.rsplit_once('@')?;
    Some((model.trim(), preset.strip_prefix(BEFORE_SLUG)?.trim()))
}
