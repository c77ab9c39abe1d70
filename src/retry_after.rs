//! When a provider wants to be asked again, in all the ways that providers say it.

use std::time::{Duration, UNIX_EPOCH};

use crate::clock::Clock;
use crate::duration;

/// The longest wait that is believed.
pub const LONGEST: Duration = Duration::from_secs(3600);

/// The wait in the value of a response header, if it is one that says so: `retry-after` (seconds, also with a fraction, an
/// HTTP-date, or a duration such as `1m2.5s`) or `retry-after-ms`. At most [`LONGEST`].
pub fn parse(name: &[u8], value: &[u8], clock: &dyn Clock) -> Option<Duration> {
    let value = std::str::from_utf8(value).ok()?.trim();
    let wait = match name {
        b"retry-after-ms" => seconds(value)? / 1000.0,
        b"retry-after" => seconds(value).or_else(|| Some(duration::parse(value)?.as_secs_f64())).or_else(|| date(value, clock))?,
        _ => return None,
    };
    Some(Duration::try_from_secs_f64(wait).unwrap_or(LONGEST).min(LONGEST))
}

/// The wait in the body of an error, where Google says it: `retryDelay` of a `google.rpc.RetryInfo` among the details, at most
/// [`LONGEST`]. The body may be cut anywhere.
///
/// See <https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto>.
pub fn in_error(body: &[u8]) -> Option<Duration> {
    const NAME: &[u8] = b"\"retryDelay\"";
    let value = body.get(memchr::memmem::find(body, NAME)?.saturating_add(NAME.len())..)?;
    let value = value.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    let value = std::str::from_utf8(value.get(..memchr::memchr(b'"', value)?)?).ok()?;
    duration::parse(value).map(|wait| wait.min(LONGEST))
}

fn seconds(value: &str) -> Option<f64> {
    value.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}

fn date(value: &str, clock: &dyn Clock) -> Option<f64> {
    let at = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(at.saturating_sub(Duration::from_millis(clock.now().0)).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn t80_every_spelling_is_understood() {
        // Sat, 21 Nov 2026 00:00:00 GMT
        let now = crate::clock::Millis(1_795_219_200_000);
        for (name, value, millis) in [
            ("retry-after", "7", Some(7_000)),
            ("retry-after", " 1.5 ", Some(1_500)),
            ("retry-after", "1m2.5s", Some(62_500)),
            ("retry-after", "250ms", Some(250)),
            ("retry-after", "Sat, 21 Nov 2026 00:00:20 GMT", Some(20_000)),
            ("retry-after", "Fri, 20 Nov 2026 00:00:20 GMT", Some(0)),
            ("retry-after", "999999999", Some(3_600_000)),
            ("retry-after", "1e300", Some(3_600_000)),
            ("retry-after-ms", "1500", Some(1_500)),
            ("retry-after", "-1", None),
            ("retry-after", "NaN", None),
            ("retry-after", "soon", None),
            ("retry-after", "5x", None),
            ("retry-after", "", None),
            ("x-other", "5", None),
        ] {
            let wait = parse(name.as_bytes(), value.as_bytes(), &now).map(|wait| wait.as_millis());
            assert_eq!(wait, millis, "{name}: {value}");
        }
        assert_eq!(parse(b"retry-after", b"\xff", &now), None);
    }

    #[test]
    fn t80_google_says_it_in_the_error() {
        let error = r#"{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay": "39.5s"}]}}"#;
        assert_eq!(in_error(error.as_bytes()), Some(Duration::from_millis(39_500)));
        let cut = error.split_at(error.len() - 4).0;
        assert_eq!(in_error(cut.as_bytes()), Some(Duration::from_millis(39_500)));
        for (value, wait) in [("999999s", Some(LONGEST)), ("0s", Some(Duration::ZERO)), ("", None), ("soon", None), ("-1s", None)] {
            assert_eq!(in_error(format!(r#""retryDelay":"{value}""#).as_bytes()), wait, "{value}");
        }
        for body in ["", "{}", r#""retryDelay""#, r#""retryDelay":7"#, r#""retryDelay":"7s"#, r#"{"message":"\"retryDelay\":\"7s\""}"#] {
            assert_eq!(in_error(body.as_bytes()), None, "{body}");
        }
    }
}
