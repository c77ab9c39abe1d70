//! A client that sends and reads raw HTTP/1.1, so that a test decides about every byte and sees when each one came.

mod answer;
mod event;
mod request;

pub use answer::{Answer, Response};
pub use event::{Event, chunks, text, usage};
pub use request::{KEY, Request};
