//! How likely a token of an answer was.

use super::string;

/// How likely a token of an answer was: an element of `logprobs.content`.
///
/// See <https://platform.openai.com/docs/api-reference/chat/object>.
#[derive(Clone, Debug, Default)]
pub struct Logprob<'a> {
    /// The token.
    pub token: &'a [u8],
    /// The logarithm of its probability, as it was written.
    pub logprob: &'a [u8],
    /// The tokens that might have stood in its place, each with its logarithm.
    pub top: Vec<(&'a [u8], &'a [u8])>,
}

// === impl Logprob ===

impl Logprob<'_> {
    /// Appends it to the elements of a list.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        fn token(token: &[u8], logprob: &[u8], out: &mut Vec<u8>) {
            string(b"{\"token\":\"", token, out);
            out.extend_from_slice(b",\"logprob\":");
            out.extend_from_slice(logprob);
            out.extend_from_slice(b",\"bytes\":null");
        }
        out.extend_from_slice(if out.is_empty() { b"" } else { b"," });
        token(self.token, self.logprob, out);
        out.extend_from_slice(b",\"top_logprobs\":[");
        for (index, (other, logprob)) in self.top.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"" } else { b"," });
            token(other, logprob, out);
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
    }
}
