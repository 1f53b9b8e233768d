//! Bazel from a Debian release other than the machine's own, in a root folder that holds that release.
//!
//! Bazel has no package in the registries that this repository installs from, except in Debian, and a Debian package
//! of another release finds its Java and its libraries only in a root of that release. The launcher beside this file
//! runs it there, so that it sees the machine's files and network as if it were installed.

use std::{os::unix::fs::PermissionsExt as _, process::Command};

use anyhow::{Context as _, Result, bail};
use camino::Utf8Path;
use fs_err as fs;
use fs_err::File;

use super::{bazel_modules, debian, table::Tool};
use crate::shell;

/// The script that becomes `bin/<tool>`.
const LAUNCHER: &str = include_str!("bazel-launcher.sh");

/// Makes the root folder and leaves the launcher at `bin/<tool>` of the stage.
pub(crate) fn install(
    tool: &Tool,
    release: &str,
    packages: &[&str],
    modules: bool,
    stage: &Utf8Path,
    log: &mut File,
) -> Result<()> {
    if !is_root()? {
        bail!("needs root: it makes a Debian root folder and runs Bazel in it");
    }
    let root = stage.join("root");
    bootstrap(release, &root, log)?;
    let bazel = format!("bazel-bootstrap={}*", tool.version);
    add_packages(&root, std::iter::once(bazel.as_str()).chain(packages.iter().copied()), log)?;
    refresh(tool, modules, stage)
}

/// The packages of the table that a root lacks, because they came into the table after it was made.
pub(crate) fn absent<'a>(packages: &[&'a str], folder: &Utf8Path) -> Vec<&'a str> {
    let installed = folder.join("root/var/lib/dpkg/info");
    let is_there = |package: &str| installed.join(format!("{package}.list")).is_file();
    packages.iter().copied().filter(|package| !is_there(package)).collect()
}

/// Installs packages into a root that is in use.
pub(crate) fn add(packages: &[&str], folder: &Utf8Path, log: &mut File) -> Result<()> {
    add_packages(&folder.join("root"), packages.iter().copied(), log)
}

/// Writes what this repository adds to a Debian root: a change there must not wait for the root to be made anew.
pub(crate) fn refresh(tool: &Tool, modules: bool, folder: &Utf8Path) -> Result<()> {
    if modules {
        bazel_modules::write(&folder.join("root"))?;
    }
    let launcher = folder.join("bin").join(tool.name);
    // A launcher that runs right now is read on from the file it was opened as.
    let new = folder.join("bin").join(".new");
    fs::write(&new, LAUNCHER)?;
    fs::set_permissions(&new, std::fs::Permissions::from_mode(0o755))?;
    Ok(fs::rename(new, launcher)?)
}

/// Puts a minimal Debian into a folder. Its signatures are checked with the machine's own keyring.
fn bootstrap(release: &str, root: &Utf8Path, log: &mut File) -> Result<()> {
    let archive = archive(log)?;
    let mut debootstrap;
    let unpacked = tempfile::tempdir()?;
    if let Some(found) = shell::find_program("debootstrap") {
        debootstrap = Command::new(found);
    } else {
        let folder = Utf8Path::from_path(unpacked.path()).context("the temporary folder's name is not UTF-8")?;
        debian::unpack("debootstrap", folder, log)?;
        let path = std::env::var("PATH").unwrap_or_default();
        debootstrap = Command::new(folder.join("usr/sbin/debootstrap"));
        debootstrap.env("DEBOOTSTRAP_DIR", folder.join("usr/share/debootstrap"));
        debootstrap.env("PATH", format!("{path}:/usr/sbin:/sbin:{folder}/usr/bin"));
    }
    // Every release since 1999 is made by the same script, and an old debootstrap does not know the newest names.
    debootstrap.args(["--variant=minbase", release]).arg(root).args([archive.as_str(), "sid"]);
    shell::run(&mut debootstrap, log)
}

/// Installs packages inside the root, with the machine's own settings of the package manager, and tries Bazel.
fn add_packages<'a>(root: &Utf8Path, packages: impl Iterator<Item = &'a str>, log: &mut File) -> Result<()> {
    const SCRIPT: &str = r#"
        mount --rbind /proc "$ROOT/proc"
        mount --rbind /dev "$ROOT/dev"
        cp /etc/resolv.conf "$ROOT/etc/resolv.conf" || true
        cp --recursive /etc/apt/apt.conf.d/. "$ROOT/etc/apt/apt.conf.d/"
        chroot "$ROOT" apt-get update -q
        chroot "$ROOT" apt-get install -y -q --no-install-recommends "$@"
        chroot "$ROOT" apt-get clean
        chroot "$ROOT" bazel --version"#;
    let mut install = Command::new("unshare");
    install.args(["--mount", "bash", "-euc", SCRIPT, "install"]).args(packages);
    install.env("ROOT", root).env("DEBIAN_FRONTEND", "noninteractive");
    shell::run(&mut install, log)
}

/// The archive that this machine's Debian comes from.
fn archive(log: &mut File) -> Result<String> {
    let ask = || -> Result<Option<String>> {
        let format = "$(ORIGIN)|$(LABEL)|$(REPO_URI)";
        let mut apt = Command::new("apt-get");
        let output = apt.args(["indextargets", "--format", format, "Created-By: Packages"]).output();
        let output = output.context("not a Debian machine: no `apt-get` on PATH")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(text.lines().find_map(|line| line.strip_prefix("Debian|Debian|")).map(str::to_owned))
    };
    if let Some(archive) = ask()? {
        return Ok(archive);
    }
    // Without package lists apt does not know whose archives it has.
    debian::update(log)?;
    ask()?.context("the package sources of this machine name no Debian archive")
}

fn is_root() -> Result<bool> {
    let output = Command::new("id").arg("-u").output().context("cannot start `id`")?;
    Ok(output.stdout.trim_ascii() == b"0")
}
