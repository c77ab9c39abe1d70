//! What Envoy says on its standard output and error.

use std::{
    io::BufRead,
    sync::{Arc, Mutex},
    thread,
};

#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Reads lines until the end, and adds `last` then.
    pub fn follow(&self, lines: impl BufRead + Send + 'static, last: &'static str) {
        let log = Arc::clone(&self.0);
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                log.lock().unwrap().push(line);
            }
            log.lock().unwrap().push(last.into());
        });
    }

    pub fn holds(&self, line: &str) -> bool {
        self.0.lock().unwrap().iter().any(|written| written == line)
    }

    pub fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}
