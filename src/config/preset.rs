//! `presets`: what requests may name instead of saying it.

mod numbers;

use std::rc::Rc;

use serde_json::value::RawValue;

use super::{Provider, Rule, catalogue::Catalogue, error::ConfigError};
use crate::{
    chat::{Name, Request},
    endpoint::ServiceTier,
    error::ClientError,
    json::Scanner,
    model::{DynamicVariant, Family, ModelId},
    preset::{Preset, Presets},
    router::Router,
};

/// What a preset is checked against.
pub(super) struct Surroundings<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) providers: &'a [Rc<Provider>],
    pub(super) rules: &'a [Rule],
    pub(super) max_models: usize,
}

/// Checks `presets`. It is scanned: one more structure for serde would cost the module more than all that is done with presets.
pub(super) fn resolve(list: Option<&RawValue>, around: &Surroundings<'_>) -> Result<Presets, ConfigError> {
    let mut presets = Presets::default();
    let mut index = 0usize;
    let mut wrong = None;
    let walked = Scanner::new(list.map_or("[]", RawValue::get).as_bytes()).elements(&mut |scanner| {
        let path = format!("presets[{index}]");
        index = index.saturating_add(1);
        match around.preset(&path, scanner.raw()?, &presets) {
            Ok(preset) => presets.add(preset),
            Err(error) => wrong = wrong.take().or(Some(error)),
        }
        Ok(())
    });
    match (wrong, walked) {
        (Some(error), _) => Err(error),
        (None, Err(_)) => Err(ConfigError::new("presets", "expected a list")),
        (None, Ok(())) => Ok(presets),
    }
}

/// What a preset's members are put behind to be read: what each request says for itself, and a model for all cases, which comes last.
const REQUEST: &[u8] = br#"{"messages":[{"role":"user","content":"x"}],"input":null,"stream":null,"stream_options":null,"preset":null,"fallback_models":["openrouter/auto"]"#;

/// A request that says nothing but what the preset does.
///
/// Errors: if a client that said the same would be refused, or if it says what each request says for itself: that stands there twice.
pub(super) fn alone(preset: &Preset, max_models: usize) -> Result<Request, ClientError> {
    let members = preset.config().trim_ascii().strip_prefix(b"{").unwrap_or_default();
    let comma: &[u8] = if members.trim_ascii() == b"}" { b"" } else { b"," };
    Request::parse([REQUEST, comma, members].concat(), None, max_models.saturating_add(1))
}

// === impl Surroundings ===

