//! What routing and catalogue are told of what was observed.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const NOW: u64 = 1_779_474_931_000;
const MINUTE: u64 = 60_000;

fn observed(at: u64, answered: bool, latency: Option<u64>, throughput: Option<u64>) -> Observation {
    let endpoint = EndpointKey::of_hash(1);
    Observation { endpoint, at: Millis(at), answered, latency, throughput }
}

#[test]
fn uptime_is_the_share_of_requests_that_were_answered() {
    let mut performance = Performance::default();
    for minutes in [0, 3, 20, 600] {
        for n in 0..10 {
            performance.record(&observed(NOW - minutes * MINUTE, n < 9 || minutes == 0, None, None));
        }
    }
    // Late by a day and more: nobody asks for that any more.
    performance.record(&observed(NOW - 3000 * MINUTE, false, None, None));
    let report = performance.report(Millis(NOW));
    assert_eq!(report.uptime_last_5m, Some(95.0));
    assert!((report.uptime_last_30m.unwrap() - 93.33).abs() < 0.01);
    assert_eq!(report.uptime_last_1d, Some(92.5));
    assert_eq!(report.latency_last_30m, None);
    let later = performance.report(Millis(NOW + 10 * MINUTE));
    assert_eq!(later.uptime_last_5m, None);
    assert!((later.uptime_last_30m.unwrap() - 93.33).abs() < 4.0);
    assert_eq!(performance.report(Millis(NOW + 2000 * MINUTE)), Report::default());
}

#[test]
fn uptime_is_judged_by_a_hundred_requests() {
    let mut performance = Performance::default();
    for n in 0..99 {
        performance.record(&observed(NOW, n % 2 == 0, None, None));
    }
    assert_eq!(performance.recent(Millis(NOW)).uptime, None);
    performance.record(&observed(NOW, false, None, None));
    assert_eq!(performance.recent(Millis(NOW)).uptime, Some(50.0));
}

#[test]
fn latency_and_throughput_are_those_of_five_minutes() {
    let mut performance = Performance::default();
    performance.record(&observed(NOW - 15 * MINUTE, true, Some(8000), Some(10)));
    let recent = performance.recent(Millis(NOW));
    assert_eq!((recent.latency, recent.throughput), (None, None));
    assert!((recent.usual_latency.unwrap() - 8.0).abs() < 0.5, "what was usual before stands where nothing is newer");
    for _ in 0..10 {
        performance.record(&observed(NOW - MINUTE, true, Some(200), Some(500)));
    }
    let recent = performance.recent(Millis(NOW));
    assert!((recent.latency.unwrap().p99 - 0.2).abs() < 0.02, "{recent:?}");
    assert!((recent.throughput.unwrap().p50 - 50.0).abs() < 4.0, "{recent:?}");
    assert!((recent.usual_throughput.unwrap() - 50.0).abs() < 4.0);
    let report = performance.report(Millis(NOW));
    assert!((report.latency_last_30m.unwrap().p50 - 200.0).abs() < 14.0, "in milliseconds: {report:?}");
    assert!(report.latency_last_30m.unwrap().p99 > 7000.0 && report.throughput_last_30m.unwrap().p99 < 2.0, "{report:?}");
}

#[test]
fn what_is_shared_is_what_was_counted_and_stays_small() {
    let mut performance = Performance::default();
    let mut random = fastrand::Rng::with_seed(3);
    for n in 0..50_000 {
        performance.record(&observed(NOW + n * 2000, random.bool(), Some(random.u64(..5_000_000)), Some(random.u64(..100_000))));
    }
    let bytes = performance.to_bytes();
    assert!(bytes.len() < 14_000, "{}", bytes.len());
    assert_eq!(Performance::from_bytes(&bytes), performance);
    for end in 0..bytes.len() {
        let cut = Performance::from_bytes(&bytes[..end]);
        cut.recent(Millis(NOW));
    }
    for _ in 0..200 {
        let noise: Vec<u8> = (0..random.usize(..2000)).map(|_| random.u8(..)).collect();
        let read = Performance::from_bytes(&noise);
        assert!(read.to_bytes().len() < 14_000);
        read.report(Millis(NOW));
    }
}
