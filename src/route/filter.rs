//! Which endpoints may serve a request at all, and which filter is to blame when none may.

use std::rc::Rc;

use super::resolve::Resolved;
use super::tier::Tiers;
use super::{Ask, length};
use crate::api::Api;
use crate::chat::{Attachments, Name};
use crate::config::{Format, Modality};
use crate::endpoint::{Embedding, Endpoint};
use crate::error::{ClientError, Error, NoRoute};
use crate::preferences::{DataCollection, Usd};
use crate::price::FemtoUsd;

type Endpoints = Vec<Rc<Endpoint>>;

/// Leaves of the candidates those that are left after every filter.
///
/// Errors: if none is left, naming the filter that removed the last, or if a preference cannot be honoured.
pub(super) fn filter(resolved: &mut Resolved<'_>, ask: &Ask<'_>) -> Result<(), Error> {
    let preferences = &ask.request.preferences;
    let endpoints = std::mem::take(&mut resolved.endpoints);
    let mut left = Left { asked: resolved.asked, by_router: resolved.choice.is_some(), endpoints };
    output(&mut left, ask.request.api)?;
    let tiers = Tiers::new(ask, resolved.wish, &left.endpoints);
    let named = |names: &[String], endpoint: &Endpoint| names.iter().any(|name| tiers.is_meant(endpoint, name));
    // Before all else: what a wish leaves is not to be of a tier that nobody asked for.
    left.keep_or_tell(|endpoint| tiers.admit(endpoint), |endpoints| tiers.reason(endpoints))?;
    if let Some(only) = &preferences.only {
        left.keep(|endpoint| named(only, endpoint), || format!("provider.only permits {} only", only.join(", ")))?;
    }
    if let Some(ignore) = &preferences.ignore {
        left.keep(|endpoint| !tiers.is_ignored(endpoint, ignore), || format!("provider.ignore excludes {}", ignore.join(", ")))?;
    }
    if let (Some(order), Some(false)) = (&preferences.order, preferences.allow_fallbacks) {
        left.keep(
            |endpoint| named(order, endpoint),
            || format!("provider.order names {} and provider.allow_fallbacks is false", order.join(", ")),
        )?;
    }
    let by_key = |forced: bool| if forced { " by the data policy of this key" } else { "" };
    let deny = ask.key.denies_data_collection;
    if deny || preferences.data_collection == Some(DataCollection::Deny) {
        left.keep(|endpoint| !endpoint.provider.collects_data, || format!("provider.data_collection is \"deny\"{}", by_key(deny)))?;
    }
    let zdr = ask.key.zdr;
    if zdr || preferences.zdr == Some(true) {
        left.keep(|endpoint| endpoint.provider.zdr, || format!("provider.zdr is true{}", by_key(zdr)))?;
    }
    if preferences.enforce_distillable_text == Some(true) {
        left.keep(|endpoint| endpoint.is_distillable, || "provider.enforce_distillable_text is true".into())?;
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
        let within = |price: FemtoUsd, max: Option<Usd>, unit: f64| max.is_none_or(|max| price.get() as f64 <= (max.0 * unit).round());
        left.keep(
            |endpoint| {
                let price = &endpoint.price;
                within(price.prompt, max.prompt, 1e9)
                    && within(price.completion, max.completion, 1e9)
                    && within(price.audio, max.audio, 1e9)
                    && within(price.request, max.request, 1e15)
            },
            || "provider.max_price is lower than any price".into(),
        )?;
    }
    if ask.request.api == Api::Embeddings {
        left.keep(
            |endpoint| endpoint.embedding().is_some(),
            || "embeddings are asked for, and this gateway knows no way to ask for them there".into(),
        )?;
        let inputs = ask.request.needs.inputs;
        left.keep(
            |endpoint| !inputs.has_others || endpoint.embedding() == Some(Embedding::OpenAi),
            || "the input has token ids or something else that is no text".into(),
        )?;
        left.keep(
            |endpoint| endpoint.embedding().is_some_and(|embedding| inputs.count <= embedding.most_inputs()),
            || format!("the input has {} texts, where one is embedded at a time", inputs.count),
        )?;
    }
    tiers.keep_to_flex(&mut left.endpoints);
    input(&mut left, ask)?;
    length::retain(&mut left.endpoints, ask.request)?;
    parameters(&mut left, ask)?;
    resolved.endpoints = left.endpoints;
    Ok(())
}

struct Left<'a> {
    asked: &'a str,
    /// Whether a router was asked for, which has no model of its own to name.
    by_router: bool,
    endpoints: Endpoints,
}

// === impl Left ===

