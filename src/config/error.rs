//! What is wrong with a configuration, and where.

/// What is wrong with a configuration: the path of the value, and what was expected of it.
///
/// It goes to Envoy's log, so it never repeats a value that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ConfigError {
    /// Where, as in `models[3].endpoints[0].price.prompt`; `configuration` if it is the whole.
    pub path: String,
    /// What was expected, and what was found.
    pub message: String,
}

impl ConfigError {
    pub(super) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}
