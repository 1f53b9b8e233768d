//! `cargo xtask release`: the binary that is released, the same bytes wherever it is built.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use imagelock_core::Digest;

use crate::shell;

/// Build the binary that is released
///
/// The same sources give the same bytes with the same compilers, whatever the folder: paths of the machine do not enter it.
#[derive(clap::Args)]
pub(crate) struct Release {
    /// The system that it is for, as rustc names it; this machine's where none is named
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// Build the last commit in two folders of different names, and fail where their bytes differ
    #[arg(long)]
    twice: bool,
}

impl Release {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let target = self.target.clone().map_or_else(host, Ok)?;
        let root = shell::repository();
        let built =
            if self.twice { self::twice(&target)? } else { build(root, &root.join("target/released"), &target)? };
        let name = format!("imagelock-{}-{target}{}", env!("CARGO_PKG_VERSION"), suffix(&target));
        let folder = root.join("target/dist");
        fs::create_dir_all(&folder)?;
        let digest = Digest::sha256(&built);
        fs::write(folder.join(&name), built)?;
        make_executable(&folder.join(&name))?;
        shell::status("Built", &format!("target/dist/{name}"));
        shell::result(&format!("{}  {name}", digest.hex()));
        Ok(ExitCode::SUCCESS)
    }
}

/// Builds what is committed in two folders, and returns the bytes that both give.
fn twice(target: &str) -> Result<Vec<u8>> {
    let repository = shell::repository();
    let commit = shell::git(repository, &["rev-parse", "HEAD"])?;
    let commit = String::from_utf8_lossy(&commit);
    let scratch = tempfile::tempdir()?;
    let scratch = Utf8Path::from_path(scratch.path()).context("the scratch folder is not UTF-8")?;
    let mut built = Vec::new();
    for name in ["one", "another/with-a-longer-name"] {
        let sources = scratch.join(name);
        shell::git(
            repository,
            &["clone", "--quiet", "--local", "--no-checkout", repository.as_str(), sources.as_str()],
        )?;
        // Somebody may commit while the first is built.
        shell::git(&sources, &["checkout", "--quiet", "--detach", commit.trim()])?;
        built.push(build(&sources, &sources.join("target"), target)?);
        // Two folders of a release build do not fit into every scratch folder.
        fs::remove_dir_all(&sources)?;
    }
    let [one, another] = [&built[0], &built[1]];
    if one != another {
        let at = one.iter().zip(another).take_while(|(left, right)| left == right).count();
        let bytes = (one.len(), another.len());
        bail!("two builds of one commit differ: {} and {} bytes, the first that differs at {at}", bytes.0, bytes.1);
    }
    shell::status("Same", &format!("two builds, {} bytes each", one.len()));
    Ok(built.swap_remove(0))
}

/// Builds the binary of `sources`, and returns it.
fn build(sources: &Utf8Path, folder: &Utf8Path, target: &str) -> Result<Vec<u8>> {
    let mut cargo = shell::cargo();
    cargo.current_dir(sources).env("CARGO_TARGET_DIR", folder);
    cargo.args(["build", "--release", "--locked", "--package", "imagelock", "--bin", "imagelock", "--target", target]);
    let moved = [(cargo_home()?, "/cargo"), (sources.to_owned(), "/imagelock")];
    let flags = rust_flags(&moved, target).join("\u{1f}");
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags).env_remove("RUSTFLAGS");
    // What compilers of C write for "now" (https://reproducible-builds.org/specs/source-date-epoch/).
    let committed = shell::git(sources, &["log", "-1", "--format=%ct"])?;
    cargo.env("SOURCE_DATE_EPOCH", String::from_utf8_lossy(&committed).trim());
    if let Some(flags) = c_flags(&moved, target) {
        cargo.env("CFLAGS", flags);
    }
    if !cargo.status().context("cannot start cargo")?.success() {
        bail!("imagelock does not build for {target}");
    }
    Ok(fs::read(folder.join(target).join("release").join(format!("imagelock{}", suffix(target))))?)
}

/// What rustc is told: which paths stand for others, and that nothing is linked that a machine may lack.
fn rust_flags(moved: &[(Utf8PathBuf, &str)], target: &str) -> Vec<String> {
    let mut flags: Vec<String> = moved.iter().map(|(from, to)| format!("--remap-path-prefix={from}={to}")).collect();
    // Its C library is the system's; the runtime of the compiler is not.
    if target.ends_with("-msvc") {
        // A linker that is not told so writes the time.
        flags.extend(["-Ctarget-feature=+crt-static", "-Clink-arg=/Brepro"].map(str::to_owned));
    }
    flags
}

/// What compilers of C are told: those of GCC's family know the paths that stand for others, and Microsoft's does not.
fn c_flags(moved: &[(Utf8PathBuf, &str)], target: &str) -> Option<String> {
    let flags: Vec<String> = moved.iter().map(|(from, to)| format!("-ffile-prefix-map={from}={to}")).collect();
    (!target.ends_with("-msvc")).then(|| flags.join(" "))
}

fn suffix(target: &str) -> &'static str {
    if target.contains("-windows-") { ".exe" } else { "" }
}

/// Where cargo keeps the sources of dependencies.
fn cargo_home() -> Result<Utf8PathBuf> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty()).map(Utf8PathBuf::from);
    let home = || set("HOME").or_else(|| set("USERPROFILE")).map(|home| home.join(".cargo"));
    set("CARGO_HOME").or_else(home).context("neither CARGO_HOME nor HOME says where cargo keeps its sources")
}

/// This machine, as rustc names it.
fn host() -> Result<String> {
    let told = Command::new("rustc").arg("--version").arg("--verbose").output().context("cannot start `rustc`")?;
    let told = String::from_utf8_lossy(&told.stdout);
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc --version --verbose` names no host")?.to_owned())
}

#[cfg(unix)]
fn make_executable(file: &Utf8Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    Ok(fs::set_permissions(file, std::fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "files have no such mode there")]
fn make_executable(_: &Utf8Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_of_the_machine_enters_what_is_built() {
        let moved = [(Utf8PathBuf::from("/home/ann/.cargo"), "/cargo"), (Utf8PathBuf::from("/src"), "/imagelock")];
        let both = ["--remap-path-prefix=/home/ann/.cargo=/cargo", "--remap-path-prefix=/src=/imagelock"];
        assert_eq!(rust_flags(&moved, "x86_64-unknown-linux-musl"), both);
        assert_eq!(
            c_flags(&moved, "aarch64-apple-darwin").unwrap(),
            "-ffile-prefix-map=/home/ann/.cargo=/cargo -ffile-prefix-map=/src=/imagelock"
        );
        assert_eq!(c_flags(&moved, "x86_64-pc-windows-msvc"), None);
        let flags = rust_flags(&moved, "x86_64-pc-windows-msvc");
        assert_eq!(flags[2..], ["-Ctarget-feature=+crt-static", "-Clink-arg=/Brepro"]);
    }

    #[test]
    fn a_program_of_windows_has_its_suffix() {
        assert_eq!(suffix("x86_64-pc-windows-msvc"), ".exe");
        assert_eq!(suffix("aarch64-unknown-linux-musl"), "");
    }
}
