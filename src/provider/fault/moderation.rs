//! OpenRouter's refusal of a prompt in which it has found what the provider of the model does not want.
//!
//! See <https://openrouter.ai/docs/api/reference/errors-and-debugging>.

use super::{Fault, walk};
use crate::error::{ErrorType, Moderation};
use crate::json::Scanner;

impl Fault {
    /// What was found, if the provider refused the prompt for that.
    pub fn moderation(&self) -> Option<Moderation> {
        match (self.status, self.error_type, &self.raw) {
            (403, ErrorType::ContentPolicyViolation, Some(raw)) => read(raw.as_bytes()),
            _ => None,
        }
    }
}

/// Reads `metadata` of an error; `None` if that gives no reasons.
pub(super) fn read(error: &[u8]) -> Option<Moderation> {
    let mut reasons = None;
    let mut flagged_input = String::new();
    walk(&mut Scanner::new(error), &mut |key, value| {
        if key != b"metadata" {
            return;
        }
        walk(&mut Scanner::new(value), &mut |key, value| match key {
            b"reasons" => reasons = texts(value).or(reasons.take()),
            b"flagged_input" => flagged_input = Scanner::new(value).string().map(|text| text.value().into_owned()).unwrap_or_default(),
            _ => {}
        });
    });
    reasons.map(|reasons| Moderation { reasons, flagged_input })
}

fn texts(value: &[u8]) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    let read = Scanner::new(value).array(|scanner| {
        texts.push(scanner.string()?.value().into_owned());
        Ok(())
    });
    read.ok().map(|()| texts)
}
