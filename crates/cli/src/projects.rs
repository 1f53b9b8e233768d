//! The projects of one repository, for `--all`: every `images.toml` in it, each run by itself.

use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::is_private;
use imagelock_core::project::FILE_NAME;
use imagelock_survey::{Seen, Walk, top};

use crate::diagnostic;
use crate::discover;
use crate::failure::{Failure, Kind};
use crate::host::{Format, Host};
use crate::session;

/// Runs a command in each project, whatever became of the ones before, and fails with what all of them said; the exit code
/// is the worst. With `--format json`, one document holds those of all.
pub(crate) fn each(host: &Host, run: impl Fn(&Host) -> Result<(), Failure>) -> Result<(), Failure> {
    if host.global.project.is_some() {
        return Err(Failure::input("`--all` takes every project, and `--project` names one"));
    }
    let directory = session::directory(host)?;
    let top = top(&directory).unwrap_or(&directory);
    let projects = find(top)?;
    if projects.is_empty() {
        let failure = Failure::input(format!("there is no images.toml in `{top}` or below it"));
        return Err(failure.help("start one: `{command} add IMAGE`, as in `{command} add docker.io/library/redis:8`"));
    }
    let (mut worst, mut problems, mut documents) = (None, Vec::new(), Vec::new());
    for project in projects {
        let shown = discover::display(&project, &directory);
        host.shell.doing("Project", shown.as_str());
        let one = host.within(project);
        let done = run(&one);
        let name = serde_json::to_string(&shown).unwrap_or_default();
        if let Err(failure) = &done {
            documents.push(format!(
                "{{\"project\": {name}, \"failure\": {}}}",
                diagnostic::json(failure, &host.command).trim()
            ));
        } else if let Some(document) = one.shell.taken() {
            documents.push(format!("{{\"project\": {name}, \"result\": {}}}", document.trim()));
        }
        if let Err(failure) = done {
            worst = worst.max(Some(failure.kind));
            problems.extend(failure.problems.into_iter().map(|mut problem| {
                problem.message = format!("{shown}: {}", problem.message);
                problem
            }));
        }
    }
    if host.global.format == Format::Json {
        host.shell.answer(&format!("[{}]\n", documents.join(",\n")));
    }
    worst.map_or(Ok(()), |kind: Kind| Err(Failure { kind, problems }))
}

/// The project files below a folder, in the order of their paths, wherever people wrote them: what Git ignores and what
/// tools keep for themselves is not entered.
fn find(top: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Failure> {
    let root = top.canonicalize_utf8()?;
    let walk = Walk {
        root: &root,
        starts: &[Utf8PathBuf::new()],
        below: Utf8Path::new(""),
        own: false,
        exclude: &[],
        is_vendored: is_private,
        nested_apart: false,
    };
    let found = Mutex::new((Vec::new(), Vec::new()));
    walk.run(|seen| {
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        match seen {
            Seen::File(path) if path.file_name() == Some(FILE_NAME) => found.0.push(top.join(path)),
            Seen::Wrong { path, reason } => found.1.push((path, reason)),
            Seen::File(_) | Seen::LeftOut { .. } | Seen::Nameless(_) => {}
        }
    });
    let (mut projects, wrong) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some((path, reason)) = wrong.into_iter().min() {
        return Err(Failure::input(format!("cannot look for projects in `{}`: {reason}", top.join(path))));
    }
    projects.sort();
    Ok(projects)
}
