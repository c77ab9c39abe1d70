//! An answer that is not streamed.

use super::choice::{self, Found, Shape};
use crate::chat::{Envelope, Provenance};
use crate::json::{Kind, Scanner};
use crate::provider::{Completion, Fault};
use crate::usage::OpenAiUsage;

/// Reads a provider's whole answer; `exclude_reasoning` if the client does not want to see any.
///
/// Errors: if it reports an error, or is not a completion.
pub fn completion(body: &[u8], exclude_reasoning: bool, envelope: &Envelope) -> Result<Completion, Fault> {
    // With room for OpenRouter's own members and its usage.
    let mut head = Vec::with_capacity(body.len().saturating_add(1024));
    envelope.completion_into(&mut head);
    let mut found = Found { exclude_reasoning, ..Found::default() };
    let mut usage: Option<OpenAiUsage> = None;
    let mut error = None;
    let mut fingerprint: &[u8] = b"null";
    let mut choices = false;
    let mut provenance = Provenance::default();
    let mut scanner = Scanner::new(body);
    let read = scanner.object(|scanner, key, _| {
        match key.raw {
            b"choices" if !choices && scanner.kind()? == Kind::Array => {
                choices = true;
                head.extend_from_slice(b",\"choices\":[");
                found.answer_id = provenance.upstream_id;
                choice::choices(scanner, Shape::Message, &mut found, &mut head)?;
                head.push(b']');
            }
            // Mistral's and vLLM's way to tell of an error.
            b"object" => error = Some(body).filter(|_| scanner.raw().is_ok_and(|object| object == b"\"error\"")).or(error),
            b"id" => provenance.read_id(scanner)?,
            b"created" | b"model" | b"provider" | b"choices" => _ = scanner.skip()?,
            b"service_tier" => {
                let tier = scanner.raw()?;
                provenance.note_tier(tier);
                // One that is not told is told where it is known.
                if !provenance.service_tier.is_empty() {
                    choice::member(key.raw, tier, &mut head);
                }
            }
            b"system_fingerprint" => fingerprint = scanner.raw()?,
            b"usage" => usage = OpenAiUsage::parse(scanner.raw()?),
            b"error" => error = Some(scanner.raw()?).filter(|error| *error != b"null"),
            _ => choice::member(key.raw, scanner.raw()?, &mut head),
        }
        Ok(())
    });
    if let Some(error) = error.or(found.error) {
        return Err(Fault::in_band(error));
    }
    let usage = usage.or_else(|| found.usage.and_then(OpenAiUsage::parse)).and_then(|usage| usage.usage(found.output_bytes));
    // Neither said nor done, without an end, and nothing counted.
    let is_empty = !found.meaningful && usage.is_none_or(|usage| usage.output_tokens() == 0);
    if read.and_then(|()| scanner.end()).is_err() || found.told == 0 || is_empty {
        return Err(Fault::invalid_answer(body));
    }
    choice::member(b"system_fingerprint", fingerprint, &mut head);
    Ok(Completion { head, usage, output_bytes: found.output_bytes, finish: found.finish, provenance })
}
