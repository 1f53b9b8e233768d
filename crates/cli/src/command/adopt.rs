//! Images that a survey found, declared and locked: what `init` and `pin` share.

use std::collections::BTreeMap;

use imagelock_core::project::NewImage;
use imagelock_core::source::nearest;
use imagelock_core::{Digest, ImageName, Wanted};
use imagelock_registry::{Error, ErrorKind, Missing, Take};
use imagelock_survey::{Adopted, Adoption, Mention};
use serde::Serialize;

use super::ready::{Additions, NewProject, Ready};
use crate::failure::Failure;
use crate::report;
use crate::session::Session;

/// What a person may decide about images that are found.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Choices {
    /// Lock what the tag of this image points at now, instead of the digest that is in use; may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    newest: Vec<ImageName>,
    /// Leave out the images that cannot be locked, instead of writing nothing
    #[arg(long)]
    skip_failed: bool,
}

/// An image that could not be locked and is left out, for programs.
#[derive(Serialize)]
pub(super) struct Skipped {
    name: ImageName,
    wanted: String,
    reason: String,
    places: Vec<PlaceInFile>,
}

/// A place, for programs.
#[derive(Clone, Serialize)]
pub(super) struct PlaceInFile {
    file: String,
    line: usize,
    column: usize,
}

impl PlaceInFile {
    pub(super) fn of(mention: &Mention) -> Self {
        let (line, column) = mention.start;
        Self { file: mention.file.to_string(), line, column }
    }
}

/// How many places of one image people are shown.
const MOST_PLACES: usize = 3;

/// The places as people open them, and how many there are more.
pub(super) fn places<'m>(session: &Session<'_>, mentions: impl IntoIterator<Item = &'m Mention>) -> String {
    let mut mentions = mentions.into_iter();
    let shown: Vec<String> = mentions.by_ref().take(MOST_PLACES).map(|mention| place(session, mention)).collect();
    match mentions.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// `file:line:column` as the person would write it.
pub(super) fn place(session: &Session<'_>, mention: &Mention) -> String {
    let (line, column) = mention.start;
    format!("{}:{line}:{column}", session.show(&session.root.join(&mention.file)))
}

/// The images to add.
pub(super) fn new_images(adoption: &Adoption<'_>) -> Vec<NewImage> {
    let image = |image: &Adopted<'_>| NewImage {
        name: image.name.clone(),
        wanted: image.wanted.clone(),
        platforms: Vec::new(),
        spelling: image.spelling.clone(),
    };
    adoption.images.iter().map(image).collect()
}

/// The patterns of what files say that they make, as people write them.
pub(super) fn made(adoption: &Adoption<'_>) -> Vec<String> {
    adoption.made.iter().map(|repository| repository.with(None, None).familiar()).collect()
}

/// What is told of one repository and tag that stands with several digests: which is taken, and who decides otherwise.
pub(super) fn torn(session: &Session<'_>, image: &Adopted<'_>) -> Option<[String; 2]> {
    let digests = image.digests()?;
    let all = digests.values().map(|mentions| places(session, mentions.iter().copied()));
    let all = all.collect::<Vec<_>>().join("; ");
    let head = format!("{} stands with {} digests: {all}", image.spelling, digests.len());
    let taken = image.digest.as_ref().map(Digest::short).unwrap_or_default();
    let name = &image.name;
    let tail = format!(
        "{taken} is taken, at {}; `{{command}} update {name}` or `--precise` decides",
        places(session, image.pinned())
    );
    Some([head, tail])
}

