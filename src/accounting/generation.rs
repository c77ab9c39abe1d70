//! What became of a request: a compact record while it is kept, an object when it is asked for.
//!
//! See <https://openrouter.ai/docs/api-reference/get-a-generation>.

use std::borrow::Cow;

use super::activity::endpoint_id;
use super::object::Object;
use crate::api::Api;
use crate::calendar::timestamp;
use crate::clock::Millis;
use crate::exchange::{Attempt, Exchange, Outcome, Settlement};
use crate::price::NanoUsd;
use crate::protobuf::{varint, varint_into};
use crate::route::Strategy;
use crate::router::Router;

/// How a client presents itself, in headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Presentation<'a> {
    /// `user-agent`.
    pub user_agent: Option<&'a [u8]>,
    /// `http-referer`.
    pub referer: Option<&'a [u8]>,
    /// `x-openrouter-title` or `x-title`.
    pub title: Option<&'a [u8]>,
    /// `x-session-id`.
    pub session: Option<&'a [u8]>,
}

/// What became of a request, read from its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation<'a> {
    id: Cow<'a, str>,
    /// The name of the key that asked.
    key: Cow<'a, str>,
    model: Cow<'a, str>,
    provider: Cow<'a, str>,
    finish_reason: Cow<'a, str>,
    native_finish_reason: Cow<'a, str>,
    user_agent: Cow<'a, str>,
    referer: Cow<'a, str>,
    title: Cow<'a, str>,
    session_id: Cow<'a, str>,
    upstream_id: Cow<'a, str>,
    service_tier: Cow<'a, str>,
    created: Millis,
    cost: NanoUsd,
    streamed: bool,
    /// Whether vectors were asked for, and no words.
    embeds: bool,
    /// The router that chose the model.
    router: Option<Router>,
    cancelled: bool,
    /// Whether the last credential was the client's own.
    is_byok: bool,
    /// Milliseconds to the first token.
    latency: Option<u64>,
    /// Milliseconds to the end.
    duration: u64,
    tokens: Option<Tokens>,
    responses: Vec<Response<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tokens {
    prompt: u64,
    completion: u64,
    reasoning: u64,
    cached: u64,
    images: u64,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Response<'a> {
    provider: Cow<'a, str>,
    model: Cow<'a, str>,
    endpoint: u64,
    /// `None` if no answer came.
    status: Option<u64>,
    /// Milliseconds.
    latency: u64,
    /// Whether the credential was the client's own.
    is_byok: bool,
}

/// A record is never larger.
pub const MAX_RECORD: usize = 2 * (1 + MAX_TEXT) + 10 * (2 + MAX_TEXT) + 12 * 10 + MAX_RESPONSES * (2 * (2 + MAX_TEXT) + 3 * 10);

/// What of a text is kept, in bytes: a session's id has up to 256.
const MAX_TEXT: usize = 256;
/// What attempts are kept: the first so many.
const MAX_RESPONSES: usize = 8;

const STREAMED: u64 = 1;
const CANCELLED: u64 = 2;
const COUNTED: u64 = 4;
const EMBEDS: u64 = 8;
const AUTO: u64 = 16;
const BYOK: u64 = 32;
/// The same of the first attempt that is kept; those of the others follow.
const FIRST_BYOK: u64 = 64;
const FREE: u64 = FIRST_BYOK << MAX_RESPONSES;

