//! The user's cache of tools: `<tool>-<version>/` for each, and one `bin/` with a link to every program.
//!
//! A tool is made in a folder of its own beside the others and renamed when it is complete, so a run that is killed
//! leaves nothing that looks installed.

use std::io::ErrorKind;

use anyhow::{Context as _, Result};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use fs_err::File;

use super::table::Tool;
use crate::shell;

const STAGE: &str = ".stage-";

/// The cache, held by this process until it is dropped.
pub(crate) struct Cache {
    root: Utf8PathBuf,
    _lock: File,
}

impl Cache {
    /// Opens the cache of the environment, waits until no other process writes to it, and removes what a killed one
    /// has left.
    pub(crate) fn open() -> Result<Self> {
        Self::open_at(folder(|name| std::env::var(name).ok())?)
    }

    fn open_at(root: Utf8PathBuf) -> Result<Self> {
        fs::create_dir_all(root.join("bin"))?;
        fs::create_dir_all(root.join("logs"))?;
        let lock = File::create(root.join(".lock"))?;
        if lock.file().try_lock().is_err() {
            shell::status("Blocking", &format!("waiting for another `cargo xtask tools` in {root}"));
            lock.file().lock()?;
        }
        for entry in root.read_dir_utf8()? {
            let entry = entry?;
            if entry.file_name().starts_with(STAGE) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(Self { root, _lock: lock })
    }

    /// The folder of this version of a tool, when it is complete; its link is repaired on the way.
    pub(crate) fn find(&self, tool: &Tool) -> Result<Option<Utf8PathBuf>> {
        let folder = self.folder(tool)?;
        if !folder.join("bin").join(tool.name).is_file() {
            return Ok(None);
        }
        self.link(tool, &Utf8Path::new("..").join(folder_name(tool)?).join("bin").join(tool.name))?;
        Ok(Some(folder))
    }

    /// The log of a tool's installation, new.
    pub(crate) fn log(&self, tool: &Tool) -> Result<File> {
        let path = self.root.join("logs").join(format!("{}.log", tool.name));
        Ok(File::options().create(true).truncate(true).read(true).write(true).open(path)?)
    }

    /// An empty folder with a `bin` in it, where a tool is made.
    pub(crate) fn stage(&self, tool: &Tool) -> Result<Utf8PathBuf> {
        let stage = self.root.join(format!("{STAGE}{}", folder_name(tool)?));
        if stage.exists() {
            fs::remove_dir_all(&stage)?;
        }
        fs::create_dir_all(stage.join("bin"))?;
        Ok(stage)
    }

    /// Makes a stage the tool's folder.
    pub(crate) fn publish(&self, tool: &Tool, stage: &Utf8Path) -> Result<()> {
        fs::rename(stage, self.folder(tool)?)?;
        self.find(tool).map(drop)
    }

    /// Makes `bin/<tool>` point to a program.
    pub(crate) fn link(&self, tool: &Tool, program: &Utf8Path) -> Result<()> {
        let link = self.root.join("bin").join(tool.name);
        if link.read_link_utf8().is_ok_and(|old| old == program) {
            return Ok(());
        }
        let new = self.root.join("bin").join(format!(".{}", tool.name));
        match fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        fs_err::os::unix::fs::symlink(program, &new)?;
        Ok(fs::rename(new, link)?)
    }

    fn folder(&self, tool: &Tool) -> Result<Utf8PathBuf> {
        Ok(self.root.join(folder_name(tool)?))
    }
}

fn folder_name(tool: &Tool) -> Result<String> {
    Ok(format!("{}-{}", tool.name, tool.kept_as()?))
}

/// The program of a tool that is installed.
pub(crate) fn program(name: &str) -> Option<Utf8PathBuf> {
    let folder = folder(|name| std::env::var(name).ok()).ok()?;
    Some(folder.join("bin").join(name)).filter(|program| program.is_file())
}

/// The cache's folder: `IMAGELOCK_TOOLS`, else `imagelock/tools` in the user's cache.
fn folder(variable: impl Fn(&str) -> Option<String>) -> Result<Utf8PathBuf> {
    let set = |name| variable(name).filter(|value| !value.is_empty()).map(Utf8PathBuf::from);
    if let Some(folder) = set("IMAGELOCK_TOOLS") {
        return Ok(folder);
    }
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    Ok(cache.context("no folder for the tools: set IMAGELOCK_TOOLS")?.join("imagelock/tools"))
}

#[cfg(test)]
mod tests {
    use super::{super::table::TOOLS, *};

    #[test]
    fn the_folder_follows_the_environment() {
        let with = |pairs: &'static [(&str, &str)]| {
            folder(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(with(&[("HOME", "/h")]).unwrap(), "/h/.cache/imagelock/tools");
        assert_eq!(with(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")]).unwrap(), "/c/imagelock/tools");
        assert_eq!(with(&[("HOME", "/h"), ("IMAGELOCK_TOOLS", "/t")]).unwrap(), "/t");
        assert_eq!(with(&[("HOME", "/h"), ("XDG_CACHE_HOME", "")]).unwrap(), "/h/.cache/imagelock/tools");
        assert!(with(&[]).is_err());
    }

    #[test]
    fn a_tool_is_there_only_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap().to_owned();
        let tool = &TOOLS[0];
        let cache = Cache::open_at(root.clone()).unwrap();
        let stage = cache.stage(tool).unwrap();
        fs::write(stage.join("bin").join(tool.name), "program").unwrap();
        assert!(cache.find(tool).unwrap().is_none());

        // The process that made the stage is killed; the next one starts anew.
        drop(cache);
        let cache = Cache::open_at(root.clone()).unwrap();
        assert!(!stage.exists());

        let stage = cache.stage(tool).unwrap();
        fs::write(stage.join("bin").join(tool.name), "program").unwrap();
        cache.publish(tool, &stage).unwrap();
        assert!(cache.find(tool).unwrap().is_some());
        assert_eq!(fs::read_to_string(root.join("bin").join(tool.name)).unwrap(), "program");
    }
}
