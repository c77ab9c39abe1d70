//! An answer with vectors, of any shape but OpenAI's. Each has names of its own, and no two mean different things by one:
//!
//! ```text
//! Gemini                   {"embeddings":[{"values":[…]}, …], "usageMetadata":{…}}
//! Vertex AI, predict       {"predictions":[{"embeddings":{"values":[…], "statistics":{"token_count":…}}}, …]}
//! Vertex AI, embedContent  {"embedding":{"values":[…]}, "usageMetadata":{…}}
//! Cohere                   {"id":…, "embeddings":{"float":[[…], …]}, "meta":{"billed_units":…}}
//! Cohere at Bedrock        {"id":…, "embeddings":{"float":[[…], …]}} or {"id":…, "embeddings":[[…], …]}
//! Titan                    {"embedding":[…], "inputTextTokenCount":…}
//! Nova                     {"embeddings":[{"embedding":[…]}]}
//! ```

use super::{Vector, Wanted, list};
use crate::chat::{Envelope, Provenance, Request};
use crate::decimal::Decimal;
use crate::json::{Error, Kind, Scanner};
use crate::provider::{Completion, Fault, cohere};
use crate::usage::{GeminiUsage, Usage};

/// A count above this is a provider's mistake and taken as missing.
const MAX_TOKENS: u64 = 1_000_000_000;

/// What an answer has.
#[derive(Default)]
struct Found<'a> {
    vectors: Vec<Vector<'a>>,
    /// What the provider counted as a whole.
    usage: Option<Usage>,
    /// What it counted for each text, added up.
    tokens: Option<u64>,
    error: Option<&'a [u8]>,
    provenance: Provenance,
}

/// Reads the answer to `request`.
///
/// Errors: if it reports an error, or has not a vector for each text.
pub(super) fn completion(request: &Request, body: &[u8], envelope: &Envelope) -> Result<Completion, Fault> {
    let invalid = || Fault::invalid_answer(body);
    let wanted = Wanted::of(request).map_err(|_| invalid())?;
    let mut found = Found::default();
    let mut scanner = Scanner::new(body);
    let read = found.read(&mut scanner);
    if let Some(error) = found.error {
        return Err(Fault::in_band(error));
    }
    if read.and_then(|()| scanner.end()).is_err() || found.vectors.len() != wanted.texts.len() {
        return Err(invalid());
    }
    let usage = found.usage.or_else(|| found.tokens.map(|input| Usage { input, ..Usage::default() }));
    list(&found.vectors, wanted.base64, usage, found.provenance, envelope).ok_or_else(invalid)
}

// === impl Found ===

impl<'a> Found<'a> {
    /// Reads the object at `scanner`, and those within it, which the scanner does not let be too many.
    fn read(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Error> {
        scanner.members(&mut |scanner, key, _| match (key.raw, scanner.kind()?) {
            (b"embeddings" | b"embedding" | b"statistics", Kind::Object) => self.read(scanner),
            (b"embeddings" | b"predictions" | b"float" | b"base64", Kind::Array) => {
                scanner.elements(&mut |scanner| match scanner.kind()? {
                    Kind::Object => self.read(scanner),
                    Kind::String => self.push(Vector::Base64(scanner.raw()?)),
                    _ => self.push(Vector::Numbers(scanner.raw()?)),
                })
            }
            (b"embedding" | b"values", Kind::Array) => self.push(Vector::Numbers(scanner.raw()?)),
            (b"token_count" | b"inputTextTokenCount", Kind::Number) => {
                // `6` or `6.0`.
                let count = Decimal::parse(scanner.raw()?).and_then(|count| count.truncated(0));
                let sum = count.map(|count| count.saturating_add(self.tokens.unwrap_or(0)));
                self.tokens = sum.filter(|sum| *sum <= MAX_TOKENS).or(self.tokens);
                Ok(())
            }
            (b"usageMetadata", _) => {
                self.usage = GeminiUsage::parse(scanner.raw()?).and_then(|usage| usage.usage());
                Ok(())
            }
            (b"meta", _) => {
                self.usage = cohere::usage::read(scanner.raw()?);
                Ok(())
            }
            (b"id", _) => self.provenance.read_id(scanner),
            (b"error", Kind::Object) => {
                self.error = Some(scanner.raw()?);
                Ok(())
            }
            _ => scanner.skip().map(|_| ()),
        })
    }

    fn push(&mut self, vector: Vector<'a>) -> Result<(), Error> {
        self.vectors.push(vector);
        Ok(())
    }
}
