//! What Anthropic itself said, where that is who was asked: it goes to the client as it is.

use super::super::object::{member, members, put, text};
use crate::json::Text;

/// Members of a message, or of the events of one, that a chat completion has no word for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Own<'a> {
    /// The blocks.
    pub(super) content: Option<&'a [u8]>,
    /// What it counted.
    pub(super) usage: Option<&'a [u8]>,
    container: Option<&'a [u8]>,
    stop_details: Option<&'a [u8]>,
    context_management: Option<&'a [u8]>,
}

/// An event of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event<'a> {
    /// `message_start`.
    Start(Own<'a>),
    /// An event about a block, by its type.
    Block(Text<'a>),
    /// `message_delta`: why it ended, and what it used.
    Delta(Own<'a>),
    /// What OpenRouter's chunks tell as well.
    Other,
}

// === impl Own ===

impl<'a> Own<'a> {
    /// Of a message.
    pub(super) fn of_message(message: &'a [u8]) -> Self {
        let [content, usage, container, stop_details, context_management] =
            members(message, ["content", "usage", "container", "stop_details", "context_management"]).unwrap_or_default();
        Self { content, usage, container, stop_details, context_management }
    }

    /// Appends the members that say what became of it.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        member("container", self.container.unwrap_or(b"null"), out);
        member("stop_details", self.stop_details.unwrap_or(b"null"), out);
        if let Some(context_management) = self.context_management {
            member("context_management", context_management, out);
        }
    }

    /// The same within the `delta` of the last event, with its end, and what stands behind it there.
    pub(super) fn end_into(&self, out: &mut Vec<u8>) {
        put(
            out,
            &[b",\"container\":", self.container.unwrap_or(b"null"), b",\"stop_details\":", self.stop_details.unwrap_or(b"null"), b"}"],
        );
        if let Some(context_management) = self.context_management {
            member("context_management", context_management, out);
        }
    }
}

// === impl Event ===

impl<'a> Event<'a> {
    /// Of an event's data.
    pub(super) fn of(data: &'a [u8]) -> Self {
        let [kind, message, delta, usage, context_management] =
            members(data, ["type", "message", "delta", "usage", "context_management"]).unwrap_or_default();
        match text(kind) {
            Some(kind) if kind.is("message_start") => Self::Start(message.map_or_else(Own::default, Own::of_message)),
            Some(kind) if kind.raw.starts_with(b"content_block_") => Self::Block(kind),
            Some(kind) if kind.is("message_delta") => {
                Self::Delta(Own { usage, context_management, ..delta.map_or_else(Own::default, Own::of_message) })
            }
            _ => Self::Other,
        }
    }
}
