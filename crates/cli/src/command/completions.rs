//! `completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::Program;
use crate::failure::Failure;
use crate::host::Host;

/// Print a completion script for a shell
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    #[allow(clippy::unnecessary_wraps, reason = "every command has this shape")]
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Program::command(), "imagelock", &mut script);
        host.shell.content(&script);
        Ok(())
    }
}
