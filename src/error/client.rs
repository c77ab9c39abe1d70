//! What clients do wrong.

use super::ErrorType;
use crate::api::Api;
use crate::chat::Length;
use crate::json;

/// What the client did wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// No `Authorization: Bearer …` header.
    #[error("Missing Authentication header: send `Authorization: Bearer <key>`")]
    MissingKey,
    /// A key that is not in the configuration.
    #[error("User not found.")]
    UnknownKey,
    /// Two keys, each in an `Authorization` header of its own: one of them would have to be guessed.
    #[error("Several Authorization headers: send one, `Authorization: Bearer <key>`")]
    SeveralKeys,
    /// A key that the configuration has switched off.
    #[error("This API key is disabled")]
    KeyDisabled,
    /// A key whose time is over.
    #[error("This API key has expired")]
    KeyExpired,
    /// A completion with a management key.
    #[error("Management keys cannot be used for completions: send another key")]
    ManagementKey,
    /// An account of all keys with a key that is for completions.
    #[error("Only management keys can perform this operation")]
    NotManagementKey,
    /// A generation that is not known, or no longer, or another key's.
    #[error("Generation {0} not found")]
    UnknownGeneration(String),
    /// The hash of no key.
    #[error("There is no key of this hash: send the SHA-256 of one, as GET /keys lists it")]
    UnknownKeyHash,
    /// A model that the key's `models` does not allow.
    #[error("This key may not use {0}: its configuration allows other models only")]
    ModelNotAllowed(String),
    /// A model that is served by providers alone that the key's `providers` do not allow.
    #[error("This key may not use {model} at {serving}: its configuration allows {allowed} only")]
    ProviderNotAllowed {
        /// The model that was asked for.
        model: String,
        /// Who serves it.
        serving: String,
        /// The key's `providers`.
        allowed: String,
    },
    /// A path that is not served.
    #[error("No such endpoint: {0}. Completions are at POST /api/v1/chat/completions, models at GET /api/v1/models")]
    UnknownPath(String),
    /// A method that the path does not serve.
    #[error("Method {sent} is not allowed here: use {allowed}")]
    Method {
        /// The method of the request.
        sent: String,
        /// The one that the path is for.
        allowed: &'static str,
    },
    /// A method that makes, changes or removes a key.
    #[error(
        "Method {0} is not allowed here: keys stand in the gateway's configuration. To make, change, disable or remove one, edit `keys` of \
         the plugin's configuration and reload it; a key stands there as its SHA-256, as `printf %s \"$KEY\" | sha256sum` prints it"
    )]
    KeysAreConfigured(String),
    /// No body, or an empty one.
    #[error("The request has no body: send a JSON object with `model` and `{}`", .0.prompt())]
    NoBody(Api),
    /// A body that is JSON of another type, or no JSON from its first byte.
    #[error("The request body is not a JSON object: send one with `model` and `{}`", .0.prompt())]
    NotAnObject(Api),
    /// A body that is not JSON.
    #[error("The request body is not valid: {0}")]
    Json(json::Error),
    /// A `X-Provider` header that is not a preferences object.
    #[error("The X-Provider header is not a valid provider preferences object: {0}")]
    ProviderHeader(String),
    /// A header, of this name, that is for a credential and has something else.
    #[error("The {0} header is not valid: expected a credential without spaces, or no such header")]
    OwnCredential(String),
    /// A member with a value that is not allowed.
    #[error("Invalid `{member}`: expected {expected}")]
    Invalid {
        /// Path of the member.
        member: String,
        /// What would be right.
        expected: String,
    },
    /// A member that stands twice: gateway and provider could each read another one.
    #[error("Duplicate member `{0}` in the request body: send it once")]
    Duplicate(String),
    /// Neither `model` nor `models`.
    #[error("No models provided")]
    NoModels,
    /// More fallback models than are allowed.
    #[error("'models' array must have {0} items or fewer.")]
    TooManyModels(usize),
    /// A preset that is not in the configuration.
    #[error("There is no preset {0:?} here: presets stand in the gateway's configuration, under `presets`")]
    UnknownPreset(String),
    /// A model that another path is for.
    #[error("{model} is not served here: use {path} for it")]
    WrongEndpoint {
        /// The model asked for.
        model: String,
        /// The path that it is served at.
        path: &'static str,
    },
    /// The auto router has no model for the request.
    #[error("No models match your request and model restrictions")]
    NoModelMatches,
    /// No `messages`.
    #[error("Input required: specify \"prompt\" or \"messages\"")]
    NoMessages,
    /// No `input`.
    #[error("Input required: specify \"input\"")]
    NoInput,
    /// A body above the limit.
    #[error("Request payload too large: the limit is {0} bytes")]
    TooLarge(usize),
    /// A request that another filter of the same Envoy refused, with its status.
    #[error("{}", refusal(*.0))]
    Refused(u16),
    /// More than any endpoint's context holds, of which none may be compressed.
    #[error("{}", too_long(*.context_length, .length))]
    TooLong {
        /// The longest context, in tokens.
        context_length: u64,
        /// What was asked for.
        length: Length,
    },
    /// A model that is not in the catalogue.
    #[error("{model} is not a valid model ID")]
    UnknownModel {
        /// The model.
        model: String,
        /// All models that were asked for, if there were several.
        requested: Vec<String>,
    },
}

