//! Whether what is locked can be an answer to its own request, told from the lock alone.
//!
//! People review a lock by its requests. An image whose request says one thing and whose digest, repository or tag says
//! another was never written by `lock`: an attacker, a hand or a merge made it. What only a registry could tell, such as which
//! digest a tag had, is not judged here.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{INDEXES, LockedImage, Lockfile, Origin, place};
use crate::digest::Digest;
use crate::name::ImageName;
use crate::platform::Platform;
use crate::reference::Tag;
use crate::request::Wanted;
use crate::source::{Label, Location, SourceFile};

/// A value of a locked image that another of its values rules out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("image `{image}` {conflict}")]
pub struct Contradiction {
    /// The image.
    pub image: ImageName,
    /// What contradicts what.
    pub conflict: Conflict,
    /// Where the value stands.
    pub at: Location,
    /// Where that stands which rules it out.
    pub against: Location,
}

/// What contradicts what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Another repository or layout.
    #[error("is locked in `{locked}`, and its request asks for `{asked}`")]
    Origin {
        /// Where the image is.
        locked: String,
        /// Where the request says that it is.
        asked: String,
    },
    /// Another digest than the one that was asked for.
    #[error("is locked to `{locked}`, and its request asks for `{asked}`")]
    Digest {
        /// The locked digest.
        locked: Digest,
        /// The digest of the request.
        asked: Digest,
    },
    /// Another tag than the one that is followed, or that tells what the digest was.
    #[error("is locked with {}, and its request asks for {}", tag_text(.locked.as_ref()), tag_text(.asked.as_ref()))]
    Tag {
        /// The locked tag.
        locked: Option<Tag>,
        /// The tag of the request.
        asked: Option<Tag>,
    },
    /// A tag that the rule could not have picked.
    #[error("is locked with {}, which its request does not admit: {rule}", tag_text(.locked.as_ref()))]
    Rule {
        /// The locked tag.
        locked: Option<Tag>,
        /// The rule.
        rule: String,
    },
    /// A platform that was asked for is not there.
    #[error("lacks `{0}`, which its request asks for")]
    Missing(Platform),
    /// A platform is there that was not asked for.
    #[error("has `{0}`, which its request does not ask for")]
    Unasked(Platform),
    /// Who is locked for no platform answers nobody.
    #[error("is locked for no platform")]
    NoPlatform,
    /// One manifest is the image of one platform.
    #[error("is one manifest, and has {0} platforms")]
    Platforms(usize),
    /// The only manifest is not the platform's.
    #[error("is one manifest with the {what} `{image}`, and its platform `{platform}` has `{locked}`")]
    Manifest {
        /// Which of its values differ.
        what: Value,
        /// The image's.
        image: String,
        /// The platform.
        platform: Platform,
        /// The platform's.
        locked: String,
    },
    /// An index is no platform's manifest.
    #[error("is the index `{image}`, and its platform `{platform}` has the same digest")]
    Index {
        /// The index.
        image: Digest,
        /// The platform.
        platform: Platform,
    },
}

/// A value that an image and its platform both have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// The digest.
    Digest,
    /// The media type.
    MediaType,
    /// The size.
    Size,
}

impl Value {
    fn key(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::MediaType => "mediaType",
            Self::Size => "size",
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Digest => "digest",
            Self::MediaType => "media type",
            Self::Size => "size",
        })
    }
}

fn tag_text(tag: Option<&Tag>) -> String {
    tag.map_or_else(|| "no tag".to_owned(), |tag| format!("the tag `{tag}`"))
}

impl Contradiction {
    /// The place of the value, and of what rules it out.
    pub(super) fn labels(&self) -> [Label; 2] {
        [Label::primary(&self.at, self.conflict.to_string()), Label::also(&self.against, "against this")]
    }
}

/// How many contradictions are given their places: each is looked for in the whole text, and who merged a lock wrongly may
/// have one in every image.
const PLACED: usize = 8;

/// The first of a lock's contradictions, in the order of the images' names, and how many there are.
pub(super) fn contradictions(lock: &Lockfile, file: &Arc<SourceFile>) -> (Vec<Contradiction>, usize) {
    let (mut first, mut count) = (Vec::new(), 0);
    for (name, image) in &lock.images {
        for conflict in conflicts(image) {
            count += 1;
            if first.len() < PLACED {
                first.push(conflict.placed(name, image, file));
            }
        }
    }
    (first, count)
}

/// Whether an image can be an answer to its own request.
pub(super) fn holds(image: &LockedImage) -> bool {
    conflicts(image).next().is_none()
}

fn conflicts(image: &LockedImage) -> impl Iterator<Item = Conflict> {
    asked(image).into_iter().chain(platforms(image)).chain(manifest(image))
}

