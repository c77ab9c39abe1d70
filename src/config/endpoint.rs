//! `endpoints` of a model: which provider serves it, under which name, at which price.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Dialect, Format, Model, Provider,
    catalogue::{parameters, tokens},
    error::ConfigError,
    value,
};
use crate::{
    decimal::Decimal,
    endpoint::{Endpoint, EndpointId, EndpointKey, ServiceTier, TierPrices, public_id},
    price::{FemtoUsd, InvalidPrice, MAX_PRICE_USD, Price},
};

/// OpenRouter's words for how weights are stored.
const QUANTIZATIONS: [(&str, Option<&str>); 12] = [
    ("int4", Some("int4")),
    ("int8", Some("int8")),
    ("fp4", Some("fp4")),
    ("mxfp4", Some("mxfp4")),
    ("nvfp4", Some("nvfp4")),
    ("fp6", Some("fp6")),
    ("fp8", Some("fp8")),
    ("mxfp8", Some("mxfp8")),
    ("fp16", Some("fp16")),
    ("bf16", Some("bf16")),
    ("fp32", Some("fp32")),
    ("unknown", None),
];

const SERVICE_TIERS: [(&str, ServiceTier); 2] = [("flex", ServiceTier::Flex), ("priority", ServiceTier::Priority)];

/// An entry of `endpoints` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointEntry<'a> {
    provider: String,
    model: String,
    #[serde(borrow)]
    price: PriceEntry<'a>,
    #[serde(borrow)]
    context_length: Option<&'a RawValue>,
    #[serde(borrow)]
    max_completion_tokens: Option<&'a RawValue>,
    supported_parameters: Option<Vec<String>>,
    quantization: Option<String>,
    pub(super) service_tier: Option<String>,
}

/// A `price` as written: numbers, or texts of numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceEntry<'a> {
    #[serde(borrow)]
    prompt: &'a RawValue,
    #[serde(borrow)]
    completion: &'a RawValue,
    #[serde(borrow)]
    request: Option<&'a RawValue>,
    #[serde(borrow)]
    input_cache_read: Option<&'a RawValue>,
    #[serde(borrow)]
    input_cache_write: Option<&'a RawValue>,
    #[serde(borrow)]
    input_cache_write_1h: Option<&'a RawValue>,
    #[serde(borrow)]
    internal_reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    audio: Option<&'a RawValue>,
    #[serde(borrow)]
    audio_output: Option<&'a RawValue>,
    #[serde(borrow)]
    image_output: Option<&'a RawValue>,
}

impl EndpointEntry<'_> {
    /// Checks the entry and fills in what its model says. What its siblings say is still to come.
    pub(super) fn resolve(
        self,
        path: &str,
        number: u32,
        catalogue_id: &Rc<str>,
        model: &Model,
        providers: &FxHashMap<String, Rc<Provider>>,
    ) -> Result<Endpoint, ConfigError> {
        let at = |member| format!("{path}.{member}");
        let Some(provider) = providers.get(&self.provider) else {
            let message = format!("expected the slug of one of the providers, found {:?}", self.provider);
            return Err(ConfigError::new(at("provider"), message));
        };
        value::label(&at("model"), &self.model)?;
        let (model_name, format) = model_of(&at("model"), &self.model, provider.dialect)?;
        let service_tier = match self.service_tier {
            Some(name) => Some(value::one_of(&at("service_tier"), &name, &SERVICE_TIERS)?),
            None => None,
        };
        let price = self.price.resolve(&at("price"))?;
        let tag = match service_tier {
            Some(tier) => format!("{}/{}", provider.slug, tier.as_str()).into(),
            None => provider.slug.clone(),
        };
        Ok(Endpoint {
            id: EndpointId(number),
            provider: Rc::clone(provider),
            key: EndpointKey::of(&tag, model_name),
            public_id: public_id(catalogue_id, &provider.slug, model_name),
            tag,
            service_tier,
            is_tiered: model.is_tiered,
            tier_prices: TierPrices::default(),
            is_distillable: model.is_distillable,
            model: model_name.into(),
            format,
            catalogue_id: Rc::clone(catalogue_id),
            price,
            is_free: price.is_zero() || catalogue_id.split(':').skip(1).any(|variant| variant == "free"),
            context_length: tokens(&at("context_length"), self.context_length)?.or(model.context_length),
            max_completion_tokens: tokens(&at("max_completion_tokens"), self.max_completion_tokens)?.or(model.max_completion_tokens),
            output: model.output,
            input_modalities: model.input_modalities,
            supported_parameters: parameters(&at("supported_parameters"), self.supported_parameters)?
                .or_else(|| model.supported_parameters.clone()),
            quantization: match self.quantization {
                Some(name) => value::one_of(&at("quantization"), &name, &QUANTIZATIONS)?,
                None => None,
            },
        })
    }
}

