//! What OpenRouter's clients demand of an answer: which members, of which type, and where null is refused.

use serde_json::Value;
use signalbox::json::{Error, Kind, Scanner};

/// The members of an object: name, when it has to be there, what it is. Others may be there, too.
pub(crate) type Members = &'static [(&'static str, Rule, Is)];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rule {
    /// There and not null.
    Required,
    /// There, but may be null.
    Nullable,
    /// May be missing, but not null.
    NotNull,
    /// May be missing or null.
    Optional,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Is {
    Integer,
    Number,
    Flag,
    Text,
    /// This text and no other.
    Word(&'static str),
    List,
    Object(Members),
    Objects(Members),
}

use Is::{Flag, Integer, Number, Object};
use Rule::{NotNull, Required};

pub(crate) const USAGE: Members = &[
    ("prompt_tokens", Required, Integer),
    ("completion_tokens", Required, Integer),
    ("total_tokens", Required, Integer),
    ("cost", Required, Number),
    ("is_byok", Required, Flag),
    ("estimated", NotNull, Flag),
    (
        "prompt_tokens_details",
        Required,
        Object(&[
            ("cached_tokens", Required, Integer),
            ("cache_write_tokens", Required, Integer),
            ("audio_tokens", Required, Integer),
            ("video_tokens", Required, Integer),
        ]),
    ),
    (
        "completion_tokens_details",
        Required,
        Object(&[("reasoning_tokens", Required, Integer), ("image_tokens", Required, Integer), ("audio_tokens", Required, Integer)]),
    ),
    (
        "cost_details",
        Required,
        Object(&[
            ("upstream_inference_cost", Required, Number),
            ("upstream_inference_prompt_cost", Required, Number),
            ("upstream_inference_completions_cost", Required, Number),
        ]),
    ),
];

/// What is wrong with `json`, the first thing first; nothing if nothing is.
pub(crate) fn violations(json: &str, members: Members) -> Vec<String> {
    let mut found = Vec::new();
    if unique_members(&mut Scanner::new(json.as_bytes()), &mut found).is_err() {
        found.push(format!("not JSON: {json}"));
    }
    match serde_json::from_str::<Value>(json) {
        Ok(value) => object(&value, members, "", &mut found),
        Err(error) => found.push(error.to_string()),
    }
    found
}

fn object(value: &Value, members: Members, path: &str, found: &mut Vec<String>) {
    if !value.is_object() {
        found.push(format!("{path}: not an object: {value}"));
        return;
    }
    for (name, rule, is) in members {
        let path = format!("{path}/{name}");
        match (value.get(name), rule) {
            (None, Rule::NotNull | Rule::Optional) | (Some(Value::Null), Rule::Nullable | Rule::Optional) => {}
            (None, _) => found.push(format!("{path}: missing")),
            (Some(Value::Null), _) => found.push(format!("{path}: null")),
            (Some(value), _) => member(value, is, &path, found),
        }
    }
}

fn member(value: &Value, is: &Is, path: &str, found: &mut Vec<String>) {
    let fits = match is {
        Is::Integer => value.is_u64(),
        Is::Number => value.is_number(),
        Is::Flag => value.is_boolean(),
        Is::Text => value.is_string(),
        Is::Word(word) => value == word,
        Is::List => value.is_array(),
        Is::Object(members) => return object(value, members, path, found),
        Is::Objects(members) => {
            for (index, element) in value.as_array().into_iter().flatten().enumerate() {
                object(element, members, &format!("{path}/{index}"), found);
            }
            value.is_array()
        }
    };
    if !fits {
        found.push(format!("{path}: {value} is not {is:?}"));
    }
}

/// Parsers differ on which of two members of one name counts.
fn unique_members(scanner: &mut Scanner<'_>, found: &mut Vec<String>) -> Result<(), Error> {
    match scanner.kind()? {
        Kind::Object => {
            let mut names = Vec::new();
            scanner.object(|scanner, key, _| {
                let name = key.value().into_owned();
                if names.contains(&name) {
                    found.push(format!("{name}: twice"));
                }
                names.push(name);
                unique_members(scanner, found)
            })
        }
        Kind::Array => scanner.array(|scanner| unique_members(scanner, found)),
        _ => scanner.skip().map(|_| ()),
    }
}
