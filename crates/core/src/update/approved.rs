//! What somebody approves.

use std::fmt;
use std::str::FromStr;

use super::Level;
use crate::text::quoted;

/// What somebody approves beyond what a project file allows: `major`, `major,down`, `hold`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Approved {
    /// Steps up to this level.
    pub level: Level,
    /// Steps back.
    pub down: bool,
    /// Steps of images that are held; the hold stays.
    pub hold: bool,
    /// Steps to images that are not as old as they have to be.
    pub young: bool,
}

/// A text that approves nothing that there is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} cannot be approved: use `digest`, `patch`, `minor`, `major`, `down`, `hold` or `cooldown`, several with commas", quoted(.0))]
pub struct ApprovedError(String);

impl Approved {
    /// The words for what can be approved, for shells that complete them.
    pub const WORDS: [&str; 7] = ["digest", "patch", "minor", "major", "down", "hold", "cooldown"];

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What either approves.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            level: self.level.max(other.level),
            down: self.down || other.down,
            hold: self.hold || other.hold,
            young: self.young || other.young,
        }
    }
}

impl FromStr for Approved {
    type Err = ApprovedError;

    fn from_str(text: &str) -> Result<Self, ApprovedError> {
        let mut approved = Self::default();
        for word in text.split(',') {
            let one = match word {
                "down" => Self { down: true, ..Self::default() },
                "hold" => Self { hold: true, ..Self::default() },
                "cooldown" => Self { young: true, ..Self::default() },
                // To approve nothing is no approval.
                level => match level.parse() {
                    Ok(Level::None) | Err(_) => return Err(ApprovedError(word.to_owned())),
                    Ok(level) => Self { level, ..Self::default() },
                },
            };
            approved = approved.and(one);
        }
        Ok(approved)
    }
}

impl fmt::Display for Approved {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = (self.level != Level::None).then(|| self.level.name());
        let said = [(self.down, "down"), (self.hold, "hold"), (self.young, "cooldown")];
        let words = level.into_iter().chain(said.into_iter().filter_map(|(is, word)| is.then_some(word)));
        formatter.write_str(&words.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_approved_survives_its_text() {
        for word in Approved::WORDS {
            assert_eq!(word.parse::<Approved>().unwrap().to_string(), word);
        }
        for text in ["digest", "major", "down", "hold", "minor,down", "major,down,hold", "minor,cooldown"] {
            assert_eq!(text.parse::<Approved>().unwrap().to_string(), text);
        }
        assert_eq!("hold,patch,major".parse::<Approved>().unwrap().to_string(), "major,hold");
        for text in ["", "none", "all", "major,", "Major", "major down"] {
            assert!(text.parse::<Approved>().is_err(), "{text}");
        }
    }
}
