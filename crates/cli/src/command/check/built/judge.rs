//! Whether what went into a build is locked.

use std::collections::BTreeSet;

use imagelock_core::project::Built;
use imagelock_core::{Digest, ImageName, Lockfile, Reference};
use imagelock_edit::{Choice, Kept, Matcher};
use imagelock_inspect::attested::{Ingredient, Material, Provenance};

use super::Build;
use crate::finding::{Finding, Level, Place};

/// What builds are held against.
pub(super) struct Judge<'j> {
    pub(super) lock: &'j Lockfile,
    /// Says which locked image a reference means.
    pub(super) matcher: &'j Matcher<'j>,
    /// The images that the repository builds itself.
    pub(super) built: &'j Built,
    /// The command as the person types it.
    pub(super) command: &'j str,
}

/// A build, and what is known of it.
pub(super) struct Judged<'b> {
    pub(super) build: &'b Build,
    /// The images that went into it.
    pub(super) images: Vec<Used>,
    /// How many other things went into it: sources, files from the network.
    pub(super) others: usize,
    pub(super) findings: Vec<Finding>,
}

/// An image that went into a build.
pub(super) struct Used {
    /// As people write it, with its digest.
    pub(super) image: String,
    pub(super) platform: Option<String>,
    pub(super) state: State,
}

/// What an image is to the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its digest is the locked one of this image, or that of one of its platforms.
    Locked(ImageName),
    /// The repository builds it.
    Built,
    /// Neither.
    Unlocked,
}

impl Judged<'_> {
    /// The images that the repository builds itself, each once.
    pub(super) fn built_here(&self) -> impl Iterator<Item = &str> {
        let own = self.images.iter().filter(|used| used.state == State::Built);
        own.map(|used| used.image.as_str()).collect::<BTreeSet<_>>().into_iter()
    }
}

impl Judge<'_> {
    pub(super) fn judge<'b>(&self, build: &'b Build) -> Judged<'b> {
        let mut judged = Judged { build, images: Vec::new(), others: 0, findings: Vec::new() };
        let why = match &build.made {
            Ok(all) => {
                for made in all {
                    self.of_provenance(made, &mut judged);
                }
                let silent = all.iter().find(|made| !made.names_all_images());
                silent.map(|made| match &made.build_type {
                    Some(kind) => format!("has provenance of the kind `{kind}`, which need not name all images"),
                    None => "has provenance that does not say what kind of build it was".to_owned(),
                })
            }
            Err(reason) => Some(reason.clone()),
        };
        if let Some(why) = why {
            judged.findings.push(Finding {
                rule: "provenance",
                level: Level::Error,
                at: Place::line(&build.file, 1),
                message: format!("{} {why}", build.name()),
                help: Some("build it with BuildKit and `--attest type=provenance,mode=max`".to_owned()),
                about: build.name(),
            });
        }
        judged
    }

    fn of_provenance(&self, made: &Provenance, judged: &mut Judged<'_>) {
        for material in &made.materials {
            let Some(image) = material.image() else {
                judged.others += 1;
                continue;
            };
            let state = self.state(&image);
            if state == State::Unlocked {
                judged.findings.push(self.unlocked(judged.build, material, &image));
            }
            let (image, platform) = (written(material, &image), image.platform);
            judged.images.push(Used { image, platform, state });
        }
    }

    fn state(&self, image: &Ingredient) -> State {
        // A digest is the same bytes wherever they came from: a mirror, a registry that was rewritten.
        let has_all = |locked: &imagelock_core::LockedImage| image.digests.iter().all(|digest| locked.has(digest));
        let locked = self.lock.images.iter().find(|(_, locked)| has_all(locked)).map(|(name, _)| name.clone());
        match locked.filter(|_| !image.digests.is_empty()) {
            Some(name) => State::Locked(name),
            None if image.reference.as_ref().is_some_and(|reference| self.built.names(&reference.repository)) => {
                State::Built
            }
            None => State::Unlocked,
        }
    }

    fn unlocked(&self, build: &Build, material: &Material, image: &Ingredient) -> Finding {
        let text = written(material, image);
        let choice = image.reference.as_ref().map(|reference| self.matcher.choose(reference));
        let add =
            |reference: &Reference| format!("{} add {}", self.command, Reference { digest: None, ..reference.clone() });
        let (what, help) = match choice {
            _ if image.digests.is_empty() => ("whose digest its provenance does not say".to_owned(), None),
            Some(Choice::Pin(locked)) => {
                let tag = locked.tag().map(|tag| format!("{tag}, ")).unwrap_or_default();
                let what = format!(
                    "and `{}` is locked at {} ({tag}{})",
                    locked.name,
                    locked.digest().short(),
                    locked.repository
                );
                (what, Some("build it again from what is locked".to_owned()))
            }
            Some(Choice::Keep(Kept::OtherTags(known) | Kept::Ambiguous(known))) => {
                let known: Vec<String> = known
                    .iter()
                    .map(|(name, tag)| {
                        tag.as_ref().map_or_else(|| format!("`{name}`"), |tag| format!("`{name}` ({tag})"))
                    })
                    .collect();
                (format!("and images.lock has {} of it", known.join(" and ")), image.reference.as_ref().map(add))
            }
            _ => ("which is in no lock".to_owned(), image.reference.as_ref().map(add)),
        };
        Finding {
            rule: "base",
            level: Level::Error,
            at: Place::line(&build.file, 1),
            message: format!("{} was built from `{text}`, {what}", build.name()),
            help,
            about: format!("{} {text}", build.name()),
        }
    }
}

/// As people write it, with its digest; where it is no reference, as its builder wrote it.
fn written(material: &Material, image: &Ingredient) -> String {
    let reference = image.reference.as_ref().map(ToString::to_string);
    let others = image.digests.iter().skip(1).map(Digest::as_str);
    let reference = reference.map(|reference| others.fold(reference, |text, digest| format!("{text}, {digest}")));
    reference.unwrap_or_else(|| material.uri.clone())
}
