//! How likely the tokens of an answer were.
//!
//! See <https://ai.google.dev/api/generate-content#LogprobsResult>.

use crate::chat::chunks::Logprob;
use crate::json::{Error, Kind, Scanner};

/// The tokens of a `logprobsResult` that were chosen, each with those that might have stood in its place.
pub(super) fn read(result: &[u8]) -> Vec<Logprob<'_>> {
    let (mut chosen, mut top) = (Vec::new(), Vec::new());
    let walked = Scanner::new(result).members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
        (b"chosenCandidates", Kind::Array) => tokens(scanner, &mut chosen),
        (b"topCandidates", Kind::Array) => scanner.elements(&mut |scanner| {
            let mut others = Vec::new();
            scanner.members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
                (b"candidates", Kind::Array) => tokens(scanner, &mut others),
                _ => scanner.skip().map(|_| ()),
            })?;
            top.push(others);
            Ok(())
        }),
        _ => scanner.skip().map(|_| ()),
    });
    if walked.is_err() {
        return Vec::new();
    }
    let mut top = top.into_iter();
    chosen.into_iter().map(|(token, logprob)| Logprob { token, logprob, top: top.next().unwrap_or_default() }).collect()
}

/// Consumes a list of `{token, tokenId, logProbability}`.
fn tokens<'a>(scanner: &mut Scanner<'a>, found: &mut Vec<(&'a [u8], &'a [u8])>) -> Result<(), Error> {
    scanner.elements(&mut |scanner| {
        // What is 0 is left out.
        let (mut token, mut logprob): (&[u8], &[u8]) = (b"", b"0");
        scanner.members(&mut |scanner, key, _| {
            match (key.raw, scanner.kind()?) {
                (b"token", Kind::String) => token = scanner.string()?.raw,
                (b"logProbability", Kind::Number) => logprob = scanner.raw()?,
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })?;
        found.push((token, logprob));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn each_token_has_its_rivals() {
        let result =
            br#"{"topCandidates":[{"candidates":[{"token":"A","tokenId":1,"logProbability":-0.1},{"token":"B","logProbability":-2e0}]}],
            "chosenCandidates":[{"token":"A","tokenId":1,"logProbability":-0.1},{"token":"\n"}],"logProbabilitySum":-0.1}"#;
        let tokens = read(result);
        assert_eq!(tokens.len(), 2);
        assert_eq!((tokens[0].token, tokens[0].logprob), (&b"A"[..], &b"-0.1"[..]));
        assert_eq!(tokens[0].top, [(&b"A"[..], &b"-0.1"[..]), (&b"B"[..], &b"-2e0"[..])]);
        assert_eq!((tokens[1].token, tokens[1].logprob, tokens[1].top.len()), (&b"\\n"[..], &b"0"[..], 0));
    }

    #[test]
    fn anything_else_is_none() {
        for result in [&b"{}"[..], b"[]", b"{\"chosenCandidates\":[7]}", b"{\"chosenCandidates\":null}", b"{\"chosenCandidates\":[{}]"] {
            assert!(read(result).is_empty());
        }
    }
}
