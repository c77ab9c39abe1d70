//! A JSON Schema, as far as a healed answer is held against it.
//!
//! Checked are `type`, `enum`, `const`, `required`, `properties`, `additionalProperties`, `items`, `anyOf`, `oneOf` (as `anyOf`), `allOf`
//! and `$ref` within the schema; other keywords say nothing. See <https://json-schema.org/draft/2020-12/json-schema-validation>.

use serde_json::Value;

/// A schema that an answer was to conform to.
#[derive(Debug, PartialEq)]
pub struct Schema {
    root: Value,
    /// How many values it is made of.
    size: usize,
}

/// Values within values, and references to references.
const MAX_DEPTH: usize = 160;

// === impl Schema ===

impl Schema {
    /// The schema that every value conforms to.
    pub const ANY: Self = Self { root: Value::Bool(true), size: 0 };

    /// The schema of a `response_format`, where that asks for JSON; [`Schema::ANY`] if it says nothing of it but that.
    pub fn of_response_format(format: &[u8]) -> Option<Self> {
        let mut format: Value = serde_json::from_slice(format).ok()?;
        match format.get("type")?.as_str()? {
            "json_object" => return Some(Self::ANY),
            "json_schema" => {}
            _ => return None,
        }
        let root = format.get_mut("json_schema").and_then(|format| format.get_mut("schema")).map(Value::take);
        Some(root.filter(Value::is_object).map_or(Self::ANY, |root| Self { size: size(&root), root }))
    }

    /// Whether `json` conforms. If that cannot be said in a time linear in both, it does not.
    pub fn admits(&self, json: &str) -> bool {
        if *self == Self::ANY {
            return true;
        }
        let Ok(value) = serde_json::from_str(json) else { return false };
        let steps = json.len().saturating_add(self.size).saturating_mul(16).saturating_add(1000);
        Check { root: &self.root, steps }.admits(&self.root, &value, 0)
    }
}

/// How many values a schema is made of.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(all) => all.iter().fold(1, |sum: usize, value| sum.saturating_add(size(value))),
        Value::Object(all) => all.values().fold(1, |sum: usize, value| sum.saturating_add(size(value))),
        _ => 1,
    }
}

struct Check<'a> {
    root: &'a Value,
    steps: usize,
}

// === impl Check ===

impl<'a> Check<'a> {
    fn admits(&mut self, schema: &'a Value, value: &Value, depth: usize) -> bool {
        if depth > MAX_DEPTH || !self.step() {
            return false;
        }
        let schema = match schema {
            Value::Bool(admits) => return *admits,
            Value::Object(schema) => schema,
            _ => return true,
        };
        let depth = depth.saturating_add(1);
        for (keyword, said) in schema {
            let holds = match keyword.as_str() {
                "type" => is_of_type(said, value),
                "enum" => said.as_array().is_none_or(|all| all.iter().any(|one| self.step() && same(one, value))),
                "const" => same(said, value),
                "$ref" => match said.as_str().and_then(|place| self.root.pointer(place.strip_prefix('#')?)) {
                    Some(schema) => self.admits(schema, value, depth),
                    // Elsewhere: nobody is asked for it.
                    None => true,
                },
                "anyOf" | "oneOf" => said.as_array().is_none_or(|all| all.iter().any(|one| self.admits(one, value, depth))),
                "allOf" => said.as_array().is_none_or(|all| all.iter().all(|one| self.admits(one, value, depth))),
                "items" => match value {
                    Value::Array(items) => items.iter().all(|item| self.admits(said, item, depth)),
                    _ => true,
                },
                "required" => match (said, value) {
                    (Value::Array(names), Value::Object(members)) => {
                        names.iter().all(|name| self.step() && name.as_str().is_none_or(|name| members.contains_key(name)))
                    }
                    _ => true,
                },
                "properties" => match (said, value) {
                    (Value::Object(properties), Value::Object(members)) => members
                        .iter()
                        .all(|(name, member)| properties.get(name).is_none_or(|property| self.admits(property, member, depth))),
                    _ => true,
                },
                "additionalProperties" if !schema.contains_key("patternProperties") => match value {
                    Value::Object(members) => {
                        let known = schema.get("properties");
                        members
                            .iter()
                            .filter(|(name, _)| known.is_none_or(|known| known.get(name.as_str()).is_none()))
                            .all(|(_, member)| self.admits(said, member, depth))
                    }
                    _ => true,
                },
                _ => true,
            };
            if !holds {
                return false;
            }
        }
        true
    }

    fn step(&mut self) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.steps > 0
    }
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

/// Whether two values are one: 1 and 1.0 are.
fn same(one: &Value, other: &Value) -> bool {
    one == other || matches!((one.as_f64(), other.as_f64()), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn admits(schema: Value, value: Value) -> bool {
        let format = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}).to_string();
        Schema::of_response_format(format.as_bytes()).unwrap().admits(&value.to_string())
    }

    #[test]
    fn the_keywords_that_strict_schemas_are_made_of_are_checked() {
        let person = json!({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": ["integer", "null"]},
            "mood": {"enum": ["good", "bad"]}, "kind": {"const": "person"}, "tags": {"type": "array", "items": {"type": "string"}},
            "boss": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}, "required": ["name"], "additionalProperties": false});
        for (value, expected) in [
            (json!({"name": "Ada"}), true),
            (
                json!({"name": "Ada", "age": 36, "mood": "good", "kind": "person", "tags": ["x"], "boss": {"name": "Bob", "boss": null}}),
                true,
            ),
            (json!({"name": "Ada", "age": null}), true),
            (json!({"name": "Ada", "age": 36.0}), true),
            (json!({"name": "Ada", "age": 36.5}), false),
            (json!({"age": 36}), false),
            (json!({"name": 1}), false),
            (json!({"name": "Ada", "mood": "so so"}), false),
            (json!({"name": "Ada", "kind": "thing"}), false),
            (json!({"name": "Ada", "tags": ["x", 1]}), false),
            (json!({"name": "Ada", "boss": {"age": 1}}), false),
            (json!({"name": "Ada", "more": 1}), false),
            (json!(["Ada"]), false),
        ] {
            assert_eq!(admits(person.clone(), value.clone()), expected, "{value}");
        }
        let referring = json!({"$defs": {"n": {"type": "number"}}, "type": "object", "additionalProperties": {"$ref": "#/$defs/n"}});
        assert!(admits(referring.clone(), json!({"a": 1.5})) && !admits(referring, json!({"a": "x"})));
    }

    #[test]
    fn a_schema_that_never_ends_admits_nothing() {
        assert!(!admits(json!({"$ref": "#"}), json!({})));
        let both = json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}]});
        assert!(!admits(both, json!({})));
        assert!(!admits(json!({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}), json!({})));
    }

    #[test]
    fn only_json_has_a_schema() {
        for (format, is_json) in [
            (r#"{"type":"json_object"}"#, true),
            (r#"{"type":"json_schema","json_schema":{"name":"x"}}"#, true),
            (r#"{"type":"json_schema","json_schema":{"name":"x","schema":null}}"#, true),
            (r#"{"type":"text"}"#, false),
            (r#"{"type":"grammar","grammar":"x"}"#, false),
            ("7", false),
            ("{", false),
        ] {
            let schema = Schema::of_response_format(format.as_bytes());
            assert_eq!(schema.map(|schema| schema.admits("[1]")), is_json.then_some(true), "{format}");
        }
    }
}
