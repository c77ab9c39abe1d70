//! One of the answers of a stream: what has been told of it.

use super::answer::{self, Content};
use super::blocks::Blocks;
use super::grounding::Spoken;
use super::{FORMAT, finish, logprobs};
use crate::chat::Finish;
use crate::chat::chunks::{Chunks, Detail, Piece};
use crate::provider::identifier;

/// One of the answers of a stream: what has been told of it.
#[derive(Debug)]
pub(super) struct Candidate {
    index: usize,
    chunks: Chunks,
    blocks: Blocks,
    /// Whether the role has been told.
    is_introduced: bool,
    calls: usize,
    /// Why it ended. Some models say so in every event, so it is told when the stream closes.
    finish: Option<Vec<u8>>,
    /// What was said, for what refers to it.
    spoken: Spoken,
    /// Where it is from. It is told when the stream closes: later events may say more of it.
    grounding: Option<Vec<u8>>,
}

// === impl Candidate ===

impl Candidate {
    /// The answer at `index`, of which nothing has been told.
    pub(super) fn new(index: usize, chunks: &Chunks) -> Self {
        Self {
            index,
            chunks: chunks.at(index),
            blocks: Blocks::default(),
            is_introduced: false,
            calls: 0,
            finish: None,
            spoken: Spoken::default(),
            grounding: None,
        }
    }

    /// Which.
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// Whether it has ended.
    pub(super) fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Appends what came; the value is how many bytes of text, if there was anything that a client waits for.
    pub(super) fn tell(&mut self, candidate: &answer::Candidate<'_>, response_id: Option<&[u8]>, out: &mut Vec<u8>) -> Option<usize> {
        let mut told: Option<usize> = None;
        let mut count = |bytes: usize| told = Some(told.unwrap_or(0).saturating_add(bytes));
        for part in &candidate.parts {
            let mut call = None;
            match part.content {
                Content::Text(text) if !text.is_empty() => {
                    self.introduce(out);
                    count(text.raw.len());
                    self.blocks.close();
                    self.spoken.push(text);
                    self.chunks.text(text.raw, out);
                }
                Content::Thought(text) if !text.is_empty() => {
                    self.introduce(out);
                    count(text.raw.len());
                    let detail = Detail { index: self.blocks.open(), format: FORMAT, piece: Piece::Text(text.raw) };
                    self.chunks.reasoning(&detail, out);
                }
                Content::Call { id, name, arguments } => {
                    self.introduce(out);
                    count(name.len().saturating_add(arguments.len()));
                    self.blocks.close();
                    let id = id.map_or_else(|| identifier::invented(response_id, name, self.index, self.calls), <[u8]>::to_vec);
                    let arguments = answer::quoted(&answer::compact(arguments));
                    self.chunks.tool_call(self.calls, &id, name, &arguments, out);
                    self.calls = self.calls.saturating_add(1);
                    call = Some(id);
                }
                // Without anything in it, it has been told before.
                Content::Image { data: b"", .. } => {}
                Content::Image { media_type, data } => {
                    self.introduce(out);
                    count(0);
                    self.blocks.close();
                    self.chunks.image(&[b"data:", media_type, b";base64,", data], out);
                }
                Content::Text(_) | Content::Thought(_) | Content::Other => {}
            }
            if let Some(signature) = part.signature {
                self.introduce(out);
                count(0);
                let piece = call.as_ref().map_or(Piece::Encrypted(signature), |id| Piece::Sealed(signature, id));
                self.chunks.reasoning(&Detail { index: self.blocks.single(), format: FORMAT, piece }, out);
            }
        }
        if let Some(result) = candidate.logprobs {
            self.chunks.logprobs(&logprobs::read(result), out);
        }
        if let Some(metadata) = candidate.grounding {
            self.grounding = Some(metadata.to_vec());
        }
        if let Some(native) = candidate.finish {
            self.finish = Some(native.to_vec());
        }
        told
    }

    /// Appends the beginning of an image that follows in pieces.
    pub(super) fn start_image(&mut self, media_type: &[u8], out: &mut Vec<u8>) {
        self.introduce(out);
        self.blocks.close();
        self.chunks.image_start(out);
        out.extend_from_slice(b"data:");
        out.extend_from_slice(media_type);
        out.extend_from_slice(b";base64,");
    }

    /// It ends, without a word if Gemini's was in something that was not read.
    pub(super) fn end_unread(&mut self) {
        self.finish.get_or_insert_with(|| b"STOP".to_vec());
    }

    /// Appends where it is from and why it ended.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) -> Option<Finish> {
        let native = self.finish.take()?;
        self.introduce(out);
        if let Some(metadata) = &self.grounding {
            let mut citations = Vec::new();
            self.spoken.cite(metadata, |citation| citations.push(*citation));
            self.chunks.annotations(&citations, out);
        }
        let reason = finish::reason(&native, self.calls > 0);
        self.chunks.finish(reason, &native, out);
        Some(Finish::new(reason, &native))
    }

    fn introduce(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.is_introduced, true) {
            self.chunks.role(out);
        }
    }
}
