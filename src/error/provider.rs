//! A provider's failure as the client sees it.

use std::borrow::Cow;
use std::rc::Rc;

use super::{ErrorType, Moderation};
use crate::json;

/// The failure of the last provider tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct ProviderError {
    /// The status the client gets: an operator's problem (a refused credential, an unknown model name) is a 502 to it.
    pub status: u16,
    /// What kind of failure.
    pub error_type: ErrorType,
    /// The provider's display name.
    pub provider: Rc<str>,
    /// The provider's own body, cut to a few kilobytes; withheld where it could name a credential.
    pub raw: Option<String>,
    /// What it found in the prompt, and the model that it refused that for.
    pub moderation: Option<Box<(Moderation, Rc<str>)>>,
    /// The attempts before this one.
    pub previous: Vec<PreviousError>,
    /// The models that were asked for.
    pub models: Vec<String>,
    /// Whether the credential was the client's own.
    pub is_byok: bool,
}

/// An attempt that failed before the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousError {
    /// The provider's display name.
    pub provider: Rc<str>,
    /// The status that tells the failure: 504 for a silence, 502 for a refused connection.
    pub code: u16,
    /// The provider's HTTP status; `None` where none came (refused, reset, silent).
    pub status: Option<u16>,
}

// === impl ProviderError ===

impl ProviderError {
    fn message(&self) -> Cow<'static, str> {
        match (self.moderation.as_deref(), self.error_type) {
            (Some((moderation, model)), _) => moderation.message(model, &self.provider).into(),
            (None, ErrorType::Timeout) => "Request timed out. Please try again later.".into(),
            (None, _) => "Provider returned error".into(),
        }
    }

    /// Appends `,"provider_name":…` and what else the metadata of a provider's error holds.
    pub(super) fn metadata_into(&self, out: &mut Vec<u8>) {
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
            out.extend_from_slice(format!(",\"code\":{},\"status\":{status}}}", previous.code).as_bytes());
        }
        out.push(b']');
    }
}
