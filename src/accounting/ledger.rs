//! What a key has spent: in all, today, this week, this month, and today at which endpoint.

use super::Activity;
use crate::calendar::Day;
use crate::clock::Millis;
use crate::price::NanoUsd;

/// The ledger of one key, as it is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    spend: Spend,
    /// The day of the last entry.
    day: Day,
    /// What was used on that day.
    activities: Vec<Activity>,
}

/// What a key has spent, by UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spend {
    /// Since Envoy started.
    pub total: NanoUsd,
    /// Today.
    pub daily: NanoUsd,
    /// Since Monday.
    pub weekly: NanoUsd,
    /// Since the first of the month.
    pub monthly: NanoUsd,
}

/// Five numbers: the day, then the amounts of [`Spend`].
const HEAD: usize = 5 * 8;

/// Endpoints whose activity is told apart on one day; what more are used are put together.
const MAX_ACTIVITIES: usize = 64;

// === impl Ledger ===

impl Ledger {
    /// Reads what [`Ledger::to_bytes`] wrote; bytes of any other shape are an empty ledger.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let Some((head, rest)) = bytes.split_at_checked(HEAD) else { return Self::default() };
        let mut numbers = head.as_chunks::<8>().0.iter().map(|number| u64::from_le_bytes(*number));
        let mut next = || numbers.next().unwrap_or_default();
        let day = Day(next());
        let [total, daily, weekly, monthly] = std::array::from_fn(|_| NanoUsd::new(next()));
        Self { day, spend: Spend { total, daily, weekly, monthly }, activities: Activity::all_from_bytes(rest).collect() }
    }

    /// The bytes to share.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD.saturating_add(self.activities.len().saturating_mul(Activity::BYTES)));
        let Spend { total, daily, weekly, monthly } = self.spend;
        for number in [self.day.0, total.get(), daily.get(), weekly.get(), monthly.get()] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        self.activities.iter().for_each(|activity| activity.bytes_into(&mut bytes));
        bytes
    }

    /// Enters `activity`, which is of `now`. Where a day has ended, the value is what was used on it.
    pub fn enter(&mut self, activity: Activity, now: Millis) -> Option<(Day, Vec<Activity>)> {
        let today = Day::of(now).max(self.day);
        let ended = (today > self.day).then(|| (self.day, std::mem::take(&mut self.activities))).filter(|(_, used)| !used.is_empty());
        let spend = self.spend_on(today);
        let cost = activity.cost;
        self.spend = Spend {
            total: spend.total.saturating_add(cost),
            daily: spend.daily.saturating_add(cost),
            weekly: spend.weekly.saturating_add(cost),
            monthly: spend.monthly.saturating_add(cost),
        };
        self.day = today;
        let is_full = self.activities.len() >= MAX_ACTIVITIES;
        let place = self.activities.iter().position(|known| known.endpoint == activity.endpoint);
        match place.or(self.activities.len().checked_sub(1).filter(|_| is_full)).and_then(|place| self.activities.get_mut(place)) {
            Some(known) => {
                if known.endpoint != activity.endpoint {
                    known.endpoint = Activity::OTHERS;
                }
                known.add(&activity);
            }
            None => self.activities.push(activity),
        }
        ended
    }

    /// What is spent by `now`.
    pub fn spend(&self, now: Millis) -> Spend {
        self.spend_on(Day::of(now).max(self.day))
    }

    /// What was used on the day of the last entry.
    pub fn activities(&self) -> (Day, &[Activity]) {
        (self.day, &self.activities)
    }

    /// A window that has passed is empty.
    fn spend_on(&self, today: Day) -> Spend {
        let within = |same: bool, amount| if same { amount } else { NanoUsd::ZERO };
        Spend {
            total: self.spend.total,
            daily: within(today == self.day, self.spend.daily),
            weekly: within(today.monday() == self.day.monday(), self.spend.weekly),
            monthly: within(today.month() == self.day.month(), self.spend.monthly),
        }
    }
}
