//! What an assistant thought before it called tools, as a provider wants it back that refuses the conversation without.
//!
//! DeepSeek does: where there are tools, each message of an assistant has to have its `reasoning_content`, see
//! <https://api-docs.deepseek.com/guides/thinking_mode>. Clients of OpenRouter give it back as `reasoning`, `reasoning_details` or
//! `reasoning_content`, see <https://openrouter.ai/docs/guides/best-practices/reasoning-tokens#preserving-reasoning>. An empty one will do
//! where nothing was thought, or by another provider, whose thoughts are none of this one's business.

use std::ops::Range;

use super::reasoning_format;
use crate::json::{Error, Kind, Scanner, Text};

/// What `reasoning_details` say of thoughts that have no format of their own: OpenRouter's word for that.
const FORMAT: &str = "unknown";

/// What is known of a message.
#[derive(Default)]
struct Found<'a> {
    is_assistants: bool,
    /// Where its first member stands.
    first: Option<usize>,
    /// `reasoning_content`: where its value stands, and whether that is a text.
    content: Option<(Range<usize>, bool)>,
    reasoning: Option<Text<'a>>,
    /// The texts of `reasoning_details`, and whether there are others.
    details: Vec<Text<'a>>,
    has_others: bool,
}

/// What makes `messages` complete: ranges of it, in order, and what takes their place.
pub(super) fn missing(messages: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
    let mut edits = Vec::new();
    _ = Scanner::new(messages).array(|scanner| {
        if scanner.kind()? != Kind::Object {
            return scanner.skip().map(|_| ());
        }
        edits.extend(Found::read(scanner)?.edit());
        Ok(())
    });
    edits
}

// === impl Found ===

impl<'a> Found<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Result<Self, Error> {
        let mut found = Self::default();
        scanner.object(|scanner, key, start| {
            found.first = found.first.or(Some(start));
            let kind = scanner.kind()?;
            match key.raw {
                b"role" if kind == Kind::String => found.is_assistants = scanner.string()?.is("assistant"),
                b"reasoning" if kind == Kind::String => found.reasoning = Some(scanner.string()?),
                b"reasoning_content" => found.content = Some((scanner.skip()?, kind == Kind::String)),
                b"reasoning_details" if kind == Kind::Array => scanner.array(|scanner| found.detail(scanner))?,
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })?;
        Ok(found)
    }

    fn detail(&mut self, scanner: &mut Scanner<'a>) -> Result<(), Error> {
        if scanner.kind()? != Kind::Object {
            return scanner.skip().map(|_| ());
        }
        let (mut words, mut format) = (None, None);
        scanner.object(|scanner, key, _| {
            match (key.raw, scanner.kind()?) {
                (b"text", Kind::String) => words = Some(scanner.string()?),
                (b"format", Kind::String) => format = Some(scanner.string()?),
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })?;
        match words.filter(|_| reasoning_format::of(format).is(FORMAT)) {
            Some(words) => self.details.push(words),
            None => self.has_others = true,
        }
        Ok(())
    }

    /// What the message lacks, if it is an assistant's and lacks anything.
    fn edit(&self) -> Option<(Range<usize>, Vec<u8>)> {
        let first = self.first.filter(|_| self.is_assistants)?;
        let mut thought = vec![b'"'];
        if !self.has_others {
            match self.reasoning {
                Some(reasoning) => thought.extend_from_slice(reasoning.raw),
                None => self.details.iter().for_each(|words| thought.extend_from_slice(words.raw)),
            }
        }
        thought.push(b'"');
        match &self.content {
            Some((_, true)) => None,
            Some((value, false)) => Some((value.clone(), thought)),
            None => Some((first..first, [b"\"reasoning_content\":", &thought[..], b","].concat())),
        }
    }
}
