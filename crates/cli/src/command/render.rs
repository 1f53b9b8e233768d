//! `render`

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueHint};
use imagelock_adapter::{Output, Ownership, Seal, Use};
use imagelock_core::plan;
use imagelock_core::source::{Label, Location};
use serde::Serialize;

use super::helm_check;
use super::registries::Registries;
use crate::adapters;
use crate::edits;
use crate::failure::{Failure, Kind, Problem};
use crate::ground::Ground;
use crate::host::{Format, Host};
use crate::projects;
use crate::report::counted;
use crate::session::Session;
use crate::shell::Shell;
use crate::table::{Narrowing, Table};
use crate::targets::{self, Rendered};
use crate::tree::DiskTree;

/// Write every target's files from images.lock
///
/// A file that imagelock owns is written whole and says so in its head; in a file that a person owns, only the pins
/// change. A file that is right already is not touched. Nothing is written when any target cannot be rendered.
#[derive(Args, Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct Render {
    /// In every project of the repository: each images.toml in it and below it
    #[arg(long, conflicts_with = "stdout")]
    all: bool,

    /// Show a diff of each file that differs, and fail if any does; where Helm is installed, ask it what charts run
    #[arg(long)]
    check: bool,
    /// Fail where a tool that `--check` would ask is not installed, instead of skipping what it would prove
    #[arg(long, requires = "check")]
    require_tools: bool,
    /// Only the targets of these adapters
    #[arg(long, value_name = "ADAPTER", value_delimiter = ',', value_parser = adapters::names())]
    only: Vec<String>,
    /// Print the one file at this path instead of writing any
    #[arg(long, value_name = "PATH", conflicts_with = "check", value_hint = ValueHint::FilePath)]
    stdout: Option<Utf8PathBuf>,
    /// Use the templates in this directory instead of the embedded ones of the same name
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    templates: Option<Utf8PathBuf>,
    #[command(flatten)]
    registries: Registries,
    /// Overwrite files that imagelock did not write, or that somebody changed since
    #[arg(long, conflicts_with_all = ["check", "stdout"])]
    force: bool,
}

/// What became of one file, or with `--check` of one chart.
#[derive(Serialize)]
pub(crate) struct Written {
    pub(crate) path: Utf8PathBuf,
    /// `written`, `fresh`, or with `--check` `differs`; `checked`, `refused` or `skipped` for a chart.
    pub(crate) state: &'static str,
    pub(crate) warnings: Vec<String>,
}

impl Written {
    pub(crate) fn of(output: &Output, state: &'static str) -> Self {
        Self { path: output.path.clone(), state, warnings: warnings(output, output.path.as_str()) }
    }
}

impl Render {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        if self.all {
            return projects::each(host, |host| Self { all: false, ..self.clone() }.run(host));
        }
        let (session, _held) = Session::open_for(host, !self.check && self.stdout.is_none())?;
        let lock = session.lockfile()?;
        if !plan::lock(&session.project, &lock).is_empty() {
            let message = format!("images.lock is out of date with {}", session.project_file());
            return Err(Failure::new(Kind::Check, Problem::new(message).help("run `{command} lock` first")));
        }
        let targets = self.targets(&session)?;
        let mut ground = Ground::of(&session.root, &session.project)?;
        ground.templates = targets::templates(&session, self.templates.as_deref())?;
        ground.rewrites = self.registries.rewrites(&session.project);
        let (tree, context) = (&ground.tree, ground.context(&lock));
        let outputs = targets::render(&targets, tree, &context, &|rendered| self.is_asked(rendered));
        let outputs = outputs.map_err(|failure| session.shown(failure))?;
        targets::one_file_each(tree, &outputs.iter().collect::<Vec<_>>())?;
        if let Some(path) = &self.stdout {
            return print_one(host, &outputs, path);
        }
        let count = targets.iter().filter(|rendered| self.is_asked(rendered)).count();
        let verb = if self.check { "Checking" } else { "Rendering" };
        host.shell.doing(verb, &counted(count, "target", "targets"));
        edits::tell(&session, &outputs);
        if !self.check {
            return self.write(&session, tree, &outputs);
        }
        let mut results = check(&session, tree, &outputs)?;
        let differs = results.iter().any(|result| result.state == "differs");
        let mut charts = helm_check::Charts::default();
        // What Helm makes of files that are out of date proves nothing.
        if !differs && targets.iter().any(|rendered| self.is_asked(rendered) && rendered.adapter.id() == "helm") {
            charts = helm_check::check(&session, &context, self.require_tools)?;
        }
        results.append(&mut charts.results);
        if host.global.format == Format::Json {
            super::json(host, &results)?;
        }
        if differs {
            let count = results.iter().filter(|result| result.state == "differs").count();
            let verb = if count == 1 { "differs" } else { "differ" };
            let problem =
                Problem::new(format!("{} {verb} from what images.lock says", counted(count, "file", "files")));
            charts.problems.push(problem.help("run `{command} render` and commit the result"));
        }
        if charts.problems.is_empty() { Ok(()) } else { Err(Failure { kind: Kind::Check, problems: charts.problems }) }
    }

    fn targets(&self, session: &Session<'_>) -> Result<Vec<Rendered>, Failure> {
        let mut targets = targets::read(&session.project)?;
        // What takes all that no other target does has to know what those do.
        let is_wide = targets.iter().any(|rendered| self.is_asked(rendered) && rendered.target.is_wide());
        targets.retain(|rendered| is_wide || self.is_asked(rendered));
        if targets.is_empty() {
            let message = format!("there is no target to render in {}", session.project_file());
            let tables: Vec<String> = adapters::names().iter().map(|name| format!("`[[{name}]]`")).collect();
            return Err(Failure::input(message).help(format!("targets are the tables {}", tables.join(", "))));
        }
        Ok(targets)
    }

    fn is_asked(&self, rendered: &Rendered) -> bool {
        self.only.is_empty() || self.only.iter().any(|id| id == rendered.adapter.id())
    }

    fn write(&self, session: &Session<'_>, tree: &DiskTree, outputs: &[Output]) -> Result<(), Failure> {
        let refused: Vec<Problem> =
            outputs.iter().filter_map(|output| refusal(tree, output).transpose()).collect::<Result<Vec<_>, _>>()?;
        if !refused.is_empty() && !self.force {
            return Err(session.shown(Failure { kind: Kind::Input, problems: refused }));
        }
        let results = edits::write(session, made(outputs))?;
        let fresh = results.iter().filter(|result| result.state == "fresh").count();
        if fresh > 0 {
            session.host.shell.status("Fresh", &counted(fresh, "file", "files"));
        }
        if session.host.global.format == Format::Json { super::json(session.host, &results) } else { Ok(()) }
    }
}