/// Appends the record of a settled exchange to `out`.
pub fn record(exchange: &Exchange, settled: &Settlement, client: &Presentation<'_>, out: &mut Vec<u8>) {
    let last = settled.attempts.last().map(|attempt| &attempt.endpoint);
    let asked = exchange.request().models.first().map_or("", |model| model.as_str());
    let finish = settled.finish.unwrap_or_default();
    let session = exchange.request().session();
    for text in [
        exchange.generation_id().as_bytes(),
        settled.key.name.as_bytes(),
        last.map_or(asked, |endpoint| &endpoint.catalogue_id).as_bytes(),
        last.map_or("", |endpoint| &endpoint.provider.name).as_bytes(),
        finish.reason.as_bytes(),
        finish.native.as_bytes(),
        client.user_agent.unwrap_or_default(),
        client.referer.unwrap_or_default(),
        client.title.unwrap_or_default(),
        session.as_deref().map(str::as_bytes).or(client.session).unwrap_or_default(),
        settled.provenance.upstream_id.as_bytes(),
        settled.provenance.service_tier.as_bytes(),
    ] {
        text_into(text, out);
    }
    let spent = settled.spent.unwrap_or_default();
    let flag = |flag: u64, holds: bool| if holds { flag } else { 0 };
    let byok = settled.attempts.iter().take(MAX_RESPONSES).rev().fold(0, |flags: u64, attempt| {
        let flags = flags.saturating_mul(2);
        flags | flag(FIRST_BYOK, attempt.endpoint.is_byok())
    });
    for number in [
        flag(STREAMED, settled.stream)
            | flag(CANCELLED, settled.cancelled)
            | flag(COUNTED, settled.spent.is_some())
            | flag(EMBEDS, exchange.request().api == Api::Embeddings)
            | flag(AUTO, exchange.strategy() == Strategy::Router(Router::Auto))
            | flag(FREE, exchange.strategy() == Strategy::Router(Router::Free))
            | flag(BYOK, last.is_some_and(|endpoint| endpoint.is_byok()))
            | byok,
        exchange.started().0,
        spent.cost.total.get(),
        // 0 for none.
        settled.time_to_first_token.map_or(0, |first| first.saturating_add(1)),
        settled.duration,
        spent.usage.input_tokens(),
        spent.usage.output_tokens(),
        spent.usage.reasoning,
        spent.usage.cache_read,
        spent.usage.image_output,
    ] {
        varint_into(number, out);
    }
    let ended = exchange.started().0.saturating_add(settled.time_to_first_token.unwrap_or(settled.duration));
    let ends = settled.attempts.iter().skip(1).map(|next| next.started.0).chain([ended]);
    for (attempt, end) in settled.attempts.iter().zip(ends).take(MAX_RESPONSES) {
        text_into(attempt.endpoint.provider.name.as_bytes(), out);
        text_into(attempt.endpoint.catalogue_id.as_bytes(), out);
        for number in [attempt.endpoint.public_id, status(attempt), end.saturating_sub(attempt.started.0)] {
            varint_into(number, out);
        }
    }
}

/// The status of an attempt's answer; 0 if none came.
fn status(attempt: &Attempt) -> u64 {
    match attempt.outcome {
        Outcome::Accepted => 200,
        _ => attempt.outcome.status().map_or(0, u64::from),
    }
}

#[inline(never)]
fn text_into(text: &[u8], out: &mut Vec<u8>) {
    let text = text.get(..MAX_TEXT).unwrap_or(text);
    varint_into(text.len() as u64, out);
    out.extend_from_slice(text);
}

// === impl Generation ===

impl<'a> Generation<'a> {
    /// Reads a record; `None` if it is none.
    pub fn parse(record: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(record);
        let (id, key, model, provider) = (reader.text()?, reader.text()?, reader.text()?, reader.text()?);
        let (finish_reason, native_finish_reason) = (reader.text()?, reader.text()?);
        let (user_agent, referer, title) = (reader.text()?, reader.text()?, reader.text()?);
        let (session_id, upstream_id, service_tier) = (reader.text()?, reader.text()?, reader.text()?);
        let (flags, created, cost) = (reader.number()?, reader.number()?, reader.number()?);
        let (first, duration) = (reader.number()?, reader.number()?);
        let tokens = Tokens {
            prompt: reader.number()?,
            completion: reader.number()?,
            reasoning: reader.number()?,
            cached: reader.number()?,
            images: reader.number()?,
        };
        let mut responses = Vec::new();
        while !reader.0.is_empty() && responses.len() < MAX_RESPONSES {
            let (provider, model) = (reader.text()?, reader.text()?);
            let (endpoint, status, latency) = (reader.number()?, reader.number()?, reader.number()?);
            let is_byok = flags & FIRST_BYOK.checked_shl(u32::try_from(responses.len()).unwrap_or_default()).unwrap_or_default() != 0;
            responses.push(Response { provider, model, endpoint, status: (status > 0).then_some(status), latency, is_byok });
        }
        Some(Self {
            id,
            key,
            model,
            provider,
            finish_reason,
            native_finish_reason,
            user_agent,
            referer,
            title,
            session_id,
            upstream_id,
            service_tier,
            created: Millis(created),
            cost: NanoUsd::new(cost),
            streamed: flags & STREAMED != 0,
            embeds: flags & EMBEDS != 0,
            router: match (flags & AUTO, flags & FREE) {
                (0, 0) => None,
                (0, _) => Some(Router::Free),
                _ => Some(Router::Auto),
            },
            cancelled: flags & CANCELLED != 0,
            is_byok: flags & BYOK != 0,
            latency: first.checked_sub(1),
            duration,
            tokens: (flags & COUNTED != 0).then_some(tokens),
            responses,
        })
    }

