//! A regular expression of a schema: `pattern`, and the names in `patternProperties`.
//!
//! They are those of ECMA-262, found anywhere in a text: <https://json-schema.org/draft/2020-12/json-schema-core#section-6.4>. A search
//! takes no more time than the text is long times the size of the expression, which is why none looks around or refers back.

mod ecmascript;

use regex_lite::{Regex, RegexBuilder};

use ecmascript::Translation;

/// The most states that an expression may have: enough for `^.{1,500}$`.
const MAX_SIZE: usize = 2048;

/// A second line: what is as large as an expression may be takes less.
const MAX_BYTES: usize = 1 << 18;

/// Groups in groups.
const MAX_DEPTH: u32 = 50;

/// A compiled expression.
pub(super) struct Pattern {
    regex: Regex,
    size: usize,
}

// === impl Pattern ===

impl Pattern {
    /// The expression that `source` is. `None` if it is none, has more states than `most` or 2048, or what cannot be searched for in
    /// linear time.
    pub(super) fn new(source: &str, most: usize) -> Option<Self> {
        let Translation { written, size } = ecmascript::translate(source, most.min(MAX_SIZE))?;
        let regex = RegexBuilder::new(&written).size_limit(MAX_BYTES).nest_limit(MAX_DEPTH).build().ok()?;
        Some(Self { regex, size })
    }

    /// How many states it has, at most: what each character of a text may cost.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Whether it is found in `text`.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

#[cfg(test)]
mod tests;
