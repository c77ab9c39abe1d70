//! An answer, read as it comes.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::event::Event;
use crate::envoy::provider::read_chunk;

/// An answer that is still being read. Dropped, it hangs up.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    reader: BufReader<TcpStream>,
    left: Option<usize>,
    chunked: bool,
    unread: Vec<u8>,
    started: Instant,
    ended: Option<bool>,
}

impl Answer {
    pub fn new(status: u16, headers: Vec<(String, String)>, reader: BufReader<TcpStream>, started: Instant) -> Self {
        let header = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        let left = header("content-length").map(|length| length.parse().unwrap());
        let chunked = header("transfer-encoding").is_some();
        Self { status, headers, reader, left, chunked, unread: Vec::new(), started, ended: None }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The next bytes of the body as they come; `None` at its end.
    fn piece(&mut self) -> Option<Vec<u8>> {
        if self.ended.is_some() {
            return None;
        }
        let piece = if self.chunked {
            let piece = read_chunk(&mut self.reader);
            if piece.is_none() {
                // The empty line that ends a chunked body; nothing, if the connection was cut.
                self.ended = Some(self.reader.read_exact(&mut [0; 2]).is_ok());
            }
            piece
        } else if self.left == Some(0) {
            self.ended = Some(true);
            None
        } else {
            let mut buffer = vec![0; self.left.unwrap_or(usize::MAX).min(65536)];
            let n = self.reader.read(&mut buffer).unwrap_or(0);
            self.left = self.left.map(|left| left - n);
            buffer.truncate(n);
            if n == 0 {
                self.ended = Some(self.left.is_none());
            }
            (n > 0).then_some(buffer)
        };
        if piece.is_none() && self.ended.is_none() {
            self.ended = Some(false);
        }
        piece
    }

    /// The next event of an event stream; `None` at its end.
    pub fn event(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|window| window == b"\n\n") {
                let text = String::from_utf8(self.unread.drain(..end + 2).collect()).expect("events are UTF-8");
                return Some(Event { text: text.trim_end().to_owned(), at: self.started.elapsed() });
            }
            match self.piece() {
                Some(piece) => self.unread.extend(piece),
                None if self.unread.is_empty() => return None,
                None => panic!("an event without its empty line: {:?}", String::from_utf8_lossy(&self.unread)),
            }
        }
    }

    /// Reads to the end of the body.
    pub fn finish(mut self) -> Response {
        let mut body = std::mem::take(&mut self.unread);
        while let Some(piece) = self.piece() {
            body.extend(piece);
        }
        let complete = self.ended == Some(true);
        Response { status: self.status, headers: self.headers, body, complete, took: self.started.elapsed() }
    }

    /// Reads an event stream to its end.
    pub fn events(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.event() {
            events.push(event);
        }
        assert_eq!(self.ended, Some(true), "the connection was cut after {events:?}");
        events
    }
}

#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body ended as its framing said it would.
    pub complete: bool,
    pub took: Duration,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e} in the answer {} {}", self.status, self.text()))
    }

    /// The text of the first choice.
    pub fn content(&self) -> String {
        let body = self.json();
        let content = body["choices"][0]["message"]["content"].as_str();
        content.unwrap_or_else(|| panic!("no content in the answer {} {body}", self.status)).to_owned()
    }

    /// The message of an answer that must be an error in OpenRouter's shape with this status.
    pub fn error(&self, status: u16) -> String {
        let text = self.text();
        assert_eq!(self.status, status, "{text}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{text}");
        let error = &self.json()["error"];
        assert_eq!(error["code"], status, "{text}");
        assert!(error["metadata"].is_object() || error.get("metadata").is_none(), "{text}");
        error["message"].as_str().unwrap_or_else(|| panic!("no message in {text}")).to_owned()
    }
}

pub fn read_head(reader: &mut BufReader<TcpStream>) -> (u16, Vec<(String, String)>) {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        let n = reader.read_line(&mut line).unwrap_or_else(|e| panic!("no answer from Envoy: {e}"));
        assert!(n > 0, "Envoy closed the connection instead of answering: {lines:?}");
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let status = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines[1..].iter().filter_map(|line| line.split_once(':'));
    (status, headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect())
}
