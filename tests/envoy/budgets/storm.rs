//! A limit under more requests than it is worth, held against the books of the provider that served them.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use super::{COST, LIMITED, OTHER, ask, key, limited, model, nanos, settled};
use crate::envoy::{gateway::Gateway, ledger::Ledger, reply::Reply, rush::at_once, setup::Setup, wire};

/// What [`COST`] is a hundred times of.
const LIMIT: u64 = 101_900_000;
/// The keys and their names, by which the stub keeps its books. The second has no limit.
const KEYS: [(&str, &str); 3] = [(LIMITED, "limited"), (OTHER, "other"), ("Bearer sk-or-v1-third", "third")];

fn setup(more: &[&str]) -> Setup {
    let limit = json!({"usd": 0.1019, "reset": "weekly"});
    let short = || json!({"max_completion_tokens": wire::OUTPUT_TOKENS});
    let mut setup = Setup::new()
        .reloadable()
        .providers(&["first", "second"])
        .model(model("t/plain", &["second"], short()))
        .model(model("t/over", &["first", "second"], short()))
        .model(model("t/left", &["second"], short()))
        .key(limited(&limit))
        // printf %s sk-or-v1-other | sha256sum
        .key(json!({"name": "other", "sha256": "5eed1bb3f0c902a9a177ff40f4531cc2afa0cb8c614f5aee8dee4a743d3502f2"}))
        // printf %s sk-or-v1-third | sha256sum
        .key(json!({"name": "third", "limit": limit, "sha256": "6a2913a565f186acf8d4096dfc483755d3aa3ded341d7444a2a6c35fa9d152fe"}));
    for id in more {
        setup = setup.model(model(id, &["second"], short()));
    }
    setup
}

/// One request of the key at this place, of the kind `n`; its status.
fn send(gateway: &Gateway, whose: usize, n: usize) -> u16 {
    let (key, name) = KEYS[whose];
    let ask = |model, mut more: Value| {
        more["user"] = name.into();
        ask(model, key, more)
    };
    match n % 10 {
        // It hangs up in the middle, and pays what it saw: an estimate, which is in nobody's books.
        0 if whose == 2 => {
            let mut answer = gateway.open(&ask("t/left", json!({"stream": true})));
            if answer.status == 200 {
                answer.event().unwrap();
            }
            answer.status
        }
        1..=3 => {
            let answer = gateway.open(&ask("t/plain", json!({"stream": true})));
            let status = answer.status;
            if status == 200 {
                assert!(answer.events().last().unwrap().is_done());
            }
            status
        }
        4..=6 => {
            let order = json!({"provider": {"order": ["first", "second"]}, "stream": n.is_multiple_of(2)});
            let answer = gateway.send(&ask("t/over", order));
            assert!(answer.complete);
            answer.status
        }
        _ => gateway.send(&ask("t/plain", json!({}))).status,
    }
}

/// What is left of a key's limit can be spent, and then nothing more.
fn use_up(gateway: &Gateway, whose: usize) {
    while nanos(&key(gateway, KEYS[whose].0)["limit_remaining"]) > 0 {
        assert_eq!(send(gateway, whose, 9), 200, "something was left");
    }
    assert_eq!(send(gateway, whose, 9), 402);
}

/// 1,000 at once of a key whose limit is worth 100; then others of another key, while the configuration changes twice.
#[test]
fn a_thousand_at_once_spend_a_limit_to_the_nano_usd_and_not_beyond_one_reservation() {
    let gateway = Gateway::start(setup(&[]));
    let (first, second) = (gateway.provider("first"), gateway.provider("second"));
    let ledger = Ledger::default();
    first.answers("over", Reply::error(503, "down"));
    second.answers_by("plain", ledger.serving(Duration::from_millis(20)));
    for name in ["over", "new", "newer"] {
        second.answers_by(name, ledger.serving(Duration::ZERO));
    }
    let words: Vec<String> = (0..60).map(|n| format!("{n} ")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    second.answers("left", wire::stream(&words).paced(Duration::from_millis(20)));
    let assert_just_used_up = |name: &str, spent: u64| {
        // By no more than one request reserves.
        assert!((LIMIT..LIMIT + COST + 10_000).contains(&spent), "{name} has spent {spent} of {LIMIT}");
    };
    let served = |whose: usize| ledger.of(KEYS[whose].1).cost(1000, 100_000);

    let statuses = at_once(1000, |client| send(&gateway, 0, 4 + client % 6), || {});
    let count = |status: u16| statuses.iter().filter(|other| **other == status).count() as u64;
    assert_eq!(count(200) + count(402), 1000, "{statuses:?}");
    assert_eq!(ledger.of("limited").requests, count(200));
    assert!((90..=120).contains(&count(200)), "{} are admitted by a limit that is worth 100 of them", count(200));
    assert_eq!(settled(&gateway, "limited"), served(0), "what the stub served is what was charged");
    use_up(&gateway, 0);
    assert_just_used_up("limited", settled(&gateway, "limited"));

    let changed = AtomicBool::new(false);
    let ask_on = |client: usize| {
        let whose = if client.is_multiple_of(5) { 2 } else { 1 };
        // So few of the key with a limit that it is not used up in the meantime.
        let goes_on = |n: usize| if whose == 2 { n < 25 } else { n < 25 || !changed.load(Ordering::Relaxed) };
        (0..).take_while(|n| goes_on(*n)).map(|n| send(&gateway, whose, client + n)).collect()
    };
    let changes = || {
        let is_taken = [&["t/new"][..], &["t/new", "t/newer"]].iter().all(|more| {
            gateway.reload(&setup(more).configuration);
            let newest = ask(more.last().unwrap(), OTHER, json!({"user": "other"}));
            (0..200).any(|_| {
                thread::sleep(Duration::from_millis(25));
                gateway.send(&newest).status == 200
            })
        });
        changed.store(true, Ordering::Relaxed);
        assert!(is_taken, "a new configuration never came:\n{}", gateway.log());
    };
    let statuses: Vec<Vec<u16>> = at_once(20, ask_on, changes);
    gateway.assert_idle();
    assert!(statuses.concat().iter().all(|status| *status == 200), "{statuses:?}");
    use_up(&gateway, 2);
    let spent = KEYS.map(|(_, name)| settled(&gateway, name));
    let left = gateway.samples().sum("signalbox_cost_nano_usd_total", &[("gen_ai_request_model", "t/left")]);
    assert_eq!(spent, [served(0), served(1), served(2) + left], "and it still is after two changes of the configuration");
    assert_just_used_up("third", spent[2]);
    for ((credential, name), spent) in KEYS.into_iter().zip(spent) {
        assert_eq!(nanos(&key(&gateway, credential)["usage"]), spent, "{name}");
    }
    assert_eq!(key(&gateway, OTHER)["limit"], Value::Null);
    let over = gateway.samples().sum("signalbox_attempts_total", &[("gen_ai_request_model", "t/over"), ("outcome", "fallback")]);
    assert!(over > 0, "some failed over");
}
