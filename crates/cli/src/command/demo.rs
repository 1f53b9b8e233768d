//! `demo`

mod agree;
mod full;
mod sample;
mod story;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueHint};
use imagelock_core::Lockfile;
use imagelock_testkit::{Image, Registry};

use crate::failure::{Failure, Kind};
use crate::host::{Global, Host};
use crate::session::Session;

/// Show the main job on a sample repository, with a registry of its own
///
/// Needs no network: the registry runs in this process, and nothing outside the sample is written.
#[derive(Args, Debug)]
pub struct Demo {
    /// Show every adapter, on a larger sample
    #[arg(long)]
    full: bool,
    /// Where to build the sample; a temporary directory otherwise, gone at the end
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    dir: Option<Utf8PathBuf>,
}

impl Demo {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let registry = Registry::start()?;
        let (_temporary, directory) = self.directory()?;
        fill(&registry);
        let stage = Stage::new(host, &directory);
        if self.full {
            full::play(&stage, &registry)?;
        } else {
            story::play(&stage, &registry)?;
        }
        stage.end(self.dir.as_deref(), self.full);
        Ok(())
    }

    /// The sample's directory, and what removes it at the end if nobody asked to keep it.
    fn directory(&self) -> Result<(Option<tempfile::TempDir>, Utf8PathBuf), Failure> {
        if let Some(directory) = &self.dir {
            fs_err::create_dir_all(directory)?;
            let taken = directory.read_dir_utf8()?.next().is_some();
            if taken {
                return Err(Failure::input(format!("`{directory}` is not empty")));
            }
            return Ok((None, directory.canonicalize_utf8()?));
        }
        let temporary = tempfile::Builder::new().prefix("imagelock-demo-").tempdir()?;
        let path = Utf8PathBuf::from_path_buf(temporary.path().canonicalize()?);
        let path = path.map_err(|_| Failure::input("the temporary directory's path is not UTF-8"))?;
        Ok((Some(temporary), path))
    }
}

/// An image of which its builder says what is in it.
fn listed(image: Image, openssl: &str) -> Image {
    let reference =
        |purl: &str| format!(r#"{{"externalRefs":[{{"referenceType":"purl","referenceLocator":"{purl}"}}]}}"#);
    let packages = ["pkg:apk/wolfi/busybox@1.37.0-r9".to_owned(), format!("pkg:apk/wolfi/openssl@{openssl}")];
    let packages: Vec<String> = packages.iter().map(|purl| reference(purl)).collect();
    let list = format!(r#"{{"spdxVersion":"SPDX-2.3","packages":[{}]}}"#, packages.join(","));
    image.statement("https://spdx.dev/Document", &list)
}

fn first_static() -> Image {
    listed(image("static-1", "1.24.3", "2026-11-20T06:00:00Z").env("TLS=1.2"), "3.3.2-r1")
}

fn second_static() -> Image {
    listed(image("static-2", "1.24.4", "2026-11-23T06:00:00Z").env("TLS=1.3"), "3.3.2-r2")
}

fn image(seed: &str, version: &str, created: &str) -> Image {
    let repository = seed.split('-').next().unwrap_or(seed);
    Image::linux(["amd64", "arm64"])
        .seed(seed)
        .created(created)
        .label("org.opencontainers.image.version", version)
        .label("org.opencontainers.image.source", &format!("https://example.com/acme/{repository}"))
}

/// What the sample's registry has.
fn fill(registry: &Registry) {
    registry.push("acme/static:latest", &first_static());
    for (tag, version, created) in [
        ("16.8-alpine", "16.8", "2026-08-14T09:00:00Z"),
        ("16.9-alpine", "16.9", "2026-11-12T08:31:02Z"),
        ("16.9", "16.9", "2026-11-12T08:20:00Z"),
        ("17.1-alpine", "17.1", "2026-11-13T10:00:00Z"),
    ] {
        registry.push(&format!("acme/postgres:{tag}"), &image(&format!("postgres-{tag}"), version, created));
    }
    registry.push("acme/redis:8", &image("redis-8", "8.4.0", "2026-10-30T12:00:00Z"));
}

/// Runs commands in the sample and shows them as if they had been typed.
struct Stage<'a> {
    host: &'a Host,
    directory: &'a Utf8Path,
}

impl<'a> Stage<'a> {
    fn new(host: &'a Host, directory: &'a Utf8Path) -> Self {
        Self { host, directory }
    }

    fn say(&self, text: &str) {
        self.host.shell.result(&format!("\n{text}\n"));
    }

    /// Runs a command that does its job.
    fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        let (program, host) = self.typed(arguments)?;
        program.attempt(&host)
    }

    /// Runs a check that does not hold, and shows why.
    fn red(&self, arguments: &[&str]) -> Result<(), Failure> {
        let (program, host) = self.typed(arguments)?;
        match program.attempt(&host) {
            Err(failure) if failure.kind == Kind::Check => {
                crate::diagnostic::print(&host.shell, &failure, &host.command);
                Ok(())
            }
            Err(failure) => Err(failure),
            Ok(()) => Err(Failure::input(format!("`{}` was to fail, and did not", arguments.join(" ")))),
        }
    }

    /// Shows a command as if it had been typed.
    fn typed(&self, arguments: &[&str]) -> Result<(crate::Command, Host), Failure> {
        self.host.shell.result(&format!("\n$ {} {}\n", self.host.command, arguments.join(" ")));
        let program = crate::program(arguments).map_err(|error| Failure::input(error.to_string()))?;
        let global = Global { no_cache: true, color: self.host.global.color, ..Global::default() };
        Ok((program, Host::new(global).directory(self.directory).command(self.host.command.clone())))
    }

    fn show(&self, path: &str) -> Result<(), Failure> {
        let text = fs_err::read_to_string(self.directory.join(path))?;
        let indented: Vec<String> = text.lines().map(|line| format!("    {line}").trim_end().to_owned()).collect();
        self.host.shell.result(&format!("\n{}\n", indented.join("\n")));
        Ok(())
    }

    fn lock(&self) -> Result<Lockfile, Failure> {
        Session::open(&Host::new(Global::default()).directory(self.directory))?.lockfile()
    }

    fn end(&self, kept: Option<&Utf8Path>, full: bool) {
        let command = &self.host.command;
        let kept = kept.map(|directory| format!("  The sample is in {directory}.\n")).unwrap_or_default();
        let more = if full {
            String::new()
        } else {
            format!("  {command} demo --full    every build system, on a larger sample\n")
        };
        self.host.shell.result(&format!(
            "\nNext, in a repository of yours:\n  {command} init           declare and lock what it names\n  \
             {command} check          in CI\n{more}{kept}"
        ));
    }
}
