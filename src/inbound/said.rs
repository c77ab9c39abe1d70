//! What OpenRouter's answers say: chunks and whole completions, borrowed.

use super::object::{members, number, text};
use crate::json::{Error, Kind, Scanner, Text};

/// A chunk of a stream, or a whole completion.
#[derive(Debug, Default)]
pub(super) struct Answer<'a> {
    /// `gen-…`, quoted as the others.
    pub(super) id: &'a [u8],
    /// The provider's display name.
    pub(super) provider: &'a [u8],
    /// The model, as catalogued.
    pub(super) model: &'a [u8],
    /// Seconds since the epoch.
    pub(super) created: &'a [u8],
    /// What is said in the first choice.
    pub(super) said: Said<'a>,
    /// How likely its tokens were, as it was written.
    pub(super) logprobs: Option<&'a [u8]>,
    /// Why it ended.
    pub(super) finish_reason: Option<Text<'a>>,
    /// The same in the provider's word.
    pub(super) native_finish_reason: Option<Text<'a>>,
    /// At which sequence it ended, as the one or the other says it.
    pub(super) stopped_at: [Option<Text<'a>>; 3],
    /// What was used.
    pub(super) usage: Option<Counts<'a>>,
    /// The tier that it was served in.
    pub(super) service_tier: Option<Text<'a>>,
    /// Why the stream broke off.
    pub(super) error: Option<&'a [u8]>,
    /// What Anthropic said, where that is who was asked: its message, or the event that the chunk is from.
    pub(super) anthropic: Option<&'a [u8]>,
    /// `openrouter_metadata`.
    pub(super) metadata: Option<&'a [u8]>,
}

/// A message, or what is new of it.
#[derive(Debug, Default)]
pub(super) struct Said<'a> {
    /// Text.
    pub(super) content: Option<Text<'a>>,
    /// Why the model does not want to.
    pub(super) refusal: Option<Text<'a>>,
    /// Reasoning, as text.
    pub(super) reasoning: Option<Text<'a>>,
    /// Reasoning, piece by piece.
    pub(super) details: Vec<Detail<'a>>,
    /// Calls of functions.
    pub(super) calls: Vec<Call<'a>>,
    /// Images, each by its URL.
    pub(super) images: Vec<Text<'a>>,
    /// `annotations`, as they were written: the pages that the text is from, and more.
    pub(super) annotations: Option<&'a [u8]>,
}

/// A piece of reasoning.
#[derive(Debug)]
pub(super) struct Detail<'a> {
    pub(super) kind: Text<'a>,
    /// Whose it is.
    pub(super) format: Option<Text<'a>>,
    /// Text or summary.
    pub(super) text: Option<Text<'a>>,
    pub(super) signature: Option<Text<'a>>,
    pub(super) data: Option<Text<'a>>,
    pub(super) id: Option<Text<'a>>,
    pub(super) index: Option<u64>,
}

/// A call of a function.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) index: u64,
    pub(super) id: Option<Text<'a>>,
    pub(super) name: Option<Text<'a>>,
    pub(super) arguments: Option<Text<'a>>,
}

/// OpenRouter's `usage`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts<'a> {
    pub(super) prompt: u64,
    pub(super) completion: u64,
    pub(super) cached: u64,
    pub(super) cache_write: u64,
    pub(super) reasoning: u64,
    /// Numbers as they were written.
    pub(super) cost: Option<&'a [u8]>,
    pub(super) is_byok: bool,
    pub(super) prompt_cost: Option<&'a [u8]>,
    pub(super) completion_cost: Option<&'a [u8]>,
}

// === impl Answer ===

impl<'a> Answer<'a> {
    /// Reads a chunk or a completion.
    ///
    /// Errors: if it is not JSON of that shape.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Error> {
        let [id, provider, model, created, choices, usage, error, metadata, tier, anthropic] = members(
            body,
            ["id", "provider", "model", "created", "choices", "usage", "error", "openrouter_metadata", "service_tier", "anthropic"],
        )?;
        let mut answer = Self {
            id: id.unwrap_or(b"null"),
            provider: provider.unwrap_or(b"null"),
            model: model.unwrap_or(b"null"),
            created: created.unwrap_or(b"0"),
            usage: usage.map(Counts::read).transpose()?,
            service_tier: text(tier),
            error,
            anthropic,
            metadata,
            ..Self::default()
        };
        let mut first = true;
        if let Some(choices) = choices {
            Scanner::new(choices).array(|scanner| {
                let choice = scanner.raw()?;
                if std::mem::take(&mut first) {
                    answer.choice(choice)?;
                }
                Ok(())
            })?;
        }
        Ok(answer)
    }

    fn choice(&mut self, choice: &'a [u8]) -> Result<(), Error> {
        let [message, delta, finish, native, sequence, vllm, sglang, logprobs] = members(
            choice,
            ["message", "delta", "finish_reason", "native_finish_reason", "stop_sequence", "stop_reason", "matched_stop", "logprobs"],
        )?;
        self.logprobs = logprobs;
        self.finish_reason = text(finish);
        self.native_finish_reason = text(native);
        self.stopped_at = [sequence, vllm, sglang].map(text);
        if let Some(said) = message.or(delta) {
            self.said = Said::read(said)?;
        }
        Ok(())
    }
}

