//! OpenAI's legacy completions: a prompt is what the user says.
//!
//! See <https://platform.openai.com/docs/api-reference/completions>.

mod logprobs;

use self::logprobs::Offsets;
use super::event::{Event, Events};
use super::object::{comma, member, members, number, put, text};
use super::{Shape, Translated};
use crate::api::Api;
use crate::chat::{BEFORE_PROMPT, BEHIND_PROMPT};
use crate::error::ClientError;
use crate::json::{Error, Kind, Scanner, text_into};

/// Brings streams into the shape of legacy completions.
#[derive(Debug, Default)]
pub(super) struct Answer {
    events: Events,
    offsets: Offsets,
}

/// Members that mean something else than in a chat completion.
const OWN: [&str; 7] = ["prompt", "messages", "suffix", "echo", "best_of", "logprobs", "top_logprobs"];

/// The chat completion that `request` is.
///
/// Errors: if it has no prompt or more than one, or asks for what only a completion model can do.
pub(super) fn translate(request: &[u8]) -> Result<Translated, ClientError> {
    if Scanner::new(request).kind() != Ok(Kind::Object) {
        return Err(ClientError::no_object(Api::Completions, request));
    }
    let [prompt, _, suffix, echo, best_of, logprobs, _] = members(request, OWN)?;
    if suffix.is_some_and(|suffix| suffix != b"\"\"") {
        return Err(ClientError::invalid("suffix", "none: models are asked as in a chat, and cannot fill a gap"));
    }
    if echo.is_some_and(|echo| echo != b"false") {
        return Err(ClientError::invalid("echo", "false"));
    }
    if best_of.is_some_and(|best_of| best_of != b"1") {
        return Err(ClientError::invalid("best_of", "1"));
    }
    let prompt = one(prompt.ok_or(ClientError::NoMessages)?)
        .ok_or_else(|| ClientError::invalid("prompt", "a string, or an array of one: send a request for each prompt, and no token ids"))?;
    let mut body = Vec::with_capacity(request.len().saturating_add(64));
    put(&mut body, &[b"{", BEFORE_PROMPT, prompt, BEHIND_PROMPT]);
    let mut scanner = Scanner::new(request);
    scanner.members(&mut |scanner, key, _| {
        let value = scanner.raw()?;
        if !OWN.iter().any(|own| key.is(own)) {
            body.push(b',');
            text_into(&mut body, key);
            put(&mut body, &[b":", value]);
        }
        Ok(())
    })?;
    scanner.end()?;
    if let Some(most) = logprobs {
        member("logprobs", b"true", &mut body);
        member("top_logprobs", most, &mut body);
    }
    body.push(b'}');
    Ok(Translated { body, shape: Shape::Completions(Answer::default()) })
}

/// The one prompt of `value`.
fn one(value: &[u8]) -> Option<&[u8]> {
    let is_text = |value: &[u8]| Scanner::new(value).string().is_ok();
    if is_text(value) {
        return Some(value);
    }
    let mut only = None;
    let mut count = 0usize;
    let walked = Scanner::new(value).elements(&mut |scanner| {
        only = Some(scanner.raw()?);
        count = count.saturating_add(1);
        Ok(())
    });
    walked.ok()?;
    only.filter(|only| count == 1 && is_text(only))
}

/// A whole answer.
pub(super) fn whole(completion: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(completion.len());
    told(completion, &mut Offsets::default(), &mut out).ok()?;
    Some(out)
}

// === impl Answer ===

impl Answer {
    /// The next bytes of a stream.
    pub(super) fn stream(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let Self { events, offsets } = self;
        events.feed(bytes, |event| match event {
            Event::KeepAlive => out.extend_from_slice(b": OPENROUTER PROCESSING\n\n"),
            Event::Done => out.extend_from_slice(crate::chat::DONE),
            Event::Chunk(chunk) => {
                let start = out.len();
                out.extend_from_slice(b"data: ");
                match told(chunk, offsets, &mut out) {
                    Ok(()) => out.extend_from_slice(b"\n\n"),
                    Err(_) => out.truncate(start),
                }
            }
        });
        out
    }
}

/// Appends a chunk or a completion as a `text_completion`.
fn told(answer: &[u8], offsets: &mut Offsets, out: &mut Vec<u8>) -> Result<(), Error> {
    out.push(b'{');
    Scanner::new(answer).members(&mut |scanner, key, _| {
        let value = scanner.raw()?;
        comma(out);
        text_into(out, key);
        out.push(b':');
        match key.raw {
            b"object" => out.extend_from_slice(b"\"text_completion\""),
            b"choices" => {
                out.push(b'[');
                Scanner::new(value).elements(&mut |scanner| choice(scanner.raw()?, offsets, out))?;
                out.push(b']');
            }
            _ => out.extend_from_slice(value),
        }
        Ok(())
    })?;
    out.push(b'}');
    Ok(())
}

fn choice(choice: &[u8], offsets: &mut Offsets, out: &mut Vec<u8>) -> Result<(), Error> {
    let [index, message, delta, finish, native, logprobs] =
        members(choice, ["index", "message", "delta", "finish_reason", "native_finish_reason", "logprobs"])?;
    // A legacy completion is text alone. What else there is stands where a chat completion's message has it.
    const BESIDE: [&str; 5] = ["reasoning", "tool_calls", "function_call", "images", "audio"];
    let said = message.or(delta).unwrap_or(b"{}");
    let [content, refusal] = members(said, ["content", "refusal"])?;
    let beside = members(said, BESIDE)?;
    comma(out);
    out.extend_from_slice(b"{\"text\":");
    text_into(out, text(content).filter(|content| !content.is_empty()).or(text(refusal)).unwrap_or_default());
    member("index", index.unwrap_or(b"0"), out);
    out.extend_from_slice(b",\"logprobs\":");
    match logprobs {
        Some(logprobs) => offsets.told(logprobs, number(index).unwrap_or_default(), out)?,
        None => out.extend_from_slice(b"null"),
    }
    member("finish_reason", finish.unwrap_or(b"null"), out);
    member("native_finish_reason", native.unwrap_or(b"null"), out);
    for (name, value) in BESIDE.iter().zip(beside) {
        value.into_iter().for_each(|value| member(name, value, out));
    }
    out.push(b'}');
    Ok(())
}
