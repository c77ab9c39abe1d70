//! Log probabilities as legacy completions have them: a list for each of what a chat completion says of a token.
//!
//! See <https://platform.openai.com/docs/api-reference/completions/object>.

use std::collections::BTreeMap;

use super::super::object::{comma, members, put, put_number, text};
use super::super::said::list;
use crate::json::{Error, text_into};

/// How far the texts of the choices have come, in characters.
#[derive(Debug, Default)]
pub(super) struct Offsets(BTreeMap<u64, u64>);

// === impl Offsets ===

impl Offsets {
    /// Appends what a chat completion's `logprobs` of the choice `index` are. Offsets are those in the answer: the prompt is not in it.
    ///
    /// Errors: if they are no object of that shape.
    pub(super) fn told(&mut self, logprobs: &[u8], index: u64, out: &mut Vec<u8>) -> Result<(), Error> {
        let [content] = members(logprobs, ["content"])?;
        let Some(content) = content else {
            out.extend_from_slice(b"null");
            return Ok(());
        };
        let mut lists: [Vec<u8>; 4] = Default::default();
        let [tokens, own, top, offsets] = &mut lists;
        let at = self.0.entry(index).or_default();
        list(content, &mut |token| {
            let [word, logprob, others] = members(token, ["token", "logprob", "top_logprobs"])?;
            let word = text(word).unwrap_or_default();
            let next = |list: &mut Vec<u8>| list.extend_from_slice(if list.is_empty() { b"" } else { b"," });
            [&mut *tokens, own, top, offsets].into_iter().for_each(next);
            text_into(tokens, word);
            own.extend_from_slice(logprob.unwrap_or(b"null"));
            others_into(others.unwrap_or(b"[]"), top)?;
            put_number(offsets, *at);
            *at = at.saturating_add(word.value().chars().count() as u64);
            Ok(())
        })?;
        for (name, list) in ["{\"tokens\":[", ",\"token_logprobs\":[", ",\"top_logprobs\":[", ",\"text_offset\":["].into_iter().zip(&lists)
        {
            put(out, &[name.as_bytes(), list, b"]"]);
        }
        out.push(b'}');
        Ok(())
    }
}

/// Appends what might have stood in a token's place, each with its logarithm. Of tokens that look the same the likeliest stays.
fn others_into(others: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    let mut told: BTreeMap<&[u8], usize> = BTreeMap::new();
    out.push(b'{');
    list(others, &mut |other| {
        let [word, logprob] = members(other, ["token", "logprob"])?;
        let (Some(word), Some(logprob)) = (text(word), logprob) else { return Ok(()) };
        let place = told.len();
        if *told.entry(word.raw).or_insert(place) == place {
            comma(out);
            text_into(out, word);
            put(out, &[b":", logprob]);
        }
        Ok(())
    })?;
    out.push(b'}');
    Ok(())
}
