//! A client that sends and reads raw HTTP/1.1, so that a test decides about every byte and sees when each one came.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::provider::read_chunk;

/// The key that `Setup` admits.
pub const KEY: &str = "sk-or-v1-test";

const PATIENCE: Duration = Duration::from_secs(40);

#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    pieces: Vec<Vec<u8>>,
    framing: Framing,
}

#[derive(Clone, Debug)]
enum Framing {
    Length,
    Chunked,
    /// The body waits for `100 Continue`.
    Expect,
}

impl Request {
    pub fn new(method: &str, path: &str) -> Self {
        let headers = vec![("host".into(), "gateway.test".into()), ("authorization".into(), format!("Bearer {KEY}"))];
        Self { method: method.into(), path: path.into(), headers, pieces: Vec::new(), framing: Framing::Length }
    }

    /// A chat completion with these bytes as its body.
    pub fn chat(body: impl Into<Vec<u8>>) -> Self {
        let request = Self::new("POST", "/api/v1/chat/completions").header("content-type", "application/json");
        Self { pieces: vec![body.into()], ..request }
    }

    /// A short question to `model`, with `more` members in its body.
    pub fn ask(model: &str, more: Value) -> Self {
        let mut body = json!({"model": model, "messages": [{"role": "user", "content": "Say something."}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Self::chat(body.to_string())
    }

    pub fn path(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self = self.without_header(name);
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Once more, beside one of the same name.
    pub fn and_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self
    }

    pub fn in_chunks_of(mut self, size: usize) -> Self {
        let body: Vec<u8> = self.pieces.concat();
        self.pieces = body.chunks(size).map(<[u8]>::to_vec).collect();
        self.framing = Framing::Chunked;
        self
    }

    pub fn expecting_continue(mut self) -> Self {
        self.framing = Framing::Expect;
        self.header("expect", "100-continue")
    }

    pub fn open(&self, address: SocketAddr) -> Answer {
        let stream = TcpStream::connect(address).unwrap_or_else(|e| panic!("Envoy at {address}: {e}"));
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let started = Instant::now();
        let writer = stream.try_clone().unwrap();
        let mut reader = BufReader::new(stream);
        let head = self.head();
        if matches!(self.framing, Framing::Expect) {
            (&writer).write_all(head.as_bytes()).unwrap();
            let (status, headers) = read_head(&mut reader);
            if status != 100 {
                return Answer::new(status, headers, reader, started);
            }
            (&writer).write_all(&self.pieces.concat()).ok();
        } else {
            // Beside the reading, because a gateway may answer before it has read the body to its end.
            let mut wire = head.into_bytes();
            for piece in &self.pieces {
                if matches!(self.framing, Framing::Chunked) {
                    wire.extend(format!("{:x}\r\n", piece.len()).into_bytes());
                    wire.extend(piece);
                    wire.extend(b"\r\n");
                } else {
                    wire.extend(piece);
                }
            }
            if matches!(self.framing, Framing::Chunked) {
                wire.extend(b"0\r\n\r\n");
            }
            if wire.len() < 65536 {
                (&writer).write_all(&wire).unwrap();
            } else {
                thread::spawn(move || (&writer).write_all(&wire).ok());
            }
        }
        let (status, headers) = read_head(&mut reader);
        Answer::new(status, headers, reader, started)
    }

    fn head(&self) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        match self.framing {
            Framing::Chunked => head += "transfer-encoding: chunked\r\n",
            Framing::Length if self.pieces.is_empty() => {}
            Framing::Length | Framing::Expect => head += &format!("content-length: {}\r\n", self.pieces.concat().len()),
        }
        head + "connection: close\r\n\r\n"
    }
}

fn read_head(reader: &mut BufReader<TcpStream>) -> (u16, Vec<(String, String)>) {
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
    fn new(status: u16, headers: Vec<(String, String)>, reader: BufReader<TcpStream>, started: Instant) -> Self {
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
pub struct Event {
    /// The event without its empty line.
    pub text: String,
    /// Since the request was sent.
    pub at: Duration,
}

impl Event {
    pub fn data(&self) -> Option<&str> {
        self.text.strip_prefix("data: ")
    }

    pub fn is_done(&self) -> bool {
        self.data() == Some("[DONE]")
    }

    pub fn json(&self) -> Option<Value> {
        let data = self.data().filter(|data| *data != "[DONE]")?;
        Some(serde_json::from_str(data).unwrap_or_else(|e| panic!("{e} in the event {data}")))
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

/// The chunks among the events of a stream, which must end with `[DONE]`.
pub fn chunks(events: &[Event]) -> Vec<Value> {
    let done: Vec<usize> = (0..events.len()).filter(|i| events[*i].is_done()).collect();
    assert_eq!(done, [events.len() - 1], "one [DONE], at the end of {events:#?}");
    events.iter().filter_map(Event::json).collect()
}

/// The text that the chunks of a stream carry.
pub fn text(chunks: &[Value]) -> String {
    chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect()
}

/// The usage of a stream, which must come once, in the last chunk.
pub fn usage(chunks: &[Value]) -> Value {
    let with_usage: Vec<usize> = (0..chunks.len()).filter(|i| chunks[*i].get("usage").is_some()).collect();
    assert_eq!(with_usage, [chunks.len() - 1], "usage once, in the last of {chunks:#?}");
    chunks[chunks.len() - 1]["usage"].clone()
}
