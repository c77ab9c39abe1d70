//! Why a model cannot be had, in the words of a machine: OpenRouter's `error.availability`.
//!
//! See <https://openrouter.ai/docs/api/reference/errors-and-debugging>.

use super::{ClientError, Error, NoRoute, Outlook};
use crate::json;

/// Why a model cannot be had.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Availability<'a> {
    code: &'static str,
    /// Whether the same request may succeed later.
    retryable: bool,
    models: Vec<&'a str>,
    providers: Vec<&'a str>,
    /// What kind of wish left no endpoint.
    excluded_by: Option<&'static str>,
    /// The member of the request that did, and what it did.
    constraint: Option<(&'a str, &'a str)>,
    /// How many seconds to wait, if a provider said so.
    retry_after: Option<u64>,
}

/// What comes before a code in the address of its explanation, which clients require.
const DOCS: &str = "https://openrouter.ai/docs/errors#";

// === impl Availability ===

impl<'a> Availability<'a> {
    /// That of `error`; `None` if it is not about that.
    pub(super) fn of(error: &'a Error) -> Option<Self> {
        match error {
            Error::Client(ClientError::UnknownModel { model, requested }) => {
                Some(Self::new("model_not_found", false, all(model, requested)))
            }
            Error::Client(ClientError::WrongEndpoint { model, path }) => {
                let constraint = Some(("endpoint", *path));
                Some(Self { constraint, ..Self::new("wrong_endpoint", false, [model.as_str()]) })
            }
            Error::NoRoute(no_route) => Some(Self::of_no_route(no_route)),
            Error::NoToken(provider) => Some(Self { providers: vec![provider], ..Self::new("temporarily_unavailable", true, []) }),
            Error::NoRateLimitService => Some(Self::new("temporarily_unavailable", true, [])),
            Error::Provider(error) => {
                let code = error.outlook.availability(error.error_type)?;
                let mut providers: Vec<&str> = Vec::new();
                let others = error.previous.iter().filter(|previous| previous.outlook.availability(previous.error_type).is_some());
                for provider in others.map(|previous| &*previous.provider).chain([&*error.slug]) {
                    if !providers.contains(&provider) {
                        providers.push(provider);
                    }
                }
                let retryable = error.outlook == Outlook::Later;
                let models = error.models.iter().map(String::as_str);
                Some(Self { providers, retry_after: error.retry_after, ..Self::new(code, retryable, models) })
            }
            Error::Client(_) | Error::Limited(_) | Error::Internal(_) => None,
        }
    }

    fn of_no_route(no_route: &'a NoRoute) -> Self {
        let field = no_route.reason.split(' ').next().unwrap_or_default();
        let (code, field, excluded_by) = match field {
            "provider.data_collection" => ("privacy_restricted", field, Some("data_policy:training")),
            "provider.zdr" => ("privacy_restricted", field, Some("data_policy:zdr")),
            "provider.only" | "provider.ignore" | "provider.order" => ("constraint_filtered", field, Some("allowed_providers")),
            "provider.quantizations" => ("constraint_filtered", field, Some("quantization")),
            "provider.max_price" => ("constraint_filtered", field, Some("max_price")),
            "provider.require_parameters" => ("constraint_filtered", field, Some("require_parameters")),
            _ if field.starts_with("provider.") || matches!(field, "max_tokens" | "service_tier") => ("constraint_filtered", field, None),
            _ if no_route.reason.starts_with("the messages have") => ("constraint_filtered", "messages", None),
            _ => ("no_endpoints", "", None),
        };
        let constraint = Some((field, no_route.reason.as_str())).filter(|(field, _)| !field.is_empty());
        Self { excluded_by, constraint, ..Self::new(code, false, all(&no_route.model, &no_route.requested)) }
    }

    fn new(code: &'static str, retryable: bool, models: impl IntoIterator<Item = &'a str>) -> Self {
        let models = models.into_iter().collect();
        Self { code, retryable, models, providers: Vec::new(), excluded_by: None, constraint: None, retry_after: None }
    }

    /// Appends the object.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let string = |name: &str, value: &str, out: &mut Vec<u8>| {
            out.extend_from_slice(name.as_bytes());
            json::string_into(out, value);
        };
        let list = |name: &str, values: &[&str], out: &mut Vec<u8>| {
            out.extend_from_slice(name.as_bytes());
            for (index, value) in values.iter().enumerate() {
                string(if index == 0 { "" } else { "," }, value, out);
            }
            out.push(b']');
        };
        string("{\"code\":", self.code, out);
        out.extend_from_slice(if self.retryable { b",\"retryable\":true" } else { b",\"retryable\":false" });
        list(",\"requested_models\":[", &self.models, out);
        string(",\"docs_url\":", &[DOCS, self.code].concat(), out);
        if let Some(seconds) = self.retry_after {
            out.extend_from_slice(format!(",\"retry_after\":{seconds}").as_bytes());
        }
        if !self.providers.is_empty() {
            list(",\"affected_providers\":[", &self.providers, out);
        }
        if let Some(excluded_by) = self.excluded_by {
            list(",\"excluded_by\":[", &[excluded_by], out);
        }
        if let Some((field, detail)) = self.constraint {
            string(",\"constraint\":{\"field\":", field, out);
            string(",\"detail\":", detail, out);
            out.push(b'}');
        }
        out.push(b'}');
    }
}