/// What a person should know about an output, under the name that they know it by.
pub(crate) fn warnings(output: &Output, shown: &str) -> Vec<String> {
    let about = output.warnings.iter().map(|warning| format!("{shown}: {warning}"));
    let kept = output.kept.iter().map(|left| format!("{}: {}", place(shown, &left.at), left.reason));
    about.chain(kept).collect()
}

/// A place in the file that a person knows as `shown`, in the form that editors and terminals open.
fn place(shown: &str, at: &Location) -> String {
    format!("{shown}:{}:{}", at.line(), at.column())
}

/// Says which places of a file have another tag than before: `web  deploy/web.yaml:12:14  1.4 -> 1.5`. The place is never
/// cut: half of it opens nothing.
pub(crate) fn moved(shell: &Shell, uses: &[Use], shown: &str) {
    let row = |used: &Use| {
        let ((before, now), at) = used.moved.as_ref().zip(used.at.as_ref())?;
        Some([used.image.to_string(), place(shown, at), format!("{before} -> {now}")])
    };
    let steps = &[Narrowing::CutEnd(0, 12), Narrowing::CutStart(2, 12)];
    for line in (Table { heads: None, rows: uses.iter().filter_map(row).collect(), steps }).lines(shell.room()) {
        shell.status("Moved", &line);
    }
}

/// The outputs that have a content.
fn made(outputs: &[Output]) -> impl Iterator<Item = &Output> + Clone {
    outputs.iter().filter(|output| output.ownership != Ownership::Told)
}

fn print_one(host: &Host, outputs: &[Output], path: &Utf8Path) -> Result<(), Failure> {
    let Some(output) = made(outputs).find(|output| output.path == path) else {
        let paths: Vec<&str> = made(outputs).map(|output| output.path.as_str()).collect();
        return Err(
            Failure::input(format!("no target writes `{path}`")).help(format!("they write {}", paths.join(", ")))
        );
    };
    host.shell.content(&output.content);
    Ok(())
}

/// Why a generated file must not be overwritten, if it must not.
fn refusal(tree: &DiskTree, output: &Output) -> Result<Option<Problem>, Failure> {
    let old = targets::there(tree, output)?;
    let differs = |old: &Vec<u8>| output.ownership == Ownership::Generated && *old != output.content;
    let Some(old) = old.filter(differs) else { return Ok(None) };
    let reason = match Seal::of(&old) {
        Seal::Intact => return Ok(None),
        Seal::Broken => "was changed by hand since imagelock wrote it",
        Seal::Absent => "is there already, and imagelock did not write it",
    };
    let problem = Problem::new(format!("`{}` {reason}", output.path))
        .label(Label::primary(&output.at, "this target would overwrite it"))
        .label(Label::also(&targets::first_difference(output, &old), "the first line that would change"))
        .help("move the change to where it belongs, then run `{command} render --force`");
    Ok(Some(problem))
}

/// `--check`: shows a diff of each file that differs, and returns what became of all.
fn check(session: &Session<'_>, tree: &DiskTree, outputs: &[Output]) -> Result<Vec<Written>, Failure> {
    let (diffs, results) = edits::differences(session, tree, made(outputs))?;
    let host = session.host;
    if host.global.format != Format::Json {
        host.shell.result_drawn(&diffs);
    }
    if results.iter().all(|result| result.state == "fresh") {
        host.shell.status("Fresh", &format!("{}, as images.lock says", counted(results.len(), "file", "files")));
    }
    Ok(results)
}
