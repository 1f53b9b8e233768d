//! `check`

mod baseline;
mod built;
mod document;
mod lock;
mod places;
pub(super) mod reach;
mod running;
mod since;
mod targets;
mod text;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueHint};
use imagelock_adapter::Context;
use imagelock_core::plan::{self, Plan};
use imagelock_core::{ImageName, Lockfile};
use imagelock_survey::{Survey, Surveyed};

use self::baseline::Baseline;
use self::reach::Reach;
use crate::failure::{Failure, Kind, Problem};
use crate::finding::{self, Finding, Level, Place, Rule, Told};
use crate::ground::Ground;
use crate::host::{Format, Host};
use crate::input::TREE_FILE_BYTES;
use crate::session::Session;
use crate::targets::Rendering;
use crate::tree::{DiskTree, KeptTree};

/// Check that project file, lock, targets and every file of the repository agree
///
/// It fails where images.lock does not answer images.toml, where a file names an image that is in no lock, is not pinned or
/// is pinned to something else than what is locked, where a target would write something else than what is there, and where
/// a pin is kept by no target. An image that is declared and used by nothing is a warning.
///
/// No registry is asked and no program is run: `render --check` also asks Helm, and `verify` the registries.
///
/// With `--built` it looks at none of that, but at what came of builds, and with `--running` at what runs. Of these, only a
/// reference is asked for.
#[derive(Args, Debug)]
pub struct Check {
    /// Tell only findings in files that are not as they were at the merge base of this commit and HEAD; all, where the
    /// project file or the lock is not
    #[arg(long, value_name = "REV", conflicts_with = "write_baseline")]
    since: Option<String>,
    /// Fail for warnings, too
    #[arg(long)]
    strict: bool,
    /// Do not fail for the findings that are recorded in this file; tell those that are gone
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    baseline: Option<Utf8PathBuf>,
    /// Record the findings in the baseline instead of failing for them
    #[arg(long, requires = "baseline")]
    write_baseline: bool,
    /// Check instead what was built: that every image which went into it, by its builder's provenance, is locked. A file that a
    /// build wrote (`-` is standard input), an OCI layout, as a directory or a tar, or a reference, which is asked for
    #[arg(
        long,
        value_name = "FILE|LAYOUT|REFERENCE",
        num_args = 1..,
        value_hint = ValueHint::AnyPath,
        conflicts_with_all = ["since", "strict", "baseline", "write_baseline"]
    )]
    built: Vec<String>,
    /// Check instead what runs: that every image in what a tool printed of it is locked, or was in an earlier commit. JSON of
    /// `kubectl get pods -A`, `docker ps` or `inspect`, `nerdctl`, `podman`, `crictl ps`, or of ECS; `-` is standard input
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["since", "strict", "baseline", "write_baseline", "built"]
    )]
    running: Option<Utf8PathBuf>,
    /// Do not fail for an image that runs and was locked in an earlier commit
    #[arg(long, requires = "running")]
    allow_former: bool,
}

/// The rules, each with what it asks for.
const RULES: &[Rule] = &[
    ("lock", "images.lock answers what the project file asks for, and nothing else."),
    ("signature", "An image is signed as the project file demands, and what proves it is kept."),
    ("unlocked", "An image that a file names is in images.lock."),
    ("unpinned", "A reference to a locked image has its digest."),
    ("drifted", "A digest is the one that is locked."),
    ("target", "What a target writes is there as images.lock says."),
    ("unreached", "A pin is kept by a target, so that an update does not leave it behind."),
    ("unused", "An image that is declared is used."),
    ("invalid", "What stands in the place of an image is a reference."),
    ("unread", "Every file can be read."),
    ("baseline", "What a baseline records is there."),
];

/// What is checked, and all that was found out about it.
struct Checked<'c> {
    session: &'c Session<'c>,
    context: &'c Context<'c>,
    plan: &'c Plan<'c>,
    /// The images that the lock does not answer.
    unanswered: BTreeSet<&'c ImageName>,
    tables: &'c [crate::targets::Rendered],
    rendering: &'c Rendering,
    reach: Reach<'c>,
    surveyed: &'c Surveyed,
}

impl Check {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        if !self.built.is_empty() {
            return built::run(&session, &self.built);
        }
        if let Some(file) = &self.running {
            return running::run(&session, file, self.allow_former);
        }
        let lock = session.lockfile_of_gate()?.unwrap_or_default();
        let ground = Ground::of(&session.root, &session.project)?;
        let tree = KeptTree::new(&ground.tree);
        let context = Context { tree: &tree, ..ground.context(&lock) };
        let (mut findings, surveyed) = found(&session, &context, &ground.tree, &tree)?;
        let baseline = self.baseline.as_ref().map(|path| Baseline::open(&session, path)).transpose()?;
        if let Some(baseline) = baseline.as_ref().filter(|_| self.write_baseline) {
            return baseline.write(&session, &findings);
        }
        let known = baseline.map_or(0, |baseline| baseline.take(&mut findings));
        if let Some(revision) = &self.since {
            since::keep(&session, &tree, revision, &mut findings)?;
        }
        if self.strict {
            for finding in &mut findings {
                finding.level = Level::Error;
            }
        }
        finding::sort(&mut findings);
        tell(&session, &findings, &surveyed, known)?;
        let holds = findings.iter().all(|finding| finding.level == Level::Warning);
        // All is told already.
        if holds { Ok(()) } else { Err(Failure { kind: Kind::Check, problems: Vec::new() }) }
    }
}

