//! Keywords for numbers.

use std::cmp::Ordering;

use serde_json::Number;

/// Whether a number is where `keyword` wants it.
pub(super) fn is_within(keyword: &str, number: &Number, said: &Number) -> bool {
    match keyword {
        "minimum" => order(number, said).is_ge(),
        "maximum" => order(number, said).is_le(),
        "exclusiveMinimum" => order(number, said).is_gt(),
        "exclusiveMaximum" => order(number, said).is_lt(),
        "multipleOf" => is_multiple(number, said),
        _ => true,
    }
}

fn order(one: &Number, other: &Number) -> Ordering {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => one.as_f64().unwrap_or_default().total_cmp(&other.as_f64().unwrap_or_default()),
    }
}

fn is_multiple(number: &Number, unit: &Number) -> bool {
    if let (Some(number), Some(unit)) = (number.as_i64(), unit.as_i64()) {
        return number.checked_rem(unit).unwrap_or_default() == 0;
    }
    let (Some(number), Some(unit)) = (number.as_f64(), unit.as_f64()) else { return true };
    let times = number / unit;
    // 0.3 is three times 0.1, and not quite so as a float.
    unit == 0.0 || (times - times.round()).abs() <= 4.0 * f64::EPSILON * times.abs().max(1.0)
}
