//! Which endpoints may serve a request at all, and which filter is to blame when none may.

use std::rc::Rc;

use super::resolve::Resolved;
use super::{Ask, length};
use crate::api::Api;
use crate::chat::Attachments;
use crate::config::{Modality, Provider};
use crate::endpoint::Endpoint;
use crate::error::{ClientError, Error, NoRoute};
use crate::preferences::{DataCollection, Sort, Usd};
use crate::price::FemtoUsd;

type Endpoints = Vec<Rc<Endpoint>>;

/// The endpoints that are left after every filter.
///
/// Errors: if none is left, naming the filter that removed the last, or if a preference cannot be honoured.
pub(super) fn filter(resolved: &Resolved, ask: &Ask<'_>) -> Result<Endpoints, Error> {
    let preferences = &ask.request.preferences;
    if preferences.sort == Some(Sort::Unsupported) {
        return Err(ClientError::invalid("provider.sort", "\"price\": this gateway does not sort by anything else").into());
    }
    let mut left = Left { asked: &resolved.asked, endpoints: resolved.endpoints.clone() };
    if let Some(only) = &preferences.only {
        left.keep(|endpoint| named(only, &endpoint.provider), || format!("provider.only permits {} only", only.join(", ")))?;
    }
    if let Some(ignore) = &preferences.ignore {
        left.keep(|endpoint| !named(ignore, &endpoint.provider), || format!("provider.ignore excludes {}", ignore.join(", ")))?;
    }
    if let (Some(order), Some(false)) = (&preferences.order, preferences.allow_fallbacks) {
        left.keep(
            |endpoint| named(order, &endpoint.provider),
            || format!("provider.order names {} and provider.allow_fallbacks is false", order.join(", ")),
        )?;
    }
    if preferences.data_collection == Some(DataCollection::Deny) {
        left.keep(|endpoint| !endpoint.provider.collects_data, || "provider.data_collection is \"deny\"".into())?;
    }
    if preferences.zdr == Some(true) {
        left.keep(|endpoint| endpoint.provider.zdr, || "provider.zdr is true".into())?;
    }
    if let Some(allowed) = &preferences.quantizations {
        // `fp4` and `fp8` take their kinds in: mxfp4, nvfp4, mxfp8.
        let is_allowed = |quantization: &str| {
            let wide = quantization.get(2..).filter(|wide| matches!(*wide, "fp4" | "fp8")).unwrap_or(quantization);
            allowed.iter().any(|name| name.eq_ignore_ascii_case(quantization) || name.eq_ignore_ascii_case(wide))
        };
        left.keep(
            |endpoint| is_allowed(endpoint.quantization.unwrap_or("unknown")),
            || format!("provider.quantizations permits {} only", allowed.join(", ")),
        )?;
    }
    if let Some(max) = &preferences.max_price {
        // A femto-USD a token is 10⁻⁹ USD a million tokens. Rounded: 4.1 × 10⁹ is less than 4 100 000 000 as a float.
        let within = |price: FemtoUsd, max: Option<Usd>| max.is_none_or(|max| price.get() as f64 <= (max.0 * 1e9).round());
        left.keep(
            |endpoint| within(endpoint.price.prompt, max.prompt) && within(endpoint.price.completion, max.completion),
            || "provider.max_price is lower than any price".into(),
        )?;
    }
    if ask.request.api == Api::Embeddings {
        left.keep(|endpoint| endpoint.format.has_embeddings(), || "embeddings are asked for".into())?;
    }
    input(&mut left, ask)?;
    length::retain(&mut left.endpoints, ask.request)?;
    parameters(&mut left, ask)?;
    Ok(left.endpoints)
}

struct Left<'a> {
    asked: &'a str,
    endpoints: Endpoints,
}

// === impl Left ===

