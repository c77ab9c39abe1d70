//! Decimal numbers as they stand in JSON text, exact: money never passes through a float.

/// A decimal number: `digits × 10^exponent`, of either sign.
///
/// It is read from the text of a JSON number, so `0.15` is 15 × 10⁻² and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    digits: u64,
    exponent: i32,
}

/// Why a number cannot be had as an integer of the wanted scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrepresentable {
    /// It is less than zero, or more than fits.
    OutOfRange,
    /// It has more decimals than the scale.
    TooPrecise,
}

impl Decimal {
    /// Reads a number in JSON's grammar; leading zeros and a leading `+` are let through.
    ///
    /// `None` if it is no number, or has more than 19 significant digits.
    pub fn parse(text: &[u8]) -> Option<Self> {
        // Most numbers are small and whole.
        if (1..=19).contains(&text.len()) && text.iter().all(u8::is_ascii_digit) {
            let digits = text.iter().fold(0u64, |digits, byte| digits.wrapping_mul(10).wrapping_add(u64::from(byte & 0x0f)));
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        let text = std::str::from_utf8(text).ok()?;
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, unsigned) = match mantissa.strip_prefix('-') {
            Some(unsigned) => (true, unsigned),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        if whole.is_empty() || decimals.is_empty() {
            return None;
        }
        let decimals = decimals.trim_end_matches('0');
        let mut digits: u64 = 0;
        for c in whole.chars().chain(decimals.chars()) {
            digits = digits.checked_mul(10)?.checked_add(u64::from(c.to_digit(10)?))?;
        }
        let exponent = exponent.checked_sub(i32::try_from(decimals.len()).ok()?)?;
        Some(Self { negative: negative && digits > 0, digits, exponent })
    }

    /// The number times 10^`places`, exactly.
    ///
    /// Errors: if the number is negative, or the result is no integer or does not fit.
    pub fn scaled(self, places: u32) -> Result<u64, Unrepresentable> {
        match self.split(places)? {
            (whole, false) => Ok(whole),
            (_, true) => Err(Unrepresentable::TooPrecise),
        }
    }

    /// The number times 10^`places`, decimals cut off. `None` if it is negative or does not fit.
    pub fn truncated(self, places: u32) -> Option<u64> {
        self.split(places).ok().map(|(whole, _)| whole)
    }

    /// The integer part of the number times 10^`places`, and whether anything is left over.
    fn split(self, places: u32) -> Result<(u64, bool), Unrepresentable> {
        if self.negative {
            return Err(Unrepresentable::OutOfRange);
        }
        let shift = i64::from(self.exponent).saturating_add(i64::from(places));
        if shift == 0 {
            return Ok((self.digits, false));
        }
        let power = u32::try_from(shift.unsigned_abs()).ok().and_then(|shift| 10u64.checked_pow(shift));
        match (self.digits, power) {
            (0, _) => Ok((0, false)),
            (digits, Some(power)) if shift >= 0 => digits.checked_mul(power).map(|whole| (whole, false)).ok_or(Unrepresentable::OutOfRange),
            (_, None) if shift >= 0 => Err(Unrepresentable::OutOfRange),
            (digits, power) => {
                let whole = power.and_then(|power| digits.checked_div(power)).unwrap_or(0);
                let back = power.and_then(|power| whole.checked_mul(power));
                Ok((whole, back != Some(digits)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn numbers_are_taken_digit_by_digit() {
        for (text, places, expected) in [
            ("0.15", 9, 150_000_000),
            ("1e-05", 9, 10_000),
            ("1E+2", 0, 100),
            ("200000.0", 0, 200_000),
            ("2e+05", 0, 200_000),
            ("10000", 9, 10_000_000_000_000),
            ("0.0000203", 9, 20_300),
            ("-0", 0, 0),
            ("-0.0", 0, 0),
            ("0e999999", 9, 0),
            ("0.30000000", 1, 3),
            ("18446744073709551615", 0, u64::MAX),
        ] {
            assert_eq!(Decimal::parse(text.as_bytes()).unwrap().scaled(places), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_says_so() {
        use Unrepresentable::{OutOfRange, TooPrecise};
        for (text, places, expected) in [
            ("-1", 0, OutOfRange),
            ("1e30", 0, OutOfRange),
            ("1e2147483647", 9, OutOfRange),
            ("1.5", 0, TooPrecise),
            ("1e-10", 9, TooPrecise),
            ("1e-2147483647", 9, TooPrecise),
        ] {
            assert_eq!(Decimal::parse(text.as_bytes()).unwrap().scaled(places), Err(expected), "{text}");
        }
        assert_eq!(Decimal::parse(b"12.9").unwrap().truncated(0), Some(12));
        assert_eq!(Decimal::parse(b"1e-2147483647").unwrap().truncated(9), Some(0));
        assert_eq!(Decimal::parse(b"-2").unwrap().truncated(0), None);
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "-",
            ".5",
            "5.",
            "1e",
            "e5",
            "1.2.3",
            "--1",
            "0x10",
            "NaN",
            "inf",
            "null",
            "\"1\"",
            "1 ",
            "١",
            "1e99999999999",
            "99999999999999999999",
        ] {
            assert_eq!(Decimal::parse(text.as_bytes()), None, "{text}");
        }
    }
}
