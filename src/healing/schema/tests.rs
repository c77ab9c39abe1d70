//! What schemas admit, and what they do not.

use serde_json::json;

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn admits(schema: Value, value: Value) -> bool {
    let format = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}).to_string();
    let (schema, json) = (Schema::of_response_format(format.as_bytes()).unwrap(), value.to_string());
    schema.admits(&json, &mut schema.steps(json.len()))
}

#[test]
fn the_keywords_that_strict_schemas_are_made_of_are_checked() {
    let person = json!({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": ["integer", "null"]},
        "mood": {"enum": ["good", "bad"]}, "kind": {"const": "person"}, "tags": {"type": "array", "items": {"type": "string"}},
        "boss": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}, "required": ["name"], "additionalProperties": false});
    for (value, expected) in [
        (json!({"name": "Ada"}), true),
        (json!({"name": "Ada", "age": 36, "mood": "good", "kind": "person", "tags": ["x"], "boss": {"name": "Bob", "boss": null}}), true),
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
    assert!(!admits(json!({"not": {"$ref": "#"}}), json!({})), "not even by not admitting");
    assert!(!admits(json!({"if": {"$ref": "#"}}), json!({})));
}

#[test]
fn a_hostile_schema_takes_no_more_time_than_it_is_long() {
    let many = |schema: Value| json!({"allOf": vec![schema; 3_000], "items": {"enum": vec!["x"; 3_000]}});
    let long = "é".repeat(100_000);
    for (schema, value) in [
        (json!({"uniqueItems": true}), (0..30_000).collect::<Value>()),
        (json!({"minLength": 1}), json!(long)),
        (json!({"not": {"const": vec!["y"; 100]}}), Value::from(vec!["y"; 30_000])),
        (json!({"oneOf": [{"minimum": 9}]}), (0..30_000).collect()),
    ] {
        // Each with each, this would not end today.
        _ = admits(many(schema), value);
    }
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
        assert_eq!(schema.map(|schema| schema.admits("[1]", &mut 1)), is_json.then_some(true), "{format}");
    }
}

#[test]
fn every_keyword_without_regular_expressions_is_checked() {
    for (schema, good, bad) in [
        (json!({"minimum": 1, "maximum": 3}), json!([1, 2.5, 3.0, "x", null]), json!([0, 0.99, 3.01, -1e300, u64::MAX])),
        (json!({"exclusiveMinimum": 1, "exclusiveMaximum": 2.5}), json!([1.01, 2]), json!([1, 1.0, 2.5, 3])),
        (json!({"minimum": i64::MAX}), json!([i64::MAX, u64::MAX]), json!([i64::MAX - 1])),
        (json!({"multipleOf": 5}), json!([0, -10, 15.0, 1e2]), json!([1, 7.5])),
        (json!({"multipleOf": 0.1}), json!([0.3, 7, 1.1]), json!([0.35, 1e-9])),
        (json!({"multipleOf": 1e-300}), json!([0]), json!([1e300])),
        (json!({"minLength": 2, "maxLength": 3.0}), json!(["éé", "日本語", 7]), json!(["", "😀", "abcd"])),
        (json!({"minItems": 1, "maxItems": 2}), json!([[1], [1, 2], "x"]), json!([[], [1, 2, 3]])),
        (
            json!({"uniqueItems": true}),
            json!([[], [1, 2], [1, "1"], [{"a": 1}, {"a": 2}]]),
            json!([[1, 1.0], [{"a": 1, "b": 2}, {"b": 2, "a": 1.0}]]),
        ),
        (json!({"uniqueItems": false}), json!([[1, 1]]), json!([])),
        (json!({"prefixItems": [{"type": "string"}, true], "items": false}), json!([[], ["x"], ["x", 1]]), json!([[1], ["x", 1, 2]])),
        (json!({"items": [{"type": "string"}]}), json!([["x", 1]]), json!([[1]])),
        (json!({"oneOf": [{"type": "integer"}, {"minimum": 2}]}), json!([1, 2.5]), json!([2, 0.5])),
        (json!({"anyOf": [{"type": "integer"}, {"minimum": 2}]}), json!([1, 2.5, 2]), json!([0.5])),
        (json!({"not": {"type": "null"}}), json!([1, {}]), json!([null])),
        (json!({"minProperties": 1, "maxProperties": 1}), json!([{"a": 1}, []]), json!([{}, {"a": 1, "b": 2}])),
        (json!({"dependentRequired": {"a": ["b"]}}), json!([{}, {"b": 1}, {"a": 1, "b": 2}]), json!([{"a": 1}])),
        (
            json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}),
            json!([{"a": 1, "b": 1}, {"c": 1}]),
            json!([{"a": 1}, {}]),
        ),
        (json!({"if": true}), json!([1]), json!([])),
        (json!({"enum": [1.0, [2, {"a": 3}]]}), json!([1, [2.0, {"a": 3e0}]]), json!([2, [2]])),
        (
            json!({"pattern": "^a$", "format": "email", "patternProperties": {"a": false}, "minLength": "x", "multipleOf": 0}),
            json!(["x", {"a": 1}, 3]),
            json!([]),
        ),
    ] {
        for value in good.as_array().unwrap() {
            assert!(admits(schema.clone(), value.clone()), "{schema} admits {value}");
        }
        for value in bad.as_array().unwrap() {
            assert!(!admits(schema.clone(), value.clone()), "{schema} does not admit {value}");
        }
    }
}
