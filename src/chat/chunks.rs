//! Answers written in OpenRouter's shape, for providers whose format is not: chunks of a stream, and whole messages.
//!
//! Texts are the insides of JSON strings, escapes included: a provider's can be copied as they came.

mod citation;
mod detail;
mod logprob;
mod whole;

pub use citation::Citation;
pub use detail::{Detail, Piece};
pub use logprob::Logprob;
pub use whole::Whole;

use super::Envelope;

/// Why an answer ended, in OpenRouter's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// The model had said what it had to say.
    Stop,
    /// A limit was reached.
    Length,
    /// Functions are to be called.
    ToolCalls,
    /// Somebody did not like it.
    ContentFilter,
    /// It went wrong.
    Error,
}

/// The writer of a stream's chunks.
#[derive(Clone, Debug)]
pub struct Chunks {
    envelope: Envelope,
    /// Whether reasoning is left out.
    exclude_reasoning: bool,
    /// Which of several answers.
    choice: usize,
}

// === impl FinishReason ===

impl FinishReason {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Error => "error",
        }
    }
}

// === impl Chunks ===

impl Chunks {
    /// A writer of chunks that get `envelope`; `exclude_reasoning` if the client does not want to see any.
    pub fn new(envelope: Envelope, exclude_reasoning: bool) -> Self {
        Self { envelope, exclude_reasoning, choice: 0 }
    }

    /// The writer of another answer to the same request: the one at `choice`.
    pub fn at(&self, choice: usize) -> Self {
        Self { choice, ..self.clone() }
    }

    /// Appends the chunk by which an answer begins.
    pub fn role(&self, out: &mut Vec<u8>) {
        self.delta(out, |out| out.extend_from_slice(b"\"role\":\"assistant\",\"content\":\"\""));
    }

    /// Appends a chunk with text.
    pub fn text(&self, text: &[u8], out: &mut Vec<u8>) {
        self.delta(out, |out| string(b"\"content\":\"", text, out));
    }

    /// Appends a chunk with reasoning, unless the client does not want to see any.
    pub fn reasoning(&self, detail: &Detail<'_>, out: &mut Vec<u8>) {
        if self.exclude_reasoning {
            return;
        }
        self.delta(out, |out| {
            if !detail.text().is_empty() {
                string(b"\"reasoning\":\"", detail.text(), out);
                out.push(b',');
            }
            out.extend_from_slice(b"\"reasoning_details\":[");
            detail.write(out);
            out.push(b']');
        });
    }

    /// Appends the chunk by which the call of a function begins. `index` counts the calls of an answer.
    pub fn tool_call(&self, index: usize, id: &[u8], name: &[u8], arguments: &[u8], out: &mut Vec<u8>) {
        self.delta(out, |out| {
            out.extend_from_slice(b"\"tool_calls\":[{\"index\":");
            out.extend_from_slice(itoa::Buffer::new().format(index).as_bytes());
            call(id, name, arguments, out);
            out.push(b']');
        });
    }

    /// Appends a chunk with more of a call's arguments.
    pub fn arguments(&self, index: usize, arguments: &[u8], out: &mut Vec<u8>) {
        self.delta(out, |out| {
            out.extend_from_slice(b"\"tool_calls\":[{\"index\":");
            out.extend_from_slice(itoa::Buffer::new().format(index).as_bytes());
            string(b",\"function\":{\"arguments\":\"", arguments, out);
            out.extend_from_slice(b"}}]");
        });
    }

    /// Appends a chunk with an image, by its URL.
    pub fn image(&self, url: &[&[u8]], out: &mut Vec<u8>) {
        self.delta(out, |out| {
            out.extend_from_slice(b"\"images\":[");
            image(url, out);
            out.push(b']');
        });
    }

    /// Appends the beginning of a chunk with an image whose URL follows in pieces, and after them [`Chunks::IMAGE_END`].
    pub fn image_start(&self, out: &mut Vec<u8>) {
        self.delta_start(out);
        out.extend_from_slice(b"\"images\":[");
        out.extend_from_slice(IMAGE_START);
    }

    /// What ends the chunk that [`Chunks::image_start`] began.
    pub const IMAGE_END: &[u8] = b"\"}}]},\"finish_reason\":null,\"native_finish_reason\":null}]}\n\n";

