//! The stub provider: answers from prebuilt bytes, one blocking thread for each connection, so that it costs little beside Envoy.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use memchr::memmem;

use crate::http::Connection;
use crate::load;

/// A provider on a port of its own.
pub(crate) struct Provider {
    /// Where it listens, on 127.0.0.1.
    pub(crate) port: u16,
    /// When it wrote which event of the stream.
    pub(crate) written: Arc<EventTimes>,
}

/// When each text event of the newest stream was written. The client shares this clock, as it lives in the same process.
pub(crate) struct EventTimes {
    epoch: Instant,
    nanos: Vec<AtomicU64>,
}

// === impl EventTimes ===

impl EventTimes {
    fn new() -> Self {
        Self { epoch: Instant::now(), nanos: (0..load::TEXT_EVENTS).map(|_| AtomicU64::new(0)).collect() }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Nanoseconds since text event `number` was written.
    pub(crate) fn since(&self, number: usize) -> u64 {
        self.now().saturating_sub(self.nanos[number].load(Ordering::Relaxed))
    }
}

// === impl Provider ===

impl Provider {
    /// Starts it; it serves until the process ends.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port for the stub provider");
        let port = listener.local_addr().expect("the address of a bound listener").port();
        let written = Arc::new(EventTimes::new());
        let times = Arc::clone(&written);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let times = Arc::clone(&times);
                thread::spawn(move || serve(stream, &times));
            }
        });
        Self { port, written }
    }
}

fn serve(stream: TcpStream, times: &EventTimes) {
    let mut connection = Connection::new(stream);
    let answer = load::answer();
    let (writes, translated) = (load::stream(), load::translated_stream());
    let mut body = Vec::new();
    while let Some(head) = connection.head() {
        connection.body(&head, &mut body, |_| {});
        // A closed connection is Envoy's to report: the client sees it as a wrong answer.
        let sent = if !is_whole(&body) {
            connection.send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 31\r\n\r\nthe prompt did not arrive whole\n")
        } else if memmem::find(&body[..body.len().min(256)], br#""stream":true"#).is_some() {
            let is_translated = memmem::find(&body[..body.len().min(64)], load::TRANSLATED_MARK).is_some();
            send_stream(&mut connection, if is_translated { &translated } else { &writes }, times)
        } else {
            connection.send(&answer)
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Whether the request's end is there. A gateway may have added members after it.
fn is_whole(body: &[u8]) -> bool {
    let end = &body[body.len().saturating_sub(512)..];
    end.ends_with(b"}") && (body.len() < 4096 || memmem::find(end, load::PROMPT_END).is_some())
}

fn send_stream(connection: &mut Connection, writes: &[Vec<u8>], times: &EventTimes) -> std::io::Result<()> {
    for (number, bytes) in writes.iter().enumerate() {
        if number > 0 {
            thread::sleep(load::PAUSE);
            if let Some(time) = times.nanos.get(number - 1) {
                time.store(times.now(), Ordering::Relaxed);
            }
        }
        connection.send(bytes)?;
    }
    Ok(())
}
