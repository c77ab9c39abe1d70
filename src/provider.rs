//! Provider formats: what goes to a provider, and what came back as OpenRouter's shape. One file for each format, all pure.

mod fault;
pub mod openai;

pub use fault::Fault;

use crate::usage::Usage;

/// A whole answer in OpenRouter's shape but for the end: the `usage` member and the closing brace are still to be written.
#[derive(Debug)]
pub struct Completion {
    /// `{"id":…` up to the place of `,"usage":…}`.
    pub head: Vec<u8>,
    /// What the provider counted.
    pub usage: Option<Usage>,
    /// Bytes of text in the answer.
    pub output_bytes: usize,
}

/// What a stream has come to after the bytes that were fed to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing yet that a client would wait for: a role, a comment, a filter result.
    Preamble,
    /// The answer has begun.
    Begun,
    /// The provider has said that it is through.
    Done,
    /// The provider reported an error, or the stream is not one.
    Failed(Fault),
}
