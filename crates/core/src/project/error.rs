//! What can be wrong with a project file.

use crate::name::ImageName;
use crate::source::{Label, Located, Location};

/// A mistake in a project file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProjectError {
    /// The file is not TOML.
    #[error("{} is not TOML: {reason}", .at.file.path())]
    Syntax {
        /// What is wrong.
        reason: String,
        /// Where.
        at: Location,
    },
    /// A merge left its markers.
    #[error("{} has conflict markers", .at.file.path())]
    ConflictMarkers {
        /// The first marker.
        at: Location,
    },
    /// A key that means nothing here.
    #[error("unknown key `{key}` in {}", .at.file.path())]
    UnknownKey {
        /// The key.
        key: String,
        /// The key that was probably meant.
        nearest: Option<String>,
        /// The keys that would mean something.
        known: Vec<String>,
        /// Where.
        at: Location,
    },
    /// A value of another type.
    #[error("`{key}` is {expected}, not {found}")]
    Type {
        /// The key.
        key: String,
        /// What it should be, with its article.
        expected: &'static str,
        /// What it is, with its article.
        found: &'static str,
        /// Where.
        at: Location,
    },
    /// A key that has to be there.
    #[error("`{what}` needs `{key}`")]
    MissingKey {
        /// The table.
        what: String,
        /// The key.
        key: &'static str,
        /// Where.
        at: Location,
    },
    /// Two keys that exclude each other.
    #[error("`{first}` and `{second}` exclude each other")]
    Exclusive {
        /// The one.
        first: String,
        /// The other.
        second: String,
        /// Where the second is.
        at: Location,
        /// Where the first is.
        first_at: Location,
    },
    /// One image declared in two places.
    #[error("image `{name}` is declared twice")]
    DeclaredTwice {
        /// The image.
        name: String,
        /// The second place.
        at: Location,
        /// The first place.
        first: Location,
    },
    /// An image that nothing declares.
    #[error("there is no image `{name}`")]
    UnknownImage {
        /// The name.
        name: ImageName,
        /// The image that was probably meant.
        nearest: Option<ImageName>,
        /// Where it is named.
        at: Location,
    },
    /// A value that breaks a rule.
    #[error("{reason}")]
    Invalid {
        /// The rule.
        reason: String,
        /// Where.
        at: Location,
    },
}

impl ProjectError {
    /// A value that breaks a rule; `reason` is a lower-case phrase.
    pub fn invalid(reason: impl std::fmt::Display, at: &Location) -> Self {
        Self::Invalid { reason: reason.to_string(), at: at.clone() }
    }
}

impl Located for ProjectError {
    fn labels(&self) -> Vec<Label> {
        let meant = |nearest: Option<String>| nearest.map(|name| format!("did you mean `{name}`?"));
        match self {
            Self::ConflictMarkers { at }
            | Self::Syntax { at, .. }
            | Self::Type { at, .. }
            | Self::MissingKey { at, .. }
            | Self::Invalid { at, .. } => {
                vec![Label::primary(at, "")]
            }
            Self::UnknownKey { nearest, at, .. } => {
                vec![Label::primary(at, meant(nearest.clone()).unwrap_or_default())]
            }
            Self::Exclusive { at, first_at, .. } => {
                vec![Label::primary(at, ""), Label::also(first_at, "the other one")]
            }
            Self::DeclaredTwice { at, first, .. } => {
                vec![Label::primary(at, "again here"), Label::also(first, "first here")]
            }
            Self::UnknownImage { nearest, at, .. } => {
                let nearest = nearest.as_ref().map(ToString::to_string);
                vec![Label::primary(at, meant(nearest).unwrap_or_default())]
            }
        }
    }

    fn help(&self) -> Vec<String> {
        match self {
            Self::ConflictMarkers { .. } => {
                vec!["take what you want of both sides; then `{command} lock` merges images.lock by itself".to_owned()]
            }
            Self::UnknownKey { nearest: None, known, .. } if !known.is_empty() => {
                let known: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
                vec![format!("the keys here are {}", known.join(", "))]
            }
            Self::UnknownImage { nearest: None, name, .. } => {
                vec![format!("declare it: `{{command}} add REFERENCE --name {name}`")]
            }
            Self::Type { key, expected, found, at } => {
                let written = at.file.text().get(at.span.clone()).unwrap_or_default();
                match (*expected, *found) {
                    ("a string", "an integer" | "a float" | "a date") => {
                        vec![format!("write it in quotes: `\"{written}\"`")]
                    }
                    ("an array of strings", "a string") if !written.contains('\n') => {
                        vec![format!("write it in brackets: `[{written}]`")]
                    }
                    ("a table", "an array") if key == "images" => {
                        vec!["each image is a key of the one table: `[images.NAME]`".to_owned()]
                    }
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }
}
