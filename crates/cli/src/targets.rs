//! The targets of a project, read by the adapters that own their tables.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{panic, thread};

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Adapter, Context, Output, Ownership, RenderError, Target, Templates, Tree, TreeError};
use imagelock_core::project::{Project, ProjectError};
use imagelock_core::source::{Label, Location, SourceFile};

use crate::adapters::ADAPTERS;
use crate::failure::{Failure, Kind, Problem};
use crate::input::TEMPLATE_BYTES;
use crate::session::Session;
use crate::tree::DiskTree;
use imagelock_files::reserved::{self, Reserved};

/// A target and the adapter that read it.
pub(crate) struct Rendered {
    pub(crate) adapter: &'static dyn Adapter,
    pub(crate) target: Box<dyn Target>,
    /// The table.
    pub(crate) at: Location,
}

/// Reads the tables of all adapters. Every mistake comes back, images that nothing declares among them.
pub(crate) fn read(project: &Project) -> Result<Vec<Rendered>, Failure> {
    let mut targets = Vec::new();
    let mut errors: Vec<ProjectError> = Vec::new();
    for table in &project.targets {
        let Some(adapter) = ADAPTERS.iter().find(|adapter| adapter.id() == table.adapter) else { continue };
        match adapter.read(table) {
            Ok(target) => {
                for image in target.images() {
                    errors.extend(project.unknown_image(&image, errors.len()));
                }
                targets.push(Rendered { adapter: *adapter, target, at: table.node.at.clone() });
            }
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() { Ok(targets) } else { Err(errors.into()) }
}

/// What each target gives, on every core. What takes all files that no other target does comes after those.
pub(crate) fn each<'t>(
    targets: &'t [Rendered],
    disk: &DiskTree,
    context: &Context<'_>,
) -> Vec<(&'t Rendered, Result<Vec<Output>, RenderError>)> {
    let (wide, narrow): (Vec<&Rendered>, Vec<&Rendered>) =
        targets.iter().partition(|rendered| rendered.target.is_wide());
    let mut all = on_every_core(&narrow, |rendered| (*rendered, rendered.target.render(context)));
    if !wide.is_empty() {
        let outputs = all.iter().filter_map(|(_, outputs)| outputs.as_ref().ok()).flatten();
        let covered: Vec<Utf8PathBuf> = narrow.iter().flat_map(|rendered| rendered.target.covers()).collect();
        let taken = outputs.map(|output| output.path.as_path()).chain(covered.iter().map(Utf8PathBuf::as_path));
        let rest = disk.without(taken, context.tree);
        let context = Context { tree: &rest, ..*context };
        all.extend(on_every_core(&wide, |rendered| (*rendered, rendered.target.render(&context))));
    }
    all
}

/// Renders targets, on every core, and gives the outputs of those that are asked for. Every failure comes back; two targets
/// that write one file are one.
pub(crate) fn render(
    targets: &[Rendered],
    disk: &DiskTree,
    context: &Context<'_>,
    is_asked: &dyn Fn(&Rendered) -> bool,
) -> Result<Vec<Output>, Failure> {
    let Rendering { made, problems } = all(targets, disk, context, is_asked);
    if problems.is_empty() {
        Ok(made.into_values().map(|made| made.output).collect())
    } else {
        Err(Failure { kind: Kind::Input, problems })
    }
}

/// What came of targets.
pub(crate) struct Rendering {
    /// What they want written, by its path.
    pub(crate) made: BTreeMap<Utf8PathBuf, Made>,
    /// Why the others cannot be rendered.
    pub(crate) problems: Vec<Problem>,
}

/// An output, and whose it is.
pub(crate) struct Made {
    pub(crate) adapter: &'static dyn Adapter,
    pub(crate) output: Output,
}

/// Renders targets, on every core, as far as they can be, and gives what those made that are asked for.
pub(crate) fn all(
    targets: &[Rendered],
    disk: &DiskTree,
    context: &Context<'_>,
    is_asked: &dyn Fn(&Rendered) -> bool,
) -> Rendering {
    let mut problems = Vec::new();
    let mut made: BTreeMap<Utf8PathBuf, Made> = BTreeMap::new();
    for (target, rendered) in each(targets, disk, context) {
        match rendered {
            Ok(_) if !is_asked(target) => {}
            Ok(rendered) => {
                for output in rendered {
                    match made.get(&output.path) {
                        Some(first) => problems.push(twice(&output, &first.output)),
                        None => drop(made.insert(output.path.clone(), Made { adapter: target.adapter, output })),
                    }
                }
            }
            Err(error) => {
                let title = target.target.title();
                problems.extend(error.each().iter().map(|error| {
                    let problem = Problem::of(error);
                    Problem { message: format!("{}: {}", title.trim_end(), problem.message), ..problem }
                }));
            }
        }
    }
    Rendering { made, problems }
}

/// What `work` gives for each item, in the order of the items.
fn on_every_core<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else { return done };
            done.push((place, work(item)));
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..cores).map(|_| scope.spawn(worker)).collect();
        let mut done = worker();
        for other in others {
            done.extend(other.join().unwrap_or_else(|reason| panic::resume_unwind(reason)));
        }
        done
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Refuses outputs that lead to one file through links, and those in a place that is not imagelock's.
pub(crate) fn one_file_each(tree: &DiskTree, outputs: &[&Output]) -> Result<(), Failure> {
    let mut problems = Vec::new();
    let mut files: BTreeMap<Utf8PathBuf, &Output> = BTreeMap::new();
    let sources: Vec<_> = reserved::SOURCES.iter().filter_map(|source| tree.real(Utf8Path::new(source)).ok()).collect();
    for &output in outputs {
        let real = tree.real(&output.path).map_err(|error| outside(output, &error))?;
        if let Some(reserved) = reserved(tree, output, &real, &sources) {
            let problem = Problem::new(format!("`{}` {}", output.path, reserved.reason()));
            let problem = problem.label(Label::primary(&output.at, "this target would write it"));
            problems.push(match reserved {
                Reserved::Source => problem,
                Reserved::Git | Reserved::Run => {
                    problem.help("pins in files that are there can be edited: `edit = [\"…\"]`")
                }
            });
        } else if let Some(first) = files.insert(real, output) {
            problems.push(twice(output, first));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure { kind: Kind::Input, problems }) }
}

