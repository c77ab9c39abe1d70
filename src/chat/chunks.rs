//! Answers written in OpenRouter's shape, for providers whose format is not: chunks of a stream, and whole messages.
//!
//! Texts are the insides of JSON strings, escapes included: a provider's can be copied as they came.

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

/// A piece of reasoning as `reasoning_details` has it. `index` counts the blocks of reasoning of an answer.
///
/// See <https://openrouter.ai/docs/use-cases/reasoning-tokens>.
#[derive(Clone, Copy, Debug)]
pub struct Detail<'a> {
    /// Which block.
    pub index: usize,
    /// Whose: by it the provider knows its own again.
    pub format: &'static str,
    /// What.
    pub piece: Piece<'a>,
}

/// What a piece of reasoning is.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'a> {
    /// Text.
    Text(&'a [u8]),
    /// What vouches for the text of the same block.
    Signature(&'a [u8]),
    /// A whole block: text, and what vouches for it.
    Signed(&'a [u8], &'a [u8]),
    /// Something that only the provider can read.
    Encrypted(&'a [u8]),
    /// The same, and the id of the tool call that it belongs to.
    Sealed(&'a [u8], &'a [u8]),
}

/// Where something in an answer is from: an `annotation` of the kind `url_citation`.
///
/// See <https://openrouter.ai/docs/features/web-search>.
#[derive(Clone, Copy, Debug, Default)]
pub struct Citation<'a> {
    /// The page.
    pub url: &'a [u8],
    /// What it is called.
    pub title: &'a [u8],
    /// What it says, or what of the answer is from there.
    pub content: &'a [u8],
    /// Where in the text of the answer that begins, in characters.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

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

/// The writer of a stream's chunks.
#[derive(Clone, Debug)]
pub struct Chunks {
    envelope: Envelope,
    /// Whether reasoning is left out.
    exclude_reasoning: bool,
    /// Which of several answers.
    choice: usize,
}

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
    calls: usize,
    output_bytes: usize,
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

// === impl Detail ===

impl Detail<'_> {
    /// What a client sees of it as `reasoning`.
    fn text(&self) -> &[u8] {
        match self.piece {
            Piece::Text(text) | Piece::Signed(text, _) => text,
            Piece::Signature(_) | Piece::Encrypted(_) | Piece::Sealed(..) => b"",
        }
    }

    /// Appends it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let member = |name: &[u8], text: &[u8], out: &mut Vec<u8>| {
            out.extend_from_slice(name);
            out.extend_from_slice(text);
            out.push(b'"');
        };
        match self.piece {
            Piece::Text(text) => member(b"{\"type\":\"reasoning.text\",\"text\":\"", text, out),
            Piece::Signature(signature) => member(b"{\"type\":\"reasoning.text\",\"signature\":\"", signature, out),
            Piece::Signed(text, signature) => {
                member(b"{\"type\":\"reasoning.text\",\"text\":\"", text, out);
                member(b",\"signature\":\"", signature, out);
            }
            Piece::Encrypted(data) => member(b"{\"type\":\"reasoning.encrypted\",\"data\":\"", data, out),
            Piece::Sealed(data, id) => {
                member(b"{\"type\":\"reasoning.encrypted\",\"data\":\"", data, out);
                member(b",\"id\":\"", id, out);
            }
        }
        member(b",\"format\":\"", self.format.as_bytes(), out);
        out.extend_from_slice(b",\"index\":");
        out.extend_from_slice(itoa::Buffer::new().format(self.index).as_bytes());
        out.push(b'}');
    }
}

// === impl Citation ===

impl Citation<'_> {
    /// Appends it to the elements of a list.
    fn write(&self, out: &mut Vec<u8>) {
        let number = |name: &[u8], number: usize, out: &mut Vec<u8>| {
            out.extend_from_slice(name);
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        };
        out.extend_from_slice(if out.is_empty() { b"" } else { b"," });
        string(b"{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"", self.url, out);
        string(b",\"title\":\"", self.title, out);
        string(b",\"content\":\"", self.content, out);
        number(b",\"start_index\":", self.start, out);
        number(b",\"end_index\":", self.end, out);
        out.extend_from_slice(b"}}");
    }
}

// === impl Logprob ===

impl Logprob<'_> {
    /// Appends it to the elements of a list.
    fn write(&self, out: &mut Vec<u8>) {
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

    /// Appends the chunk by which an answer ends: why, in OpenRouter's word and in the provider's own.
    pub fn finish(&self, reason: FinishReason, native: &[u8], out: &mut Vec<u8>) {
        self.delta_start(out);
        out.extend_from_slice(b"\"role\":\"assistant\",\"content\":\"\"}");
        finish(reason, native, out);
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
            finish(*reason, native, &mut out);
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

fn finish(reason: FinishReason, native: &[u8], out: &mut Vec<u8>) {
    string(b",\"finish_reason\":\"", reason.as_str().as_bytes(), out);
    string(b",\"native_finish_reason\":\"", native, out);
}
