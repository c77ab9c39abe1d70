//! A stream run to its end, and what has to hold of the chunks that come out.

use signalbox::error::{Error, ProviderError};
use signalbox::fallback;
use signalbox::provider::Progress;
use signalbox::provider::{Account, Stream as _, openai::Stream};
use signalbox::usage::Usage;

use super::golden::{cost, envelope};
use super::schema::{
    Is::{self, Integer, Object, Objects, Text, Word},
    Members,
    Rule::{NotNull, Nullable, Optional, Required},
    USAGE, violations,
};

/// A larger event passes unread.
const MAX_EVENT_BYTES: usize = 1000;

const CHUNK: Members = &[
    ("id", Required, Text),
    ("object", Required, Word("chat.completion.chunk")),
    ("created", Required, Integer),
    ("model", Required, Text),
    ("provider", Required, Text),
    ("system_fingerprint", NotNull, Text),
    ("service_tier", Optional, Text),
    ("choices", Required, Objects(CHOICE)),
    ("usage", NotNull, Object(USAGE)),
    ("error", NotNull, Object(ERROR)),
];

const CHOICE: Members = &[
    ("index", Required, Integer),
    ("finish_reason", Nullable, Text),
    ("native_finish_reason", Nullable, Text),
    ("logprobs", Optional, Object(&[])),
    ("delta", Required, Object(DELTA)),
];

const DELTA: Members = &[
    ("role", NotNull, Word("assistant")),
    ("content", Optional, Text),
    ("reasoning", Optional, Text),
    ("reasoning_details", NotNull, Is::List),
    ("refusal", Optional, Text),
    ("audio", NotNull, Object(&[])),
    ("images", NotNull, Is::List),
    ("annotations", NotNull, Is::List),
    (
        "tool_calls",
        NotNull,
        Objects(&[
            ("index", Required, Integer),
            ("id", NotNull, Text),
            ("type", NotNull, Word("function")),
            ("function", NotNull, Object(&[("name", NotNull, Text), ("arguments", NotNull, Text)])),
        ]),
    ),
];

const ERROR: Members = &[
    ("code", Required, Integer),
    ("message", Required, Text),
    ("metadata", NotNull, Object(&[("error_type", Required, Text), ("provider_name", NotNull, Text)])),
];

/// How a stream ran.
#[derive(Debug, PartialEq)]
pub(crate) struct Ran {
    /// What came out.
    pub(crate) chunks: String,
    pub(crate) usage: Option<Usage>,
    pub(crate) output_bytes: usize,
    pub(crate) unread: bool,
    pub(crate) progress: Progress,
}

pub(crate) fn run(stream: &str) -> Ran {
    run_in_pieces([stream.as_bytes()])
}

pub(crate) fn run_in_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Ran {
    let mut stream = Stream::new(envelope(), false, MAX_EVENT_BYTES);
    let mut chunks = Vec::new();
    for piece in pieces {
        stream.feed(piece, &mut chunks);
    }
    stream.finish(&mut chunks);
    let Account { progress, usage, output_bytes, unread, .. } = stream.account().clone();
    Ran { chunks: String::from_utf8(chunks).unwrap(), usage, output_bytes, unread, progress }
}

/// How far a stream whose events come one by one has come while the provider has not closed it.
pub(crate) fn progress(stream: &str) -> Progress {
    let mut fed = Stream::new(envelope(), false, MAX_EVENT_BYTES);
    stream.split_inclusive("\n\n").for_each(|event| fed.feed(event.as_bytes(), &mut Vec::new()));
    fed.account().progress.clone()
}

impl Ran {
    /// All that a client gets: the chunks with the usage or the failure after them.
    pub(crate) fn answer(&self) -> String {
        let mut tail = Vec::new();
        match &self.progress {
            Progress::Failed(fault) => {
                let outlook = fallback::outlook(fault);
                let raw = fault.raw.clone();
                let error =
                    ProviderError { raw, outlook, ..ProviderError::new(fallback::client_status(fault), fault.error_type, "Acme \"AI\"") };
                envelope().error_chunk_into(&Error::from(error), &mut tail);
            }
            _ => {
                let usage = self.usage.unwrap_or_else(|| Usage::estimate(40, self.output_bytes));
                envelope().usage_chunk_into(&usage, &cost(&usage), &mut tail);
            }
        }
        tail.extend_from_slice(signalbox::chat::DONE);
        format!("{}{}", self.chunks, String::from_utf8(tail).unwrap())
    }
}

/// Every chunk has OpenRouter's shape, all are of one answer, and the usage or the failure comes once, just before the end.
pub(crate) fn assert_chunks(answer: &str) {
    let events: Vec<&str> = answer.split_terminator("\n\n").filter(|event| !event.starts_with(':')).collect();
    let (done, chunks) = events.split_last().unwrap();
    assert_eq!(*done, "data: [DONE]");
    for (index, chunk) in chunks.iter().enumerate() {
        let json = chunk.strip_prefix("data: ").unwrap();
        assert_eq!(violations(json, CHUNK), [""; 0], "{json}");
        let chunk: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(chunk["id"], "gen-1779474931-w20BCAngQY7SOa9Zs5L4");
        assert_eq!((&chunk["model"], &chunk["provider"]), (&"acme/model".into(), &"Acme \"AI\"".into()));
        let is_last = index + 1 == chunks.len();
        assert_eq!(chunk.get("usage").is_some() || chunk.get("error").is_some(), is_last, "{json}");
        if chunk.get("error").is_some() {
            assert_eq!(chunk["choices"][0]["finish_reason"], "error");
        } else if is_last {
            assert_eq!(chunk["choices"], serde_json::json!([]));
        }
    }
}
