//! The chat completion that a request of another API becomes.

use super::object::{comma, put};
use super::said::Detail;
use crate::chat::ANTHROPIC_BLOCKS;
use crate::json::text_into;

/// A chat completion's body in the making.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) out: Vec<u8>,
}

// === impl Body ===

impl Body {
    /// Appends `pieces`.
    pub(super) fn put(&mut self, pieces: &[&[u8]]) {
        put(&mut self.out, pieces);
    }

    /// Appends `,` if something stands before it in its list or object.
    pub(super) fn comma(&mut self) {
        comma(&mut self.out);
    }

    /// Appends `,"name":value`.
    pub(super) fn member(&mut self, name: &str, value: &[u8]) {
        super::object::member(name, value, &mut self.out);
    }

    /// Appends `,"name":value`, if there is one.
    pub(super) fn optional(&mut self, name: &str, value: Option<&[u8]>) {
        value.into_iter().for_each(|value| self.member(name, value));
    }

    /// Appends a message that is plain text, as it was written.
    pub(super) fn message(&mut self, role: &str, content: &[u8]) {
        self.comma();
        self.put(&[b"{\"role\":\"", role.as_bytes(), b"\",\"content\":", content, b"}"]);
    }

    /// Appends the blocks that the part is to Anthropic, as they were written, if it is something else there: maybe none, where the part before
    /// it stands for both. Who speaks another format does not get them.
    pub(super) fn anthropic_blocks(&mut self, blocks: Option<&[&[u8]]>) {
        let Some(blocks) = blocks else { return };
        self.put(&[b",\"", ANTHROPIC_BLOCKS.as_bytes(), b"\":["]);
        for block in blocks {
            self.comma();
            self.put(&[block]);
        }
        self.put(&[b"]"]);
    }

    /// Appends the reasoning that an assistant gave before, if it gave any.
    pub(super) fn reasoning_details(&mut self, details: &[Detail<'_>]) {
        if details.is_empty() {
            return;
        }
        self.put(&[b",\"reasoning_details\":["]);
        for (index, detail) in details.iter().enumerate() {
            self.comma();
            self.out.extend_from_slice(b"{\"type\":");
            text_into(&mut self.out, detail.kind);
            for (name, value) in [
                (&b",\"text\":"[..], detail.text),
                (b",\"signature\":", detail.signature),
                (b",\"data\":", detail.data),
                (b",\"id\":", detail.id),
                (b",\"format\":", detail.format),
            ] {
                if let Some(value) = value {
                    self.out.extend_from_slice(name);
                    text_into(&mut self.out, value);
                }
            }
            self.put(&[b",\"index\":", itoa::Buffer::new().format(index).as_bytes(), b"}"]);
        }
        self.out.push(b']');
    }
}
