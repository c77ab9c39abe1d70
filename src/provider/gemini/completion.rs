//! An answer that is not streamed.

use super::answer::{self, Answer, Content};
use super::blocks::Blocks;
use super::{FORMAT, finish};
use crate::chat::Envelope;
use crate::chat::chunks::{Detail, Piece, Whole};
use crate::provider::{Completion, Fault};

/// Reads a whole answer, without its reasoning if the client does not want to see any.
///
/// Errors: if it reports an error or that the prompt was blocked, or is no answer.
pub fn completion(body: &[u8], exclude_reasoning: bool, envelope: &Envelope) -> Result<Completion, Fault> {
    let answer = Answer::parse(body)?;
    if !answer.is_answered {
        return Err(Fault::invalid_answer(body));
    }
    let mut whole = Whole::new(exclude_reasoning);
    let mut blocks = Blocks::default();
    for part in &answer.parts {
        let mut call = None;
        match part.content {
            Content::Text(text) if !text.is_empty() => {
                blocks.close();
                whole.text(text);
            }
            Content::Thought(text) if !text.is_empty() => {
                whole.reasoning(&Detail { index: blocks.open(), format: FORMAT, piece: Piece::Text(text) });
            }
            Content::Call { id, name, arguments } => {
                blocks.close();
                let id = id.map_or_else(|| answer::invented_id(answer.response_id, name, whole.calls()), <[u8]>::to_vec);
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
    let native = answer.finish.unwrap_or_default();
    let reason = finish::reason(native, whole.calls() > 0);
    let usage = answer.usage.and_then(|usage| usage.usage());
    let output_bytes = whole.output_bytes();
    Ok(Completion { head: whole.finish(envelope, reason, native), usage, output_bytes })
}
