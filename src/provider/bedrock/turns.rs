//! The messages as Converse wants them: turns of user and assistant by turns, system texts apart, and what tools answered in one turn.

use std::mem;

use super::family::Family;
use super::media;
use super::names::{self, Documents};
use crate::chat::conversation::{self, Content, Message, Part, Role, SignedReasoning};
use crate::error::ClientError;
use crate::json::{self, Scanner, Text};

/// System texts and turns.
///
/// Invariant: sides take turns in `turns`, none of which is empty, and `open` follows the last of them.
#[derive(Debug, Default)]
pub(super) struct Turns<'a> {
    /// The blocks of `system`.
    pub(super) system: Blocks,
    turns: Vec<Turn>,
    open: Turn,
    /// The functions that were called, each once.
    pub(super) called: Vec<Text<'a>>,
    /// Whether the model has called since the user spoke, and what it thought before is not there.
    pub(super) lacks_thoughts: bool,
    documents: Documents,
}

/// Content blocks, with commas between them.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    pub(super) json: Vec<u8>,
}

#[derive(Debug, Default)]
struct Turn {
    is_assistant: bool,
    /// What tools answered, which comes before all else.
    results: Blocks,
    blocks: Blocks,
    /// Whether there is text beside documents, which Converse demands.
    has_text: bool,
    has_document: bool,
}

// === impl Blocks ===

impl Blocks {
    /// Adds a block.
    pub(super) fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.json.is_empty() {
            self.json.push(b',');
        }
        write(&mut self.json);
    }

    /// Adds a mark up to where the prompt is to be cached, if there is anything before it.
    fn add_cache_point(&mut self, mark: Option<&[u8]>, family: Family) {
        if let Some(mark) = mark.filter(|_| family.caches() && !self.json.is_empty()) {
            self.add(|out| cache_point(mark, family, out));
        }
    }

    fn add_text(&mut self, text: &[u8]) {
        self.add(|out| {
            out.extend_from_slice(b"{\"text\":\"");
            out.extend_from_slice(text);
            out.extend_from_slice(b"\"}");
        });
    }
}

// === impl Turns ===

impl<'a> Turns<'a> {
    /// Sorts `messages`. System messages all go into `system`, wherever they stand; messages of one side that follow each other become
    /// one turn; what is blank is left out, as Converse refuses it.
    ///
    /// Errors: if arguments of a call are no object, or an attachment is not of a kind that Converse takes.
    pub(super) fn of(messages: &[Message<'a>], family: Family) -> Result<Self, ClientError> {
        let mut turns = Self { called: conversation::called(messages), ..Self::default() };
        let last = messages.len().saturating_sub(1);
        for (place, message) in messages.iter().enumerate() {
            match message.role {
                Role::System | Role::Developer => turns.add_system(message, family),
                Role::User => turns.add_user(message, place, family)?,
                Role::Assistant => turns.add_assistant(message, place == last, family)?,
                Role::Tool => turns.add_result(message, place, family)?,
            }
        }
        if !turns.open.is_empty() {
            turns.turns.push(mem::take(&mut turns.open));
        }
        Ok(turns)
    }

    /// Adds a mark at the end of the last turn, if it is the user's.
    pub(super) fn mark_end(&mut self, mark: &[u8], family: Family) {
        if let Some(turn) = self.turns.last_mut().filter(|turn| !turn.is_assistant) {
            if turn.blocks.json.is_empty() {
                turn.results.add_cache_point(Some(mark), family);
            } else {
                turn.blocks.add_cache_point(Some(mark), family);
            }
        }
    }

    /// Appends the elements of `messages`, of which there has to be one, and the first of which has to be the user's.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        // There has to be something to answer.
        if self.turns.first().is_none_or(|turn| turn.is_assistant) {
            out.extend_from_slice(b"{\"role\":\"user\",\"content\":[{\"text\":\".\"}]}");
            out.extend_from_slice(if self.turns.is_empty() { b"" } else { b"," });
        }
        for (place, mut turn) in self.turns.into_iter().enumerate() {
            if turn.has_document && !turn.has_text {
                turn.blocks.add_text(b".");
            }
            if place > 0 {
                out.push(b',');
            }
            out.extend_from_slice(if turn.is_assistant { b"{\"role\":\"assistant\"" } else { b"{\"role\":\"user\"" });
            out.extend_from_slice(b",\"content\":[");
            out.extend_from_slice(&turn.results.json);
            if !turn.results.json.is_empty() && !turn.blocks.json.is_empty() {
                out.push(b',');
            }
            out.extend_from_slice(&turn.blocks.json);
            out.extend_from_slice(b"]}");
        }
    }

