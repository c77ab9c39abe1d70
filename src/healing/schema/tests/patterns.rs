//! What the regular expressions of schemas admit.

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_text_has_what_its_pattern_says() {
    for (schema, good, bad) in [
        (json!({"pattern": "^[A-Z]{2}-\\d{4}$"}), json!(["ZH-8001", 8001, null, ["x"]]), json!(["8001", "zh-8001", ""])),
        (json!({"pattern": "b"}), json!(["abc"]), json!(["ac"])),
        (json!({"items": {"pattern": "^\\S+$", "maxLength": 3}}), json!([["a", "abc"]]), json!([["a", "a b"], ["abcd"]])),
        (json!({"not": {"pattern": "^x"}}), json!(["a"]), json!(["xa"])),
        (json!({"propertyNames": {"pattern": "^[a-z]+$"}}), json!([{}, {"a": 1}]), json!([{"A": 1}])),
        // What cannot be searched for says nothing.
        (json!({"pattern": "^(?!x)", "minLength": 1}), json!(["x", "a"]), json!([""])),
        (json!({"pattern": "(", "patternProperties": {"[": false}}), json!(["x", {"a": 1}]), json!([])),
    ] {
        assert_admits(&schema, &good, &bad);
    }
}

#[test]
fn a_member_is_what_its_names_patterns_say() {
    let numbers = json!({"patternProperties": {"^n": {"type": "integer"}, "x$": {"minimum": 5}}});
    let closed = json!({"properties": {"id": true}, "patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": false});
    let typed = json!({"patternProperties": {"^x-": true}, "additionalProperties": {"type": "integer"}});
    let ahead = json!({"patternProperties": {"^(?=x)": {"type": "string"}, "^y": true}, "additionalProperties": false});
    for (schema, good, bad) in [
        (
            numbers,
            json!([{}, {"n": 1}, {"nx": 5}, {"a": "x"}, {"x": 7, "n": 0}, ["n"]]),
            json!([{"n": "1"}, {"nx": 4}, {"nx": 5.5}, {"ax": 1}]),
        ),
        (closed, json!([{}, {"id": 1}, {"id": 1, "x-a": "b"}]), json!([{"x-a": 1}, {"y": 1}, {"ax-": "b"}])),
        (typed, json!([{"x-a": "b", "c": 1}]), json!([{"x-a": "b", "c": "d"}])),
        // It may be about any member.
        (ahead, json!([{"x": 1, "y": 1, "z": 1}]), json!([])),
        (json!({"patternProperties": {"": false}}), json!([{}, "x"]), json!([{"a": 1}])),
    ] {
        assert_admits(&schema, &good, &bad);
    }
}

#[test]
fn hostile_patterns_take_no_more_time_than_they_are_long() {
    let text = "a".repeat(10_000);
    let texts: Value = (0..2_000).map(|n| format!("a{n}")).collect();
    let names: Value = (0..2_000).map(|n| (format!("a{n}"), json!(n))).collect::<serde_json::Map<_, _>>().into();
    let many: serde_json::Map<_, _> = (0..3_000).map(|n| (format!("a{{6{n:04}}}"), json!(false))).collect();
    let large: serde_json::Map<_, _> = (0..3_000).map(|n| (format!("[a]{{600}}{n}"), json!(false))).collect();
    // Each with each, or by trying, this would not end today.
    for (schema, value) in [
        // What backtracks on these does not come back.
        (json!({"pattern": "^(a+)+$"}), json!(format!("{text}!"))),
        (json!({"pattern": "(a|aa)+(a|aa)+(a|aa)+b"}), json!(text)),
        (json!({"pattern": "((a?){30}){30}b"}), json!(text)),
        (json!({"items": {"pattern": "(.*){600}b"}}), texts.clone()),
        (json!({"items": {"allOf": vec![json!({"pattern": "[ab]{600}$"}); 1_000]}}), texts),
        (json!({"patternProperties": many}), names.clone()),
        (json!({"patternProperties": large, "additionalProperties": false}), names.clone()),
        (json!({"patternProperties": {text.as_str(): false}, "unevaluatedProperties": false}), names),
        (json!({"pattern": "(".repeat(100_000)}), json!("x")),
        (json!({"pattern": "[a-".repeat(50_000)}), json!("x")),
        (json!({"pattern": "a{".repeat(50_000)}), json!("x")),
    ] {
        _ = admits(schema, value);
    }
}

#[test]
fn a_long_text_of_a_long_pattern_is_still_checked() {
    let schema =
        json!({"type": "object", "properties": {"a": {"type": "string", "pattern": "^[a-zA-Z0-9 ,.]{1,600}$"}}, "required": ["a"]});
    assert!(admits(schema.clone(), json!({"a": "a, b. ".repeat(100)})));
    assert!(!admits(schema.clone(), json!({"a": "a, b. ".repeat(101)})));
    let list = json!({"items": schema});
    assert!(admits(list.clone(), vec![json!({"a": "a, b. ".repeat(100)}); 200].into()));
    assert!(!admits(list, json!([{"a": "a"}, {"a": "!"}])));
}
