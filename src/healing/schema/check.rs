//! Values held against a schema, keyword by keyword.

mod children;
mod number;
mod patterns;
mod unevaluated;

use serde_json::{Map, Value};

use super::{format, size, write_numbers_alike};
use patterns::Patterns;

/// Values within values, and references to references.
const MAX_DEPTH: usize = 160;

/// How many bytes of a text are looked at in a step.
const STEP_BYTES: usize = 16;

/// What is known of a schema once something was held against it, and how much more may be.
pub(in crate::healing) struct Check<'a> {
    root: &'a Value,
    steps: usize,
    patterns: Patterns<'a>,
}

// === impl Check ===

impl<'a> Check<'a> {
    /// Of `root`, in at most so many steps.
    pub(super) fn new(root: &'a Value, steps: usize) -> Self {
        Self { root, steps, patterns: Patterns::default() }
    }

    /// Whether `json` conforms. If that cannot be said in the steps that are left, it does not.
    pub(in crate::healing) fn admits_json(&mut self, json: &str) -> bool {
        if *self.root == Value::Bool(true) {
            return true;
        }
        let Ok(mut value) = serde_json::from_str(json) else { return false };
        write_numbers_alike(&mut value);
        // What ended early may have said no to a `not`.
        self.admits(self.root, &value, 0) && self.steps > 0
    }

    /// The one copy of it: there are many callers, and the module is to be small.
    #[inline(never)]
    fn admits(&mut self, schema: &'a Value, value: &Value, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            self.steps = 0;
        }
        if !self.spend(1) {
            return false;
        }
        let depth = depth.saturating_add(1);
        match schema {
            Value::Bool(admits) => *admits,
            Value::Object(schema) => each(schema, &mut |keyword, said| self.spend(1) && self.holds(schema, keyword, said, value, depth)),
            _ => true,
        }
    }

    fn all(&mut self, schemas: &'a Value, value: &Value, depth: usize) -> bool {
        schemas.as_array().is_none_or(|all| all.iter().all(|one| self.admits(one, value, depth)))
    }

    /// How many of `schemas` admit the value, up to `most`; `most` if it is no list.
    #[inline(never)]
    fn count(&mut self, schemas: &'a Value, value: &Value, depth: usize, most: usize) -> usize {
        let Some(schemas) = schemas.as_array() else { return most };
        schemas.iter().filter(|one| self.admits(one, value, depth)).take(most).count()
    }

    /// A keyword of `schema`, for any value; those for values of one type are below.
    fn holds(&mut self, schema: &'a Map<String, Value>, keyword: &str, said: &'a Value, value: &Value, depth: usize) -> bool {
        match keyword {
            "type" => self.spend(said.as_array().map_or(0, Vec::len)) && is_of_type(said, value),
            "enum" => said.as_array().is_none_or(|all| all.iter().any(|one| self.is(one, value))),
            "const" => self.is(said, value),
            // Elsewhere: nobody is asked for it.
            "$ref" => self.referred(said).is_none_or(|schema| self.admits(schema, value, depth)),
            "allOf" => self.all(said, value, depth),
            "anyOf" => self.count(said, value, depth, 1) == 1,
            "oneOf" => !said.is_array() || self.count(said, value, depth, 2) == 1,
            "not" => !self.admits(said, value, depth),
            "if" => {
                let branch = if self.admits(said, value, depth) { "then" } else { "else" };
                schema.get(branch).is_none_or(|branch| self.admits(branch, value, depth))
            }
            "unevaluatedItems" if value.is_array() => self.unevaluated(schema, said, value, depth),
            "unevaluatedProperties" if value.is_object() => self.unevaluated(schema, said, value, depth),
            _ => match value {
                Value::Number(number) => said.as_number().is_none_or(|said| number::is_within(keyword, number, said)),
                Value::String(text) => match keyword {
                    "minLength" | "maxLength" => self.spend(text.len() / STEP_BYTES) && is_counted(keyword, text.chars().count(), said),
                    "pattern" => said.as_str().is_none_or(|pattern| self.matches(pattern, text) != Some(false)),
                    "format" => self.spend(text.len() / STEP_BYTES) && said.as_str().is_none_or(|name| format::is_in(text, name)),
                    _ => true,
                },
                Value::Array(items) => self.items(schema, keyword, said, items, depth),
                Value::Object(members) => self.members(schema, keyword, said, value, members, depth),
                Value::Null | Value::Bool(_) => true,
            },
        }
    }

    /// The schema of `root` that a `$ref` means.
    fn referred(&mut self, said: &Value) -> Option<&'a Value> {
        let pointer = said.as_str()?.strip_prefix('#')?;
        self.spend(pointer.len() / STEP_BYTES);
        self.root.pointer(pointer)
    }

    #[inline(never)]
    fn is(&mut self, said: &Value, value: &Value) -> bool {
        self.spend(size(said)) && said == value
    }

    /// Whether there are steps left to look up the member `name`.
    fn spend_on(&mut self, name: &str) -> bool {
        self.spend((name.len() / STEP_BYTES).saturating_add(1))
    }

    fn spend(&mut self, steps: usize) -> bool {
        self.steps = self.steps.saturating_sub(steps);
        self.steps > 0
    }
}

/// Whether each member `holds`. There once, as are those above.
#[inline(never)]
pub(super) fn each<'a>(members: &'a Map<String, Value>, holds: &mut dyn FnMut(&'a str, &'a Value) -> bool) -> bool {
    members.iter().all(|(name, member)| holds(name, member))
}

fn is_of_type(said: &Value, value: &Value) -> bool {
    match said {
        Value::String(name) => match (name.as_str(), value) {
            ("object", Value::Object(_))
            | ("array", Value::Array(_))
            | ("string", Value::String(_))
            | ("number", Value::Number(_))
            | ("boolean", Value::Bool(_))
            | ("null", Value::Null) => true,
            ("integer", Value::Number(number)) => {
                number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
            }
            ("object" | "array" | "string" | "number" | "boolean" | "null" | "integer", _) => false,
            _ => true,
        },
        Value::Array(names) => names.iter().any(|name| name.is_string() && is_of_type(name, value)),
        _ => true,
    }
}

/// Whether so many are enough for a keyword that begins with `min`, or not too many for one that begins with `max`.
fn is_counted(keyword: &str, count: usize, said: &Value) -> bool {
    let bound = said.as_u64();
    let count = count as u64;
    bound.is_none_or(|bound| if keyword.starts_with("min") { count >= bound } else { count <= bound })
}
