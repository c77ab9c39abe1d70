//! How the answer is to be made.

use super::{ToolChoice, each, present, text, tool};
use crate::chat::Name;
use crate::error::ClientError;
use crate::json::{Kind, Scanner, Text};

/// How the answer is to be made. Numbers are as they were written; what is `null` is absent. The limit on the answer is
/// [`Request::max_tokens`](crate::chat::Request::max_tokens), reasoning is [`Request::reasoning`](crate::chat::Request::reasoning).
#[derive(Debug, Default)]
pub struct Parameters<'a> {
    /// `temperature`, from 0 to 2.
    pub temperature: Option<&'a [u8]>,
    /// `top_p`.
    pub top_p: Option<&'a [u8]>,
    /// `top_k`.
    pub top_k: Option<&'a [u8]>,
    /// `frequency_penalty`.
    pub frequency_penalty: Option<&'a [u8]>,
    /// `presence_penalty`.
    pub presence_penalty: Option<&'a [u8]>,
    /// `seed`, 64 bits.
    pub seed: Option<&'a [u8]>,
    /// `stop`, be it one or several.
    pub stop: Vec<Text<'a>>,
    /// `tool_choice`.
    pub tool_choice: Option<ToolChoice<'a>>,
    /// `parallel_tool_calls`.
    pub parallel_tool_calls: Option<bool>,
    /// `response_format` other than text.
    pub response_format: Option<ResponseFormat<'a>>,
    /// `verbosity`.
    pub verbosity: Option<Text<'a>>,
    /// `image_config`, an object.
    pub image_config: Option<&'a [u8]>,
    /// `cache_control` of the whole request.
    pub cache_control: Option<&'a [u8]>,
    /// `user`: whoever the client asks for.
    pub user: Option<Text<'a>>,
    /// `logprobs`.
    pub logprobs: Option<bool>,
    /// `top_logprobs`.
    pub top_logprobs: Option<&'a [u8]>,
    /// Every member that the gateway does not know, in order: key and value.
    pub others: Vec<(Text<'a>, &'a [u8])>,
}

/// What the answer has to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFormat<'a> {
    /// Some JSON object.
    JsonObject,
    /// JSON of a schema.
    JsonSchema {
        /// What the schema is called.
        name: Option<Text<'a>>,
        /// What it is for.
        description: Option<Text<'a>>,
        /// The schema, as it was written.
        schema: &'a [u8],
        /// Whether it has to be followed to the letter.
        strict: bool,
    },
}

// === impl Parameters ===

impl<'a> Parameters<'a> {
    pub(super) fn read(&mut self, name: Name, key: Text<'a>, value: &'a [u8]) -> Result<(), ClientError> {
        if value == b"null" {
            return Ok(());
        }
        match name {
            Name::Temperature => self.temperature = number(value, "temperature")?,
            Name::TopP => self.top_p = number(value, "top_p")?,
            Name::TopK => self.top_k = number(value, "top_k")?,
            Name::FrequencyPenalty => self.frequency_penalty = number(value, "frequency_penalty")?,
            Name::PresencePenalty => self.presence_penalty = number(value, "presence_penalty")?,
            Name::Seed => self.seed = number(value, "seed")?,
            Name::TopLogprobs => self.top_logprobs = number(value, "top_logprobs")?,
            Name::Logprobs => self.logprobs = Some(value == b"true"),
            Name::ParallelToolCalls => self.parallel_tool_calls = Some(value == b"true"),
            Name::Stop => self.stop = stops(value)?,
            Name::ToolChoice => self.tool_choice = tool::choice(value),
            Name::ResponseFormat => self.response_format = response_format(value)?,
            Name::Verbosity => self.verbosity = Scanner::new(value).string().ok(),
            Name::ImageConfig => self.image_config = Some(value).filter(|config| config.starts_with(b"{")),
            Name::CacheControl => self.cache_control = Some(value).filter(|mark| mark.starts_with(b"{")),
            Name::Other if key.is("user") => self.user = Scanner::new(value).string().ok(),
            Name::Other => self.others.push((key, value)),
            _ => {}
        }
        Ok(())
    }
}

fn number<'a>(value: &'a [u8], member: &str) -> Result<Option<&'a [u8]>, ClientError> {
    if Scanner::new(value).kind() == Ok(Kind::Number) { Ok(Some(value)) } else { Err(ClientError::invalid(member, "a number")) }
}

fn stops(value: &[u8]) -> Result<Vec<Text<'_>>, ClientError> {
    const EXPECTED: &str = "a string or an array of strings";
    if let Ok(stop) = Scanner::new(value).string() {
        return Ok(vec![stop]);
    }
    let mut stops = Vec::new();
    each(value, "stop", EXPECTED, |scanner, _| {
        stops.push(scanner.string().map_err(|error| super::wrong_type(error, "stop", EXPECTED))?);
        Ok(())
    })?;
    Ok(stops)
}

fn response_format(value: &[u8]) -> Result<Option<ResponseFormat<'_>>, ClientError> {
    let mut kind = None;
    let mut json_schema = None;
    let walked = Scanner::new(value).members(&mut |scanner, key, _| {
        match key.raw {
            b"type" => kind = text(scanner)?,
            b"json_schema" => json_schema = present(scanner)?,
            _ => _ = scanner.skip()?,
        }
        Ok(())
    });
    walked.map_err(|error| super::wrong_type(error, "response_format", "an object"))?;
    match kind.map(|kind| kind.raw) {
        Some(b"json_object") => Ok(Some(ResponseFormat::JsonObject)),
        Some(b"json_schema") => {
            let schema = json_schema.and_then(self::json_schema);
            schema.map(Some).ok_or_else(|| ClientError::invalid("response_format.json_schema.schema", "a JSON schema"))
        }
        _ => Ok(None),
    }
}

fn json_schema(value: &[u8]) -> Option<ResponseFormat<'_>> {
    let (mut name, mut description, mut schema, mut strict) = (None, None, None, false);
    let walked = Scanner::new(value).members(&mut |scanner, key, _| {
        match key.raw {
            b"name" => name = text(scanner)?,
            b"description" => description = text(scanner)?,
            b"schema" => schema = present(scanner)?.filter(|schema| schema.starts_with(b"{")),
            b"strict" => strict = scanner.raw()? == b"true",
            _ => _ = scanner.skip()?,
        }
        Ok(())
    });
    walked.ok()?;
    Some(ResponseFormat::JsonSchema { name, description, schema: schema?, strict })
}
