//! Log probabilities of text, as responses have them.
//!
//! See <https://platform.openai.com/docs/api-reference/responses/object>.

use super::super::object::{comma, members, put, put_number, text};
use super::super::said::list;
use crate::json::Error;

/// Appends what a chat completion's `logprobs` say of text, with a comma if something stands before it. A response says of each token which
/// bytes it is, where a chat completion may leave that open.
///
/// Errors: if they are no object of that shape.
pub(super) fn told(logprobs: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    let [content] = members(logprobs, ["content"])?;
    list(content.unwrap_or(b"[]"), &mut |token| {
        token_into(token, out)?;
        let [others] = members(token, ["top_logprobs"])?;
        out.extend_from_slice(b",\"top_logprobs\":[");
        list(others.unwrap_or(b"[]"), &mut |other| {
            token_into(other, out)?;
            out.push(b'}');
            Ok(())
        })?;
        out.extend_from_slice(b"]}");
        Ok(())
    })
}

/// Appends a token without its end.
fn token_into(token: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    let [word, logprob, bytes] = members(token, ["token", "logprob", "bytes"])?;
    if !out.is_empty() {
        comma(out);
    }
    put(out, &[b"{\"token\":", word.unwrap_or(b"\"\""), b",\"logprob\":", logprob.unwrap_or(b"0"), b",\"bytes\":"]);
    match bytes {
        Some(bytes) => out.extend_from_slice(bytes),
        None => {
            out.push(b'[');
            for byte in text(word).unwrap_or_default().value().bytes() {
                comma(out);
                put_number(out, byte.into());
            }
            out.push(b']');
        }
    }
    Ok(())
}
