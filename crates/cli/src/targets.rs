//! The targets of a project, read by the adapters that own their tables.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Adapter, Context, Output, Target};
use imagelock_core::ImageName;
use imagelock_core::project::{Project, ProjectError};
use imagelock_core::source::Label;

use crate::adapters::ADAPTERS;
use crate::failure::{Failure, Kind, Problem};

/// A target and the adapter that read it.
pub(crate) struct Rendered {
    pub(crate) adapter: &'static dyn Adapter,
    pub(crate) target: Box<dyn Target>,
}

/// Reads the tables of all adapters. Every mistake comes back, images that nothing declares among them.
pub(crate) fn read(project: &Project) -> Result<Vec<Rendered>, Failure> {
    let mut targets = Vec::new();
    let mut errors: Vec<ProjectError> = Vec::new();
    for table in &project.targets {
        let Some(adapter) = ADAPTERS.iter().find(|adapter| adapter.id() == table.adapter) else { continue };
        match adapter.read(table) {
            Ok(target) => {
                errors.extend(target.images().iter().filter_map(|image| project.unknown_image(image)));
                targets.push(Rendered { adapter: *adapter, target });
            }
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() { Ok(targets) } else { Err(errors.into()) }
}

/// The targets that take an image, by what people call them.
pub(crate) fn titles_with(targets: &[Rendered], name: &ImageName) -> Vec<String> {
    let takes = |target: &dyn Target| {
        let images = target.images();
        images.is_empty() || images.iter().any(|image| image.value == *name)
    };
    targets.iter().filter(|rendered| takes(&*rendered.target)).map(|rendered| rendered.target.title()).collect()
}

/// Renders targets. Every failure comes back; two targets that write one file are one.
pub(crate) fn render(targets: &[Rendered], context: &Context<'_>) -> Result<Vec<Output>, Failure> {
    let mut problems = Vec::new();
    let mut outputs: BTreeMap<Utf8PathBuf, Output> = BTreeMap::new();
    for Rendered { target, .. } in targets {
        match target.render(context) {
            Ok(rendered) => {
                for output in rendered {
                    match outputs.get(&output.path) {
                        Some(first) => problems.push(twice(&output, first)),
                        None => drop(outputs.insert(output.path.clone(), output)),
                    }
                }
            }
            Err(error) => {
                let mut problem = Problem::of(&error);
                problem.message = format!("{}: {}", target.title(), problem.message);
                problems.push(problem);
            }
        }
    }
    if problems.is_empty() { Ok(outputs.into_values().collect()) } else { Err(Failure { kind: Kind::Input, problems }) }
}

fn twice(output: &Output, first: &Output) -> Problem {
    Problem::new(format!("two targets write `{}`", output.path))
        .label(Label::primary(&output.at, "again here"))
        .label(Label::also(&first.at, "first here"))
        .help("give each its own output")
}

/// Templates that the person put in the place of the embedded ones: every `*.tera` in `directory`.
pub(crate) fn overrides(directory: &Utf8Path) -> Result<BTreeMap<String, String>, Failure> {
    let mut overrides = BTreeMap::new();
    for entry in walkdir::WalkDir::new(directory).max_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| Failure::input(error.to_string()))?;
        let name = entry.file_name().to_str().and_then(|name| name.strip_suffix(".tera"));
        if let Some(name) = name.filter(|_| entry.file_type().is_file()) {
            overrides.insert(name.to_owned(), fs_err::read_to_string(entry.path())?);
        }
    }
    Ok(overrides)
}
