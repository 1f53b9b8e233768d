//! Who uses an image: the targets that really write it, by file and line, and the Cargo packages that name it.
//!
//! A target says what it wrote ([`imagelock_adapter::Use`]): a manifest with one image in it does not use the others of
//! the lock. One that cannot be rendered uses what its table names, or, where that is nothing, all.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use imagelock_core::source::Location;
use imagelock_core::{ImageName, Lockfile};
use serde::Serialize;

use crate::failure::Failure;
use crate::ground::Ground;
use crate::session::Session;
use crate::targets;

/// Who uses which image.
pub(crate) struct Users(BTreeMap<ImageName, BTreeSet<User>>);

/// A place that uses an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct User {
    /// The adapter, or `cargo`.
    pub(crate) adapter: &'static str,
    /// The file, relative to the project file.
    pub(crate) file: Utf8PathBuf,
    /// The line that a person wrote, counted from 1; nothing for a file of imagelock's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<usize>,
    /// The column in it.
    #[serde(skip)]
    column: Option<usize>,
    /// The file as the person would write it.
    #[serde(skip)]
    shown: Utf8PathBuf,
}

impl std::fmt::Display for User {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.adapter, self.shown)?;
        self.line.map_or(Ok(()), |line| write!(formatter, ":{line}"))?;
        self.column.map_or(Ok(()), |column| write!(formatter, ":{column}"))
    }
}

impl User {
    fn new(adapter: &'static str, file: Utf8PathBuf, shown: Utf8PathBuf, at: Option<&Location>) -> Self {
        Self { adapter, file, line: at.map(Location::line), column: at.map(Location::column), shown }
    }

    /// A place in a project file, whose path is one that the person would write.
    fn at(adapter: &'static str, at: &Location) -> Self {
        Self::new(adapter, at.file.path().to_owned(), at.file.path().to_owned(), Some(at))
    }
}

impl Users {
    /// Looks at the packages of the project, and at what its targets make of the lock.
    pub(crate) fn of(session: &Session<'_>, lock: &Lockfile) -> Result<Self, Failure> {
        let targets = targets::read(&session.project)?;
        let ground = Ground::of(&session.root, &session.project)?;
        let mut users = Self(BTreeMap::new());
        for used in &session.project.uses {
            users.add(&used.image.value, User::at("cargo", &used.image.at));
        }
        for (rendered, outputs) in targets::each(&targets, &ground.tree, &ground.context(lock)) {
            let adapter = rendered.adapter.id();
            let Ok(outputs) = outputs else {
                let named = rendered.target.images();
                for image in &named {
                    users.add(&image.value, User::at(adapter, &image.at));
                }
                for image in lock.images.keys().filter(|_| named.is_empty()) {
                    users.add(image, User::at(adapter, &rendered.at));
                }
                continue;
            };
            for output in outputs {
                for used in output.uses {
                    // What an override of imagelock's pins is used where a person wrote it.
                    let file = used.at.as_ref().map_or(output.path.as_path(), |at| at.file.path());
                    let shown = session.show(&session.root.join(file));
                    users.add(&used.image, User::new(adapter, file.to_owned(), shown, used.at.as_ref()));
                }
            }
        }
        Ok(users)
    }

    fn add(&mut self, image: &ImageName, user: User) {
        self.0.entry(image.clone()).or_default().insert(user);
    }

    /// Those of an image, in their order, and of each line the first.
    pub(crate) fn users(&self, name: &ImageName) -> Vec<User> {
        let mut users: Vec<User> = self.0.get(name).into_iter().flatten().cloned().collect();
        users.dedup_by(|user, first| (user.adapter, &user.file, user.line) == (first.adapter, &first.file, first.line));
        users
    }
}
