//! A place that names an image, as people and programs are told of it.

use std::ops::Range;
use std::sync::Arc;

use camino::Utf8PathBuf;
use imagelock_core::source::{Location, SourceFile};
use imagelock_core::{Digest, ImageName, Reference, Repository, Tag};
use imagelock_scan::{Says, Site, Sure, bare};

/// A place that names an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The file, from the root on.
    pub file: Utf8PathBuf,
    /// The first line and column, from 1; columns count characters.
    pub start: (usize, usize),
    /// The line and column behind the last character.
    pub end: (usize, usize),
    /// The bytes.
    pub span: Range<usize>,
    /// The format that found it.
    pub format: &'static str,
    /// What stands there.
    pub text: String,
    /// The reference as it reads after variables, without the digest; where it is none, what stands in its place.
    pub reference: String,
    /// What that means, where it is a reference.
    pub means: Option<Reference>,
    /// How far it is pinned.
    pub state: State,
    /// The locked image that it means.
    pub image: Option<ImageName>,
    /// What the place is called in its language; may be empty.
    pub place: String,
    /// How sure it is that it is an image.
    pub sure: Sure,
    /// Whether the image only builds there: nothing is built on it that ships.
    pub builds: bool,
}

/// How far a place is pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It has a digest.
    Pinned,
    /// It has a tag and no digest.
    Tag,
    /// It has neither.
    None,
    /// A variable or a template decides.
    Variable,
    /// It is no reference.
    Invalid,
    /// The repository builds the image itself.
    Built,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Pinned, Self::Tag, Self::None, Self::Variable, Self::Invalid, Self::Built];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Tag => "tag",
            Self::None => "none",
            Self::Variable => "variable",
            Self::Invalid => "invalid",
            Self::Built => "built",
        }
    }

    /// Whether a reference stands here that a digest would pin.
    pub fn is_unpinned(self) -> bool {
        matches!(self, Self::Tag | Self::None)
    }

    fn of(reference: &Reference) -> Self {
        match reference {
            Reference { digest: Some(_), .. } => Self::Pinned,
            Reference { tag: Some(_), .. } => Self::Tag,
            Reference { .. } => Self::None,
        }
    }
}

impl Mention {
    /// What a place of a format says.
    pub(crate) fn of(file: &Arc<SourceFile>, format: &'static str, site: &Site) -> Self {
        let written = written(file, site.span());
        let (text, reference, means, state) = match &site.says {
            Says::Whole { text, reference, .. } => (written, text.clone(), reference.as_ref().ok(), None),
            Says::Parts { parts, reference } => (parts.text(), parts.text(), reference.as_ref().ok(), None),
            Says::Open { default, .. } => {
                let read = default.as_ref().map_or_else(|| written.clone(), Reference::familiar);
                (written, read, default.as_ref(), Some(State::Variable))
            }
        };
        let state = state.unwrap_or_else(|| means.map_or(State::Invalid, State::of));
        let reference = if means.is_some() { without_digest(&reference) } else { reference };
        let means = means.cloned();
        let at = Self::at(file, format, site.span(), site.place.clone(), site.sure);
        Self { text, reference, means, state, builds: site.builds, ..at }
    }

    /// A place that only a digest stands in, of the image that a marker says.
    pub(crate) fn digest(file: &Arc<SourceFile>, format: &'static str, span: &Range<usize>, means: Reference) -> Self {
        let reference = without_digest(&means.familiar());
        let means = Some(means);
        Self { reference, means, state: State::Pinned, ..Self::at(file, format, span, String::new(), Sure::Possible) }
    }

    fn at(file: &Arc<SourceFile>, format: &'static str, span: &Range<usize>, place: String, sure: Sure) -> Self {
        let (start, end) = (Location::new(file, span.start..span.start), Location::new(file, span.end..span.end));
        Self {
            file: file.path().to_owned(),
            start: (start.line(), start.column()),
            end: (end.line(), end.column()),
            span: span.clone(),
            format,
            text: written(file, span),
            reference: String::new(),
            means: None,
            state: State::Invalid,
            image: None,
            place,
            sure,
            builds: false,
        }
    }

    /// The reference in full, without the digest: `docker.io/library/postgres:16`.
    pub fn normalized(&self) -> Option<String> {
        self.means.as_ref().map(|means| means.repository.with(means.tag.clone(), None).to_string())
    }

    /// The digest.
    pub fn digest_of(&self) -> Option<&Digest> {
        self.means.as_ref()?.digest.as_ref()
    }

    /// The repository and the tag that are followed here, where both are said: neither a tag nor a digest is `latest`.
    pub(crate) fn follows(&self) -> Option<(&Repository, Option<Tag>)> {
        let is_said = matches!(self.state, State::Pinned | State::Tag | State::None);
        let means = self.means.as_ref().filter(|_| is_said)?;
        let latest = means.digest.is_none().then(Tag::latest);
        Some((&means.repository, means.tag.clone().or(latest)))
    }
}

fn written(file: &SourceFile, span: &Range<usize>) -> String {
    file.text().get(span.clone()).unwrap_or_default().to_owned()
}

/// A reference as it is spelled, without what stands behind `@` and without the scheme in front.
fn without_digest(text: &str) -> String {
    let text = bare(text);
    text.split_once('@').map_or(text, |(name, _)| name).to_owned()
}
