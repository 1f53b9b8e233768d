//! Rendered manifests: the images in them, pinned by [`post_render`] and proved by [`unpinned`].

pub(crate) mod find;
mod path;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use imagelock_adapter::Pinned;
use imagelock_core::{Digest, LockedImage, Lockfile, Reference};

use self::find::Found;
pub use self::path::{ManifestPath, ManifestPathError};
use imagelock_yaml::{Parsed, Style, quoted, read, stays_text};

/// What the post-renderer is asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostRender {
    /// Whether an image that the lock does not know is an error.
    pub strict: bool,
    /// Places of images that are not called `image`, as in custom resources.
    pub paths: Vec<ManifestPath>,
}

/// Manifests with their images pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostRendered {
    /// The manifests.
    pub text: String,
    /// What was replaced, in order.
    pub replaced: Vec<Replaced>,
}

/// One reference that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Where it stands.
    pub place: Place,
    /// What stood there.
    pub from: String,
    /// What stands there now.
    pub to: Reference,
}

/// Where in the manifests an image stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The object's `kind`.
    pub kind: String,
    /// The object's `metadata.namespace`, where it has one.
    pub namespace: Option<String>,
    /// The object's `metadata.name`.
    pub name: String,
    /// The name of the container or of the volume, where there is one.
    pub container: Option<String>,
    /// The line of the manifests, counted from 1.
    pub line: usize,
}

/// An image that Kubernetes would run and that is not pinned to the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it stands.
    pub place: Place,
    /// What stands there.
    pub image: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The text is not a reference.
    NotAReference,
    /// There is no digest, although the lock has the repository.
    NotPinned,
    /// The lock does not have the repository, or not with this tag.
    NotLocked,
    /// There is a digest, and it is not in the lock.
    OtherDigest,
}

/// Why manifests cannot be pinned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// What was given is not YAML.
    #[error("line {line} of the manifests is not YAML: {reason}")]
    NotYaml {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// What would be written means something else.
    #[error("the manifests would not read back as they were pinned, from line {line} on")]
    NotReadBack {
        /// The line of the first image that would not be there, counted from 1.
        line: usize,
    },
    /// Images that the lock does not know, where that is an error.
    #[error("images.lock does not know {}", listed(.0))]
    Unknown(Vec<Finding>),
}

fn listed(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("`{}` ({})", finding.image, finding.place)).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ", self.kind)?;
        if let Some(namespace) = &self.namespace {
            write!(formatter, "{namespace}/")?;
        }
        write!(formatter, "{}", self.name)?;
        match &self.container {
            Some(container) => write!(formatter, ", container {container}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotAReference => "it is not a reference",
            Self::NotPinned => "it has no digest",
            Self::NotLocked => "it is not in images.lock",
            Self::OtherDigest => "its digest is not in images.lock",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: `{}`: {}", self.place, self.image, self.reason)
    }
}

