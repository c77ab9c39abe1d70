//! The turns of a conversation: a client's messages regrouped as Anthropic wants them.
//!
//! What system and developer messages say, wherever they stand, goes to the top in their order. User and assistant alternate, and
//! the user begins; the answers of tools belong to the user's turn and stand first in it.

use super::{FORMAT, block};
use crate::chat::conversation::{Content, Message, Role};
use crate::error::ClientError;

/// A conversation, regrouped.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The blocks of the system prompt.
    pub(super) system: Vec<u8>,
    /// The messages.
    pub(super) messages: Vec<u8>,
    open: Option<Turn>,
    any: bool,
}

#[derive(Debug, Default)]
struct Turn {
    assistant: bool,
    /// Answers of tools, in a user's turn.
    results: Vec<u8>,
    blocks: Vec<u8>,
}

impl Turns {
    /// Regroups `messages`.
    ///
    /// Errors: if arguments of a tool call are no object, or something has no block.
    pub(super) fn of(messages: &[Message<'_>]) -> Result<Self, ClientError> {
        let mut turns = Self::default();
        let last = messages.len().saturating_sub(1);
        for (place, message) in messages.iter().enumerate() {
            match message.role {
                Role::System | Role::Developer => {
                    message.content.iter().try_for_each(|part| block::part(part, place, &mut turns.system))?;
                }
                Role::User => {
                    let turn = turns.turn(false);
                    message.content.iter().try_for_each(|part| block::part(part, place, &mut turn.blocks))?;
                }
                Role::Tool => {
                    let id = message.tool_call_id.ok_or_else(|| {
                        ClientError::invalid(format!("messages[{place}].tool_call_id"), "the id of the call that this is the answer to")
                    })?;
                    block::tool_result(id, message, place, &mut turns.turn(false).results)?;
                }
                Role::Assistant => turns.assistant(message, place, place == last)?,
            }
        }
        turns.close();
        if !turns.any {
            turns.begin();
        }
        Ok(turns)
    }

    fn assistant(&mut self, message: &Message<'_>, place: usize, is_last: bool) -> Result<(), ClientError> {
        let turn = self.turn(true);
        message.signed_reasoning(FORMAT).iter().for_each(|reasoning| block::reasoning(reasoning, &mut turn.blocks));
        let prefill = message.content.len().checked_sub(1).filter(|_| is_last && message.tool_calls.is_empty());
        for (index, part) in message.content.iter().enumerate() {
            match part.content {
                Content::Text(text) if prefill == Some(index) && part.anthropic_blocks.is_none() && !block::is_blank(text) => {
                    block::prefill(part, text, &mut turn.blocks)
                }
                _ => block::part(part, place, &mut turn.blocks)?,
            }
        }
        message.tool_calls.iter().try_for_each(|call| block::tool_use(call, &mut turn.blocks))
    }

    /// The open turn, if it is this speaker's, else a new one.
    fn turn(&mut self, assistant: bool) -> &mut Turn {
        if self.open.as_ref().is_some_and(|turn| turn.assistant != assistant && !turn.is_empty()) {
            self.close();
        }
        let turn = self.open.get_or_insert_default();
        turn.assistant = assistant;
        turn
    }

    fn close(&mut self) {
        let Some(turn) = self.open.take().filter(|turn| !turn.is_empty()) else { return };
        if turn.assistant && !self.any {
            self.begin();
        }
        self.any = true;
        block::separate(&mut self.messages);
        self.messages.extend_from_slice(if turn.assistant {
            b"{\"role\":\"assistant\",\"content\":["
        } else {
            b"{\"role\":\"user\",\"content\":["
        });
        self.messages.extend_from_slice(&turn.results);
        if !turn.results.is_empty() && !turn.blocks.is_empty() {
            self.messages.push(b',');
        }
        self.messages.extend_from_slice(&turn.blocks);
        self.messages.extend_from_slice(b"]}");
    }

    /// A turn of the user's that says nothing, for the user has to begin.
    fn begin(&mut self) {
        self.any = true;
        self.messages.extend_from_slice(b"{\"role\":\"user\",\"content\":\".\"}");
    }
}

impl Turn {
    fn is_empty(&self) -> bool {
        self.results.is_empty() && self.blocks.is_empty()
    }
}

/// Whether the model is in the middle of a turn, its tools having answered, and what it thought in it is not there: then it
/// refuses to think with a budget.
pub(super) fn lacks_thoughts(messages: &[Message<'_>]) -> bool {
    let since_user = messages.iter().rev().take_while(|message| message.role != Role::User);
    let mut called = since_user.filter(|message| message.role == Role::Assistant && !message.tool_calls.is_empty());
    called.any(|message| message.signed_reasoning(FORMAT).is_empty())
}