impl Left<'_> {
    /// Keeps the endpoints that are `fit`.
    ///
    /// Errors: if none is; `reason` says why.
    fn keep(&mut self, fit: impl Fn(&Endpoint) -> bool, reason: impl Fn() -> String) -> Result<(), Error> {
        if self.endpoints.iter().all(|endpoint| fit(endpoint)) {
            return Ok(());
        }
        let mut serving: Vec<&str> = self.endpoints.iter().map(|endpoint| &*endpoint.provider.slug).collect();
        serving.dedup();
        let reason = || format!("{}, it is served by {}", reason(), serving.join(", "));
        let left: Endpoints = self.endpoints.iter().filter(|endpoint| fit(endpoint)).cloned().collect();
        if left.is_empty() {
            return Err(NoRoute { model: self.asked.to_owned(), reason: reason() }.into());
        }
        self.endpoints = left;
        Ok(())
    }

    /// Keeps the endpoints that are `fit`, or all if none is.
    fn prefer(&mut self, fit: impl Fn(&Endpoint) -> bool) {
        if self.endpoints.iter().any(|endpoint| fit(endpoint)) {
            self.endpoints.retain(|endpoint| fit(endpoint));
        }
    }
}

/// The kinds of input that the request has.
fn input(left: &mut Left<'_>, ask: &Ask<'_>) -> Result<(), Error> {
    let needs = ask.request.needs;
    for (needed, modality, what) in [
        (needs.images, Modality::Image, "image"),
        (needs.files, Modality::File, "file"),
        (needs.audio, Modality::Audio, "audio"),
        (needs.video, Modality::Video, "video"),
    ] {
        if needed {
            left.keep(|endpoint| endpoint.input_modalities.contains(modality), || format!("the messages have {what} input"))?;
        }
    }
    if let Some((message, part)) = needs.unknown_part {
        left.keep(
            |endpoint| endpoint.format.carries_unknown_parts(),
            || format!("messages[{message}].content[{part}].type is none of text, image_url, file, input_audio and video_url"),
        )?;
    }
    if needs.attachments == Attachments::default() {
        return Ok(());
    }
    for attachment in needs.attachments.iter() {
        let would_do = left.endpoints.iter().any(|endpoint| endpoint.carries(attachment.inline()));
        let instead = if would_do { " (a data: URI would do)" } else { "" };
        left.keep(|endpoint| endpoint.carries(attachment), || format!("the messages have {}{instead}", attachment.name()))?;
    }
    Ok(())
}

/// The parameters that the request has: required, or preferred where doing without would change the answer's kind.
fn parameters(left: &mut Left<'_>, ask: &Ask<'_>) -> Result<(), Error> {
    if let Some(wanted) = ask.request.max_tokens {
        let most = left.endpoints.iter().filter_map(|endpoint| endpoint.max_completion_tokens).max().unwrap_or_default();
        left.keep(
            |endpoint| endpoint.max_completion_tokens.is_none_or(|most| wanted <= most),
            || format!("max_tokens is {wanted} and {most} is the most that is given"),
        )?;
    }
    if ask.request.preferences.require_parameters == Some(true) {
        return left.keep(
            |endpoint| ask.request.parameters().all(|parameter| heeds(endpoint, parameter, ask)),
            || {
                let all: Vec<_> = ask.request.parameters().collect();
                format!("provider.require_parameters is true and the request has {}", all.join(", "))
            },
        );
    }
    for (needed, parameter) in [(ask.request.needs.tools, "tools"), (ask.request.needs.response_format, "response_format")] {
        if needed {
            left.prefer(|endpoint| heeds(endpoint, parameter, ask));
        }
    }
    Ok(())
}

/// Whether `endpoint` does what the request's `parameter` asks for. JSON is two abilities, with and without a schema.
fn heeds(endpoint: &Endpoint, parameter: &str, ask: &Ask<'_>) -> bool {
    let has_schema = parameter == "response_format" && ask.request.needs.json_schema;
    endpoint.heeds(parameter) || has_schema && endpoint.heeds("structured_outputs")
}

/// Whether `provider` is among `names`: slugs or display names, in any case.
pub(super) fn named(names: &[String], provider: &Provider) -> bool {
    position(names, provider).is_some()
}

/// The place of `provider` in `names`.
pub(super) fn position(names: &[String], provider: &Provider) -> Option<usize> {
    names.iter().position(|name| name.eq_ignore_ascii_case(&provider.slug) || name.eq_ignore_ascii_case(&provider.name))
}
