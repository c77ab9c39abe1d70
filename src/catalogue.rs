//! The catalogue as OpenRouter shows it: models, their endpoints and the providers, each written once for a configuration.
//!
//! See <https://openrouter.ai/docs/api-reference/list-available-models>. The official SDKs refuse a model without one of the members
//! that they know, so members that nobody here fills in are `null`.

mod endpoint;
mod model;
mod query;
mod reports;

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::{Value, json};

pub use query::Query;

use self::reports::Reports;
use crate::api::Listing;
use crate::clock::Millis;
use crate::config::{Gateway, Key, Model};
use crate::endpoint::Endpoint;
use crate::error::{ClientError, Error};
use crate::model::{DynamicVariant, Family, ModelId};
use crate::performance::Report;

/// The catalogue of one configuration.
#[derive(Debug)]
pub struct Catalogue {
    gateway: Rc<Gateway>,
    /// In the order of the configuration.
    models: Vec<Written>,
    providers: Box<str>,
    reports: Reports,
}

/// A model, written.
#[derive(Debug)]
struct Written {
    /// Its object.
    object: Box<str>,
    /// The object of its endpoints, before these.
    head: Box<str>,
    /// Each endpoint's object, before how it has done.
    endpoints: Vec<Box<str>>,
}

// === impl Catalogue ===

impl Catalogue {
    /// Writes the catalogue of `gateway`.
    pub fn new(gateway: Rc<Gateway>) -> Self {
        let models = gateway.models.iter().map(|model| Written {
            object: model::object(model).to_string().into(),
            head: opened(&endpoint::head(model)),
            endpoints: model.endpoints.iter().map(|at| opened(&endpoint::object(model, at))).collect(),
        });
        let models = models.collect();
        let providers = gateway.providers.iter().map(|provider| {
            let about = &provider.about;
            json!({
                "name": provider.name, "slug": provider.slug,
                "privacy_policy_url": about.privacy_policy_url, "terms_of_service_url": about.terms_of_service_url,
                "status_page_url": about.status_page_url, "headquarters": about.headquarters, "datacenters": about.datacenters,
            })
        });
        let providers = data(&providers.collect());
        Self { models, providers, gateway, reports: Reports::default() }
    }

    /// The body that answers `listing` with `query`, which is what follows the `?` of the path. `key` is who asks, where that is known;
    /// `report` says how an endpoint has done, `now` how old a model is.
    ///
    /// Errors: if a model is not in the catalogue, or if the query is wrong.
    pub fn answer(
        &self,
        listing: Listing<'_>,
        query: &str,
        key: Option<&Key>,
        report: &dyn Fn(&Endpoint) -> Report,
        now: Millis,
    ) -> Result<Box<str>, Error> {
        let recent = |endpoint: &Endpoint| self.reports.of(endpoint, report, now);
        Ok(match listing {
            Listing::Models => page("models", &Query::parse(query)?, self.models(), &recent, now),
            Listing::OfUser => {
                let models = self.models().filter_map(|(model, object)| match key.map(|key| narrowed(&model, key)) {
                    None => Some((model, object)),
                    Some(Cow::Borrowed(_)) => Some((model, object)),
                    Some(Cow::Owned(model)) if model.endpoints.is_empty() => None,
                    Some(Cow::Owned(model)) => {
                        let object = Cow::Owned(model::object(&model).to_string());
                        Some((Cow::Owned(model), object))
                    }
                });
                page("models/user", &Query::of_any_output(query)?, models, &recent, now)
            }
            Listing::Embeddings => {
                let models = self.models().filter(|(model, _)| model.output_modalities.contains(&"embeddings"));
                page("embeddings/models", &Query::of_any_output(query)?, models, &recent, now)
            }
            Listing::Count => {
                let query = Query::parse(query)?;
                data(&json!({"count": self.gateway.models.iter().filter(|model| query.wants(model, now)).count()}))
            }
            Listing::Model(id) => {
                let (model, Written { object, .. }) = self.find(id, key)?;
                // The first four are what OpenAI's clients look for: https://platform.openai.com/docs/api-reference/models/object
                let openai = json!({"id": model.id.as_str(), "object": "model", "created": model.created, "owned_by": model.id.author()});
                format!("{},\"data\":{object}}}", openai.to_string().trim_end_matches('}')).into()
            }
            Listing::Endpoints(id) => {
                let (model, written) = self.find(id, key)?;
                let endpoints = model.endpoints.iter().zip(&written.endpoints);
                let mut out = format!("{{\"data\":{},\"endpoints\":", written.head);
                list_into(endpoints.filter(|(at, _)| key.is_none_or(|key| key.may_use(at))), key.is_some(), report, &mut out);
                out.push_str("}}");
                out.into()
            }
            Listing::Providers => self.providers.clone(),
            Listing::ZeroDataRetention => {
                let models = self.gateway.models.iter().zip(&self.models);
                let endpoints = models.flat_map(|(model, written)| model.endpoints.iter().zip(&written.endpoints));
                let mut out = String::from("{\"data\":");
                list_into(endpoints.filter(|(at, _)| at.provider.zdr), key.is_some(), &recent, &mut out);
                out.push('}');
                out.into()
            }
        })
    }

