//! What other tools say of images, their locks and policies, and those that tell what runs: texts in, declarations out.
//!
//! - [`read`] takes the files of one [`Format`] and gives what they ask for ([`Declaration`]), and what could not be carried
//!   over ([`Left`]), each with its place.
//! - `docker_lock`, `kbld`, `renovate`, `flux`, `dagger`, `compose`: a format each. One that cannot read a text, or does not know
//!   its version, refuses it.
//! - `json`: JSON with comments and places; `yaml`: aliases; `requirement` and `pattern`: ranges and regular expressions of others in
//!   imagelock's words.
//! - [`running()`]: what runs, as Kubernetes, Docker and others tell it in JSON.
//!
//! It is not for finding images in files that build or deploy something: that is `imagelock-scan`. Nothing in here touches a
//! file or the network. Every text is hostile: bounded by its readers in size, depth and time.

mod compose;
mod dagger;
mod docker_lock;
mod flux;
mod json;
mod kbld;
mod pattern;
mod renovate;
mod requirement;
mod running;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use imagelock_core::source::{Label, Located, Location, SourceFile};
use imagelock_core::{Digest, Reference, Repository, Tag, Wanted};

pub use running::{Container, READ, Running, RunningError, Tool, running};

/// Whose files they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `docker-lock.json` of docker-lock.
    DockerLock,
    /// The lock of `kbld --lock-output`, and the `ImagesLock` of imgpkg.
    Kbld,
    /// `renovate.json`, `renovate.json5`.
    Renovate,
    /// Flux's `ImageRepository` and `ImagePolicy`.
    Flux,
    /// `dagger.lock`, or `.dagger/lock`.
    Dagger,
    /// A Compose file.
    Compose,
}

/// An image that a file asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// What is asked for.
    pub wanted: Wanted,
    /// The answer that is in use: it stays.
    pub pin: Option<Pin>,
    /// How the file spells the repository, or the reference.
    pub spelling: String,
    /// Where.
    pub at: Location,
}

/// The answer that a file has to what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The tag, where it is known.
    pub tag: Option<Tag>,
    /// The digest.
    pub digest: Digest,
}

/// What could not be carried over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// What, and why; hostile text in it.
    pub text: String,
    /// Where.
    pub at: Location,
}

/// What files say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The images, each once, in the order of their places.
    pub declarations: Vec<Declaration>,
    /// What could not be carried over, in the order of the places.
    pub left: Vec<Left>,
}

/// A text is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is no {what}: {reason}", .at.file.path())]
pub struct ImportError {
    /// What it should be.
    pub what: &'static str,
    /// What is wrong.
    pub reason: String,
    /// Where.
    pub at: Location,
}

impl Located for ImportError {
    fn labels(&self) -> Vec<Label> {
        vec![Label::primary(&self.at, "")]
    }
}

/// Reads the files of one format.
pub fn read(format: Format, files: &[Arc<SourceFile>]) -> Result<Imported, ImportError> {
    let mut found = Found::default();
    match format {
        Format::DockerLock => files.iter().try_for_each(|file| docker_lock::read(file, &mut found))?,
        Format::Kbld => files.iter().try_for_each(|file| kbld::read(file, &mut found))?,
        Format::Renovate => files.iter().try_for_each(|file| renovate::read(file, &mut found))?,
        Format::Flux => flux::read(files, &mut found)?,
        Format::Dagger => files.iter().try_for_each(|file| dagger::read(file, &mut found))?,
        Format::Compose => files.iter().try_for_each(|file| compose::read(file, &mut found))?,
    }
    Ok(found.imported())
}

/// What was found so far.
#[derive(Debug, Default)]
struct Found {
    declarations: Vec<Declaration>,
    left: Vec<Left>,
}

impl Found {
    /// Says what cannot be carried over.
    fn leave(&mut self, text: impl Into<String>, at: Location) {
        self.left.push(Left { text: text.into(), at });
    }

    /// Takes a reference as it is written: with a tag and a digest, the tag is followed and the digest stays.
    fn reference(&mut self, text: &str, at: Location) {
        match text.parse::<Reference>() {
            Ok(reference) => self.pinned(reference, text, at),
            Err(error) => self.leave(format!("`{text}` is no reference: {error}"), at),
        }
    }

    /// Likewise, one that was read.
    fn pinned(&mut self, reference: Reference, spelling: &str, at: Location) {
        let Reference { repository, tag, digest } = reference;
        let (wanted, pin) = match (tag, digest) {
            (Some(tag), digest) => {
                let pin = digest.map(|digest| Pin { tag: Some(tag.clone()), digest });
                (Wanted::Tag { repository, tag }, pin)
            }
            (None, Some(digest)) => (Wanted::Digest { repository, tag: None, digest }, None),
            (None, None) => (Wanted::Tag { repository, tag: Tag::latest() }, None),
        };
        self.declare(wanted, pin, spelling, at);
    }

    fn declare(&mut self, wanted: Wanted, pin: Option<Pin>, spelling: &str, at: Location) {
        let spelling = match &wanted {
            // The digest is locked, and the tag is followed.
            Wanted::Tag { .. } => spelling.split('@').next().unwrap_or(spelling).to_owned(),
            _ => spelling.to_owned(),
        };
        self.declarations.push(Declaration { wanted, pin, spelling, at });
    }

    /// Each image once. What is asked for in several places may be locked differently there.
    fn imported(self) -> Imported {
        let Self { declarations: all, mut left } = self;
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut declarations: Vec<Declaration> = Vec::new();
        for declaration in all {
            let first = *places.entry(declaration.wanted.to_string()).or_insert(declarations.len());
            let Some(kept) = declarations.get_mut(first) else {
                declarations.push(declaration);
                continue;
            };
            let Some(pin) = declaration.pin else { continue };
            match kept.pin.as_ref().map(|kept| &kept.digest) {
                None => kept.pin = Some(pin),
                Some(digest) if *digest != pin.digest => {
                    let (wanted, stays, other) = (&declaration.wanted, digest.short(), pin.digest.short());
                    let text =
                        format!("`{wanted}` stands here with {other}, and at {} with {stays}, which stays", kept.at);
                    left.push(Left { text, at: declaration.at });
                }
                Some(_) => {}
            }
        }
        left.sort_by(|one, other| {
            let place = |left: &Left| (left.at.file.path().to_owned(), left.at.span.start);
            place(one).cmp(&place(other))
        });
        Imported { declarations, left }
    }
}

/// A place in a file.
fn at(file: &Arc<SourceFile>, span: &Range<usize>) -> Location {
    Location::new(file, span.clone())
}

/// Whether a repository is the reserved name of the empty image, which nobody pulls.
fn is_scratch(repository: &Repository) -> bool {
    repository.host().is_docker_hub() && repository.path() == "library/scratch"
}
