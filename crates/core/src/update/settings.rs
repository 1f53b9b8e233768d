//! What a project file says about the updates of an image.

use std::fmt;
use std::str::FromStr;

use super::{Approved, Day, Level, Move, Reason};
use crate::created::Created;
use crate::text::{quoted, serde_as_text};

/// What a project file says about the updates of one image, its defaults included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// How much is taken without asking.
    pub appetite: Appetite,
    /// Why it does not move at all.
    pub hold: Option<Hold>,
    /// What the image is for.
    pub role: Role,
}

/// How much is taken without asking: `updates` and `cooldown`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appetite {
    /// How big a step may be; any that the request admits, where nothing is said.
    pub updates: Option<Level>,
    /// How old an image has to be.
    pub cooldown: Option<Cooldown>,
}

/// What holds where an image says nothing: `[defaults]` and `[defaults.build]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// For every image.
    pub all: Appetite,
    /// For those that only build, before that.
    pub build: Appetite,
}

/// Why an image stays where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The reason, in a person's words.
    pub reason: String,
    /// The first day on which it may move again.
    pub until: Option<Day>,
}

/// What an image is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It runs, or others are built on it and run.
    #[default]
    Run,
    /// It only builds: nothing of it ships but what was built.
    Build,
}

/// A text that is no [`Role`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is no role: write `role = \"build\"` for an image that only builds, and nothing for others", quoted(.0))]
pub struct RoleError(String);

/// How long an image has to be there before it is taken, in whole hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cooldown {
    hours: u32,
}

/// A text that is no [`Cooldown`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is no time to wait: write hours, days or weeks, as in `12h`, `3d` or `1w`, up to {}", quoted(.0), Cooldown::LONGEST)]
pub struct CooldownError(String);

impl Settings {
    /// What holds for an image with this role, where it says `own` itself.
    pub fn of(own: Appetite, hold: Option<Hold>, role: Role, defaults: &Defaults) -> Self {
        let appetite = match role {
            Role::Run => own.or(defaults.all),
            Role::Build => own.or(defaults.build).or(defaults.all),
        };
        Self { appetite, hold, role }
    }

    /// The hold, unless it has ended; `as_of` is now.
    pub fn held(&self, as_of: &Created) -> Option<&Hold> {
        let today = Day::of(as_of);
        self.hold.as_ref().filter(|hold| hold.until.is_none_or(|until| today.is_none_or(|today| today < until)))
    }

    /// Returns what speaks against a move, in the order in which it is told; nothing where it may be made. `as_of` is now.
    ///
    /// Where nothing is said about levels, everything is taken that the request admits, a step back included.
    pub fn judge(&self, step: &Move<'_>, approved: &Approved, as_of: &Created) -> Vec<Reason> {
        self.reasons(step.level, step.down, *approved, as_of)
    }

    pub(super) fn reasons(&self, level: Level, down: bool, approved: Approved, as_of: &Created) -> Vec<Reason> {
        // The same bytes are no step, whatever they are called.
        if level == Level::None {
            return Vec::new();
        }
        let held = self.held(as_of).filter(|_| !approved.hold);
        let held = held.map(|hold| Reason::Held { reason: hold.reason.clone(), until: hold.until });
        let allowed = self.appetite.updates;
        let above = allowed.filter(|allowed| level > (*allowed).max(approved.level));
        let above = above.map(|allowed| Reason::Level { level, allowed });
        let down = (down && allowed.is_some() && !approved.down).then_some(Reason::Down);
        held.into_iter().chain(above).chain(down).collect()
    }
}

impl Appetite {
    fn or(self, other: Self) -> Self {
        Self { updates: self.updates.or(other.updates), cooldown: self.cooldown.or(other.cooldown) }
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        if text == "build" { Ok(Self::Build) } else { Err(RoleError(text.to_owned())) }
    }
}

impl Cooldown {
    /// The longest: ten years.
    pub const LONGEST: Self = Self { hours: 24 * 3650 };