    fn add_system(&mut self, message: &Message<'_>, family: Family) {
        for part in &message.content {
            if let Content::Text(text) = part.content
                && !is_blank(text)
            {
                self.system.add_text(text.raw);
                self.system.add_cache_point(part.cache_control, family);
            }
        }
    }

    fn add_user(&mut self, message: &Message<'_>, place: usize, family: Family) -> Result<(), ClientError> {
        self.lacks_thoughts = false;
        for (index, part) in message.content.iter().enumerate() {
            self.add_part(part, &format!("messages[{place}].content[{index}]"), family)?;
        }
        Ok(())
    }

    fn add_part(&mut self, part: &Part<'_>, at: &str, family: Family) -> Result<(), ClientError> {
        self.turn(false);
        let turn = &mut self.open;
        match &part.content {
            Content::Text(text) if is_blank(*text) => return Ok(()),
            Content::Text(text) => {
                turn.has_text = true;
                turn.blocks.add_text(text.raw);
            }
            content => {
                turn.has_document |= matches!(content, Content::File { .. });
                let mut written = Ok(());
                turn.blocks.add(|out| written = media::write(content, at, &mut self.documents, out));
                written?;
            }
        }
        turn.blocks.add_cache_point(part.cache_control, family);
        Ok(())
    }

    /// Adds what an assistant thought, said and called, in this order.
    fn add_assistant(&mut self, message: &Message<'a>, is_last: bool, family: Family) -> Result<(), ClientError> {
        let thoughts = if family.is_claude() { message.signed_reasoning(family.reasoning_format()) } else { Vec::new() };
        self.lacks_thoughts |= thoughts.is_empty() && !message.tool_calls.is_empty();
        let turn = self.turn(true);
        for reasoning in &thoughts {
            add_reasoning(reasoning, &mut turn.blocks);
        }
        // An answer that the model is to go on with must not end with space.
        let is_prefill = is_last && message.tool_calls.is_empty();
        let texts = message.content.iter().filter_map(|part| match part.content {
            Content::Text(text) if !is_blank(text) => Some((text.raw, part.cache_control)),
            _ => None,
        });
        let texts: Vec<_> = texts.collect();
        for (index, (text, mark)) in texts.iter().enumerate() {
            let is_end = is_prefill && index.saturating_add(1) == texts.len();
            turn.blocks.add_text(if is_end { trim_end(text) } else { text });
            turn.blocks.add_cache_point(*mark, family);
        }
        for call in &message.tool_calls {
            let input = call.input()?;
            turn.blocks.add(|out| {
                out.extend_from_slice(b"{\"toolUse\":{\"toolUseId\":");
                json::string_into(out, &names::call(call.id));
                out.extend_from_slice(b",\"name\":");
                json::string_into(out, &names::function(call.name));
                out.extend_from_slice(b",\"input\":");
                out.extend_from_slice(input);
                out.extend_from_slice(b"}}");
            });
        }
        Ok(())
    }

