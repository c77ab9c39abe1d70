//! A Redis of a test's own. One that is durable can be killed, and comes back with everything that it had acknowledged.

use std::{
    collections::HashMap,
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::envoy::gateway::new_folder;

pub struct Redis {
    pub port: u16,
    folder: PathBuf,
    options: &'static [&'static str],
    process: Child,
}

impl Redis {
    pub fn start() -> Self {
        Self::with(&["--save", ""])
    }

    /// One that has written down what it acknowledges.
    pub fn durable() -> Self {
        Self::with(&["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
    }

    fn with(options: &'static [&'static str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = new_folder();
        let process = spawn(port, &folder, options);
        let redis = Self { port, folder, options, process };
        redis.wait();
        redis
    }

    /// Ends it as a power failure does.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub fn restart(&mut self) {
        self.process = spawn(self.port, &self.folder, self.options);
        self.wait();
    }

    fn wait(&self) {
        let started = Instant::now();
        while self.ask(&["PING"]).is_none_or(|answer| answer != ["PONG"]) {
            assert!(started.elapsed() < Duration::from_secs(20), "redis-server does not answer");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Every counter by its name.
    pub fn counters(&self) -> HashMap<String, u64> {
        let value = |name: &String| self.ask(&["GET", name]).and_then(|value| value.first()?.parse().ok());
        let names = self.ask(&["KEYS", "*"]).expect("Redis");
        names.into_iter().filter_map(|name| Some((name.clone(), value(&name)?))).collect()
    }

    /// The counter of `key` in `unit`, summed over all limits there are of it.
    pub fn counter(&self, unit: &str, key: &str) -> u64 {
        self.counter_of(unit, "key", key)
    }

    /// The same of what is counted by another `entry` of a descriptor.
    pub fn counter_of(&self, unit: &str, entry: &str, value: &str) -> u64 {
        let is_it = |name: &str| name.contains(&format!("'{unit}'")) && name.contains(&format!(r#""descriptors[0].{entry}":"{value}""#));
        self.counters().iter().filter(|(name, _)| is_it(name)).map(|(_, value)| value).sum()
    }

    /// A command's answer: the texts and numbers in it, see <https://redis.io/docs/latest/develop/reference/protocol-spec/>.
    fn ask(&self, command: &[&str]) -> Option<Vec<String>> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        connection.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let words: String = command.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
        write!(connection, "*{}\r\n{words}", command.len()).ok()?;
        let mut reader = BufReader::new(connection);
        let first = line(&mut reader)?;
        match first.split_at(1) {
            ("*", count) => (0..count.parse().ok()?).map(|_| line(&mut reader).and_then(|head| text(&mut reader, &head))).collect(),
            _ => Some(vec![text(&mut reader, &first)?]),
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn spawn(port: u16, folder: &PathBuf, options: &[&str]) -> Child {
    let server = env::var_os("REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
    Command::new(server)
        .current_dir(folder)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is missing: install Debian's package redis-server, or run `make test-envoy`")
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}

fn text(reader: &mut impl Read, head: &str) -> Option<String> {
    let Some(length) = head.strip_prefix('$') else { return head.get(1..).map(str::to_owned) };
    let mut bytes = vec![0; length.parse::<usize>().ok()? + 2];
    reader.read_exact(&mut bytes).ok()?;
    bytes.truncate(bytes.len() - 2);
    String::from_utf8(bytes).ok()
}
