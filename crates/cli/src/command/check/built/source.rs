//! Where builds say what went into them: files, layouts, tars of those, registries.

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::oci::{Descriptor, Document};
use imagelock_core::{Reference, lockfile};
use imagelock_inspect::attested::{self, Kind, Provenance, STATEMENT_BYTES};
use imagelock_registry::{Error, Layout, LayoutError};

use super::Build;
use crate::contents::Place;
use crate::failure::{self, Failure, Problem};
use crate::input::{STDIN, stdin};
use crate::network;
use crate::progress::Progress;
use crate::session::Session;

/// The most manifests of one image or layout.
const MANIFESTS: usize = 1_000;

/// The builds that an argument names.
pub(super) fn builds(session: &Session<'_>, argument: &str) -> Result<Vec<Build>, Failure> {
    if argument == STDIN {
        let bytes = stdin(STATEMENT_BYTES)?;
        return of_bytes(argument, Utf8Path::new(lockfile::FILE_NAME), &bytes);
    }
    let path = session.directory.join(argument);
    let file = path.strip_prefix(&session.root).unwrap_or(&path).to_owned();
    if path.is_dir() {
        let layout = Layout::open(&path).map_err(|error| unreadable(&error))?;
        return of_layout(argument, &file, layout);
    }
    if path.exists() {
        if let Some(layout) = Layout::open_archive(&path).map_err(|error| unreadable(&error))? {
            return of_layout(argument, &file, layout);
        }
        let bytes = imagelock_files::bytes(&path, STATEMENT_BYTES).map_err(|error| error.shown(session.show(&path)))?;
        return of_bytes(argument, &file, &bytes.unwrap_or_default());
    }
    // Every relative path is a reference, too: one that was mistyped must not be asked for.
    let reference = argument.parse::<Reference>().ok();
    match reference.filter(|reference| reference.tag.is_some() || reference.digest.is_some()) {
        Some(reference) => of_reference(session, argument, &reference),
        None => {
            let failure = Failure::input(format!("there is no file `{argument}`, and it is no image"));
            Err(failure.help("name a file, a layout, or a reference with a tag or a digest"))
        }
    }
}

fn unreadable(error: &LayoutError) -> Failure {
    Failure::input(error.to_string())
}

fn of_bytes(what: &str, file: &Utf8Path, bytes: &[u8]) -> Result<Vec<Build>, Failure> {
    if bytes.len() as u64 > STATEMENT_BYTES {
        return Err(Failure::input(format!("`{what}` has more than {STATEMENT_BYTES} bytes")));
    }
    let all = attested::builds(bytes).map_err(|error| {
        let failure = Failure::input(format!("`{what}` is neither a layout nor what a build wrote: {error}"));
        failure.help("a statement (in-toto), what `buildx --metadata-file` wrote, or a layout, as a directory or a tar")
    })?;
    let build =
        |which: String, made| Build { what: what.to_owned(), file: file.to_owned(), which, manifest: None, made };
    if all.is_empty() {
        return Ok(vec![build(String::new(), Err("says nothing of what went into a build".to_owned()))]);
    }
    Ok(all.into_iter().map(|told| build(told.name, Ok(vec![told.provenance]))).collect())
}

fn of_layout(what: &str, file: &Utf8Path, layout: Layout) -> Result<Vec<Build>, Failure> {
    let index = layout.index().map_err(|error| unreadable(&error))?;
    let index = Document::read(&index).map_err(|error| Failure::input(format!("`{what}`: {error}")))?;
    let place = Place::Layout(layout);
    let named = (what.to_owned(), file.to_owned());
    network::run(of_index(&place, &named, index))?.map_err(|error| failed(what, &error))
}

