//! Memory stays flat, whatever the requests were.

use std::{env, thread, time::Duration};

use serde_json::json;

use super::{
    client::Request,
    gateway::Gateway,
    reply::{Ending, Reply},
    setup::Setup,
    wire,
};

/// Enough to see a leak of a few hundred bytes for each request. `SIGNALBOX_SOAK=100000` is the long run.
const REQUESTS: usize = 4000;

/// What the allocators of Envoy and V8 may keep in reserve.
const SLACK_KIB: u64 = 6 * 1024;

#[test]
fn c11_c14_memory_is_flat_over_thousands_of_requests() {
    let setup = Setup::new()
        .concurrency(1)
        .log_level("warning")
        .with("defaults", json!({"first_token_timeout": "30ms"}))
        .providers(&["first", "second"])
        .models(&["t/plain", "t/streamed", "t/failing", "t/silent", "t/left", "t/cut", "t/bad", "t/long"], &["first", "second"]);
    let gateway = Gateway::start(setup);
    let (first, second) = (gateway.provider("first"), gateway.provider("second"));
    first.answers("plain", wire::completion("ok"));
    first.answers("streamed", wire::stream(&["some ", "words ", "more"]));
    first.answers("failing", Reply::error(500, "no"));
    first.answers("silent", Reply::silence());
    first.answers("left", wire::stream(&["some ", "words ", "more"]).pause_before(2, Duration::from_secs(3)).ending(Ending::Close));
    first.answers("cut", Reply::events(wire::stream_events(&["some ", "words"]).into_iter().take(2)).broken_off(Ending::Close));
    first.answers("bad", Reply::error(400, "bad"));
    first.answers("long", wire::completion(&"long ".repeat(20_000)));
    // The second provider takes over what fails, and on a busy machine whatever takes longer than the short time limit.
    for model in ["plain", "failing", "bad", "long"] {
        second.answers(model, wire::completion("ok"));
    }
    for model in ["streamed", "silent", "left", "cut"] {
        second.answers(model, wire::stream(&["ok"]));
    }

    let total = env::var("SIGNALBOX_SOAK").map_or(REQUESTS, |n| n.parse().expect("SIGNALBOX_SOAK is a number"));
    let long = "a long prompt ".repeat(4000);
    let request = |n: usize| match n % 40 {
        0 => Request::ask("t/long", json!({"user": long})),
        1 => Request::chat("{\"model\":\"t/plain\",\"messages\":["),
        2 => Request::ask("t/bad", json!({})),
        3 => Request::ask(&format!("acme/unknown-{n}"), json!({})),
        4 => Request::ask("t/silent", json!({"stream": true})),
        5 => Request::ask("t/left", json!({"stream": true})),
        6 => Request::ask("t/cut", json!({"stream": true})),
        7..=9 => Request::ask("t/failing", json!({"provider": {"order": ["first", "second"]}})),
        10..=24 => Request::ask("t/streamed", json!({"stream": true})),
        _ => Request::ask("t/plain", json!({"temperature": n})),
    };
    let run = |requests: std::ops::Range<usize>| {
        thread::scope(|scope| {
            for worker in 0..4 {
                let requests = requests.clone();
                let (gateway, request) = (&gateway, &request);
                scope.spawn(move || {
                    for n in requests.skip(worker).step_by(4) {
                        let mut answer = gateway.open(&request(n));
                        if n % 40 == 5 {
                            answer.event();
                        } else {
                            answer.finish();
                        }
                    }
                });
            }
        });
    };
    let idle = || {
        gateway.assert_idle();
        thread::sleep(Duration::from_millis(200));
        gateway.resident_kib()
    };
    run(0..total / 4);
    let warm = idle();
    run(total / 4..total);
    let end = idle();
    assert!(end < warm + SLACK_KIB, "{warm} KiB after {} requests, {end} KiB after {total}", total / 4);
}
