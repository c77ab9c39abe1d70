//! A stub provider on loopback: answers by the model that a request names, byte for byte as scripted, and keeps what it was sent.

mod connection;

use std::{
    collections::HashMap,
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::Value;

pub use connection::read_chunk;
use connection::{head_length, serve, write_reply};

use super::reply::Reply;

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
        // Gemini's requests name it in their path.
        if let Some((model, _)) = self.path.split_once("/models/").and_then(|(_, rest)| rest.split_once(':')) {
            return model.to_owned();
        }
        if self.body.len() < 1_000_000 {
            let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
            // Bedrock's name it in the path.
            let in_path = self.path.strip_prefix("/model/").and_then(|rest| rest.split('/').next());
            return body["model"].as_str().or(in_path).unwrap_or_default().to_owned();
        }
        // A large body is not parsed each time it is looked at: its model stands at the start.
        let start = String::from_utf8_lossy(&self.body[..200]);
        start.strip_prefix("{\"model\":\"").and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
    }
}