impl Choices {
    /// Refuses names of images that are not found, with the ones that were probably meant.
    pub(super) fn judge(&self, adoption: &Adoption<'_>) -> Result<(), Failure> {
        let names = || adoption.images.iter().map(|image| image.name.as_str());
        let Some(absent) = self.newest.iter().find(|name| names().all(|other| other != name.as_str())) else {
            return Ok(());
        };
        let failure = Failure::input(format!("no image that is found is called `{absent}`"));
        Err(match nearest(absent.as_str(), names()) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure,
        })
    }

    /// Which answer an image gets: the digest that is in use.
    fn take<'a>(&self, adoption: &'a BTreeMap<&ImageName, &'a Adopted<'a>>, name: &ImageName) -> Option<Take<'a>> {
        let image = adoption.get(name).filter(|_| !self.newest.contains(name))?;
        Some(Take::Named { tag: None, digest: Some(image.digest.as_ref()?) })
    }

    /// Locks what is found and what else is not locked: all, or nothing comes of it, unless what fails is to be left out.
    pub(super) fn lock<'h>(
        &self,
        project: NewProject<'h>,
        additions: &mut Additions,
        adoption: &Adoption<'_>,
        command: &str,
    ) -> Result<(Ready<'h>, Vec<Skipped>), Failure> {
        let found: BTreeMap<&ImageName, &Adopted<'_>> =
            adoption.images.iter().map(|image| (&image.name, image)).collect();
        let mut ready = project.lock(|name| self.take(&found, name))?;
        let all = ready.project.session.project.images.len();
        let mut skipped = Vec::new();
        if self.skip_failed && ready.failed.len() < all {
            for (name, error) in &ready.failed {
                if let Some(image) = found.get(name) {
                    skipped.push(left_out(&ready.project.session, image, error));
                }
            }
            ready = ready.without_failed(additions)?;
        }
        if ready.failed.is_empty() { Ok((ready, skipped)) } else { Err(unlocked(&ready, &found, all, command)) }
    }
}

/// Says that an image is left out, and why.
fn left_out(session: &Session<'_>, image: &Adopted<'_>, error: &Error) -> Skipped {
    let (wanted, reason) = (image.wanted.to_string(), error.kind.to_string());
    let at = places(session, image.places.iter().copied());
    session.host.shell.warn(&format!("`{wanted}` is left out: {reason} ({at})"));
    let places = image.places.iter().map(|mention| PlaceInFile::of(mention)).collect();
    Skipped { name: image.name.clone(), wanted, reason, places }
}

/// The failure of a run in which images could not be locked: each with its places in the repository, and what to do.
fn unlocked(ready: &Ready<'_>, found: &BTreeMap<&ImageName, &Adopted<'_>>, all: usize, command: &str) -> Failure {
    let session = &ready.project.session;
    let lines = |name: &ImageName, error: &Error| {
        let Some(image) = found.get(name) else {
            let declared = session.project.images.get(name);
            return declared.map(|declared| format!("--> {}", declared.value_at)).into_iter().collect();
        };
        let mut lines = vec![format!("--> {}", places(session, image.places.iter().copied()))];
        if let Some(digest) = image.digest.as_ref().filter(|_| is_gone(error)) {
            let pinned = places(session, image.pinned());
            lines.push(format!("note: {} is in use at {pinned}, and the registry no longer has it", digest.short()));
            if let Wanted::Tag { tag, .. } = &image.wanted {
                lines.push(format!("help: `--newest {name}` locks what `{tag}` points at now"));
            }
        }
        lines
    };
    let failure = report::unresolved_in(session, &ready.failed, all, "could not be locked; nothing is written", &lines);
    let ours = ready.failed.iter().filter_map(|(name, _)| found.get(name)).find(|image| image.digest.is_none());
    let failure = match ours {
        Some(image) => {
            let repository = image.wanted.repository().map(ToString::to_string).unwrap_or_default();
            let line =
                format!("what the repository builds itself is named in images.toml: `built = [\"{repository}\"]`");
            failure.help(line)
        }
        None => failure,
    };
    failure.help(format!("`{{command}} {command} --skip-failed` leaves out what cannot be locked"))
}

/// Whether a registry says that it does not have what a digest names.
fn is_gone(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::NotFound { what: Missing::Manifest | Missing::Blob, .. })
}