fn of_reference(session: &Session<'_>, what: &str, reference: &Reference) -> Result<Vec<Build>, Failure> {
    let shell = &session.host.shell;
    shell.doing("Asking", &format!("{} for {what}", reference.repository.host()));
    let progress = Progress::start(shell, "Reading", 1);
    let client = session.resolver(progress.clone())?.client().clone();
    let named = (what.to_owned(), Utf8PathBuf::from(lockfile::FILE_NAME));
    let work = async {
        let Some(found) = client.head(reference).await? else { return Ok(None) };
        let place = Place::Registry(client, reference.repository.clone());
        let document = place.document(&found.digest).await?;
        if document.manifests.is_empty() {
            let made = Err("was built without provenance".to_owned());
            let (what, file) = named;
            return Ok(Some(vec![Build { what, file, which: String::new(), manifest: Some(found.digest), made }]));
        }
        of_index(&place, &named, document).await.map(Some)
    };
    let found = network::run(work);
    progress.finish();
    let none = || Failure::new(failure::Kind::Registry, Problem::new(format!("there is no `{what}`")));
    found?.map_err(|error: Error| failed(what, &error))?.ok_or_else(none)
}

fn failed(what: &str, error: &Error) -> Failure {
    let kind = if error.is_input() { failure::Kind::Input } else { failure::Kind::Registry };
    let mut problem = Problem::new(format!("`{what}` could not be read: {error}"));
    problem.help = error.help();
    Failure::new(kind, problem)
}

/// Every manifest of an index, and of the indexes in it.
async fn of_index(place: &Place, named: &(String, Utf8PathBuf), index: Document) -> Result<Vec<Build>, Error> {
    let (what, file) = named;
    let (mut builds, mut left) = (Vec::new(), vec![index]);
    let mut read = 0;
    while let Some(index) = left.pop() {
        for entry in index.documents().filter(|entry| is_image(entry)) {
            read += 1;
            if read > MANIFESTS {
                let reason = format!("it has more than {MANIFESTS} manifests");
                return Err(imagelock_registry::ErrorKind::Malformed { reason }.into());
            }
            let document = place.document(&entry.digest).await?;
            if !document.manifests.is_empty() {
                left.push(document);
                continue;
            }
            let which = entry.platform.as_ref().map(ToString::to_string).unwrap_or_default();
            let made = provenance(place, &index, entry).await?;
            let (what, file) = (what.clone(), file.clone());
            builds.push(Build { what, file, which, manifest: Some(entry.digest.clone()), made });
        }
    }
    if builds.is_empty() {
        let (what, file) = (what.clone(), file.clone());
        let made = Err("has no image".to_owned());
        builds.push(Build { what, file, which: String::new(), manifest: None, made });
    }
    Ok(builds)
}

/// Whether an entry leads to an image: not to what is said about one, nor to an artifact.
fn is_image(entry: &Descriptor) -> bool {
    let about = entry.annotations.get("vnd.docker.reference.type").is_some_and(|kind| kind == "attestation-manifest");
    !about && (entry.artifact_type.is_none() || entry.platform.is_some())
}

/// What the builder says beside a manifest in its index; or why that says nothing.
async fn provenance(
    place: &Place,
    index: &Document,
    entry: &Descriptor,
) -> Result<Result<Vec<Provenance>, String>, Error> {
    let none = || Ok(Err("was built without provenance".to_owned()));
    let Some(beside) = index.attestation_of(&entry.digest) else { return none() };
    let artifact = place.document(&beside.digest).await?;
    if artifact.subject.as_ref().is_some_and(|subject| *subject != entry.digest) {
        return Ok(Err("has provenance of another manifest beside it".to_owned()));
    }
    let mut found = Vec::new();
    for (_, layer) in attested::offered(&artifact).into_iter().filter(|(kind, _)| *kind == Kind::Provenance) {
        let bytes = place.blob(&layer.digest, STATEMENT_BYTES).await?;
        match attested::provenance(layer, &bytes, &entry.digest) {
            Ok(provenance) => found.push(provenance),
            Err(error) => return Ok(Err(format!("has provenance that cannot be read: {error}"))),
        }
    }
    if found.is_empty() { none() } else { Ok(Ok(found)) }
}
