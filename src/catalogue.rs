//! The catalogue as OpenRouter shows it: models, their endpoints and the providers, each written once for a configuration.
//!
//! See <https://openrouter.ai/docs/api-reference/list-available-models>. The official SDKs refuse a model without one of the members
//! that they know, so members that nobody here fills in are `null`.

mod endpoint;
mod model;
mod query;

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::{Value, json};

pub use query::Query;

use crate::api::Listing;
use crate::config::{Gateway, Key, Model};
use crate::endpoint::Endpoint;
use crate::error::{ClientError, Error};
use crate::model::Family;
use crate::performance::Report;

/// The catalogue of one configuration.
#[derive(Debug)]
pub struct Catalogue {
    gateway: Rc<Gateway>,
    /// Each model's object, in the order of the configuration.
    models: Vec<Box<str>>,
    providers: Box<str>,
}

// === impl Catalogue ===

impl Catalogue {
    /// Writes the catalogue of `gateway`.
    pub fn new(gateway: Rc<Gateway>) -> Self {
        let models = gateway.models.iter().map(|model| model::object(model).to_string().into()).collect();
        let providers = gateway.providers.iter().map(|provider| {
            let about = &provider.about;
            json!({
                "name": provider.name, "slug": provider.slug,
                "privacy_policy_url": about.privacy_policy_url, "terms_of_service_url": about.terms_of_service_url,
                "status_page_url": about.status_page_url, "headquarters": about.headquarters, "datacenters": about.datacenters,
            })
        });
        let providers = data(&providers.collect());
        Self { models, providers, gateway }
    }

    /// The body that answers `listing` with `query`, which is what follows the `?` of the path. `key` is who asks, where that is known;
    /// `report` says how an endpoint has done.
    ///
    /// Errors: if a model is not in the catalogue, or if the query is wrong.
    pub fn answer(
        &self,
        listing: Listing<'_>,
        query: &str,
        key: Option<&Key>,
        report: &dyn Fn(&Endpoint) -> Report,
    ) -> Result<Box<str>, Error> {
        Ok(match listing {
            Listing::Models => page("models", &Query::parse(query)?, self.models(), report),
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
                page("models/user", &Query::of_any_output(query)?, models, report)
            }
            Listing::Embeddings => {
                let models = self.models().filter(|(model, _)| model.output_modalities.contains(&"embeddings"));
                page("embeddings/models", &Query::of_any_output(query)?, models, report)
            }
            Listing::Count => {
                let query = Query::parse(query)?;
                data(&json!({"count": self.gateway.models.iter().filter(|model| query.wants(model)).count()}))
            }
            Listing::Model(id) => {
                let (index, model) = self.find(id, key)?;
                let object = self.models.get(index).map_or("null", |object| object);
                // The first four are what OpenAI's clients look for: https://platform.openai.com/docs/api-reference/models/object
                let openai = json!({"id": model.id.as_str(), "object": "model", "created": model.created, "owned_by": model.id.author()});
                format!("{},\"data\":{object}}}", openai.to_string().trim_end_matches('}')).into()
            }
            Listing::Endpoints(id) => {
                let (_, model) = self.find(id, key)?;
                let model = key.map_or(Cow::Borrowed(model), |key| narrowed(model, key));
                data(&endpoint::of_model(&model, &|at| endpoint::report(&report(at), key.is_some())))
            }
            Listing::Providers => self.providers.clone(),
            Listing::ZeroDataRetention => {
                let models = self.gateway.models.iter();
                let endpoints = models.flat_map(|model| model.endpoints.iter().map(move |endpoint| (model, endpoint)));
                data(
                    &endpoints
                        .filter(|(_, at)| at.provider.zdr)
                        .map(|(model, at)| endpoint::object(model, at, &endpoint::report(&report(at), key.is_some())))
                        .collect(),
                )
            }
        })
    }

    /// Each model with its object.
    fn models(&self) -> impl Iterator<Item = (Cow<'_, Model>, Cow<'_, str>)> {
        let models = self.gateway.models.iter().zip(&self.models);
        models.map(|(model, object)| (Cow::Borrowed(&**model), Cow::Borrowed(&**object)))
    }

    /// The model of this id, or the one that an alias comes to for `key`.
    fn find(&self, id: &str, key: Option<&Key>) -> Result<(usize, &Model), Error> {
        let id = decoded(id);
        let find = |is_it: &dyn Fn(&Rc<Model>) -> bool| self.gateway.models.iter().enumerate().find(|(_, model)| is_it(model));
        let latest = || {
            let alias = id.parse().ok()?;
            let latest = self.gateway.latest(&Family::of_alias(&alias)?, key)?;
            find(&|model| Rc::ptr_eq(model, latest))
        };
        let unknown = || ClientError::UnknownModel(id.chars().take(100).collect()).into();
        let found = find(&|model| model.id.as_str().eq_ignore_ascii_case(&id)).or_else(latest);
        found.map(|(index, model)| (index, &**model)).ok_or_else(unknown)
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
) -> Box<str> {
    let mut found: Vec<_> = models.filter(|(model, _)| query.wants(model)).collect();
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
