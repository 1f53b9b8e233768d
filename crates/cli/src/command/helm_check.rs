//! The last word on a chart's values: what Helm makes of them.

use std::path::Path;
use std::process::{Command, Output};

use camino::Utf8Path;
use imagelock_adapter::Context;
use imagelock_core::source::SourceFile;
use imagelock_helm::Run;
use imagelock_kubernetes::{post_render, unpinned};

use super::render::Written;
use crate::failure::{Failure, Problem};
use crate::session::Session;

/// What came of the charts.
#[derive(Default)]
pub(super) struct Charts {
    /// A line for each chart, by its path.
    pub(super) results: Vec<Written>,
    /// What fails the check.
    pub(super) problems: Vec<Problem>,
}

/// Renders every chart of a `[[helm]]` table where Helm is installed, and demands that whatever Kubernetes would run is
/// pinned and in the lock: it finds the wrong shape, the wrong path, and the image that no value reaches. With
/// `require`, a machine without Helm fails.
pub(super) fn check(session: &Session<'_>, context: &Context<'_>, require: bool) -> Result<Charts, Failure> {
    let mut charts = Charts::default();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let helm = imagelock_files::program(std::env::split_paths(&path), "helm");
    for table in session.project.targets.iter().filter(|table| table.adapter == "helm") {
        let Some(run) = Run::of(table)? else { continue };
        let Some(helm) = &helm else {
            session.host.shell.attention("Skipped", &format!("{}: helm is not on PATH", run.chart));
            charts.note(&run.chart, "skipped", vec!["helm is not on PATH".to_owned()]);
            continue;
        };
        let problem = judge(session, context, helm, &run)?;
        let (state, warnings) = match &problem {
            None => ("checked", Vec::new()),
            Some(problem) => ("refused", problem.lines.iter().map(|line| line.trim().to_owned()).collect()),
        };
        if problem.is_none() {
            let behind = if run.post_render { ", behind the post-renderer" } else { "" };
            session.host.shell.status("Checked", &format!("{} with helm template{behind}", run.chart));
        }
        charts.note(&run.chart, state, warnings);
        charts.problems.extend(problem);
    }
    if require && charts.results.iter().any(|chart| chart.state == "skipped") {
        let problem = Problem::new("helm is not on PATH, and `--require-tools` asks for it");
        charts.problems.push(problem.help("install Helm, or leave charts out with `skip-check = true`"));
    }
    Ok(charts)
}

impl Charts {
    fn note(&mut self, chart: &Utf8Path, state: &'static str, warnings: Vec<String>) {
        self.results.push(Written { path: chart.to_owned(), state, warnings });
    }
}

/// What is wrong with a chart, if anything.
fn judge(session: &Session<'_>, context: &Context<'_>, helm: &Path, run: &Run) -> Result<Option<Problem>, Failure> {
    let output = template(session, helm, run)?;
    if !output.status.success() {
        let mut problem = Problem::new(format!("helm cannot render `{}`", run.chart));
        problem.lines = String::from_utf8_lossy(&output.stderr).lines().map(|line| format!("  {line}")).collect();
        let bare = Run { written: None, ..run.clone() };
        let help = match &run.written {
            // The chart may compare the tag, or ask for a value that only now is there.
            Some(written) if template(session, helm, &bare)?.status.success() => format!(
                "it can without `{written}`: what is set there is the cause; set another shape, or list the keys under \
                 `[[helm.fields]]`"
            ),
            _ => "name the values files that it needs in `check-with`, or leave it out: `skip-check = true`".to_owned(),
        };
        return Ok(Some(problem.help(help)));
    }
    let unreadable =
        |reason: String| Failure::input(format!("what helm makes of `{}` cannot be read: {reason}", run.chart));
    let mut rendered = String::from_utf8_lossy(&output.stdout).into_owned();
    if run.post_render {
        let manifests = SourceFile::new(format!("{} (rendered)", run.chart), rendered);
        rendered = post_render(&manifests, context, &[]).map_err(|error| unreadable(error.to_string()))?.text;
    }
    let findings = unpinned(&rendered, context, &[]).map_err(|error| unreadable(error.to_string()))?;
    if findings.is_empty() {
        return Ok(None);
    }
    let mut problem = Problem::new(format!("`{}` does not run what images.lock says", run.chart));
    problem.lines = findings.iter().map(|finding| format!("  {finding}")).collect();
    let help = if run.post_render {
        "lock these images, or map their values in `[[helm]]`"
    } else {
        "map their values in `[[helm]]`, or use `{command} post-render` and say so: `post-render = true`"
    };
    Ok(Some(problem.help(help)))
}

fn template(session: &Session<'_>, helm: &Path, run: &Run) -> Result<Output, Failure> {
    Ok(Command::new(helm).args(run.arguments()).current_dir(&session.root).output()?)
}
