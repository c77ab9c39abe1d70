//! An answer that is not streamed.

use super::{Citation, Detail, FinishReason, Logprob, call, finish, image, string};
use crate::chat::Envelope;

/// The writer of an answer that is not streamed.
#[derive(Debug)]
pub struct Whole {
    exclude_reasoning: bool,
    content: Option<Vec<u8>>,
    reasoning: Option<Vec<u8>>,
    details: Vec<u8>,
    tool_calls: Vec<u8>,
    images: Vec<u8>,
    annotations: Vec<u8>,
    logprobs: Vec<u8>,
    stop_sequence: Vec<u8>,
    calls: usize,
    output_bytes: usize,
}

// === impl Whole ===

impl Whole {
    /// An answer with nothing in it; `exclude_reasoning` if the client does not want to see any.
    pub fn new(exclude_reasoning: bool) -> Self {
        Self {
            exclude_reasoning,
            content: None,
            reasoning: None,
            details: Vec::new(),
            tool_calls: Vec::new(),
            images: Vec::new(),
            annotations: Vec::new(),
            logprobs: Vec::new(),
            stop_sequence: Vec::new(),
            calls: 0,
            output_bytes: 0,
        }
    }

    /// Adds text.
    pub fn text(&mut self, text: &[u8]) {
        self.count(text);
        self.content.get_or_insert_default().extend_from_slice(text);
    }

    /// Adds reasoning.
    pub fn reasoning(&mut self, detail: &Detail<'_>) {
        self.count(detail.text());
        if self.exclude_reasoning {
            return;
        }
        if !detail.text().is_empty() {
            self.reasoning.get_or_insert_default().extend_from_slice(detail.text());
        }
        if !self.details.is_empty() {
            self.details.push(b',');
        }
        detail.write(&mut self.details);
    }

    /// Adds the call of a function, `arguments` the JSON object as it came: it is put into a string.
    pub fn tool_call(&mut self, id: &[u8], name: &[u8], arguments: &[u8]) {
        self.count(arguments);
        let mut escaped = Vec::with_capacity(arguments.len().saturating_add(16));
        crate::json::escape_into(&mut escaped, &String::from_utf8_lossy(arguments));
        if self.calls > 0 {
            self.tool_calls.push(b',');
        }
        self.tool_calls.extend_from_slice(b"{\"index\":");
        self.tool_calls.extend_from_slice(itoa::Buffer::new().format(self.calls).as_bytes());
        call(id, name, &escaped, &mut self.tool_calls);
        self.calls = self.calls.saturating_add(1);
    }

    /// Adds an image, by its URL.
    pub fn image(&mut self, url: &[&[u8]]) {
        if !self.images.is_empty() {
            self.images.push(b',');
        }
        image(url, &mut self.images);
    }

    /// Adds where something is from.
    pub fn annotation(&mut self, citation: &Citation<'_>) {
        citation.write(&mut self.annotations);
    }

    /// Adds how likely a token was.
    pub fn logprob(&mut self, token: &Logprob<'_>) {
        token.write(&mut self.logprobs);
    }

    /// It ended where the model came to this sequence.
    pub fn stopped_at(&mut self, stop_sequence: &[u8]) {
        self.stop_sequence = stop_sequence.to_vec();
    }

    /// How many functions are called.
    pub fn calls(&self) -> usize {
        self.calls
    }

    /// Bytes of text so far: content, reasoning, tool calls.
    pub fn output_bytes(&self) -> usize {
        self.output_bytes
    }

    /// The answer without its usage and without its end.
    pub fn finish(self, envelope: &Envelope, reason: FinishReason, native: &[u8]) -> Vec<u8> {
        Self::finish_all(&[(self, reason, native)], envelope)
    }

    /// Several answers to one request, each with why it ended, without the usage and without the end.
    pub fn finish_all(answers: &[(Self, FinishReason, &[u8])], envelope: &Envelope) -> Vec<u8> {
        let texts = answers.iter().fold(0usize, |sum, (answer, ..)| sum.saturating_add(answer.texts()));
        let mut out = Vec::with_capacity(texts.saturating_add(1024));
        envelope.completion_into(&mut out);
        out.extend_from_slice(b",\"choices\":[");
        for (index, (answer, reason, native)) in answers.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"{\"index\":" } else { b",{\"index\":" });
            out.extend_from_slice(itoa::Buffer::new().format(index).as_bytes());
            answer.message_into(&mut out);
            if !answer.logprobs.is_empty() {
                out.extend_from_slice(b",\"logprobs\":{\"content\":[");
                out.extend_from_slice(&answer.logprobs);
                out.extend_from_slice(b"],\"refusal\":null}");
            }
            finish(*reason, native, &answer.stop_sequence, &mut out);
            out.push(b'}');
        }
        out.extend_from_slice(b"],\"system_fingerprint\":null");
        out
    }

    /// How many bytes it has, roughly.
    fn texts(&self) -> usize {
        let lists = [&self.details, &self.tool_calls, &self.images, &self.annotations, &self.logprobs];
        lists.into_iter().fold(self.output_bytes, |sum, list| sum.saturating_add(list.len()))
    }

    /// Appends `,"message":{…}`.
    fn message_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"message\":{\"role\":\"assistant\",\"content\":");
        match &self.content {
            Some(content) => string(b"\"", content, out),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"refusal\":null");
        if let Some(reasoning) = &self.reasoning {
            string(b",\"reasoning\":\"", reasoning, out);
        }
        for (name, list) in [
            (",\"reasoning_details\":[", &self.details),
            (",\"tool_calls\":[", &self.tool_calls),
            (",\"images\":[", &self.images),
            (",\"annotations\":[", &self.annotations),
        ] {
            if !list.is_empty() {
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(list);
                out.push(b']');
            }
        }
        out.push(b'}');
    }

    fn count(&mut self, text: &[u8]) {
        self.output_bytes = self.output_bytes.saturating_add(text.len());
    }
}