    /// Each model with its object.
    fn models(&self) -> impl Iterator<Item = (Cow<'_, Model>, Cow<'_, str>)> {
        let models = self.gateway.models.iter().zip(&self.models);
        models.map(|(model, written)| (Cow::Borrowed(&**model), Cow::Borrowed(&*written.object)))
    }

    /// The model of this id, which may have a variant that every model understands, or the one that an alias comes to for `key`.
    fn find(&self, id: &str, key: Option<&Key>) -> Result<(&Model, &Written), Error> {
        let id = decoded(id);
        let find = |is_it: &dyn Fn(&Rc<Model>) -> bool| self.gateway.models.iter().zip(&self.models).find(|(model, _)| is_it(model));
        let named = |id: &str| find(&|model| model.id.as_str().eq_ignore_ascii_case(id));
        let latest = || {
            // Nobody is served with web search.
            let id = id.parse().ok().filter(|id: &ModelId| !id.has(DynamicVariant::Online))?;
            named(&id.catalogued()).or_else(|| {
                let latest = self.gateway.latest(&Family::of_alias(&id)?, key)?;
                find(&|model| Rc::ptr_eq(model, latest))
            })
        };
        let unknown = || ClientError::unknown_model(id.chars().take(100).collect::<String>()).into();
        named(&id).or_else(latest).map(|(model, written)| (&**model, written)).ok_or_else(unknown)
    }
}

/// What of `model` the key may use: its endpoints, of which there may be none.
fn narrowed<'a>(model: &'a Model, key: &Key) -> Cow<'a, Model> {
    if model.endpoints.iter().all(|endpoint| key.may_use(endpoint)) {
        return Cow::Borrowed(model);
    }
    let mut model = model.clone();
    model.endpoints.retain(|endpoint| key.may_use(endpoint));
    Cow::Owned(model)
}

fn page<'a>(
    path: &str,
    query: &Query<'_>,
    models: impl Iterator<Item = (Cow<'a, Model>, Cow<'a, str>)>,
    report: &dyn Fn(&Endpoint) -> Report,
    now: Millis,
) -> Box<str> {
    let mut found: Vec<_> = models.filter(|(model, _)| query.wants(model, now)).collect();
    query.sort(&mut found, |(model, _)| model, report);
    let (page, next) = query.page(found.len());
    let mut body = String::from("{\"data\":[");
    for (_, object) in found.get(page).unwrap_or_default() {
        if !body.ends_with('[') {
            body.push(',');
        }
        body.push_str(object);
    }
    body.push_str("],\"total_count\":");
    body.push_str(itoa::Buffer::new().format(found.len()));
    body.push_str(",\"links\":{\"next\":");
    body.push_str(&next.map_or(Value::Null, |next| format!("/api/v1/{path}?{next}").into()).to_string());
    body.push_str("}}");
    body.into()
}

/// Appends the array of these endpoints with how each has done; how fast, if `shows_speed`.
fn list_into<'a>(
    endpoints: impl Iterator<Item = (&'a Rc<Endpoint>, &'a Box<str>)>,
    shows_speed: bool,
    report: &dyn Fn(&Endpoint) -> Report,
    out: &mut String,
) {
    out.push('[');
    for (at, written) in endpoints {
        if !out.ends_with('[') {
            out.push(',');
        }
        out.push_str(written);
        endpoint::report_into(&report(at), shows_speed, out);
        out.push('}');
    }
    out.push(']');
}

/// The text of an object that more is to be put into, without its last brace.
fn opened(object: &Value) -> Box<str> {
    let mut text = object.to_string();
    text.pop();
    text.into()
}

/// A piece of a path without its escapes: OpenAI's SDKs escape the slash of an id, and others its colon. What is not one stays.
fn decoded(piece: &str) -> String {
    let mut out = Vec::with_capacity(piece.len());
    let mut rest = piece.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let escaped = after.split_at_checked(2).filter(|_| *byte == b'%').and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        let (byte, after) = escaped.unwrap_or((*byte, after));
        out.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn data(value: &Value) -> Box<str> {
    format!("{{\"data\":{value}}}").into()
}

#[cfg(test)]
mod tests;
