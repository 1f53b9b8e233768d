//! `report`

mod ages;
mod difference;
mod outdated;
mod page;
mod places;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueHint};
use imagelock_core::update::Day;
use imagelock_files::Writer;
use serde::de::DeserializeOwned;

use self::page::{Inputs, Page};
use super::Written;
use crate::discover;
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::input;
use crate::session::Session;
use crate::targets;
use crate::write;

/// The template, which `--templates` may replace.
const TEMPLATE: &str = "report.html";
/// What every page starts with, and so what may be overwritten.
const START: &str = "<!doctype html>\n<!-- Written by imagelock -->\n";
/// The most bytes of a document of another command.
const PRINTED_BYTES: u64 = 64 << 20;
/// How much of a file is read to tell whether it is a page of ours.
const HEAD_BYTES: u64 = 64 << 20;

/// Write one page for people: what is locked, how old it is, what waits, what drifts, what is unpinned, and who uses what
///
/// The page is a file that asks nobody for anything: it has its look and its script in itself, light and dark, and can be
/// printed, searched and read on a telephone. `FILE#q=redis` opens it searched. It is made of what images.lock, images.seen,
/// images.toml and the files of the repository say, without a network: what the registries have is told from documents that
/// other commands printed. The same of all these gives the same bytes on the same day.
#[derive(Args, Debug)]
pub struct Report {
    /// The file to write
    #[arg(value_hint = ValueHint::FilePath)]
    file: Utf8PathBuf,
    /// What waits, as `outdated --format json` printed it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    outdated: Option<Utf8PathBuf>,
    /// What an update brought, as `diff --format json` printed it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    diff: Option<Utf8PathBuf>,
    /// What the page is called
    #[arg(long, default_value = "Container images")]
    title: String,
    /// Use the templates in this directory instead of the embedded ones of the same name
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    templates: Option<Utf8PathBuf>,
}

impl Report {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        let lock = session.lockfile()?;
        let to = self.destination(&session)?;
        let outdated = document(&session, self.outdated.as_deref(), "outdated")?;
        let difference = document(&session, self.diff.as_deref(), "diff")?;
        // All of one day are the same: pages differ where something does.
        let now = host.now();
        let as_of = Day::of(&now).map_or(now, Day::end);
        let inputs = Inputs { session: &session, lock: &lock, as_of: &as_of, title: &self.title };
        let page = Page::of(&inputs, outdated, difference)?;
        let templates = targets::templates(&session, self.templates.as_deref())?;
        let text = templates.render(TEMPLATE, &page).map_err(|error| Failure::input(error.to_string()))?;
        let written = to.write(&text)?;
        host.shell.status(if written { "Wrote" } else { "Fresh" }, self.file.as_str());
        if host.global.format == Format::Json {
            let state = if written { "written" } else { "fresh" };
            return super::json(host, &Written { path: self.file, state, warnings: Vec::new() });
        }
        Ok(())
    }

    /// Where the page goes: anywhere that is neither version control's nor CI's nor the file of a person.
    fn destination(&self, session: &Session<'_>) -> Result<Destination<'_>, Failure> {
        // What a person writes above the project is outside of it; what a link in the project leads to is not theirs.
        let path = discover::absolute(&self.file, &session.directory);
        let no_file = || Failure::input(format!("`{}` is no file that a page could be written to", self.file));
        let name = path.file_name().ok_or_else(no_file)?;
        let refused = |why: &str| Err(Failure::input(format!("`{}` {why}", self.file)).help("name another file"));
        let inside = path.strip_prefix(&session.root).map(Utf8Path::to_owned);
        let (writer, path) = match inside {
            Ok(inside) => (Writer::new(&session.root), inside),
            Err(_) => (Writer::new(path.parent().ok_or_else(no_file)?), Utf8PathBuf::from(name)),
        };
        if let Some(why) = write::reserved(self.file.as_path()).or_else(|| write::reserved(&path)) {
            return refused(why);
        }
        let real = writer.destination(&path).map_err(|error| Failure::from(error.shown(&self.file)))?;
        let old = imagelock_files::bytes(&real, HEAD_BYTES).map_err(|error| Failure::from(error.shown(&self.file)))?;
        if old.is_some_and(|old| !old.is_empty() && !old.starts_with(START.as_bytes())) {
            return refused("is there already, and no page of imagelock's");
        }
        Ok(Destination { writer, path, shown: &self.file })
    }
}

/// A file that a page may be written to.
struct Destination<'r> {
    writer: Writer,
    path: Utf8PathBuf,
    shown: &'r Utf8Path,
}

impl Destination<'_> {
    fn write(&self, text: &str) -> Result<bool, Failure> {
        self.writer.replace(&self.path, text.as_bytes()).map_err(|error| error.shown(self.shown).into())
    }
}

/// Reads what another command printed.
fn document<T: DeserializeOwned>(
    session: &Session<'_>,
    path: Option<&Utf8Path>,
    command: &str,
) -> Result<Option<T>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let whole = session.directory.join(path);
    let Some(file) = input::source(&whole, &session.root, &session.directory, PRINTED_BYTES)? else {
        return Err(Failure::input(format!("cannot read `{path}`: there is no such file")));
    };
    let read = serde_json::from_str(file.text());
    read.map(Some).map_err(|error| {
        let problem = Problem::new(format!("`{path}` is not what `{command} --format json` prints: {error}"));
        Failure::new(
            Kind::Input,
            problem.help(format!("write it anew: `{{command}} {command} --format json > {path}`")),
        )
    })
}
