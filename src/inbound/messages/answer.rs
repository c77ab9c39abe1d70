//! The answer, as a message or as the events of one.

use super::super::event::{Event, Events};
use super::super::object::{comma, member, members, put, put_number};
use super::super::said::{Answer as Said, Counts};
use super::super::sealed::{FORMAT, seal};
use super::citation::citations_into;
use super::own::Own;
use super::stop::StopSequences;
use super::stream::Stream;
use crate::json::{Scanner, Text, text_into};

/// Brings answers into Anthropic's shape.
#[derive(Debug, Default)]
pub(in crate::inbound) struct Answer {
    stops: StopSequences,
    events: Events,
    stream: Stream,
}

// === impl Answer ===

impl Answer {
    /// For a request with these `stop_sequences`.
    pub(super) fn new(stops: StopSequences) -> Self {
        Self { stops, ..Self::default() }
    }

    /// The next bytes of a stream.
    pub(in crate::inbound) fn stream(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let Self { stops, stream, events } = self;
        events.feed(bytes, |event| match event {
            Event::Chunk(chunk) => stream.chunk(chunk, stops, &mut out),
            Event::KeepAlive => stream.keep_alive(&mut out),
            Event::Done => stream.end(&mut out),
        });
        out
    }

    /// A whole answer.
    pub(in crate::inbound) fn whole(&self, completion: &[u8]) -> Option<Vec<u8>> {
        let answer = Said::read(completion).ok()?;
        let own = answer.anthropic.map_or_else(Own::default, Own::of_message);
        let mut out = Vec::with_capacity(completion.len());
        out.push(b'{');
        head_into(&answer, &mut out);
        own.write(&mut out);
        match own.content {
            Some(content) => put(&mut out, &[b",\"content\":", content, b","]),
            None => {
                out.extend_from_slice(b",\"content\":[");
                content_into(&answer, &mut out);
                out.extend_from_slice(b"],");
            }
        }
        self.stops.stop(&answer, answer.said.refusal.is_some()).write(&mut out);
        out.extend_from_slice(b",\"usage\":");
        usage_into(&answer.usage.unwrap_or_default(), answer.service_tier, own.usage.as_slice(), &mut out);
        metadata_into(&answer, &mut out);
        out.push(b'}');
        Some(out)
    }
}

/// Appends the members that say whose message it is.
pub(super) fn head_into(answer: &Said<'_>, out: &mut Vec<u8>) {
    put(out, &[b"\"id\":", answer.id, b",\"type\":\"message\",\"role\":\"assistant\",\"model\":", answer.model]);
    put(out, &[b",\"provider\":", answer.provider]);
}

/// Appends `openrouter_metadata`, if it is there.
pub(super) fn metadata_into(answer: &Said<'_>, out: &mut Vec<u8>) {
    if let Some(metadata) = answer.metadata {
        put(out, &[b",\"openrouter_metadata\":", metadata]);
    }
}

/// Appends Anthropic's `usage`, in which the input is without what the cache had, with the tier by Anthropic's name, and OpenRouter's cost;
/// `own` are Anthropic's, where that is who was asked, of which the last counts.
pub(super) fn usage_into(counts: &Counts<'_>, tier: Option<Text<'_>>, own: &[&[u8]], out: &mut Vec<u8>) {
    let input = counts.prompt.saturating_sub(counts.cached).saturating_sub(counts.cache_write);
    out.extend_from_slice(b"{\"input_tokens\":");
    put_number(out, input);
    out.extend_from_slice(b",\"cache_creation_input_tokens\":");
    put_number(out, counts.cache_write);
    out.extend_from_slice(b",\"cache_read_input_tokens\":");
    put_number(out, counts.cached);
    out.extend_from_slice(b",\"output_tokens\":");
    put_number(out, counts.completion);
    out.extend_from_slice(b",\"output_tokens_details\":{\"thinking_tokens\":");
    put_number(out, counts.reasoning);
    out.push(b'}');
    let tier = tier.map_or(&b"standard"[..], |tier| if tier.is("default") { b"standard" } else { tier.raw });
    const MORE: [&str; 3] = ["cache_creation", "inference_geo", "server_tool_use"];
    let mut more = [None; MORE.len()];
    for said in own.iter().filter_map(|own| members(own, MORE).ok()) {
        more.iter_mut().zip(said).for_each(|(more, said)| *more = said.or(*more));
    }
    MORE.iter().zip(more).for_each(|(name, value)| member(name, value.unwrap_or(b"null"), out));
    put(out, &[b",\"service_tier\":\"", tier, b"\""]);
    if let Some(cost) = counts.cost {
        let is_byok: &[u8] = if counts.is_byok { b"true" } else { b"false" };
        put(out, &[b",\"cost\":", cost, b",\"is_byok\":", is_byok, b",\"cost_details\":{\"upstream_inference_cost\":", cost]);
        put(out, &[b",\"upstream_inference_prompt_cost\":", counts.prompt_cost.unwrap_or(b"0")]);
        put(out, &[b",\"upstream_inference_completions_cost\":", counts.completion_cost.unwrap_or(b"0"), b"}"]);
    }
    out.push(b'}');
}

