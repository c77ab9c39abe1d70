//! What schemas admit, and what they do not.

mod patterns;

use serde_json::json;

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn admits(schema: Value, value: Value) -> bool {
    let format = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}).to_string();
    let (schema, json) = (Schema::of_response_format(format.as_bytes()).unwrap(), value.to_string());
    schema.check(json.len()).admits_json(&json)
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
    assert!(!admits(json!({"unevaluatedProperties": false, "anyOf": [{"$ref": "#"}]}), json!({"a": 1})));
    assert!(!admits(json!({"unevaluatedProperties": false, "allOf": [true, {"if": {"$ref": "#"}}]}), json!({"a": 1})));
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
        (json!({"contains": {"minimum": 9}, "unevaluatedItems": false}), (0..30_000).collect()),
        (json!({"format": "uri"}), json!(format!("a:{long}"))),
        (json!({"propertyNames": {"minLength": 1}}), json!({long.as_str(): 1})),
    ] {
        // Each with each, this would not end today.
        _ = admits(many(schema), value);
    }
    // Twice as much work for each level.
    let nested = (0..50).fold(json!(true), |inner, _| json!({"anyOf": [inner.clone()], "unevaluatedProperties": false}));
    assert!(!admits(nested, json!({"a": 1})));
}

#[test]
fn what_nothing_else_speaks_of_is_unevaluated() {
    let named = |name: &str| json!({"properties": {name: {"type": "integer"}}});
    let a_or_b = json!([{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"b": true}, "required": ["b"]}]);
    for (schema, good, bad) in [
        (json!({}), json!([{}, [1], 7]), json!([{"a": 1}])),
        (named("a"), json!([{}, {"a": 1}]), json!([{"a": 1, "b": 2}, {"a": "x"}])),
        (json!({"allOf": [named("a"), {"allOf": [named("b")]}]}), json!([{"a": 1, "b": 2}]), json!([{"a": 1, "c": 2}])),
        (json!({"$ref": "#/$defs/a", "$defs": {"a": named("a")}}), json!([{"a": 1}]), json!([{"b": 1}])),
        (json!({"$ref": "https://example.com/a"}), json!([{"a": 1}]), json!([])),
        // Of those that may hold only those that do have spoken.
        (json!({"anyOf": a_or_b}), json!([{"a": 1}, {"b": 1}, {"a": 1, "b": 1}]), json!([{"a": "x", "b": 1}, {}, {"b": 1, "c": 1}])),
        (json!({"oneOf": a_or_b}), json!([{"a": 1}, {"b": 1}]), json!([{"a": 1, "b": 1}, {"a": "x", "b": 1}])),
        (json!({"not": named("a")}), json!([]), json!([{"a": "x"}, {"a": 1}])),
        (
            json!({"if": {"required": ["a"], "properties": {"a": true}}, "then": named("b"), "else": named("c")}),
            json!([{"a": 1, "b": 1}, {"c": 1}, {}]),
            json!([{"a": 1, "c": 1}, {"b": 1}]),
        ),
        (json!({"dependentSchemas": {"a": named("a"), "b": named("c")}}), json!([{"a": 1}]), json!([{"b": 1}, {"a": 1, "c": 1}])),
        (json!({"allOf": [{"additionalProperties": {"type": "integer"}}]}), json!([{"x": 1}]), json!([{"x": "y"}])),
        (json!({"allOf": [{"unevaluatedProperties": {"type": "integer"}}]}), json!([{"x": 1}]), json!([{"x": "y"}])),
        (json!({"patternProperties": {"^x-": true}}), json!([{"x-a": 1}, {}]), json!([{"a": 1}, {"x-a": 1, "a": 1}])),
        (
            json!({"anyOf": [{"patternProperties": {"^x": true}, "required": ["y"]}, {"patternProperties": {"z$": true}}]}),
            json!([{"yz": 1, "az": 1}]),
            json!([{"x": 1}]),
        ),
        (json!({"patternProperties": {"^(?=x)": true}}), json!([{"a": 1}]), json!([])),
    ] {
        let mut schema = schema;
        schema["unevaluatedProperties"] = false.into();
        assert_admits(&schema, &good, &bad);
    }
    for (schema, good, bad) in [
        (json!({}), json!([[], {"a": 1}]), json!([["x"]])),
        (json!({"prefixItems": [true]}), json!([[], ["x"], ["x", 1]]), json!([["x", "y"]])),
        (json!({"items": true}), json!([["x", "y"]]), json!([])),
        (json!({"items": [true]}), json!([["x", 1]]), json!([["x", "y"]])),
        (json!({"items": [true], "additionalItems": true}), json!([["x", "y"]]), json!([])),
        (json!({"allOf": [{"prefixItems": [true]}, {"prefixItems": [true, true]}]}), json!([["x", "y", 1]]), json!([["x", "y", "z"]])),
        (json!({"contains": {"const": "x"}}), json!([["x", 1, "x"]]), json!([["x", "y"]])),
    ] {
        let mut schema = schema;
        schema["unevaluatedItems"] = json!({"type": "integer"});
        assert_admits(&schema, &good, &bad);
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
        assert_eq!(schema.map(|schema| schema.check(3).admits_json("[1]")), is_json.then_some(true), "{format}");
    }
}

