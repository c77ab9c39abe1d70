//! `api_version`: Azure's older API, whose versions are dates and whose paths name the deployment.
//!
//! See <https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle>.

use super::{
    dialect::{Dialect, OutputLimitName, Quirks, Row},
    error::ConfigError,
    value,
};

/// The version that brought `stream_options` and `max_completion_tokens`: `2024-09-01-preview`.
const WITH_USAGE_OF_STREAMS: &str = "2024-09-01";

/// The version, if there is one.
///
/// Errors: if it is no date, or the dialect another.
pub(super) fn api_version(path: &str, version: Option<String>, dialect: Dialect) -> Result<Option<Box<str>>, ConfigError> {
    let Some(version) = version else { return Ok(None) };
    value::checked(dialect == Dialect::Azure, path, "expected only with dialect azure")?;
    let date = version.strip_suffix("-preview").unwrap_or(&version).bytes();
    let is_date =
        date.len() == 10 && date.enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    value::checked(is_date, path, "expected a version such as 2024-10-21, or no such member for /openai/v1, which has no versions")?;
    Ok(Some(version.into()))
}

/// What holds for a provider that is asked by `version`.
pub(super) fn row(row: Row, version: &str) -> Row {
    let path_prefix = "/openai";
    if version >= WITH_USAGE_OF_STREAMS {
        return Row { path_prefix, ..row };
    }
    Row { path_prefix, quirks: Quirks { stream_options: false, max_tokens: OutputLimitName::MaxTokens, ..row.quirks }, ..row }
}
