//! How far the answer to the current attempt has come.

use std::time::Duration;

use super::settlement::Spent;
use crate::chat::{Finish, Provenance, Request};
use crate::endpoint::Endpoint;
use crate::json::Scanner;
use crate::price::Cost;
use crate::provider::{Fault, Progress, Stream};
use crate::usage::Source;

/// How far the answer to the current attempt has come.
#[derive(Debug)]
pub(super) enum Answer {
    /// Nothing has come back.
    Awaited,
    /// A completion is being gathered.
    Whole,
    /// A completion is being gathered where a stream was asked for.
    Unstreamed,
    /// The body of an error status is being gathered; `readable` if it is not compressed.
    Refusal { status: u16, retry_after: Option<Duration>, readable: bool },
    /// The body of a success is being gathered that is compressed, and would have to be read.
    Compressed,
    /// The body of a success is being gathered that is not what was asked for.
    Strange { retry_after: Option<Duration> },
    /// A stream.
    Stream(Streamed),
    /// Something of the client's own format that cannot be read passes as it is.
    Passing { bytes: usize },
    /// The answer is complete.
    Complete(Spent),
    /// The attempt has failed.
    Over,
}

/// A stream, and what of it is held back until it has begun.
#[derive(Debug)]
pub(super) struct Streamed {
    stream: Box<dyn Stream>,
    /// The chunks before the first meaningful one; `None` once they are released.
    held: Option<Vec<u8>>,
}

/// What came of bytes fed to a stream.
pub(super) enum Fed {
    /// The answer has not begun.
    Hold,
    /// It begins with these chunks.
    Begun(Vec<u8>),
    /// More of it.
    More(Vec<u8>),
    /// The last of it, but for usage and end.
    Done { begun_before: bool, body: Vec<u8> },
    /// It failed before it began.
    FailedEarly(Fault),
    /// It failed after it began; these chunks came before.
    FailedMidway { fault: Fault, body: Vec<u8> },
}

// === impl Answer ===

impl Answer {
    pub(super) fn stream(stream: Box<dyn Stream>) -> Self {
        Self::Stream(Streamed { stream, held: Some(Vec::new()) })
    }
}

// === impl Streamed ===

impl Streamed {
    /// Takes the next bytes; `end` if they are the last.
    pub(super) fn feed(&mut self, bytes: &[u8], end: bool) -> Fed {
        let begun_before = self.has_begun();
        let mut body = self.held.take().unwrap_or_else(|| Vec::with_capacity(bytes.len().saturating_mul(2)));
        self.stream.feed(bytes, &mut body);
        if end {
            self.stream.finish(&mut body);
        }
        let account = self.stream.account();
        let ended = account.finish.as_ref().filter(|finish| finish.is_error());
        if let (Some(finish), false) = (ended, matches!(account.progress, Progress::Failed(_))) {
            let fault = Fault::ended(finish.native.as_str());
            return if begun_before { Fed::FailedMidway { fault, body } } else { Fed::FailedEarly(fault) };
        }
        match &account.progress {
            Progress::Preamble => {
                self.held = Some(body);
                Fed::Hold
            }
            Progress::Begun if begun_before => Fed::More(body),
            Progress::Begun => Fed::Begun(body),
            // An end without a beginning is no answer.
            Progress::Done if !begun_before && account.output_bytes == 0 && !account.finished => {
                Fed::FailedEarly(Fault::invalid_answer(b""))
            }
            Progress::Done => Fed::Done { begun_before, body },
            Progress::Failed(fault) if begun_before => Fed::FailedMidway { fault: fault.clone(), body },
            Progress::Failed(fault) => Fed::FailedEarly(fault.clone()),
        }
    }

    pub(super) fn has_begun(&self) -> bool {
        self.held.is_none()
    }

    /// How it ended, as far as it has.
    pub(super) fn finish(&self) -> Option<Finish> {
        self.stream.account().finish
    }

    /// What the provider said of it.
    pub(super) fn provenance(&self) -> Provenance {
        self.stream.account().provenance
    }

    /// What a stream that goes no further has come to.
    pub(super) fn spent_until_now(&self, endpoint: &Endpoint, request: &Request) -> Spent {
        let account = self.stream.account();
        self.spent(endpoint, request).cut_short(endpoint, account.output_bytes, account.provenance.service_tier.as_str())
    }

    /// What the stream has come to.
    pub(super) fn spent(&self, endpoint: &Endpoint, request: &Request) -> Spent {
        let account = self.stream.account();
        let mut spent = Spent::new(endpoint, account.usage, request, account.output_bytes, account.provenance.service_tier.as_str());
        if account.unread && spent.usage.is_estimated() {
            spent.usage.source = Source::Partial;
        }
        // No end and no output by the provider's own count: OpenRouter's zero completion insurance,
        // <https://openrouter.ai/docs/guides/features/zero-completion-insurance>.
        if !account.finished && !account.unread && spent.usage.output_tokens() == 0 {
            spent.cost = Cost::default();
        }
        spent
    }
}

/// A whole answer as the one event of a stream. Line ends are space in JSON, and would cut the event.
pub(super) fn as_event(body: &[u8]) -> Vec<u8> {
    let line = body.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte });
    b"data: ".iter().copied().chain(line).chain(*b"\n\n").collect()
}

/// The fault of an answer that is compressed, although that was not asked for, and has to be read.
pub(super) fn compressed() -> Fault {
    Fault::invalid_answer(b"The answer is compressed (Content-Encoding), which was not asked for: it cannot be translated")
}

/// The fault of a success that is not what was asked for: an error that it reports, or its being strange.
pub(super) fn strange(body: &[u8]) -> Fault {
    let mut error = None;
    let mut scanner = Scanner::new(body);
    let read = scanner.object(|scanner, key, _| {
        let value = scanner.raw()?;
        if key.raw == b"error" && value != b"null" {
            error = Some(value);
        }
        Ok(())
    });
    match (read, error) {
        (Ok(()), Some(error)) => Fault::in_band(error),
        _ => Fault::invalid_answer(body),
    }
}
