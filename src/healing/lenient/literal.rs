//! Numbers and words, as JSON, Python and JavaScript write them.

use super::{Reader, Senseless, Wrote};

/// Words, and what JSON calls them.
const WORDS: [(&str, &str); 11] = [
    ("true", "true"),
    ("false", "false"),
    ("null", "null"),
    ("True", "true"),
    ("False", "false"),
    ("None", "null"),
    ("TRUE", "true"),
    ("FALSE", "false"),
    ("NULL", "null"),
    ("undefined", "null"),
    ("NaN", "null"),
];

// === impl Reader ===

impl Reader<'_> {
    pub(super) fn word(&mut self) -> Result<Wrote, Senseless> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let is_last = end == rest.len();
        let meant = WORDS.iter().find(|(written, _)| *written == word || is_last && written.starts_with(word));
        // What has been read counts, whatever comes of it.
        self.at = self.at.saturating_add(end);
        let (_, json) = meant.ok_or(Senseless)?;
        self.out.push_str(json);
        self.leaves = self.leaves.saturating_add(1);
        Ok(if is_last { Wrote::Cut } else { Wrote::Whole })
    }

    pub(super) fn number(&mut self) -> Result<Wrote, Senseless> {
        let rest = self.rest();
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let is_last = end == rest.len();
        let written = rest.get(..end).unwrap_or_default();
        self.at = self.at.saturating_add(end);
        if rest.get(end..).and_then(|rest| rest.chars().next()).is_some_and(|c| c.is_alphanumeric() || c == '_') {
            return Err(Senseless);
        }
        let (sign, digits) = match written.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", written.strip_prefix('+').unwrap_or(written)),
        };
        // Where the text ends, so may the number: at a sign, a point or an exponent.
        let digits = if is_last { digits.trim_end_matches(['+', '-', 'e', 'E']) } else { digits };
        let (mantissa, exponent) = digits.split_once(['e', 'E']).map_or((digits, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
        let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, ""), |(whole, fraction)| (whole, fraction));
        if whole.is_empty() && fraction.is_empty() {
            return if is_last { Ok(Wrote::Nothing) } else { Err(Senseless) };
        }
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) {
            return Err(Senseless);
        }
        self.out.push_str(sign);
        let whole = whole.trim_start_matches('0');
        self.out.push_str(if whole.is_empty() { "0" } else { whole });
        if !fraction.is_empty() {
            self.out.push('.');
            self.out.push_str(fraction);
        }
        if let Some(exponent) = exponent {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !is_digits(digits) {
                return Err(Senseless);
            }
            self.out.push('e');
            self.out.push_str(exponent);
        }
        self.leaves = self.leaves.saturating_add(1);
        Ok(if is_last { Wrote::Cut } else { Wrote::Whole })
    }
}
