//! One run in one project: what is found once and used by every command.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::ImageName;
use imagelock_core::lockfile::{self, Lockfile, LockfileError};
use imagelock_core::project::{Project, Source};
use imagelock_core::source::{Location, SourceFile};
use imagelock_files::Writer;

use crate::adapters;
use crate::discover::{self, Found};
use crate::extends::{self, Fetch};
use crate::failure::Failure;
use crate::host::Host;
use crate::input::{self, LOCK_BYTES};
use crate::write::{self, ProjectLock};

/// A project that was found and read.
pub(crate) struct Session<'h> {
    pub(crate) host: &'h Host,
    pub(crate) directory: Utf8PathBuf,
    pub(crate) root: Utf8PathBuf,
    pub(crate) sources: Vec<Source>,
    pub(crate) project: Project,
    /// What writes the files of the repository.
    pub(crate) writer: Writer,
    /// What is extended, where it was fetched: its copy is written with the lock.
    pub(crate) extends: Option<Vec<u8>>,
}

/// The directory that the person is in.
pub(crate) fn directory(host: &Host) -> Result<Utf8PathBuf, Failure> {
    match &host.directory {
        Some(directory) => Ok(directory.clone()),
        None => {
            let directory = std::env::current_dir()?;
            let not_text = |path: std::path::PathBuf| {
                Failure::input(format!("the path of this directory is not UTF-8: {}", path.display()))
            };
            Utf8PathBuf::from_path_buf(directory).map_err(not_text)
        }
    }
}

impl<'h> Session<'h> {
    /// Finds and reads the project.
    pub(crate) fn open(host: &'h Host) -> Result<Self, Failure> {
        Self::open_with(host, Fetch::Never)
    }

    /// Likewise; what it extends may be asked for.
    fn open_with(host: &'h Host, fetch: Fetch) -> Result<Self, Failure> {
        let directory = directory(host)?;
        let Some(found) = discover::find(&directory, host.global.project.as_deref())? else {
            let failure = Failure::input(format!("there is no images.toml in `{directory}` or above it"));
            return Err(
                failure.help("start one: `{command} add IMAGE`, as in `{command} add docker.io/library/redis:8`")
            );
        };
        Self::whole(host, directory, found, fetch)
    }

    /// Likewise; where there is no project, a new one at the top of the repository, of which nothing is written yet.
    fn open_or_start(host: &'h Host) -> Result<Self, Failure> {
        let directory = directory(host)?;
        let found = match discover::find(&directory, host.global.project.as_deref())? {
            Some(found) => found,
            None => discover::start(&directory),
        };
        Self::of(host, directory, found)
    }

    /// Finds and reads the project; where it is `alone`, other runs are kept out of it until the second value is dropped. Only
    /// a run that may write has to be: checks in a read-only tree need no lock.
    pub(crate) fn open_for(host: &'h Host, alone: bool) -> Result<(Self, Option<ProjectLock>), Failure> {
        Self::opened(host, alone, Self::open)
    }

    /// Likewise; what the project extends may be asked for.
    pub(crate) fn open_to_lock(
        host: &'h Host,
        alone: bool,
        fetch: Fetch,
    ) -> Result<(Self, Option<ProjectLock>), Failure> {
        Self::opened(host, alone, |host| Self::open_with(host, fetch))
    }

    /// Likewise, or starts one.
    pub(crate) fn start_for(host: &'h Host, alone: bool) -> Result<(Self, Option<ProjectLock>), Failure> {
        Self::opened(host, alone, Self::open_or_start)
    }

