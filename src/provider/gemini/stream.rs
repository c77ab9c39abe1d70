//! A streamed answer: each event is a response with the parts that came since the last.

use super::answer::{self, Answer, Content};
use super::blocks::Blocks;
use super::{FORMAT, finish};
use crate::chat::Envelope;
use crate::chat::chunks::{Chunks, Detail, Piece};
use crate::provider::{self, Account, Progress};
use crate::sse::{Decoder, Item};
use crate::usage::GeminiUsage;

/// A stream of Gemini's format.
#[derive(Debug)]
pub struct Stream {
    decoder: Decoder,
    state: State,
}

#[derive(Debug)]
struct State {
    chunks: Chunks,
    blocks: Blocks,
    /// Whether the role has been told.
    is_introduced: bool,
    calls: usize,
    /// Why it ended. Some models say so in every event, so it is told when the stream closes.
    finish: Option<Vec<u8>>,
    usage: Option<GeminiUsage>,
    account: Account,
}

// === impl Stream ===

impl Stream {
    /// A stream whose chunks get `envelope`, without reasoning if the client does not want to see any; an event larger than
    /// `max_event_bytes` is not read.
    pub fn new(envelope: Envelope, exclude_reasoning: bool, max_event_bytes: usize) -> Self {
        let state = State {
            chunks: Chunks::new(envelope, exclude_reasoning),
            blocks: Blocks::default(),
            is_introduced: false,
            calls: 0,
            finish: None,
            usage: None,
            account: Account::default(),
        };
        Self { decoder: Decoder::new(max_event_bytes), state }
    }
}

impl provider::Stream for Stream {
    fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let state = &mut self.state;
        self.decoder.feed(bytes, |item| state.item(item, out));
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let state = &mut self.state;
        self.decoder.finish(|item| state.item(item, out));
        state.end(out);
    }

    fn account(&self) -> &Account {
        &self.state.account
    }
}

// === impl State ===

impl State {
    fn item(&mut self, item: Item<'_>, out: &mut Vec<u8>) {
        if self.account.is_over() {
            return;
        }
        match item {
            // A keep-alive for the client's own timeouts.
            Item::Comment(comment) => {
                out.push(b':');
                out.extend_from_slice(comment);
                out.extend_from_slice(b"\n\n");
            }
            Item::Unread(bytes) => {
                self.count(bytes.len());
                self.account.unread = true;
            }
            Item::Event(event) => match event.data.as_deref().map(<[u8]>::trim_ascii) {
                None | Some(b"") => {}
                Some(data) => match Answer::parse(data) {
                    Ok(answer) => self.answer(&answer, out),
                    Err(fault) => self.account.progress = Progress::Failed(fault),
                },
            },
        }
    }

    fn answer(&mut self, answer: &Answer<'_>, out: &mut Vec<u8>) {
        if let Some(later) = &answer.usage {
            let counted = self.usage.get_or_insert_default();
            counted.merge(later);
            self.account.usage = counted.usage();
        }
        for part in &answer.parts {
            let mut call = None;
            match part.content {
                Content::Text(text) if !text.is_empty() => {
                    self.begin(text.len(), out);
                    self.blocks.close();
                    self.chunks.text(text, out);
                }
                Content::Thought(text) if !text.is_empty() => {
                    self.begin(text.len(), out);
                    let detail = Detail { index: self.blocks.open(), format: FORMAT, piece: Piece::Text(text) };
                    self.chunks.reasoning(&detail, out);
                }
                Content::Call { id, name, arguments } => {
                    self.begin(name.len().saturating_add(arguments.len()), out);
                    self.blocks.close();
                    let id = id.map_or_else(|| answer::invented_id(answer.response_id, name, self.calls), <[u8]>::to_vec);
                    let arguments = answer::quoted(&answer::compact(arguments));
                    self.chunks.tool_call(self.calls, &id, name, &arguments, out);
                    self.calls = self.calls.saturating_add(1);
                    call = Some(id);
                }
                Content::Image { media_type, data } => {
                    self.begin(0, out);
                    self.blocks.close();
                    self.chunks.image(&[b"data:", media_type, b";base64,", data], out);
                }
                Content::Text(_) | Content::Thought(_) | Content::Other => {}
            }
            if let Some(signature) = part.signature {
                self.begin(0, out);
                let piece = call.as_ref().map_or(Piece::Encrypted(signature), |id| Piece::Sealed(signature, id));
                self.chunks.reasoning(&Detail { index: self.blocks.single(), format: FORMAT, piece }, out);
            }
        }
        if let Some(native) = answer.finish {
            self.finish = Some(native.to_vec());
            self.account.finished = true;
        }
    }

    /// Something comes that a client waits for.
    fn begin(&mut self, bytes: usize, out: &mut Vec<u8>) {
        self.introduce(out);
        self.count(bytes);
        self.account.progress = Progress::Begun;
    }

    fn introduce(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.is_introduced, true) {
            self.chunks.role(out);
        }
    }

    fn count(&mut self, bytes: usize) {
        self.account.output_bytes = self.account.output_bytes.saturating_add(bytes);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.account.is_over() {
            return;
        }
        if let Some(native) = self.finish.take() {
            self.introduce(out);
            self.chunks.finish(finish::reason(&native, self.calls > 0), &native, out);
        }
        self.account.close();
    }
}
