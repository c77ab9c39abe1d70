//! The accounts with a clock of their own.

mod admission;
mod keys;

use serde_json::Value;

use super::*;
use crate::calendar::Day;
use crate::clock::Millis;
use crate::config::{Config, Gateway, Key};
use crate::price::{Cost, NanoUsd};
use crate::required::Contract;
use crate::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// 2026-11-20, a Friday.
const FRIDAY: u64 = 20_777 * DAY;

fn gateway() -> std::rc::Rc<Gateway> {
    let configuration = r#"{"role":"gateway","anonymous":true,"providers":{"p":{"dialect":"openai","name":"Provider"}},
        "models":[{"id":"a/b","endpoints":[{"provider":"p","model":"b","price":{"prompt":1,"completion":1}}]}],
        "keys":[{"name":"chief","management":true,"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
            {"name":"team","sha256":"0f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","limit":{"usd":10,"reset":"monthly"}}]}"#;
    let Ok(Config::Gateway(gateway)) = Config::parse(configuration.as_bytes(), |_| None) else { panic!() };
    gateway
}

fn used(nanos: u64) -> Activity {
    let gateway = gateway();
    let usage = Usage { input: 10, cache_read: 5, output: 2, reasoning: 1, ..Usage::default() };
    let cost = Cost { total: NanoUsd::new(nanos), ..Cost::default() };
    Activity::of(gateway.endpoints().next().unwrap(), &crate::exchange::Spent { usage, cost, is_byok: false })
}

fn amounts(spend: Spend) -> [u64; 4] {
    [spend.total, spend.daily, spend.weekly, spend.monthly].map(NanoUsd::get)
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(body)))
}

/// What has to be there, by the contract.
#[test]
fn spend_rolls_over_at_midnight_on_monday_and_on_the_first() {
    let mut account = Account::default();
    let mut enter = |nanos, at: u64| {
        account.enter(NanoUsd::new(nanos), false, Day::of(Millis(at)));
        account = Account::from_bytes(&account.to_bytes());
        amounts(account.spend(Millis(at)))
    };
    assert_eq!(enter(1, FRIDAY), [1, 1, 1, 1]);
    assert_eq!(enter(2, FRIDAY + DAY - 1), [3, 3, 3, 3], "the last millisecond");
    assert_eq!(enter(4, FRIDAY + DAY), [7, 4, 7, 7], "Saturday");
    assert_eq!(enter(8, FRIDAY + 3 * DAY - 1), [15, 8, 15, 15], "the end of Sunday");
    assert_eq!(enter(16, FRIDAY + 3 * DAY), [31, 16, 16, 31], "Monday");
    assert_eq!(enter(32, FRIDAY + 11 * DAY), [63, 32, 32, 32], "Tuesday, the first of December");
    assert_eq!(enter(64, FRIDAY), [127, 96, 96, 96], "a clock that went back spoils nothing");
    assert_eq!(amounts(account.spend(Millis(FRIDAY + 12 * DAY))), [127, 0, 96, 96], "without an entry, too");
    assert_eq!(amounts(account.spend(Millis(FRIDAY + 400 * DAY))), [127, 0, 0, 0]);
}

#[test]
fn damaged_bytes_are_an_empty_account() {
    let (mut account, mut today) = (Account::default(), Today::default());
    account.enter(NanoUsd::new(5), true, Day::of(Millis(FRIDAY)));
    today.enter(&used(5), Day::of(Millis(FRIDAY)));
    for end in 0..account.to_bytes().len() {
        assert_eq!(Account::from_bytes(&account.to_bytes()[..end]), Account::default());
    }
    assert_eq!(Account::from_bytes(&account.to_bytes()), account);
    let bytes = today.to_bytes();
    for end in 0..bytes.len() {
        let read = Today::from_bytes(&bytes[..end]);
        assert!(read.activities().1.is_empty());
        assert!(History::from_bytes(&bytes[..end]).to_bytes().len() <= end);
    }
    assert_eq!(Today::from_bytes(&bytes), today);
}

