//! Why a message ended, and at which sequence.
//!
//! See <https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons>.

use std::borrow::Cow;

use super::super::object::put;
use super::super::said::Answer;
use crate::json::{Scanner, Text, string_into};

/// The `stop_sequences` of a request, sorted.
#[derive(Debug, Default)]
pub(super) struct StopSequences(Vec<Cow<'static, str>>);

/// Why a message ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stop<'a> {
    /// Anthropic's word.
    reason: &'static [u8],
    /// The sequence at which it ended, if somebody knows.
    sequence: Option<&'a str>,
}

/// Anthropic's own words.
const REASONS: [&[u8]; 7] =
    [b"end_turn", b"max_tokens", b"stop_sequence", b"tool_use", b"pause_turn", b"refusal", b"model_context_window_exceeded"];

// === impl StopSequences ===

impl StopSequences {
    /// What the request says, a JSON value.
    pub(super) fn of(stops: Option<&[u8]>) -> Self {
        let mut sequences = Vec::new();
        if let Some(stops) = stops {
            _ = Scanner::new(stops).array(|scanner| {
                sequences.push(Cow::Owned(scanner.string()?.value().into_owned()));
                Ok(())
            });
        }
        sequences.sort_unstable();
        Self(sequences)
    }

    /// Why `answer`, which has ended, did; `refuses` if it said that it does not want to.
    pub(super) fn stop(&self, answer: &Answer<'_>, refuses: bool) -> Stop<'_> {
        if refuses {
            return Stop { reason: b"refusal", sequence: None };
        }
        let native = answer.native_finish_reason.unwrap_or_default().raw;
        let reason = reason(answer.finish_reason, native);
        // The native word of a provider that does not tell the end of a turn from a sequence is for both.
        if !matches!(reason, b"end_turn" | b"stop_sequence") {
            return Stop { reason, sequence: None };
        }
        let told = answer.stopped_at.iter().flatten().find_map(|told| {
            let told = told.value();
            self.0.binary_search_by(|sequence| (**sequence).cmp(&told)).ok().and_then(|place| self.0.get(place))
        });
        let only = self.0.first().filter(|_| self.0.len() == 1 && reason == b"stop_sequence");
        match told.or(only) {
            Some(sequence) => Stop { reason: b"stop_sequence", sequence: Some(sequence) },
            None => Stop { reason, sequence: None },
        }
    }
}

// === impl Stop ===

impl Stop<'_> {
    /// Nobody said.
    pub(super) const UNKNOWN: Self = Self { reason: b"end_turn", sequence: None };

    /// Appends `"stop_reason":…,"stop_sequence":…`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put(out, &[b"\"stop_reason\":\"", self.reason, b"\",\"stop_sequence\":"]);
        match self.sequence {
            Some(sequence) => string_into(out, sequence),
            None => out.extend_from_slice(b"null"),
        }
    }
}

/// Anthropic's word for why an answer ended: its own, if it is from there. Cohere has one for sequences, too.
fn reason(finish: Option<Text<'_>>, native: &[u8]) -> &'static [u8] {
    let native = if native == b"STOP_SEQUENCE" { b"stop_sequence" } else { native };
    let own = REASONS.into_iter().find(|own| *own == native);
    match finish.map(|finish| finish.raw) {
        Some(b"tool_calls" | b"function_call") => b"tool_use",
        Some(b"length") => own.filter(|own| matches!(*own, b"pause_turn" | b"model_context_window_exceeded")).unwrap_or(b"max_tokens"),
        Some(b"content_filter") => b"refusal",
        _ => own.unwrap_or(b"end_turn"),
    }
}
