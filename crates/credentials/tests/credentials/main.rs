//! What a lookup answers for the files, variables and helpers of a scratch home folder.

#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene up has failed")]

mod files;
#[cfg(unix)]
mod helpers;
mod home;
mod order;
mod secrets;
