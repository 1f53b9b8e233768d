//! Repositories on the disk, and what is found in them.

#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod files;
mod history;
mod walk;
