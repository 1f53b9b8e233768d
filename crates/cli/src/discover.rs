//! Finding the project: the nearest `images.toml` or Cargo workspace above the working directory.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use imagelock_core::project::{FILE_NAME, Source};
use imagelock_core::source::SourceFile;
use imagelock_survey::top;

use crate::cargo::{self, Judge, Workspace};
use crate::failure::Failure;
use crate::input::{self, PROJECT_BYTES};

/// The files of a project, and the file that commands edit.
#[derive(Debug)]
pub(crate) struct Found {
    /// The directory of the project file: paths in it are relative to this.
    pub(crate) root: Utf8PathBuf,
    pub(crate) sources: Vec<Source>,
}

/// The path of `path` as a person in `directory` would write it.
pub(crate) fn display(path: &Utf8Path, directory: &Utf8Path) -> Utf8PathBuf {
    for (up, ancestor) in directory.ancestors().enumerate() {
        if let Ok(rest) = path.strip_prefix(ancestor) {
            let mut shown: Utf8PathBuf = std::iter::repeat_n("..", up).collect();
            shown.push(rest);
            return shown;
        }
    }
    path.to_owned()
}

/// The path that [`display`] was given.
pub(crate) fn absolute(shown: &Utf8Path, directory: &Utf8Path) -> Utf8PathBuf {
    let mut path = directory.to_owned();
    for part in shown.components() {
        match part {
            Utf8Component::ParentDir => drop(path.pop()),
            part => path.push(part),
        }
    }
    path
}

/// Finds the project that `directory` belongs to, or reads the one that the person named.
pub(crate) fn find(directory: &Utf8Path, named: Option<&Utf8Path>) -> Result<Option<Found>, Failure> {
    find_by(Judge::Cargo, directory, named)
}

/// Likewise, and starts nothing: packages of a workspace may be read as members that Cargo would not count.
pub(crate) fn find_as_read(directory: &Utf8Path, named: Option<&Utf8Path>) -> Result<Option<Found>, Failure> {
    find_by(Judge::Manifests, directory, named)
}

/// A new project at the top of the repository that `directory` belongs to, or right here.
pub(crate) fn start(directory: &Utf8Path) -> Found {
    let root = top(directory).unwrap_or(directory).to_owned();
    let path = display(&root.join(FILE_NAME), directory);
    Found { root, sources: vec![Source::ImagesToml(SourceFile::new(path, ""))] }
}

fn find_by(judge: Judge, directory: &Utf8Path, named: Option<&Utf8Path>) -> Result<Option<Found>, Failure> {
    let (images, manifest) = match named {
        Some(path) => {
            let path = directory.join(path);
            let path = if path.is_dir() { path.join(FILE_NAME) } else { path };
            if !path.exists() {
                return Err(Failure::input(format!("there is no project file `{}`", display(&path, directory))));
            }
            if path.file_name() == Some("Cargo.toml") { (None, Some(path)) } else { (Some(path), None) }
        }
        None => (above(directory, FILE_NAME), above(directory, "Cargo.toml")),
    };
    match (images, manifest) {
        (Some(images), _) => {
            let root = parent(&images);
            // A Cargo workspace further down belongs to somebody else, one further up is looked at from there.
            let deeper = workspace_below(&root, directory, judge, named.is_none())?;
            if let Some(found) = deeper {
                return Ok(Some(found));
            }
            let Some(file) = input::source(&images, &root, directory, PROJECT_BYTES)? else { return Ok(None) };
            let mut sources = vec![Source::ImagesToml(file)];
            let workspace = cargo::workspace(&root.join("Cargo.toml"), directory, judge)?;
            sources.extend(workspace.into_iter().flat_map(|workspace| workspace.sources));
            Ok(Some(Found { root, sources }))
        }
        (None, Some(manifest)) => Ok(cargo::workspace(&manifest, directory, judge)?.and_then(declaring)),
        (None, None) => Ok(None),
    }
}

/// A workspace between `root` and `directory` that declares images of its own is nearer than `root`'s project.
fn workspace_below(root: &Utf8Path, directory: &Utf8Path, judge: Judge, look: bool) -> Result<Option<Found>, Failure> {
    let Some(manifest) = above(directory, "Cargo.toml").filter(|path| look && parent(path) != root) else {
        return Ok(None);
    };
    if !manifest.starts_with(root) {
        return Ok(None);
    }
    let found = cargo::workspace(&manifest, directory, judge)?;
    Ok(found.filter(|found| found.root != root && found.root.starts_with(root)).and_then(declaring))
}

/// The project of a workspace whose manifest has our tables, as opposed to members that only use images.
fn declaring(workspace: Workspace) -> Option<Found> {
    let Workspace { root, sources } = workspace;
    let declares =
        |source: &Source| matches!(source, Source::WorkspaceManifest(file) if file.text().contains("metadata.images"));
    sources.iter().any(declares).then_some(Found { root, sources })
}

fn above(directory: &Utf8Path, name: &str) -> Option<Utf8PathBuf> {
    directory.ancestors().map(|ancestor| ancestor.join(name)).find(|path| path.exists())
}

fn parent(path: &Utf8Path) -> Utf8PathBuf {
    path.parent().map(Utf8Path::to_owned).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_as_a_person_in_the_directory_would_write_them() {
        let shown = |path: &str, directory: &str| display(Utf8Path::new(path), Utf8Path::new(directory)).to_string();
        assert_eq!(shown("/a/b/images.toml", "/a/b"), "images.toml");
        assert_eq!(shown("/a/b/images.toml", "/a/b/c/d"), "../../images.toml");
        assert_eq!(shown("/a/b/c/Cargo.toml", "/a/b"), "c/Cargo.toml");
        for (path, directory) in [("/a/b/x", "/a/b"), ("/a/b/x", "/a/b/c/d"), ("/x", "/a"), ("/a/b/c/x", "/a/b")] {
            let shown = display(Utf8Path::new(path), Utf8Path::new(directory));
            assert_eq!(absolute(&shown, Utf8Path::new(directory)), path);
        }
    }
}