/// Whose an output's place is, by its path and by where links lead. Pins may be changed in what CI runs: that is what
/// they are for. Nothing that imagelock writes whole is run.
fn reserved(tree: &DiskTree, output: &Output, real: &Utf8Path, sources: &[Utf8PathBuf]) -> Option<Reserved> {
    let within = tree.relative(real.as_std_path());
    let by_name = [Some(&output.path), within.as_ref()].into_iter().flatten().find_map(|path| reserved::of(path));
    // The project file may be a link itself.
    let found = if sources.iter().any(|source| source == real) { Some(Reserved::Source) } else { by_name };
    found.filter(|found| output.ownership == Ownership::Generated || *found == Reserved::Source)
}

/// An output that leads out of the repository.
pub(crate) fn outside(output: &Output, error: &TreeError) -> Failure {
    let problem = Problem::new(format!("cannot write `{}`: {}", error.path, error.reason));
    Failure::new(Kind::Input, problem.label(Label::primary(&output.at, "")))
}

/// What is in the place of an output, if anything is.
pub(crate) fn there(tree: &dyn Tree, output: &Output) -> Result<Option<Vec<u8>>, Failure> {
    tree.read(&output.path).map_err(|error| outside(output, &error))
}

/// The first line of a file that is not as the target would write it.
pub(crate) fn first_difference(output: &Output, old: &[u8]) -> Location {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(&output.content));
    // The seal differs wherever anything does.
    let differs = |(old, new): (&str, Option<&str>)| new != Some(old) && !old.contains("imagelock-seal:");
    let mut new_lines = new.split_inclusive('\n');
    let (mut start, mut length) = (0, 0);
    for line in old.split_inclusive('\n') {
        length = line.trim_end().len();
        if differs((line, new_lines.next())) {
            break;
        }
        start += line.len();
    }
    let start = if start < old.len() { start } else { old.trim_end().rfind('\n').map_or(0, |at| at + 1) };
    let file = SourceFile::new(output.path.as_path(), old.into_owned());
    Location::new(&file, start..start + length)
}

fn twice(output: &Output, first: &Output) -> Problem {
    Problem::new(format!("two targets write `{}`", output.path))
        .label(Label::primary(&output.at, "again here"))
        .label(Label::also(&first.at, "first here"))
        .help("give each its own output")
}

/// The embedded templates, with those of the person's directory in their place, where one is named.
pub(crate) fn templates(session: &Session<'_>, directory: Option<&Utf8Path>) -> Result<Templates, Failure> {
    let Some(directory) = directory else { return Ok(Templates::default()) };
    let overrides = overrides(&session.directory.join(directory))?;
    Templates::new(&overrides).map_err(|error| Failure::input(error.to_string()))
}

/// Templates that the person put in the place of the embedded ones: every `*.tera` in `directory`.
fn overrides(directory: &Utf8Path) -> Result<BTreeMap<String, String>, Failure> {
    let mut overrides = BTreeMap::new();
    for entry in walkdir::WalkDir::new(directory).max_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| Failure::input(error.to_string()))?;
        let name = entry.file_name().to_str().and_then(|name| name.strip_suffix(".tera"));
        if let Some(name) = name.filter(|_| entry.file_type().is_file()) {
            let path = Utf8Path::from_path(entry.path()).unwrap_or(directory);
            let text = imagelock_files::text(path, TEMPLATE_BYTES)?.unwrap_or_default();
            overrides.insert(name.to_owned(), text);
        }
    }
    Ok(overrides)
}
