//! Tools from Debian packages, unpacked into a folder: nothing is installed on the machine and no service starts.

use std::{os::unix::fs::PermissionsExt as _, process::Command, sync::Mutex};

use anyhow::{Result, bail};
use camino::Utf8Path;
use fs_err as fs;
use fs_err::File;

use super::table::Tool;
use crate::shell;

/// Whether `apt-get update` has run in this process.
static UPDATED: Mutex<bool> = Mutex::new(false);

/// Where packages have their programs. What Chromium's has in `usr/bin` starts it from where it would be installed.
const FOLDERS: [&str; 4] = ["usr/lib/chromium", "usr/bin", "usr/sbin", "bin"];

/// Unpacks a package and leaves its program at `bin/<tool>` of the stage.
pub(crate) fn install(tool: &Tool, package: &str, program: &str, stage: &Utf8Path, log: &mut File) -> Result<()> {
    let root = stage.join("root");
    unpack(&format!("{package}={}*", tool.version), &root, log)?;
    let Some(folder) = FOLDERS.into_iter().find(|folder| root.join(folder).join(program).is_file()) else {
        bail!("the Debian package {package} has no program `{program}`");
    };
    let starter = stage.join("bin").join(tool.name);
    fs::write(&starter, starter_script(&format!("{folder}/{program}")))?;
    fs::set_permissions(&starter, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Downloads a package with everything it depends on that this machine lacks, and unpacks all of it.
pub(crate) fn unpack(package: &str, root: &Utf8Path, log: &mut File) -> Result<()> {
    if shell::find_program("apt-get").is_none() {
        bail!("not a Debian machine: no `apt-get` on PATH");
    }
    let archives = tempfile::tempdir()?;
    fs::create_dir(archives.path().join("partial"))?;
    if let Err(first) = download(package, &archives, log) {
        update(log).map_err(|error| first.context(error))?;
        download(package, &archives, log)?;
    }
    fs::create_dir_all(root)?;
    for file in fs::read_dir(archives.path())? {
        let file = file?.path();
        if file.extension().is_some_and(|extension| extension == "deb") {
            shell::run(Command::new("dpkg").arg("-x").arg(&file).arg(root), log)?;
        }
    }
    Ok(())
}

fn download(package: &str, archives: &tempfile::TempDir, log: &mut File) -> Result<()> {
    let mut apt = Command::new("apt-get");
    apt.args(["-y", "-q", "--no-install-recommends", "--download-only", "--reinstall"]);
    // Nothing of the machine's own state is written, so its locks are not needed and nobody has to be root.
    apt.args(["-o", "Debug::NoLocking=1", "-o"]).arg(format!("Dir::Cache::archives={}", archives.path().display()));
    shell::run(apt.args(["install", package]), log)
}

/// Fetches the package lists, once, because the ones of a fresh machine are absent or old.
pub(crate) fn update(log: &mut File) -> Result<()> {
    let mut updated = UPDATED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !*updated {
        shell::run(Command::new("apt-get").args(["update", "-q"]), log)?;
        *updated = true;
    }
    Ok(())
}

/// A script that starts an unpacked program with the libraries and the fonts unpacked beside it.
fn starter_script(program: &str) -> String {
    format!(
        r#"#!/bin/sh
root=$(dirname "$(realpath "$0")")/../root
for folder in "$root"/usr/lib/*-linux-gnu*/pulseaudio "$root"/usr/lib/*-linux-gnu* "$root"/lib/*-linux-gnu*; do
    [ -d "$folder" ] && LD_LIBRARY_PATH=$folder${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}
done
[ -z "$LD_LIBRARY_PATH" ] || export LD_LIBRARY_PATH
# Where rpm looks for its macros, which it else does at the machine's own place.
[ ! -d "$root/usr/lib/rpm" ] || export RPM_CONFIGDIR="$root/usr/lib/rpm"
[ ! -d "$root/etc/fonts" ] || export FONTCONFIG_SYSROOT="$root"
exec "$root/{program}" "$@"
"#
    )
}