impl Left<'_> {
    /// Keeps the endpoints that are `fit`.
    ///
    /// Errors: if none is; `reason` says why.
    fn keep(&mut self, fit: impl Fn(&Endpoint) -> bool, reason: impl Fn() -> String) -> Result<(), Error> {
        self.keep_or_tell(fit, |_| reason())
    }

    /// The same, where the reason depends on the endpoints that are not fit.
    fn keep_or_tell(&mut self, fit: impl Fn(&Endpoint) -> bool, reason: impl Fn(&[Rc<Endpoint>]) -> String) -> Result<(), Error> {
        self.keep_by(&fit, &reason)
    }

    /// The same, compiled once.
    fn keep_by(&mut self, fit: &dyn Fn(&Endpoint) -> bool, reason: &dyn Fn(&[Rc<Endpoint>]) -> String) -> Result<(), Error> {
        if self.endpoints.iter().all(|endpoint| fit(endpoint)) {
            return Ok(());
        }
        let mut serving: Vec<&str> = self.endpoints.iter().map(|endpoint| &*endpoint.tag).collect();
        serving.dedup();
        let reason = || format!("{}, it is served by {}", reason(&self.endpoints), serving.join(", "));
        let left: Endpoints = self.endpoints.iter().filter(|endpoint| fit(endpoint)).cloned().collect();
        if left.is_empty() && self.by_router {
            return Err(ClientError::NoModelMatches.into());
        }
        if left.is_empty() {
            return Err(NoRoute { model: self.asked.to_owned(), requested: Vec::new(), reason: reason() }.into());
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

/// What the API is for: a model that only embeds is nobody to talk to.
fn output(left: &mut Left<'_>, api: Api) -> Result<(), Error> {
    let is_had = |endpoint: &Rc<Endpoint>| endpoint.output.is_had_by(api);
    if left.endpoints.iter().all(is_had) {
        return Ok(());
    }
    left.endpoints.retain(is_had);
    match (left.endpoints.is_empty(), left.by_router) {
        (false, _) => Ok(()),
        (true, true) => Err(ClientError::NoModelMatches.into()),
        (true, false) => {
            let path = if api == Api::Embeddings { "/api/v1/chat/completions" } else { "/api/v1/embeddings" };
            Err(ClientError::WrongEndpoint { model: left.asked.to_owned(), path }.into())
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
    if let Some(place) = needs.server_tool {
        left.endpoints.retain(|endpoint| endpoint.provider.quirks.openrouter_members);
        if left.endpoints.is_empty() {
            let expected = "function: tools that run at OpenRouter are served only where that is the provider";
            return Err(ClientError::invalid(format!("tools[{place}].type"), expected).into());
        }
    }
    if let Some(place) = needs.anthropic_tool {
        left.endpoints.retain(|endpoint| endpoint.format == Format::Anthropic);
        if left.endpoints.is_empty() {
            let expected = "custom: tools that Anthropic defines are known to Claude at Anthropic and at Vertex AI alone";
            return Err(ClientError::invalid(format!("tools[{place}].type"), expected).into());
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
            || format!("{} is {wanted} and {most} is the most that is given", ask.request.api.member("max_tokens")),
        )?;
    }
    // JSON is two abilities. Where nobody is said to keep to a schema, who answers in JSON comes nearest.
    let keeps_to_schema = ask.request.needs.json_schema && left.endpoints.iter().any(|endpoint| endpoint.heeds("structured_outputs"));
    let format = if keeps_to_schema { "structured_outputs" } else { "response_format" };
    if ask.request.preferences.require_parameters == Some(true) {
        // One answer is what everybody gives.
        let several = ask.request.wants_several().then_some("n");
        let known = || ask.request.parameters().chain(several).map(|name| if name == "response_format" { format } else { name });
        let unknown: Vec<String> = ask.request.unknown_parameters().map(|name| name.chars().take(100).collect()).collect();
        // Without a list nobody knows: it may be the provider's own.
        let takes = |endpoint: &Endpoint, name: &str| endpoint.supported_parameters.is_none() || endpoint.supports(name);
        return left.keep_or_tell(
            |endpoint| known().all(|name| endpoint.heeds(name)) && unknown.iter().all(|name| takes(endpoint, name)),
            |endpoints| {
                let known = known().filter(|name| !endpoints.iter().all(|endpoint| endpoint.heeds(name)));
                let unknown = unknown.iter().filter(|name| !endpoints.iter().all(|endpoint| takes(endpoint, name)));
                let missing: Vec<&str> = known.chain(unknown.map(|name| &**name)).collect();
                format!("provider.require_parameters is true and the request has {}", missing.join(", "))
            },
        );
    }
    let needs = ask.request.needs;
    for (needed, parameter) in [(needs.tools, "tools"), (needs.response_format, format), (ask.request.has(Name::Verbosity), "verbosity")] {
        if needed {
            left.prefer(|endpoint| endpoint.heeds(parameter));
        }
    }
    Ok(())
}
