//! A request, and how it is put on the wire.

use std::{
    io::{BufReader, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::answer::{Answer, read_head};

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
    /// In chunks, with a trailer after them.
    Trailed,
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

    pub fn with_a_trailer(mut self) -> Self {
        self.framing = Framing::Trailed;
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
                if self.is_chunked() {
                    wire.extend(format!("{:x}\r\n", piece.len()).into_bytes());
                    wire.extend(piece);
                    wire.extend(b"\r\n");
                } else {
                    wire.extend(piece);
                }
            }
            if self.is_chunked() {
                wire.extend(b"0\r\n");
                if matches!(self.framing, Framing::Trailed) {
                    wire.extend(b"x-checksum: 1\r\n");
                }
                wire.extend(b"\r\n");
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

    /// Sends it and reads nothing: a client that may be gone before its answer.
    pub fn send(&self, address: SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(address).unwrap_or_else(|e| panic!("Envoy at {address}: {e}"));
        stream.write_all(&[self.head().into_bytes(), self.pieces.concat()].concat()).unwrap();
        stream
    }

    fn is_chunked(&self) -> bool {
        matches!(self.framing, Framing::Chunked | Framing::Trailed)
    }

    fn head(&self) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        match self.framing {
            Framing::Chunked | Framing::Trailed => head += "transfer-encoding: chunked\r\n",
            Framing::Length if self.pieces.is_empty() => {}
            Framing::Length | Framing::Expect => head += &format!("content-length: {}\r\n", self.pieces.concat().len()),
        }
        head + "connection: close\r\n\r\n"
    }
}
