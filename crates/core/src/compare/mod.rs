//! Which of two images is the newer one, what became of the first, and who says so.
//!
//! A digest has no age. What there is are words of different worth: what registries show (the same manifests, the tags that
//! point there), the project's own rule, and what a publisher wrote into both images. Each is told with its speaker, none is
//! made up: a time before there were images, in the future, or the same in both says nothing, and where two speakers
//! contradict each other nobody picks one. "Unknown" is an answer.

mod order;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use serde::Serialize;

use self::order::order;
use crate::created::Created;
use crate::forge;
use crate::lockfile::LockedImage;
use crate::policy::newest;
use crate::reference::Tag;
use crate::request::Wanted;

/// What the second of two images is beside the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every platform that both have is the same manifest: the same runs.
    Same,
    /// A newer one.
    Newer,
    /// An older one.
    Older,
    /// Nothing that is known of both puts them in an order.
    Unknown,
    /// Newer by one thing and older by another.
    Conflicting,
}

/// What became of the first image on the way to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Nothing that runs.
    SameContent,
    /// It has another version.
    VersionStep,
    /// It was made of another revision of its source.
    SourceChanged,
    /// It was built again from the same revision.
    Rebuilt,
    /// It has other content, and nobody says why.
    OtherContent,
}

impl Change {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::SameContent => "same content",
            Self::VersionStep => "version step",
            Self::SourceChanged => "source changed",
            Self::Rebuilt => "rebuilt from the same revision",
            Self::OtherContent => "other content",
        }
    }
}

/// Two images, compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What is known of both, the strongest first.
    pub evidence: Vec<Evidence>,
}

/// One thing that is known of both images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What it is about.
    pub about: About,
    /// What it says of the second image.
    pub says: Says,
    /// Who says it.
    pub by: Speaker,
    /// What is known of the first image. What a publisher wrote is hostile text wherever it is printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// What is known of the second image, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
    /// Where a forge shows what is between the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What evidence is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// The digests, and those of the platforms that both have.
    Content,
    /// The platforms that there are.
    Platforms,
    /// The tags by which the two were named.
    Tags,
    /// The tags that point there now.
    Aliases,
    /// `org.opencontainers.image.version`.
    Version,
    /// When they were built.
    Built,
    /// `org.opencontainers.image.revision`, in one source.
    Revision,
    /// `org.opencontainers.image.source`.
    Source,
    /// What they are built on.
    Base,
}

/// What evidence says of the second image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Says {
    /// It is newer.
    Newer,
    /// It is older.
    Older,
    /// It is the same in this.
    Same,
    /// It differs, which is no order.
    Differs,
    /// Nothing: one of the two has no such thing, or none that can be believed.
    Nothing,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// The registry, and the digests prove it.
    Registry,
    /// The version rule of the project.
    Rule,
    /// Whoever published the images.
    Publisher,
}

impl Comparison {
    /// What the second image is beside the first.
    pub fn verdict(&self) -> Verdict {
        if self.says(About::Content) == Some(Says::Same) {
            return Verdict::Same;
        }
        let has = |says| self.evidence.iter().any(|evidence| evidence.says == says);
        match (has(Says::Newer), has(Says::Older)) {
            (true, true) => Verdict::Conflicting,
            (true, false) => Verdict::Newer,
            (false, true) => Verdict::Older,
            (false, false) => Verdict::Unknown,
        }
    }

    /// What became of the first image.
    pub fn change(&self) -> Change {
        if self.says(About::Content) == Some(Says::Same) {
            return Change::SameContent;
        }
        let moved = |about| matches!(self.says(about), Some(Says::Newer | Says::Older | Says::Differs));
        match self.says(About::Revision) {
            _ if moved(About::Version) => Change::VersionStep,
            Some(Says::Differs) => Change::SourceChanged,
            _ if moved(About::Tags) => Change::VersionStep,
            Some(Says::Same) => Change::Rebuilt,
            _ => Change::OtherContent,
        }
    }

    /// What is known of both in one thing.
    pub fn about(&self, about: About) -> Option<&Evidence> {
        self.evidence.iter().find(|evidence| evidence.about == about)
    }

    fn says(&self, about: About) -> Option<Says> {
        self.about(about).map(|evidence| evidence.says)
    }
}

/// The text without the last digits of a digest at its end, or of the commit that it is: as many stay as people read.
pub fn shortened(text: &str) -> &str {
    let start = text.rfind(':').map_or(0, |colon| colon + 1);
    let digits = &text[start..];
    let is_hash = digits.len() >= 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { &text[..start + 12] } else { text }
}

