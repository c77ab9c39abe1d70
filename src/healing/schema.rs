//! A JSON Schema, which a healed answer is held against.
//!
//! Its keywords are checked, and what older drafts called them (`dependencies`, `additionalItems`). References say nothing but by a JSON
//! pointer, nor do regular expressions that cannot be searched for in linear time. See
//! <https://json-schema.org/draft/2020-12/json-schema-core> and <https://json-schema.org/draft/2020-12/json-schema-validation>.

pub(super) mod check;
mod format;
mod pattern;

use serde_json::Value;

use check::Check;

/// A schema that an answer was to conform to.
#[derive(Debug, PartialEq)]
pub struct Schema {
    root: Value,
    /// How many values it is made of.
    size: usize,
}

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
        Some(root.filter(Value::is_object).map_or(Self::ANY, |mut root| {
            write_numbers_alike(&mut root);
            Self { size: size(&root), root }
        }))
    }

    /// To hold what is found in a text of so many bytes against it, in a number of steps that is linear in both.
    pub(super) fn check(&self, bytes: usize) -> Check<'_> {
        Check::new(&self.root, bytes.saturating_add(self.size).saturating_mul(64).saturating_add(1000))
    }
}

/// How many values a schema is made of.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(all) => all.iter().fold(1, |sum: usize, value| sum.saturating_add(size(value))),
        Value::Object(all) => {
            let mut sum = 1usize;
            check::each(all, &mut |_, value| {
                sum = sum.saturating_add(size(value));
                true
            });
            sum
        }
        _ => 1,
    }
}

/// Makes equal what is: 1, 1.0 and 1e0 are one number.
fn write_numbers_alike(value: &mut Value) {
    /// Up to here a float is exact.
    const MOST: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Array(all) => all.iter_mut().for_each(write_numbers_alike),
        Value::Object(all) => all.values_mut().for_each(write_numbers_alike),
        Value::Number(number) if number.is_f64() => {
            if let Some(whole) = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= MOST) {
                *number = (whole as i64).into();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
