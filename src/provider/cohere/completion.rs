//! An answer that is not streamed.

use super::{FORMAT, PLAN_FORMAT, arguments, citation, finish_reason, function, logprob, usage};
use crate::chat::chunks::{Detail, Piece, Whole};
use crate::chat::{Envelope, Finish, Provenance, Request};
use crate::json::{Error, Kind, Scanner, Text};
use crate::provider::renamed::Renamed;
use crate::provider::{Completion, Fault};

struct Reader {
    answer: Whole,
    renamed: Renamed,
    /// Blocks of reasoning so far.
    reasoned: usize,
}

/// Reads a whole answer.
///
/// Errors: if it reports an error, or is none.
pub fn completion(request: &Request, body: &[u8], envelope: &Envelope) -> Result<Completion, Fault> {
    let mut reader = Reader { answer: Whole::new(request.reasoning().exclude), renamed: Renamed::of(request, function), reasoned: 0 };
    let (mut message, mut native, mut counted, mut logprobs) = (None, None, None, None);
    let mut provenance = Provenance::default();
    let mut scanner = Scanner::new(body);
    let read = scanner.members(&mut |scanner, key, _| {
        match (key.raw, scanner.kind()?) {
            (b"message", _) => message = Some(scanner.raw()?),
            (b"id", _) => provenance.read_id(scanner)?,
            (b"finish_reason", Kind::String) => native = Some(scanner.string()?),
            (b"usage", _) => counted = usage::read(scanner.raw()?),
            (b"logprobs", Kind::Array) => logprobs = Some(scanner.raw()?),
            _ => _ = scanner.skip()?,
        }
        Ok(())
    });
    if read.and_then(|()| scanner.end()).is_err() {
        return Err(Fault::invalid_answer(body));
    }
    let message = match message {
        Some(message) if message.starts_with(b"{") => message,
        // An error is `{"id":…,"message":"…"}`.
        Some(message) if message.starts_with(b"\"") && native.is_none() => return Err(Fault::in_band(body)),
        _ => return Err(Fault::invalid_answer(body)),
    };
    let native = native.map_or(&b""[..], |native| native.raw);
    let reason = finish_reason(native, body)?;
    reader.message(&mut Scanner::new(message)).map_err(|_| Fault::invalid_answer(body))?;
    if let Some(logprobs) = logprobs {
        _ = logprob::each(&mut Scanner::new(logprobs), &mut |token| reader.answer.logprob(token));
    }
    let output_bytes = reader.answer.output_bytes();
    let finish = Some(Finish::new(reason, native));
    Ok(Completion { head: reader.answer.finish(envelope, reason, native), usage: counted, output_bytes, finish, provenance })
}

// === impl Reader ===

impl Reader {
    fn message(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        scanner.members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
            (b"tool_plan", Kind::String) => {
                self.reasoning(PLAN_FORMAT, scanner.string()?);
                Ok(())
            }
            (b"content", Kind::String) => {
                self.answer.text(scanner.string()?.raw);
                Ok(())
            }
            (b"content", Kind::Array) => scanner.elements(&mut |scanner| self.block(scanner)),
            (b"tool_calls", Kind::Array) => scanner.elements(&mut |scanner| {
                let call = Call::read(scanner)?;
                let name = self.renamed.restore(call.name.raw);
                self.answer.tool_call(call.id.raw, name, arguments(&call.arguments.value()).as_bytes());
                Ok(())
            }),
            (b"citations", Kind::Array) => citation::each(scanner, &mut |citation| self.answer.annotation(citation)),
            _ => scanner.skip().map(|_| ()),
        })
    }

    fn block(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Error> {
        scanner.members(&mut |scanner, key, _| {
            match (key.raw, scanner.kind()?) {
                (b"text", Kind::String) => self.answer.text(scanner.string()?.raw),
                (b"thinking", Kind::String) => self.reasoning(FORMAT, scanner.string()?),
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })
    }

    fn reasoning(&mut self, format: &'static str, text: Text<'_>) {
        if !text.is_empty() {
            self.answer.reasoning(&Detail { index: self.reasoned, format, piece: Piece::Text(text.raw) });
            self.reasoned = self.reasoned.saturating_add(1);
        }
    }
}

/// The call of a function, or a piece of one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Call<'a> {
    pub(super) id: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) arguments: Text<'a>,
}

// === impl Call ===

impl<'a> Call<'a> {
    pub(super) fn read(scanner: &mut Scanner<'a>) -> Result<Self, Error> {
        let mut call = Self::default();
        scanner.members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
            (b"id", Kind::String) => {
                call.id = scanner.string()?;
                Ok(())
            }
            (b"function", Kind::Object) => scanner.members(&mut |scanner, key, _| {
                match (key.raw, scanner.kind()?) {
                    (b"name", Kind::String) => call.name = scanner.string()?,
                    (b"arguments", Kind::String) => call.arguments = scanner.string()?,
                    _ => _ = scanner.skip()?,
                }
                Ok(())
            }),
            _ => scanner.skip().map(|_| ()),
        })?;
        Ok(call)
    }
}
