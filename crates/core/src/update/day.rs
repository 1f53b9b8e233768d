//! Days, as people write them into a project file.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::created::Created;
use crate::text::{quoted, serde_as_text};

/// A day in UTC: `2026-12-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// The text is no day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is no day: write it as `2026-12-31`", quoted(.0))]
pub struct DayError(String);

impl Day {
    /// The day that a moment is in.
    pub fn of(moment: &Created) -> Option<Self> {
        moment.to_string().get(..10)?.parse().ok()
    }

    /// The last second of it.
    pub fn end(self) -> Created {
        const DAY: i64 = 24 * 60 * 60;
        let since_1970 = self.0.since(Date::constant(1970, 1, 1)).map_or(0, |span| i64::from(span.get_days()));
        Created::from_unix_seconds((since_1970 + 1) * DAY - 1)
    }

    /// For people: `31 Dec 2026`.
    pub fn words(self) -> String {
        self.0.strftime("%-d %b %Y").to_string()
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        // What parses dates takes times with them as well.
        let day = text.parse().ok().filter(|date: &Date| date.to_string() == text);
        day.map(Self).ok_or_else(|| DayError(text.to_owned()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

serde_as_text!(Day);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_date_and_nothing_else() {
        let day: Day = "2026-12-31".parse().unwrap();
        assert_eq!((day.to_string(), day.words()), ("2026-12-31".to_owned(), "31 Dec 2026".to_owned()));
        for text in ["", "2026-12-32", "2026-2-1", "20261231", "2026-12-31T00:00:00", "31.12.2026", "+002026-12-31"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_moment_is_in_its_day_of_utc() {
        let day = |text: &str| Day::of(&text.parse().unwrap()).unwrap().to_string();
        assert_eq!(day("2026-12-31T23:59:59Z"), "2026-12-31");
        assert_eq!(day("2026-12-31T23:59:59-01:00"), "2027-01-01");
        assert_eq!(day("0001-01-01T00:00:00Z"), "0001-01-01");
        for text in ["0000-01-01", "1969-12-31", "2026-12-31", "9999-12-29"] {
            assert_eq!(text.parse::<Day>().unwrap().end().to_string(), format!("{text}T23:59:59Z"));
        }
    }
}