// === impl ClientError ===

impl ClientError {
    /// The error of a member that should have been something else.
    pub fn invalid(member: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Invalid { member: member.into(), expected: expected.into() }
    }

    /// The error of a model that is not in the catalogue.
    pub fn unknown_model(model: impl Into<String>) -> Self {
        Self::UnknownModel { model: model.into(), requested: Vec::new() }
    }

    /// The error of a preset that is not in the configuration, told not at any length.
    pub fn unknown_preset(slug: &str) -> Self {
        Self::UnknownPreset(slug.chars().take(100).collect())
    }

    /// The error of a request of `api` whose body is not a JSON object, as `body` begins.
    pub fn no_object(api: Api, body: &[u8]) -> Self {
        if body.trim_ascii().is_empty() { Self::NoBody(api) } else { Self::NotAnObject(api) }
    }

    /// The method that the path is for, where another was sent: what `allow` says.
    pub fn allowed_method(&self) -> Option<&'static str> {
        match self {
            Self::Method { allowed, .. } => Some(allowed),
            Self::KeysAreConfigured(_) => Some("GET"),
            _ => None,
        }
    }

    pub(super) fn status(&self) -> u16 {
        match self {
            Self::MissingKey | Self::UnknownKey | Self::SeveralKeys | Self::KeyDisabled | Self::KeyExpired => 401,
            Self::ModelNotAllowed(_) | Self::ProviderNotAllowed { .. } | Self::ManagementKey | Self::NotManagementKey => 403,
            Self::UnknownGeneration(_)
            | Self::UnknownKeyHash
            | Self::UnknownPath(_)
            | Self::UnknownModel { .. }
            | Self::UnknownPreset(_)
            | Self::NoModelMatches => 404,
            Self::Method { .. } | Self::KeysAreConfigured(_) => 405,
            Self::TooLarge(_) => 413,
            Self::Refused(status) => *status,
            _ => 400,
        }
    }

    pub(super) fn error_type(&self) -> ErrorType {
        if let Self::TooLong { .. } = self { ErrorType::ContextLengthExceeded } else { ErrorType::of_status(self.status()) }
    }
}

/// OpenRouter's own words: clients look for them, and read the numbers.
fn too_long(context_length: u64, length: &Length) -> String {
    let part = |tokens: u64, what: &str| if tokens > 0 { format!(", {tokens} {what}") } else { String::new() };
    format!(
        "This endpoint's maximum context length is {context_length} tokens. However, you requested about {} tokens ({} of text input{}{}). \
         Please reduce the length of either one, or use the context-compression plugin to compress your prompt automatically.",
        length.total(),
        length.text,
        part(length.tools, "of tool input"),
        part(length.output, "in the output"),
    )
}

fn refusal(status: u16) -> &'static str {
    match status {
        408 => "Request timed out: the request did not arrive in time",
        413 => "Request payload too large: it does not fit into this Envoy's buffers",
        429 => "Rate limit exceeded",
        _ => "The request was refused by a filter of this Envoy",
    }
}

impl From<json::Error> for ClientError {
    fn from(error: json::Error) -> Self {
        Self::Json(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_request_that_is_too_long_is_told_so_in_openrouters_words() {
        let error = |text, tools, output| ClientError::TooLong { context_length: 8000, length: Length { text, tools, output } }.to_string();
        assert_eq!(
            error(9000, 20, 100),
            "This endpoint's maximum context length is 8000 tokens. However, you requested about 9120 tokens (9000 of text input, 20 of \
             tool input, 100 in the output). Please reduce the length of either one, or use the context-compression plugin to compress \
             your prompt automatically."
        );
        assert!(error(9000, 0, 0).contains("about 9000 tokens (9000 of text input). Please"));
    }
}
