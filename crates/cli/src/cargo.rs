//! Cargo workspaces: which manifests of one are imagelock's business.
//!
//! The manifests are read first, and where none in reach has a table for imagelock, nothing is started. Where one has,
//! Cargo says which packages are members; where there is no Cargo, what was read says it. A repository's
//! `rust-toolchain.toml` and `.cargo/config.toml` name the programs that a Cargo started inside of it would run, so it is
//! started outside: a check of somebody else's change must not run what the change brings.
//!
//! What is read as a member is what Cargo's reference says ("The `members` and `exclude` fields", "Root package"), but for
//! members outside of the workspace's folder, which are nobody's who checks this repository out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::MetadataCommand;
use globset::GlobBuilder;
use imagelock_core::project::Source;
use imagelock_core::source::SourceFile;
use toml_edit::{Document, Item, TableLike};

use crate::discover::display;
use crate::failure::Failure;
use crate::input::{self, PROJECT_BYTES};

/// The most packages of a workspace.
const MOST_PACKAGES: usize = 20_000;
/// The most folders that the globs of `members` are looked for in.
const MOST_FOLDERS: usize = 100_000;
/// The longest part of a path that a glob is made of: no file system has longer names.
const NAME_BYTES: usize = 255;

/// A workspace, or a package that belongs to none.
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    pub(crate) root: Utf8PathBuf,
    /// The root manifest, and those of the members that use images, in the order of their paths.
    pub(crate) sources: Vec<Source>,
}

/// Who says which packages are members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judge {
    /// Cargo, where there is one.
    Cargo,
    /// The manifests, as they are read: nothing is started.
    Manifests,
}

/// The workspace that the manifest belongs to; nothing where no manifest of it has a table for imagelock.
pub(crate) fn workspace(manifest: &Utf8Path, directory: &Utf8Path, judge: Judge) -> Result<Option<Workspace>, Failure> {
    let Some(mut reach) = Reach::of(manifest, directory)? else { return Ok(None) };
    // Cargo would tell the mistake of a manifest that is no TOML in other words than imagelock, which shows its line.
    if judge == Judge::Cargo
        && reach.root.document.is_some()
        && let Some(members) = ask(&reach.root.folder, directory)?
    {
        reach.members.retain(|folder, _| members.contains(folder));
    }
    Ok(Some(reach.into_workspace()))
}

/// What is read of a workspace before Cargo is asked.
struct Reach {
    root: CargoManifest,
    /// What seem to be members, by their folders, as far as they have a table for imagelock.
    members: BTreeMap<Utf8PathBuf, CargoManifest>,
}

impl Reach {
    fn of(manifest: &Utf8Path, directory: &Utf8Path) -> Result<Option<Self>, Failure> {
        let Some(start) = CargoManifest::read(manifest, folder(manifest), directory)? else { return Ok(None) };
        let root = match root_of(&start, directory)? {
            Some(root) => root,
            None => start,
        };
        let mut search = Members { root: &root, directory, found: BTreeMap::new(), folders: 0 };
        search.find()?;
        let mut members = search.found;
        members.retain(|_, member| member.has(&["package", "metadata", "images"]));
        let tables: [&[&str]; 2] = [&["workspace", "metadata", "images"], &["package", "metadata", "images"]];
        let speaks = !members.is_empty() || tables.iter().any(|table| root.has(table));
        Ok(speaks.then_some(Self { root, members }))
    }

    fn into_workspace(self) -> Workspace {
        let members = self.members.into_values().map(|member| Source::PackageManifest(member.file));
        let sources = std::iter::once(Source::WorkspaceManifest(self.root.file)).chain(members).collect();
        Workspace { root: self.root.folder, sources }
    }
}

