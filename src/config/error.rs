//! What is wrong with a configuration, and where.

use serde_json::{error::Category, value::RawValue};

use crate::json::path_of;
use crate::model::ModelId;

/// What is wrong with a configuration: the path of the value, and what was expected of it.
///
/// It goes to Envoy's log, so it never repeats a text that may be a secret: a string of the wrong
/// kind or in the wrong place is "a string", for somebody may have put a key there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}{}", in_model(model.as_ref()))]
pub struct ConfigError {
    /// Where, as in `models[3].endpoints[0].price.prompt`; `configuration` if it is the whole.
    pub path: String,
    /// What was expected, and what was found.
    pub message: String,
    /// The model that the path leads into: nobody counts to `models[37]`.
    pub model: Option<ModelId>,
}

impl ConfigError {
    /// Something wrong at a path.
    // Out of line, as what makes errors is everywhere: for the module's size.
    #[inline(never)]
    pub(super) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), model: None }
    }

    /// The same with the id of the model that it is in, which `id_of` tells by its place.
    pub(super) fn naming(self, id_of: impl Fn(usize) -> Option<ModelId>) -> Self {
        let place = self.path.strip_prefix("models[").and_then(|rest| rest.split_once("]."));
        // The id itself is in the message already.
        let model = place.filter(|(_, member)| *member != "id").and_then(|(index, _)| id_of(index.parse().ok()?));
        Self { model, ..self }
    }

    /// A value other than what was expected.
    #[inline(never)]
    pub(super) fn unexpected(path: impl Into<String>, expected: &str, raw: &RawValue) -> Self {
        Self::new(path, format!("expected {expected}, found {}", found(raw.get())))
    }

    /// What serde found wrong in `json`, in the words of somebody who wrote YAML.
    pub(super) fn of_serde(error: &serde_json::Error, json: &[u8]) -> Self {
        if error.classify() != Category::Data {
            return Self::new(WHOLE, format!("expected JSON: {error}"));
        }
        let path = path_of(error, json);
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
        let is_secret = path.starts_with("keys") || path.contains(".credential");
        let (path, message) = if let Some(field) = quoted(message, "missing field `") {
            (join(&path, field), "missing, and required".to_owned())
        } else if let Some(field) = quoted(message, "unknown field `") {
            let known = message.rsplit_once("expected ").map_or("nothing", |(_, known)| known);
            let path = if is_secret && !is_word(field) { path } else { join(&path, field) };
            (path, format!("unknown field, expected {known}"))
        } else if let Some(field) = quoted(message, "duplicate field `") {
            (join(&path, field), "given twice".to_owned())
        } else if path.ends_with(".credential") {
            let message = retold(message).replacen(
                "an object",
                "{env: NAME}, the name of the environment variable that holds it and not the credential itself",
                1,
            );
            (path, message)
        } else {
            (path, retold(message))
        };
        Self::new(if path.is_empty() { WHOLE.to_owned() } else { path }, message)
    }
}

/// The path of the configuration itself.
pub(super) const WHOLE: &str = "configuration";

/// What a JSON value is, without repeating a text.
pub(super) fn found(json: &str) -> &str {
    match json.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(_) => json,
        None => "nothing",
    }
}

/// Whether it is a name that somebody misspelled and no secret: those have digits, capitals or hyphens.
fn is_word(field: &str) -> bool {
    field.len() <= 24 && field.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

fn in_model(model: Option<&ModelId>) -> String {
    model.map_or_else(String::new, |id| format!(" (model {id})"))
}

/// The path of a member.
fn join(parent: &str, field: &str) -> String {
    if parent.is_empty() { field.to_owned() } else { format!("{parent}.{field}") }
}

/// What stands between this beginning and the next backtick.
fn quoted<'a>(message: &'a str, beginning: &str) -> Option<&'a str> {
    message.strip_prefix(beginning)?.split('`').next()
}

/// `invalid type: string "x", expected struct Y` and its kin, without the value and without type names.
fn retold(message: &str) -> String {
    let expected = match message.rsplit_once("expected ").map_or("something else", |(_, expected)| expected) {
        structure if structure.starts_with("struct ") => "an object",
        "a map" => "an object",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        expected => expected,
    };
    let kind = message.split_once(": ").map_or("", |(_, found)| found);
    let found = match kind.split([' ', ',']).next().unwrap_or_default() {
        "string" => "a string",
        "map" => "an object",
        "sequence" => "a list",
        "null" | "unit" => "null",
        "integer" | "floating" | "boolean" => kind.split('`').nth(1).unwrap_or("another type"),
        _ if message.starts_with("invalid length") => "a list",
        _ => return format!("expected {expected}"),
    };
    format!("expected {expected}, found {found}")
}
