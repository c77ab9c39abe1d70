//! What can go wrong with a request, grouped by whose fault it is, and how OpenRouter says it.
//!
//! The other error family, `ConfigError`, is the operator's and appears at load only.
//! `Display` is the message for the client; it never holds a credential, a prompt or an answer.

mod availability;
mod client;
mod kind;
mod limited;
mod moderation;
mod provider;
mod rejection;

pub use client::ClientError;
pub use kind::ErrorType;
pub use limited::{Limited, MoneyReason, OutOfMoney, OutOfRate, Rate};
pub use moderation::Moderation;
pub use provider::{Outlook, PreviousError, ProviderError};
pub use rejection::KeyRejection;

use self::availability::Availability;
use crate::json;

/// Why a request gets no completion.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The client's fault.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// No endpoint fits what the client asked for.
    #[error(transparent)]
    NoRoute(#[from] NoRoute),
    /// The key's money or rates do not allow it.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// A provider's fault.
    #[error(transparent)]
    Provider(Box<ProviderError>),
    /// The one provider left that would do has no access token yet.
    #[error("No access token for {0} is there yet: please try again later.")]
    NoToken(Box<str>),
    /// Envoy cannot ask its rate limit service, and its configuration admits nobody unasked.
    #[error("The rate limits cannot be checked, and no request is admitted unchecked: please try again later.")]
    NoRateLimitService,
    /// The gateway's own fault, or its configuration's: what it is stands in the log, not in the answer.
    #[error("Internal Server Error")]
    Internal(&'static str),
}

/// A model that is known but of which no endpoint is left.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("No endpoints found for {model}: {reason}")]
pub struct NoRoute {
    /// The model, or the models.
    pub model: String,
    /// All models that were asked for, if there were several.
    pub requested: Vec<String>,
    /// Which filter emptied the list, and what would have fitted. It begins with the member of the request, if one is to blame.
    pub reason: String,
}

// === impl Error ===

impl Error {
    /// The error of a request that Envoy answered with `status` before any provider was asked.
    pub fn of_envoy(status: u16) -> Self {
        if (400..500).contains(&status) {
            return ClientError::Refused(status).into();
        }
        Self::Internal(
            "Envoy asked no provider: the matcher of the route has to know each provider's cluster, and the attempt role has to be among the router's upstream_http_filters, with the gateway's vm_config",
        )
    }

    /// The HTTP status, which is also `error.code`.
    pub fn status(&self) -> u16 {
        match self {
            Self::Client(error) => error.status(),
            Self::NoRoute(_) => 404,
            Self::Limited(error) => error.status(),
            Self::Provider(error) => error.status,
            Self::NoToken(_) | Self::NoRateLimitService => 503,
            Self::Internal(_) => 500,
        }
    }

    /// The same where these models were asked for, of which none can be had.
    pub fn of_models(mut self, models: impl ExactSizeIterator<Item = String>) -> Self {
        if let (2.., Self::Client(ClientError::UnknownModel { requested, .. }) | Self::NoRoute(NoRoute { requested, .. })) =
            (models.len(), &mut self)
        {
            *requested = models.collect();
        }
        self
    }

    /// OpenRouter's `error_type`.
    pub fn error_type(&self) -> ErrorType {
        match self {
            Self::Client(error) => error.error_type(),
            Self::NoRoute(_) => ErrorType::NotFound,
            Self::Limited(error) => ErrorType::of_status(error.status()),
            Self::Provider(error) => error.error_type,
            Self::NoToken(_) => ErrorType::ProviderUnavailable,
            Self::NoRateLimitService | Self::Internal(_) => ErrorType::Server,
        }
    }

    /// The answer's body: `{"error":{"code","message","error_type","http_status","metadata","availability"}}`, `code` an integer.
    pub fn body(&self) -> Vec<u8> {
        self.body_with(b"")
    }

    /// The same with `more` members beside `error`, each with a comma before it. What is the gateway's own fault is told without them.
    pub fn body_with(&self, more: &[u8]) -> Vec<u8> {
        let mut out = b"{\"error\":".to_vec();
        self.object_into(&mut out);
        if !matches!(self, Self::Internal(_)) {
            out.extend_from_slice(more);
        }
        out.push(b'}');
        out
    }

    /// Appends the error object `{"code","message","error_type","http_status","metadata","availability"}`, as it stands in a body or in a stream's chunk.
    pub fn object_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"code\":");
        out.extend_from_slice(self.status().to_string().as_bytes());
        out.extend_from_slice(b",\"message\":");
        json::string_into(out, &self.to_string());
        let error_type = self.error_type().as_str();
        // Clients of before August 2026 look for the type in the metadata, and for the status in `code`.
        let status = self.status();
        let told = format!(",\"error_type\":\"{error_type}\",\"http_status\":{status},\"metadata\":{{\"error_type\":\"{error_type}\"");
        out.extend_from_slice(told.as_bytes());
        match self {
            Self::Provider(error) => error.metadata_into(out),
            Self::Limited(error) => error.metadata_into(out),
            _ => {}
        }
        out.push(b'}');
        if let Some(availability) = Availability::of(self) {
            out.extend_from_slice(b",\"availability\":");
            availability.write(out);
        }
        out.push(b'}');
    }
}

impl From<ProviderError> for Error {
    fn from(error: ProviderError) -> Self {
        Self::Provider(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn t20_bodies_are_openrouters_with_an_integer_code() {
        let body = Error::from(ClientError::unknown_model("acme/\"x\"")).body();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["code"], 404);
        assert_eq!(body["error"]["message"], "acme/\"x\" is not a valid model ID");
        assert_eq!(body["error"]["metadata"]["error_type"], "not_found");
    }

    #[test]
    fn a_providers_error_says_who_and_what_came_before() {
        let before = |provider: &str, outlook, error_type, status| PreviousError { provider: provider.into(), outlook, error_type, status };
        let error = ProviderError {
            provider: "OpenAI".into(),
            raw: Some("{\"error\":\"slow down\"}".into()),
            code: Some("slow_down".into()),
            previous: vec![
                before("groq", Outlook::Later, ErrorType::Server, Some(500)),
                before("together", Outlook::Later, ErrorType::Timeout, None),
                before("groq", Outlook::OtherPrompt, ErrorType::ContextLengthExceeded, Some(400)),
            ],
            models: vec!["a/b".into()],
            retry_after: Some(9),
            ..ProviderError::new(429, ErrorType::RateLimitExceeded, "openai")
        };
        let body: serde_json::Value = serde_json::from_slice(&Error::from(error).body()).unwrap();
        let expected = serde_json::json!({"error": {"code": 429, "message": "Provider returned error",
            "error_type": "rate_limit_exceeded", "http_status": 429, "metadata": {
            "error_type": "rate_limit_exceeded", "provider_code": "slow_down", "provider_name": "OpenAI",
            "raw": "{\"error\":\"slow down\"}", "is_byok": false,
            "limit_source": "upstream_provider_shared_pool", "remedy_hint": "Try again shortly, or name other `models`",
            "previous_errors": [{"provider": "groq", "code": "temporarily_unavailable", "status": 500},
                {"provider": "together", "code": "temporarily_unavailable", "status": null},
                {"provider": "groq", "code": "context_length_exceeded", "status": 400}]},
            "availability": {"code": "capacity_exhausted", "retryable": true, "requested_models": ["a/b"],
                "docs_url": "https://openrouter.ai/docs/errors#capacity_exhausted", "retry_after": 9,
                "affected_providers": ["groq", "together", "openai"]}}});
        assert_eq!(body, expected);
    }
}
