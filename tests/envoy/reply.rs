//! What a stub provider puts on the wire: status, headers, body in pieces with pauses, and how the connection ends.

use std::time::Duration;

use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    KeepAlive,
    /// FIN, after which nothing is read.
    Close,
    /// FIN in one direction: the provider says no more but goes on listening.
    HalfClose,
    /// RST.
    Reset,
    /// Nothing more is sent and the connection stays open.
    Silence,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    Length,
    /// One chunk for each piece.
    Chunked,
    /// An HTTP/1.0 answer whose end is the end of the connection.
    UntilClosed,
    /// The pieces are all there is.
    Raw,
}

#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<(Duration, Vec<u8>)>,
    framing: Framing,
    promised: Option<usize>,
    pub ending: Ending,
}

impl Reply {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".into(), content_type.into())];
        let pieces = vec![(Duration::ZERO, body.into())];
        Self { status, headers, pieces, framing: Framing::Length, promised: None, ending: Ending::KeepAlive }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// An error as OpenAI sends it.
    pub fn error(status: u16, message: &str) -> Self {
        Self::json(status, &json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": null}}))
    }

    /// An event stream; the pieces are what arrives together.
    pub fn events<P: Into<Vec<u8>>>(pieces: impl IntoIterator<Item = P>) -> Self {
        let pieces = pieces.into_iter().map(|piece| (Duration::ZERO, piece.into())).collect();
        Self { pieces, framing: Framing::Chunked, ..Self::new(200, "text/event-stream; charset=utf-8", "") }
    }

    /// Bytes instead of an HTTP answer, and then FIN. One that is a whole answer has to keep the connection alive or say that it
    /// closes: Envoy puts the connection back into its pool, and the next request may be sent before the FIN is seen.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { framing: Framing::Raw, ending: Ending::Close, ..Self::new(200, "", bytes) }
    }

    /// The request is read and never answered.
    pub fn silence() -> Self {
        Self { ending: Ending::Silence, ..Self::raw("") }
    }

    pub fn reset() -> Self {
        Self { ending: Ending::Reset, ..Self::raw("") }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self
    }

    /// Pauses before each piece but the first.
    pub fn paced(mut self, pause: Duration) -> Self {
        for (before, _) in self.pieces.iter_mut().skip(1) {
            *before = pause;
        }
        self
    }

    /// Pauses before the piece with this index.
    pub fn pause_before(mut self, index: usize, pause: Duration) -> Self {
        self.pieces[index].0 = pause;
        self
    }

    /// The same body in pieces of `size` bytes, each in a chunk of its own.
    pub fn in_pieces_of(mut self, size: usize, pause: Duration) -> Self {
        let body: Vec<u8> = self.pieces.into_iter().flat_map(|(_, piece)| piece).collect();
        self.pieces = body.chunks(size).map(|piece| (pause, piece.to_vec())).collect();
        self.framing = Framing::Chunked;
        self
    }

    pub fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }

    pub fn until_closed(mut self) -> Self {
        self.framing = Framing::UntilClosed;
        self.ending(Ending::Close)
    }

    /// Ends before the body is complete: the content length is a lie, or the last chunk never comes.
    pub fn broken_off(mut self, ending: Ending) -> Self {
        let length: usize = self.pieces.iter().map(|(_, piece)| piece.len()).sum();
        self.promised = Some(length + 1000);
        self.ending(ending)
    }

    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }

    pub fn on_the_wire(&self) -> Vec<(Duration, Vec<u8>)> {
        if matches!(self.framing, Framing::Raw) {
            return self.pieces.clone();
        }
        let version = if matches!(self.framing, Framing::UntilClosed) { "1.0" } else { "1.1" };
        let mut head = format!("HTTP/{version} {} Stub\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let length: usize = self.pieces.iter().map(|(_, piece)| piece.len()).sum();
        match self.framing {
            Framing::Length => head += &format!("content-length: {}\r\n", self.promised.unwrap_or(length)),
            Framing::Chunked => head += "transfer-encoding: chunked\r\n",
            Framing::UntilClosed | Framing::Raw => {}
        }
        head += "\r\n";
        let mut wire = vec![(Duration::ZERO, head.into_bytes())];
        for (pause, piece) in self.pieces.iter().filter(|(_, piece)| !piece.is_empty()) {
            let chunk = match self.framing {
                Framing::Chunked => [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat(),
                _ => piece.clone(),
            };
            wire.push((*pause, chunk));
        }
        if matches!(self.framing, Framing::Chunked) && self.promised.is_none() {
            wire.push((Duration::ZERO, b"0\r\n\r\n".to_vec()));
        }
        wire
    }
}
