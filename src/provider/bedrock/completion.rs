//! An answer that is not streamed: a `ConverseResponse`.

use super::family::Family;
use super::names;
use super::{finish_reason, stop_sequence, usage};
use crate::chat::chunks::{Detail, Piece, Whole};
use crate::chat::{Envelope, Finish, Provenance, Request};
use crate::endpoint::Endpoint;
use crate::json::{Error, Kind, Scanner, Text};
use crate::provider::renamed::Renamed;
use crate::provider::{Completion, Fault};

struct Reader {
    answer: Whole,
    renamed: Renamed,
    reasoning_format: &'static str,
    reasoning_blocks: usize,
    has_message: bool,
}

/// Reads a whole answer.
///
/// Errors: if it is none.
pub fn completion(endpoint: &Endpoint, request: &Request, body: &[u8], envelope: &Envelope) -> Result<Completion, Fault> {
    let mut reader = Reader {
        answer: Whole::new(request.reasoning().exclude),
        renamed: Renamed::of(request, names::function),
        reasoning_format: Family::of(endpoint).reasoning_format(),
        reasoning_blocks: 0,
        has_message: false,
    };
    let mut stop_reason = None;
    let mut counted = None;
    // It names its answers in a header alone.
    let mut provenance = Provenance::default();
    let mut scanner = Scanner::new(body);
    let read = scanner.members(&mut |scanner, key, _| {
        match key.raw {
            b"output" if scanner.kind()? == Kind::Object => members(scanner, b"message", |scanner| reader.message(scanner))?,
            b"stopReason" => stop_reason = scanner.optional_string()?,
            b"additionalModelResponseFields" => reader.answer.stopped_at(stop_sequence(scanner.raw()?).raw),
            b"usage" => counted = usage::read(scanner.raw()?),
            b"serviceTier" => provenance.read_tier(scanner.raw()?, "type"),
            _ => _ = scanner.skip()?,
        }
        Ok(())
    });
    if read.and_then(|()| scanner.end()).is_err() || !reader.has_message {
        return Err(Fault::invalid_answer(body));
    }
    let stop_reason = stop_reason.map_or(&b""[..], |reason| reason.raw);
    let reason = finish_reason(stop_reason, reader.answer.calls());
    let output_bytes = reader.answer.output_bytes();
    let finish = Some(Finish::new(reason, stop_reason));
    let mut head = reader.answer.finish(envelope, reason, stop_reason);
    provenance.tier_into(&mut head);
    Ok(Completion { head, usage: counted, output_bytes, finish, provenance })
}

impl Reader {
    fn message(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        members(scanner, b"content", |scanner| {
            self.has_message = true;
            scanner.elements(&mut |scanner| self.block(scanner))
        })
    }

    /// Reads a content block, an object of which one member is there.
    fn block(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        scanner.members(&mut |scanner, key, _| {
            match (key.raw, scanner.kind()?) {
                (b"text", Kind::String) => self.answer.text(scanner.string()?.raw),
                (b"toolUse", Kind::Object) => self.tool_use(scanner)?,
                (b"reasoningContent", Kind::Object) => self.reasoning(scanner)?,
                // An answer that cites what it was given; where from is for nobody to see in this format.
                (b"citationsContent", Kind::Object) => members(scanner, b"content", |scanner| {
                    scanner.elements(&mut |scanner| {
                        members(scanner, b"text", |scanner| {
                            self.answer.text(scanner.string()?.raw);
                            Ok(())
                        })
                    })
                })?,
                (b"image", Kind::Object) => self.image(scanner)?,
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })
    }

    fn tool_use(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        let (mut id, mut name, mut input) = (Text::default(), Text::default(), &b"{}"[..]);
        scanner.members(&mut |scanner, key, _| {
            match key.raw {
                b"toolUseId" => id = scanner.string()?,
                b"name" => name = scanner.string()?,
                b"input" => input = scanner.raw()?,
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })?;
        self.answer.tool_call(id.raw, self.renamed.restore(name.raw), input);
        Ok(())
    }

    fn reasoning(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        let (mut text, mut signature, mut redacted) = (None, None, None);
        scanner.members(&mut |scanner, key, _| {
            match key.raw {
                b"reasoningText" => scanner.members(&mut |scanner, key, _| {
                    match key.raw {
                        b"text" => text = scanner.optional_string()?,
                        b"signature" => signature = scanner.optional_string()?,
                        _ => _ = scanner.skip()?,
                    }
                    Ok(())
                })?,
                b"redactedContent" => redacted = scanner.optional_string()?,
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })?;
        let piece = match (text, signature, redacted) {
            (Some(text), Some(signature), _) => Piece::Signed(text.raw, signature.raw),
            (Some(text), None, _) => Piece::Text(text.raw),
            (None, _, Some(redacted)) => Piece::Encrypted(redacted.raw),
            (None, _, None) => return Ok(()),
        };
        self.answer.reasoning(&Detail { index: self.reasoning_blocks, format: self.reasoning_format, piece });
        self.reasoning_blocks = self.reasoning_blocks.saturating_add(1);
        Ok(())
    }

    fn image(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        let (mut format, mut bytes) = (Text::default(), None);
        scanner.members(&mut |scanner, key, _| {
            match key.raw {
                b"format" => format = scanner.string()?,
                b"source" => members(scanner, b"bytes", |scanner| {
                    bytes = scanner.optional_string()?;
                    Ok(())
                })?,
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })?;
        if let Some(bytes) = bytes {
            self.answer.image(&[b"data:image/", format.raw, b";base64,", bytes.raw]);
        }
        Ok(())
    }
}

/// Walks an object and calls `read` for its members `name`.
fn members<'a>(scanner: &mut Scanner<'a>, name: &[u8], mut read: impl FnMut(&mut Scanner<'a>) -> Result<(), Error>) -> Result<(), Error> {
    scanner.members(&mut |scanner, key, _| if key.raw == name { read(scanner) } else { scanner.skip().map(|_| ()) })
}
