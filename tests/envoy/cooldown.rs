//! An endpoint that failed is asked last for a while: as long as it says, in any of the ways to say it.

use std::{
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::json;

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    reply::Reply,
    setup::Setup,
    wire,
};

/// Trouble without a Retry-After is forgotten after one second here, so what is still avoided after that was told to be.
const COOLDOWN: Duration = Duration::from_secs(1);

const SPELLINGS: [(&str, &str, &str); 6] = [
    ("seconds", "retry-after", "60"),
    ("fraction", "retry-after", "59.5"),
    ("duration", "retry-after", "1m2.5s"),
    ("milliseconds", "retry-after-ms", "60000"),
    ("date", "retry-after", "an HTTP-date a minute from now"),
    ("old-date", "retry-after", "an HTTP-date a minute from now, by RFC 850"),
];

static GATEWAY: Shared = Shared::new(|| {
    let mut ids: Vec<String> = SPELLINGS.iter().map(|(name, ..)| format!("t/{name}")).collect();
    ids.extend(["t/forgotten", "t/soon", "t/unread", "t/all", "t/503", "t/streamed", "t/healthy"].map(String::from));
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let setup = Setup::new().with("defaults", json!({"cooldown": "1s"})).providers(&["first", "second"]);
    Gateway::start(setup.models(&ids, &["first", "second"]))
});

/// The first provider fails once with `reply` and is well from then on; the second is always well.
fn fails_once(gateway: &Gateway, model: &str, reply: Reply) {
    gateway.provider("first").answers_in_turn(model, vec![reply, wire::completion("first")]);
    gateway.provider("second").answers(model, wire::completion("second"));
    assert_eq!(gateway.ask(&format!("t/{model}")).content(), "second", "{model}");
}

fn http_date(from_now: u64, rfc850: bool) -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + from_now;
    let (days, of_day) = (seconds / 86400, seconds % 86400);
    // Civil from days, https://howardhinnant.github.io/date_algorithms.html
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let weekday = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"][(days % 7) as usize];
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month as usize - 1];
    let time = format!("{:02}:{:02}:{:02} GMT", of_day / 3600, of_day / 60 % 60, of_day % 60);
    match rfc850 {
        false => format!("{}, {day:02} {month} {year} {time}", &weekday[..3]),
        true => format!("{weekday}, {day:02}-{month}-{:02} {time}", year % 100),
    }
}

#[test]
fn t80_c18_retry_after_is_understood_in_every_spelling() {
    let gateway = Use::of(&GATEWAY);
    for (name, header, value) in SPELLINGS {
        let value = match name {
            "date" => http_date(60, false),
            "old-date" => http_date(60, true),
            _ => value.into(),
        };
        fails_once(&gateway, name, Reply::error(429, "limited").header(header, &value));
    }
    thread::sleep(COOLDOWN + Duration::from_millis(500));
    for (name, header, value) in SPELLINGS {
        for _ in 0..4 {
            assert_eq!(gateway.ask(&format!("t/{name}")).content(), "second", "{header}: {value}");
        }
        assert_eq!(gateway.provider("first").received(name).len(), 1, "{header}: {value}");
    }
}

#[test]
fn a_503_and_a_stream_cool_down_too() {
    let gateway = Use::of(&GATEWAY);
    fails_once(&gateway, "503", Reply::error(503, "down").header("retry-after", "60"));
    gateway.provider("first").answers("streamed", Reply::error(429, "limited").header("retry-after", "60"));
    gateway.provider("second").answers("streamed", wire::stream(&["second"]));
    gateway.ask_streamed("t/streamed").events();
    thread::sleep(COOLDOWN + Duration::from_millis(500));
    assert_eq!(gateway.ask("t/503").content(), "second");
    gateway.ask_streamed("t/streamed").events();
    assert_eq!(gateway.provider("first").received("streamed").len(), 1);
}

#[test]
fn trouble_is_remembered_and_forgotten() {
    let gateway = Use::of(&GATEWAY);
    fails_once(&gateway, "forgotten", Reply::error(500, "down"));
    for _ in 0..6 {
        assert_eq!(gateway.ask("t/forgotten").content(), "second", "by every worker, for a second");
    }
    thread::sleep(COOLDOWN + Duration::from_millis(300));
    assert_eq!(gateway.ask("t/forgotten").content(), "first");
}

#[test]
fn a_short_retry_after_is_short() {
    let gateway = Use::of(&GATEWAY);
    fails_once(&gateway, "soon", Reply::error(429, "limited").header("retry-after-ms", "300"));
    assert_eq!(gateway.ask("t/soon").content(), "second");
    thread::sleep(Duration::from_millis(450));
    assert_eq!(gateway.ask("t/soon").content(), "first");
}

#[test]
fn a_retry_after_that_cannot_be_read_means_the_default() {
    let gateway = Use::of(&GATEWAY);
    for value in ["soon", "-5", "", "99999999999999999999999", "NaN", "1e400"] {
        thread::sleep(COOLDOWN + Duration::from_millis(200));
        gateway.provider("first").answers("unread", Reply::error(429, "limited").header("retry-after", value));
        gateway.provider("second").answers("unread", wire::completion("second"));
        assert_eq!(gateway.ask("t/unread").content(), "second", "{value:?}");
    }
}

/// C18: they are put last, not left out.
#[test]
fn cooling_endpoints_are_still_asked_when_there_is_no_other() {
    let gateway = Use::of(&GATEWAY);
    for name in ["first", "second"] {
        let limited = Reply::error(429, "limited").header("retry-after", "60");
        gateway.provider(name).answers_in_turn("all", vec![limited, wire::completion(name)]);
    }
    gateway.ask("t/all").error(429);
    assert_eq!(gateway.ask("t/all").status, 200);
}

#[test]
fn a_client_error_is_no_trouble() {
    let gateway = Use::of(&GATEWAY);
    gateway.provider("first").answers_in_turn("healthy", vec![Reply::error(400, "bad"), wire::completion("first")]);
    gateway.send(&Request::ask("t/healthy", json!({}))).error(400);
    for _ in 0..4 {
        assert_eq!(gateway.ask("t/healthy").content(), "first");
    }
}
