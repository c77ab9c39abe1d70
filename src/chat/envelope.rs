//! What every answer is wrapped in, whoever gave it: OpenRouter's members around the provider's.

use crate::error::Error;
use crate::json;
use crate::price::Cost;
use crate::usage::Usage;

/// What `object` says of a completion, and what that of a chunk begins with.
const COMPLETION: &[u8] = b"chat.completion";

/// The last event of every stream.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

/// The members that say which exchange an answer belongs to, ready to be copied.
///
/// See <https://openrouter.ai/docs/api-reference/overview>.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// `{"id":…,"object":"chat.completion","created":…`, without an end.
    text: Vec<u8>,
    /// Where in it the value of `object` ends.
    object_end: usize,
}

// === impl Envelope ===

impl Envelope {
    /// The envelope of the exchange `id` (`gen-…`), answered by `provider` (a display name) with `model` (as catalogued).
    /// `created` is in seconds since the epoch.
    pub fn new(id: &str, provider: &str, model: &str, created: u64) -> Self {
        let mut text = Vec::with_capacity(192);
        for (key, value) in [("{\"id\":", id), (",\"provider\":", provider), (",\"model\":", model)] {
            text.extend_from_slice(key.as_bytes());
            json::string_into(&mut text, value);
        }
        text.extend_from_slice(b",\"object\":\"");
        text.extend_from_slice(COMPLETION);
        let object_end = text.len();
        text.extend_from_slice(b"\",\"created\":");
        text.extend_from_slice(itoa::Buffer::new().format(created).as_bytes());
        Self { text, object_end }
    }

    /// Appends `{"id":…,"object":"chat.completion","created":…`, without an end.
    pub fn completion_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text);
    }

    /// Appends `{"id":…,"object":"list"`, without an end.
    pub fn list_into(&self, out: &mut Vec<u8>) {
        let (head, _) = self.around_object();
        out.extend_from_slice(head.strip_suffix(COMPLETION).unwrap_or(head));
        out.extend_from_slice(b"list\"");
    }

    /// Appends `data: {"id":…,"object":"chat.completion.chunk","created":…`, without an end.
    pub fn chunk_into(&self, out: &mut Vec<u8>) {
        let (head, tail) = self.around_object();
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(head);
        out.extend_from_slice(b".chunk");
        out.extend_from_slice(tail);
    }

    fn around_object(&self) -> (&[u8], &[u8]) {
        self.text.split_at_checked(self.object_end).unwrap_or_default()
    }

    /// Appends the event that carries the usage: the last one before [`DONE`].
    pub fn usage_chunk_into(&self, usage: &Usage, cost: &Cost, out: &mut Vec<u8>) {
        self.last_chunk_into(usage, cost, false, b"", out);
    }

    /// The same with `more` members, each with a comma before it; `is_byok` if the credential was the client's own.
    pub fn last_chunk_into(&self, usage: &Usage, cost: &Cost, is_byok: bool, more: &[u8], out: &mut Vec<u8>) {
        self.chunk_into(out);
        out.extend_from_slice(b",\"choices\":[],\"usage\":");
        usage.write_openrouter(cost, is_byok, out);
        out.extend_from_slice(more);
        out.extend_from_slice(b"}\n\n");
    }

    /// Appends the event that says that a stream which had begun has failed.
    pub fn error_chunk_into(&self, error: &Error, out: &mut Vec<u8>) {
        self.failed_chunk_into(error, b"", out);
    }

    /// The same with `more` members, each with a comma before it.
    pub fn failed_chunk_into(&self, error: &Error, more: &[u8], out: &mut Vec<u8>) {
        self.chunk_into(out);
        out.extend_from_slice(b",\"error\":");
        error.object_into(out);
        out.extend_from_slice(
            b",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\",\"native_finish_reason\":\"error\"}]",
        );
        out.extend_from_slice(more);
        out.extend_from_slice(b"}\n\n");
    }
}
