//! A provider's failure as the client sees it.

use std::borrow::Cow;
use std::rc::Rc;

use super::{ErrorType, Moderation};
use crate::json;

/// The failure that the client is told, of a provider that was tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct ProviderError {
    /// The status the client gets: 404 where no provider knows the model, 502 where one refuses the gateway's credential.
    pub status: u16,
    /// What kind of failure.
    pub error_type: ErrorType,
    /// The provider's slug.
    pub slug: Rc<str>,
    /// The provider's display name.
    pub provider: Rc<str>,
    /// The provider's own body, cut to a few kilobytes; withheld where it could name a credential.
    pub raw: Option<String>,
    /// The provider's own word for it, if `raw` is told and has one.
    pub code: Option<String>,
    /// What it found in the prompt, and the model that it refused that for.
    pub moderation: Option<Box<(Moderation, Rc<str>)>>,
    /// The other attempts that failed.
    pub previous: Vec<PreviousError>,
    /// The models that were asked for.
    pub models: Vec<String>,
    /// Whether the credential was the client's own.
    pub is_byok: bool,
    /// What is left to hope for.
    pub outlook: Outlook,
    /// The shortest wait that a provider of those that may do better later asked for, in seconds.
    pub retry_after: Option<u64>,
}

/// What is left to hope for after a failure. Of several, what leaves most is what the client is told: what could be retried decides,
/// unless nobody would take the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outlook {
    /// Nothing: the provider says that it does not have the model. What is told is so only if all say so.
    Gone,
    /// Nothing until the operator mends it, or the client the credential of its own: it or its credit is refused.
    Refused,
    /// Another prompt, or another model for this one.
    OtherPrompt,
    /// The same request, later.
    Later,
    /// Another request: this one is not right.
    OtherRequest,
}

/// Another attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousError {
    /// The provider's slug.
    pub provider: Rc<str>,
    /// What it leaves to hope for.
    pub outlook: Outlook,
    /// What kind of failure.
    pub error_type: ErrorType,
    /// The provider's HTTP status; `None` where none came (refused, reset, silent).
    pub status: Option<u16>,
}

// === impl ProviderError ===

impl ProviderError {
    /// The failure of a provider of whom no more is known.
    pub fn new(status: u16, error_type: ErrorType, provider: &str) -> Self {
        Self {
            status,
            error_type,
            slug: provider.into(),
            provider: provider.into(),
            raw: None,
            code: None,
            moderation: None,
            previous: Vec::new(),
            models: Vec::new(),
            is_byok: false,
            outlook: Outlook::Later,
            retry_after: None,
        }
    }

    fn message(&self) -> Cow<'static, str> {
        let refused = |why: &str| format!("Provider returned error: {} refuses {why}", self.provider).into();
        match (self.moderation.as_deref(), self.outlook, self.error_type) {
            (Some((moderation, model)), ..) => moderation.message(model, &self.provider).into(),
            (None, Outlook::Gone, _) => {
                format!("No endpoints found for {}: {} does not know the model", self.models.join(", "), self.provider).into()
            }
            (None, Outlook::Refused, _) if self.is_byok => refused("your own credential, or it has no credit there"),
            (None, Outlook::Refused, _) => refused("this gateway, whose operator has to mend its credential or credit there"),
            (None, _, ErrorType::Timeout) => "Request timed out. Please try again later.".into(),
            (None, ..) => "Provider returned error".into(),
        }
    }

    /// Appends `,"provider_name":…` and what else the metadata of a provider's error holds.
    pub(super) fn metadata_into(&self, out: &mut Vec<u8>) {
        if let Some(code) = &self.code {
            out.extend_from_slice(b",\"provider_code\":");
            json::string_into(out, code);
        }
        out.extend_from_slice(b",\"provider_name\":");
        json::string_into(out, &self.provider);
        if let Some(raw) = &self.raw {
            out.extend_from_slice(b",\"raw\":");
            json::string_into(out, raw);
        }
        if let Some((moderation, model)) = self.moderation.as_deref() {
            moderation.metadata_into(model, out);
        }
        out.extend_from_slice(if self.is_byok { b",\"is_byok\":true" } else { b",\"is_byok\":false" });
        // The gateway's share, which all of its clients use up.
        if self.error_type == ErrorType::RateLimitExceeded && !self.is_byok {
            out.extend_from_slice(
                b",\"limit_source\":\"upstream_provider_shared_pool\",\"remedy_hint\":\"Try again shortly, or name other `models`\"",
            );
        }
        if self.previous.is_empty() {
            return;
        }
        out.extend_from_slice(b",\"previous_errors\":[");
        for (index, previous) in self.previous.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(b"{\"provider\":");
            json::string_into(out, &previous.provider);
            let status = previous.status.map_or("null".to_owned(), |status| status.to_string());
            out.extend_from_slice(format!(",\"code\":\"{}\",\"status\":{status}}}", previous.code()).as_bytes());
        }
        out.push(b']');
    }
}

// === impl PreviousError ===

impl PreviousError {
    /// What kind of failure, in one word: the code that its `availability` would have if it were the only one, else its `error_type`.
    fn code(&self) -> &'static str {
        self.outlook.availability(self.error_type).unwrap_or(self.error_type.as_str())
    }
}

// === impl Outlook ===

impl Outlook {
    /// OpenRouter's code of a failure of this type, if it is about whether a model can be had.
    pub(super) fn availability(self, error_type: ErrorType) -> Option<&'static str> {
        match self {
            Self::Gone => Some("model_unavailable_upstream"),
            // Nobody is left to whom the request may be put.
            Self::Refused => Some("no_endpoints"),
            Self::Later if error_type == ErrorType::RateLimitExceeded => Some("capacity_exhausted"),
            Self::Later => Some("temporarily_unavailable"),
            Self::OtherPrompt | Self::OtherRequest => None,
        }
    }
}
