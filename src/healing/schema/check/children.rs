//! Keywords for arrays and objects.

use serde_json::{Map, Value};

use super::{Check, STEP_BYTES, each, is_counted};

// === impl Check ===

impl<'a> Check<'a> {
    /// A keyword for arrays.
    pub(super) fn items(&mut self, schema: &'a Map<String, Value>, keyword: &str, said: &'a Value, items: &[Value], depth: usize) -> bool {
        match (keyword, said) {
            ("minItems" | "maxItems", _) => is_counted(keyword, items.len(), said),
            // Before 2020 `items` was what `prefixItems` is now.
            ("prefixItems" | "items", Value::Array(schemas)) => {
                schemas.iter().zip(items).all(|(schema, item)| self.admits(schema, item, depth))
            }
            ("items", _) => {
                let before = schema.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
                items.get(before..).unwrap_or_default().iter().all(|item| self.admits(said, item, depth))
            }
            ("additionalItems", _) => {
                let before = schema.get("items").and_then(Value::as_array).map_or(items.len(), Vec::len);
                items.get(before..).unwrap_or_default().iter().all(|item| self.admits(said, item, depth))
            }
            ("contains", _) => {
                let count = items.iter().filter(|item| self.admits(said, item, depth)).count();
                let bound = |keyword| schema.get(keyword).filter(|bound| bound.is_u64());
                bound("minContains").map_or(count > 0, |least| is_counted("minContains", count, least))
                    && bound("maxContains").is_none_or(|most| is_counted("maxContains", count, most))
            }
            ("uniqueItems", Value::Bool(true)) => {
                let mut seen = Map::new();
                items.iter().all(|item| {
                    let item = item.to_string();
                    // It is written, copied and compared with some of the others.
                    self.spend(item.len().saturating_add(STEP_BYTES)) && seen.insert(item, Value::Null).is_none()
                })
            }
            _ => true,
        }
    }

    /// A keyword for objects.
    pub(super) fn members(
        &mut self,
        schema: &'a Map<String, Value>,
        keyword: &str,
        said: &'a Value,
        value: &Value,
        members: &Map<String, Value>,
        depth: usize,
    ) -> bool {
        match (keyword, said) {
            ("minProperties" | "maxProperties", _) => is_counted(keyword, members.len(), said),
            ("required", _) => self.has(said, members),
            // Before 2019 `dependencies` was both.
            ("dependentRequired" | "dependentSchemas" | "dependencies", Value::Object(needs)) => each(needs, &mut |name, needed| {
                let is_met =
                    |check: &mut Self| if needed.is_array() { check.has(needed, members) } else { check.admits(needed, value, depth) };
                self.spend_on(name) && (!members.contains_key(name) || is_met(self))
            }),
            ("propertyNames", _) => each(members, &mut |name, _| {
                self.spend(name.len() / STEP_BYTES) && self.admits(said, &Value::String(name.to_owned()), depth)
            }),
            ("properties", Value::Object(properties)) => each(members, &mut |name, member| {
                self.spend_on(name) && properties.get(name).is_none_or(|property| self.admits(property, member, depth))
            }),
            ("patternProperties", Value::Object(patterns)) => each(patterns, &mut |pattern, schema| {
                each(members, &mut |name, member| self.matches(pattern, name) != Some(true) || self.admits(schema, member, depth))
            }),
            ("additionalProperties", _) => {
                let known = schema.get("properties");
                let is_known = |name: &str| known.is_some_and(|known| known.get(name).is_some());
                let patterns = schema.get("patternProperties");
                each(members, &mut |name, member| {
                    self.spend_on(name) && is_known(name)
                        || patterns.is_some_and(|all| self.may_match_one(all, name))
                        || self.admits(said, member, depth)
                })
            }
            _ => true,
        }
    }

    /// Whether an object has all of `names`.
    #[inline(never)]
    fn has(&mut self, names: &Value, members: &Map<String, Value>) -> bool {
        let Some(names) = names.as_array() else { return true };
        names.iter().all(|name| name.as_str().is_none_or(|name| self.spend_on(name) && members.contains_key(name)) && self.spend(1))
    }
}