/// Looks at everything. Targets are rendered first, since they say which files are read: the survey opens the others.
fn found(
    session: &Session<'_>,
    context: &Context<'_>,
    disk: &DiskTree,
    tree: &KeptTree<'_>,
) -> Result<(Vec<Finding>, Surveyed), Failure> {
    let lock: &Lockfile = context.lock;
    let plan = plan::lock(&session.project, lock);
    let tables = crate::targets::read(&session.project)?;
    let rendering = crate::targets::all(&tables, disk, context, &|_| true);
    let outputs: Vec<_> = rendering.made.values().map(|made| &made.output).collect();
    crate::targets::one_file_each(disk, &outputs)?;
    let before = |path: &Utf8Path| tree.kept(path);
    let root = session.root.canonicalize_utf8()?;
    let survey = Survey::new(&root, &session.project.scan, context, true, TREE_FILE_BYTES);
    let survey = survey.map_err(|error| Failure::new(Kind::Input, Problem::of(&error)))?;
    let surveyed = survey.with_files(&before).with_names().run(&[Utf8PathBuf::new()]);
    let reach = Reach::of(&rendering);
    let unanswered = plan.resolve.iter().map(|step| step.name).collect();
    let (plan, tables, rendering) = (&plan, &tables, &rendering);
    let checked = Checked { session, context, plan, unanswered, tables, rendering, reach, surveyed: &surveyed };
    let findings = checked.findings()?;
    drop(outputs);
    Ok((findings, surveyed))
}

impl Checked<'_> {
    fn findings(&self) -> Result<Vec<Finding>, Failure> {
        let mut findings = self.of_lock()?;
        findings.extend(self.of_signatures()?);
        findings.extend(self.of_places()?);
        findings.extend(self.of_targets(&findings)?);
        findings.extend(self.unused());
        findings.extend(self.unread());
        Ok(findings)
    }

    /// Images that are declared and used by nothing: no place means them, no target or package names them, no build takes
    /// them by their names. A file that a target makes of all the lock uses none of it.
    fn unused(&self) -> Vec<Finding> {
        let project = &self.session.project;
        if self.is_blind() {
            return Vec::new();
        }
        let mut used: BTreeSet<&ImageName> = project.uses.iter().map(|used| &used.image.value).collect();
        let named: Vec<_> = self.tables.iter().flat_map(|rendered| rendered.target.images()).collect();
        used.extend(named.iter().map(|name| &name.value));
        let outputs = self.rendering.made.values().map(|made| &made.output);
        used.extend(outputs.flat_map(|output| &output.uses).filter(|used| used.at.is_some()).map(|used| &used.image));
        let mentions = self.surveyed.mentions.iter().filter(|mention| !self.reach.is_generated(&mention.file));
        used.extend(mentions.filter_map(|mention| mention.image.as_ref()));
        used.extend(&self.surveyed.named);
        let unused = project.images.iter().filter(|(name, _)| !used.contains(name) && self.locked(name).is_some());
        let finding = |(name, declared): (&ImageName, &imagelock_core::project::Declared)| Finding {
            rule: "unused",
            level: Level::Warning,
            at: self.at(&declared.at),
            message: format!("`{name}` is declared, and nothing uses it"),
            help: Some(self.command(&format!("remove {name}"))),
            about: name.to_string(),
        };
        unused.map(finding).collect()
    }

    fn unread(&self) -> Vec<Finding> {
        let warnings = self.surveyed.warnings.iter();
        let finding = |warning: &imagelock_survey::Warning| Finding {
            rule: "unread",
            level: Level::Warning,
            at: Place::line(&warning.file, warning.line.unwrap_or(1)),
            message: warning.message.clone(),
            help: Some("leave out what is none of yours with `.imagelockignore`".to_owned()),
            about: String::new(),
        };
        warnings.map(finding).collect()
    }

    /// Whether a target cannot be rendered, so that nobody knows what it keeps.
    fn is_blind(&self) -> bool {
        !self.rendering.problems.is_empty()
    }

    /// The locked image of this name, where the lock answers what is asked for under it.
    fn locked(&self, name: &ImageName) -> Option<&imagelock_core::LockedImage> {
        self.context.lock.images.get(name).filter(|_| !self.unanswered.contains(name))
    }

    fn at(&self, at: &imagelock_core::source::Location) -> Place {
        Place::of(self.session.below_root(at), at)
    }

    /// A command as the person would type it.
    fn command(&self, command: &str) -> String {
        format!("{} {command}", self.session.host.command)
    }
}

/// Tells what was found, in the form that is asked for.
fn tell(session: &Session<'_>, findings: &[Finding], surveyed: &Surveyed, known: usize) -> Result<(), Failure> {
    let host = session.host;
    let summary = text::Summary::of(findings, surveyed, known);
    match host.global.format {
        Format::Json => return super::json(host, &document::of(findings, &summary)),
        Format::Text => {
            let shown = |path: &Utf8Path| session.show(&session.root.join(path));
            host.shell.result_drawn(&text::of(findings, &shown, host.shell.out));
            host.shell.status("Checked", &summary.to_string());
        }
        // What cannot be read is among the findings.
        _ => super::findings(host, &Told { rules: RULES, findings, unread: &[] })?,
    }
    Ok(())
}
