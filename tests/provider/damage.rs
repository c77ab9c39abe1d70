//! Damaged copies of what requests, answers and streams look like, and what must hold of what comes of them: nothing panics, and
//! what goes out is well-formed.
//!
//! The damage is drawn from known seeds, so a failure comes again.

use signalbox::chat::Request;
use signalbox::clock::Millis;
use signalbox::endpoint::Endpoint;
use signalbox::provider::{self, Account, Fault, Progress, Stream};

use crate::openai::golden::envelope;

/// Damaged copies of each sample.
pub(crate) const ROUNDS: u64 = if cfg!(target_family = "wasm") { 200 } else { 500 };

/// What parsers trip over, whatever the format.
const WORDS: [&[u8]; 15] =
    [b"{", b"}", b"[", b"]", b"\"", b",", b"\\", b"\\ud800", b"null", b"-1e999", b"\0", b"\xff", b"\r", b"\n\n", b"\"error\":{},"];

/// Calls `check` with damaged copies of each sample; `words` are put in beside those that any parser trips over.
pub(crate) fn for_each_damaged(samples: &[&str], words: &[&[u8]], mut check: impl FnMut(&[u8], &mut fastrand::Rng)) {
    for (index, sample) in samples.iter().enumerate() {
        let mut random = fastrand::Rng::with_seed(index as u64);
        for _ in 0..ROUNDS {
            check(&damaged(sample.as_bytes(), words, &mut random), &mut random);
        }
    }
}

/// A damaged copy of `sample`.
pub(crate) fn damaged(sample: &[u8], words: &[&[u8]], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for _ in 0..random.u8(1..4) {
        let at = random.usize(..=bytes.len());
        let end = (at + random.usize(..20)).min(bytes.len());
        match random.u8(..6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
            3 => bytes.splice(at..at, b"[".repeat(random.usize(..200))).for_each(drop),
            _ => {
                let word = random.usize(..WORDS.len() + words.len());
                let word = WORDS.get(word).unwrap_or_else(|| &words[word - WORDS.len()]);
                bytes.splice(at..end.min(at + 3), word.iter().copied()).for_each(drop);
            }
        }
    }
    bytes
}

pub(crate) fn assert_json(bytes: &[u8]) {
    let read = serde_json::from_slice::<&serde_json::value::RawValue>(bytes);
    assert!(read.is_ok(), "{read:?}: {}", String::from_utf8_lossy(bytes));
}

pub(crate) fn assert_fault(fault: &Fault) {
    assert!((400..600).contains(&fault.status), "{fault:?}");
}

/// Requests are refused, or go out well-formed.
pub(crate) fn assert_requests(samples: &[&str], words: &[&[u8]], endpoint: &Endpoint) {
    let mut sent = 0;
    for_each_damaged(samples, words, |bytes, _| {
        let Ok(request) = Request::parse(bytes.to_vec(), None, 3) else { return };
        if let Ok(upstream) = provider::request(&request, endpoint, &Millis(0)) {
            assert_json(&upstream.body.to_vec());
            sent += 1;
        }
    });
    assert!(sent > ROUNDS / 10, "only {sent} were sent");
}

/// Whole answers are refused, or come out well-formed.
pub(crate) fn assert_answers(samples: &[&str], words: &[&[u8]], endpoint: &Endpoint, request: &Request) {
    let mut read = 0;
    for_each_damaged(samples, words, |bytes, _| match provider::completion(endpoint, request, bytes, &envelope()) {
        Ok(completion) => {
            let mut answer = completion.head;
            answer.push(b'}');
            assert_json(&answer);
            assert!(completion.usage.is_none_or(|usage| usage.input_tokens() <= 4_000_000_000 && usage.output_tokens() <= 4_000_000_000));
            read += 1;
        }
        Err(fault) => assert_fault(&fault),
    });
    assert!(read > ROUNDS / 10, "only {read} were read");
}

/// Streams come out as chunks, however they are cut.
pub(crate) fn assert_streams(samples: &[&str], words: &[&[u8]], start: impl Fn() -> Box<dyn Stream>) {
    let mut done = 0;
    for_each_damaged(samples, words, |bytes, random| {
        let whole = run(start(), [bytes]);
        let (head, tail) = bytes.split_at(random.usize(..=bytes.len()));
        assert_eq!(run(start(), [head, tail]), whole, "{}", String::from_utf8_lossy(bytes));
        done += u64::from(assert_over(&whole));
    });
    assert!(done > ROUNDS / 10, "only {done} came to their end");
}

/// The same of streams with a limit so low that no event is read before it is found too large.
pub(crate) fn assert_streams_byte_by_byte(samples: &[&str], words: &[&[u8]], start: impl Fn() -> Box<dyn Stream>) {
    let mut done = 0;
    for_each_damaged(samples, words, |bytes, _| done += u64::from(assert_over(&run(start(), bytes.chunks(1)))));
    assert!(done > ROUNDS / 10, "only {done} came to their end");
}

/// All that came out is chunks, and the stream is over; the value is whether it came to its end.
pub(crate) fn assert_over((out, account): &(Vec<u8>, Account)) -> bool {
    for line in out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b":")) {
        assert_json(line.strip_prefix(b"data: ").unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(line))));
    }
    match &account.progress {
        Progress::Done => true,
        Progress::Failed(fault) => {
            assert_fault(fault);
            false
        }
        Progress::Preamble | Progress::Begun => panic!("a finished stream is over"),
    }
}

/// The chunks of a stream that comes in `pieces`, and what it came to.
pub(crate) fn run<'a>(mut stream: Box<dyn Stream>, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Account) {
    let mut out = Vec::new();
    pieces.into_iter().for_each(|piece| stream.feed(piece, &mut out));
    stream.finish(&mut out);
    (out, stream.account().clone())
}
