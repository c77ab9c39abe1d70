//! Limits and rates, with a clock and luck of the tests' own.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::{DAY, FRIDAY, HOUR};
use crate::accounting::{Account, Admission, Charge, Demand, Left, Terms};
use crate::calendar::Day;
use crate::chat::Request;
use crate::clock::Millis;
use crate::config::{Config, Gateway, Key};
use crate::error::{Limited, MoneyReason, Rate};
use crate::price::NanoUsd;
use crate::route::Plan;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const MINUTE: u64 = 60_000;
const ALL: Left = Left { free: true, paid: true };

/// A gateway with one key that has these members; a prompt's token costs a micro-USD, an answer's two.
fn gateway(key: serde_json::Value) -> Rc<Gateway> {
    let mut entry = json!({"name": "team", "sha256": "0".repeat(64)});
    entry.as_object_mut().unwrap().extend(key.as_object().unwrap().clone());
    let endpoint = |model: &str, prompt: u64, completion: u64, more: serde_json::Value| {
        let mut endpoint = json!({"provider": "p", "model": model, "price": {"prompt": prompt, "completion": completion}});
        endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        endpoint
    };
    let configuration = json!({
        "role": "gateway", "providers": {"p": {"dialect": "openai"}}, "keys": [entry],
        "free_models": {"requests_per_minute": 2, "requests_per_day": 3},
        "defaults": {"reserved_completion_tokens": 700, "reservation_timeout": "8m"},
        "models": [
            {"id": "a/paid", "endpoints": [
                endpoint("one", 1, 2, json!({})), endpoint("two", 1, 2, json!({"max_completion_tokens": 500})),
                endpoint("three", 1, 2, json!({"context_length": 1002})), endpoint("dear", 10, 20, json!({})),
            ]},
            {"id": "a/free", "endpoints": [endpoint("free", 0, 0, json!({}))]},
        ],
    });
    match Config::parse(configuration.to_string().as_bytes(), |_| None) {
        Ok(Config::Gateway(gateway)) => gateway,
        other => panic!("{other:?}"),
    }
}

/// The plan of the endpoints at these places.
fn plan(gateway: &Gateway, places: &[usize]) -> Plan {
    let all: Plan = gateway.endpoints().cloned().collect();
    places.iter().map(|place| all[*place].clone()).collect()
}

