//! `unevaluatedItems` and `unevaluatedProperties`: what is said of all that nothing else is said of.
//!
//! What counts as said is in <https://json-schema.org/draft/2020-12/json-schema-core#section-11>: what stands beside them, and in every
//! schema there that the same value conforms to.

use serde_json::{Map, Value};

use super::{Check, MAX_DEPTH, each};

/// An item or a member.
struct Child<'v> {
    /// Of a member.
    name: &'v str,
    value: &'v Value,
    is_evaluated: bool,
}

// === impl Check ===

impl<'a> Check<'a> {
    /// Whether those items or members of `value` that nothing else in `schema` is about conform to `rest`.
    pub(super) fn unevaluated(&mut self, schema: &'a Map<String, Value>, rest: &'a Value, value: &Value, depth: usize) -> bool {
        let mut children = Vec::new();
        let mut push = |name, value| children.push(Child { name, value, is_evaluated: false });
        match value {
            Value::Array(items) => items.iter().for_each(|item| push("", item)),
            Value::Object(members) => members.iter().for_each(|(name, member)| push(name, member)),
            _ => {}
        }
        if !self.spend(children.len()) {
            return false;
        }
        self.evaluate_all(schema, rest, value, &mut children, depth);
        children.iter().all(|child| child.is_evaluated || self.admits(rest, child.value, depth))
    }

    /// Marks the children of `value` that `schema` is about, where the value conforms to it.
    #[inline(never)]
    fn evaluate(&mut self, schema: &'a Value, rest: &'a Value, value: &Value, children: &mut [Child<'_>], depth: usize) {
        if depth > MAX_DEPTH {
            self.steps = 0;
        }
        if let Value::Object(schema) = schema {
            self.evaluate_all(schema, rest, value, children, depth.saturating_add(1));
        }
    }

    fn evaluate_all(&mut self, schema: &'a Map<String, Value>, rest: &'a Value, value: &Value, children: &mut [Child<'_>], depth: usize) {
        each(schema, &mut |keyword, said| {
            match (keyword, said, value) {
                // That the value conforms to these is checked elsewhere: if not, it is of no interest what is said here.
                ("allOf", Value::Array(schemas), _) => {
                    schemas.iter().for_each(|one| self.evaluate(one, rest, value, children, depth));
                }
                ("$ref", ..) => match self.referred(said) {
                    Some(schema) => self.evaluate(schema, rest, value, children, depth),
                    // Whatever it is about.
                    None => mark(children, &mut |_| true),
                },
                ("$dynamicRef" | "$recursiveRef", ..) => mark(children, &mut |_| true),
                ("dependentSchemas" | "dependencies", Value::Object(schemas), Value::Object(members)) => {
                    let there = schemas.iter().filter(|(name, _)| members.contains_key(*name));
                    there.for_each(|(_, one)| self.evaluate(one, rest, value, children, depth));
                }
                ("anyOf" | "oneOf", Value::Array(schemas), _) => {
                    for one in schemas {
                        if self.admits(one, value, depth) {
                            self.evaluate(one, rest, value, children, depth);
                        }
                    }
                }
                ("if", ..) => {
                    let branch = if self.admits(said, value, depth) {
                        self.evaluate(said, rest, value, children, depth);
                        "then"
                    } else {
                        "else"
                    };
                    if let Some(branch) = schema.get(branch) {
                        self.evaluate(branch, rest, value, children, depth);
                    }
                }
                ("properties", Value::Object(properties), Value::Object(_)) => {
                    mark(children, &mut |child| self.spend_on(child.name) && properties.contains_key(child.name));
                }
                ("prefixItems" | "items", Value::Array(schemas), Value::Array(_)) => {
                    let count = schemas.len().min(children.len());
                    mark(children.get_mut(..count).unwrap_or_default(), &mut |_| true);
                }
                ("contains", _, Value::Array(_)) => {
                    mark(children, &mut |child| self.admits(said, child.value, depth));
                }
                ("patternProperties", _, Value::Object(_)) => mark(children, &mut |child| self.may_match_one(said, child.name)),
                ("additionalProperties" | "unevaluatedProperties", _, Value::Object(_))
                | ("items" | "unevaluatedItems", _, Value::Array(_))
                    if !std::ptr::eq(said, rest) =>
                {
                    mark(children, &mut |_| true);
                }
                ("additionalItems", _, Value::Array(_)) if schema.get("items").is_some_and(Value::is_array) => {
                    mark(children, &mut |_| true)
                }
                _ => {}
            }
            self.spend(children.len().saturating_add(1))
        });
    }
}

/// Marks those that are of the kind; there once, as are those above.
#[inline(never)]
fn mark(children: &mut [Child<'_>], is_evaluated: &mut dyn FnMut(&Child<'_>) -> bool) {
    children.iter_mut().for_each(|child| child.is_evaluated = child.is_evaluated || is_evaluated(child));
}
