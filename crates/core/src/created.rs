//! When an image says that it was made.

use std::fmt;
use std::str::FromStr;

use crate::text::serde_as_text;

/// A point in time that a publisher wrote into an image, in UTC and whole seconds: `2026-11-12T08:31:02Z`.
///
/// It is what the publisher says, no proof: reproducible builds say 1970, a forger says anything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Created(jiff::Timestamp);

/// The text is not a time as RFC 3339, section 5.6, writes it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time as RFC 3339 writes it")]
pub struct CreatedError(String);

/// The years from 0000 to 9999, which RFC 3339 can write, in seconds since 1970.
const YEARS: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

impl Created {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(&self) -> i64 {
        self.0.as_second()
    }

    /// The time with so many seconds since 1970-01-01T00:00:00Z. Outside of the years 0000 to 9999 it is the nearest in them, but
    /// for the last day, which an offset could lead out of.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        let last = jiff::Timestamp::MAX;
        let seconds = seconds.clamp(*YEARS.start(), last.as_second());
        Self(jiff::Timestamp::from_second(seconds).unwrap_or(last))
    }

    /// So many seconds later; earlier where they are negative.
    #[must_use]
    pub fn after(&self, seconds: i64) -> Self {
        Self::from_unix_seconds(self.unix_seconds().saturating_add(seconds))
    }

    /// How many whole days lie between this and `later`; negative where that is earlier.
    pub fn days_until(&self, later: &Self) -> i64 {
        (later.unix_seconds() - self.unix_seconds()).div_euclid(24 * 60 * 60)
    }

    /// The day, for people: `12 Nov 2026`.
    pub fn day(&self) -> String {
        self.0.strftime("%-d %b %Y").to_string()
    }

    /// Whether the time says anything: builds that strip the time leave a date before container images existed.
    pub fn is_evidence(&self) -> bool {
        const YEAR_2000: i64 = 946_684_800;
        self.unix_seconds() >= YEAR_2000
    }
}

impl FromStr for Created {
    type Err = CreatedError;

    fn from_str(text: &str) -> Result<Self, CreatedError> {
        // Fractions are cut, so that the text of the lock is the same whichever precision a builder wrote.
        let second = |time: jiff::Timestamp| i64::try_from(time.as_nanosecond().div_euclid(1_000_000_000)).ok();
        let whole = text
            .parse::<jiff::Timestamp>()
            .ok()
            .and_then(second)
            .filter(|second| YEARS.contains(second))
            .and_then(|second| jiff::Timestamp::from_second(second).ok());
        whole.map(Self).ok_or_else(|| CreatedError(text.to_owned()))
    }
}

impl fmt::Display for Created {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

serde_as_text!(Created);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_and_precision_of_one_moment_has_one_text() {
        for text in [
            "2026-11-12T08:31:02Z",
            "2026-11-12T08:31:02.999999999Z",
            "2026-11-12T10:31:02+02:00",
            "2026-11-12T03:01:02.5-05:30",
        ] {
            let created: Created = text.parse().unwrap();
            assert_eq!(created.to_string(), "2026-11-12T08:31:02Z");
            assert_eq!(created.day(), "12 Nov 2026");
        }
    }

    #[test]
    fn times_count_from_1970_in_seconds_and_the_older_is_less() {
        let seconds = |text: &str| text.parse::<Created>().unwrap().unix_seconds();
        assert_eq!(seconds("1970-01-01T00:00:00Z"), 0);
        assert_eq!(seconds("1969-12-31T23:59:58.5Z"), -2);
        assert_eq!(seconds("2026-11-12T08:31:02Z"), 1_794_472_262);
        assert!("2026-11-12T08:31:01Z".parse::<Created>().unwrap() < "2026-11-12T08:31:02Z".parse().unwrap());
    }

    #[test]
    fn seconds_are_added_and_no_sum_leaves_the_years_that_can_be_written() {
        let after = |text: &str, seconds| text.parse::<Created>().unwrap().after(seconds).to_string();
        assert_eq!(after("2026-11-28T08:31:02Z", 3 * 86_400), "2026-12-01T08:31:02Z");
        assert_eq!(after("2026-11-28T08:31:02Z", -2), "2026-11-28T08:31:00Z");
        assert_eq!(after("2026-11-28T08:31:02Z", i64::MAX), "9999-12-30T22:00:00Z");
        assert_eq!(after("2026-11-28T08:31:02Z", i64::MIN), "0000-01-01T00:00:00Z");
    }

    #[test]
    fn days_are_counted_whole_and_below_zero_for_what_is_earlier() {
        let days = |from: &str, to: &str| {
            let [from, to]: [Created; 2] = [from, to].map(|text| text.parse().unwrap());
            from.days_until(&to)
        };
        assert_eq!(days("2026-11-20T06:00:00Z", "2026-11-23T05:59:59Z"), 2);
        assert_eq!(days("2026-11-20T06:00:00Z", "2026-11-23T06:00:00Z"), 3);
        assert_eq!(days("2026-11-20T06:00:00Z", "2026-11-20T05:59:59Z"), -1);
    }

    #[test]
    fn times_since_containers_are_evidence() {
        let evidence = |text: &str| text.parse::<Created>().unwrap().is_evidence();
        assert!(evidence("2026-11-12T08:31:02Z") && evidence("2000-01-01T00:00:00Z"));
        assert!(!evidence("1999-12-31T23:59:59Z"));
    }

    #[test]
    fn stripped_times_are_no_evidence() {
        for text in ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1980-01-01T00:00:01Z"] {
            let created: Created = text.parse().unwrap();
            assert_eq!(created.to_string(), text);
            assert!(!created.is_evidence());
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "yesterday", "2026-11-12", "2026-11-12T08:31:02", "2026-13-12T08:31:02Z", "-000001-12-31T00:00:00Z"]
        {
            assert!(text.parse::<Created>().is_err(), "{text}");
        }
    }
}