    fn opened(
        host: &'h Host,
        alone: bool,
        open: impl Fn(&'h Host) -> Result<Self, Failure>,
    ) -> Result<(Self, Option<ProjectLock>), Failure> {
        let session = open(host)?;
        if !alone {
            return Ok((session, None));
        }
        let held = session.hold()?;
        // The run that was waited for may have changed what was read before.
        let session = if held.waited { open(host)? } else { session };
        Ok((session, Some(held)))
    }

    pub(crate) fn of(host: &'h Host, directory: Utf8PathBuf, found: Found) -> Result<Self, Failure> {
        Self::whole(host, directory, found, Fetch::Never)
    }

    /// Likewise, with what it extends.
    fn whole(host: &'h Host, directory: Utf8PathBuf, found: Found, fetch: Fetch) -> Result<Self, Failure> {
        let mut session = Self::alone(host, directory, found)?;
        extends::inherit(&mut session, fetch)?;
        Ok(session)
    }

    /// The project without what it extends, for who needs no image of it.
    pub(crate) fn alone(host: &'h Host, directory: Utf8PathBuf, found: Found) -> Result<Self, Failure> {
        let Found { root, sources } = found;
        let project = Project::parse(&sources, &adapters::names())?;
        let writer = Writer::new(&root);
        Ok(Self { host, directory, root, sources, project, writer, extends: None })
    }

    /// Keeps other runs out of the project until it is dropped.
    pub(crate) fn hold(&self) -> Result<ProjectLock, Failure> {
        let held = write::lock(&self.root, &self.host.shell)?;
        imagelock_files::sweep(&self.root);
        Ok(held)
    }

    /// The lock's path.
    pub(crate) fn lock_path(&self) -> Utf8PathBuf {
        self.root.join(lockfile::FILE_NAME)
    }

    /// Reads the lock; an empty one where there is no file.
    pub(crate) fn lockfile(&self) -> Result<Lockfile, Failure> {
        Ok(self.lockfile_if_any()?.unwrap_or_default())
    }

    /// Reads the lock for a command that is about what it holds: it must be there, and hold the images with these names.
    pub(crate) fn locked(&self, names: &[ImageName]) -> Result<Lockfile, Failure> {
        let help = "run `{command} lock` first";
        let Some(lockfile) = self.lockfile_if_any()? else {
            return Err(Failure::input(format!("there is no `{}`", self.show(&self.lock_path()))).help(help));
        };
        if let Some(name) = names.iter().find(|name| !lockfile.images.contains_key(*name)) {
            return Err(Failure::input(format!("`{name}` is not in images.lock")).help(help));
        }
        Ok(lockfile)
    }

    /// Reads the lock, if there is one.
    pub(crate) fn lockfile_if_any(&self) -> Result<Option<Lockfile>, Failure> {
        Ok(self.read_lock()?.transpose()?)
    }

    /// Reads the lock, if there is one, for a gate: it fails as a check where the lock contradicts itself.
    pub(crate) fn lockfile_of_gate(&self) -> Result<Option<Lockfile>, Failure> {
        self.read_lock()?.transpose().map_err(Failure::of_gate)
    }

    fn read_lock(&self) -> Result<Option<Result<Lockfile, LockfileError>>, Failure> {
        let file = input::source(&self.lock_path(), &self.root, &self.directory, LOCK_BYTES)?;
        Ok(file.map(|file| Lockfile::parse(&file)))
    }

    /// Writes the lock, and says so where it changed.
    pub(crate) fn write_lock(&self, lockfile: &Lockfile) -> Result<bool, Failure> {
        let path = self.lock_path();
        if let Some(extends) = &self.extends {
            let copy = self.root.join(extends::FILE_NAME);
            if self.write(&copy, extends)? {
                self.host.shell.status("Wrote", self.show(&copy).as_str());
            }
        }
        let written = self.write(&path, lockfile.encode().as_bytes())?;
        if written {
            self.host.shell.status("Wrote", self.show(&path).as_str());
        }
        Ok(written)
    }

    /// Writes a file of the repository, if it has other bytes.
    pub(crate) fn write(&self, path: &Utf8Path, new: &[u8]) -> Result<bool, Failure> {
        self.writer.replace(path, new).map_err(|error| error.shown(self.show(path)).into())
    }

    /// A path as the person would write it.
    pub(crate) fn show(&self, path: &Utf8Path) -> Utf8PathBuf {
        discover::display(path, &self.directory)
    }

    /// The path of a file from the root on, as targets know it, by how a location calls it.
    pub(crate) fn below_root(&self, at: &Location) -> Utf8PathBuf {
        let path = at.file.path();
        if !self.sources.iter().any(|source| Arc::ptr_eq(source.file(), &at.file)) {
            return path.to_owned();
        }
        let whole = discover::absolute(path, &self.directory);
        whole.strip_prefix(&self.root).map_or(whole.clone(), Utf8Path::to_owned)
    }

    /// A failure whose places in files of the repository have the paths that the person would write: targets know their
    /// files by where they are from the project file.
    pub(crate) fn shown(&self, mut failure: Failure) -> Failure {
        let mut files: BTreeMap<*const SourceFile, Arc<SourceFile>> = BTreeMap::new();
        for label in failure.problems.iter_mut().flat_map(|problem| &mut problem.labels) {
            let file = &label.at.file;
            if self.sources.iter().any(|source| Arc::ptr_eq(source.file(), file)) {
                continue;
            }
            let renamed = files.entry(Arc::as_ptr(file)).or_insert_with(|| {
                let path = self.show(&self.root.join(file.path()));
                if path == file.path() { Arc::clone(file) } else { file.renamed(path) }
            });
            label.at.file = Arc::clone(renamed);
        }
        failure
    }

    /// The project file that errors about the whole project name.
    pub(crate) fn project_file(&self) -> Utf8PathBuf {
        self.sources[0].file().path().to_owned()
    }
}