#[test]
fn every_keyword_is_checked() {
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
            json!({"pattern": 7, "format": "regex", "patternProperties": ["a"], "minLength": "x", "multipleOf": 0}),
            json!(["x", {"a": 1}, 3]),
            json!([]),
        ),
        (json!({"format": "email"}), json!(["a@example.com", 7, null]), json!(["a", "a@", "@example.com"])),
        (json!({"propertyNames": {"maxLength": 2}}), json!([{}, {"aé": 1}, ["abc"], "abc"]), json!([{"a": 1, "abc": 2}])),
        (json!({"propertyNames": false}), json!([{}]), json!([{"a": 1}])),
        (json!({"contains": {"type": "string"}}), json!([["x"], [1, "x", 2], {"a": 1}]), json!([[], [1, 2]])),
        (
            json!({"contains": {"type": "string"}, "minContains": 2, "maxContains": 3.0}),
            json!([["a", 1, "b"], ["a", "b", "c", 1]]),
            json!([[], ["a", 1], ["a", "b", "c", "d"]]),
        ),
        (json!({"contains": {"type": "string"}, "minContains": 0}), json!([[], [1], ["a"]]), json!([])),
        (json!({"contains": {"type": "string"}, "minContains": "x"}), json!([["a"]]), json!([[1]])),
        (json!({"minContains": 2, "maxContains": 0}), json!([[], [1]]), json!([])),
        (
            json!({"dependentSchemas": {"a": {"required": ["b"], "properties": {"b": {"type": "string"}}}, "c": false}}),
            json!([{}, {"b": 1}, {"a": 1, "b": "x"}, "a", ["a"]]),
            json!([{"a": 1}, {"a": 1, "b": 2}, {"c": null}]),
        ),
        (
            json!({"dependencies": {"a": ["b", "c"], "d": {"minProperties": 2}}}),
            json!([{}, {"b": 1}, {"a": 1, "b": 2, "c": 3}, {"d": 1, "b": 1}]),
            json!([{"a": 1, "b": 2}, {"d": 1}]),
        ),
        (
            json!({"items": [{"type": "string"}], "additionalItems": {"type": "integer"}}),
            json!([[], ["x"], ["x", 1, 2], {"a": 1}]),
            json!([["x", "y"], ["x", 1, "y"], [1]]),
        ),
        (json!({"items": {"type": "integer"}, "additionalItems": false}), json!([[1, 2]]), json!([["x"]])),
        (json!({"additionalItems": false}), json!([[1, 2]]), json!([])),
    ] {
        assert_admits(&schema, &good, &bad);
    }
}

fn assert_admits(schema: &Value, good: &Value, bad: &Value) {
    for value in good.as_array().unwrap() {
        assert!(admits(schema.clone(), value.clone()), "{schema} admits {value}");
    }
    for value in bad.as_array().unwrap() {
        assert!(!admits(schema.clone(), value.clone()), "{schema} does not admit {value}");
    }
}