    /// How long it is in seconds.
    pub fn seconds(self) -> i64 {
        i64::from(self.hours) * 3600
    }

    /// For people: `3 days`.
    pub fn words(self) -> String {
        let (count, unit) = self.counted();
        let unit = if unit == 'd' { "day" } else { "hour" };
        format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
    }

    fn counted(self) -> (u32, char) {
        if self.hours.is_multiple_of(24) { (self.hours / 24, 'd') } else { (self.hours, 'h') }
    }
}

impl FromStr for Cooldown {
    type Err = CooldownError;

    fn from_str(text: &str) -> Result<Self, CooldownError> {
        let units = [('h', 1), ('d', 24), ('w', 24 * 7)];
        let read = units.into_iter().find_map(|(unit, hours)| {
            let digits = text.strip_suffix(unit)?;
            let plain = digits.bytes().all(|c| c.is_ascii_digit());
            let hours = digits.parse::<u32>().ok().filter(|_| plain)?.checked_mul(hours)?;
            Some(Self { hours }).filter(|read| *read <= Self::LONGEST)
        });
        read.ok_or_else(|| CooldownError(text.to_owned()))
    }
}

impl fmt::Display for Cooldown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = self.counted();
        write!(formatter, "{count}{unit}")
    }
}

serde_as_text!(Cooldown);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_wait_is_hours_days_or_weeks() {
        let read = |text: &str| text.parse::<Cooldown>().map(|read| (read.to_string(), read.words()));
        for (text, form, words) in [
            ("3d", "3d", "3 days"),
            ("12h", "12h", "12 hours"),
            ("1w", "7d", "7 days"),
            ("48h", "2d", "2 days"),
            ("1d", "1d", "1 day"),
            ("0d", "0d", "0 days"),
            ("3650d", "3650d", "3650 days"),
        ] {
            assert_eq!(read(text), Ok((form.to_owned(), words.to_owned())), "{text}");
        }
        for text in ["", "d", "3", "3 d", "3m", "-1d", "+1d", "1.5d", "3651d", "99999999999w", "3D", "3days"] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.ends_with("write hours, days or weeks, as in `12h`, `3d` or `1w`, up to 3650d"), "{error}");
        }
        assert_eq!("36h".parse::<Cooldown>().unwrap().seconds(), 129_600);
    }

    #[test]
    fn an_image_says_more_than_the_defaults_of_its_role_and_those_more_than_all() {
        let appetite = |updates: Option<Level>, cooldown: Option<&str>| Appetite {
            updates,
            cooldown: cooldown.map(|text| text.parse().unwrap()),
        };
        let defaults =
            Defaults { all: appetite(Some(Level::Patch), Some("3d")), build: appetite(Some(Level::Major), None) };
        let of = |own, role| Settings::of(own, None, role, &defaults).appetite;
        assert_eq!(of(Appetite::default(), Role::Run), defaults.all);
        assert_eq!(of(Appetite::default(), Role::Build), appetite(Some(Level::Major), Some("3d")));
        assert_eq!(of(appetite(None, Some("0d")), Role::Run), appetite(Some(Level::Patch), Some("0d")));
        assert_eq!(of(appetite(Some(Level::None), None), Role::Build).updates, Some(Level::None));
    }

    #[test]
    fn a_hold_ends_with_the_day_that_it_names() {
        let hold = |until: Option<&str>| {
            let until = until.map(|day| day.parse().unwrap());
            Settings { hold: Some(Hold { reason: "it crashes".to_owned(), until }), ..Settings::default() }
        };
        let held = |until, now: &str| hold(until).held(&now.parse().unwrap()).is_some();
        assert!(held(None, "2100-12-31T23:59:59Z"));
        assert!(held(Some("2026-12-31"), "2026-12-30T23:59:59Z"));
        assert!(!held(Some("2026-12-31"), "2026-12-31T00:00:00Z"));
        assert_eq!(Settings::default().held(&"2026-12-30T00:00:00Z".parse().unwrap()), None);
    }
}
