//! New bytes for files of people: made by the targets that own them, or for files that none does as a target of all files
//! would make them. All are made before any is written.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Context, Output, Ownership, Target};
use imagelock_core::Lockfile;
use imagelock_core::project::{Project, Source};
use imagelock_core::source::SourceFile;
use imagelock_survey::Surveyed;

use crate::adapters::{self, ADAPTERS};
use crate::command::{Written, moved, warnings};
use crate::diff::unified;
use crate::failure::{Failure, Kind, Problem};
use crate::ground::Ground;
use crate::report::counted;
use crate::session::Session;
use crate::survey;
use crate::targets;
use crate::tree::DiskTree;

/// New bytes for files.
#[derive(Default)]
pub(crate) struct Edits {
    /// The files that are looked at, in the order of their paths; one that stays as it is has the bytes that it has.
    pub(crate) outputs: Vec<Output>,
    /// Those that no target of the project edits.
    pub(crate) unreached: Vec<Utf8PathBuf>,
    /// How many files of imagelock's own are not as the lock says.
    pub(crate) stale: usize,
}

/// More files than this are found by one glob, and not named one by one: each name is compared with each file.
const MOST_NAMED: usize = 100;

impl Edits {
    /// Pins the files below `paths`, or all, by a lock.
    pub(crate) fn pinned(
        session: &Session<'_>,
        lock: &Lockfile,
        surveyed: &Surveyed,
        paths: &[Utf8PathBuf],
    ) -> Result<Self, Failure> {
        let root = session.root.canonicalize_utf8()?;
        let starts = survey::starts(paths, &session.directory, &root, true)?;
        let targets = targets::read(&session.project)?;
        let ground = Ground::of(&session.root, &session.project)?;
        let (tree, context) = (&ground.tree, ground.context(lock));
        let all = targets::render(&targets, tree, &context, &|_| true).map_err(|failure| session.shown(failure))?;
        let reached: BTreeSet<&Utf8Path> = all.iter().map(|output| output.path.as_path()).collect();
        let takes_all = targets.iter().any(|rendered| rendered.target.is_wide());
        let others: BTreeSet<&Utf8Path> = surveyed
            .mentions
            .iter()
            .map(|mention| mention.file.as_path())
            // Where a target takes all files, those that it leaves out are left out on purpose, unless they are named.
            .filter(|file| !reached.contains(file) && (!takes_all || !paths.is_empty()))
            .collect();
        let rest = rest(session, tree, &context, &reached, &others)?;
        let mut stale = 0;
        for output in all.iter().filter(|output| output.ownership == Ownership::Generated) {
            stale += usize::from(targets::there(tree, output)?.as_deref() != Some(output.content.as_slice()));
        }
        let pinned = rest.iter().filter(|output| !output.uses.is_empty());
        let unreached = pinned.map(|output| output.path.clone()).collect();
        let is_below = |output: &Output| starts.iter().any(|start| output.path.starts_with(start));
        let mut outputs: Vec<Output> = all
            .into_iter()
            .filter(|output| output.ownership != Ownership::Generated && is_below(output))
            .chain(rest)
            .collect();
        outputs.sort_by(|one, other| one.path.cmp(&other.path));
        targets::one_file_each(tree, &outputs.iter().collect::<Vec<_>>())?;
        Ok(Self { outputs, unreached, stale })
    }

    /// Writes the files that change, and says which.
    pub(crate) fn write(&self, session: &Session<'_>) -> Result<Vec<Written>, Failure> {
        write(session, self.edited())
    }

    /// The difference in the files that would change.
    pub(crate) fn preview(&self, session: &Session<'_>) -> Result<(String, Vec<Written>), Failure> {
        differences(session, &DiskTree::new(&session.root)?, self.edited())
    }

    fn edited(&self) -> impl Iterator<Item = &Output> {
        self.outputs.iter().filter(|output| output.ownership == Ownership::Edited)
    }
}

