//! How likely the tokens of Cohere's answers were.

use crate::chat::chunks::Logprob;
use crate::json::{Error, Kind, Scanner, Text};

/// Consumes a `LogprobItem`, or a list of them, and calls `found` with each: a text of one token, mostly. Where it is of several,
/// the logarithm is that of all of them together. There are no others that might have stood in its place.
///
/// See <https://docs.cohere.com/reference/chat#response.body.logprobs>.
pub(super) fn each<'a>(scanner: &mut Scanner<'a>, found: &mut dyn FnMut(&Logprob<'_>)) -> Result<(), Error> {
    match scanner.kind()? {
        Kind::Array => scanner.array(|scanner| each(scanner, found)),
        Kind::Object => {
            let (mut text, mut logprobs) = (Text::default(), Vec::new());
            scanner.object(|scanner, key, _| match (key.raw, scanner.kind()?) {
                (b"text", Kind::String) => {
                    text = scanner.string()?;
                    Ok(())
                }
                (b"logprobs", Kind::Array) => scanner.array(|scanner| {
                    let is_number = scanner.kind()? == Kind::Number;
                    logprobs.extend(Some(scanner.raw()?).filter(|_| is_number));
                    Ok(())
                }),
                _ => scanner.skip().map(|_| ()),
            })?;
            match logprobs.as_slice() {
                [] => {}
                [logprob] => found(&Logprob { token: text.raw, logprob, top: Vec::new() }),
                several => {
                    let sum: f64 = several.iter().filter_map(|one| std::str::from_utf8(one).ok()?.parse::<f64>().ok()).sum();
                    // An infinite one has no digits.
                    let sum = sum.max(f64::from(f32::MIN)).min(0.0).to_string();
                    found(&Logprob { token: text.raw, logprob: sum.as_bytes(), top: Vec::new() });
                }
            }
            Ok(())
        }
        _ => scanner.skip().map(|_| ()),
    }
}
