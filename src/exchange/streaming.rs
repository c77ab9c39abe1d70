//! A streamed answer, piece by piece.

use super::answer::{Answer, Fed};
use super::settlement::Spent;
use super::step::{AnswerHead, Step};
use super::{Exchange, Outcome};
use crate::chat::{DONE, Finish};
use crate::clock::Clock;
use crate::provider;

// === impl Exchange ===

impl Exchange {
    /// Whether the body is not wanted at all, but its length, with [`Exchange::count_passing`].
    pub fn lets_body_pass(&self) -> bool {
        matches!(self.answer, Answer::Passing { .. })
    }

    /// Bytes that pass as they are.
    pub fn count_passing(&mut self, more: usize) {
        if let Answer::Passing { bytes } = &mut self.answer {
            *bytes = bytes.saturating_add(more);
        }
    }

    /// The next bytes of a streamed response to the current attempt; `end` if they are the last.
    pub fn handle_body(&mut self, bytes: &[u8], end: bool, clock: &dyn Clock) -> Step {
        let Answer::Stream(streamed) = &mut self.answer else {
            return Step::Body(Vec::new());
        };
        let fed = streamed.feed(bytes, end);
        if matches!(fed, Fed::Done { .. } | Fed::FailedMidway { .. }) {
            self.finish = streamed.finish();
            let told = streamed.provenance();
            self.provenance = self.provenance_of(told);
        }
        match fed {
            Fed::Hold => Step::Hold,
            Fed::More(body) => Step::Body(body),
            Fed::Begun(body) => {
                self.succeed(clock);
                Step::Release(AnswerHead { status: 200, stream: true, whole: false, cost: None, retry_after: None }, body)
            }
            Fed::Done { begun_before, mut body } => {
                let spent = self.spent_on_stream();
                let mut more = self.metadata(true);
                self.provenance.tier_into(&mut more);
                self.envelope().last_chunk_into(&spent.usage, &spent.cost, spent.is_byok, &more, &mut body);
                body.extend_from_slice(DONE);
                self.answer = Answer::Complete(spent);
                if begun_before {
                    return Step::Body(body);
                }
                self.succeed(clock);
                Step::Release(AnswerHead { status: 200, stream: true, whole: false, cost: Some(spent.cost.total), retry_after: None }, body)
            }
            Fed::FailedEarly(fault) => {
                self.answer = Answer::Over;
                self.fail(fault, None, clock)
            }
            Fed::FailedMidway { fault, mut body } => {
                self.answer = Answer::Over;
                self.rest(Some(self.defaults.cooldown).filter(|_| !self.is_of_own_credential(&fault)), clock);
                self.finish = self.finish.filter(Finish::is_error).or_else(|| Some(Finish::of(b"error", b"")));
                self.end_attempt(Outcome::Failed(fault));
                // What came is of this attempt, whatever became of those before it.
                if let Some(told) = self.attempts.last() {
                    self.envelope().failed_chunk_into(&self.error_of(told), &self.metadata(false), &mut body);
                }
                body.extend_from_slice(DONE);
                Step::Body(body)
            }
        }
    }

    /// Whether an answer that has begun is still without an end.
    pub fn is_midway(&self) -> bool {
        matches!(&self.answer, Answer::Stream(streamed) if streamed.has_begun())
    }

    /// The stream of the current attempt, nothing of it read.
    pub(super) fn stream(&self) -> Answer {
        self.current_endpoint().map_or(Answer::Over, |endpoint| {
            Answer::stream(provider::stream(endpoint, self.request(), self.envelope(), self.defaults.max_event_bytes))
        })
    }

    fn spent_on_stream(&self) -> Spent {
        match (&self.answer, self.attempts.last()) {
            (Answer::Stream(streamed), Some(attempt)) => streamed.spent(&attempt.endpoint, self.request()),
            _ => Spent::default(),
        }
    }
}
