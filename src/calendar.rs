//! The UTC calendar: days, weeks that begin on Monday, months.

use std::fmt;

use crate::clock::Millis;

/// A day, by the number of days since 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u64);

/// A month, by the number of months since January of the year 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(pub u64);

/// A stretch of time after which something begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first to the first.
    Month,
}

// === impl Period ===

impl Period {
    /// OpenRouter's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "daily",
            Self::Week => "weekly",
            Self::Month => "monthly",
        }
    }

    /// The first day of the next one.
    pub fn next(self, day: Day) -> Day {
        match self {
            Self::Day => day.after(1),
            Self::Week => day.monday().after(7),
            Self::Month => (1..=31).map(|days| day.after(days)).find(|next| next.month() > day.month()).unwrap_or(day.after(31)),
        }
    }
}

// === impl Day ===

impl Day {
    /// The day of a time.
    pub fn of(time: Millis) -> Self {
        Self(time.as_secs() / 86_400)
    }

    /// Its Monday.
    pub fn monday(self) -> Self {
        // 1970-01-01 was a Thursday.
        Self(self.0.saturating_sub(self.0.saturating_add(3) % 7))
    }

    /// Its month.
    pub fn month(self) -> Month {
        let (year, month, _) = self.civil();
        Month(year.saturating_mul(12).saturating_add(month.saturating_sub(1)))
    }

    /// Its first millisecond.
    pub fn begin(self) -> Millis {
        Millis(self.0.saturating_mul(86_400_000))
    }

    /// The day so many days later.
    pub fn after(self, days: u64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The day so many days earlier.
    pub fn before(self, days: u64) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// Year, month and day of the month, both from 1.
    // By the algorithm of https://howardhinnant.github.io/date_algorithms.html#civil_from_days. A time is at most 2^64 ms since 1970, so
    // that days are below 2^38.
    #[allow(clippy::arithmetic_side_effects)]
    pub fn civil(self) -> (u64, u64, u64) {
        let days = self.0.min(1 << 38) + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        (year_of_era + era * 400 + u64::from(month <= 2), month, day)
    }
}

/// `YYYY-MM-DD`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// `YYYY-MM-DDTHH:MM:SSZ`, see <https://www.rfc-editor.org/rfc/rfc3339>.
pub fn instant(time: Millis) -> String {
    let mut text = timestamp(time);
    text.truncate(text.len().saturating_sub(".000Z".len()));
    text.push('Z');
    text
}

/// `YYYY-MM-DDTHH:MM:SS.mmmZ`, see <https://www.rfc-editor.org/rfc/rfc3339>.
pub fn timestamp(time: Millis) -> String {
    let second = time.as_secs() % 86_400;
    let (hour, minute, second, millis) = (second / 3600, second / 60 % 60, second % 60, time.0 % 1000);
    format!("{}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z", Day::of(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn days_have_dates() {
        for (day, date) in
            [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_777, "2026-11-20"), (20_788, "2026-12-01"), (47_540, "2100-02-28")]
        {
            assert_eq!(Day(day).to_string(), date);
        }
        assert_eq!(timestamp(Millis(1_779_474_931_042)), "2026-05-22T18:35:31.042Z");
        assert!(!timestamp(Millis(u64::MAX)).is_empty());
    }

    #[test]
    fn weeks_begin_on_monday() {
        let monday = Day(20_773); // 2026-11-16
        for weekday in 0..7 {
            assert_eq!(Day(monday.0 + weekday).monday(), monday);
        }
        assert_eq!(Day(monday.0 + 7).monday(), Day(monday.0 + 7));
        assert_eq!(monday.before(1).monday(), monday.before(7));
    }

    #[test]
    fn a_period_ends_at_midnight_on_monday_and_on_the_first() {
        let friday = Day::of(Millis(1_795_132_800_000)); // 2026-11-20
        let next = |period: Period, day: Day| period.next(day).to_string();
        assert_eq!(next(Period::Day, friday), "2026-11-21");
        assert_eq!((next(Period::Week, friday), next(Period::Week, Day(20_780))), ("2026-11-23".into(), "2026-11-30".into()));
        assert_eq!((next(Period::Month, friday), next(Period::Month, Day(20_788))), ("2026-12-01".into(), "2027-01-01".into()));
        assert_eq!(next(Period::Month, Day(20_850)), "2027-03-01", "from the last of January");
        assert_eq!(friday.begin(), Millis(1_795_132_800_000));
        assert!(Period::Month.next(Day(u64::MAX)) >= Day(u64::MAX));
    }

    #[test]
    fn months_end_where_they_end() {
        assert_eq!(Day(20_787).month(), Day(20_773).month()); // 2026-11-30
        assert_ne!(Day(20_788).month(), Day(20_787).month());
        assert!(Day(20_819).month() > Day(20_818).month(), "2027 follows 2026");
    }
}
