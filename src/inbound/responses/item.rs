//! The item of a response that is being told.

use super::super::nesting::Nesting;
use super::super::object::{comma, members, put};
use crate::json::Error;

/// The item that is being told. Texts are the insides of JSON strings.
#[derive(Debug)]
pub(super) struct Item {
    /// Which it is in the output.
    pub(super) index: usize,
    /// Its own id.
    pub(super) id: Vec<u8>,
    pub(super) what: What,
    /// Text, arguments, what was thought or an image, so far.
    pub(super) text: Vec<u8>,
    /// How likely the tokens of its text were, each with a comma before it but the first.
    pub(super) logprobs: Vec<u8>,
}

/// What an item is.
#[derive(Debug)]
pub(super) enum What {
    Message {
        /// The annotations of its text, each with a comma before it but the first, and how many they are.
        annotations: Vec<u8>,
        annotated: u64,
    },
    /// An image, which is whole at once.
    Image,
    /// A message that says why the model does not want to.
    Refusal,
    Call {
        id: Vec<u8>,
        name: Vec<u8>,
        /// How far its arguments are.
        nesting: Nesting,
    },
    Reasoning {
        /// Which block it is in OpenRouter's chunks.
        block: Option<u64>,
        /// Whether it is a summary of what was thought, and not the thoughts themselves.
        is_summary: bool,
        format: Vec<u8>,
        signature: Vec<u8>,
        sealed: Vec<u8>,
    },
}

/// How far an item has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    /// It was cut off, and nothing more comes.
    Incomplete,
}

// === impl Status ===

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
        }
    }
}

// === impl Item ===

impl Item {
    /// Whether it is a call whose arguments are whole.
    pub(super) fn is_closed(&self) -> bool {
        matches!(&self.what, What::Call { nesting, .. } if nesting.is_closed())
    }

    /// Appends the item with what it has come to.
    pub(super) fn write(&self, status: Status, out: &mut Vec<u8>) {
        let done = status != Status::InProgress;
        put(out, &[b"{\"id\":\"", &self.id, b"\",\"status\":\"", status.as_str().as_bytes()]);
        match &self.what {
            What::Message { .. } | What::Refusal => {
                out.extend_from_slice(b"\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[");
                if done {
                    self.part(out);
                }
                out.extend_from_slice(b"]}");
            }
            What::Image => {
                out.extend_from_slice(b"\",\"type\":\"image_generation_call\",\"result\":");
                if done { put(out, &[b"\"", &self.text, b"\"}"]) } else { out.extend_from_slice(b"null}") }
            }
            What::Call { id, name, .. } => {
                let arguments: &[u8] = if done { &self.text } else { b"" };
                put(out, &[b"\",\"type\":\"function_call\",\"call_id\":\"", id, b"\",\"name\":\"", name]);
                put(out, &[b"\",\"arguments\":\"", arguments, b"\"}"]);
            }
            What::Reasoning { is_summary, format, signature, sealed, .. } => {
                let has_part = done && !self.text.is_empty();
                out.extend_from_slice(b"\",\"type\":\"reasoning\",\"summary\":[");
                if has_part && *is_summary {
                    self.part(out);
                }
                out.push(b']');
                if has_part && !*is_summary {
                    out.extend_from_slice(b",\"content\":[");
                    self.part(out);
                    out.push(b']');
                }
                for (name, value) in [("encrypted_content", sealed), ("signature", signature), ("format", format)] {
                    if done && !value.is_empty() {
                        put(out, &[b",\"", name.as_bytes(), b"\":\"", value, b"\""]);
                    }
                }
                out.push(b'}');
            }
        }
    }

    /// Appends its one part.
    pub(super) fn part(&self, out: &mut Vec<u8>) {
        let annotations = match &self.what {
            What::Refusal => return put(out, &[b"{\"type\":\"refusal\",\"refusal\":\"", &self.text, b"\"}"]),
            What::Reasoning { is_summary, .. } => {
                let kind = if *is_summary { "summary_text" } else { "reasoning_text" };
                return put(out, &[b"{\"type\":\"", kind.as_bytes(), b"\",\"text\":\"", &self.text, b"\"}"]);
            }
            What::Message { annotations, .. } => &annotations[..],
            What::Call { .. } | What::Image => b"",
        };
        put(
            out,
            &[
                b"{\"type\":\"output_text\",\"text\":\"",
                &self.text,
                b"\",\"annotations\":[",
                annotations,
                b"],\"logprobs\":[",
                &self.logprobs,
                b"]}",
            ],
        );
    }
}

/// Appends a chat completion's `annotation`, with a comma if something stands before it, if it is a citation of a page: the one kind that
/// both have, which Responses have flat. Whether it is.
///
/// Errors: if it is not an object.
pub(super) fn annotation_into(annotation: &[u8], out: &mut Vec<u8>) -> Result<bool, Error> {
    let [citation] = members(annotation, ["url_citation"])?;
    let Some(citation) = citation else { return Ok(false) };
    let [url, title, content, start, end] = members(citation, ["url", "title", "content", "start_index", "end_index"])?;
    let Some(url) = url else { return Ok(false) };
    let (start, end) = (start.unwrap_or(b"0"), end.unwrap_or(b"0"));
    comma(out);
    put(out, &[b"{\"type\":\"url_citation\",\"start_index\":", start, b",\"end_index\":", end, b",\"url\":", url]);
    put(out, &[b",\"title\":", title.unwrap_or(b"\"\"")]);
    // OpenRouter's own.
    if let Some(content) = content {
        put(out, &[b",\"content\":", content]);
    }
    out.push(b'}');
    Ok(true)
}
