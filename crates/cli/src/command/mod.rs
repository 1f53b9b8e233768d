//! The commands: a file each, with its arguments, its help and the call.

mod add;
mod adopt;
mod advisories;
mod aliases;
mod check;
mod compare;
mod completions;
mod credential_helper;
mod declare;
#[cfg(feature = "demo")]
mod demo;
mod diff;
mod explain;
mod helm_check;
mod import;
mod init;
mod inspect;
mod list;
mod listed;
mod lock;
mod looked;
mod merge_driver;
mod mirror;
mod outdated;
mod pin;
mod post_render;
mod publish;
mod pull;
mod ready;
mod registries;
mod remove;
mod render;
mod report;
mod scan;
mod side;
mod trust;
mod unpin;
mod update;
mod verify;
mod watch;
mod why;

use std::process::ExitCode;

use clap::Subcommand;

use crate::diagnostic;
use crate::failure::Failure;
use crate::finding::{Told, github, junit, sarif};
use crate::host::{Format, Host};

/// The commands, to be run alone or beside those of somebody's own program.
#[derive(Subcommand, Debug)]
#[non_exhaustive]
pub enum Command {
    /// Bring images.lock up to date with images.toml, keeping every pin that still holds
    Lock(lock::Lock),
    /// Find out where the followed tags point now
    Update(update::Update),
    /// Tell which images are behind, how far, and what keeps them
    Outdated(outdated::Outdated),
    /// Add images to images.toml and lock them
    Add(add::Add),
    /// Take images over from another tool's lock or policy
    Import(import::Import),
    /// Take a repository over: declare the images that its files name, and lock them
    Init(init::Init),
    /// Remove images from images.toml and images.lock
    Remove(remove::Remove),
    /// Write every target's files from images.lock
    Render(render::Render),
    /// Check that project file, lock, targets and every file of the repository agree
    Check(check::Check),
    /// Pin images where they are written: declare what is new, lock it, and rewrite the places
    Pin(pin::Pin),
    /// Take the digests of locked images out of files again
    Unpin(unpin::Unpin),
    /// List every image reference in the repository
    Scan(scan::Scan),
    /// List the locked images
    List(list::List),
    /// Write one page that shows people all of it: ages, what waits, drift, unpinned places, who uses what
    Report(report::Report),
    /// Tell why an image is locked as it is, and who uses it
    Why(why::Why),
    /// Tell which tag a version rule chooses now, among which, and why no other
    Explain(explain::Explain),
    /// Tell which of two images is newer, what became of the first, and who says so
    Compare(compare::Compare),
    /// Tell what an update brings: what of two locks or images runs in another way, and which packages differ
    Diff(diff::Diff),
    /// Tell what is in an image, and who says so
    Inspect(inspect::Inspect),
    /// Tell which tags point at what is locked, so that `latest` reads as a version
    Aliases(aliases::Aliases),
    /// Keep the snapshots of advisories and of ends of life that images.toml names
    Advisories(advisories::Advisories),
    /// Keep the trust roots that images.toml names: who may vouch for identities, and which logs count
    Trust(trust::Trust),
    /// Check that every locked digest still exists and is byte-exact, and is signed by those who have to
    Verify(verify::Verify),
    /// Run a command whenever something that `update` would take has moved
    Watch(watch::Watch),
    /// Pin the images in Kubernetes manifests: what Helm rendered on standard input, pinned on standard output
    PostRender(post_render::PostRender),
    /// Publish images.lock in a registry, for other projects to extend
    Publish(publish::Publish),
    /// Copy what the lock names to directories that builds without a network read
    Pull(pull::Pull),
    /// Copy what the lock names to a registry of one's own, and tell what images.toml takes to use it
    Mirror(mirror::Mirror),
    /// Answer Bazel's question for credentials, in Bazel's protocol
    CredentialHelper(credential_helper::CredentialHelper),
    /// Merge images.lock for Git, image by image
    MergeDriver(merge_driver::MergeDriver),
    /// Print a completion script for a shell
    Completions(completions::Completions),
    /// Show the main job on a sample monorepo, with a registry of its own
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
}

