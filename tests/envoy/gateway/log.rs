//! What Envoy says on its standard output and error.

use std::{
    io::BufRead,
    sync::{Arc, Mutex},
    thread,
};

#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Reads lines until the end; `ended` then.
    pub fn follow(&self, lines: impl BufRead + Send + 'static) {
        let log = Arc::clone(&self.0);
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                log.lock().unwrap().push(line);
            }
            log.lock().unwrap().push("(end of the log)".into());
        });
    }

    /// Whether both have ended.
    pub fn ended(&self) -> bool {
        self.0.lock().unwrap().iter().filter(|line| *line == "(end of the log)").count() == 2
    }

    pub fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}