/// Asks Cargo for the folders of a workspace's members; nothing where there is no Cargo.
///
/// Toolchain and configuration are looked for from the working directory up. From the root of the file system none of the
/// repository's is found, so that it is the person's own Cargo that answers, or the one that runs this (`CARGO`,
/// `RUSTUP_TOOLCHAIN`).
fn ask(root: &Utf8Path, directory: &Utf8Path) -> Result<Option<BTreeSet<Utf8PathBuf>>, Failure> {
    let outside = root.ancestors().last().unwrap_or(root);
    let mut command = MetadataCommand::new();
    command.manifest_path(root.join("Cargo.toml")).current_dir(outside).no_deps();
    command.other_options(["--offline".to_owned()]);
    match command.exec() {
        Ok(metadata) => {
            let members = metadata.workspace_packages().into_iter().map(|package| folder(&package.manifest_path));
            Ok(Some(members.map(Utf8Path::to_owned).collect()))
        }
        Err(cargo_metadata::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cargo_metadata::Error::CargoMetadata { stderr }) => {
            let shown = display(&root.join("Cargo.toml"), directory);
            Err(Failure::input(format!("cargo cannot read `{shown}`: {}", stderr.trim())))
        }
        Err(error) => Err(Failure::input(format!("cargo metadata: {error}"))),
    }
}

/// A manifest, parsed.
struct CargoManifest {
    folder: Utf8PathBuf,
    file: Arc<SourceFile>,
    /// Nothing where it is no TOML: that is Cargo's to say, unless it is about images.
    document: Option<Document<String>>,
}

impl CargoManifest {
    fn read(path: &Utf8Path, root: &Utf8Path, directory: &Utf8Path) -> Result<Option<Self>, Failure> {
        let Some(file) = input::source(path, root, directory, PROJECT_BYTES)? else { return Ok(None) };
        let document = Document::parse(file.text().to_owned()).ok();
        Ok(Some(Self { folder: folder(path).to_owned(), file, document }))
    }

    fn get(&self, keys: &[&str]) -> Option<&Item> {
        let mut item = self.document.as_ref()?.as_item();
        for key in keys {
            item = item.as_table_like()?.get(key)?;
        }
        Some(item)
    }

    /// Whether there is such a table. A file that nobody can parse has it if it speaks of it: then its mistake is shown.
    fn has(&self, keys: &[&str]) -> bool {
        match &self.document {
            Some(_) => self.get(keys).is_some(),
            None => self.file.text().contains(&keys[1..].join(".")),
        }
    }

    fn texts(&self, keys: &[&str]) -> Vec<&str> {
        let array = self.get(keys).and_then(Item::as_array);
        array.into_iter().flatten().filter_map(toml_edit::Value::as_str).collect()
    }

    /// Whether a package in `folder` is none of this workspace's.
    fn excludes(&self, folder: &Utf8Path) -> bool {
        let below = |keys: &[&str]| self.texts(keys).iter().any(|path| folder.starts_with(join(&self.folder, path)));
        below(&["workspace", "exclude"]) && !below(&["workspace", "members"])
    }

    /// The folders of the packages that this one depends on by their path, itself not among them.
    fn paths(&self, root: &Self) -> Vec<Utf8PathBuf> {
        let mut tables: Vec<&dyn TableLike> = Vec::new();
        let mut around: Vec<&dyn TableLike> = Vec::new();
        around.extend(self.document.as_ref().map(|document| document.as_table() as &dyn TableLike));
        let targets = self.get(&["target"]).and_then(Item::as_table_like);
        around.extend(targets.into_iter().flat_map(TableLike::iter).filter_map(|(_, target)| target.as_table_like()));
        for table in around {
            let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
            tables.extend(kinds.iter().filter_map(|kind| table.get(kind)?.as_table_like()));
        }
        let path = |(name, dependency): (&str, &Item)| {
            let dependency = dependency.as_table_like()?;
            if let Some(path) = dependency.get("path").and_then(Item::as_str) {
                return Some(join(&self.folder, path));
            }
            let inherits = dependency.get("workspace").and_then(Item::as_bool) == Some(true);
            let inherited = root.get(&["workspace", "dependencies", name, "path"]).filter(|_| inherits)?;
            Some(join(&root.folder, inherited.as_str()?))
        };
        tables.into_iter().flat_map(|table| table.iter().filter_map(path).collect::<Vec<_>>()).collect()
    }
}

