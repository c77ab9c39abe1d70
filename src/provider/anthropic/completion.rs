//! An answer that is not streamed.

use super::{FORMAT, finish_reason, is_told_as_it_is};
use crate::chat::chunks::{Detail, Piece, Whole};
use crate::chat::{Envelope, Finish, Provenance, Request};
use crate::json::{Error, Kind, Scanner, Text};
use crate::provider::{Completion, Fault};
use crate::usage::AnthropicUsage;

/// A block of an answer, as far as it is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block<'a> {
    pub(super) kind: Text<'a>,
    pub(super) text: Text<'a>,
    pub(super) thinking: Text<'a>,
    pub(super) signature: Text<'a>,
    pub(super) data: Text<'a>,
    pub(super) id: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) input: &'a [u8],
}

/// Reads a provider's whole answer.
///
/// Errors: if it reports an error, or is not a message.
pub fn completion(request: &Request, body: &[u8], envelope: &Envelope) -> Result<Completion, Fault> {
    let mut whole = Whole::new(request.reasoning().exclude);
    let mut reasoned = 0usize;
    let mut stop_reason: Option<Text<'_>> = None;
    let mut usage = None;
    let mut error = None;
    let mut has_content = false;
    let mut provenance = Provenance::default();
    let mut scanner = Scanner::new(body);
    let read = scanner.object(|scanner, key, _| {
        match key.raw {
            b"content" if !has_content => {
                has_content = true;
                scanner.array(|scanner| {
                    let block = Block::read(scanner)?;
                    if let Some(piece) = block.piece() {
                        whole.reasoning(&Detail { index: reasoned, format: FORMAT, piece });
                        reasoned = reasoned.saturating_add(1);
                    }
                    match block.kind.raw {
                        b"text" => whole.text(block.text.raw),
                        b"tool_use" => whole.tool_call(block.id.raw, block.name.raw, block.input),
                        _ => {}
                    }
                    Ok(())
                })?;
            }
            b"id" => provenance.read_id(scanner)?,
            b"stop_reason" => stop_reason = scanner.optional_string()?,
            b"stop_sequence" => whole.stopped_at(scanner.optional_string()?.unwrap_or_default().raw),
            b"usage" => {
                let counted = scanner.raw()?;
                provenance.read_tier(counted, "service_tier");
                usage = AnthropicUsage::parse(counted);
            }
            b"error" => error = Some(scanner.raw()?).filter(|error| *error != b"null"),
            _ => _ = scanner.skip()?,
        }
        Ok(())
    });
    if let Some(error) = error {
        return Err(Fault::in_band(error));
    }
    let (Some(stop_reason), Ok(()), true) = (stop_reason, read.and_then(|()| scanner.end()), has_content) else {
        return Err(Fault::invalid_answer(body));
    };
    let output_bytes = whole.output_bytes();
    let reason = finish_reason(stop_reason.raw);
    let finish = Some(Finish::new(reason, stop_reason.raw));
    let mut head = whole.finish(envelope, reason, stop_reason.raw);
    provenance.tier_into(&mut head);
    if is_told_as_it_is(request) {
        head.extend_from_slice(b",\"anthropic\":");
        head.extend_from_slice(body);
    }
    Ok(Completion { head, usage: usage.map(|usage| usage.usage()), output_bytes, finish, provenance })
}

// === impl Block ===

impl<'a> Block<'a> {
    /// Reads the block at `scanner`.
    pub(super) fn read(scanner: &mut Scanner<'a>) -> Result<Self, Error> {
        let mut block = Self { input: b"{}", ..Self::default() };
        scanner.object(|scanner, key, _| {
            if key.is("input") && scanner.kind()? == Kind::Object {
                block.input = scanner.raw()?;
                return Ok(());
            }
            if scanner.kind()? != Kind::String {
                return scanner.skip().map(|_| ());
            }
            let text = scanner.string()?;
            match key.raw {
                b"type" => block.kind = text,
                b"text" => block.text = text,
                b"thinking" => block.thinking = text,
                b"signature" => block.signature = text,
                b"data" => block.data = text,
                b"id" => block.id = text,
                b"name" => block.name = text,
                _ => {}
            }
            Ok(())
        })?;
        Ok(block)
    }

    /// What it is as a piece of reasoning.
    pub(super) fn piece(&self) -> Option<Piece<'a>> {
        match self.kind.raw {
            b"thinking" if self.signature.is_empty() => Some(Piece::Text(self.thinking.raw)),
            b"thinking" => Some(Piece::Signed(self.thinking.raw, self.signature.raw)),
            b"redacted_thinking" => Some(Piece::Encrypted(self.data.raw)),
            _ => None,
        }
    }
}