/// A model's name and what is spoken for it. Vertex AI's models may be written with their publisher.
fn model_of<'a>(path: &str, model: &'a str, dialect: Dialect) -> Result<(&'a str, Format), ConfigError> {
    if dialect != Dialect::Vertex {
        return Ok((model, dialect.format(model)));
    }
    let (name, format) = match model.strip_prefix("publishers/").and_then(|rest| rest.split_once("/models/")) {
        Some(("google", name)) => (name, Format::Gemini),
        Some(("anthropic", name)) => (name, Format::Anthropic),
        _ => (model, dialect.format(model)),
    };
    value::checked(
        !name.is_empty() && !name.contains('/'),
        path,
        "expected a model of Google's or Anthropic's: its name, or publishers/google/models/NAME or publishers/anthropic/models/NAME",
    )?;
    Ok((name, format))
}

impl PriceEntry<'_> {
    fn resolve(&self, path: &str) -> Result<Price, ConfigError> {
        let at = |member| format!("{path}.{member}");
        let mut price = Price::new(per_million(&at("prompt"), self.prompt)?, per_million(&at("completion"), self.completion)?);
        let others = [
            ("input_cache_read", self.input_cache_read, &mut price.input_cache_read),
            ("input_cache_write", self.input_cache_write, &mut price.input_cache_write),
            // What is kept longer costs what is kept five minutes, unless said otherwise.
            ("input_cache_write_1h", self.input_cache_write_1h.or(self.input_cache_write), &mut price.input_cache_write_1h),
            ("internal_reasoning", self.internal_reasoning, &mut price.internal_reasoning),
            ("audio", self.audio, &mut price.audio),
            ("audio_output", self.audio_output, &mut price.audio_output),
            ("image_output", self.image_output, &mut price.image_output),
        ];
        for (member, raw, field) in others {
            if let Some(raw) = raw {
                *field = per_million(&at(member), raw)?;
            }
        }
        if let Some(raw) = self.request {
            price.request = amount(&at("request"), raw, "request", FemtoUsd::per_request)?;
        }
        Ok(price)
    }
}

fn per_million(path: &str, raw: &RawValue) -> Result<FemtoUsd, ConfigError> {
    amount(path, raw, "million tokens", FemtoUsd::per_million_tokens)
}

fn amount(path: &str, raw: &RawValue, unit: &str, convert: fn(Decimal) -> Result<FemtoUsd, InvalidPrice>) -> Result<FemtoUsd, ConfigError> {
    let text = raw.get();
    let number = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let Some(usd) = Decimal::parse(number.as_bytes()) else {
        let expected = format!("a number from 0 to {MAX_PRICE_USD} (USD per {unit})");
        return Err(ConfigError::unexpected(path, &expected, raw));
    };
    convert(usd).map_err(|error| {
        let expected = match error {
            InvalidPrice::OutOfRange => {
                format!("a number from 0 to {MAX_PRICE_USD} (USD per {unit})")
            }
            InvalidPrice::TooLow => format!("0 or a number of at least 0.0001 (USD per {unit}, not per token)"),
            InvalidPrice::TooPrecise => format!("fewer decimals (USD per {unit})"),
        };
        ConfigError::new(path, format!("expected {expected}, found {number}"))
    })
}
