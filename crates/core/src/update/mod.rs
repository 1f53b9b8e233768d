//! How far a locked image may move, and what of a move waits for somebody who approves it.
//!
//! What an image may be is said by its request; how much of that is taken without asking is said beside it, in
//! `images.toml`: [`Settings`]. The lock holds nothing of it, so that a change of mind about risk changes no pin. A [`Move`] is
//! what an update would do to one image; what speaks against it are [`Reason`]s, each with its words and with what has to be
//! [`Approved`] for it. A [`Gate`] judges the candidates of an image from the best down, so that the best that may be taken
//! is, and the best of all waits. The words are here and nowhere else, for a terminal, JSON and a pull request alike.

mod approved;
mod cooldown;
mod day;
mod direction;
mod gate;
mod level;
mod moves;
mod settings;
#[cfg(test)]
mod tests;

pub use approved::{Approved, ApprovedError};
pub use cooldown::Aged;
pub use day::{Day, DayError};
pub use direction::Direction;
pub use gate::{Candidate, Gate, Held, Policy, Ruling, Waiting};
pub(crate) use level::Version;
pub use level::{Level, LevelError};
pub use moves::{Move, Reason, approval};
pub use settings::{Appetite, Cooldown, CooldownError, Defaults, Hold, Role, RoleError, Settings};
