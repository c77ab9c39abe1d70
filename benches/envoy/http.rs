//! HTTP/1.1 as the stub provider and the load generator both need it: messages read from a blocking socket, one piece at a time.

use std::io::{Read, Write};
use std::net::TcpStream;

use memchr::memmem;

/// Start line and header fields of a message, and how its body ends.
pub(crate) struct Head {
    /// The start line, without its line end.
    pub(crate) start_line: String,
    framing: Framing,
}

enum Framing {
    Length(usize),
    Chunked,
}

/// A connection that keeps what it has read beyond the current message.
pub(crate) struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
    start: usize,
    scratch: Box<[u8]>,
    /// How many reads of the socket returned bytes.
    pub(crate) reads: u64,
}

// === impl Head ===

impl Head {
    fn parse(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).expect("a head in ASCII");
        let mut lines = text.split("\r\n");
        let start_line = lines.next().unwrap_or_default().to_owned();
        let mut framing = Framing::Length(0);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                framing = Framing::Length(value.trim().parse().expect("a numeric content-length"));
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                framing = Framing::Chunked;
            }
        }
        Self { start_line, framing }
    }
}

// === impl Connection ===

impl Connection {
    /// A connection over `stream` that sends every write at once.
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("TCP_NODELAY on a socket");
        Self { stream, unread: Vec::new(), start: 0, scratch: vec![0; 256 * 1024].into_boxed_slice(), reads: 0 }
    }

    /// Sends `bytes`, in one write where the socket takes them.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The head of the next message; `None` when the peer has closed between two messages.
    pub(crate) fn head(&mut self) -> Option<Head> {
        loop {
            let pending = &self.unread[self.start..];
            if let Some(end) = memmem::find(pending, b"\r\n\r\n") {
                let head = Head::parse(&pending[..end]);
                self.start += end + 4;
                return Some(head);
            }
            if self.fill() == 0 {
                assert!(self.start == self.unread.len(), "the connection closed inside a head");
                return None;
            }
        }
    }

    /// Reads the whole body of `head` into `body`, replacing what it held. `on_piece` sees the bytes of each piece as it arrives.
    pub(crate) fn body(&mut self, head: &Head, body: &mut Vec<u8>, mut on_piece: impl FnMut(&[u8])) {
        body.clear();
        match head.framing {
            Framing::Length(length) => self.take(length, body, &mut on_piece),
            Framing::Chunked => loop {
                let size = self.chunk_size();
                let before = body.len();
                self.take(size, body, &mut |_| {});
                if size > 0 {
                    on_piece(&body[before..]);
                }
                assert_eq!(self.line(), "", "a chunk ends with a line end");
                if size == 0 {
                    return;
                }
            },
        }
    }

    fn chunk_size(&mut self) -> usize {
        let line = self.line();
        usize::from_str_radix(&line, 16).expect("a chunk size in hexadecimal")
    }

    fn line(&mut self) -> String {
        loop {
            let pending = &self.unread[self.start..];
            if let Some(end) = memmem::find(pending, b"\r\n") {
                let line = String::from_utf8(pending[..end].to_vec()).expect("a line in ASCII");
                self.start += end + 2;
                return line;
            }
            assert!(self.fill() > 0, "the connection closed inside a body");
        }
    }

    fn take(&mut self, mut wanted: usize, body: &mut Vec<u8>, on_piece: &mut impl FnMut(&[u8])) {
        while wanted > 0 {
            if self.start == self.unread.len() {
                assert!(self.fill() > 0, "the connection closed inside a body");
            }
            let pending = &self.unread[self.start..];
            let piece = &pending[..wanted.min(pending.len())];
            body.extend_from_slice(piece);
            on_piece(piece);
            self.start += piece.len();
            wanted -= piece.len();
        }
    }

    /// Reads once from the socket. Returns the number of bytes; 0 when the peer has closed.
    fn fill(&mut self) -> usize {
        self.unread.drain(..self.start);
        self.start = 0;
        let count = self.stream.read(&mut self.scratch).unwrap_or(0);
        self.unread.extend_from_slice(&self.scratch[..count]);
        self.reads += u64::from(count > 0);
        count
    }
}
