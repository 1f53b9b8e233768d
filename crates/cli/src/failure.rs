//! Why a command did not do what it was asked: the exit code is decided here and nowhere else.

use imagelock_core::ImageName;
use imagelock_core::lockfile::LockfileError;
use imagelock_core::project::{EditError, ProjectError};
use imagelock_core::source::{Label, Located};
use imagelock_files::FileError;
use serde::Serialize;

/// What kind of failure it is, and so the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A check does not hold.
    Check = 1,
    /// The person's input is wrong.
    Input = 2,
    /// A registry, the network or this machine failed.
    Registry = 3,
}

impl Kind {
    /// What kind a file is that cannot be read or written.
    pub(crate) fn of(error: &FileError) -> Self {
        if error.is_input() { Self::Input } else { Self::Registry }
    }
}

/// An image for which a registry did not have what it takes, for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FailedImage {
    pub(crate) name: ImageName,
    /// What was asked for, as people read it.
    pub(crate) wanted: String,
    pub(crate) reason: String,
    /// What was being done: what was read, and which platform it was read for.
    pub(crate) notes: Vec<String>,
    pub(crate) help: Vec<String>,
}

/// One thing to tell the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) labels: Vec<Label>,
    /// Lines below the message, as they are: a table of what failed.
    pub(crate) lines: Vec<String>,
    /// The images that the lines are about, for programs.
    pub(crate) images: Vec<FailedImage>,
    pub(crate) notes: Vec<String>,
    pub(crate) help: Vec<String>,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { message, labels: Vec::new(), lines: Vec::new(), images: Vec::new(), notes: Vec::new(), help: Vec::new() }
    }

    pub(crate) fn of(error: &dyn Located) -> Self {
        Self { labels: error.labels(), help: error.help(), ..Self::new(error.to_string()) }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    pub(crate) fn label(mut self, label: Label) -> Self {
        self.labels.push(label);
        self
    }
}

/// Why a command failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) problems: Vec<Problem>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, problem: Problem) -> Self {
        Self { kind, problems: vec![problem] }
    }

    /// The person's input is wrong.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, Problem::new(message))
    }

    /// This machine failed: a file could not be read or written.
    pub(crate) fn machine(error: &std::io::Error) -> Self {
        Self::new(Kind::Registry, Problem::new(error.to_string()))
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        if let Some(problem) = self.problems.last_mut() {
            problem.help.push(help.into());
        }
        self
    }

    /// What a gate says of a lock that it cannot use: one that contradicts itself does not hold, others are no locks.
    pub(crate) fn of_gate(error: LockfileError) -> Self {
        let kind = if matches!(error, LockfileError::Contradictions { .. }) { Kind::Check } else { Kind::Input };
        Self::located(kind, &[error])
    }

    /// Mistakes in input, all of them.
    pub(crate) fn located<E: Located>(kind: Kind, errors: &[E]) -> Self {
        Self { kind, problems: errors.iter().map(|error| Problem::of(error)).collect() }
    }
}

impl From<Vec<ProjectError>> for Failure {
    fn from(errors: Vec<ProjectError>) -> Self {
        Self::located(Kind::Input, &errors)
    }
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        Self::located(Kind::Input, &[error])
    }
}

impl From<LockfileError> for Failure {
    fn from(error: LockfileError) -> Self {
        Self::located(Kind::Input, &[error])
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::new(Kind::of(&error), Problem::new(error.to_string()))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::machine(&error)
    }
}