// === impl Said ===

impl<'a> Said<'a> {
    fn read(said: &'a [u8]) -> Result<Self, Error> {
        let [content, refusal, reasoning, details, calls, annotations, call, images, audio] = members(
            said,
            ["content", "refusal", "reasoning", "reasoning_details", "tool_calls", "annotations", "function_call", "images", "audio"],
        )?;
        // Of what is spoken the words can be told.
        let [transcript] = audio.map_or(Ok([None]), |audio| members(audio, ["transcript"]))?;
        let full = |text: &Text<'_>| !text.is_empty();
        let mut said = Self {
            content: text(content).filter(full).or(text(transcript).filter(full)),
            refusal: text(refusal).filter(full),
            reasoning: text(reasoning).filter(full),
            annotations,
            ..Self::default()
        };
        if let Some(details) = details {
            list(details, &mut |detail| {
                let [kind, format, words, summary, signature, data, id, index] =
                    members(detail, ["type", "format", "text", "summary", "signature", "data", "id", "index"])?;
                said.details.push(Detail {
                    kind: text(kind).unwrap_or_default(),
                    format: text(format),
                    text: text(words).or_else(|| text(summary)).filter(full),
                    signature: text(signature).filter(full),
                    data: text(data).filter(full),
                    id: text(id).filter(full),
                    index: number(index),
                });
                Ok(())
            })?;
        }
        if let Some(calls) = calls {
            let mut place = 0u64;
            list(calls, &mut |call| {
                let [index, id, function] = members(call, ["index", "id", "function"])?;
                let [name, arguments] = function.map_or(Ok([None; 2]), |function| members(function, ["name", "arguments"]))?;
                said.calls.push(Call {
                    index: number(index).unwrap_or(place),
                    id: text(id).filter(full),
                    name: text(name).filter(full),
                    arguments: text(arguments).filter(full),
                });
                place = place.saturating_add(1);
                Ok(())
            })?;
        }
        // The older way has no id: what answers it names the function.
        if let Some([name, arguments]) = call.map(|call| members(call, ["name", "arguments"])).transpose()? {
            let name = text(name).filter(full);
            said.calls.push(Call { index: 0, id: name, name, arguments: text(arguments).filter(full) });
        }
        if let Some(images) = images {
            list(images, &mut |image| {
                let [place] = members(image, ["image_url"])?;
                let [url] = place.map_or(Ok([None]), |place| members(place, ["url"]))?;
                said.images.extend(text(url).filter(full));
                Ok(())
            })?;
        }
        Ok(said)
    }
}

// === impl Detail ===

impl Detail<'_> {
    pub(super) fn is_of(&self, format: &str) -> bool {
        self.format.is_some_and(|own| own.is(format))
    }
}

// === impl Counts ===

impl<'a> Counts<'a> {
    /// What Anthropic counted, as it says so when it begins.
    pub(super) fn of_anthropic(usage: &[u8]) -> Self {
        let said = members(usage, ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens"]);
        let [input, cached, cache_write, completion] = said.unwrap_or_default().map(|count| number(count).unwrap_or_default());
        let prompt = input.saturating_add(cached).saturating_add(cache_write);
        Self { prompt, cached, cache_write, completion, ..Self::default() }
    }

    fn read(usage: &'a [u8]) -> Result<Self, Error> {
        let [prompt, completion, prompts, completions, cost, costs, is_byok] = members(
            usage,
            ["prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details", "cost", "cost_details", "is_byok"],
        )?;
        let [cached, cache_write] = prompts.map_or(Ok([None; 2]), |details| members(details, ["cached_tokens", "cache_write_tokens"]))?;
        let [reasoning] = completions.map_or(Ok([None]), |details| members(details, ["reasoning_tokens"]))?;
        let [prompt_cost, completion_cost] = costs
            .map_or(Ok([None; 2]), |costs| members(costs, ["upstream_inference_prompt_cost", "upstream_inference_completions_cost"]))?;
        let count = |value| number(value).unwrap_or_default();
        Ok(Self {
            prompt: count(prompt),
            completion: count(completion),
            cached: count(cached),
            cache_write: count(cache_write),
            reasoning: count(reasoning),
            cost,
            is_byok: is_byok == Some(b"true"),
            prompt_cost,
            completion_cost,
        })
    }
}

/// Walks a list of objects; what is none is passed over.
#[inline(never)]
pub(super) fn list<'a>(value: &'a [u8], element: &mut dyn FnMut(&'a [u8]) -> Result<(), Error>) -> Result<(), Error> {
    let mut scanner = Scanner::new(value);
    if scanner.kind()? != Kind::Array {
        return Ok(());
    }
    scanner.elements(&mut |scanner| {
        let is_object = scanner.kind()? == Kind::Object;
        let value = scanner.raw()?;
        if is_object { element(value) } else { Ok(()) }
    })
}
