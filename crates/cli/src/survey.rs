//! Looking at the files of a repository: for every command that asks what they say of images.

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::project::FILE_NAME;
use imagelock_core::{Lockfile, Project};
use imagelock_files::reserved::is_version_control;
use imagelock_survey::{Survey, Surveyed};

use crate::failure::{Failure, Kind, Problem};
use crate::ground::Ground;
use crate::input::TREE_FILE_BYTES;
use crate::session::Session;

/// What is looked at.
pub(crate) struct Looking<'l> {
    /// The folder that paths are told from, by its real path.
    pub(crate) root: &'l Utf8Path,
    pub(crate) project: &'l Project,
    pub(crate) lock: &'l Lockfile,
    /// Whether there is a project, or will be one.
    pub(crate) has_project: bool,
    /// Whether the images are told that files make.
    pub(crate) with_made: bool,
}

impl Looking<'_> {
    /// Looks at the files and folders `starts`, from the root on.
    pub(crate) fn at(&self, starts: &[Utf8PathBuf]) -> Result<Surveyed, Failure> {
        let Self { root, project, lock, has_project, with_made } = *self;
        let ground = Ground::of(root, project)?;
        let context = ground.context(lock);
        let survey = Survey::new(root, &project.scan, &context, has_project, TREE_FILE_BYTES);
        let survey = survey.map_err(|error| Failure::new(Kind::Input, Problem::of(&error)))?;
        Ok(if with_made { survey.with_made() } else { survey }.run(starts))
    }
}

/// What the files of a project say, or those of them that are named.
pub(crate) fn of(session: &Session<'_>, lock: &Lockfile, paths: &[Utf8PathBuf]) -> Result<Surveyed, Failure> {
    below(session, lock, paths, false)
}

/// Likewise, with what they make: for whoever declares the rest.
pub(crate) fn to_adopt(session: &Session<'_>, lock: &Lockfile, paths: &[Utf8PathBuf]) -> Result<Surveyed, Failure> {
    below(session, lock, paths, true)
}

fn below(session: &Session<'_>, lock: &Lockfile, paths: &[Utf8PathBuf], with_made: bool) -> Result<Surveyed, Failure> {
    let root = session.root.canonicalize_utf8()?;
    let starts = starts(paths, &session.directory, &root, true)?;
    Looking { root: &root, project: &session.project, lock, has_project: true, with_made }.at(&starts)
}

/// Where to look, from the root on: everywhere where nothing is named.
pub(crate) fn starts(
    paths: &[Utf8PathBuf],
    directory: &Utf8Path,
    root: &Utf8Path,
    has_project: bool,
) -> Result<Vec<Utf8PathBuf>, Failure> {
    if paths.is_empty() {
        return Ok(vec![Utf8PathBuf::new()]);
    }
    let starts = paths.iter().map(|path| {
        let real = real(directory, path)?;
        let Ok(inside) = real.strip_prefix(root) else {
            let failure = Failure::input(format!("`{path}` is not below `{root}`, which is looked at from here"));
            return Err(failure.help("run the command there"));
        };
        if inside.components().any(|part| is_version_control(part.as_str())) {
            return Err(Failure::input(format!("`{path}` is in a folder of version control")));
        }
        let between = inside.ancestors().filter(|folder| has_project && !folder.as_str().is_empty());
        if let Some(other) = between.into_iter().find(|folder| root.join(folder).join(FILE_NAME).is_file()) {
            let failure = Failure::input(format!("`{path}` is another project's, that of `{other}/{FILE_NAME}`"));
            return Err(failure.help("name that project: `--project PATH`"));
        }
        Ok(inside.to_owned())
    });
    starts.collect()
}

/// Where a path leads.
pub(crate) fn real(directory: &Utf8Path, path: &Utf8Path) -> Result<Utf8PathBuf, Failure> {
    let whole = directory.join(path);
    whole.canonicalize_utf8().map_err(|error| Failure::input(format!("cannot read `{path}`: {error}")))
}