#[test]
fn a_day_that_is_over_goes_into_the_history_and_leaves_it_after_thirty() {
    let (mut record, mut history) = (Today::default(), History::default());
    for day in 0..40 {
        for _ in 0..2 {
            let now = Millis(FRIDAY + day * DAY);
            if let Some((ended, activities)) = record.enter(&used(100), Day::of(now)) {
                history.add(ended, activities, now);
            }
        }
        history = History::from_bytes(&history.to_bytes());
    }
    let now = Millis(FRIDAY + 39 * DAY);
    let gateway = gateway();
    let tell = |query: &str, now: Millis| {
        let (day, today) = record.activities();
        let all: Vec<_> = history.entries().iter().copied().chain(today.iter().map(|activity| (day, *activity))).collect();
        json(&activity(&gateway, &Filter::parse(query, now).unwrap(), &all))["data"].clone()
    };
    let days = tell("", now);
    assert_eq!(days.as_array().unwrap().len(), 30, "and not today");
    Contract::read().assert_kept("GET /activity", &serde_json::json!({"data": days}));
    let newest = &days[0];
    assert_eq!((&newest["date"], &newest["model"], &newest["provider_name"]), (&"2026-12-28".into(), &"a/b".into(), &"Provider".into()));
    assert_eq!((&newest["usage"], &newest["requests"], &newest["prompt_tokens"]), (&serde_json::json!(2e-7), &2.into(), &30.into()));
    assert_eq!((&newest["completion_tokens"], &newest["reasoning_tokens"], &newest["cached_tokens"]), (&6.into(), &2.into(), &10.into()));
    assert_eq!(tell("date=2026-12-27", now).as_array().unwrap().len(), 1);
    assert_eq!(tell("", Millis(now.0 + DAY))[0]["date"], "2026-12-29", "the last day is told as soon as it is over");
    for query in ["date=2026-12-29", "date=2026-11-28", "date=yesterday", "api_key_hash=short"] {
        assert!(Filter::parse(query, now).is_err(), "{query}");
    }
}

#[test]
fn what_is_shared_is_bounded() {
    let (mut today, mut history) = (Today::default(), History::default());
    for number in 0..1000 {
        today.enter(&Activity { endpoint: number, requests: 1, ..Activity::default() }, Day::of(Millis(FRIDAY)));
    }
    let (_, activities) = today.activities();
    assert_eq!(activities.iter().map(|activity| activity.requests).sum::<u64>(), 1000, "what is put together is not lost");
    assert!(today.to_bytes().len() <= 8 + 64 * 64);
    for _ in 0..100 {
        history.add(Day::of(Millis(FRIDAY)), activities.to_vec(), Millis(FRIDAY));
    }
    assert!(history.to_bytes().len() <= 2048 * 72);
}

#[test]
fn what_a_worker_has_settled_is_gathered_by_key_and_day() {
    let (team, other): (std::rc::Rc<str>, std::rc::Rc<str>) = ("team".into(), "other".into());
    let (day, activity) = (Day::of(Millis(FRIDAY)), used(5));
    let charge = |nanos, is_byok| Charge { cost: NanoUsd::new(nanos), is_byok, tokens: 1 };
    let mut pending = Pending::default();
    pending.add(&team, day.after(1), Some(&charge(1, false)), &activity);
    for _ in 0..3 {
        pending.add(&team, day, Some(&charge(10, false)), &activity);
    }
    pending.add(&team, day, Some(&charge(100, true)), &activity);
    pending.add(&team, day, None, &activity);
    pending.add(&other, day, Some(&charge(1000, false)), &activity);
    assert!(!pending.is_full());
    let all = pending.take();
    assert_eq!(all.len(), 3);
    assert_eq!(all[2].0, (team.clone(), day.after(1)), "the last day is shared last");
    let used = &all.iter().find(|(of, _)| *of == (team.clone(), day)).unwrap().1;
    assert_eq!((used.spent, used.byok), (NanoUsd::new(30), NanoUsd::new(100)), "and nothing that the account knows already");
    assert_eq!(used.today.activities().1[0].requests, 5);
    assert!(pending.take().is_empty());
    for number in 0..1024 {
        pending.add(&format!("key {number}").into(), day, None, &activity);
    }
    assert!(pending.is_full());
}

#[test]
fn a_key_has_every_member_that_clients_require() {
    let gateway = gateway();
    let mut account = Account::default();
    account.enter(NanoUsd::new(40_000), false, Day::of(Millis(FRIDAY)));
    let tell = |key: &Key| json(&super::key(key, &account, &gateway.free_models, Millis(FRIDAY)));
    let body = tell(&gateway.keys()[0]);
    let mut contract = Contract::read();
    contract.assert_kept("GET /key", &body);
    assert_eq!((&body["data"]["label"], &body["data"]["is_management_key"]), (&"chief".into(), &true.into()));
    assert_eq!(body["data"]["usage_daily"], 0.00004);
    let limited = tell(&gateway.keys()[1]);
    contract.assert_kept("GET /key", &limited);
    let limited = limited["data"].clone();
    assert_eq!((&limited["limit"], &limited["limit_remaining"], &limited["limit_reset"]), (&10.into(), &9.99996.into(), &"monthly".into()));
    let budget = serde_json::json!({"budget_id": null, "guardrail_id": null, "include_byok": false, "limit_usd": 10,
        "remaining_usd": 9.99996, "reset_interval": "monthly", "resets_at": "2026-12-01T00:00:00Z", "scope": "key_limit", "spend_usd": 0.00004});
    assert_eq!((&limited["budgets"], &limited["effective_budget"]), (&serde_json::json!([budget]), &budget));
    let credits = json(&credits([account.spend(Millis(FRIDAY)); 2].into_iter()));
    contract.assert_kept("GET /credits", &credits);
    assert_eq!(credits["data"]["total_usage"], 0.00008);
}

