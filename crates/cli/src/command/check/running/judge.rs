//! Whether what runs is locked, or was.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use camino::Utf8Path;
use imagelock_core::lockfile;
use imagelock_core::source::SourceFile;
use imagelock_core::{Created, Digest, ImageName, Lockfile, Reference};
use imagelock_import::Running;
use imagelock_survey::{HistoryError, Past, Version};

use crate::failure::Failure;
use crate::input::LOCK_BYTES;
use crate::session::Session;

/// What runs, and what is known of it.
pub(super) struct Judged {
    /// Who says so, for people.
    pub(super) by: String,
    /// Each image once, the worst first.
    pub(super) images: Vec<Image>,
    /// How many containers have ended.
    pub(super) ended: usize,
    /// Whether the history was looked through, and not all of it is here.
    pub(super) is_cut: bool,
}

/// One image, wherever it runs.
pub(super) struct Image {
    pub(super) state: State,
    /// As it was asked for.
    pub(super) image: String,
    /// What its runtime says that it is.
    pub(super) digests: Vec<Digest>,
    /// Where it runs.
    pub(super) places: Vec<String>,
}

/// What an image is to the lock, the worst first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// Its digest is in no lock.
    Unlocked,
    /// Nobody says which digest it has.
    Unknown,
    /// It was locked, and is no more.
    Former {
        name: ImageName,
        /// The newest commit that has it.
        commit: String,
        /// When that was committed.
        committed: Created,
    },
    /// The repository builds it.
    Built,
    /// It is locked under this name.
    Locked(ImageName),
}

impl State {
    /// For people and programs.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Unlocked => "unlocked",
            Self::Unknown => "unknown",
            Self::Former { .. } => "former",
            Self::Built => "built",
            Self::Locked(_) => "locked",
        }
    }
}

/// Judges what runs. The history is looked through only for what is not locked now.
pub(super) fn judged(session: &Session<'_>, lock: &Lockfile, running: Running) -> Result<Judged, Failure> {
    let (by, ended) = (super::said(&running), running.ended);
    let mut groups: BTreeMap<(String, Vec<Digest>), Vec<String>> = BTreeMap::new();
    for container in running.containers {
        groups.entry((container.image, container.digests)).or_default().push(container.place);
    }
    let known = digests(lock);
    let state = |image: &str, digests: &[Digest]| {
        let locked = digests.iter().find_map(|digest| known.get(digest));
        let is_built = || {
            let reference = image.parse::<Reference>();
            reference.is_ok_and(|reference| session.project.built.names(&reference.repository))
        };
        match locked {
            Some(name) => State::Locked((*name).clone()),
            None if is_built() => State::Built,
            None if digests.is_empty() => State::Unknown,
            None => State::Unlocked,
        }
    };
    let mut images: Vec<Image> = groups
        .into_iter()
        .map(|((image, digests), places)| Image { state: state(&image, &digests), image, digests, places })
        .collect();
    let is_cut = former(session, &mut images)?;
    images.sort_by(|one, other| (&one.state, &one.image).cmp(&(&other.state, &other.image)));
    Ok(Judged { by, images, ended, is_cut })
}

/// All that a runtime may call a locked image.
fn digests(lock: &Lockfile) -> HashMap<&Digest, &ImageName> {
    let all = lock.images.iter().flat_map(|(name, image)| {
        let platforms = image.platforms.values().flat_map(|platform| [&platform.digest, &platform.config]);
        std::iter::once(&image.digest).chain(platforms).map(move |digest| (digest, name))
    });
    all.collect()
}

/// Finds out which of the images that are not locked were, and says whether a part of the history is missing.
fn former(session: &Session<'_>, images: &mut [Image]) -> Result<bool, Failure> {
    let mut sought: BTreeSet<Digest> = BTreeSet::new();
    sought.extend(images.iter().filter(|image| image.state == State::Unlocked).flat_map(|image| image.digests.clone()));
    if sought.is_empty() {
        return Ok(false);
    }
    let mut past = match Past::of(&session.root.canonicalize_utf8()?, Utf8Path::new(lockfile::FILE_NAME)) {
        Ok(past) => past,
        // What is in no repository, or in one without a commit, has no history.
        Err(HistoryError::NoRepository(_) | HistoryError::NoCommit { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let mut found: HashMap<Digest, State> = HashMap::new();
    while !sought.is_empty() {
        let Some(version) = past.next().transpose()? else { break };
        let Some(lock) = parsed(&version, &sought) else { continue };
        let known = digests(&lock);
        let (commit, committed) = (version.commit[..12].to_owned(), Created::from_unix_seconds(version.seconds));
        sought.retain(|digest| {
            let Some(name) = known.get(digest) else { return true };
            let state = State::Former { name: (*name).clone(), commit: commit.clone(), committed: committed.clone() };
            found.insert(digest.clone(), state);
            false
        });
    }
    for image in images.iter_mut().filter(|image| image.state == State::Unlocked) {
        if let Some(state) = image.digests.iter().find_map(|digest| found.get(digest)) {
            image.state = state.clone();
        }
    }
    Ok(!sought.is_empty() && past.is_cut())
}

/// A lock of before that may have one of these digests. One that cannot be read any more locks nothing.
fn parsed(version: &Version, sought: &BTreeSet<Digest>) -> Option<Lockfile> {
    if version.bytes.len() as u64 > LOCK_BYTES {
        return None;
    }
    let text = std::str::from_utf8(&version.bytes).ok()?;
    // Reading all of a lock takes longer than looking for a few words in it.
    let may_have = sought.len() > 8 || sought.iter().any(|digest| text.contains(digest.hex()));
    may_have.then(|| Lockfile::parse(&SourceFile::new(lockfile::FILE_NAME, text)).ok()).flatten()
}
