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
    value::checked(
        is_date(version.strip_suffix("-preview").unwrap_or(&version)),
        path,
        "expected a version such as 2024-10-21, or no such member for /openai/v1, which has no versions",
    )?;
    Ok(Some(version.into()))
}

/// Whether it is a year, a month and a day of it, such as `2024-10-21`.
fn is_date(version: &str) -> bool {
    let number = |range: std::ops::Range<usize>| {
        let digits = version.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse::<u16>().ok()
    };
    let dashes = [4, 7].map(|at| version.as_bytes().get(at) == Some(&b'-'));
    version.len() == 10
        && dashes == [true, true]
        && number(0..4).is_some()
        && number(5..7).is_some_and(|month| (1..=12).contains(&month))
        && number(8..10).is_some_and(|day| (1..=31).contains(&day))
}

/// What holds for a provider that is asked by `version`.
pub(super) fn row(row: Row, version: &str) -> Row {
    let path_prefix = "/openai";
    if version >= WITH_USAGE_OF_STREAMS {
        return Row { path_prefix, ..row };
    }
    Row { path_prefix, quirks: Quirks { stream_options: false, max_tokens: OutputLimitName::MaxTokens, ..row.quirks }, ..row }
}