/// Says what people should know of outputs.
pub(crate) fn tell(session: &Session<'_>, outputs: &[Output]) {
    for output in outputs {
        let shown = session.show(&session.root.join(&output.path));
        for warning in warnings(output, shown.as_str()) {
            session.host.shell.warn(&warning);
        }
    }
}

/// Writes outputs where they change something, and says where, and which places have another tag.
pub(crate) fn write<'o>(
    session: &Session<'_>,
    outputs: impl Iterator<Item = &'o Output>,
) -> Result<Vec<Written>, Failure> {
    let mut files = Vec::new();
    for output in outputs {
        let path = session.root.join(&output.path);
        let written = session.write(&path, &output.content)?;
        if written {
            let shown = session.show(&path);
            session.host.shell.status("Wrote", shown.as_str());
            moved(&session.host.shell, &output.uses, shown.as_str());
        }
        files.push(Written::of(output, if written { "written" } else { "fresh" }));
    }
    Ok(files)
}

/// The difference that outputs would make, and which of them would make one.
pub(crate) fn differences<'o>(
    session: &Session<'_>,
    tree: &DiskTree,
    outputs: impl Iterator<Item = &'o Output>,
) -> Result<(String, Vec<Written>), Failure> {
    let (mut diffs, mut files) = (String::new(), Vec::new());
    for output in outputs {
        let old = targets::there(tree, output)?.unwrap_or_default();
        let differs = old != output.content;
        if differs {
            let shown = session.show(&session.root.join(&output.path));
            diffs.push_str(&unified(shown.as_str(), &old, &output.content, session.host.shell.out));
        }
        files.push(Written::of(output, if differs { "differs" } else { "fresh" }));
    }
    Ok((diffs, files))
}

/// Says how many files are as they should be, where all are.
pub(crate) fn tell_fresh(session: &Session<'_>, files: &[Written], how: &str) {
    if files.iter().all(|file| file.state == "fresh") {
        session.host.shell.status("Fresh", &format!("{}, {how} already", counted(files.len(), "file", "files")));
    }
}

/// The files that no target reaches, as a target of all files makes them.
fn rest(
    session: &Session<'_>,
    tree: &DiskTree,
    context: &Context<'_>,
    reached: &BTreeSet<&Utf8Path>,
    files: &BTreeSet<&Utf8Path>,
) -> Result<Vec<Output>, Failure> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let is_plain = |file: &&Utf8Path| {
        !file.as_str().contains(['*', '?', '[', ']', '{', '}', '\\', '!', '"'])
            && !file.as_str().contains(char::is_control)
    };
    let named = files.len() <= MOST_NAMED && files.iter().all(is_plain);
    let patterns: Vec<String> =
        if named { files.iter().map(|file| format!("\"{file}\"")).collect() } else { vec!["\"**\"".to_owned()] };
    let targets = as_written(&format!("[[files]]\nedit = [{}]\n", patterns.join(", ")))?;
    let tree = tree.without(reached.iter().copied(), tree);
    let context = Context { tree: &tree, ..*context };
    let (mut outputs, mut problems) = (Vec::new(), Vec::new());
    for target in &targets {
        match target.render(&context) {
            Ok(made) => outputs.extend(made),
            Err(error) => problems.extend(error.each().iter().map(|error| Problem::of(error))),
        }
    }
    outputs.retain(|output| files.contains(output.path.as_path()));
    if problems.is_empty() { Ok(outputs) } else { Err(session.shown(Failure { kind: Kind::Input, problems })) }
}

/// The targets of a text that a person could write into the project file, as if it stood there.
pub(crate) fn as_written(text: &str) -> Result<Vec<Box<dyn Target>>, Failure> {
    let source = Source::ImagesToml(SourceFile::unseen("the command line", text));
    let project = Project::parse(&[source], &adapters::names())?;
    let read = |table: &imagelock_core::project::TargetTable| {
        let adapter = ADAPTERS.iter().find(|adapter| adapter.id() == table.adapter)?;
        Some(adapter.read(table).map_err(Failure::from))
    };
    project.targets.iter().filter_map(read).collect()
}
