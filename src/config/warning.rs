//! What is taken, and yet hardly meant: for the log when a configuration is loaded.

mod rule;

use std::rc::Rc;

use super::{Gateway, Key, Model, preset};
use crate::clock::Millis;
use crate::endpoint::Output;
use crate::preset::Preset;

/// A value that is valid and looks like a mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Warning {
    /// Where, as in `models[3].supported_parameters[0]`.
    pub path: String,
    /// What is odd about it, and what follows.
    pub message: String,
}

/// The parameters of OpenRouter's API reference (`Parameter`, <https://openrouter.ai/openapi.json>), and what the formats have beside
/// them: OpenAI's, and those that README.md names for the others.
const PARAMETERS: [&str; 45] = [
    "audio",
    "cached_content",
    "citation_options",
    "dimensions",
    "documents",
    "encoding_format",
    "frequency_penalty",
    "include_reasoning",
    "input_type",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "metadata",
    "min_p",
    "modalities",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "priority",
    "prompt_cache_key",
    "reasoning",
    "reasoning_effort",
    "repetition_penalty",
    "response_format",
    "safety_mode",
    "safety_settings",
    "seed",
    "service_tier",
    "stop",
    "store",
    "strict_tools",
    "structured_outputs",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_a",
    "top_k",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

// === impl Gateway ===

impl Gateway {
    /// What in it is valid and looks like a mistake `now`: in the defaults, in the models, in the rules, in the presets and in the keys.
    pub fn warnings(&self, now: Millis) -> Vec<Warning> {
        let of_models = self.models.iter().enumerate().flat_map(|(index, model)| of_model(&format!("models[{index}]"), model));
        let mut warnings: Vec<Warning> = short_reservations(self).into_iter().chain(of_models).collect();
        self.presets.iter().enumerate().for_each(|(index, preset)| warnings.extend(of_preset(index, preset)));
        warnings.extend(rule::shadowed(&self.rules));
        rule::of_presets(&self.rules, &self.presets, &mut warnings);
        warnings.extend(only_management(self));
        warnings.extend(self.keys.iter().filter_map(|key| over_key(key, now).or_else(|| useless_key(self, key))));
        warnings
    }
}

/// A reservation that expires while its answer is awaited protects the limit from nobody.
fn short_reservations(gateway: &Gateway) -> Option<Warning> {
    let defaults = &gateway.defaults;
    let timeouts = [("response_timeout", defaults.response_timeout), ("first_token_timeout", defaults.first_token_timeout)];
    let (longer, timeout) = timeouts.into_iter().find(|(_, timeout)| *timeout > defaults.reservation_timeout)?;
    gateway.keys.iter().any(|key| key.limit.is_some()).then(|| Warning {
        path: "defaults.reservation_timeout".into(),
        message: format!(
            "{:?} is less than {longer} ({timeout:?}): while an answer takes longer, what is reserved for it can be spent by others",
            defaults.reservation_timeout
        ),
    })
}

/// A configuration that nobody can ask a model by.
fn only_management(gateway: &Gateway) -> Option<Warning> {
    gateway.keys.iter().all(|key| key.management).then(|| Warning {
        path: "keys".into(),
        message: "all are management keys, which ask for no completions: all completions will be refused until there is another key".into(),
    })
}

/// A key whose time is over.
fn over_key(key: &Key, now: Millis) -> Option<Warning> {
    (!key.disabled && key.is_expired(&now)).then(|| Warning {
        path: format!("keys[{}].expires_at", key.id),
        message: format!(
            "the time of the key {:?} is over: all its requests will be refused, so write a later one or remove the key",
            key.name
        ),
    })
}

/// A key whose every request is refused, although nobody has switched it off.
fn useless_key(gateway: &Gateway, key: &Key) -> Option<Warning> {
    let is_for_completions = key.hash.is_some() && !key.management && !key.disabled;
    let is_useless =
        is_for_completions && gateway.endpoints().next().is_some() && !gateway.endpoints().any(|endpoint| key.may_use(endpoint));
    is_useless.then(|| Warning {
        path: format!("keys[{}]", key.id),
        message: format!(
            "no endpoint fits the models, the providers and the data policy of the key {:?} together: all its requests will be refused",
            key.name
        ),
    })
}

fn of_model(path: &str, model: &Model) -> Vec<Warning> {
    let mut warnings = unknown_parameters(path, model.supported_parameters.as_deref());
    for (index, endpoint) in model.endpoints.iter().enumerate() {
        if endpoint.output == Output::Embeddings && endpoint.embedding().is_none() {
            warnings.push(Warning {
                path: format!("{path}.endpoints[{index}].model"),
                message: format!(
                    "the model only embeds, and this gateway knows no way to ask {} for embeddings of {:?}: it is never asked",
                    endpoint.provider.slug, endpoint.model
                ),
            });
        }
        if endpoint.price.input_cache_read > endpoint.price.prompt {
            warnings.push(Warning {
                path: format!("{path}.endpoints[{index}].price.input_cache_read"),
                message: "what comes from the provider's cache costs more than `prompt`: is it the price of a write, input_cache_write?"
                    .into(),
            });
        }
        let is_models = endpoint
            .supported_parameters
            .as_ref()
            .zip(model.supported_parameters.as_ref())
            .is_some_and(|(own, models)| Rc::ptr_eq(own, models));
        if !is_models {
            warnings.extend(unknown_parameters(&format!("{path}.endpoints[{index}]"), endpoint.supported_parameters.as_deref()));
        }
    }
    warnings
}

/// A misspelled parameter goes to providers, which refuse it or leave it aside.
fn of_preset(index: usize, preset: &Preset) -> Vec<Warning> {
    let Ok(request) = preset::alone(preset, usize::MAX) else { return Vec::new() };
    let unknown = request.unknown_parameters().filter(|name| !PARAMETERS.contains(&&**name));
    unknown.map(|name| unknown_parameter(format!("presets[{index}].config"), &name)).collect()
}

/// A misspelled parameter is one that is not listed, and what is not listed is left out of requests without a word.
fn unknown_parameters(path: &str, names: Option<&[Box<str>]>) -> Vec<Warning> {
    let unknown = names.unwrap_or_default().iter().enumerate().filter(|(_, name)| !PARAMETERS.contains(&&***name));
    unknown.map(|(index, name)| unknown_parameter(format!("{path}.supported_parameters[{index}]"), name)).collect()
}

fn unknown_parameter(path: String, name: &str) -> Warning {
    Warning { path, message: format!("neither OpenRouter nor a format has a parameter {name:?}: is it spelled as clients send it?") }
}