#[test]
fn a_slot_stands_in_the_id() {
    let mut random = fastrand::Rng::with_seed(7);
    for size in [1, 10, 1000, 100_000] {
        for number in [0, 1, 61, 62, 3843, 3844, 99_999, u64::MAX] {
            let slot = Slot::of(number, size).unwrap();
            let letters = slot.letters();
            let id = crate::exchange::generation_id(Millis(FRIDAY), &mut random, &letters);
            assert_eq!(id.rsplit('-').next().unwrap().len(), 20, "{id}");
            assert_eq!(Slot::in_id(&id, size), Some(slot), "{id}");
        }
    }
    assert_eq!(Slot::of(1, 0), None);
    for id in [
        "",
        "gen-",
        "gen-1-0000",
        "gen-1779474931-w20BCAngQY7SOa9Zs5zz",
        "gen-1779474931-w20BCAngQY7SOa9\u{e9}0000",
        "x-1779474931-w20BCAngQY7S0000",
    ] {
        assert_eq!(Slot::in_id(id, 1000), None, "{id}");
    }
}

#[test]
fn a_busy_worker_is_dealt_several_slots_and_a_small_ring_is_dealt_exactly() {
    let mut slots = Slots::default();
    assert_eq!(slots.take(1000, Millis(FRIDAY)), None);
    assert_eq!(slots.wanted(1000, Millis(FRIDAY)), 1, "who knows when it comes again");
    slots.deal(998, 1, Millis(FRIDAY));
    assert_eq!(slots.take(1000, Millis(FRIDAY)), Slot::of(998, 1000));
    assert_eq!(slots.wanted(1000, Millis(FRIDAY + 50)), 15);
    assert_eq!(slots.wanted(10, Millis(FRIDAY + 50)), 1);
    slots.deal(999, 15, Millis(FRIDAY + 50));
    assert_eq!(slots.take(1000, Millis(FRIDAY + 60)), Slot::of(999, 1000));
    assert_eq!(slots.take(1000, Millis(FRIDAY + 70)), Slot::of(0, 1000));
    assert_eq!(slots.take(1000, Millis(FRIDAY + 120_000)), None, "others may have come round to it");
}

#[test]
fn a_record_is_bounded_and_read_whole_or_not_at_all() {
    let gateway = gateway();
    let body = br#"{"model":"a/b","messages":[{"role":"user","content":"A secret."}]}"#.to_vec();
    let request = crate::chat::Request::parse(body, None, 3).unwrap();
    let plan = vec![gateway.endpoints().next().unwrap().clone(); 20];
    let now = Millis(FRIDAY);
    let mut exchange =
        crate::exchange::Exchange::new("gen-1-a".into(), request, gateway.keys()[0].clone(), plan, gateway.defaults.clone(), now);
    for second in 0..20 {
        exchange.begin_attempt(&Millis(FRIDAY + second * 1000)).unwrap();
    }
    let settled = exchange.settle(Millis(FRIDAY + 20_000));
    let long = "\u{e9}".repeat(5000);
    let long = Some(long.as_bytes());
    let mut kept = Vec::new();
    record(&exchange, &settled, &Presentation { user_agent: long, referer: long, title: long, session: long }, &mut kept);
    assert!(kept.len() <= MAX_RECORD, "{}", kept.len());
    let generation = Generation::parse(&kept).unwrap();
    assert!(generation.is("gen-1-a", "chief") && !generation.is("gen-1-a", "other") && !generation.is("gen-1-b", "chief"));
    let told = json(&generation.body())["data"].clone();
    assert_eq!((&told["user_agent"].as_str().unwrap().len(), &told["total_cost"]), (&256, &0.into()));
    assert_eq!((&told["provider_responses"][0]["latency"], &told["provider_responses"][0]["status"]), (&1000.into(), &Value::Null));
    assert_eq!((&told["api_type"], &told["upstream_id"], &told["router"]), (&"completions".into(), &Value::Null, &Value::Null));
    assert_eq!((&told["cancelled"], &told["tokens_prompt"]), (&true.into(), &Value::Null));
    assert!(!told.to_string().contains("secret"));
    for end in 0..kept.len() {
        // Cut between two attempts it is a whole record, of fewer.
        if let Some(cut) = Generation::parse(&kept[..end]) {
            json(&cut.body());
        }
    }
}
