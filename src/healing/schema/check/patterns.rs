//! The regular expressions of a schema, each compiled when it is first asked for.

use serde_json::Value;

use super::{super::pattern::Pattern, Check, STEP_BYTES, each};

/// How many states all of them may have: a megabyte or two. What comes after these says nothing.
const MAX_SIZE: usize = 1 << 14;

/// What one counts at least, so that they are not too many.
const MIN_SIZE: usize = 16;

/// How many states are entered in a step: so many that the steps for a text are enough to search it for a pattern of 2048.
const STEP_STATES: usize = 32;

/// What was compiled.
#[derive(Default)]
pub(super) struct Patterns<'a> {
    /// By source; `None` is what cannot be compiled.
    compiled: Vec<(&'a str, Option<Pattern>)>,
    size: usize,
}

// === impl Patterns ===

impl<'a> Patterns<'a> {
    fn find(&mut self, source: &'a str) -> Option<&Pattern> {
        let place = match self.compiled.binary_search_by_key(&source, |(source, _)| source) {
            Ok(place) => place,
            Err(place) => {
                let left = MAX_SIZE.checked_sub(self.size)?;
                let pattern = Pattern::new(source, left);
                let size = pattern.as_ref().map_or(0, Pattern::size).max(MIN_SIZE);
                self.size = self.size.saturating_add(size);
                self.compiled.insert(place, (source, pattern));
                place
            }
        };
        self.compiled.get(place)?.1.as_ref()
    }
}

// === impl Check ===

impl<'a> Check<'a> {
    /// Whether `source` is found in `text`; `None` if it cannot be searched for.
    #[inline(never)]
    pub(super) fn matches(&mut self, source: &'a str, text: &str) -> Option<bool> {
        if !self.spend((source.len() / STEP_BYTES).saturating_add(1)) {
            return Some(false);
        }
        let pattern = self.patterns.find(source)?;
        // Each of its states may be entered before each character, and at the end.
        let states = text.len().saturating_add(1).saturating_mul(pattern.size());
        self.steps = self.steps.saturating_sub(states / STEP_STATES);
        Some(self.steps > 0 && pattern.is_in(text))
    }

    /// Whether one of `patterns` is found in a name, or may be.
    #[inline(never)]
    pub(super) fn may_match_one(&mut self, patterns: &'a Value, name: &str) -> bool {
        patterns.as_object().is_some_and(|patterns| !each(patterns, &mut |source, _| self.matches(source, name) == Some(false)))
    }
}
