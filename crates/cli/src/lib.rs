//! The command line of imagelock, for the `imagelock` program and for somebody's own `xtask`.
//!
//! A monorepo with a `cargo xtask` of its own gets `cargo xtask lock` with three lines:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     imagelock::main()
//! }
//! ```
//!
//! or puts the commands beside its own:
//!
//! ```no_run
//! use imagelock::clap::{self, Parser};
//!
//! #[derive(Parser)]
//! struct Xtask {
//!     #[command(flatten)]
//!     global: imagelock::Global,
//!     #[command(subcommand)]
//!     command: Command,
//! }
//!
//! #[derive(clap::Subcommand)]
//! enum Command {
//!     /// Builds the release
//!     Dist,
//!     #[command(flatten)]
//!     Images(imagelock::Command),
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     let Xtask { global, command } = Xtask::parse();
//!     match command {
//!         Command::Dist => std::process::ExitCode::SUCCESS,
//!         Command::Images(command) => command.run(&imagelock::Host::new(global)),
//!     }
//! }
//! ```
//!
//! Nothing in here changes the working directory, ends the process, or installs anything global: no subscriber, no
//! panic hook, no signal handler that outlives a command.

mod adapters;
mod bases;
mod bundle;
mod cargo;
mod command;
mod complete;
mod contents;
mod demanded;
mod diagnostic;
mod diff;
mod discover;
mod edits;
mod excerpt;
mod extends;
mod failure;
mod finding;
mod ground;
mod host;
mod input;
mod merged;
mod network;
mod progress;
mod projects;
mod report;
mod seen;
mod session;
mod shell;
mod signals;
mod snapshots;
mod summary;
mod survey;
mod table;
mod targets;
mod tree;
#[cfg_attr(not(feature = "signatures"), path = "trust/off.rs")]
mod trust;
mod users;
mod waiting;
mod write;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

pub use clap;
use clap::Parser;

pub use adapters::ADAPTERS;
pub use command::Command;
pub use host::{Color, Format, Global, Host};

/// Locks container images: what Cargo.toml and Cargo.lock do for crates, images.toml and images.lock do for images.
#[derive(Parser)]
#[command(name = "imagelock", version)]
struct Program {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    main_from(std::env::args_os())
}

/// Runs the program with other arguments; the first is the program's name.
pub fn main_from(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
    let mut arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    // Bazel calls its helpers without words of our own: a link with this name stands for the command.
    let program = arguments.first().and_then(|program| Path::new(program).file_stem());
    if program.is_some_and(|name| name == "imagelock-credential-helper") {
        arguments.insert(1, "credential-helper".into());
    }
    if let Some(answered) = complete::answer(&arguments) {
        return answered;
    }
    match Program::try_parse_from(arguments) {
        Ok(Program { global, command }) => command.run(&Host::new(global)),
        Err(error) => {
            // Writing to a closed pipe is no failure of ours.
            drop(error.print());
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

/// The command that `arguments`, without the program's name, ask for.
#[cfg(feature = "demo")]
fn program(arguments: &[&str]) -> Result<Command, clap::Error> {
    Program::try_parse_from(["imagelock"].iter().chain(arguments)).map(|program| program.command)
}
