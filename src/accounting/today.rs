//! What a key used on the day of its last entry, by endpoint.

use super::Activity;
use crate::calendar::Day;

/// What one key used on one day, as it is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Today {
    /// The day of the last entry.
    day: Day,
    /// What was used on that day.
    activities: Vec<Activity>,
}

/// Endpoints whose activity is told apart on one day; what more are used are put together.
const MAX_ACTIVITIES: usize = 64;

// === impl Today ===

impl Today {
    /// Reads what [`Today::to_bytes`] wrote; bytes of any other shape are a day without activity.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let Some((day, rest)) = bytes.split_first_chunk::<8>() else { return Self::default() };
        Self { day: Day(u64::from_le_bytes(*day)), activities: Activity::all_from_bytes(rest).collect() }
    }

    /// The bytes to share.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.activities.len().saturating_mul(Activity::BYTES).saturating_add(8));
        bytes.extend_from_slice(&self.day.0.to_le_bytes());
        self.activities.iter().for_each(|activity| activity.bytes_into(&mut bytes));
        bytes
    }

    /// Enters `activity`, which is of `day`. Where a day has ended, the value is what was used on it.
    pub fn enter(&mut self, activity: &Activity, day: Day) -> Option<(Day, Vec<Activity>)> {
        // A clock that went back spoils nothing.
        let today = day.max(self.day);
        let ended = (today > self.day).then(|| (self.day, std::mem::take(&mut self.activities))).filter(|(_, used)| !used.is_empty());
        self.day = today;
        let is_full = self.activities.len() >= MAX_ACTIVITIES;
        let place = self.activities.iter().position(|known| known.endpoint == activity.endpoint);
        match place.or(self.activities.len().checked_sub(1).filter(|_| is_full)).and_then(|place| self.activities.get_mut(place)) {
            Some(known) => {
                if known.endpoint != activity.endpoint {
                    known.endpoint = Activity::OTHERS;
                }
                known.add(activity);
            }
            None => self.activities.push(*activity),
        }
        ended
    }

    /// What was used on the day of the last entry.
    pub fn activities(&self) -> (Day, &[Activity]) {
        (self.day, &self.activities)
    }
}