/// Appends the blocks of a whole answer: thinking, text, calls.
fn content_into(answer: &Said<'_>, out: &mut Vec<u8>) {
    let said = &answer.said;
    for detail in &said.details {
        if detail.data.is_some() {
            comma(out);
            put(out, &[b"{\"type\":\"redacted_thinking\",\"data\":\"", &seal(detail), b"\"}"]);
            continue;
        }
        let signature = detail.signature.filter(|_| detail.is_of(FORMAT)).unwrap_or_default();
        thinking_into(detail.text.unwrap_or_default().raw, signature.raw, out);
    }
    if let Some(reasoning) = said.reasoning.filter(|_| said.details.is_empty()) {
        thinking_into(reasoning.raw, b"", out);
    }
    let mut citations = Vec::new();
    if said.annotations.is_some_and(|annotations| citations_into(annotations, &mut citations).is_err()) {
        citations.clear();
    }
    for text in [said.content, said.refusal].into_iter().flatten() {
        comma(out);
        out.extend_from_slice(b"{\"type\":\"text\",\"citations\":");
        match std::mem::take(&mut citations) {
            none if none.is_empty() => out.extend_from_slice(b"null"),
            citations => put(out, &[b"[", &citations, b"]"]),
        }
        out.extend_from_slice(b",\"text\":");
        text_into(out, text);
        out.push(b'}');
    }
    for image in &said.images {
        comma(out);
        image_into(*image, out);
    }
    for call in &said.calls {
        comma(out);
        out.extend_from_slice(b"{\"type\":\"tool_use\",\"caller\":{\"type\":\"direct\"},\"id\":");
        text_into(out, call.id.unwrap_or_default());
        out.extend_from_slice(b",\"name\":");
        text_into(out, call.name.unwrap_or_default());
        let arguments = call.arguments.unwrap_or_default().value();
        let mut scanner = Scanner::new(arguments.trim().as_bytes());
        let is_object = arguments.trim().starts_with('{') && scanner.skip().and_then(|_| scanner.end()).is_ok();
        // A model cannot be kept from writing what is no JSON.
        put(out, &[b",\"input\":", if is_object { arguments.trim().as_bytes() } else { b"{}" }, b"}"]);
    }
}

/// Appends an image as requests have them: Claude makes none.
pub(super) fn image_into(url: Text<'_>, out: &mut Vec<u8>) {
    let inline = || {
        let rest = url.raw.strip_prefix(b"data:")?;
        let comma = rest.iter().position(|byte| *byte == b',')?;
        Some((rest.get(..comma)?.strip_suffix(b";base64")?, rest.get(comma.saturating_add(1)..)?))
    };
    match inline() {
        Some((media_type, data)) => {
            put(
                out,
                &[b"{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"", media_type, b"\",\"data\":\"", data, b"\"}}"],
            );
        }
        None => put(out, &[b"{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"", url.raw, b"\"}}"]),
    }
}

fn thinking_into(text: &[u8], signature: &[u8], out: &mut Vec<u8>) {
    if !text.is_empty() || !signature.is_empty() {
        comma(out);
        put(out, &[b"{\"type\":\"thinking\",\"thinking\":\"", text, b"\",\"signature\":\"", signature, b"\"}"]);
    }
}
