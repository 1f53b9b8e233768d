//! What reads the words of others, given any bytes.
//!
//! - [`TARGETS`] are functions of bytes that panic where something does not hold; `targets/` says what each asserts.
//! - [`mutate`] makes new inputs of old ones, [`judge`] tells what an input did, [`minimize`] makes one that fails
//!   small, and [`corpus`] knows where seeds and regressions are.
//! - The program of this crate explores a target for `cargo xtask fuzz`; `tests/replay.rs` runs every target over its
//!   seeds, its regressions and some mutations of them, the same ones every time.
//!
//! It is not for what needs a network or a process: that is in `tests/tests/hostile/`.

pub mod corpus;
pub mod explore;
pub mod judge;
pub mod minimize;
pub mod mutate;
mod targets;

pub use targets::{TARGETS, Target, target};
