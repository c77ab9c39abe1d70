//! An answer that is not streamed.

use super::answer::{self, Answer, Candidate, Content};
use super::blocks::Blocks;
use super::grounding::Spoken;
use super::{FORMAT, finish, logprobs};
use crate::chat::chunks::{Detail, FinishReason, Piece, Whole};
use crate::chat::{Envelope, Finish, Provenance};
use crate::provider::{Completion, Fault, identifier};

/// Reads a whole answer, without its reasoning if the client does not want to see any.
///
/// Errors: if it reports an error or that the prompt was blocked, or is no answer.
pub fn completion(body: &[u8], exclude_reasoning: bool, envelope: &Envelope) -> Result<Completion, Fault> {
    let answer = Answer::parse(body)?;
    if answer.candidates.first().is_none_or(|candidate| candidate.index != 0) {
        return Err(Fault::invalid_answer(body));
    }
    let choices: Vec<(Whole, FinishReason, &[u8])> =
        answer.candidates.iter().map(|candidate| choice(candidate, answer.response_id, exclude_reasoning)).collect();
    let output_bytes = choices.iter().fold(0usize, |sum, (choice, ..)| sum.saturating_add(choice.output_bytes()));
    let usage = answer.usage.and_then(|usage| usage.usage());
    let finish = choices.last().map(|(_, reason, native)| Finish::new(*reason, native));
    let provenance = Provenance::of_id(answer.response_id.unwrap_or_default());
    Ok(Completion { head: Whole::finish_all(&choices, envelope), usage, output_bytes, finish, provenance })
}

/// One of the answers, and why it ended.
fn choice<'a>(candidate: &Candidate<'a>, response_id: Option<&[u8]>, exclude_reasoning: bool) -> (Whole, FinishReason, &'a [u8]) {
    let mut whole = Whole::new(exclude_reasoning);
    let mut blocks = Blocks::default();
    let mut spoken = Spoken::default();
    for part in &candidate.parts {
        spoken.part();
        let mut call = None;
        match part.content {
            Content::Text(text) if !text.is_empty() => {
                blocks.close();
                spoken.push(text);
                whole.text(text.raw);
            }
            Content::Thought(text) if !text.is_empty() => {
                whole.reasoning(&Detail { index: blocks.open(), format: FORMAT, piece: Piece::Text(text.raw) });
            }
            Content::Call { id, name, arguments } => {
                blocks.close();
                let invented = || identifier::invented(response_id, name, candidate.index, whole.calls());
                let id = id.map_or_else(invented, <[u8]>::to_vec);
                whole.tool_call(&id, name, &answer::compact(arguments));
                call = Some(id);
            }
            Content::Image { media_type, data } => {
                blocks.close();
                whole.image(&[b"data:", media_type, b";base64,", data]);
            }
            Content::Text(_) | Content::Thought(_) | Content::Other => {}
        }
        if let Some(signature) = part.signature {
            let piece = call.as_ref().map_or(Piece::Encrypted(signature), |id| Piece::Sealed(signature, id));
            whole.reasoning(&Detail { index: blocks.single(), format: FORMAT, piece });
        }
    }
    if let Some(metadata) = candidate.grounding {
        spoken.cite(metadata, |citation| whole.annotation(citation));
    }
    if let Some(result) = candidate.logprobs {
        logprobs::read(result).iter().for_each(|token| whole.logprob(token));
    }
    let native = candidate.finish.unwrap_or_default();
    let reason = finish::reason(native, whole.calls() > 0);
    (whole, reason, native)
}
