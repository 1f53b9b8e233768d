//! The last word on a chart's values: what Helm makes of them.

use std::process::Command;

use camino::Utf8PathBuf;
use imagelock_core::Lockfile;
use imagelock_helm::Run;
use imagelock_kubernetes::unpinned;

use crate::failure::{Failure, Kind, Problem};
use crate::session::Session;

/// Renders every chart of a `[[helm]]` table where Helm is installed, and demands that whatever Kubernetes would run is
/// pinned and in the lock: it finds the wrong shape, the wrong path, and the image that no value reaches.
pub(super) fn check(session: &Session<'_>, lock: &Lockfile) -> Result<(), Failure> {
    let charts: Vec<_> = session.project.targets.iter().filter(|table| table.adapter == "helm").collect();
    let Some(helm) = helm().filter(|_| !charts.is_empty()) else { return Ok(()) };
    let mut problems = Vec::new();
    for table in charts {
        let Some(run) = Run::of(table)? else { continue };
        let output = Command::new(&helm).args(run.arguments()).current_dir(&session.root).output()?;
        if !output.status.success() {
            let mut problem = Problem::new(format!("helm cannot render `{}`", run.chart));
            problem.lines = String::from_utf8_lossy(&output.stderr).lines().map(|line| format!("  {line}")).collect();
            let help = "name the values files that it needs in `check-with`, or leave it out: `skip-check = true`";
            problems.push(problem.help(help));
            continue;
        }
        let rendered = String::from_utf8_lossy(&output.stdout);
        let findings = unpinned(&rendered, lock, &[])
            .map_err(|error| Failure::input(format!("what helm makes of `{}` cannot be read: {error}", run.chart)))?;
        if findings.is_empty() {
            session.host.shell.status("Checked", &format!("{} with helm template", run.chart));
            continue;
        }
        let mut problem = Problem::new(format!("`{}` runs images that images.lock does not pin", run.chart));
        problem.lines = findings.iter().map(|finding| format!("  {finding}")).collect();
        problems.push(problem.help("map their values in `[[helm]]`, or use `{command} post-render`"));
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure { kind: Kind::Check, problems }) }
}

fn helm() -> Option<Utf8PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).filter_map(|folder| Utf8PathBuf::from_path_buf(folder).ok());
    // A relative folder may lie in the repository that is checked.
    folders.filter(|folder| folder.is_absolute()).map(|folder| folder.join("helm")).find(|program| program.is_file())
}
