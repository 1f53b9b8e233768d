//! Finding the project: the nearest `images.toml` or Cargo workspace above the working directory.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::project::{FILE_NAME, Source};
use imagelock_core::source::SourceFile;

use crate::failure::Failure;

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

/// Finds the project that `directory` belongs to, or reads the one that the person named.
pub(crate) fn find(directory: &Utf8Path, named: Option<&Utf8Path>) -> Result<Option<Found>, Failure> {
    let (images, manifest) = match named {
        Some(path) => {
            let path = directory.join(path);
            let path = if path.is_dir() { path.join(FILE_NAME) } else { path };
            if !path.is_file() {
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
            let manifest = Some(root.join("Cargo.toml")).filter(|path| path.is_file());
            let deeper = workspace_below(&root, directory, named.is_none())?;
            if let Some(found) = deeper {
                return Ok(Some(found));
            }
            let mut sources = vec![Source::ImagesToml(read(&images, directory)?)];
            if let Some(manifest) = manifest {
                sources.extend(cargo(&manifest, directory)?.map(|(_, sources)| sources).into_iter().flatten());
            }
            Ok(Some(Found { root, sources }))
        }
        (None, Some(manifest)) => {
            let found = cargo(&manifest, directory)?;
            Ok(found.filter(|(_, sources)| sources.iter().any(declares)).map(|(root, sources)| Found { root, sources }))
        }
        (None, None) => Ok(None),
    }
}

/// A workspace between `root` and `directory` that declares images of its own is nearer than `root`'s project.
fn workspace_below(root: &Utf8Path, directory: &Utf8Path, look: bool) -> Result<Option<Found>, Failure> {
    let Some(manifest) = above(directory, "Cargo.toml").filter(|path| look && parent(path) != root) else {
        return Ok(None);
    };
    if !manifest.starts_with(root) {
        return Ok(None);
    }
    let found = cargo(&manifest, directory)?.filter(|(workspace, _)| workspace != root && workspace.starts_with(root));
    Ok(found.filter(|(_, sources)| sources.iter().any(declares)).map(|(root, sources)| Found { root, sources }))
}

/// Whether a workspace's manifest has our tables, as opposed to members that only use images.
fn declares(source: &Source) -> bool {
    matches!(source, Source::WorkspaceManifest(file) if file.text().contains("metadata.images"))
}

fn above(directory: &Utf8Path, name: &str) -> Option<Utf8PathBuf> {
    directory.ancestors().map(|ancestor| ancestor.join(name)).find(|path| path.is_file())
}

fn parent(path: &Utf8Path) -> Utf8PathBuf {
    path.parent().map(Utf8Path::to_owned).unwrap_or_default()
}

fn read(path: &Utf8Path, directory: &Utf8Path) -> Result<Arc<SourceFile>, Failure> {
    Ok(SourceFile::new(display(path, directory), fs_err::read_to_string(path)?))
}

/// The manifests of the workspace that `manifest` belongs to: the root's first, then those of its members.
fn cargo(manifest: &Utf8Path, directory: &Utf8Path) -> Result<Option<(Utf8PathBuf, Vec<Source>)>, Failure> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec();
    let metadata = match metadata {
        Ok(metadata) => metadata,
        // Without Cargo there is nobody whose workspace it could be.
        Err(cargo_metadata::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cargo_metadata::Error::CargoMetadata { stderr }) => {
            let shown = display(manifest, directory);
            return Err(Failure::input(format!("cargo cannot read `{shown}`: {}", stderr.trim())));
        }
        Err(error) => return Err(Failure::input(format!("cargo metadata: {error}"))),
    };
    let root = metadata.workspace_root.join("Cargo.toml");
    let mut sources = vec![Source::WorkspaceManifest(read(&root, directory)?)];
    for package in metadata.workspace_packages() {
        // Packages without the table need not be read again for its place in the file.
        if package.manifest_path != root && package.metadata.get("images").is_some() {
            sources.push(Source::PackageManifest(read(&package.manifest_path, directory)?));
        }
    }
    Ok(Some((metadata.workspace_root, sources)))
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
    }
}
