//! An answer with embeddings.
//!
//! See <https://platform.openai.com/docs/api-reference/embeddings>.

use crate::chat::{Envelope, Provenance};
use crate::json::{Kind, Scanner};
use crate::provider::{Completion, Fault};
use crate::usage::OpenAiUsage;

/// Reads a provider's whole answer. The vectors go on as they came, be they numbers or base64.
///
/// Errors: if it reports an error, or has no embeddings.
pub fn embeddings(body: &[u8], envelope: &Envelope) -> Result<Completion, Fault> {
    let (mut data, mut usage, mut error) = (None, None, None);
    let mut provenance = Provenance::default();
    let mut scanner = Scanner::new(body);
    let read = scanner.members(&mut |scanner, key, _| {
        match key.raw {
            b"data" if scanner.kind()? == Kind::Array => data = Some(scanner.raw()?).filter(|data| *data != b"[]"),
            b"id" => provenance.read_id(scanner)?,
            b"usage" => usage = OpenAiUsage::parse(scanner.raw()?),
            b"error" => error = Some(scanner.raw()?).filter(|error| *error != b"null"),
            _ => _ = scanner.skip()?,
        }
        Ok(())
    });
    if let Some(error) = error {
        return Err(Fault::in_band(error));
    }
    let (Ok(()), Some(data)) = (read.and_then(|()| scanner.end()), data) else { return Err(Fault::invalid_answer(body)) };
    let mut head = Vec::with_capacity(data.len().saturating_add(1024));
    envelope.list_into(&mut head);
    head.extend_from_slice(b",\"data\":");
    head.extend_from_slice(data);
    // No text: what is not counted is estimated by the prompt alone.
    Ok(Completion { head, usage: usage.and_then(|usage| usage.usage()), output_bytes: 0, finish: None, provenance })
}
