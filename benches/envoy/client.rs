//! The load generator: keep-alive connections to one Envoy, each with one request in flight.

use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use memchr::memmem;

use crate::http::Connection;
use crate::load::{self, Load};
use crate::provider::EventTimes;

/// The open connections to one Envoy.
pub(crate) struct Client {
    name: String,
    connections: Vec<Connection>,
}

impl Client {
    /// Opens `connections` to the listener at `port`, of the target called `name`.
    pub(crate) fn connect(name: &str, port: u16, connections: usize) -> Self {
        let connect = |_| Connection::new(TcpStream::connect(("127.0.0.1", port)).expect("Envoy's listener accepts"));
        Self { name: name.to_owned(), connections: (0..connections).map(connect).collect() }
    }

    /// Sends `requests` requests on every connection, all connections at once. Returns how many requests that were, and how many reads
    /// of the socket their answers took.
    pub(crate) fn load(&mut self, load: &Load, requests: usize) -> (usize, u64) {
        let reads = self.reads();
        let name = self.name.as_str();
        thread::scope(|scope| {
            for connection in &mut self.connections {
                scope.spawn(|| {
                    let mut body = Vec::new();
                    for _ in 0..requests {
                        exchange(name, connection, load, &mut body, |_| {});
                    }
                });
            }
        });
        (requests * self.connections.len(), self.reads() - reads)
    }

    /// Sends `requests` requests one after the other on one connection. Returns nanoseconds: of a JSON answer from the request's first
    /// byte to the answer's last, of a stream for each event from the provider's write to the client's read.
    pub(crate) fn latencies(&mut self, load: &Load, requests: usize, written: &EventTimes) -> Vec<u64> {
        let connection = self.connections.first_mut().expect("a client has connections");
        let mut body = Vec::new();
        let mut nanos = Vec::new();
        for _ in 0..requests {
            let start = Instant::now();
            exchange(&self.name, connection, load, &mut body, |piece| {
                if load.streamed {
                    nanos.extend(text_events(piece).map(|number| written.since(number)));
                }
            });
            if !load.streamed {
                nanos.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
            }
        }
        nanos
    }

    fn reads(&self) -> u64 {
        self.connections.iter().map(|connection| connection.reads).sum()
    }
}

fn exchange(name: &str, connection: &mut Connection, load: &Load, body: &mut Vec<u8>, on_piece: impl FnMut(&[u8])) {
    connection.send(&load.request).expect("Envoy reads the request");
    let head = connection.head().expect("Envoy answers before it closes");
    connection.body(&head, body, on_piece);
    if let Some(fault) = load.fault(&head.start_line, body) {
        panic!("{name}, {fault}");
    }
}

/// The numbers of the text events in a piece of a stream.
fn text_events(piece: &[u8]) -> impl Iterator<Item = usize> {
    memmem::find_iter(piece, load::TEXT_MARK).filter_map(|at| {
        let digits = piece.get(at + load::TEXT_MARK.len()..)?.get(..3)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    })
}