impl Surroundings<'_> {
    /// Checks an entry, which comes after those `before`.
    fn preset(&self, path: &str, entry: &[u8], before: &Presets) -> Result<Preset, ConfigError> {
        let (mut slug, mut system_prompt, mut config, mut unknown) = (None, None, None, None);
        let walked = Scanner::new(entry).members(&mut |scanner, key, _| {
            let place = match key.raw {
                b"slug" => &mut slug,
                b"system_prompt" => &mut system_prompt,
                b"config" => &mut config,
                _ => {
                    unknown = Some(key);
                    return scanner.skip().map(drop);
                }
            };
            *place = Some(scanner.raw()?);
            Ok(())
        });
        if walked.is_err() {
            return Err(ConfigError::new(path, "expected an object with slug, system_prompt and config"));
        }
        if let Some(unknown) = unknown {
            let unknown = unknown.value();
            return Err(ConfigError::new(format!("{path}.{unknown}"), "unknown field, expected one of `slug`, `system_prompt`, `config`"));
        }
        let text = |value| Scanner::new(value).string().ok().filter(|text| !text.is_empty());
        let is_safe = |b: &u8| b.is_ascii_alphanumeric() || b"-._~".contains(b);
        let slug = slug.and_then(text).map(|slug| slug.raw).filter(|slug| slug.len() <= 100 && slug.iter().all(is_safe));
        let Some(slug) = slug.and_then(|slug| std::str::from_utf8(slug).ok()) else {
            return Err(unmet(path, "slug", "1 to 100 letters, digits and - . _ ~, as requests have it behind @preset/"));
        };
        if before.named(slug).is_some() {
            return Err(unmet(path, "slug", &format!("a slug of its own, found {slug:?} again")));
        }
        let prompt = system_prompt.and_then(text);
        if prompt.is_none() && system_prompt.is_some() {
            return Err(unmet(path, "system_prompt", "a text, or no such member"));
        }
        let path = format!("{path}.config");
        let mut members = Vec::new();
        numbers::restored_into(&path, config.unwrap_or(b"{}"), false, &mut members)?;
        let preset = Preset::new(slug, prompt, &members);
        self.check(&path, &preset).map(|()| preset)
    }

    /// Checks what a preset says, by itself and against what there is.
    fn check(&self, path: &str, preset: &Preset) -> Result<(), ConfigError> {
        let request = match alone(preset, self.max_models) {
            Ok(request) => request,
            Err(ClientError::Invalid { member, expected }) => return Err(unmet(path, &member, &expected)),
            Err(ClientError::TooManyModels(_)) => {
                return Err(unmet(path, "models", &format!("at most {} models (defaults.max_models)", self.max_models)));
            }
            Err(ClientError::Duplicate(member)) => return Err(unmet(path, &member, "no such member: each request has its own")),
            Err(ClientError::NoMessages) => return Err(unmet(path, "messages", "no such member: each request has its own")),
            Err(_) => return Err(ConfigError::new(path, "expected an object of a chat completion's members")),
        };
        for (index, name) in request.models.iter().enumerate() {
            let member = if index == 0 && request.has(Name::Model) { "model" } else { "models" };
            if !self.serve(name) {
                self.catalogue.named(&format!("{path}.{member}"), name)?;
            }
        }
        let preferences = &request.preferences;
        for (list, names) in [("order", &preferences.order), ("only", &preferences.only), ("ignore", &preferences.ignore)] {
            let unknown = names.iter().flatten().enumerate().find(|(_, name)| !self.is_provider(name));
            if let Some((index, name)) = unknown {
                let expected = format!("the slug of a provider of this configuration, found {name:?}");
                return Err(unmet(path, &format!("provider.{list}[{index}]"), &expected));
            }
        }
        match request.needs.server_tool {
            Some(place) if !self.providers.iter().any(|provider| provider.quirks.openrouter_members) => {
                let expected = "function: tools that run at OpenRouter are served only where that is the provider";
                Err(unmet(path, &format!("tools[{place}].type"), expected))
            }
            _ => Ok(()),
        }
    }

    /// Whether a request may name a provider so, be it with a tier.
    #[inline(never)]
    fn is_provider(&self, name: &str) -> bool {
        let is_tier = |word: &str| [ServiceTier::Flex, ServiceTier::Priority].iter().any(|tier| word.eq_ignore_ascii_case(tier.as_str()));
        let provider = name.rsplit_once('/').filter(|(_, tier)| is_tier(tier)).map_or(name, |(provider, _)| provider);
        self.providers.iter().any(|known| known.is_named(provider))
    }

    /// Whether this stands for a model in other words than its id: by a rule, by a variant, or as a router or an alias of OpenRouter's.
    fn serve(&self, name: &str) -> bool {
        let by_name = |id: ModelId| {
            let catalogued = id.catalogued().to_ascii_lowercase();
            let is_alias = |family: Family<'_>| self.catalogue.models.iter().any(|model| family.has(&model.id));
            !id.has(DynamicVariant::Online)
                && (self.catalogue.by_id.contains_key(&*catalogued)
                    || Router::named(&catalogued).is_some()
                    || Family::of_alias(&id).is_some_and(is_alias))
        };
        let by_rule = |rule: &Rule| rule.matches.model.as_ref().is_none_or(|glob| glob.matches(name));
        self.rules.iter().any(by_rule) || name.parse().is_ok_and(by_name)
    }
}

#[inline(never)]
fn unmet(path: &str, member: &str, expected: &str) -> ConfigError {
    ConfigError::new(format!("{path}.{member}"), format!("expected {expected}"))
}
