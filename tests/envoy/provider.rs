//! A stub provider on loopback: answers by the model that a request names, byte for byte as scripted, and keeps what it was sent.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::Value;

use super::reply::{Ending, Reply};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub head: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

type Script = Arc<dyn Fn(&Received) -> Reply + Send + Sync>;

#[derive(Default)]
struct State {
    scripts: Mutex<HashMap<String, Script>>,
    received: Mutex<Vec<Received>>,
    cut_off: AtomicUsize,
}

pub struct Provider {
    pub name: String,
    pub port: u16,
    state: Arc<State>,
}

impl Provider {
    pub fn start(name: &str) -> Self {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        Self { state, ..Self::connected(name, move |connection| serve(connection, &shared)) }
    }

    /// A provider that takes connections and reads nothing from them.
    pub fn deaf(name: &str) -> Self {
        Self::connected(name, |connection| {
            thread::sleep(Duration::from_secs(60));
            drop(connection);
        })
    }

    /// A provider that answers as soon as it has seen the head of a request, and closes.
    pub fn hasty(name: &str, reply: Reply) -> Self {
        Self::connected(name, move |connection| {
            head_length(&connection);
            write_reply(&connection, &reply).ok();
            connection.shutdown(Shutdown::Write).ok();
            thread::sleep(Duration::from_millis(500));
        })
    }

    fn connected(name: &str, serve: impl Fn(TcpStream) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let provider = Self::at(name, listener.local_addr().unwrap().port());
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let serve = serve.clone();
                thread::spawn(move || serve(connection));
            }
        });
        provider
    }

    /// A provider whose port refuses connections.
    pub fn refusing(name: &str) -> Self {
        Self::at(name, TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port())
    }

    /// A provider that is something else than a stub.
    pub fn at(name: &str, port: u16) -> Self {
        Self { name: name.into(), port, state: Arc::default() }
    }

    /// Answers each request for `model` (the provider's own name for it) with `reply`.
    pub fn answers(&self, model: &str, reply: Reply) {
        self.answers_by(model, move |_| reply.clone());
    }

    /// Answers requests for `model` with `replies` in turn, and with the last of them from then on.
    pub fn answers_in_turn(&self, model: &str, replies: Vec<Reply>) {
        let turn = AtomicUsize::new(0);
        self.answers_by(model, move |_| {
            let n = turn.fetch_add(1, Ordering::Relaxed).min(replies.len() - 1);
            replies[n].clone()
        });
    }

    pub fn answers_by(&self, model: &str, script: impl Fn(&Received) -> Reply + Send + Sync + 'static) {
        self.state.scripts.lock().unwrap().insert(model.into(), Arc::new(script));
    }

    /// What arrived for `model`, in order.
    pub fn received(&self, model: &str) -> Vec<Received> {
        let all = self.state.received.lock().unwrap();
        all.iter().filter(|request| request.model() == model).cloned().collect()
    }

    pub fn received_in_all(&self) -> usize {
        self.state.received.lock().unwrap().len()
    }

    /// How many answers could not be written to the end because the other side had gone.
    pub fn cut_off(&self) -> usize {
        self.state.cut_off.load(Ordering::Relaxed)
    }
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e} in the body {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn model(&self) -> String {
        if self.body.len() < 1_000_000 {
            let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
            return body["model"].as_str().unwrap_or_default().to_owned();
        }
        // A large body is not parsed each time it is looked at: its model stands at the start.
        let start = String::from_utf8_lossy(&self.body[..200]);
        start.strip_prefix("{\"model\":\"").and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
    }
}

fn serve(connection: TcpStream, state: &State) {
    connection.set_nodelay(true).unwrap();
    while let Some(request) = read_request(&connection) {
        let script = state.scripts.lock().unwrap().get(&request.model()).cloned();
        let reply = match script {
            Some(script) => script(&request),
            None => Reply::error(500, &format!("no script for the model {:?}", request.model())),
        };
        state.received.lock().unwrap().push(request);
        if write_reply(&connection, &reply).is_err() {
            state.cut_off.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if reply.ending == Ending::Reset {
            return; // One byte of the request is still unread, and a socket closed so answers with RST.
        }
        (&connection).read_exact(&mut [0]).ok();
        match reply.ending {
            Ending::KeepAlive => {}
            Ending::Close | Ending::Reset => break,
            Ending::HalfClose | Ending::Silence => {
                if reply.ending == Ending::HalfClose {
                    connection.shutdown(Shutdown::Write).ok();
                }
                while (&connection).read(&mut [0; 64]).is_ok_and(|n| n > 0) {}
                state.cut_off.fetch_add(1, Ordering::Relaxed);
                break;
            }
        }
    }
    connection.shutdown(Shutdown::Both).ok();
}

fn write_reply(mut connection: &TcpStream, reply: &Reply) -> std::io::Result<()> {
    for (pause, bytes) in reply.on_the_wire() {
        thread::sleep(pause);
        connection.write_all(&bytes)?;
    }
    Ok(())
}

/// Reads a request but leaves its last byte in the socket: see `Ending::Reset`.
fn read_request(mut connection: &TcpStream) -> Option<Received> {
    let mut head = vec![0; head_length(connection)?];
    connection.read_exact(&mut head).ok()?;
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.split("\r\n");
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let header = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let mut body = Vec::new();
    if header("transfer-encoding").is_some() {
        let mut reader = BufReader::with_capacity(1, connection);
        while let Some(piece) = read_chunk(&mut reader) {
            body.extend(piece);
        }
        connection.read_exact(&mut [0]).ok()?; // the CR that ends the body, not its LF
    } else if let Some(length) = header("content-length") {
        body.resize(length.parse().ok()?, 0);
        let last = body.len().checked_sub(1)?;
        connection.read_exact(&mut body[..last]).ok()?;
        connection.peek(&mut body[last..]).ok()?;
    }
    Some(Received { path, headers, body, head })
}

fn head_length(connection: &TcpStream) -> Option<usize> {
    let mut seen = vec![0; 65536];
    loop {
        let n = connection.peek(&mut seen).ok().filter(|n| *n > 0)?;
        if let Some(end) = seen[..n].windows(4).position(|window| window == b"\r\n\r\n") {
            return Some(end + 4);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// The next piece of a chunked body; `None` at its end, before the empty line.
pub fn read_chunk(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let length = usize::from_str_radix(line.trim(), 16).ok().filter(|length| *length > 0)?;
    let mut piece = vec![0; length + 2];
    reader.read_exact(&mut piece).ok()?;
    piece.truncate(length);
    Some(piece)
}