/// The manifest that makes a workspace of `start` and others; nothing where `start` is alone.
fn root_of(start: &CargoManifest, directory: &Utf8Path) -> Result<Option<CargoManifest>, Failure> {
    if start.get(&["workspace"]).is_some() {
        return Ok(None);
    }
    if let Some(path) = start.get(&["package", "workspace"]).and_then(Item::as_str) {
        let root = join(&start.folder, path);
        let above = start.folder.starts_with(&root);
        return if above { CargoManifest::read(&root.join("Cargo.toml"), &root, directory) } else { Ok(None) };
    }
    // Whatever else has that name in the folders above, of which many are nobody's, is no manifest.
    let above = start.folder.ancestors().skip(1).filter(|folder| folder.join("Cargo.toml").is_file());
    for folder in above {
        let Some(manifest) = CargoManifest::read(&folder.join("Cargo.toml"), folder, directory)? else { continue };
        if manifest.get(&["workspace"]).is_some() && !manifest.excludes(&start.folder) {
            return Ok(Some(manifest));
        }
    }
    Ok(None)
}

/// The search for the members of a workspace.
struct Members<'a> {
    root: &'a CargoManifest,
    directory: &'a Utf8Path,
    found: BTreeMap<Utf8PathBuf, CargoManifest>,
    folders: usize,
}

impl Members<'_> {
    fn find(&mut self) -> Result<(), Failure> {
        let mut left = self.root.paths(self.root);
        for member in self.root.texts(&["workspace", "members"]) {
            let parts: Vec<&str> = member.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
            if !member.starts_with('/') {
                self.expand(self.root.folder.clone(), &parts, &mut left)?;
            }
        }
        while let Some(folder) = left.pop() {
            let known = folder == self.root.folder || self.found.contains_key(&folder);
            if known || !folder.starts_with(&self.root.folder) || self.root.excludes(&folder) {
                continue;
            }
            let manifest = CargoManifest::read(&folder.join("Cargo.toml"), &self.root.folder, self.directory)?;
            let Some(manifest) = manifest else { continue };
            left.extend(manifest.paths(self.root));
            self.found.insert(folder, manifest);
            if self.found.len() > MOST_PACKAGES {
                return Err(self.too_many(&format!("more than {MOST_PACKAGES} packages")));
            }
        }
        Ok(())
    }

    /// The folders that the parts of a glob lead to.
    fn expand(&mut self, folder: Utf8PathBuf, parts: &[&str], found: &mut Vec<Utf8PathBuf>) -> Result<(), Failure> {
        self.folders += 1;
        if self.folders > MOST_FOLDERS {
            return Err(self.too_many(&format!("globs that lead to more than {MOST_FOLDERS} folders")));
        }
        let Some((part, rest)) = parts.split_first() else {
            found.push(folder);
            return Ok(());
        };
        if *part == "**" {
            self.expand(folder.clone(), rest, found)?;
            for below in folders_in(&folder) {
                self.expand(below, parts, found)?;
            }
            return Ok(());
        }
        if !part.contains(['*', '?', '[']) {
            return self.expand(join(&folder, part), rest, found);
        }
        // Cargo's globs have no braces: they are letters.
        let literal = part.replace('{', "[{]").replace('}', "[}]");
        let glob = GlobBuilder::new(&literal).backslash_escape(false).build().ok().filter(|_| part.len() <= NAME_BYTES);
        let Some(glob) = glob.map(|glob| glob.compile_matcher()) else { return Ok(()) };
        for below in folders_in(&folder) {
            if below.file_name().is_some_and(|name| glob.is_match(name)) {
                self.expand(below, rest, found)?;
            }
        }
        Ok(())
    }

    fn too_many(&self, what: &str) -> Failure {
        Failure::input(format!("the workspace of `{}` has {what}", self.root.file.path()))
    }
}

/// The folders in a folder, in the order of their names; links are not followed, since they may lead round in a circle.
fn folders_in(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut folders: Vec<_> = folders.map(camino::Utf8DirEntry::into_path).collect();
    folders.sort();
    folders
}

/// `path` as seen from `folder`, without `.` and `..`.
fn join(folder: &Utf8Path, path: &str) -> Utf8PathBuf {
    let mut joined = folder.to_owned();
    for part in Utf8Path::new(path).components() {
        match part {
            camino::Utf8Component::CurDir => {}
            camino::Utf8Component::ParentDir => drop(joined.pop()),
            part => joined.push(part),
        }
    }
    joined
}

fn folder(manifest: &Utf8Path) -> &Utf8Path {
    manifest.parent().unwrap_or(Utf8Path::new("."))
}

#[cfg(test)]
mod tests;
