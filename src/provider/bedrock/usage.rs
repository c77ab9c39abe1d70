//! What Converse counts: `usage` of an answer, and of the `metadata` event of a stream.

use crate::json::{Error, Kind, Scanner};
use crate::usage::Usage;

/// Reads a `TokenUsage`: input, cache reads and cache writes do not overlap, and reasoning is output.
///
/// See <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html>. `None` if it counts nothing.
pub(super) fn read(usage: &[u8]) -> Option<Usage> {
    let (mut input, mut output, mut cache_read, mut cache_write, mut for_an_hour) = (None, None, None, None, 0u64);
    let walked = Scanner::new(usage).members(&mut |scanner, key, _| {
        match key.raw {
            b"inputTokens" => input = count(scanner)?,
            b"outputTokens" => output = count(scanner)?,
            b"cacheReadInputTokens" => cache_read = count(scanner)?,
            b"cacheWriteInputTokens" => cache_write = count(scanner)?,
            b"cacheDetails" if scanner.kind()? == Kind::Array => for_an_hour = written_for_an_hour(scanner)?,
            _ => _ = scanner.skip()?,
        }
        Ok(())
    });
    walked.ok()?;
    if input.is_none() && output.is_none() {
        return None;
    }
    let cache_write_1h = for_an_hour.min(cache_write.unwrap_or(0));
    Some(Usage {
        input: input.unwrap_or(0),
        cache_read: cache_read.unwrap_or(0),
        cache_write_5m: cache_write.unwrap_or(0).saturating_sub(cache_write_1h),
        cache_write_1h,
        output: output.unwrap_or(0),
        ..Usage::default()
    })
}

/// A number of tokens, as far as one can be believed.
fn count(scanner: &mut Scanner<'_>) -> Result<Option<u64>, Error> {
    const MOST: u64 = 1_000_000_000;
    let number = scanner.raw()?;
    Ok(std::str::from_utf8(number).ok().and_then(|digits| digits.parse().ok()).map(|tokens: u64| tokens.min(MOST)))
}

fn written_for_an_hour(scanner: &mut Scanner<'_>) -> Result<u64, Error> {
    let mut tokens = 0u64;
    scanner.elements(&mut |scanner| {
        let (mut is_an_hour, mut written) = (false, None);
        scanner.members(&mut |scanner, key, _| {
            match key.raw {
                b"ttl" => is_an_hour = scanner.raw()? == b"\"1h\"",
                b"inputTokens" => written = count(scanner)?,
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })?;
        if is_an_hour {
            tokens = tokens.saturating_add(written.unwrap_or(0));
        }
        Ok(())
    })?;
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn t66_the_cache_is_not_within_the_input() {
        let usage = br#"{"inputTokens":12,"outputTokens":30,"totalTokens":2042,"cacheReadInputTokens":1500,"cacheWriteInputTokens":500}"#;
        let expected = Usage { input: 12, output: 30, cache_read: 1500, cache_write_5m: 500, ..Usage::default() };
        assert_eq!(read(usage), Some(expected));
        assert_eq!(expected.input_tokens(), 2012);
    }

    #[test]
    fn t35_cache_writes_are_told_apart_by_how_long_they_last() {
        let usage = br#"{"inputTokens":1,"outputTokens":2,"cacheWriteInputTokens":700,
            "cacheDetails":[{"ttl":"1h","inputTokens":600},{"ttl":"5m","inputTokens":100}]}"#;
        let expected = Usage { input: 1, output: 2, cache_write_5m: 100, cache_write_1h: 600, ..Usage::default() };
        assert_eq!(read(usage), Some(expected));
    }

    #[test]
    fn a_usage_that_counts_nothing_is_none() {
        for usage in [&b"{}"[..], b"null", b"[]", b"{\"totalTokens\":7}", b"{\"inputTokens\":null}", b"{\"inputTokens\":-1}"] {
            assert_eq!(read(usage), None);
        }
    }
}