    /// Adds what a tool answered: all answers to one turn of the assistant are in one turn of the user, before anything else.
    fn add_result(&mut self, message: &Message<'_>, place: usize, family: Family) -> Result<(), ClientError> {
        let mut content = Blocks::default();
        let mut mark = None;
        for (index, part) in message.content.iter().enumerate() {
            mark = part.cache_control.or(mark);
            match &part.content {
                Content::Text(text) if is_blank(*text) => {}
                Content::Text(text) => content.add_text(text.raw),
                other => {
                    let at = format!("messages[{place}].content[{index}]");
                    let mut written = Ok(());
                    content.add(|out| written = media::write(other, &at, &mut self.documents, out));
                    written?;
                }
            }
        }
        let results = &mut self.turn(false).results;
        results.add(|out| {
            out.extend_from_slice(b"{\"toolResult\":{\"toolUseId\":");
            json::string_into(out, &names::call(message.tool_call_id.unwrap_or_default()));
            out.extend_from_slice(b",\"content\":[");
            out.extend_from_slice(&content.json);
            out.push(b']');
            // «This field is only supported by Amazon Nova and Anthropic Claude 3 and 4 models»:
            // <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultBlock.html>.
            if message.is_error && matches!(family, Family::Claude(_) | Family::Nova { .. }) {
                out.extend_from_slice(b",\"status\":\"error\"");
            }
            out.extend_from_slice(b"}}");
        });
        results.add_cache_point(mark, family);
        Ok(())
    }

    /// The turn that a message of this side goes into.
    fn turn(&mut self, is_assistant: bool) -> &mut Turn {
        if self.open.is_assistant != is_assistant {
            let new = Turn { is_assistant, ..Turn::default() };
            if self.open.is_empty() {
                // The one before it is of the side that is wanted.
                self.open = self.turns.pop().unwrap_or(new);
            } else {
                self.turns.push(mem::replace(&mut self.open, new));
            }
        }
        &mut self.open
    }
}

// === impl Turn ===

impl Turn {
    fn is_empty(&self) -> bool {
        self.results.json.is_empty() && self.blocks.json.is_empty()
    }
}

fn add_reasoning(reasoning: &SignedReasoning<'_>, blocks: &mut Blocks) {
    match reasoning {
        SignedReasoning::Text { text, signature: Some(signature) } => blocks.add(|out| {
            out.extend_from_slice(b"{\"reasoningContent\":{\"reasoningText\":{\"text\":\"");
            out.extend_from_slice(text);
            out.extend_from_slice(b"\",\"signature\":");
            json::text_into(out, *signature);
            out.extend_from_slice(b"}}}");
        }),
        // Without a signature it is not taken.
        SignedReasoning::Text { signature: None, .. } => {}
        SignedReasoning::Encrypted(data) => blocks.add(|out| {
            out.extend_from_slice(b"{\"reasoningContent\":{\"redactedContent\":");
            json::text_into(out, *data);
            out.extend_from_slice(b"}}");
        }),
    }
}

/// Writes `mark`, a `cache_control` object, as Converse has it. An hour is Anthropic's alone.
pub(super) fn cache_point(mark: &[u8], family: Family, out: &mut Vec<u8>) {
    let mut an_hour = false;
    _ = Scanner::new(mark).object(|scanner, key, _| {
        let value = scanner.raw()?;
        an_hour |= key.is("ttl") && value == b"\"1h\"";
        Ok(())
    });
    let long = an_hour && family.is_claude();
    out.extend_from_slice(if long {
        b"{\"cachePoint\":{\"type\":\"default\",\"ttl\":\"1h\"}}"
    } else {
        b"{\"cachePoint\":{\"type\":\"default\"}}"
    });
}

fn is_blank(text: Text<'_>) -> bool {
    trim_end(text.raw).is_empty()
}

/// The inside of a JSON string without the space at its end.
pub(super) fn trim_end(text: &[u8]) -> &[u8] {
    let mut rest = text;
    loop {
        let without = rest.trim_ascii_end();
        let escape = [&b"\\n"[..], b"\\r", b"\\t"].iter().find_map(|escape| without.strip_suffix(*escape));
        // A backslash before it would make it a backslash and a letter.
        let is_escape = |before: &&[u8]| before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0;
        match escape.filter(is_escape) {
            Some(before) => rest = before,
            None => return without,
        }
    }
}
