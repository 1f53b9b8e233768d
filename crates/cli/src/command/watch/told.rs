//! What is to be told and what was, on the disk.
//!
//! A move is a file `NAME.due` before anything else happens. A shell renames it to `NAME.begun`, runs the command with it as
//! standard input, and renames it to `NAME.told` where that ends with 0, or back to `NAME.due`. The shell is a process of its
//! own, in a group of its own: this program may be killed at any moment, and the shell still does its last step. As its
//! standard input it holds the lock on this folder, so that who comes next waits for it. Then a file says in which of three
//! states a move is, and `NAME.begun` is left only where the shell itself was killed, or the machine: whether the command
//! did its work is known to nobody then, and it is told again, as `again`.

use std::collections::BTreeSet;
use std::fs::TryLockError;
use std::process::{ExitStatus, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use imagelock_core::ImageName;
use imagelock_files::Temporary;

use super::due::{self, Due};
use super::unusable;
use crate::failure::Failure;
use crate::network;
use crate::shell::Shell;
use crate::signals::Signals;

/// The most bytes of a document of ours.
const DOCUMENT_BYTES: u64 = 4 << 20;

/// What the shell does: `$1` is the file that is due, `$2` what it is while the command runs, `$3` what it becomes, `$4` the
/// command.
const SCRIPT: &str = r#"mv -f -- "$1" "$2" || exit
sh -c "$4" < "$2"
code=$?
if [ "$code" -eq 0 ]; then mv -f -- "$2" "$3"; else mv -f -- "$2" "$1"; fi
exit "$code""#;

/// The folder that remembers what was told.
pub(super) struct State {
    folder: Utf8PathBuf,
    /// Held by whoever tells.
    lock: std::fs::File,
    shell: std::path::PathBuf,
    /// The command, and where it runs.
    command: (String, Utf8PathBuf),
}

/// What became of telling.
pub(super) enum Telling {
    Told,
    /// The command ended with another code than 0, or by a signal.
    Refused(Option<i32>),
    /// Somebody did not want to wait for the command, which goes on.
    Left,
}

/// In which state a move is.
#[derive(Clone, Copy)]
enum Stage {
    Due,
    Begun,
    Told,
}

impl Stage {
    fn suffix(self) -> &'static str {
        match self {
            Self::Due => ".due",
            Self::Begun => ".begun",
            Self::Told => ".told",
        }
    }
}

impl State {
    /// Takes the folder for this run, once nobody else tells in it.
    pub(super) fn open(folder: &Utf8Path, root: &Utf8Path, exec: &str, shell: &Shell) -> Result<Self, Failure> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let Some(program) = imagelock_files::program(std::env::split_paths(&path), "sh") else {
            return Err(Failure::input("there is no `sh` on PATH, which runs the command of `--exec`"));
        };
        let held = || {
            fs::create_dir_all(folder)?;
            let lock = std::fs::File::options().create(true).append(true).open(folder.join("lock"))?;
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    shell.doing("Blocking", "waiting for another watch of this project, or for its command");
                    lock.lock()?;
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            Ok(lock)
        };
        let lock = held().map_err(|error| unusable(folder, "use", &error))?;
        imagelock_files::sweep(folder);
        let command = (exec.to_owned(), root.to_owned());
        Ok(Self { folder: folder.to_owned(), lock, shell: program, command })
    }

    /// What was seen when: this program writes nothing into the repository.
    pub(super) fn sightings(&self) -> Utf8PathBuf {
        self.folder.join(imagelock_core::seen::FILE_NAME)
    }

    fn path(&self, name: &ImageName, stage: Stage) -> Utf8PathBuf {
        self.folder.join(format!("{name}{}", stage.suffix()))
    }

    /// The images in a state.
    fn names(&self, stage: Stage) -> Result<BTreeSet<ImageName>, Failure> {
        let read = || {
            let mut names = BTreeSet::new();
            for entry in self.folder.read_dir_utf8()? {
                let entry = entry?;
                let name = entry.file_name().strip_suffix(stage.suffix()).and_then(|name| name.parse().ok());
                names.extend(name);
            }
            Ok(names)
        };
        read().map_err(|error| unusable(&self.folder, "read", &error))
    }

    fn read(&self, name: &ImageName, stage: Stage) -> Result<Option<String>, Failure> {
        Ok(imagelock_files::text(&self.path(name, stage), DOCUMENT_BYTES)?)
    }

    fn write(&self, name: &ImageName, stage: Stage, line: &str) -> Result<(), Failure> {
        let write = || {
            let mut file = Temporary::new(&self.folder)?;
            file.write(line.as_bytes())?;
            file.persist(&self.path(name, stage))
        };
        write().map_err(|error| unusable(&self.folder, "write to", &error))
    }

    fn remove(&self, name: &ImageName, stage: Stage) -> Result<(), Failure> {
        match fs::remove_file(self.path(name, stage)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(unusable(&self.folder, "write to", &error))
            }
            _ => Ok(()),
        }
    }

    /// The moves whose shell was killed are to be told again.
    pub(super) fn recover(&self) -> Result<(), Failure> {
        for name in self.names(Stage::Begun)? {
            if let Some(line) = self.read(&name, Stage::Begun)? {
                self.write(&name, Stage::Due, &due::again(&line))?;
            }
            self.remove(&name, Stage::Begun)?;
        }
        Ok(())
    }

    /// The images whose moves are to be told.
    pub(super) fn due(&self) -> Result<BTreeSet<ImageName>, Failure> {
        self.names(Stage::Due)
    }

    /// An image is as it is locked: nothing is to be told of it, and wherever it goes next, that is a move.
    pub(super) fn stays(&self, name: &ImageName) -> Result<(), Failure> {
        self.remove(name, Stage::Due)?;
        self.remove(name, Stage::Told)
    }

    /// Puts a move on the disk that is to be told. Returns whether it is a new one; one that was told last, or that waits to be
    /// told already, is none.
    pub(super) fn note(&self, name: &ImageName, due: &Due<'_>) -> Result<bool, Failure> {
        let to = due::leads_to(due.line());
        let known = |stage| Ok::<_, Failure>(self.read(name, stage)?.and_then(|line| due::leads_to(&line)));
        if known(Stage::Told)? == to {
            self.remove(name, Stage::Due)?;
            return Ok(false);
        }
        if known(Stage::Due)? == to {
            return Ok(false);
        }
        self.write(name, Stage::Due, due.line())?;
        Ok(true)
    }

    /// Tells a move.
    pub(super) fn tell(&self, name: &ImageName) -> Result<Telling, Failure> {
        let failed = |error: std::io::Error| unusable(&self.folder, "run the command of", &error);
        let (exec, root) = &self.command;
        let mut command = std::process::Command::new(&self.shell);
        command.args(["-c", SCRIPT, "imagelock-watch"]);
        command.args([Stage::Due, Stage::Begun, Stage::Told].map(|stage| self.path(name, stage)));
        command.arg(exec).current_dir(root);
        command.stdin(Stdio::from(self.lock.try_clone().map_err(failed)?));
        // What a terminal sends to end this program is not meant for the command.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let waited = network::run_through(async || {
            let mut running = tokio::process::Command::from(command).spawn()?;
            tokio::select! {
                status = running.wait() => status.map(Some),
                () = Signals::arrive_twice() => Ok(None),
            }
        })?;
        let status: Option<ExitStatus> = waited.map_err(failed)?;
        Ok(match status {
            None => Telling::Left,
            Some(status) if status.success() => Telling::Told,
            Some(status) => {
                self.recover()?;
                Telling::Refused(status.code())
            }
        })
    }
}
