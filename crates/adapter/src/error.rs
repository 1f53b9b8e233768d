//! What can go wrong while a target is rendered.

use imagelock_core::ImageName;
use imagelock_core::source::{Label, Located, Location};

use crate::{SealError, TemplateError, TreeError};

/// Why a target cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A mistake that the person can see at a place in the project file or in a file that is edited.
    #[error("{}", .0.message)]
    Problem(Box<Problem>),
    /// The lock lacks an image that the target names.
    #[error("`{name}` is not in images.lock")]
    NotLocked {
        /// The image.
        name: ImageName,
        /// Where it is named.
        at: Option<Location>,
    },
    /// The image comes from a layout directory, and no registry has it.
    #[error("`{name}` comes from an OCI layout: it has no repository that could be written here")]
    NoRepository {
        /// The image.
        name: ImageName,
        /// Where it is named.
        at: Option<Location>,
    },
    /// The registry that stands in another's place makes no repository of it.
    #[error("`{name}` cannot be rewritten: {reason}")]
    Rewrite {
        /// The image.
        name: ImageName,
        /// Why not.
        reason: String,
    },
    /// A file of the repository.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A template without a head.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Several of these, each to be told by itself. There is at least one.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Several(Vec<RenderError>),
}

impl RenderError {
    /// Every mistake by itself.
    pub fn each(self) -> Vec<Self> {
        match self {
            Self::Several(errors) => errors.into_iter().flat_map(Self::each).collect(),
            error => vec![error],
        }
    }
}

/// A mistake, the places that show it, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A lower-case phrase.
    pub message: String,
    /// The places, the primary one first.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Vec<String>,
}

impl Problem {
    /// A mistake at a place.
    pub fn at(at: &Location, message: impl Into<String>) -> Self {
        Self { message: message.into(), labels: vec![Label::primary(at, "")], help: Vec::new() }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds a place that explains the mistake.
    #[must_use]
    pub fn also(mut self, at: &Location, text: impl Into<String>) -> Self {
        self.labels.push(Label::also(at, text));
        self
    }
}

impl From<Problem> for RenderError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl Located for RenderError {
    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Problem(problem) => problem.labels.clone(),
            Self::NotLocked { at, .. } | Self::NoRepository { at, .. } => {
                at.iter().map(|at| Label::primary(at, "")).collect()
            }
            Self::Several(errors) => errors.iter().flat_map(Located::labels).collect(),
            Self::Rewrite { .. } | Self::Tree(_) | Self::Template(_) | Self::Seal(_) => Vec::new(),
        }
    }

    fn help(&self) -> Vec<String> {
        match self {
            Self::Problem(problem) => problem.help.clone(),
            Self::NotLocked { .. } => vec!["run `{command} lock`".to_owned()],
            Self::NoRepository { .. } => vec!["name the images that this target takes: `images = [\"…\"]`".to_owned()],
            Self::Several(errors) => errors.iter().flat_map(Located::help).collect(),
            _ => Vec::new(),
        }
    }
}