/// What of the origin, the digest and the tag is not what was asked for.
fn asked(image: &LockedImage) -> Vec<Conflict> {
    let (locked, asked) = (origin(image), wanted(&image.request.wanted));
    let mut found = Vec::new();
    if locked != asked {
        found.push(Conflict::Origin { locked, asked });
    }
    let tag = match &image.request.wanted {
        Wanted::Version { rule, .. } => {
            if !image.tag.as_ref().is_some_and(|tag| rule.admits(tag)) {
                found.push(Conflict::Rule { locked: image.tag.clone(), rule: rule.to_string() });
            }
            return found;
        }
        Wanted::Tag { tag, .. } => Some(tag),
        Wanted::Digest { tag, digest, .. } => {
            if *digest != image.digest {
                found.push(Conflict::Digest { locked: image.digest.clone(), asked: digest.clone() });
            }
            tag.as_ref()
        }
        Wanted::Layout { tag, .. } => tag.as_ref(),
    };
    if tag != image.tag.as_ref() {
        found.push(Conflict::Tag { locked: image.tag.clone(), asked: tag.cloned() });
    }
    found
}

fn origin(image: &LockedImage) -> String {
    match &image.origin {
        Origin::Registry(repository) => repository.to_string(),
        Origin::Layout(path) => format!("layout {path}"),
    }
}

fn wanted(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Layout { path, .. } => format!("layout {path}"),
        Wanted::Tag { repository, .. } | Wanted::Digest { repository, .. } | Wanted::Version { repository, .. } => {
            repository.to_string()
        }
    }
}

/// Which platforms are missing, and which were not asked for.
fn platforms(image: &LockedImage) -> Vec<Conflict> {
    let Some(asked) = &image.request.platforms else {
        return if image.platforms.is_empty() { vec![Conflict::NoPlatform] } else { Vec::new() };
    };
    let has: BTreeSet<&Platform> = image.platforms.keys().collect();
    let missing = asked.iter().filter(|platform| !has.contains(platform)).cloned().map(Conflict::Missing);
    let unasked = image.platforms.keys().filter(|platform| !asked.contains(*platform)).cloned().map(Conflict::Unasked);
    missing.chain(unasked).collect()
}

/// What of an image's only manifest is not its platform's.
fn manifest(image: &LockedImage) -> Vec<Conflict> {
    if INDEXES.contains(&image.media_type.as_str()) {
        let same = image.platforms.iter().filter(|(_, locked)| locked.digest == image.digest);
        return same
            .map(|(platform, _)| Conflict::Index { image: image.digest.clone(), platform: platform.clone() })
            .collect();
    }
    let mut all = image.platforms.iter();
    let Some((platform, locked)) = all.next() else { return Vec::new() };
    if all.next().is_some() {
        return vec![Conflict::Platforms(image.platforms.len())];
    }
    let values = [
        (Value::Digest, image.digest.to_string(), locked.digest.to_string()),
        (Value::MediaType, image.media_type.clone(), locked.media_type.clone()),
        (Value::Size, image.size.to_string(), locked.size.to_string()),
    ];
    values
        .into_iter()
        .filter(|(_, image, locked)| image != locked)
        .map(|(what, image, locked)| Conflict::Manifest { what, image, platform: platform.clone(), locked })
        .collect()
}

impl Conflict {
    fn placed(self, name: &ImageName, image: &LockedImage, file: &Arc<SourceFile>) -> Contradiction {
        let (at, against) = self.paths(image);
        let place = |path: &[&str]| {
            let path: Vec<&str> = ["images", name.as_str()].iter().chain(path).copied().collect();
            Location::new(file, place::value(file.text(), &path))
        };
        Contradiction { at: place(&at), against: place(&against), image: name.clone(), conflict: self }
    }

    /// The keys that lead from the image to the value, and to what rules it out.
    fn paths<'a>(&'a self, image: &'a LockedImage) -> (Vec<&'a str>, Vec<&'a str>) {
        match self {
            Self::Origin { .. } => {
                let asked = image.request.wanted.repository();
                let locked = match image.repository() {
                    None => "layout",
                    Some(locked) if asked.is_some_and(|asked| asked.host() == locked.host()) => "repository",
                    Some(_) => "registry",
                };
                (vec![locked], vec!["request", if asked.is_some() { "repository" } else { "layout" }])
            }
            Self::Digest { .. } => (vec!["digest"], vec!["request", "digest"]),
            Self::Tag { .. } => (vec!["tag"], vec!["request", "tag"]),
            Self::Rule { .. } => (vec!["tag"], vec!["request"]),
            Self::Missing(_) => (vec!["platforms"], vec!["request", "platforms"]),
            Self::Unasked(platform) => (vec!["platforms", platform.as_str()], vec!["request", "platforms"]),
            Self::NoPlatform => (vec!["platforms"], vec!["request"]),
            Self::Platforms(_) => (vec!["platforms"], vec!["mediaType"]),
            Self::Manifest { what, platform, .. } => {
                (vec!["platforms", platform.as_str(), what.key()], vec![what.key()])
            }
            Self::Index { platform, .. } => (vec!["platforms", platform.as_str(), "digest"], vec!["digest"]),
        }
    }
}
