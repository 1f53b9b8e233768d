//! `cargo xtask picture`: the picture of a report that the README shows.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use fs_err as fs;
use imagelock::clap::Parser;

use crate::{shell, tools};

/// The most bytes of the picture: a page that shows it loads no slower.
const MOST: usize = 150_000;

/// Take the README's picture of a report, of the example monorepo, in the installed Chromium
#[derive(clap::Args)]
pub(crate) struct Picture {}

/// The command line of imagelock, without its program.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    global: imagelock::Global,
    #[command(subcommand)]
    command: imagelock::Command,
}

impl Picture {
    #[expect(clippy::unused_self, reason = "every chore is run the same way")]
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let chromium = tools::program("chromium").context("needs chromium: run `cargo xtask tools --only chromium`")?;
        let folder = tempfile::tempdir()?;
        let page = folder.path().join("report.html");
        let example = shell::repository().join("examples/monorepo");
        // A day that stays, so that only what changed changes the picture.
        let line = ["imagelock", "report", "--as-of", "2026-11-30", "--title", "Images of the monorepo", "--quiet"];
        let Line { global, command } =
            Line::try_parse_from(line.map(Into::into).into_iter().chain([page.clone().into_os_string()]))?;
        if command.run(&imagelock::Host::new(global).directory(example).command("imagelock")) != ExitCode::SUCCESS {
            bail!("the example has no report");
        }
        let picture = folder.path().join("report.png");
        let mut browser = Command::new(chromium);
        browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,1000"]);
        browser.arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
        browser.arg(format!("--screenshot={}", picture.display())).arg(format!("file://{}", page.display()));
        let taken = browser.output().context("cannot start Chromium")?;
        if !taken.status.success() {
            bail!("Chromium failed: {}", String::from_utf8_lossy(&taken.stderr).trim());
        }
        let bytes = fs::read(picture)?;
        if bytes.len() > MOST {
            bail!("the picture has {} bytes, and {MOST} are the most", bytes.len());
        }
        fs::write(shell::repository().join("docs/report.png"), bytes)?;
        shell::status("Wrote", "docs/report.png");
        Ok(ExitCode::SUCCESS)
    }
}