    /// Whether it is this one, and was asked for by this key.
    pub fn is(&self, id: &str, key: &str) -> bool {
        // A key's name may have been cut.
        self.id == id && key.as_bytes().get(..MAX_TEXT).unwrap_or(key.as_bytes()) == self.key.as_bytes()
    }

    /// The body that answers `GET /generation`.
    pub fn body(&self) -> Vec<u8> {
        fn there(text: &str) -> Option<&str> {
            Some(text).filter(|text| !text.is_empty())
        }
        let tokens = |count: fn(&Tokens) -> u64| self.tokens.as_ref().map(count);
        let mut out = Object::data();
        out.text("id", Some(&self.id));
        out.text("model", Some(&self.model));
        out.text("provider_name", there(&self.provider));
        out.text("created_at", Some(&timestamp(self.created)));
        out.text("api_type", Some(if self.embeds { "embeddings" } else { "completions" }));
        out.text("router", self.router.map(Router::as_str));
        out.text("upstream_id", there(&self.upstream_id));
        out.text("session_id", there(&self.session_id));
        out.text("service_tier", there(&self.service_tier));
        out.usd("total_cost", self.cost);
        out.usd("usage", self.cost);
        out.flag("is_byok", self.is_byok);
        out.flag("streamed", self.streamed);
        out.flag("cancelled", self.cancelled);
        out.number("latency", self.latency);
        out.number("generation_time", self.tokens.is_some().then_some(self.duration));
        out.text("finish_reason", there(&self.finish_reason));
        out.text("native_finish_reason", there(&self.native_finish_reason));
        out.number("tokens_prompt", tokens(|tokens| tokens.prompt));
        out.number("tokens_completion", tokens(|tokens| tokens.completion));
        out.number("native_tokens_prompt", tokens(|tokens| tokens.prompt));
        out.number("native_tokens_completion", tokens(|tokens| tokens.completion));
        out.number("native_tokens_reasoning", tokens(|tokens| tokens.reasoning));
        out.number("native_tokens_cached", tokens(|tokens| tokens.cached));
        out.number("native_tokens_completion_images", tokens(|tokens| tokens.images));
        out.text("user_agent", there(&self.user_agent));
        out.text("http_referer", there(&self.referer));
        out.text("app", there(&self.title));
        // Where a request came from is told by the two above.
        out.text("origin", Some(&self.referer));
        out.text("data_region", Some("global"));
        match self.is_byok {
            true => out.usd("upstream_inference_cost", self.cost),
            false => out.nulls(&["upstream_inference_cost"]),
        }
        out.list("provider_responses", &self.responses, |item, response| {
            item.number("status", response.status);
            item.text("provider_name", Some(&response.provider));
            item.text("model_permaslug", Some(&response.model));
            item.text("endpoint_id", Some(&endpoint_id(response.endpoint)));
            item.number("latency", Some(response.latency));
            item.flag("is_byok", response.is_byok);
        });
        out.nulls(&[
            "app_id",
            "cache_discount",
            "external_user",
            "moderation_latency",
            "num_fetches",
            "num_input_audio_prompt",
            "num_media_completion",
            "num_media_prompt",
            "num_search_results",
            "preset_id",
            "web_search_engine",
            "workspace_id",
        ]);
        out.end_data()
    }
}

/// The rest of a record.
struct Reader<'a>(&'a [u8]);

// === impl Reader ===

impl<'a> Reader<'a> {
    #[inline(never)]
    fn number(&mut self) -> Option<u64> {
        let (number, rest) = varint(self.0)?;
        self.0 = rest;
        Some(number)
    }

    #[inline(never)]
    fn text(&mut self) -> Option<Cow<'a, str>> {
        let len = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(String::from_utf8_lossy(text))
    }
}