/// What the tags that point at two images now say of them; nothing where there are none. Of several that say a version the highest
/// counts.
pub fn aliases(first: &[Tag], second: &[Tag]) -> Option<Evidence> {
    if first.is_empty() && second.is_empty() {
        return None;
    }
    let versions = [first, second].map(|tags| newest(tags, tags.len()));
    let says = match &versions {
        _ if first == second => Says::Same,
        [one, other] => {
            let mut pairs = one.iter().flat_map(|one| other.iter().map(move |other| (one.as_str(), other.as_str())));
            ordered(pairs.find_map(|(one, other)| order(one, other)), Says::Nothing)
        }
    };
    let text = |tags: &[Tag]| {
        let names: Vec<&str> = tags.iter().map(Tag::as_str).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    Some(Evidence::new(About::Aliases, Speaker::Registry, says, text(first), text(second)))
}

/// Compares two images. Times after `as_of` are in the future, and believed by nobody.
pub fn images(first: &LockedImage, second: &LockedImage, as_of: Option<&Created>) -> Comparison {
    let all = [
        Some(content(first, second)),
        platforms(first, second),
        tags(first, second),
        version(first, second),
        built(first, second, as_of),
    ];
    let evidence = all.into_iter().flatten().chain(sources(first, second)).chain(base(first, second));
    Comparison { evidence: evidence.collect() }
}

impl Evidence {
    fn new(about: About, by: Speaker, says: Says, first: Option<String>, second: Option<String>) -> Self {
        Self { about, says, by, first, second, link: None }
    }
}

fn ordered(order: Option<Ordering>, otherwise: Says) -> Says {
    match order {
        Some(Ordering::Less) => Says::Newer,
        Some(Ordering::Greater) => Says::Older,
        Some(Ordering::Equal) => Says::Same,
        None => otherwise,
    }
}

/// Whether the same runs wherever both run. An index and the manifest of one of its platforms are the same there.
fn content(first: &LockedImage, second: &LockedImage) -> Evidence {
    let mut both = first.platforms.iter().filter_map(|(platform, one)| Some((one, second.platforms.get(platform)?)));
    let some = both.clone().next().is_some();
    let is_same = first.digest == second.digest || some && both.all(|(one, other)| one.digest == other.digest);
    let says = if is_same { Says::Same } else { Says::Differs };
    let text = |image: &LockedImage| Some(image.digest.to_string());
    Evidence::new(About::Content, Speaker::Registry, says, text(first), text(second))
}

fn platforms(first: &LockedImage, second: &LockedImage) -> Option<Evidence> {
    let text = |image: &LockedImage| {
        let names: Vec<String> = image.platforms.keys().map(ToString::to_string).collect();
        Some(names.join(", "))
    };
    let differ = !first.platforms.keys().eq(second.platforms.keys());
    differ.then(|| Evidence::new(About::Platforms, Speaker::Registry, Says::Differs, text(first), text(second)))
}

/// The tags are the registry's word; their order is that of the rule that chose both, or of the versions that they say.
fn tags(first: &LockedImage, second: &LockedImage) -> Option<Evidence> {
    let (one, other) = (first.tag.as_ref()?, second.tag.as_ref()?);
    if first.origin != second.origin {
        return None;
    }
    let (by, says) = match &second.request.wanted {
        _ if one == other => (Speaker::Registry, Says::Same),
        Wanted::Version { rule, .. } if rule.admits(one) && rule.admits(other) => {
            let best = rule.best([one, other])?;
            (Speaker::Rule, if best == other { Says::Newer } else { Says::Older })
        }
        _ => (Speaker::Registry, ordered(order(one.as_str(), other.as_str()), Says::Differs)),
    };
    Some(Evidence::new(About::Tags, by, says, Some(one.to_string()), Some(other.to_string())))
}

fn version(first: &LockedImage, second: &LockedImage) -> Option<Evidence> {
    publisher(About::Version, first.version.as_ref(), second.version.as_ref(), |one, other| {
        ordered(order(one, other), Says::Differs)
    })
}

fn built(first: &LockedImage, second: &LockedImage, as_of: Option<&Created>) -> Option<Evidence> {
    let believed = |created: &&Created| created.is_evidence() && as_of.is_none_or(|as_of| *created <= as_of);
    let says = match (first.created.as_ref().filter(believed), second.created.as_ref().filter(believed)) {
        // Reproducible builds say one time for all.
        (Some(one), Some(other)) if one != other => ordered(Some(one.cmp(other)), Says::Nothing),
        _ => Says::Nothing,
    };
    let text = |image: &LockedImage| image.created.as_ref().map(ToString::to_string);
    let (first, second) = (text(first), text(second));
    let some = first.is_some() || second.is_some();
    some.then(|| Evidence::new(About::Built, Speaker::Publisher, says, first, second))
}

/// Revisions mean something within one source only.
fn sources(first: &LockedImage, second: &LockedImage) -> impl Iterator<Item = Evidence> {
    let one_source = |one: &str, other: &str| forge::project(one) == forge::project(other);
    let source = publisher(About::Source, first.source.as_ref(), second.source.as_ref(), |one, other| {
        if one_source(one, other) { Says::Same } else { Says::Differs }
    });
    let is_one = source.as_ref().is_none_or(|source| source.says != Says::Differs);
    let revision =
        publisher(About::Revision, first.revision.as_ref(), second.revision.as_ref(), |one, other| match is_one {
            true if one == other => Says::Same,
            true => Says::Differs,
            false => Says::Nothing,
        });
    let link = || {
        let (one, other) = (first.revision.as_ref()?, second.revision.as_ref()?);
        first.source.as_ref().filter(|_| is_one)?;
        forge::compare_link(second.source.as_ref()?, one, other)
    };
    let revision = revision.map(|evidence| Evidence { link: link(), ..evidence });
    revision.into_iter().chain(source)
}

fn base(first: &LockedImage, second: &LockedImage) -> Option<Evidence> {
    let text = |image: &LockedImage| {
        let digest = image.base.digest.as_ref().map(ToString::to_string);
        match (&image.base.name, digest) {
            (Some(name), Some(digest)) if !name.contains('@') => Some(format!("{name}@{digest}")),
            (name, digest) => digest.or_else(|| name.clone()),
        }
    };
    publisher(About::Base, text(first).as_ref(), text(second).as_ref(), |one, other| {
        if one == other { Says::Same } else { Says::Differs }
    })
}

/// What a publisher says of both images, or of one of them.
fn publisher(
    about: About,
    first: Option<&String>,
    second: Option<&String>,
    judge: impl Fn(&str, &str) -> Says,
) -> Option<Evidence> {
    let says = first.zip(second).map_or(Says::Nothing, |(one, other)| judge(one, other));
    let some = first.is_some() || second.is_some();
    some.then(|| Evidence::new(about, Speaker::Publisher, says, first.cloned(), second.cloned()))
}
