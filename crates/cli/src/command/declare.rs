//! Declaring images and locking them in one run: what all commands that add images share.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::naming::{self, Unnamed};
use imagelock_core::project::{self, NewImage, Source};
use imagelock_core::source::{Label, SourceFile};
use imagelock_core::{ImageName, Repository, Wanted};
use imagelock_files::Writer;
use imagelock_registry::Take;

use super::lock::{self, Outcome};
use super::ready::{Additions, NewProject};
use crate::discover::{self, Found};
use crate::failure::{Failure, Kind, Problem};
use crate::input::{self, PROJECT_BYTES};
use crate::session::Session;

/// Adds images to the project file and locks them: all, or nothing is written. `take` says which answer an image gets.
pub(super) fn declare<'t>(
    session: Session<'_>,
    images: &[NewImage],
    take: impl Fn(&ImageName) -> Take<'t>,
) -> Result<Outcome, Failure> {
    let additions = Additions { images: images.to_vec(), ..Additions::default() };
    let project = NewProject::of(session, &additions)?;
    project.tell(&additions.images);
    let ready = project.lock(|name| Some(take(name)))?;
    lock::must_be_locked(&ready.project.session, &ready.failed)?;
    ready.write()
}

/// Names for images that nobody named, beside those of the project. One that the project asks for already, under the name
/// that it would get, keeps that name, and is told apart from a new one by [`refuse_twice`].
pub(super) fn names<'w>(
    session: &Session<'_>,
    wanted: impl Iterator<Item = &'w Wanted>,
) -> Result<Vec<ImageName>, Failure> {
    let declared = &session.project.images;
    let taken: BTreeMap<ImageName, Option<&Repository>> =
        declared.iter().map(|(name, image)| (name.clone(), image.request.wanted.repository())).collect();
    let wanted: Vec<(&Wanted, &Repository, Option<String>)> =
        wanted.filter_map(|wanted| Some((wanted, wanted.repository()?, naming::detail(wanted)))).collect();
    let unnamed: Vec<Unnamed<'_>> =
        wanted.iter().map(|(_, repository, detail)| Unnamed { repository, detail: detail.as_deref() }).collect();
    let names = naming::names(&unnamed, &taken).into_iter().zip(&wanted);
    let names = names.map(|(name, (wanted, repository, _))| {
        let short = ImageName::nearest(repository.last_component());
        let again =
            short.filter(|short| declared.get(short).is_some_and(|declared| declared.request.wanted == **wanted));
        again.or(name).ok_or_else(|| {
            let failure = Failure::input(format!("`{}` is no name for an image", repository.last_component()));
            failure.help("choose one: `--name NAME`")
        })
    });
    names.collect()
}

/// Refuses a name that the project has.
pub(super) fn refuse_twice(session: &Session<'_>, name: &ImageName) -> Result<(), Failure> {
    let Some(declared) = session.project.images.get(name) else { return Ok(()) };
    let problem = Problem::new(format!("there is already an image `{name}`"))
        .label(Label::primary(&declared.at, "here"))
        .help("give the new one another name: `--name NAME`");
    Err(Failure::new(Kind::Input, problem))
}

/// What is in the file that declarations are added to, if it is there. It is written again, and so must be the
/// repository's own.
pub(super) fn text_to_edit(found: &Found, path: &Utf8Path, directory: &Utf8Path) -> Result<Option<String>, Failure> {
    let shown = || discover::display(path, directory);
    let file = input::source(path, &found.root, directory, PROJECT_BYTES)?;
    if file.is_some() {
        Writer::new(&found.root).destination(path).map_err(|error| error.shown(shown()))?;
    }
    Ok(file.map(|file| file.text().to_owned()))
}

/// The file that declarations are added to, and the tables around `images` in it.
pub(super) fn file_to_edit(found: &Found) -> (Utf8PathBuf, &'static [&'static str]) {
    match &found.sources[0] {
        Source::ImagesToml(file) => (found.root.join(file.path().file_name().unwrap_or(project::FILE_NAME)), &[]),
        Source::WorkspaceManifest(_) | Source::PackageManifest(_) => {
            (found.root.join("Cargo.toml"), &["workspace", "metadata", "images"])
        }
    }
}

/// The sources with another text in the file that is edited.
pub(super) fn replaced(found: Found, path: &Utf8Path, directory: &Utf8Path, text: &str) -> Found {
    let file = SourceFile::new(discover::display(path, directory), text);
    let mut sources = found.sources;
    sources[0] = match &sources[0] {
        Source::ImagesToml(_) => Source::ImagesToml(file),
        Source::WorkspaceManifest(_) | Source::PackageManifest(_) => Source::WorkspaceManifest(file),
    };
    Found { root: found.root, sources }
}
