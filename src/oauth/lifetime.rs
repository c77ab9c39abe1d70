//! How long a token is good, and when the next one is to be fetched: a state machine of times.

use std::time::Duration;

use crate::clock::Millis;

/// The times of a token, and of the fetch for the next. At first a fetch is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lifetime {
    /// When it was asked for, and until when it is good; the epoch if there is none.
    fetched: Millis,
    expires: Millis,
    /// When the next fetch is due; of one that is under way, when it is given up.
    due: Millis,
    /// When the fetch that is under way began.
    under_way: Option<Millis>,
    /// Fetches that failed since the last that did not.
    failures: u32,
}

/// A token is renewed this long before its end. Google's metadata server gives the old one until 5 minutes before; its own libraries
/// renew at 3:45.
const AHEAD: Duration = Duration::from_secs(225);
/// The pause after the first failure; each further failure doubles it.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A fetch whose outcome is not told by then is lost.
const LOST: Duration = Duration::from_secs(30);
/// A younger token is not doubted: what refuses it would refuse the next, too.
const DOUBTABLE: Duration = Duration::from_secs(60);

// === impl Lifetime ===

impl Lifetime {
    pub(super) fn is_valid(&self, now: Millis) -> bool {
        now < self.expires
    }

    /// Whether a fetch is under way, or about to be because none was made yet.
    pub(super) fn is_expected(&self) -> bool {
        self.under_way.is_some() || *self == Self::default()
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failures > 0
    }

    pub(super) fn due(&self) -> Millis {
        self.due
    }

    pub(super) fn begin(&mut self, now: Millis) -> bool {
        if now < self.due {
            return false;
        }
        if self.under_way.is_some() {
            self.failures = self.failures.saturating_add(1);
        }
        self.under_way = Some(now);
        self.due = now.after(LOST);
        true
    }

    pub(super) fn succeed(&mut self, lifetime: Duration, now: Millis) {
        // It may have been made as soon as it was asked for.
        let fetched = self.under_way.unwrap_or(now);
        let expires = fetched.after(lifetime);
        let ahead = lifetime.checked_div(4).unwrap_or_default().min(AHEAD);
        let due = fetched.after(lifetime.saturating_sub(ahead)).max(now.after(PAUSE));
        *self = Self { fetched, expires, due, under_way: None, failures: 0 };
    }

    pub(super) fn fail(&mut self, now: Millis) -> Duration {
        let pause = PAUSE.saturating_mul(1 << self.failures.min(6)).min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.under_way = None;
        self.due = now.after(pause);
        pause
    }

    pub(super) fn doubt(&mut self, now: Millis) {
        if self.under_way.is_none() && self.failures == 0 && now > self.fetched.after(DOUBTABLE) {
            self.due = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const START: Millis = Millis(1_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn seconds(seconds: u64) -> Millis {
        START.after(Duration::from_secs(seconds))
    }

    #[test]
    fn t59_a_token_is_renewed_before_its_end_and_fetched_once_at_a_time() {
        let mut lifetime = Lifetime::default();
        assert!(!lifetime.is_valid(START) && lifetime.is_expected());
        assert!(lifetime.begin(START) && !lifetime.begin(seconds(1)), "one at a time");
        lifetime.succeed(HOUR, seconds(2));
        // Its hour began when it was asked for.
        assert!(lifetime.is_valid(seconds(3599)) && !lifetime.is_valid(seconds(3600)));
        assert!(!lifetime.is_expected() && !lifetime.begin(seconds(3374)));
        assert!(lifetime.begin(seconds(3375)));
        assert!(lifetime.is_valid(seconds(3376)) && lifetime.is_expected(), "the old one is good meanwhile");
        lifetime.succeed(HOUR, seconds(3376));
        assert!(lifetime.is_valid(seconds(6900)));
    }

    #[test]
    fn failures_are_followed_by_longer_and_longer_pauses() {
        let mut lifetime = Lifetime::default();
        let mut now = START;
        let mut pauses = Vec::new();
        for _ in 0..8 {
            assert!(lifetime.begin(now) && lifetime.is_expected());
            let pause = lifetime.fail(now);
            assert!(lifetime.is_failing() && !lifetime.is_expected(), "nobody waits for the next try");
            assert!(!lifetime.begin(now));
            now = now.after(pause);
            pauses.push(pause.as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(lifetime.begin(now));
        lifetime.succeed(HOUR, now);
        assert!(lifetime.begin(now.after(HOUR)));
        assert_eq!(lifetime.fail(now.after(HOUR)).as_secs(), 1, "a success starts anew");
    }

    #[test]
    fn a_failed_renewal_leaves_the_token_that_is_there() {
        let mut lifetime = Lifetime::default();
        lifetime.begin(START);
        lifetime.succeed(HOUR, START);
        assert!(lifetime.begin(seconds(3375)));
        lifetime.fail(seconds(3380));
        assert!(lifetime.is_valid(seconds(3599)) && lifetime.begin(seconds(3381)));
    }

    #[test]
    fn a_short_life_is_renewed_in_its_last_quarter_and_none_at_once() {
        let mut lifetime = Lifetime::default();
        lifetime.begin(START);
        lifetime.succeed(Duration::from_secs(8), START);
        assert!(!lifetime.begin(seconds(5)) && lifetime.begin(seconds(6)));
        // A token that is at its end already does not make a loop.
        lifetime.succeed(Duration::ZERO, seconds(6));
        assert!(!lifetime.is_valid(seconds(6)) && !lifetime.begin(seconds(6)) && lifetime.begin(seconds(7)));
    }

    #[test]
    fn a_fetch_whose_outcome_never_comes_is_given_up() {
        let mut lifetime = Lifetime::default();
        assert!(lifetime.begin(START) && !lifetime.begin(seconds(29)) && lifetime.begin(seconds(30)));
        assert_eq!(lifetime.fail(seconds(31)).as_secs(), 2, "it counts as a failure");
    }

    #[test]
    fn what_was_refused_is_fetched_anew_unless_it_is_young() {
        let mut lifetime = Lifetime::default();
        lifetime.begin(START);
        lifetime.succeed(HOUR, START);
        lifetime.doubt(seconds(60));
        assert!(!lifetime.begin(seconds(60)));
        lifetime.doubt(seconds(61));
        assert!(lifetime.begin(seconds(61)));
        lifetime.doubt(seconds(62));
        assert!(!lifetime.begin(seconds(62)), "one at a time");
        lifetime.fail(seconds(62));
        lifetime.doubt(seconds(62));
        assert!(!lifetime.begin(seconds(62)), "the pause holds");
    }
}
