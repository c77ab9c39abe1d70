//! A streamed answer: each event is a response with the parts that came since the last.

use super::answer::Answer;
use super::candidate::Candidate;
use super::large::{Large, Piece};
use crate::chat::chunks::Chunks;
use crate::chat::{Envelope, Provenance};
use crate::provider::events::{self, Events, Reader};
use crate::provider::{Account, Progress};
use crate::sse::Decoder;
use crate::usage::GeminiUsage;

/// A stream of Gemini's format.
pub type Stream = Events<State>;

/// How far it is.
#[derive(Debug)]
pub struct State {
    chunks: Chunks,
    max_event_bytes: usize,
    /// The answers, in the order in which they began.
    candidates: Vec<Candidate>,
    /// The event that is too large to be read at once.
    large: Option<Large>,
    usage: Option<GeminiUsage>,
    account: Account,
}

// === impl Stream ===

impl Stream {
    /// A stream whose chunks get `envelope`, without reasoning if the client does not want to see any; of an event larger than
    /// `max_event_bytes` only the images are read, and the rest if that is not larger, too.
    pub fn new(envelope: Envelope, exclude_reasoning: bool, max_event_bytes: usize) -> Self {
        let state = State {
            chunks: Chunks::new(envelope, exclude_reasoning),
            max_event_bytes,
            candidates: Vec::new(),
            large: None,
            usage: None,
            account: Account::default(),
        };
        Self { decoder: Decoder::new(max_event_bytes), state }
    }
}

// === impl State ===

impl Reader for State {
    fn data(&mut self, data: &[u8], out: &mut Vec<u8>) {
        self.end_large(out);
        if !self.account.is_over() {
            self.response(data, out);
        }
    }

    fn unread(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut large = self.large.take().unwrap_or_else(|| Large::new(self.max_event_bytes));
        large.feed(bytes, &mut |piece| self.piece(piece, out));
        self.large = Some(large);
    }

    fn keep_alive(&mut self, comment: &[u8], out: &mut Vec<u8>) {
        self.end_large(out);
        events::comment_into(comment, out);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.end_large(out);
        if self.account.is_over() {
            return;
        }
        if self.account.unread && !self.account.finished {
            // Its end may have been in what was not read.
            _ = self.candidate(0);
            self.candidates.iter_mut().for_each(Candidate::end_unread);
            self.account.finished = true;
        }
        if self.account.finished {
            self.account.finish = self.candidates.iter_mut().filter_map(|candidate| candidate.end(out)).last();
        }
        self.account.close();
    }

    fn account(&self) -> &Account {
        &self.account
    }

    fn account_mut(&mut self) -> &mut Account {
        &mut self.account
    }
}

impl State {
    fn response(&mut self, data: &[u8], out: &mut Vec<u8>) {
        match Answer::parse(data) {
            Ok(answer) => self.answer(&answer, out),
            Err(fault) => self.account.progress = Progress::Failed(fault),
        }
    }

    fn answer(&mut self, answer: &Answer<'_>, out: &mut Vec<u8>) {
        if let Some(later) = &answer.usage {
            let counted = self.usage.get_or_insert_default();
            counted.merge(later);
            self.account.usage = counted.usage();
        }
        if let Some(id) = answer.response_id.filter(|_| self.account.provenance.upstream_id.is_empty()) {
            self.account.provenance = Provenance::of_id(id);
        }
        for came in &answer.candidates {
            if let Some(bytes) = self.candidate(came.index).and_then(|candidate| candidate.tell(came, answer.response_id, out)) {
                self.account.output_bytes = self.account.output_bytes.saturating_add(bytes);
                self.account.progress = Progress::Begun;
            }
        }
        self.account.finished = !self.candidates.is_empty() && self.candidates.iter().all(Candidate::is_finished);
    }

    /// The answer at `index`, which may begin with it.
    fn candidate(&mut self, index: usize) -> Option<&mut Candidate> {
        if !self.candidates.iter().any(|candidate| candidate.index() == index) {
            self.candidates.push(Candidate::new(index, &self.chunks));
        }
        self.candidates.iter_mut().find(|candidate| candidate.index() == index)
    }

    fn end_large(&mut self, out: &mut Vec<u8>) {
        if let Some(large) = self.large.take() {
            large.finish(&mut |piece| self.piece(piece, out));
        }
    }

    /// What came of an event that is too large. An image in it is the first answer's: nobody asks for several of those.
    fn piece(&mut self, piece: Piece<'_>, out: &mut Vec<u8>) {
        match piece {
            Piece::ImageStart(media_type) => {
                if let Some(candidate) = self.candidate(0) {
                    candidate.start_image(media_type, out);
                }
                self.account.progress = Progress::Begun;
            }
            Piece::Image(data) => out.extend_from_slice(data),
            Piece::ImageEnd => out.extend_from_slice(Chunks::IMAGE_END),
            Piece::Whole(event) if !self.account.is_over() => self.response(event, out),
            Piece::Whole(_) => {}
            Piece::TooLarge(bytes) => {
                self.account.output_bytes = self.account.output_bytes.saturating_add(bytes);
                self.account.unread = true;
            }
        }
    }
}
