//! What an update would do to one image, and what speaks against it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Approved, Cooldown, Day, Direction, Level};
use crate::created::Created;
use crate::lockfile::LockedImage;
use crate::name::ImageName;
use crate::platform::Platform;
use crate::seen::Evidence;

/// What an update would do to one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move<'a> {
    /// The image.
    pub name: &'a ImageName,
    /// What is locked.
    pub from: &'a LockedImage,
    /// What would be.
    pub to: &'a LockedImage,
    /// How big the step is.
    pub level: Level,
    /// Whether it leads to an older image.
    pub down: bool,
}

impl<'a> Move<'a> {
    /// The move from one image to another.
    pub fn new(name: &'a ImageName, from: &'a LockedImage, to: &'a LockedImage) -> Self {
        let (level, down) = (Level::between(from, to), Direction::between(from, to) == Some(Direction::Down));
        Self { name, from, to, level, down }
    }
}

/// Why a move waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Reason {
    /// The image is held.
    Held {
        /// Why, in the words of the project file.
        reason: String,
        /// The first day on which it may move again.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Day>,
    },
    /// The step is bigger than what is taken without asking.
    Level {
        /// How big it is.
        level: Level,
        /// How big it may be.
        allowed: Level,
    },
    /// It is a step back.
    Down,
    /// It is not as old as it has to be.
    Cooldown {
        /// Since when it can be had, and how that is known.
        evidence: Evidence,
        /// How old it has to be.
        cooldown: Cooldown,
        /// When it is.
        eligible: Created,
    },
    /// What is there now lacks platforms that are asked for: its parts are pushed one after another.
    Platforms {
        /// Those that it lacks.
        missing: BTreeSet<Platform>,
    },
}

impl Reason {
    /// The reason as a phrase behind what waits. What a person wrote into the project file is in it as it is.
    pub fn words(&self) -> String {
        match self {
            Self::Held { reason, until: None } => format!("held: {reason}"),
            Self::Held { reason, until: Some(day) } => format!("held until {}: {reason}", day.words()),
            Self::Level { level, allowed } => format!("{level}, and `updates` is `{allowed}`"),
            Self::Down => "it is older than what is locked".to_owned(),
            Self::Cooldown { evidence, cooldown, eligible } => {
                format!("{evidence}, cool-down {}, eligible {}", cooldown.words(), eligible.day())
            }
            Self::Platforms { missing } => {
                let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
                format!("it has no {} yet", missing.join(", "))
            }
        }
    }

    /// What has to be approved for it; nothing where only time helps.
    fn approved(&self) -> Option<Approved> {
        let nothing = Approved::default();
        match self {
            Self::Held { .. } => Some(Approved { hold: true, ..nothing }),
            Self::Level { level, .. } => Some(Approved { level: *level, ..nothing }),
            Self::Down => Some(Approved { down: true, ..nothing }),
            Self::Cooldown { .. } => Some(Approved { young: true, ..nothing }),
            Self::Platforms { .. } => None,
        }
    }
}

/// The arguments of the command that takes what waits for these reasons: `update postgres --allow major`. None where no
/// approval helps.
pub fn approval(name: &ImageName, reasons: &[Reason]) -> Option<String> {
    let all: Option<Vec<Approved>> = reasons.iter().map(Reason::approved).collect();
    let approved = all?.into_iter().fold(Approved::default(), Approved::and);
    (!approved.is_empty()).then(|| format!("update {name} --allow {approved}"))
}
