//! `rules`: which requests go elsewhere than to the model they name.

use std::{collections::BTreeMap, rc::Rc};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Modality, Model, catalogue::Catalogue, error::ConfigError, key::Keys, value};
use crate::{endpoint::Endpoint, glob::Glob};

/// What to do with the requests that match.
#[derive(Debug)]
pub struct Rule {
    /// Its name; `rules[3]` if none was given.
    pub name: Box<str>,
    /// Which requests it is for.
    pub matches: Match,
    /// What becomes of them.
    pub action: Action,
}

/// Which requests a rule is for: all conditions given have to hold; none given is every request.
#[derive(Debug, Default)]
pub struct Match {
    /// The model as the client wrote it.
    pub model: Option<Glob>,
    /// Request headers, names in lower case.
    pub headers: Vec<(Box<str>, Glob)>,
    /// The name of the client's key.
    pub key: Option<Glob>,
    /// The path, without its query.
    pub path: Option<Glob>,
    /// Whether the request has tools.
    pub tools: Option<bool>,
    /// Whether the request has images.
    pub images: Option<bool>,
    /// The estimated size of the prompt.
    pub prompt_tokens: Option<TokenRange>,
}

/// A number of tokens, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRange {
    /// At least so many.
    pub min: u64,
    /// At most so many.
    pub max: u64,
}

/// What becomes of a request that matched.
#[derive(Debug)]
pub enum Action {
    /// This model serves it.
    Rename(Rc<Model>),
    /// One of several models serves it, drawn by weight.
    Split(Split),
    /// The best endpoint of several models serves it.
    Select(Select),
}

/// Models and their weights: at least one, none of weight zero.
#[derive(Debug)]
pub struct Split {
    /// Each model with the sum of the weights up to and with its own.
    models: Vec<(Rc<Model>, u64)>,
    /// The model of the remaining weight.
    last: Rc<Model>,
    total: u64,
}

/// The endpoints to choose from, the cheapest first: at least one, each meeting the requirements.
#[derive(Debug)]
pub struct Select {
    /// The endpoints.
    pub endpoints: Vec<Rc<Endpoint>>,
}

impl TokenRange {
    /// Whether so many tokens are within.
    pub const fn contains(self, tokens: u64) -> bool {
        self.min <= tokens && tokens <= self.max
    }
}

impl Split {
    /// The model for a roll of the dice from 0 up to and without 1.
    pub fn pick(&self, roll: f64) -> &Rc<Model> {
        let at = (roll * self.total as f64) as u64;
        self.models.iter().find(|(_, end)| at < *end).map_or(&self.last, |(model, _)| model)
    }
}

/// An entry of `rules` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry<'a> {
    name: Option<String>,
    #[serde(borrow)]
    r#match: Option<MatchEntry<'a>>,
    rename: Option<String>,
    #[serde(borrow)]
    split: Option<Vec<SplitEntry<'a>>>,
    select: Option<SelectEntry>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MatchEntry<'a> {
    model: Option<String>,
    header: Option<BTreeMap<String, String>>,
    key: Option<String>,
    path: Option<String>,
    tools: Option<bool>,
    images: Option<bool>,
    #[serde(borrow)]
    prompt_tokens: Option<RangeEntry<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeEntry<'a> {
    #[serde(borrow)]
    min: Option<&'a RawValue>,
    #[serde(borrow)]
    max: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SplitEntry<'a> {
    model: String,
    #[serde(borrow)]
    weight: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SelectEntry {
    from: Vec<String>,
    require: Option<Vec<String>>,
    sort: Option<String>,
}

impl RuleEntry<'_> {
    /// Checks the entry against models and keys.
    pub(super) fn resolve(self, path: &str, catalogue: &Catalogue, keys: &Keys) -> Result<Rule, ConfigError> {
        let at = |member| format!("{path}.{member}");
        let name = self.name.unwrap_or_else(|| path.to_owned());
        value::label(&at("name"), &name)?;
        let action = match (self.rename, self.split, self.select) {
            (Some(id), None, None) => Action::Rename(catalogue.named(&at("rename"), &id)?),
            (None, Some(targets), None) => Action::Split(split(&at("split"), targets, catalogue)?),
            (None, None, Some(entry)) => Action::Select(entry.resolve(&at("select"), catalogue)?),
            (None, None, None) => {
                return Err(ConfigError::new(path, "expected one of rename, split and select, found none"));
            }
            _ => {
                return Err(ConfigError::new(path, "expected one of rename, split and select, found several"));
            }
        };
        let matches = self.r#match.unwrap_or_default().resolve(&at("match"), keys)?;
        Ok(Rule { name: name.into(), matches, action })
    }
}

impl MatchEntry<'_> {
    fn resolve(self, path: &str, keys: &Keys) -> Result<Match, ConfigError> {
        let at = |member| format!("{path}.{member}");
        let mut headers = Vec::new();
        for (name, pattern) in self.header.unwrap_or_default() {
            headers.push((value::header_name(&at("header"), &name)?, Glob::new(pattern)));
        }
        let key = self.key.map(Glob::new);
        let message = "expected the name of one of the keys, or a pattern that matches one";
        value::checked(key.as_ref().is_none_or(|key| keys.any_named(key)), &at("key"), message)?;
        let starts_well = |path: &String| path.starts_with(['/', '*']);
        let message = "expected a path or pattern that starts with / or *";
        value::checked(self.path.as_ref().is_none_or(starts_well), &at("path"), message)?;
        Ok(Match {
            model: self.model.map(Glob::new),
            headers,
            key,
            path: self.path.map(Glob::new),
            tools: self.tools,
            images: self.images,
            prompt_tokens: match self.prompt_tokens {
                Some(range) => Some(range.resolve(&at("prompt_tokens"))?),
                None => None,
            },
        })
    }
}

