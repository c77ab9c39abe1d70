//! What a token endpoint answers: RFC 6749, sections 5.1 and 5.2.

use std::time::Duration;

use crate::json::{Kind, Scanner};
use crate::secret::Secret;

/// A token, and how long it is good.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The token itself.
    pub token: Secret,
    /// Its lifetime from the moment that it was made.
    pub lifetime: Duration,
}

/// Why there is no token. What it says is for the operator's log, and so never holds a token or an assertion.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing came back in time, or the connection broke.
    #[error("no answer came in time")]
    Unanswered,
    /// Envoy does not know whom to ask.
    #[error("Envoy has no cluster of this name")]
    NoCluster,
    /// Envoy could not ask.
    #[error("the cluster cannot be reached")]
    Unreachable,
    /// The assertion could not be signed.
    #[error(transparent)]
    Unsigned(#[from] super::Unsigned),
    /// The endpoint refuses.
    #[error("HTTP {status}{reason}")]
    Refused {
        /// The status of its answer.
        status: u16,
        /// `error` and `error_description` of its answer, as far as they can be shown.
        reason: String,
    },
    /// An answer without a token.
    #[error("HTTP 200, but no bearer token in it")]
    NoToken,
}

/// A longer word in a description may be a token or a part of the assertion.
const LONGEST_WORD: usize = 40;
const LONGEST_DESCRIPTION: usize = 300;

// === impl Answer ===

impl Answer {
    /// Reads an answer.
    ///
    /// Errors: if it is a refusal, or has no token that a header could carry.
    pub fn parse(status: u16, body: &[u8]) -> Result<Self, Refusal> {
        let (mut token, mut lifetime, mut kind, mut reason) = (None, None, None, Vec::new());
        // What cannot be read to its end is judged by what was read.
        _ = Scanner::new(body).members(&mut |scanner, key, _| {
            let is_string = scanner.kind()? == Kind::String;
            match key.raw {
                b"access_token" if is_string => token = Some(scanner.string()?.value().into_owned()),
                b"token_type" if is_string => kind = Some(scanner.string()?.value().into_owned()),
                // Some write the number as a string.
                b"expires_in" if is_string => lifetime = seconds(scanner.string()?.raw),
                b"expires_in" => lifetime = seconds(scanner.raw()?),
                b"error" | b"error_description" if is_string => reason.push(scanner.string()?.value().into_owned()),
                _ => _ = scanner.skip()?,
            }
            Ok(())
        });
        if !(200..300).contains(&status) {
            return Err(Refusal::Refused { status, reason: shown(&reason) });
        }
        let is_bearer = kind.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
        match (token, lifetime) {
            (Some(token), Some(lifetime)) if is_bearer && !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(Self { token: Secret::new(token), lifetime })
            }
            _ => Err(Refusal::NoToken),
        }
    }
}

fn seconds(digits: &[u8]) -> Option<Duration> {
    let seconds: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    // Nobody's token is good for a year, and times are not to overflow.
    Some(Duration::from_secs(seconds.min(365 * 24 * 3600)))
}

fn shown(reason: &[String]) -> String {
    let mut shown = String::new();
    for text in reason {
        let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.split(' ').all(|word| word.len() <= LONGEST_WORD);
        if is_plain && shown.len().saturating_add(text.len()) <= LONGEST_DESCRIPTION {
            shown.extend([if shown.is_empty() { ", " } else { ": " }, text]);
        }
    }
    shown
}