/// A request whose prompt has two tokens.
fn request(more: serde_json::Value) -> Request {
    let mut body = json!({"model": "a/paid", "messages": [{"role": "user", "content": "12345678"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Request::parse(body.to_string().into_bytes(), None, 3).unwrap()
}

/// A request that is asked with the one key and may be served by the endpoints at these places.
struct Asked {
    gateway: Rc<Gateway>,
    request: Request,
    plan: Plan,
}

impl Asked {
    fn demand(&self) -> Demand<'_> {
        Demand::of(&self.request, &self.plan, &self.gateway.keys()[0], &self.gateway.defaults).unwrap()
    }
}

fn demand(gateway: &Rc<Gateway>, places: &[usize], more: serde_json::Value) -> Asked {
    Asked { gateway: gateway.clone(), request: request(more), plan: plan(gateway, places) }
}

struct Book {
    gateway: Rc<Gateway>,
    account: Account,
}

impl Book {
    fn of(key: serde_json::Value) -> Self {
        Self { gateway: gateway(key), account: Account::default() }
    }

    fn key(&self) -> Rc<Key> {
        self.gateway.keys()[0].clone()
    }

    fn admit(&mut self, asked: &Asked, at: u64) -> Result<Admission, Limited> {
        let before = self.account;
        let terms = Terms { free_models: &self.gateway.free_models, defaults: &self.gateway.defaults, now: Millis(at) };
        let admitted = self.account.admit(&asked.demand(), &terms);
        if admitted.is_err() {
            assert_eq!(self.account, before, "a refusal consumes nothing");
        }
        self.account = Account::from_bytes(&self.account.to_bytes());
        admitted
    }

    fn settle(&mut self, admission: Admission, micros: u64, tokens: u64, at: u64) {
        let charge = Charge { cost: NanoUsd::new(micros.saturating_mul(1000)), is_byok: false, tokens };
        let key = self.key();
        self.account.settle(&key, Some(&admission), Some(&charge), Millis(at));
    }

    /// Spent and reserved, in micro-USD.
    fn balance(&self, at: u64) -> (u64, u64) {
        let balance = self.account.balance(&self.key(), Millis(at)).unwrap();
        (balance.spent.get() / 1000, balance.reserved.get() / 1000)
    }
}

fn money(refused: Result<Admission, Limited>) -> MoneyReason {
    match refused {
        Err(Limited::Money(refused)) => refused.reason,
        other => panic!("{other:?}"),
    }
}

fn rate(refused: Result<Admission, Limited>) -> (Rate, u64, u64) {
    match refused {
        Err(Limited::Rate(refused)) => (refused.rate, refused.resets.0, refused.wait),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_worst_case_is_the_dearest_endpoint_with_the_longest_answer() {
    let gateway = gateway(json!({}));
    let micros = |places: &[usize], more| demand(&gateway, places, more).demand().worst.get() / 1000;
    assert_eq!(micros(&[0], json!({"max_tokens": 100})), 2 + 200);
    assert_eq!(micros(&[0], json!({"max_tokens": 100, "n": 3})), 2 + 600, "each of the answers may get so long");
    assert_eq!(micros(&[0], json!({})), 2 + 1400, "as the defaults say");
    assert_eq!(micros(&[1], json!({})), 2 + 1000, "as the endpoint says");
    assert_eq!(micros(&[2], json!({})), 2 + 2000, "as the context leaves");
    assert_eq!(micros(&[4], json!({})), 0);
    assert_eq!(micros(&[0, 1, 3, 4], json!({"max_tokens": 100})), 20 + 2000, "at the dearest");
    let embeddings = Request::parse_embeddings(br#"{"model":"a/paid","input":"12345678"}"#.to_vec(), None, 3).unwrap();
    assert_eq!(Demand::of(&embeddings, &plan(&gateway, &[0]), &gateway.keys()[0], &gateway.defaults).unwrap().worst.get(), 2000);
    assert_eq!(Demand::of(&embeddings, &Plan::new(), &gateway.keys()[0], &gateway.defaults).map(|demand| demand.worst), None);
}

#[test]
fn what_is_reserved_is_given_back_and_what_it_came_to_is_entered() {
    let mut book = Book::of(json!({"limit": {"usd": 0.001, "reset": "daily"}}));
    let demand = demand(&book.gateway, &[0], json!({"max_tokens": 199}));
    let first = book.admit(&demand, FRIDAY).unwrap();
    let second = book.admit(&demand, FRIDAY).unwrap();
    assert_eq!(book.balance(FRIDAY), (0, 800));
    assert_eq!(first.left, ALL);
    book.settle(first, 100, 50, FRIDAY + 1);
    assert_eq!(book.balance(FRIDAY + 1), (100, 400));
    let key = book.key();
    book.account.settle(&key, Some(&second), None, Millis(FRIDAY + 2));
    assert_eq!(book.balance(FRIDAY + 2), (100, 0), "a failure costs nothing");
    assert_eq!(book.balance(FRIDAY + DAY), (0, 0), "a new day");
}

#[test]
fn an_answer_that_cannot_be_paid_is_refused_with_how_long_it_could_be() {
    let mut book = Book::of(json!({"limit": {"usd": 0.001}}));
    book.account.enter(NanoUsd::new(600_000), false, Day::of(Millis(FRIDAY)));
    let asks = |book: &Book, places: &[usize], more| demand(&book.gateway, places, more);
    let long = asks(&book, &[0], json!({"max_tokens": 200}));
    assert_eq!(money(book.admit(&long, FRIDAY)), MoneyReason::TooLong { asked: 200, affordable: 199 });
    let fits = asks(&book, &[0], json!({"max_tokens": 199}));
    book.admit(&fits, FRIDAY).unwrap();
    let several = asks(&book, &[0], json!({"max_tokens": 200, "n": 2}));
    assert_eq!(money(book.admit(&several, FRIDAY)), MoneyReason::TooLong { asked: 200, affordable: 99 });
    assert_eq!(money(book.admit(&fits, FRIDAY)), MoneyReason::Reserved(NanoUsd::new(400_000)), "for now");
}

#[test]
fn a_small_limit_can_be_used_up_and_not_much_more() {
    let mut book = Book::of(json!({"limit": {"usd": 0.001, "reset": "monthly"}}));
    let demand = demand(&book.gateway, &[0], json!({}));
    let first = book.admit(&demand, FRIDAY).unwrap();
    assert_eq!(money(book.admit(&demand, FRIDAY)), MoneyReason::Reserved(NanoUsd::new(1_402_000)));
    book.settle(first, 999, 1, FRIDAY);
    let second = book.admit(&demand, FRIDAY).unwrap();
    book.settle(second, 1402, 1, FRIDAY);
    let Err(Limited::Money(refused)) = book.admit(&demand, FRIDAY) else { panic!() };
    assert_eq!((refused.reason, refused.spent.get()), (MoneyReason::Spent, 2_401_000));
    assert_eq!(refused.reset.unwrap().1, Millis(FRIDAY + 11 * DAY), "the first of December");
    assert!(book.admit(&demand, FRIDAY + 11 * DAY - 1).is_err());
    book.admit(&demand, FRIDAY + 11 * DAY).unwrap();
    let free = self::demand(&book.gateway, &[4], json!({}));
    book.admit(&free, FRIDAY + 1).unwrap();
}

#[test]
fn a_limit_resets_at_midnight_on_monday_on_the_first_or_never() {
    for (reset, ends) in
        [("daily", Some(FRIDAY + DAY)), ("weekly", Some(FRIDAY + 3 * DAY)), ("monthly", Some(FRIDAY + 11 * DAY)), ("never", None)]
    {
        let mut book = Book::of(json!({"limit": {"usd": 0.001, "reset": reset}}));
        let demand = demand(&book.gateway, &[0], json!({}));
        let admission = book.admit(&demand, FRIDAY).unwrap();
        book.settle(admission, 1000, 1, FRIDAY);
        match ends {
            Some(end) => {
                assert_eq!(money(book.admit(&demand, end - 1)), MoneyReason::Spent, "{reset}");
                book.admit(&demand, end).unwrap();
            }
            None => assert_eq!(money(book.admit(&demand, FRIDAY + 1000 * DAY)), MoneyReason::Spent),
        }
    }
}

#[test]
fn a_reservation_that_nobody_settles_expires() {
    let mut book = Book::of(json!({"limit": {"usd": 0.001}}));
    let demand = demand(&book.gateway, &[0], json!({}));
    let timeout = 8 * MINUTE;
    for at in [FRIDAY, FRIDAY + 30_000, FRIDAY + 59_999] {
        book.account = Account::default();
        let lost = book.admit(&demand, at).unwrap();
        assert_eq!(money(book.admit(&demand, at + timeout)), MoneyReason::Reserved(NanoUsd::new(1_402_000)), "not too early");
        let after = at + timeout + MINUTE;
        let admission = book.admit(&demand, after).unwrap();
        book.settle(lost, 10, 1, after);
        assert_eq!(book.balance(after), (10, 1402), "one that was lost takes nothing from another");
        book.settle(admission, 10, 1, after);
        assert_eq!(book.balance(after), (20, 0));
    }
}

#[test]
fn slices_of_another_timeout_take_a_reservation_too() {
    let mut book = Book::of(json!({"limit": {"usd": 1000}}));
    let demand = demand(&book.gateway, &[0], json!({}));
    let mut admissions = Vec::new();
    for (index, timeout) in [8, 16, 40, 80, 160, 13].into_iter().enumerate() {
        let mut defaults = (*book.gateway.defaults).clone();
        defaults.reservation_timeout = Duration::from_secs(timeout * 60);
        for minute in 0..9 {
            let now = Millis(FRIDAY + (index as u64 * 9 + minute) * 1000);
            let terms = Terms { free_models: &book.gateway.free_models, defaults: &defaults, now };
            admissions.push(book.account.admit(&demand.demand(), &terms).unwrap());
        }
    }
    assert_eq!(book.balance(FRIDAY + MINUTE).1, 54 * 1402);
    for admission in admissions {
        book.settle(admission, 0, 0, FRIDAY + MINUTE);
    }
    assert_eq!(book.balance(FRIDAY + MINUTE), (0, 0));
}

#[test]
fn only_one_of_two_that_race_gets_what_is_left() {
    let mut book = Book::of(json!({"limit": {"usd": 0.001}}));
    let demand = demand(&book.gateway, &[0], json!({"max_tokens": 300}));
    // Both read the account as it was; the second to write finds it changed, and reads it again.
    let before = book.account;
    book.admit(&demand, FRIDAY).unwrap();
    let first = book.account;
    book.account = before;
    book.admit(&demand, FRIDAY).unwrap();
    book.account = first;
    assert_eq!(book.balance(FRIDAY).1, 602);
    book.admit(&demand, FRIDAY).unwrap();
    assert_eq!(money(book.admit(&demand, FRIDAY)), MoneyReason::Reserved(NanoUsd::new(1_204_000)));
}

/// Whatever is asked for, in whatever order it ends: never more than one reservation above the limit.
#[test]
fn spent_and_reserved_never_exceed_the_limit_by_more_than_one_reservation() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let limit = random.u64(1..20) * 1000;
        let mut book = Book::of(json!({"limit": {"usd": limit as f64 / 1e6}}));
        let mut open: Vec<Admission> = Vec::new();
        let mut largest = 0;
        let mut charged = 0;
        for step in 0..400 {
            let now = FRIDAY + step * 50;
            if random.bool() {
                let more = if random.bool() { json!({"max_tokens": random.u64(1..900)}) } else { json!({}) };
                let demand = demand(&book.gateway, &[random.usize(0..3)], more);
                if let Ok(admission) = book.admit(&demand, now) {
                    largest = largest.max(demand.demand().worst.get() / 1000);
                    open.push(admission);
                }
            } else if !open.is_empty() {
                let admission = open.swap_remove(random.usize(0..open.len()));
                let most = admission.reserved.unwrap().amount.get() / 1000;
                let cost = if random.u8(0..4) == 0 { 0 } else { random.u64(0..=most) };
                charged += cost;
                book.settle(admission, cost, 0, now);
            }
            let (spent, reserved) = book.balance(now);
            assert_eq!(spent, charged, "seed {seed}");
            assert!(spent + reserved <= limit + largest, "seed {seed}: {spent} + {reserved} > {limit} + {largest}");
        }
        for admission in open {
            book.settle(admission, 0, 0, FRIDAY + HOUR / 60);
        }
        assert_eq!(book.balance(FRIDAY + HOUR / 60).1, 0, "seed {seed}");
    }
}

#[test]
fn requests_are_counted_by_the_minute_and_by_the_day() {
    let mut book = Book::of(json!({"requests_per_minute": 2, "requests_per_day": 3}));
    let demand = demand(&book.gateway, &[0], json!({}));
    let at = FRIDAY + 12 * HOUR + 10_500;
    book.admit(&demand, at).unwrap();
    book.admit(&demand, at).unwrap();
    assert_eq!(rate(book.admit(&demand, at)), (Rate::RequestsPerMinute, FRIDAY + 12 * HOUR + MINUTE, 50));
    assert!(book.admit(&demand, FRIDAY + 12 * HOUR + MINUTE - 1).is_err());
    book.admit(&demand, FRIDAY + 12 * HOUR + MINUTE).unwrap();
    assert_eq!(rate(book.admit(&demand, FRIDAY + DAY - 1)), (Rate::RequestsPerDay, FRIDAY + DAY, 1), "the last millisecond");
    book.admit(&demand, FRIDAY + DAY).unwrap();
    book.admit(&demand, FRIDAY).unwrap();
    assert!(book.admit(&demand, FRIDAY + HOUR).is_err(), "a clock that goes back begins no minute anew");
}

#[test]
fn tokens_are_counted_when_they_are_known() {
    let mut book = Book::of(json!({"tokens_per_minute": 100}));
    let demand = demand(&book.gateway, &[0], json!({}));
    let first = book.admit(&demand, FRIDAY).unwrap();
    let second = book.admit(&demand, FRIDAY).unwrap();
    book.settle(first, 0, 1, FRIDAY);
    book.settle(second, 0, 97, FRIDAY);
    let third = book.admit(&demand, FRIDAY).unwrap();
    assert_eq!(rate(book.admit(&demand, FRIDAY)).0, Rate::TokensPerMinute, "2 by estimate, 97, and 2 more");
    book.settle(third, 0, 500, FRIDAY + MINUTE);
    assert_eq!(rate(book.admit(&demand, FRIDAY + MINUTE)).0, Rate::TokensPerMinute, "what ends in a minute counts there");
    book.admit(&demand, FRIDAY + 2 * MINUTE).unwrap();
}

#[test]
fn free_models_have_a_share_of_their_own() {
    let mut book = Book::of(json!({}));
    let free = demand(&book.gateway, &[4], json!({}));
    let mixed = demand(&book.gateway, &[4, 0], json!({}));
    book.admit(&free, FRIDAY).unwrap();
    assert_eq!(book.admit(&mixed, FRIDAY).unwrap().left, ALL);
    assert_eq!(rate(book.admit(&free, FRIDAY)).0, Rate::FreeRequestsPerMinute);
    let admission = book.admit(&mixed, FRIDAY).unwrap();
    let mut plan = plan(&book.gateway, &[4, 0]);
    admission.apply(&book.key(), &mut plan);
    assert_eq!((admission.left, plan.len(), &*plan[0].model), (Left { free: false, paid: true }, 1, "one"));
    book.admit(&free, FRIDAY + MINUTE).unwrap();
    assert_eq!(rate(book.admit(&free, FRIDAY + 2 * MINUTE)), (Rate::FreeRequestsPerDay, FRIDAY + DAY, 24 * 3600 - 120));
    assert_eq!(book.account.free_requests_of_day(Millis(FRIDAY + 2 * MINUTE)), 3);
    assert_eq!(book.account.free_requests_of_day(Millis(FRIDAY + DAY)), 0);
}

#[test]
fn what_costs_nothing_is_left_when_the_money_is_gone() {
    let mut book = Book::of(json!({"limit": {"usd": 0.001}}));
    book.account.enter(NanoUsd::new(1_000_000), false, Day::of(Millis(FRIDAY)));
    let mixed = demand(&book.gateway, &[0, 4], json!({}));
    let admission = book.admit(&mixed, FRIDAY).unwrap();
    let mut plan = plan(&book.gateway, &[0, 4]);
    admission.apply(&book.key(), &mut plan);
    assert_eq!((admission.left, admission.reserved, &*plan[0].model), (Left { free: true, paid: false }, None, "free"));
    book.admit(&mixed, FRIDAY).unwrap();
    assert_eq!(money(book.admit(&mixed, FRIDAY)), MoneyReason::Spent, "neither money nor a share is left");
}

#[test]
fn what_is_spent_with_the_clients_own_credential_counts_where_the_configuration_says() {
    for (included, spent) in [(false, 0), (true, 400)] {
        let mut book = Book::of(json!({"limit": {"usd": 0.001}, "include_byok_in_limit": included}));
        book.account.enter(NanoUsd::new(400_000), true, Day::of(Millis(FRIDAY)));
        assert_eq!(book.balance(FRIDAY).0, spent);
        assert_eq!((book.account.byok(Millis(FRIDAY)).daily.get(), book.account.spend(Millis(FRIDAY)).total.get()), (400_000, 0));
    }
}