/// The models that were asked for, of which `model` is the first that cannot be had.
fn all<'a>(model: &'a String, requested: &'a [String]) -> impl Iterator<Item = &'a str> {
    let requested = if requested.is_empty() { std::slice::from_ref(model) } else { requested };
    requested.iter().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::error::{ErrorType, ProviderError};
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn availability(error: impl Into<Error>) -> Value {
        let error: Error = error.into();
        let body: Value = serde_json::from_slice(&error.body()).unwrap();
        assert_eq!(body["error"]["code"], error.status());
        body["error"]["availability"].clone()
    }

    #[test]
    fn an_unknown_model_is_not_found_and_will_not_be() {
        let there = availability(ClientError::unknown_model("acme/fake"));
        assert_eq!(
            there,
            json!({"code": "model_not_found", "retryable": false, "requested_models": ["acme/fake"],
            "docs_url": "https://openrouter.ai/docs/errors#model_not_found"})
        );
        assert_eq!(availability(ClientError::MissingKey), Value::Null);
        assert_eq!(availability(Error::Internal("x")), Value::Null);
    }

    #[test]
    fn of_several_models_each_is_named() {
        let models = || ["a/b", "c/d"].map(String::from).into_iter();
        let no_route = NoRoute { model: "a/b".into(), requested: Vec::new(), reason: "nobody serves it".into() };
        for error in [Error::from(ClientError::unknown_model("a/b")), no_route.into()] {
            assert_eq!(availability(error.clone().of_models(models()))["requested_models"], json!(["a/b", "c/d"]), "{error}");
            assert_eq!(availability(error.of_models(models().take(1)))["requested_models"], json!(["a/b"]));
        }
    }

    #[test]
    fn a_wish_that_left_no_endpoint_is_named() {
        for (reason, code, excluded_by, field) in [
            ("provider.zdr is true, it is served by a", "privacy_restricted", json!(["data_policy:zdr"]), json!("provider.zdr")),
            (
                "provider.data_collection is \"deny\"",
                "privacy_restricted",
                json!(["data_policy:training"]),
                json!("provider.data_collection"),
            ),
            ("provider.only permits x only", "constraint_filtered", json!(["allowed_providers"]), json!("provider.only")),
            ("provider.max_price is lower than any price", "constraint_filtered", json!(["max_price"]), json!("provider.max_price")),
            ("max_tokens is 9 and 5 is the most that is given", "constraint_filtered", Value::Null, json!("max_tokens")),
            ("the messages have image input", "constraint_filtered", Value::Null, json!("messages")),
            ("nobody serves it", "no_endpoints", Value::Null, Value::Null),
        ] {
            let there = availability(NoRoute { model: "a/b".into(), requested: Vec::new(), reason: reason.into() });
            assert_eq!(
                (&there["code"], &there["excluded_by"], &there["constraint"]["field"]),
                (&json!(code), &excluded_by, &field),
                "{reason}"
            );
            assert_eq!((&there["retryable"], &there["requested_models"]), (&json!(false), &json!(["a/b"])));
        }
    }

    #[test]
    fn a_model_that_another_path_is_for_says_which() {
        let there = availability(ClientError::WrongEndpoint { model: "a/b".into(), path: "/api/v1/embeddings" });
        assert_eq!((&there["code"], &there["retryable"]), (&json!("wrong_endpoint"), &json!(false)));
        assert_eq!(there["constraint"], json!({"field": "endpoint", "detail": "/api/v1/embeddings"}));
    }

    #[test]
    fn what_may_be_had_later_is_retryable() {
        let unchecked = availability(Error::NoRateLimitService);
        assert_eq!((&unchecked["code"], &unchecked["retryable"]), (&json!("temporarily_unavailable"), &json!(true)));
        for (status, outlook, error_type, code) in [
            (429, Outlook::Later, ErrorType::RateLimitExceeded, json!("capacity_exhausted")),
            (503, Outlook::Later, ErrorType::ProviderOverloaded, json!("temporarily_unavailable")),
            (404, Outlook::Gone, ErrorType::NotFound, json!("model_unavailable_upstream")),
            (502, Outlook::Refused, ErrorType::ProviderUnavailable, json!("no_endpoints")),
            (400, Outlook::OtherRequest, ErrorType::InvalidRequest, Value::Null),
            (400, Outlook::OtherPrompt, ErrorType::ContextLengthExceeded, Value::Null),
        ] {
            let models = vec!["a/b".into()];
            let there =
                availability(ProviderError { outlook, models, retry_after: Some(9), ..ProviderError::new(status, error_type, "a") });
            assert_eq!(there["code"], code);
            if let Some(code) = code.as_str() {
                let docs = format!("https://openrouter.ai/docs/errors#{code}");
                let expected = json!({"code": code, "retryable": outlook == Outlook::Later, "requested_models": ["a/b"],
                    "docs_url": docs, "retry_after": 9, "affected_providers": ["a"]});
                assert_eq!(there, expected);
            }
        }
    }
}
