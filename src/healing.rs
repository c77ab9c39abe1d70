//! Response healing: broken JSON in an answer made whole, as OpenRouter's plugin of that name does.
//!
//! What is valid JSON is never touched, and what cannot be healed stays as it is. Time and memory are linear in the text. See
//! <https://openrouter.ai/docs/guides/features/plugins/response-healing>.

mod completion;
mod lenient;
mod schema;

pub use completion::heal_completion;

use lenient::{Found, Read};
pub use schema::Schema;
use schema::check::Check;

use crate::json::Scanner;

/// How often the bytes of a text may be read, on average, in search of a value.
const MOST_READINGS: usize = 8;

/// The JSON that `text` was meant to be: of the objects and arrays in it that conform to `schema`, the longest. Without a schema any
/// object comes before the arrays, for it is what `json_object` asks for. `None` if the text is JSON already, or if nothing of that kind
/// is in it.
pub fn heal(text: &str, schema: &Schema) -> Option<String> {
    heal_by(text, schema, &mut schema.check(text.len()))
}

/// The same by one check for all: there may be many a small value, or text, and a large schema.
fn heal_by<'s>(text: &str, schema: &'s Schema, check: &mut Check<'s>) -> Option<String> {
    if is_json(text) {
        return None;
    }
    let mut best: Option<Found> = None;
    let mut at = 0;
    let mut left = text.len().saturating_mul(MOST_READINGS);
    while let Some(start) = next_start(text, at) {
        let read = lenient::value_at(text, start);
        left = left.checked_sub(read.end().saturating_sub(start))?;
        let is_first = at == 0 && is_first(text, start);
        at = start.saturating_add(1);
        match read {
            Read::Found(found) => {
                at = found.end.max(at);
                let is_best = best.as_ref().is_none_or(|best| rank(&found, schema) > rank(best, schema));
                // Prose has brackets of its own: `[1]` refers to a source.
                let is_meant = found.is_meant || *schema != Schema::ANY || is_first;
                if is_best && is_meant && is_json(&found.json) && check.admits_json(&found.json) {
                    best = Some(found);
                }
            }
            // A bracket of the prose around it.
            Read::Prose(_) => {}
            // What could be read of it is a part, and would pass for the whole.
            Read::Broken(_) => break,
        }
    }
    best.map(|best| best.json)
}

/// How likely a value is what was meant: the more, the greater.
fn rank(found: &Found, schema: &Schema) -> (bool, usize) {
    (*schema == Schema::ANY && found.json.starts_with('{'), found.source_len())
}

fn is_json(text: &str) -> bool {
    let mut scanner = Scanner::new(text.as_bytes());
    scanner.skip().is_ok() && scanner.end().is_ok()
}

/// Whether nothing but a fence stands before `start`.
fn is_first(text: &str, start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default().trim();
    before.strip_prefix("```").unwrap_or(before).bytes().all(|byte| byte.is_ascii_alphanumeric())
        && (before.is_empty() || before.starts_with("```"))
}

/// Where an object or array may begin, from `at` on.
fn next_start(text: &str, at: usize) -> Option<usize> {
    let place = memchr::memchr2(b'{', b'[', text.as_bytes().get(at..)?)?;
    Some(at.saturating_add(place))
}

#[cfg(test)]
mod tests;
