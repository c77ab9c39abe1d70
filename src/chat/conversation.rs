//! The request as a conversation, for providers whose format is not the client's: messages, tools and parameters, typed and borrowed.
//!
//! It is read only when an endpoint of such a format is tried. A [`Text`] keeps its escapes, so that it can be written between
//! quotes again without being looked at; numbers and schemas are kept as they were written.

mod message;
mod parameters;
mod part;
mod reasoning;
mod tool;

pub use message::{Message, Role, SignedReasoning, ToolCall, called};
pub use parameters::{Parameters, ResponseFormat};
pub use part::{Content, Part, Source};
pub use reasoning::{Effort, Reasoning};
pub use tool::{Tool, ToolChoice};

use super::{Name, Request, wrong_type};
use crate::api::Api;
use crate::error::ClientError;
use crate::json::{Error, ErrorKind, Kind, Scanner, Text};

/// A request, typed.
#[derive(Debug, Default)]
pub struct Conversation<'a> {
    /// The messages, in the client's order. System messages stand among them.
    pub messages: Vec<Message<'a>>,
    /// The functions that the model may call.
    pub tools: Vec<Tool<'a>>,
    /// The tools that are no functions, as they were written, each with the number of functions before it: its provider knows what they are.
    pub other_tools: Vec<(usize, &'a [u8])>,
    /// How the answer is to be made.
    pub parameters: Parameters<'a>,
}

// === impl Request ===

impl Request {
    /// Reads messages, tools and parameters.
    ///
    /// Errors: if one of them is not of the chat completion shape.
    pub fn conversation(&self) -> Result<Conversation<'_>, ClientError> {
        self.read_conversation().map_err(|error| self.api.tell(error))
    }

    fn read_conversation(&self) -> Result<Conversation<'_>, ClientError> {
        let mut conversation = Conversation::default();
        for member in &self.members {
            let value = self.body.get(member.value.clone()).unwrap_or_default();
            match member.name {
                Name::Messages => conversation.messages = message::read_all(value)?,
                Name::Tools => {
                    let tools = tool::read_all(value)?;
                    (conversation.tools, conversation.other_tools) = (tools.functions, tools.others);
                }
                name => {
                    let key = Scanner::new(self.body.get(member.start..).unwrap_or_default()).string()?;
                    conversation.parameters.read(name, key, value)?;
                }
            }
        }
        if self.api != Api::Messages {
            conversation.leave_out_anthropics();
        }
        Ok(conversation)
    }

    /// Reads the tools alone.
    ///
    /// Errors: if one of them is not of the chat completion shape.
    pub fn tools(&self) -> Result<Vec<Tool<'_>>, ClientError> {
        let tools = self.member(Name::Tools).and_then(|member| self.body.get(member.value.clone()));
        tools.map_or(Ok(Vec::new()), |tools| tool::read_all(tools).map(|tools| tools.functions))
    }

    /// Whether a call in the messages has arguments that are no JSON object.
    pub fn has_broken_arguments(&self) -> bool {
        let messages = self.member(Name::Messages).and_then(|member| self.body.get(member.value.clone()));
        messages.is_some_and(message::has_broken_arguments)
    }

    /// What the client wants of the model's reasoning.
    pub fn reasoning(&self) -> Reasoning {
        let mut reasoning = Reasoning::default();
        for member in &self.members {
            reasoning.read(member.name, self.body.get(member.value.clone()).unwrap_or_default());
        }
        reasoning
    }
}

// === impl Conversation ===

impl Conversation<'_> {
    /// Leaves out what the translation of Anthropic's requests alone may say.
    fn leave_out_anthropics(&mut self) {
        self.messages.iter_mut().flat_map(|message| &mut message.content).for_each(|part| part.anthropic_blocks = None);
        self.tools.iter_mut().for_each(|tool| tool.anthropic_tool = None);
    }
}

/// Walks the array `value`, which is at `member`; `null` is an empty one. `element` gets each element with its place.
fn each<'a>(
    value: &'a [u8],
    member: &str,
    expected: &str,
    mut element: impl FnMut(&mut Scanner<'a>, usize) -> Result<(), ClientError>,
) -> Result<(), ClientError> {
    let mut scanner = Scanner::new(value);
    if scanner.kind()? == Kind::Null {
        return Ok(());
    }
    let mut refused = None;
    let mut place = 0usize;
    let walked = scanner.array(|scanner| {
        element(scanner, place).map_err(|error| {
            refused = Some(error);
            // The walk ends here; the reason is in `refused`.
            scanner.error(ErrorKind::Type)
        })?;
        place = place.saturating_add(1);
        Ok(())
    });
    match refused {
        Some(error) => Err(error),
        None => walked.map_err(|error| wrong_type(error, member, expected)),
    }
}

/// Consumes a value that is a string; `None` if it is anything else.
fn text<'a>(scanner: &mut Scanner<'a>) -> Result<Option<Text<'a>>, Error> {
    if scanner.kind()? == Kind::String {
        return scanner.string().map(Some);
    }
    scanner.skip().map(|_| None)
}

/// Consumes any value; `None` if it is `null`.
fn present<'a>(scanner: &mut Scanner<'a>) -> Result<Option<&'a [u8]>, Error> {
    scanner.raw().map(|value| Some(value).filter(|value| *value != b"null"))
}

#[cfg(test)]
mod tests;