/// Pins the images in what Helm rendered: only the bytes of references change.
///
/// A reference is pinned by the image that the lock has for its repository and tag; where the lock has one image of
/// the repository, by that one, whatever tag the chart wrote. A reference by a digest stays.
pub fn post_render(
    manifests: &str,
    images: &[Pinned<'_>],
    options: &PostRender,
) -> Result<PostRendered, ManifestError> {
    let known = Known::of(images);
    let lines = Lines::of(manifests);
    let mut rendered = PostRendered { text: String::with_capacity(manifests.len()), replaced: Vec::new() };
    let (mut unknown, mut expected, mut at) = (Vec::new(), Vec::new(), 0);
    for found in find(manifests, &options.paths)?.images {
        match known.answer(&found.text) {
            Answer::Pinned => expected.push((found.text, found.span.start)),
            Answer::Pin(to) => {
                expected.push((to.to_string(), found.span.start));
                rendered.text.push_str(&manifests[at..found.span.start]);
                rendered.text.push_str(&written(manifests, &found, &to.to_string()));
                at = found.span.end;
                rendered.replaced.push(Replaced { place: lines.place(&found), from: found.text, to });
            }
            Answer::No(reason) => {
                expected.push((found.text.clone(), found.span.start));
                unknown.push(Finding { place: lines.place(&found), image: found.text, reason });
            }
        }
    }
    rendered.text.push_str(&manifests[at..]);
    if !rendered.replaced.is_empty() {
        read_back(&rendered.text, &expected, options)
            .map_err(|at| ManifestError::NotReadBack { line: lines.number(at) })?;
    }
    if options.strict && !unknown.is_empty() { Err(ManifestError::Unknown(unknown)) } else { Ok(rendered) }
}

/// Whether a text has these images, each with the byte where it stood before; where the first stood that is not there.
fn read_back(text: &str, expected: &[(String, usize)], options: &PostRender) -> Result<(), usize> {
    let found = find(text, &options.paths).map(|manifests| manifests.images).unwrap_or_default();
    let differs = expected
        .iter()
        .enumerate()
        .find(|(index, (image, _))| found.get(*index).map(|found| &found.text) != Some(image));
    match differs {
        Some((_, (_, at))) => Err(*at),
        None if found.len() > expected.len() => Err(expected.last().map_or(0, |(_, at)| *at)),
        None => Ok(()),
    }
}

/// The images that Kubernetes would run and that are not pinned to the lock.
///
/// The digest alone counts: a chart may pull it from a mirror. `paths` are places of images that are not called
/// `image`.
pub fn unpinned(rendered: &str, lock: &Lockfile, paths: &[ManifestPath]) -> Result<Vec<Finding>, ManifestError> {
    let digests: BTreeSet<&Digest> = lock.images.values().flat_map(digests).collect();
    let repositories: BTreeSet<_> = lock.images.values().filter_map(LockedImage::repository).collect();
    let lines = Lines::of(rendered);
    let mut findings = Vec::new();
    for found in find(rendered, paths)?.images {
        let reason = match found.text.parse::<Reference>() {
            Err(_) => Reason::NotAReference,
            Ok(Reference { digest: Some(digest), .. }) if digests.contains(&digest) => continue,
            Ok(Reference { digest: Some(_), .. }) => Reason::OtherDigest,
            Ok(reference) if repositories.contains(&reference.repository) => Reason::NotPinned,
            Ok(_) => Reason::NotLocked,
        };
        findings.push(Finding { place: lines.place(&found), image: found.text, reason });
    }
    Ok(findings)
}

/// What a stream of manifests holds for us.
pub(crate) struct Manifests {
    pub(crate) images: Vec<Found>,
    /// The bytes of its comments, in their order.
    pub(crate) comments: Vec<Range<usize>>,
}

pub(crate) fn find(manifests: &str, paths: &[ManifestPath]) -> Result<Manifests, ManifestError> {
    let not_yaml = |reason: &str, at: usize| {
        let reason = reason.to_owned();
        ManifestError::NotYaml { line: Lines::of(manifests).number(at), reason }
    };
    if let Some(at) = glued_mark(manifests) {
        let reason =
            "`---` at the start of a line ends a document for some readers of manifests, and has a text behind it";
        return Err(not_yaml(reason, at));
    }
    let Parsed { documents, comments } = read(manifests).map_err(|error| not_yaml(&error.reason, error.at.start))?;
    let images = find::images(&documents, paths)
        .map_err(|endless| not_yaml("its aliases repeat themselves, or more than anybody reads", endless.at.start))?;
    Ok(Manifests { images, comments })
}

/// A line that starts with `---` and goes on: Helm and kubectl divide a stream by lines, before they read YAML.
fn glued_mark(text: &str) -> Option<usize> {
    let starts = std::iter::once(0).chain(text.match_indices(['\n', '\r']).map(|(at, _)| at + 1));
    starts.into_iter().find(|&start| {
        let rest = text[start..].strip_prefix("---").and_then(|rest| rest.chars().next());
        rest.is_some_and(|next| !next.is_ascii_whitespace())
    })
}

/// The bytes at which lines end.
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The number of the line that a byte is in, counted from 1.
    pub(crate) fn number(&self, at: usize) -> usize {
        self.0.partition_point(|end| *end < at) + 1
    }

    pub(crate) fn place(&self, found: &Found) -> Place {
        Place {
            kind: found.object.kind.clone(),
            namespace: found.object.namespace.clone(),
            name: found.object.name.clone(),
            container: found.container.clone(),
            line: self.number(found.span.start),
        }
    }
}

fn digests(image: &LockedImage) -> impl Iterator<Item = &Digest> {
    std::iter::once(&image.digest).chain(image.platforms.values().map(|platform| &platform.digest))
}

enum Answer {
    /// It names a digest of the lock already.
    Pinned,
    Pin(Reference),
    No(Reason),
}

/// The locked images as references look for them.
struct Known<'a> {
    repositories: BTreeMap<String, Vec<&'a Pinned<'a>>>,
    digests: BTreeSet<&'a Digest>,
}

impl<'a> Known<'a> {
    fn of(images: &'a [Pinned<'a>]) -> Self {
        let mut known = Self { repositories: BTreeMap::new(), digests: BTreeSet::new() };
        for pinned in images {
            known.digests.extend(digests(pinned.image));
            // Charts may name the registry or what stands in its place.
            let names: BTreeSet<String> =
                pinned.image.repository().into_iter().chain([&pinned.repository]).map(ToString::to_string).collect();
            for name in names {
                known.repositories.entry(name).or_default().push(pinned);
            }
        }
        known
    }

    fn answer(&self, text: &str) -> Answer {
        let Ok(reference) = text.parse::<Reference>() else { return Answer::No(Reason::NotAReference) };
        if let Some(digest) = &reference.digest {
            return if self.digests.contains(digest) { Answer::Pinned } else { Answer::No(Reason::OtherDigest) };
        }
        let Some(images) = self.repositories.get(&reference.repository.to_string()) else {
            return Answer::No(Reason::NotLocked);
        };
        let same_tag = images.iter().find(|pinned| pinned.tag() == reference.tag.as_ref());
        let pinned = same_tag.or_else(|| images.first().filter(|first| images.iter().all(|one| one.same_as(first))));
        pinned.map_or(Answer::No(Reason::NotLocked), |pinned| Answer::Pin(pinned.tagged()))
    }
}

trait SameAs {
    fn same_as(&self, other: &Self) -> bool;
}

impl SameAs for Pinned<'_> {
    /// Two names of one image are one image.
    fn same_as(&self, other: &Self) -> bool {
        self.digest() == other.digest() && self.tag() == other.tag()
    }
}

/// The reference in the quotes that stood there.
pub(crate) fn written(manifests: &str, found: &Found, reference: &str) -> String {
    match found.style {
        Some(Style::Single) => format!("'{reference}'"),
        Some(Style::Plain) if stays_text(reference) => reference.to_owned(),
        Some(Style::Block) => {
            let text = &manifests[found.span.clone()];
            let kept = text.trim_end_matches(['\n', '\r']).len();
            format!("{}{}", quoted(reference), &text[kept..])
        }
        _ => quoted(reference),
    }
}

#[cfg(test)]
mod tests;