impl Command {
    /// Runs the command. What it has to say goes to the process's streams, and its outcome into the exit code: 0 done,
    /// 1 a check does not hold, 2 wrong input, 3 a registry or this machine failed.
    pub fn run(self, host: &Host) -> ExitCode {
        match self.attempt(host) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                host.shell.progress.clear().ok();
                diagnostic::print(&host.shell, &failure, &host.command);
                if host.global.format == Format::Json {
                    host.shell.answer(&diagnostic::json(&failure, &host.command));
                }
                ExitCode::from(failure.kind as u8)
            }
        }
    }

    fn attempt(self, host: &Host) -> Result<(), Failure> {
        let format = host.global.format;
        let has = match &self {
            Self::Scan(_) => !matches!(format, Format::Junit | Format::Markdown),
            Self::Check(_) => !matches!(format, Format::Mermaid | Format::Dot | Format::Markdown),
            Self::Outdated(_) | Self::Diff(_) => matches!(format, Format::Text | Format::Json | Format::Markdown),
            _ => matches!(format, Format::Text | Format::Json),
        };
        if !has {
            let failure = Failure::input("this command does not have its result in that `--format`");
            let help = "every command has `text` and `json`, `{command} check` also `sarif`, `github` and `junit`, \
                        `{command} scan` also `sarif`, `github`, `mermaid` and `dot`, and `{command} outdated` and \
                        `{command} diff` also `markdown`";
            return Err(failure.help(help));
        }
        match self {
            Self::Lock(command) => command.run(host),
            Self::Update(command) => command.run(host),
            Self::Outdated(command) => command.run(host),
            Self::Add(command) => command.run(host),
            Self::Import(command) => command.run(host),
            Self::Init(command) => command.run(host),
            Self::Remove(command) => command.run(host),
            Self::Render(command) => command.run(host),
            Self::Check(command) => command.run(host),
            Self::Pin(command) => command.run(host),
            Self::Unpin(command) => command.run(host),
            Self::Scan(command) => command.run(host),
            Self::List(command) => command.run(host),
            Self::Report(command) => command.run(host),
            Self::Why(command) => command.run(host),
            Self::Explain(command) => command.run(host),
            Self::Compare(command) => command.run(host),
            Self::Diff(command) => command.run(host),
            Self::Inspect(command) => command.run(host),
            Self::Aliases(command) => command.run(host),
            Self::Advisories(command) => command.run(host),
            Self::Trust(command) => command.run(host),
            Self::Verify(command) => command.run(host),
            Self::Watch(command) => command.run(host),
            Self::PostRender(command) => command.run(host),
            Self::Publish(command) => command.run(host),
            Self::Pull(command) => command.run(host),
            Self::Mirror(command) => command.run(host),
            Self::CredentialHelper(command) => command.run(host),
            Self::MergeDriver(command) => command.run(host),
            Self::Completions(command) => command.run(host),
            #[cfg(feature = "demo")]
            Self::Demo(command) => command.run(host),
        }
    }
}

pub(crate) use diff::brought;
pub(crate) use lock::count;
pub(crate) use render::{Written, moved, warnings};

/// Writes a result as JSON, with the line end that files have.
fn json(host: &Host, value: &impl serde::Serialize) -> Result<(), Failure> {
    host.shell.answer_of(value).map_err(|error| Failure::input(error.to_string()))
}

/// Writes findings in the form that forges or build servers read.
fn findings(host: &Host, told: &Told<'_>) -> Result<(), Failure> {
    match host.global.format {
        Format::Sarif => return json(host, &sarif::of(told)),
        Format::Junit => host.shell.result(&junit::of(told)),
        _ => host.shell.result(&github::of(told)),
    }
    Ok(())
}