impl RangeEntry<'_> {
    fn resolve(self, path: &str) -> Result<TokenRange, ConfigError> {
        let bound = |member, raw: Option<&RawValue>, otherwise| match raw {
            Some(raw) => value::whole(&format!("{path}.{member}"), raw, 0..=1_000_000_000),
            None => Ok(otherwise),
        };
        let range = TokenRange { min: bound("min", self.min, 0)?, max: bound("max", self.max, u64::MAX)? };
        value::checked(range.min <= range.max, path, "expected min to be at most max")?;
        Ok(range)
    }
}

impl SelectEntry {
    fn resolve(self, path: &str, catalogue: &Catalogue) -> Result<Select, ConfigError> {
        value::checked(!self.from.is_empty(), &format!("{path}.from"), "expected at least one model")?;
        // There is one order so far.
        if let Some(sort) = &self.sort {
            value::one_of(&format!("{path}.sort"), sort, &[("price", ())])?;
        }
        let mut models: Vec<&Rc<Model>> = Vec::new();
        for (index, pattern) in self.from.into_iter().enumerate() {
            let glob = Glob::new(pattern);
            let before = models.len();
            let mut matched = false;
            for model in catalogue.models.iter().filter(|model| glob.matches(model.id.as_str())) {
                matched = true;
                if !models.iter().take(before).any(|known| Rc::ptr_eq(known, model)) {
                    models.push(model);
                }
            }
            value::checked(
                matched,
                &format!("{path}.from[{index}]"),
                &format!("expected the id of a model or a pattern that matches one, found {:?}", glob.as_str()),
            )?;
        }
        let mut requirements = Vec::new();
        for (index, name) in self.require.unwrap_or_default().into_iter().enumerate() {
            requirements.push(value::one_of(&format!("{path}.require[{index}]"), &name, &REQUIREMENTS)?);
        }
        let mut endpoints: Vec<Rc<Endpoint>> = models
            .into_iter()
            .flat_map(|model| &model.endpoints)
            .filter(|endpoint| requirements.iter().all(|requirement| requirement.is_met_by(endpoint)))
            .cloned()
            .collect();
        endpoints.sort_by_key(|endpoint| endpoint.price.ranking());
        let message = "expected a model of `from` that meets all of `require`, found none";
        value::checked(!endpoints.is_empty(), path, message)?;
        Ok(Select { endpoints })
    }
}

/// What an endpoint has to be able to do.
#[derive(Clone, Copy)]
enum Requirement {
    Takes(Modality),
    Supports(&'static str),
}

impl Requirement {
    fn is_met_by(self, endpoint: &Endpoint) -> bool {
        match self {
            Self::Takes(modality) => endpoint.input_modalities.contains(modality),
            Self::Supports(parameter) => endpoint.heeds(parameter),
        }
    }
}

/// What `require` may name: kinds of input in the plural, and OpenRouter's `supported_parameters`
/// as far as they are abilities.
const REQUIREMENTS: [(&str, Requirement); 13] = [
    ("images", Requirement::Takes(Modality::Image)),
    ("files", Requirement::Takes(Modality::File)),
    ("audio", Requirement::Takes(Modality::Audio)),
    ("video", Requirement::Takes(Modality::Video)),
    ("tools", Requirement::Supports("tools")),
    ("tool_choice", Requirement::Supports("tool_choice")),
    ("parallel_tool_calls", Requirement::Supports("parallel_tool_calls")),
    ("response_format", Requirement::Supports("response_format")),
    ("structured_outputs", Requirement::Supports("structured_outputs")),
    ("reasoning", Requirement::Supports("reasoning")),
    ("logprobs", Requirement::Supports("logprobs")),
    ("seed", Requirement::Supports("seed")),
    ("web_search_options", Requirement::Supports("web_search_options")),
];

fn split(path: &str, targets: Vec<SplitEntry<'_>>, catalogue: &Catalogue) -> Result<Split, ConfigError> {
    let mut models: Vec<(Rc<Model>, u64)> = Vec::new();
    let mut total: u64 = 0;
    for (index, target) in targets.into_iter().enumerate() {
        let at = |member| format!("{path}[{index}].{member}");
        let model = catalogue.named(&at("model"), &target.model)?;
        let is_new = !models.iter().any(|(known, _)| Rc::ptr_eq(known, &model));
        value::checked(is_new, &at("model"), "expected each model once")?;
        total = total.saturating_add(value::whole(&at("weight"), target.weight, 1..=1_000_000)?);
        models.push((model, total));
    }
    match models.pop() {
        Some((last, _)) => Ok(Split { models, last, total }),
        None => Err(ConfigError::new(path, "expected at least one model with its weight")),
    }
}
