//! The response object, as it stands in an answer and in the events of a stream.

use super::super::object::{comma, members, put, put_number};
use super::super::said::Counts;
use crate::json::Error;

/// What a response says of its request, as the request said it.
#[derive(Debug)]
pub(super) struct Echo {
    members: Vec<u8>,
    service_tier: Vec<u8>,
}

/// The members that a response has of its request, and what they are by default.
const ECHOED: [(&str, &str); 19] = [
    ("background", "false"),
    ("frequency_penalty", "null"),
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("max_tool_calls", "null"),
    ("metadata", "null"),
    ("parallel_tool_calls", "true"),
    ("presence_penalty", "null"),
    ("previous_response_id", "null"),
    ("prompt_cache_key", "null"),
    ("reasoning", "null"),
    ("safety_identifier", "null"),
    ("store", "false"),
    ("temperature", "null"),
    ("text", "{\"format\":{\"type\":\"text\"}}"),
    ("tool_choice", "\"auto\""),
    ("tools", "[]"),
    ("top_p", "null"),
    ("truncation", "\"disabled\""),
];

/// What a response has come to.
#[derive(Debug)]
pub(super) struct Response<'a> {
    /// `gen-…`, quoted as the others.
    pub(super) id: &'a [u8],
    pub(super) model: &'a [u8],
    pub(super) provider: &'a [u8],
    /// Seconds since the epoch.
    pub(super) created: &'a [u8],
    /// The same of its end, if it is complete.
    pub(super) completed_at: Option<u64>,
    pub(super) status: &'a str,
    /// Why it is not complete.
    pub(super) incomplete: Option<&'a str>,
    pub(super) error: Option<Failure<'a>>,
    /// The items, and the text in them.
    pub(super) output: &'a [u8],
    pub(super) output_text: &'a [u8],
    pub(super) usage: Option<&'a [u8]>,
    /// The tier that it was served in, if that is known, quoted; else it is the one that was asked for.
    pub(super) service_tier: Option<&'a [u8]>,
    pub(super) metadata: Option<&'a [u8]>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure<'a> {
    pub(super) code: &'a str,
    pub(super) message: &'a [u8],
    /// OpenRouter's type of it.
    pub(super) error_type: &'a [u8],
    pub(super) availability: Option<&'a [u8]>,
}

// === impl Echo ===

impl Echo {
    /// What is said of `request`.
    ///
    /// Errors: if it is no object.
    pub(super) fn of(request: &[u8]) -> Result<Self, Error> {
        let said = members(request, ECHOED.map(|(name, _)| name))?;
        let mut out = Vec::new();
        for ((name, default), value) in ECHOED.iter().zip(said) {
            put(&mut out, &[b",\"", name.as_bytes(), b"\":", value.unwrap_or(default.as_bytes())]);
        }
        let [tier] = members(request, ["service_tier"])?;
        Ok(Self { members: out, service_tier: tier.filter(|tier| *tier != b"\"auto\"").unwrap_or(b"null").to_vec() })
    }
}

// === impl Response ===

impl Response<'_> {
    /// Appends the object.
    pub(super) fn write(&self, echo: &Echo, out: &mut Vec<u8>) {
        put(out, &[b"{\"id\":", self.id, b",\"object\":\"response\",\"created_at\":", self.created]);
        out.extend_from_slice(b",\"completed_at\":");
        match self.completed_at {
            Some(completed_at) => put_number(out, completed_at),
            None => out.extend_from_slice(b"null"),
        }
        put(out, &[b",\"status\":\"", self.status.as_bytes(), b"\",\"model\":", self.model]);
        put(out, &[b",\"provider\":", self.provider, b",\"output\":[", self.output, b"],\"output_text\":\"", self.output_text, b"\""]);
        match self.incomplete {
            Some(reason) => put(out, &[b",\"incomplete_details\":{\"reason\":\"", reason.as_bytes(), b"\"}"]),
            None => put(out, &[b",\"incomplete_details\":null"]),
        }
        match self.error {
            Some(Failure { code, message, error_type, availability }) => {
                put(out, &[b",\"error\":{\"code\":\"", code.as_bytes(), b"\",\"message\":", message]);
                if let Some(availability) = availability {
                    put(out, &[b",\"availability\":", availability]);
                }
                put(out, &[b"},\"error_type\":", error_type]);
            }
            None => put(out, &[b",\"error\":null"]),
        }
        out.extend_from_slice(&echo.members);
        put(out, &[b",\"service_tier\":", self.service_tier.unwrap_or(&echo.service_tier)]);
        if let Some(usage) = self.usage {
            put(out, &[b",\"usage\":", usage]);
        }
        if let Some(metadata) = self.metadata {
            put(out, &[b",\"openrouter_metadata\":", metadata]);
        }
        out.push(b'}');
    }
}

/// Appends the `usage` of a response.
pub(super) fn usage_into(counts: &Counts<'_>, out: &mut Vec<u8>) {
    let mut count = |name: &str, count: u64| {
        comma(out);
        out.extend_from_slice(name.as_bytes());
        put_number(out, count);
    };
    count("{\"input_tokens\":", counts.prompt);
    count("\"input_tokens_details\":{\"cached_tokens\":", counts.cached);
    count("\"cache_write_tokens\":", counts.cache_write);
    out.push(b'}');
    let mut count = |name: &str, count: u64| {
        comma(out);
        out.extend_from_slice(name.as_bytes());
        put_number(out, count);
    };
    count("\"output_tokens\":", counts.completion);
    count("\"output_tokens_details\":{\"reasoning_tokens\":", counts.reasoning);
    out.push(b'}');
    out.extend_from_slice(b",\"total_tokens\":");
    put_number(out, counts.prompt.saturating_add(counts.completion));
    if let Some(cost) = counts.cost {
        let is_byok: &[u8] = if counts.is_byok { b"true" } else { b"false" };
        put(out, &[b",\"cost\":", cost, b",\"is_byok\":", is_byok, b",\"cost_details\":{\"upstream_inference_cost\":", cost]);
        put(out, &[b",\"upstream_inference_input_cost\":", counts.prompt_cost.unwrap_or(b"0")]);
        put(out, &[b",\"upstream_inference_output_cost\":", counts.completion_cost.unwrap_or(b"0"), b"}"]);
    }
    out.push(b'}');
}
