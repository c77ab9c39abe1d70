//! How likely the tokens of Cohere's answers were.

use crate::chat::chunks::Logprob;
use crate::json::{Error, Kind, Scanner, Text};

/// Consumes a `LogprobItem`, or a list of them, and calls `found` with each token. An item has the text of one token, mostly; where
/// it is that of several, it stands with the first of them. There are no others that might have stood in their place.
///
/// See <https://docs.cohere.com/reference/chat#response.body.logprobs>.
pub(super) fn each<'a>(scanner: &mut Scanner<'a>, found: &mut dyn FnMut(&Logprob<'_>)) -> Result<(), Error> {
    match scanner.kind()? {
        Kind::Array => scanner.elements(&mut |scanner| each(scanner, found)),
        Kind::Object => {
            let (mut text, mut logprobs) = (Text::default(), Vec::new());
            scanner.members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
                (b"text", Kind::String) => {
                    text = scanner.string()?;
                    Ok(())
                }
                (b"logprobs", Kind::Array) => scanner.elements(&mut |scanner| {
                    let is_number = scanner.kind()? == Kind::Number;
                    logprobs.extend(Some(scanner.raw()?).filter(|_| is_number));
                    Ok(())
                }),
                _ => scanner.skip().map(|_| ()),
            })?;
            for (index, logprob) in logprobs.into_iter().enumerate() {
                let token = if index == 0 { text.raw } else { b"" };
                found(&Logprob { token, logprob, top: Vec::new() });
            }
            Ok(())
        }
        _ => scanner.skip().map(|_| ()),
    }
}
