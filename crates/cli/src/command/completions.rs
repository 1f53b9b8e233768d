//! `completions`

use clap::Args;
use clap_complete::Shell;

use crate::complete;
use crate::failure::Failure;
use crate::host::Host;

/// Print a completion script for a shell
///
/// In a start-up file of Bash, `source <(imagelock completions bash)`; of Zsh, behind `compinit`, the same with `zsh`; of fish,
/// `imagelock completions fish | source`. The script asks `imagelock` for each word, also for the names of the nearest
/// project's images: that reads files, starts no program and uses no network.
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        host.shell.content(&complete::script(&self.shell.to_string())?);
        Ok(())
    }
}