    /// Appends a chunk that says where the answer is from; nothing if there is nothing to say.
    pub fn annotations(&self, citations: &[Citation<'_>], out: &mut Vec<u8>) {
        if citations.is_empty() {
            return;
        }
        self.delta(out, |out| {
            out.extend_from_slice(b"\"content\":\"\",\"annotations\":[");
            let mut list = Vec::new();
            citations.iter().for_each(|citation| citation.write(&mut list));
            out.append(&mut list);
            out.push(b']');
        });
    }

    /// Appends a chunk that says how likely tokens were; nothing if there are none.
    pub fn logprobs(&self, tokens: &[Logprob<'_>], out: &mut Vec<u8>) {
        if tokens.is_empty() {
            return;
        }
        self.delta_start(out);
        let mut list = Vec::new();
        tokens.iter().for_each(|token| token.write(&mut list));
        out.extend_from_slice(b"\"content\":\"\"},\"logprobs\":{\"content\":[");
        out.append(&mut list);
        out.extend_from_slice(b"],\"refusal\":null},\"finish_reason\":null,\"native_finish_reason\":null}]}\n\n");
    }

    /// Appends a chunk that says nothing but holds an event of Anthropic's, for whoever understands it.
    pub fn anthropic(&self, event: &[u8], out: &mut Vec<u8>) {
        self.envelope.chunk_into(out);
        out.extend_from_slice(b",\"choices\":[],\"anthropic\":");
        // In a line of its own: between the tokens of JSON a space is as good as the end of a line.
        out.extend(event.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
        out.extend_from_slice(b"}\n\n");
    }

    /// Appends the chunk by which an answer ends: why, in OpenRouter's word and in the provider's own.
    pub fn finish(&self, reason: FinishReason, native: &[u8], out: &mut Vec<u8>) {
        self.finish_at(reason, native, b"", out);
    }

    /// The same of an answer that ended where the model came to `stop_sequence`; empty if it did not, or nobody knows to which.
    pub fn finish_at(&self, reason: FinishReason, native: &[u8], stop_sequence: &[u8], out: &mut Vec<u8>) {
        self.delta_start(out);
        // No role: the `openai` SDK for Python adds it up with the first one's, to `assistantassistant`.
        out.extend_from_slice(b"\"content\":\"\"}");
        finish(reason, native, stop_sequence, out);
        out.extend_from_slice(b"}]}\n\n");
    }

    fn delta(&self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        self.delta_start(out);
        write(out);
        out.extend_from_slice(b"},\"finish_reason\":null,\"native_finish_reason\":null}]}\n\n");
    }

    fn delta_start(&self, out: &mut Vec<u8>) {
        self.envelope.chunk_into(out);
        out.extend_from_slice(b",\"choices\":[{\"index\":");
        out.extend_from_slice(itoa::Buffer::new().format(self.choice).as_bytes());
        out.extend_from_slice(b",\"delta\":{");
    }
}

/// An image up to its URL.
const IMAGE_START: &[u8] = b"{\"type\":\"image_url\",\"image_url\":{\"url\":\"";

/// Appends `name`, the text, and the quote after it.
fn string(name: &[u8], text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    out.extend_from_slice(text);
    out.push(b'"');
}

/// Appends what follows the index of a tool call.
fn call(id: &[u8], name: &[u8], arguments: &[u8], out: &mut Vec<u8>) {
    string(b",\"id\":\"", id, out);
    string(b",\"type\":\"function\",\"function\":{\"name\":\"", name, out);
    string(b",\"arguments\":\"", arguments, out);
    out.extend_from_slice(b"}}");
}

/// Appends an image whose URL is in pieces.
fn image(url: &[&[u8]], out: &mut Vec<u8>) {
    out.extend_from_slice(IMAGE_START);
    url.iter().for_each(|piece| out.extend_from_slice(piece));
    out.extend_from_slice(b"\"}}");
}

/// Appends why an answer ended. OpenRouter has no word for the sequence: Anthropic's stands in for it, where there is one.
fn finish(reason: FinishReason, native: &[u8], stop_sequence: &[u8], out: &mut Vec<u8>) {
    string(b",\"finish_reason\":\"", reason.as_str().as_bytes(), out);
    string(b",\"native_finish_reason\":\"", native, out);
    if !stop_sequence.is_empty() {
        string(b",\"stop_sequence\":\"", stop_sequence, out);
    }
}
