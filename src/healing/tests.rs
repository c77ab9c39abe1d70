//! What models do to JSON, one damage at a time: the value that was meant comes back.

use serde_json::{Value, json};

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn healed(text: &str) -> Option<Value> {
    heal(text, &Schema::ANY).map(|json| serde_json::from_str(&json).unwrap())
}

#[test]
fn openrouters_own_examples_are_healed_as_documented() {
    for (broken, expected) in [
        (r#"{"name": "Alice", "age": 30"#, r#"{"name": "Alice", "age": 30}"#),
        ("```json\n{\"name\": \"Bob\"}\n```", r#"{"name": "Bob"}"#),
        ("Here's the data you requested:\n{\"name\": \"Charlie\", \"age\": 25}", r#"{"name": "Charlie", "age": 25}"#),
        (r#"{"name": "David", "age": 35,}"#, r#"{"name": "David", "age": 35}"#),
        (r#"{name: "Eve", age: 40}"#, r#"{"name": "Eve", "age": 40}"#),
    ] {
        assert_eq!(heal(broken, &Schema::ANY).as_deref(), Some(expected));
    }
}

#[test]
fn what_models_write_for_json_becomes_json() {
    for (broken, expected) in [
        ("{'a': 'it\\'s', 'b': \"it's\"}", json!({"a": "it's", "b": "it's"})),
        ("{'a': True, 'b': None, 'c': [False, NaN, undefined]}", json!({"a": true, "b": null, "c": [false, null, null]})),
        ("{\"a\": 1, // one\n \"b\": 2, /* two */ \"c\": 3 # three\n}", json!({"a": 1, "b": 2, "c": 3})),
        ("Sure! Here it is [1, as asked]... {\"a\": 1} Anything else?", json!({"a": 1})),
        ("See [the docs]: ~~~\n{\"a\": {\"b\": [1, 2]}}\n~~~", json!({"a": {"b": [1, 2]}})),
        ("{\"a\": [1, 2}", json!({"a": [1, 2]})),
        ("[{\"a\": 1], 2]", json!([{"a": 1}])),
        ("{\"a\": \"x\"\n \"b\": 1\n \"c\": [1 2]}", json!({"a": "x", "b": 1, "c": [1, 2]})),
        ("{\"a\": \"he said \"no\" twice\"}", json!({"a": "he said \"no\" twice"})),
        ("{\"a\": \"two\nlines\tand a tab\"}", json!({"a": "two\nlines\tand a tab"})),
        ("{\"path\": \"C:\\Windows\\d\", \"x\": '\\x41\\U0001f600'}", json!({"path": "C:\\Windows\\d", "x": "A😀"})),
        ("{\"a\": +1, \"b\": .5, \"c\": 7., \"d\": -007, \"e\": 1E+5,}", json!({"a": 1, "b": 0.5, "c": 7, "d": -7, "e": 1e5})),
        ("{\"a\": \"```\", \"b\": 1,}", json!({"a": "```", "b": 1})),
        ("```\n{\"a\": 1\n```\nThat is all.", json!({"a": 1})),
        ("<think>Maybe {this}?</think>{\"a\":1}", json!({"a": 1})),
        ("```json\n[1, 2,]\n```", json!([1, 2])),
        ("\u{feff}{\"a\":1}", json!({"a": 1})),
    ] {
        assert_eq!(healed(broken), Some(expected), "{broken}");
    }
}

#[test]
fn an_object_comes_before_a_list_and_a_list_before_prose() {
    for (text, expected) in [
        ("From [\"a\", \"b\", \"c\"] I made {\"x\": 1}.", Some(json!({"x": 1}))),
        ("Here is the list: [{\"a\": 1}, {\"a\": 2}]", Some(json!([{"a": 1}, {"a": 2}]))),
        ("Here is the list: [\"a\"]", Some(json!(["a"]))),
        ("```json\n[1, 2, 3]\n```", Some(json!([1, 2, 3]))),
        ("[1, 2, 3] is the list", Some(json!([1, 2, 3]))),
        // Brackets around numbers are how prose names its sources.
        ("Here is the list: [1, 2, 3]", None),
    ] {
        assert_eq!(healed(text), expected, "{text}");
    }
    let list = Schema::of_response_format(br#"{"type":"json_schema","json_schema":{"schema":{"type":"array"}}}"#).unwrap();
    assert_eq!(heal("Of {a: 'b'} the list: [1, 2, 3]", &list).as_deref(), Some("[1, 2, 3]"), "a schema says what is meant");
}

#[test]
fn an_answer_that_is_cut_off_keeps_what_was_whole() {
    for (broken, expected) in [
        (r#"{"a": [1, {"b": "tex"#, json!({"a": [1, {"b": "tex"}]})),
        (r#"{"a": 1, "b"#, json!({"a": 1})),
        (r#"{"a": 1, "b""#, json!({"a": 1})),
        (r#"{"a": 1, "b":"#, json!({"a": 1})),
        (r#"{"a": 1, "b": tr"#, json!({"a": 1, "b": true})),
        (r#"{"a": 1, "b": -"#, json!({"a": 1})),
        (r#"{"a": 1, "b": 2."#, json!({"a": 1, "b": 2})),
        (r#"{"a": 1, "b": 2e"#, json!({"a": 1, "b": 2})),
        (r#"{"a": "x\"#, json!({"a": "x"})),
        (r#"{"a": "x\u00"#, json!({"a": "x"})),
        (r#"{"a": 1, "b": [{"#, json!({"a": 1, "b": [{}]})),
    ] {
        assert_eq!(healed(broken), Some(expected), "{broken}");
    }
}

#[test]
fn what_cannot_be_healed_stays() {
    for text in [
        "",
        "I cannot do that.",
        "{",
        "[[[{",
        "{\"a\":",
        "I cannot do that, see [1].",
        "As somebody said in [1",
        "Nothing: {}",
        "I like {curly} and [square] brackets",
        "{\"a\": !, \"b\": {\"c\": 1}}",
        "{\"a\": 1, ..., \"b\": {\"c\": 1}}",
        "{\"a\" 1}",
        "{\"a\": 1,, \"b\": 2}",
        "{, \"a\": 1}",
    ] {
        assert_eq!(heal(text, &Schema::ANY), None, "{text}");
    }
    let deep = format!("{}1{},", "[".repeat(200), "]".repeat(200));
    assert_eq!(heal(&deep, &Schema::ANY), None, "a part is not the whole");
}

#[test]
fn an_answer_has_to_conform_to_its_schema() {
    let schema = Schema::of_response_format(
        br#"{"type":"json_schema","json_schema":{"schema":{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}}}"#,
    )
    .unwrap();
    let heal = |text: &str| heal(text, &schema);
    assert_eq!(heal("{a: 1,}").as_deref(), Some("{\"a\": 1}"));
    assert_eq!(heal("{'a': '1'}"), None);
    assert_eq!(heal("{\"b\": 1"), None, "cut off before what is required");
    assert_eq!(heal("{\"thought\": \"a longer object\"} and {\"a\": 2}").as_deref(), Some("{\"a\": 2}"), "of several the one that does");
    assert_eq!(heal("{\"b\": \"valid JSON is never touched\"}"), None);
}

/// A random value; its strings have everything that could lead a reader astray.
fn value(random: &mut fastrand::Rng, depth: usize) -> Value {
    match random.usize(0..if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => random.bool().into(),
        2 => random.i32(..).into(),
        3 => (f64::from(random.i16(..)) / 8.0).into(),
        4 => text(random).into(),
        5 => (0..random.usize(0..4)).map(|_| value(random, depth.saturating_sub(1))).collect(),
        _ => object(random, depth.saturating_sub(1)),
    }
}

fn object(random: &mut fastrand::Rng, depth: usize) -> Value {
    (0..random.usize(1..4))
        .map(|n| (format!("k{n}{}", random.alphanumeric()), value(random, depth)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn text(random: &mut fastrand::Rng) -> String {
    let pieces = [
        "\"", "'", "\\", "{", "}", "[", "]", ":", ",", "//", "/*", "#", " ", "\n", "\t", "\u{1}", "é", "😀", "true", "None", "```", "\\n",
        "a",
    ];
    (0..random.usize(0..6)).map(|_| pieces[random.usize(..pieces.len())]).collect()
}

/// As Python's `repr` has it.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => single_quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| format!("{}: {}", single_quoted(key), python(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

fn single_quoted(text: &str) -> String {
    let inside: String = text
        .chars()
        .map(|c| match c {
            '\'' => "\\'".into(),
            '\\' => "\\\\".into(),
            '\n' => "\\n".into(),
            '\t' => "\\t".into(),
            c if c < ' ' => format!("\\x{:02x}", c as u32),
            c => c.to_string(),
        })
        .collect();
    format!("'{inside}'")
}

/// As somebody writes it by hand: bare keys, comments, a comma too many.
fn by_hand(value: &Value) -> String {
    match value {
        Value::Array(items) if !items.is_empty() => {
            format!("[ // a list\n{},\n]", items.iter().map(by_hand).collect::<Vec<_>>().join(", /* next */ "))
        }
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| format!("{key}: {}", by_hand(value)));
            format!("{{{}, # the end\n}}", members.collect::<Vec<_>>().join(",\n"))
        }
        other => other.to_string(),
    }
}

fn without_closers(json: &str) -> &str {
    json.trim_end_matches(['}', ']', ' ', '\n'])
}

#[test]
fn every_damage_of_every_value_is_undone() {
    let mut random = fastrand::Rng::with_seed(11);
    for round in 0..3_000 {
        let meant = object(&mut random, 3);
        let (line, lines) = (meant.to_string(), serde_json::to_string_pretty(&meant).unwrap());
        let damaged = [
            python(&meant),
            by_hand(&meant),
            format!("```json\n{lines}\n```"),
            format!("```\n{line}\n```\nI hope that helps!"),
            format!("Sure, here is what you asked for:\n\n{lines}\n\nAnything else?"),
            format!("{line},"),
            lines.replace("\n}", ",\n}"),
            line.replacen('{', "{ // first\n", 1),
        ];
        for (n, damaged) in damaged.iter().enumerate() {
            // A string may have had what was replaced.
            if serde_json::from_str::<Value>(damaged).is_err() {
                assert_eq!(healed(damaged).as_ref(), Some(&meant), "round {round}, damage {n}: {damaged}");
            }
        }
        assert_eq!((heal(&line, &Schema::ANY), heal(&lines, &Schema::ANY)), (None, None), "what is valid is not touched");
        let short = without_closers(&lines);
        if !short.ends_with([',', ':', '{', '[']) && short.len() < lines.len() && !lines.ends_with("{}") {
            assert_eq!(healed(short).as_ref(), Some(&meant), "round {round}: {short}");
        }
        for end in (0..line.len()).filter(|end| line.is_char_boundary(*end)) {
            _ = healed(&line[..end]);
        }
    }
}

#[test]
fn no_bytes_make_it_panic_or_write_what_is_not_json() {
    let mut random = fastrand::Rng::with_seed(12);
    let alphabet: Vec<char> = "{}[]\"':,\\/*#`-+.eE019truefalsNonu xU\n\t\u{0}é😀\u{2028}".chars().collect();
    for _ in 0..30_000 {
        let mut text: String = if random.bool() { "{".into() } else { String::new() };
        text.extend((0..random.usize(..40)).map(|_| alphabet[random.usize(..alphabet.len())]));
        if let Some(json) = heal(&text, &Schema::ANY) {
            assert!(is_json(&json), "{text} became {json}");
        }
    }
}

#[test]
fn many_small_objects_and_a_large_schema_take_no_more_time_than_both_are_long() {
    let all = vec![r#"{"type":"object","required":["b"]}"#; 20_000].join(",");
    let format = format!(r#"{{"type":"json_schema","json_schema":{{"schema":{{"anyOf":[{all}]}}}}}}"#);
    let schema = Schema::of_response_format(format.as_bytes()).unwrap();
    // Each with each, this would not end today.
    assert_eq!(heal(&"{a:1} ".repeat(50_000), &schema), None);
}

#[test]
fn hostile_text_takes_no_more_time_than_it_is_long() {
    for piece in ["[ /*", "{\"a\":", "[", "{'", "\"{", "[1,", "{a:1 ", "[[],", "{\"a\":\"\\u", "[ #", "[\"\" "] {
        // Quadratic, this would not end today.
        if let Some(json) = heal(&piece.repeat(300_000 / piece.len()), &Schema::ANY) {
            assert!(json.len() < 1_000_000, "{piece}");
        }
    }
}
