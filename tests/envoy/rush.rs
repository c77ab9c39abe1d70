//! Many clients at once.

use std::{
    process::{self, Command},
    sync::Barrier,
    thread,
};

/// Calls `ask` in so many threads, which begin at the same moment, while `meanwhile` runs; what each of them returned.
pub fn at_once<T: Send>(clients: usize, ask: impl Fn(usize) -> T + Sync, meanwhile: impl FnOnce()) -> Vec<T> {
    allow_connections();
    let (start, ask) = (Barrier::new(clients), &ask);
    thread::scope(|scope| {
        let asking: Vec<_> = (0..clients)
            .map(|client| {
                let start = &start;
                let begin = move || {
                    start.wait();
                    ask(client)
                };
                thread::Builder::new().stack_size(512 * 1024).spawn_scoped(scope, begin).unwrap()
            })
            .collect();
        meanwhile();
        asking.into_iter().map(|asked| asked.join().unwrap()).collect()
    })
}

/// The clients and the stubs are all in this process, and a shell's usual limit is 1,024 files for each. Where it cannot be raised the test
/// says so itself.
fn allow_connections() {
    Command::new("prlimit").args(["--pid", &process::id().to_string(), "--nofile=16384:"]).output().ok();
}
