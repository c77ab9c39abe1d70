//! Spans of time as people and rate limit headers write them: `30s`, `500ms`, `1m2.5s`.

use std::time::Duration;

/// Reads one or more numbers, each with its unit `ms`, `s`, `m` or `h`.
///
/// A number may have decimals; what is less than a nanosecond is cut off. `None` if the text is
/// anything else (a bare number too: nobody can tell its unit) or more than `u64` nanoseconds.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(signalbox::duration::parse("1m2.5s"), Some(Duration::from_millis(62_500)));
/// assert_eq!(signalbox::duration::parse("30"), None);
/// ```
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut nanos: u64 = 0;
    loop {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at_checked(unit_at)?;
        let (unit, after) = unit(after)?;
        nanos = nanos.checked_add(scaled(number, unit)?)?;
        if after.is_empty() {
            return Some(Duration::from_nanos(nanos));
        }
        rest = after;
    }
}

/// The nanoseconds of the unit at the start of the text, and what follows it.
fn unit(text: &str) -> Option<(u64, &str)> {
    const UNITS: [(&str, u64); 4] = [("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];
    UNITS.iter().find_map(|(name, nanos)| Some((*nanos, text.strip_prefix(name)?)))
}

/// A decimal number of units in nanoseconds.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    if decimals.is_empty() {
        return None;
    }
    let mut nanos = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    let mut place = unit;
    for digit in decimals.chars() {
        place = place.checked_div(10)?;
        nanos = nanos.checked_add(place.checked_mul(u64::from(digit.to_digit(10)?))?)?;
    }
    Some(nanos)
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn numbers_with_units_add_up() {
        for (text, millis) in [
            ("30s", 30_000),
            ("500ms", 500),
            ("10m", 600_000),
            ("1h", 3_600_000),
            ("1.5s", 1_500),
            ("0s", 0),
            ("2m59.56s", 179_560),
            ("1h2m3s4ms", 3_723_004),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse("0.0000001ms"), Some(Duration::ZERO));
    }

    #[test]
    fn anything_else_is_no_duration() {
        for text in
            ["", "30", "s", "30 s", "-1s", "+1s", "1,5s", "1.s", ".5s", "1.2.3s", "1e3s", "30sec", "1d", "١s", "99999999999h", "30s "]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
