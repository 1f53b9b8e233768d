//! A survey: what is to be looked at, and all that was found.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobSet;
use imagelock_adapter::{Context, RenderError};
use imagelock_core::project::{ScanPattern, ScanSettings};
use imagelock_core::{ImageName, Repository};
use imagelock_edit::{Matcher, glob};

use crate::reader::Reader;
use crate::walk::excluded;
use crate::{Excluded, Mention, Seen, Walk, Why};

/// What a repository is surveyed with.
pub struct Survey<'a> {
    root: &'a Utf8Path,
    pub(crate) context: &'a Context<'a>,
    pub(crate) images: Matcher<'a>,
    exclude: Excluded,
    pub(crate) rules: Vec<Rule<'a>>,
    /// Whether the repository has a project: markers mean something, and folders with another are another's.
    pub(crate) has_project: bool,
    /// The most bytes of a file.
    pub(crate) largest: u64,
    /// What others read of the repository before.
    pub(crate) before: Option<Before<'a>>,
    /// Whether what takes images by their names is told.
    pub(crate) by_name: bool,
    /// Whether what files make is told.
    pub(crate) with_made: bool,
}

/// What a file holds, by its path from the root on, where it was read before.
pub type Before<'a> = &'a (dyn Fn(&Utf8Path) -> Option<Arc<[u8]>> + Sync);

/// A table `[[scan.rule]]`, ready to match.
pub(crate) struct Rule<'a> {
    pub(crate) files: Vec<GlobSet>,
    pub(crate) pattern: &'a ScanPattern,
}

/// All that was found, in the order of files and of places in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surveyed {
    /// The places that name images.
    pub mentions: Vec<Mention>,
    /// What could not be read.
    pub warnings: Vec<Warning>,
    /// What was left out.
    pub ignored: Vec<Ignored>,
    /// The images of the lock that a file takes by their names, where that was asked for.
    pub named: BTreeSet<ImageName>,
    /// The repositories of images that files say they make, each once, where that was asked for.
    pub made: BTreeSet<Repository>,
    /// How many files were looked at.
    pub files: usize,
    /// How many of them a format or a rule read.
    pub read: usize,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// The file, from the root on.
    pub file: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

/// Something that was left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ignored {
    /// The file, or the folder with all in it, from the root on.
    pub file: Utf8PathBuf,
    /// The line of a place, from 1.
    pub line: Option<usize>,
    /// Why.
    pub why: Why,
    /// What says so, for people; a comment may say nothing.
    pub reason: String,
}

impl<'a> Survey<'a> {
    /// Prepares a survey of the repository at `root`, which is its real path. A pattern that is none is an error.
    pub fn new(
        root: &'a Utf8Path,
        settings: &'a ScanSettings,
        context: &'a Context<'a>,
        has_project: bool,
        largest: u64,
    ) -> Result<Self, RenderError> {
        let rules = settings.rules.iter().map(|rule| {
            let files = rule.files.iter().map(glob).collect::<Result<_, RenderError>>()?;
            Ok(Rule { files, pattern: &rule.pattern.value })
        });
        Ok(Self {
            root,
            context,
            images: Matcher::new(context, None)?,
            exclude: excluded(settings)?,
            rules: rules.collect::<Result<_, RenderError>>()?,
            has_project,
            largest,
            before: None,
            by_name: false,
            with_made: false,
        })
    }

    /// Opens no file that `before` has.
    #[must_use]
    pub fn with_files(mut self, before: Before<'a>) -> Self {
        self.before = Some(before);
        self
    }

    /// Also tells which images of the lock are taken by their names, as builds do that read the lock themselves.
    #[must_use]
    pub fn with_names(mut self) -> Self {
        self.by_name = true;
        self
    }

    /// Also tells which images files say they make, which is read apart from the places.
    #[must_use]
    pub fn with_made(mut self) -> Self {
        self.with_made = true;
        self
    }

    /// Looks at the files and folders `starts`, from the root on.
    pub fn run(&self, starts: &[Utf8PathBuf]) -> Surveyed {
        let walk = Walk::of_scan(self.root, starts, &self.exclude, self.has_project);
        let found = Mutex::new(Surveyed::default());
        // Put together at the end: nobody waits while a long list grows.
        let mentions = Mutex::new(Vec::new());
        // What is named twice is found twice.
        let files = Mutex::new(BTreeSet::new());
        walk.run(|seen| {
            let mut here = Surveyed::default();
            match seen {
                Seen::File(path) => {
                    let twice = starts.len() > 1 && !locked(&files).insert(path.clone());
                    if !twice {
                        Reader { survey: self, path: &path, file: &self.root.join(&path), found: &mut here }.read();
                    }
                }
                Seen::LeftOut { path, why, reason } => {
                    here.ignored.push(Ignored { file: path, line: None, why, reason });
                }
                Seen::Nameless(name) => {
                    let message = "its name is not UTF-8, and it is left out".to_owned();
                    here.warnings.push(Warning { file: name, line: None, message });
                }
                Seen::Wrong { path, reason } => {
                    let message = format!("cannot read `{path}`: {reason}");
                    here.warnings.push(Warning { file: path.into_string(), line: None, message });
                }
            }
            if !here.mentions.is_empty() {
                locked(&mentions).push(std::mem::take(&mut here.mentions));
            }
            locked(&found).add(here);
        });
        let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut mentions: Vec<Vec<Mention>> = mentions.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Each list is a file's.
        for list in &mut mentions {
            list.sort_by_key(|mention| mention.span.start);
        }
        mentions.sort_by(|one, other| parts(one).cmp(parts(other)));
        found.mentions.reserve_exact(mentions.iter().map(Vec::len).sum());
        found.mentions.extend(mentions.into_iter().flatten());
        found.sort();
        found
    }
}

/// The parts of the path of a file's mentions: as paths are ordered, and told by their bytes, which takes less than to take paths
/// apart.
fn parts(mentions: &[Mention]) -> impl Iterator<Item = &str> {
    mentions.first().into_iter().flat_map(|mention| mention.file.as_str().split('/'))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Surveyed {
    /// Adds what another has, but for its mentions.
    fn add(&mut self, other: Self) {
        self.warnings.extend(other.warnings);
        self.ignored.extend(other.ignored);
        self.named.extend(other.named);
        self.made.extend(other.made);
        self.files += other.files;
        self.read += other.read;
    }

    /// Sorts all but the mentions.
    fn sort(&mut self) {
        self.warnings.sort();
        self.warnings.dedup();
        self.ignored.sort();
        self.ignored.dedup();
    }
}
